//! A folder of configuration, filled as a kubelet fills the volume of a `ConfigMap`.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

/// The files are links into `..data`, a link to a folder of which every state has its own.
pub(crate) struct Volume {
    folder: PathBuf,
    states: AtomicUsize,
}

impl Volume {
    /// A new folder with these files.
    pub(crate) fn new(folder: PathBuf, files: &[(&str, &str)]) -> Self {
        fs::create_dir(&folder).expect("a new folder");
        let volume = Self {
            folder,
            states: AtomicUsize::new(0),
        };
        volume.swap(files);
        for (name, _) in files {
            symlink(format!("..data/{name}"), volume.folder.join(name)).expect("a new link");
        }
        volume
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Other contents, all at once.
    pub(crate) fn swap(&self, files: &[(&str, &str)]) {
        let state = self.states.fetch_add(1, Ordering::Relaxed);
        let data = self.folder.join("..data");
        let before = fs::read_link(&data).ok();
        let now = PathBuf::from(format!("..2026_11_23_20_05_00.{state}"));
        fs::create_dir(self.folder.join(&now)).expect("a new folder");
        for (name, text) in files {
            fs::write(self.folder.join(&now).join(name), text).expect("a new file");
        }
        replace_link(&now, &data);
        if let Some(before) = before {
            fs::remove_dir_all(self.folder.join(before)).expect("nobody needs it");
        }
    }
}

fn replace_link(to: &Path, link: &Path) {
    let next = link.with_file_name("..data_tmp");
    symlink(to, &next).expect("a new link");
    fs::rename(next, link).expect("in the same folder");
}
