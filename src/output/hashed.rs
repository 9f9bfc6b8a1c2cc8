//! A file that is hashed on its way out, while what is written is at hand.

use super::hexadecimal;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

/// A file that hashes what is written to it.
#[derive(Debug)]
pub struct HashedFile {
    file: File,
    hash: Sha256,
}

impl HashedFile {
    /// Creates the file, or empties it.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn create(path: &Path) -> io::Result<Self> {
        Ok(Self {
            file: File::create(path)?,
            hash: Sha256::new(),
        })
    }

    /// Syncs the file and gives its SHA-256.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn finish(mut self) -> io::Result<String> {
        self.file.flush()?;
        self.file.sync_all()?;
        Ok(hexadecimal(&self.hash.finalize()))
    }
}

impl Write for HashedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hash.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
