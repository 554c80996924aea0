//! Nothing stays behind. A guard process waits for the end of its lab's process, however that comes about, and
//! removes the namespaces with all that runs inside; the next start clears away what even that has missed.

use std::fs::{self, File, TryLockError};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{self, Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result, bail};

const STATE_PREFIX: &str = "/tmp/egress-lab-";

/// Arguments: the lab's id and its folder. Only processes inside the lab's own namespaces are killed. `/etc/netns` stays:
/// the next lab may be making its own folder in it right now.
const REMOVE: &str = r#"
for namespace in $(ip netns list | cut -d ' ' -f 1); do
    case "$namespace" in "egl-$1-"*) ;; *) continue ;; esac
    for round in 1 2 3 4 5; do
        inside=$(ip netns pids "$namespace")
        [ -n "$inside" ] || break
        kill -9 $inside
        sleep 0.02
    done
    ip netns del "$namespace"
    rm -rf "/etc/netns/$namespace"
done
rm -rf "$2"
"#;

/// The lab's identity: a folder whose lock is held for as long as this process lives, and the guard.
pub(crate) struct Guard {
    pub id: String,
    pub folder: PathBuf,
    _lock: File,
    child: Child,
}

impl Guard {
    pub(crate) fn start() -> Result<Self> {
        static LABS: AtomicU32 = AtomicU32::new(0);
        let id = format!("{}-{}", process::id(), LABS.fetch_add(1, Ordering::Relaxed));
        let folder = PathBuf::from(format!("{STATE_PREFIX}{id}"));
        // Locked before it gets its name, or another start would take it for a dead lab's.
        let making = PathBuf::from(format!("/tmp/.egress-lab-{id}"));
        // Of a lab that died here, under the same process id.
        let _ = fs::remove_dir_all(&making);
        fs::create_dir(&making).with_context(|| format!("making {}", making.display()))?;
        let lock = File::create(making.join("lock"))?;
        lock.lock()?;
        fs::rename(&making, &folder).with_context(|| format!("making {}", folder.display()))?;

        let script = format!("cat >/dev/null\n{REMOVE}");
        let mut command = removal(&script, &id, &folder);
        // Out of the terminal's reach: Ctrl-C must not end the guard before its work.
        command.stdin(Stdio::piped()).process_group(0);
        let child = command.spawn().context("starting the guard")?;
        Ok(Self {
            id,
            folder,
            _lock: lock,
            child,
        })
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // The guard reads the end of its input as the end of the lab.
        drop(self.child.stdin.take());
        // It cannot fail to end: its work is bounded.
        let _ = self.child.wait();
    }
}

fn removal(script: &str, id: &str, folder: &Path) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script, "guard", id]).arg(folder);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

/// Removes the labs whose process is gone. Returns their ids.
pub fn remove_leftovers() -> Result<Vec<String>> {
    let mut dead = Vec::new();
    for entry in fs::read_dir("/tmp").context("reading /tmp")? {
        let folder = entry?.path();
        let text = folder.to_string_lossy().into_owned();
        if let Some(id) = text.strip_prefix(STATE_PREFIX)
            && is_dead(&folder)?
        {
            dead.push((id.to_owned(), folder));
        }
    }
    for (id, folder) in &dead {
        let status = removal(REMOVE, id, folder).status()?;
        if !status.success() {
            bail!("removing what the lab {id} has left behind failed ({status})");
        }
    }
    Ok(dead.into_iter().map(|(id, _)| id).collect())
}

fn is_dead(folder: &Path) -> Result<bool> {
    let Ok(lock) = File::open(folder.join("lock")) else {
        // Not a lab's folder, or one that its guard is removing.
        return Ok(false);
    };
    match lock.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error).context("asking whether a lab lives"),
    }
}
