//! Reads files that people name: regular ones of bounded size. Whatever else stands there, nothing is waited for.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nix::libc::O_NONBLOCK;

/// No configuration, catalogue or CA file is larger, in bytes. (All public roots in PEM are about 220 KiB.)
pub const LARGEST: u64 = 1024 * 1024;

/// Why there is no content.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It is not there, or may not be read.
    #[error("cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    /// A folder, a pipe or a device.
    #[error("is not a regular file")]
    NotAFile,
    /// Larger than was asked for.
    #[error("is larger than {} KiB", .0 / 1024)]
    TooLarge(u64),
}

/// The bytes of a file that has at most `largest` of them.
///
/// # Errors
/// When there is no such file.
pub fn read(path: &Path, largest: u64) -> Result<Vec<u8>, FileError> {
    let mut bytes = Vec::new();
    // Read through a limit: the file may grow meanwhile.
    open(path)?.take(largest + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > largest {
        return Err(FileError::TooLarge(largest));
    }
    Ok(bytes)
}

fn open(path: &Path) -> Result<File, FileError> {
    // A pipe without a writer would hold up everything.
    let mut options = OpenOptions::new();
    let file = options.read(true).custom_flags(O_NONBLOCK).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(FileError::NotAFile);
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use nix::sys::stat::Mode;
    use nix::unistd::mkfifo;

    use super::*;

    #[test]
    fn a_file_is_read_up_to_its_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "0123").unwrap();
        assert_eq!(read(&path, 4).unwrap(), b"0123");
        assert!(matches!(read(&path, 3), Err(FileError::TooLarge(3))));
    }

    #[test]
    fn what_never_ends_or_never_begins_is_refused_and_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        mkfifo(&pipe, Mode::S_IRWXU).unwrap();
        for path in [folder.path(), &pipe, Path::new("/dev/zero")] {
            let refused = matches!(read(path, 4), Err(FileError::NotAFile));
            assert!(refused, "{}", path.display());
        }
        let missing = read(&folder.path().join("missing"), 4);
        assert!(matches!(missing, Err(FileError::Unreadable(_))));
    }
}
