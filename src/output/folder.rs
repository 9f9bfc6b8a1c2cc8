//! The folder of a run, written beside its target and swapped in whole.
//!
//! Beside a target `NAME` lie, while a run is written, the hidden siblings
//! `.NAME.lacsim-lock` (held by the writing process), `.NAME.lacsim-new` (the
//! run so far) and, for the moment of the swap, `.NAME.lacsim-old`. A process
//! killed at any point leaves the old run or the new one whole: between the
//! two renames of a swap the old run lies in `.NAME.lacsim-old`, and the next
//! [`StagedFolder::create`] puts it back.

use super::OutputError;
use super::manifest::{self, FileRecord, Manifest};
use super::new_files::{HashedFile, NewFiles};
use std::fs::{self, File, TryLockError};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

/// A run's folder in the making.
///
/// Dropped without [`commit`](Self::commit), it removes what it has written and
/// leaves the target as it was.
#[derive(Debug)]
pub struct StagedFolder {
    places: Places,
    // Held for its lock.
    lock: File,
    files: NewFiles,
    is_committed: bool,
}

impl StagedFolder {
    /// Opens a folder beside `target`, to be swapped for it.
    ///
    /// Missing parent folders are made. Leftovers of a killed run are removed,
    /// and a run that it had moved aside is put back.
    ///
    /// # Errors
    /// [`OutputError::NotARun`] where the target exists and is neither an empty
    /// folder nor a lacsim run, [`OutputError::HoldsMore`] where it holds a file
    /// that the run does not know, [`OutputError::Busy`] where another process is
    /// writing to it, [`OutputError::Io`] where the file system refuses.
    pub fn create(target: &Path) -> Result<Self, OutputError> {
        let places = Places::around(target)?;
        let lock = places.lock()?;
        // From here on a failure drops `staged`, which clears up.
        let staged = Self {
            files: NewFiles::in_folder(&places.new),
            places,
            lock,
            is_committed: false,
        };
        staged.places.recover()?;
        check_replaceable(&staged.places.target, target)?;
        let new = &staged.places.new;
        remove_if_there(new)?;
        fs::create_dir(new).map_err(OutputError::io(new, "create"))?;
        Ok(staged)
    }

    /// Where files are written until the folder is committed.
    pub fn files(&self) -> &NewFiles {
        &self.files
    }

    /// Writes the manifest and swaps the folder for its target.
    ///
    /// # Errors
    /// [`OutputError::Io`] where the file system refuses; the target is then as
    /// it was.
    pub fn commit(mut self, manifest: &Manifest) -> Result<(), OutputError> {
        let bytes = manifest.to_json();
        let write = |file: &mut HashedFile| file.write_all(bytes.as_bytes());
        self.files.write(manifest::FILE_NAME, write)?;
        self.files.sync()?;
        sync_folder(self.files.folder())?;
        self.places.swap()?;
        self.is_committed = true;
        Ok(())
    }
}

impl Drop for StagedFolder {
    fn drop(&mut self) {
        // Nothing useful can be done where clearing up fails; the next run
        // clears up again.
        if !self.is_committed {
            let _ = self.files.sync();
            let _ = fs::remove_dir_all(&self.places.new);
        }
        let _ = fs::remove_file(&self.places.lock);
        let _ = self.lock.unlock();
    }
}

/// Writes a single file whole or not at all: `write` puts it into a hidden
/// folder beside the target, from where it is moved into place.
///
/// # Errors
/// Those of `write`; [`OutputError::AnotherKind`] where the target is a file that
/// begins otherwise, such as a scenario; [`OutputError::NoName`] or
/// [`OutputError::Io`] where the file system refuses. The target is then as it
/// was.
pub fn write_file(
    target: &Path,
    write: impl FnOnce(&NewFiles) -> Result<FileRecord, OutputError>,
) -> Result<(), OutputError> {
    if target.is_dir() {
        return Err(OutputError::AnotherKind {
            path: target.to_owned(),
        });
    }
    let places = Places::around(target)?;
    let new = &places.new;
    remove_if_there(new)?;
    fs::create_dir(new).map_err(OutputError::io(new, "create"))?;
    let files = NewFiles::in_folder(new);
    let written = write(&files).and_then(|record| {
        files.sync()?;
        let new = new.join(record.name);
        check_kind(&new, &places.target)?;
        fs::rename(new, &places.target).map_err(OutputError::io(target, "write"))
    });
    let _ = fs::remove_dir_all(new);
    written
}

