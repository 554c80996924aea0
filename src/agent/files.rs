//! What stood in files when they were read, to see later whether they changed.

use std::collections::BTreeMap;
use std::fs::metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sha2::{Digest, Sha256};

use crate::file;

/// Files by path. Two are equal when the same stands in them, whatever was done to get there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Files(BTreeMap<PathBuf, Print>);

impl Files {
    /// Notes what stands in a file that is about to be read.
    pub(super) fn look_at(&mut self, path: &Path) {
        self.0.insert(path.to_owned(), Print::take(path));
    }

    /// Takes over what was noted elsewhere.
    pub(super) fn add(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// The same files as they are now. One that nobody touched is not read again.
    pub(super) fn again(&self) -> Self {
        let files = self.0.iter();
        Self(
            files
                .map(|(path, print)| (path.clone(), print.again(path)))
                .collect(),
        )
    }

    /// Whether there was something to read.
    pub(super) fn had(&self, path: &Path) -> bool {
        self.0.get(path).is_some_and(|print| print.content.is_ok())
    }
}

/// What stood at a path.
#[derive(Debug, Clone)]
struct Print {
    /// Absent while the next change might not show in it.
    identity: Option<Identity>,
    /// A digest, or why there is none.
    content: Result<[u8; 32], String>,
}

impl PartialEq for Print {
    fn eq(&self, other: &Self) -> bool {
        self.content == other.content
    }
}

impl Eq for Print {}

impl Print {
    fn take(path: &Path) -> Self {
        // Before the content: a change in between is then seen at the next look.
        let identity = Identity::of(path).filter(Identity::is_settled);
        let content = file::read(path, file::LARGEST);
        Self {
            identity,
            content: content
                .map(|bytes| Sha256::digest(bytes).into())
                .map_err(|error| error.to_string()),
        }
    }

    fn again(&self, path: &Path) -> Self {
        if self.identity.is_some() && self.identity == Identity::of(path) {
            return self.clone();
        }
        Self::take(path)
    }
}

/// What changes with every write and every replacement, symbolic links followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Identity {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    /// Of content or attributes; nobody can set it.
    changed: (i64, i64),
}

impl Identity {
    fn of(path: &Path) -> Option<Self> {
        let metadata = metadata(path).ok()?;
        Some(Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        })
    }

    /// Whether a write from now on gets another time than the last one: clocks of file systems are coarse.
    fn is_settled(&self) -> bool {
        const COARSEST: Duration = Duration::from_secs(2);
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
        let seconds = u64::try_from(self.changed.0).map(Duration::from_secs);
        let age = since_1970
            .ok()
            .zip(seconds.ok())
            .map(|(now, changed)| now.saturating_sub(changed));
        age.is_some_and(|age| age > COARSEST)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use nix::sys::stat::Mode;
    use nix::unistd::mkfifo;
    use tempfile::TempDir;

    use super::*;

    fn folder_with(text: &str) -> (TempDir, PathBuf, Files) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, text).unwrap();
        let mut files = Files::default();
        files.look_at(&path);
        (folder, path, files)
    }

    #[test]
    fn another_content_of_the_same_length_at_the_same_moment_is_a_change() {
        let (_folder, path, files) = folder_with("one");
        assert_eq!(files.again(), files);
        for text in ["two", "six", "ten"] {
            let before = files.again();
            fs::write(&path, text).unwrap();
            assert_ne!(before.again(), before, "{text}");
        }
        fs::write(&path, "one").unwrap();
        assert_eq!(files.again(), files, "as it was");
    }

    #[test]
    fn a_file_that_nobody_touched_is_not_read_again() {
        let (_folder, path, files) = folder_with("one");
        let mut old = files.clone();
        old.0.get_mut(&path).unwrap().content = Ok([7; 32]);
        old.0.get_mut(&path).unwrap().identity = Identity::of(&path);
        assert_eq!(old.again(), old, "believed without reading");
        fs::write(&path, "one").unwrap();
        assert_eq!(old.again(), files, "read after a write");
        let mut moved = files.clone();
        moved.0.get_mut(&path).unwrap().identity = Identity::of(Path::new("/"));
        assert_eq!(moved, files, "the same stands there");
    }

    #[test]
    fn one_that_was_just_written_is_read_again() {
        let (_folder, path, _) = folder_with("one");
        let mut identity = Identity::of(&path).unwrap();
        assert!(!identity.is_settled());
        identity.changed.0 -= 60;
        assert!(identity.is_settled());
    }

    #[test]
    fn a_link_that_leads_elsewhere_is_a_change() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for (name, text) in [("a", "one"), ("b", "two"), ("c", "two")] {
            fs::create_dir(at(name)).unwrap();
            fs::write(at(name).join("file"), text).unwrap();
        }
        let lead = |to: &str| {
            symlink(to, at("next")).unwrap();
            fs::rename(at("next"), at("..data")).unwrap();
        };
        lead("a");
        symlink("..data/file", at("file")).unwrap();
        let mut first = Files::default();
        first.look_at(&at("file"));
        lead("b");
        let second = first.again();
        assert_ne!(second, first);
        lead("c");
        assert_eq!(second.again(), second, "the same stands there");
    }

    #[test]
    fn whatever_takes_the_place_of_a_file_is_told_apart_and_not_waited_for() {
        let (_folder, path, files) = folder_with("one");
        assert!(files.had(&path));
        fs::remove_file(&path).unwrap();
        let missing = files.again();
        assert!(!missing.had(&path));
        mkfifo(&path, Mode::S_IRWXU).unwrap();
        let pipe = missing.again();
        fs::remove_file(&path).unwrap();
        fs::write(&path, vec![b'#'; 2 * 1024 * 1024]).unwrap();
        let huge = pipe.again();
        let all = [&files, &missing, &pipe, &huge];
        for (index, one) in all.iter().enumerate() {
            assert!(all[..index].iter().all(|other| other != one), "{one:?}");
        }
        fs::write(&path, vec![b'#'; 3 * 1024 * 1024]).unwrap();
        assert_eq!(huge.again(), huge, "one that grows is too large still");
    }
}
