//! Files in the making: hashed on their way out, while what is written is at
//! hand, and synced beside each other while the next are written.

use super::manifest::FileRecord;
use super::{OutputError, hexadecimal};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

/// The files that are written to a folder. They are safe on the disk once
/// [`sync`](Self::sync) has said so.
#[derive(Debug)]
pub struct NewFiles {
    folder: PathBuf,
    syncs: Arc<Syncs>,
}

/// Files on their way to the disk: whoever works meanwhile need not wait.
type Syncs = Mutex<Vec<(PathBuf, Sync)>>;

#[derive(Debug)]
enum Sync {
    Running(JoinHandle<io::Result<()>>),
    Done(io::Result<()>),
}

impl NewFiles {
    /// None yet in a folder.
    pub fn in_folder(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            syncs: Arc::default(),
        }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Creates a file, or empties it.
    ///
    /// # Errors
    /// [`OutputError::Io`] where the file system refuses.
    pub fn create(&self, name: &str) -> Result<HashedFile, OutputError> {
        let path = self.folder.join(name);
        let file = File::create(&path).map_err(OutputError::io(&path, "create"))?;
        Ok(HashedFile {
            file,
            hash: Sha256::new(),
            path,
            syncs: Arc::clone(&self.syncs),
        })
    }

    /// Writes a file piece by piece.
    ///
    /// # Errors
    /// [`OutputError::Io`] where it cannot be written.
    pub fn write(
        &self,
        name: &str,
        write: impl FnOnce(&mut HashedFile) -> io::Result<()>,
    ) -> Result<FileRecord, OutputError> {
        let mut file = self.create(name)?;
        write(&mut file).map_err(OutputError::io(&file.path, "write"))?;
        Ok(FileRecord {
            name: name.to_owned(),
            sha256: file.finish(),
            rows: None,
        })
    }

    /// Waits until every finished file is on the disk.
    ///
    /// # Errors
    /// [`OutputError::Io`] for one that is not.
    pub fn sync(&self) -> Result<(), OutputError> {
        let syncs = std::mem::take(&mut *known(&self.syncs));
        let done = syncs.into_iter().map(|(path, sync)| {
            let done = match sync {
                Sync::Running(thread) => thread.join().expect("a sync does not panic"),
                Sync::Done(done) => done,
            };
            done.map_err(OutputError::io(&path, "sync"))
        });
        // All of them have ended when this has.
        done.collect::<Vec<_>>().into_iter().collect()
    }
}

/// A panic while a file is noted leaves the others noted.
fn known(syncs: &Syncs) -> MutexGuard<'_, Vec<(PathBuf, Sync)>> {
    syncs.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A file that hashes what is written to it.
#[derive(Debug)]
pub struct HashedFile {
    file: File,
    hash: Sha256,
    path: PathBuf,
    syncs: Arc<Syncs>,
}

impl HashedFile {
    /// Sends the file to the disk and gives its SHA-256.
    pub fn finish(self) -> String {
        let file = Arc::new(self.file);
        let synced = Arc::clone(&file);
        let thread = thread::Builder::new().spawn(move || synced.sync_all());
        let sync = match thread {
            Ok(thread) => Sync::Running(thread),
            Err(_) => Sync::Done(file.sync_all()),
        };
        known(&self.syncs).push((self.path, sync));
        hexadecimal(&self.hash.finalize())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::sha256;

    #[test]
    fn files_are_hashed_and_synced() {
        let folder = tempfile::tempdir().unwrap();
        let files = NewFiles::in_folder(folder.path());
        for name in ["one", "two"] {
            let write = |file: &mut HashedFile| {
                file.write_all(b"half a")?;
                file.write_all(name.as_bytes())
            };
            let record = files.write(name, write).unwrap();
            let bytes = std::fs::read(folder.path().join(name)).unwrap();
            assert_eq!(bytes, format!("half a{name}").as_bytes());
            assert_eq!(record, FileRecord::of_bytes(name, &bytes));
            assert_eq!(record.sha256, sha256(&bytes));
        }
        assert_eq!(known(&files.syncs).len(), 2);
        files.sync().unwrap();
        assert!(known(&files.syncs).is_empty());
    }

    #[test]
    fn a_file_that_cannot_be_synced_is_told_after_all_others_have_ended() {
        let files = NewFiles::in_folder(Path::new("nowhere"));
        assert!(files.create("any").is_err());
        let broken = || io::Error::other("the disk is gone");
        let done = [Ok(()), Err(broken()), Ok(())];
        for (index, done) in done.into_iter().enumerate() {
            let path = PathBuf::from(index.to_string());
            known(&files.syncs).push((path, Sync::Done(done)));
        }
        let error = files.sync().unwrap_err();
        assert!(error.to_string().contains('1'), "{error}");
        assert!(files.sync().is_ok());
    }
}