/// A new file may take the place of one that begins alike, or is empty, or is not
/// there.
fn check_kind(new: &Path, old: &Path) -> Result<(), OutputError> {
    let begins = |path: &Path| -> std::io::Result<Vec<u8>> {
        let mut first = Vec::new();
        File::open(path)?.take(4).read_to_end(&mut first)?;
        Ok(first)
    };
    let may = match (begins(new), begins(old)) {
        (Ok(new), Ok(old)) => old.is_empty() || new == old,
        (_, Err(error)) => error.kind() == std::io::ErrorKind::NotFound,
        (Err(_), _) => false,
    };
    match may {
        true => Ok(()),
        false => Err(OutputError::AnotherKind {
            path: old.to_owned(),
        }),
    }
}

/// Writes a new folder whole or not at all.
///
/// # Errors
/// Those of `write`; [`OutputError::Taken`] where the target exists and is not
/// an empty folder; [`OutputError::NoName`] or [`OutputError::Io`] where the
/// file system refuses.
pub fn write_folder(
    target: &Path,
    write: impl FnOnce(&Path) -> Result<(), OutputError>,
) -> Result<(), OutputError> {
    let is_there = target.symlink_metadata().is_ok();
    if is_there && !fs::read_dir(target).is_ok_and(|mut entries| entries.next().is_none()) {
        return Err(OutputError::Taken {
            path: target.to_owned(),
        });
    }
    let places = Places::around(target)?;
    let new = &places.new;
    remove_if_there(new)?;
    fs::create_dir(new).map_err(OutputError::io(new, "create"))?;
    let written = write(new).and_then(|()| {
        if is_there {
            fs::remove_dir(&places.target).map_err(OutputError::io(target, "replace"))?;
        }
        fs::rename(new, &places.target).map_err(OutputError::io(target, "write"))
    });
    if written.is_err() {
        let _ = fs::remove_dir_all(new);
    }
    written
}

/// Writes a file beside its target and swaps it in whole.
///
/// # Errors
/// [`OutputError::AnotherKind`] where the target is a file that begins otherwise,
/// [`OutputError::Io`] where the file system refuses; the target is then as it
/// was.
pub fn replace_file(target: &Path, bytes: &[u8]) -> Result<(), OutputError> {
    let Some(name) = target.file_name().map(|name| name.to_string_lossy()) else {
        return Err(OutputError::NoName {
            path: target.to_owned(),
        });
    };
    let new = target.with_file_name(format!(".{name}.lacsim-new"));
    let swapped = write_synced(&new, bytes).and_then(|()| {
        check_kind(&new, target)?;
        fs::rename(&new, target).map_err(OutputError::io(target, "swap in the new file"))
    });
    if swapped.is_err() {
        // The next try writes it anew.
        let _ = fs::remove_file(&new);
    }
    swapped
}

/// Adds a file to a finished run, or replaces it, and notes it in the manifest.
///
/// # Errors
/// [`OutputError::Busy`] where the run is being written anew,
/// [`OutputError::Io`] where the file system refuses, [`OutputError::Json`]
/// where the folder is no run.
pub fn add_to_run(folder: &Path, name: &str, bytes: &[u8]) -> Result<FileRecord, OutputError> {
    let places = Places::around(folder)?;
    let lock = places.lock()?;
    let record = FileRecord::of_bytes(name, bytes);
    let added = Manifest::read(folder).and_then(|mut manifest| {
        manifest.files.retain(|file| file.name != name);
        manifest.files.push(record.clone());
        manifest.files.sort_by(|a, b| a.name.cmp(&b.name));
        replace_file(&folder.join(name), bytes)?;
        let json = manifest.to_json();
        replace_file(&folder.join(manifest::FILE_NAME), json.as_bytes())
    });
    let _ = fs::remove_file(&places.lock);
    let _ = lock.unlock();
    added.map(|()| record)
}

/// The target and its hidden siblings.
#[derive(Debug)]
struct Places {
    parent: PathBuf,
    target: PathBuf,
    new: PathBuf,
    old: PathBuf,
    lock: PathBuf,
}

impl Places {
    fn around(target: &Path) -> Result<Self, OutputError> {
        // Follows links, so that the folder behind one is swapped.
        let target = fs::canonicalize(target).unwrap_or_else(|_| target.to_owned());
        let Some(name) = target.file_name().map(|name| name.to_string_lossy()) else {
            return Err(OutputError::NoName { path: target });
        };
        let parent = match target.parent() {
            Some(parent) if parent != Path::new("") => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        fs::create_dir_all(&parent).map_err(OutputError::io(&parent, "create"))?;
        let sibling = |role| parent.join(format!(".{name}.lacsim-{role}"));
        Ok(Self {
            new: sibling("new"),
            old: sibling("old"),
            lock: sibling("lock"),
            parent,
            target,
        })
    }

    /// Takes the lock, which the system releases when the process ends.
    fn lock(&self) -> Result<File, OutputError> {
        loop {
            let file = File::create(&self.lock).map_err(OutputError::io(&self.lock, "create"))?;
            match file.try_lock() {
                Err(TryLockError::WouldBlock) => {
                    return Err(OutputError::Busy {
                        path: self.target.clone(),
                    });
                }
                // A file system without locks: two runs at once go unnoticed.
                Err(TryLockError::Error(_)) => return Ok(file),
                // The holder before us may have removed the file meanwhile.
                Ok(()) if is_the_file_at(&file, &self.lock) => return Ok(file),
                Ok(()) => {}
            }
        }
    }

    /// Finishes the swap of a killed run.
    fn recover(&self) -> Result<(), OutputError> {
        if !self.old.exists() {
            return Ok(());
        }
        if self.target.exists() {
            return remove_if_there(&self.old);
        }
        fs::rename(&self.old, &self.target).map_err(OutputError::io(&self.old, "put back"))
    }

    fn swap(&self) -> Result<(), OutputError> {
        let has_old = self.target.exists();
        if has_old {
            fs::rename(&self.target, &self.old)
                .map_err(OutputError::io(&self.target, "move aside"))?;
        }
        if let Err(source) = fs::rename(&self.new, &self.target) {
            if has_old {
                // Should this fail too, the next run puts it back.
                let _ = fs::rename(&self.old, &self.target);
            }
            return Err(OutputError::io(&self.target, "swap in the new run")(source));
        }
        // The new run is in place: what follows cannot undo that.
        let _ = sync_folder(&self.parent);
        let _ = fs::remove_dir_all(&self.old);
        Ok(())
    }
}

/// Whether the target, which the caller named so, is missing, an empty folder or
/// a lacsim run and nothing else.
fn check_replaceable(target: &Path, named: &Path) -> Result<(), OutputError> {
    if target.symlink_metadata().is_err() {
        return Ok(());
    }
    let not_a_run = || OutputError::NotARun {
        path: named.to_owned(),
    };
    let entries = fs::read_dir(target).map_err(|_| not_a_run())?;
    let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    let names: Vec<String> = names
        .collect::<std::io::Result<_>>()
        .map_err(OutputError::io(named, "read"))?;
    if names.is_empty() {
        return Ok(());
    }
    let written = files_of_run(target).ok_or_else(not_a_run)?;
    // The system and spreadsheets leave files that nobody misses.
    let is_left = |name: &String| name.starts_with(['.', '~']);
    let mut more = names.into_iter().filter(|name| !is_left(name));
    match more.find(|name| !written.contains(name)) {
        Some(name) => Err(OutputError::HoldsMore {
            path: named.to_owned(),
            name,
        }),
        None => Ok(()),
    }
}

/// Whether a folder holds a run of any version of lacsim.
pub fn is_run(folder: &Path) -> bool {
    files_of_run(folder).is_some()
}

/// Names of the files of a run of any version of lacsim; none where a folder
/// holds no run.
fn files_of_run(folder: &Path) -> Option<Vec<String>> {
    #[derive(serde::Deserialize)]
    struct Run {
        #[serde(rename = "lacsim")]
        _version: String,
        #[serde(default)]
        files: Vec<Named>,
    }
    #[derive(serde::Deserialize)]
    struct Named {
        name: String,
    }
    let text = fs::read_to_string(folder.join(manifest::FILE_NAME)).ok()?;
    let run: Run = serde_json::from_str(&text).ok()?;
    let names = run.files.into_iter().map(|file| file.name);
    Some(names.chain([manifest::FILE_NAME.to_owned()]).collect())
}

#[cfg(unix)]
fn is_the_file_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let identity = |data: fs::Metadata| (data.dev(), data.ino());
    let (held, found) = (
        file.metadata().map(identity),
        fs::metadata(path).map(identity),
    );
    matches!((held, found), (Ok(held), Ok(found)) if held == found)
}

#[cfg(not(unix))]
fn is_the_file_at(_file: &File, path: &Path) -> bool {
    path.exists()
}

fn remove_if_there(folder: &Path) -> Result<(), OutputError> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(OutputError::io(folder, "remove")(error))
        }
        _ => Ok(()),
    }
}

fn write_synced(path: &Path, bytes: &[u8]) -> Result<(), OutputError> {
    File::create(path)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .map_err(OutputError::io(path, "write"))
}

/// Makes the names within a folder durable; not possible on every system.
fn sync_folder(folder: &Path) -> Result<(), OutputError> {
    if cfg!(unix) {
        File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(OutputError::io(folder, "sync"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::manifest::example;
    use super::*;
    use crate::output::sha256;

    fn write(staged: &StagedFolder, bytes: &[u8]) -> FileRecord {
        let write = |file: &mut HashedFile| file.write_all(bytes);
        staged.files().write("report.html", write).unwrap()
    }

    /// Names within a folder, sorted.
    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn write_run(target: &Path, text: &str) {
        let staged = StagedFolder::create(target).unwrap();
        let record = write(&staged, text.as_bytes());
        assert_eq!(record.sha256, sha256(text.as_bytes()));
        let manifest = Manifest {
            files: vec![record],
            ..example()
        };
        staged.commit(&manifest).unwrap();
    }

    fn report(target: &Path) -> String {
        fs::read_to_string(target.join("report.html")).unwrap()
    }

    #[test]
    fn a_run_is_swapped_in_whole_and_leaves_nothing_beside_it() {
        let home = tempfile::tempdir().unwrap();
        let target = home.path().join("deep/demo");
        write_run(&target, "old");
        write_run(&target, "new");
        assert_eq!(report(&target), "new");
        assert_eq!(names(&target), ["manifest.json", "report.html"]);
        assert_eq!(names(&home.path().join("deep")), ["demo"]);
    }

    #[test]
    fn a_folder_that_is_no_run_is_never_replaced() {
        let home = tempfile::tempdir().unwrap();
        let target = home.path().join("photos");
        fs::create_dir(&target).unwrap();
        fs::write(target.join("cat.jpg"), "meow").unwrap();
        let refused = |target: &Path| {
            let error = StagedFolder::create(target).unwrap_err();
            assert!(matches!(error, OutputError::NotARun { .. }), "{error}");
        };
        refused(&target);
        fs::write(target.join("manifest.json"), r#"{"version": "1"}"#).unwrap();
        refused(&target);
        refused(&target.join("cat.jpg"));
        assert_eq!(names(&target), ["cat.jpg", "manifest.json"]);
        assert_eq!(names(home.path()), ["photos"]);
    }

    #[test]
    fn a_run_beside_something_else_is_never_replaced() {
        let home = tempfile::tempdir().unwrap();
        let target = home.path().join("demo");
        write_run(&target, "old");
        fs::write(target.join(".DS_Store"), "").unwrap();
        write_run(&target, "new");
        assert_eq!(names(&target), ["manifest.json", "report.html"]);
        fs::write(target.join("notes.txt"), "mine").unwrap();
        let error = StagedFolder::create(&target).unwrap_err();
        let is_named = |name: &str| name == "notes.txt";
        assert!(
            matches!(&error, OutputError::HoldsMore { name, .. } if is_named(name)),
            "{error}"
        );
        assert_eq!(report(&target), "new");
        assert_eq!(names(home.path()), ["demo"]);
    }

    #[test]
    fn a_file_added_to_a_run_is_in_its_manifest_once() {
        let home = tempfile::tempdir().unwrap();
        let target = home.path().join("demo");
        write_run(&target, "page: old");
        for text in ["page: new", "page: newer"] {
            let record = add_to_run(&target, "report.html", text.as_bytes()).unwrap();
            assert_eq!(Manifest::read(&target).unwrap().files, [record]);
            assert_eq!(report(&target), text);
        }
        assert_eq!(names(&target), ["manifest.json", "report.html"]);
        assert_eq!(names(home.path()), ["demo"]);
        let nowhere = home.path().join("nowhere");
        assert!(add_to_run(&nowhere, "report.html", b"x").is_err());
        assert_eq!(names(home.path()), ["demo"]);
    }

    #[test]
    fn an_empty_folder_may_be_replaced() {
        let home = tempfile::tempdir().unwrap();
        write_run(home.path().join("demo").as_path(), "first");
        let empty = home.path().join("empty");
        fs::create_dir(&empty).unwrap();
        write_run(&empty, "second");
        assert_eq!(report(&empty), "second");
    }

    #[test]
    fn without_a_commit_the_old_run_is_untouched() {
        let home = tempfile::tempdir().unwrap();
        let target = home.path().join("demo");
        write_run(&target, "old");
        let staged = StagedFolder::create(&target).unwrap();
        write(&staged, b"half");
        drop(staged);
        assert_eq!(report(&target), "old");
        assert_eq!(names(home.path()), ["demo"]);
    }

    #[test]
    fn leftovers_of_a_killed_run_are_removed() {
        let home = tempfile::tempdir().unwrap();
        let target = home.path().join("demo");
        let stale = home.path().join(".demo.lacsim-new");
        fs::create_dir(&stale).unwrap();
        fs::write(stale.join("bands.parquet"), "half").unwrap();
        fs::write(home.path().join(".demo.lacsim-lock"), "").unwrap();
        write_run(&target, "new");
        assert_eq!(names(&target), ["manifest.json", "report.html"]);
        assert_eq!(names(home.path()), ["demo"]);
    }

    #[test]
    fn a_run_killed_between_the_renames_is_put_back() {
        let home = tempfile::tempdir().unwrap();
        let target = home.path().join("demo");
        write_run(&target, "old");
        fs::rename(&target, home.path().join(".demo.lacsim-old")).unwrap();
        drop(StagedFolder::create(&target).unwrap());
        assert_eq!(report(&target), "old");
        assert_eq!(names(home.path()), ["demo"]);
    }

    #[test]
    fn two_runs_do_not_write_to_one_target() {
        let home = tempfile::tempdir().unwrap();
        let target = home.path().join("demo");
        let first = StagedFolder::create(&target).unwrap();
        let error = StagedFolder::create(&target).unwrap_err();
        assert!(matches!(error, OutputError::Busy { .. }), "{error}");
        first.commit(&example()).unwrap();
        assert_eq!(names(&target), ["manifest.json"]);
    }

    #[test]
    fn a_single_file_is_there_whole_or_not_at_all() {
        let home = tempfile::tempdir().unwrap();
        let target = home.path().join("table.parquet");
        let write = |text: &'static str| {
            move |files: &NewFiles| files.write("any", |file| file.write_all(text.as_bytes()))
        };
        write_file(&target, write("PAR1 old")).unwrap();
        write_file(&target, write("PAR1 new")).unwrap();
        assert_eq!(fs::read_to_string(&target).unwrap(), "PAR1 new");
        let error = write_file(&target, write("[forecast]")).unwrap_err();
        assert!(matches!(error, OutputError::AnotherKind { .. }), "{error}");
        let failing = |files: &NewFiles| {
            files.write("any", |file| file.write_all(b"half"))?;
            Err(OutputError::NotARun {
                path: files.folder().to_owned(),
            })
        };
        write_file(&target, failing).unwrap_err();
        assert_eq!(fs::read_to_string(&target).unwrap(), "PAR1 new");
        assert_eq!(names(home.path()), ["table.parquet"]);
        write_file(home.path(), write("PAR1 new")).unwrap_err();
        fs::write(&target, "").unwrap();
        write_file(&target, write("PAR1 new")).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link_to_the_new_run() {
        let home = tempfile::tempdir().unwrap();
        let (target, link) = (home.path().join("demo"), home.path().join("latest"));
        write_run(&target, "old");
        std::os::unix::fs::symlink(&target, &link).unwrap();
        write_run(&link, "new");
        assert!(link.is_symlink());
        assert_eq!(report(&target), "new");
    }
}
