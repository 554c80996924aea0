//! The image, built for real by buildah: the Dockerfile's last stage around an agent that is built here.
//!
//! The stage before it needs a base image, which no test can fetch. What cargo does there happens here, on the very
//! files that this stage gets. Only the last step is another than in other tests: with `+crt-static` for the program
//! alone, nearly all of what was built for them is used again.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::agent;

/// Given to the build as a revision, to see where it comes out.
pub(crate) const REVISION: &str = "0123abc";
const DOCKERFILE: &str = include_str!("../../Dockerfile");

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What a command writes, if it succeeds.
pub(crate) fn output_of(command: &mut Command) -> String {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output();
    let output = output.unwrap_or_else(|error| panic!("{program}: {error}; see `make packages`"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed:\n{said}");
    String::from_utf8(output.stdout).expect("text")
}

/// A store of images of this test's own. A static is never dropped, so the next run clears it away.
struct Store(PathBuf);

impl Store {
    fn new() -> Self {
        let folder = root().join("target/image/store");
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a folder");
        Self(folder)
    }

    fn buildah(&self) -> Command {
        let mut buildah = Command::new("buildah");
        for (flag, folder) in [("--root", "images"), ("--runroot", "state")] {
            buildah.arg(flag).arg(self.0.join(folder));
        }
        buildah.args(["--storage-driver", "vfs"]);
        buildah
    }

    /// Builds with the project as the context, under its .dockerignore.
    fn build(&self, dockerfile: &Path, tag: &str, arguments: &[String]) {
        let mut buildah = self.buildah();
        buildah.args(["build", "--quiet", "--isolation", "chroot", "--tag", tag]);
        buildah.arg("--file").arg(dockerfile);
        output_of(buildah.args(arguments).arg(root()));
    }

    /// The files of an image.
    fn mount(&self, tag: &str) -> PathBuf {
        let container = output_of(self.buildah().args(["from", "--pull-never", tag]));
        let path = output_of(self.buildah().args(["mount", container.trim()]));
        path.trim().into()
    }
}

/// The built image.
pub(crate) struct Image {
    store: Store,
    /// As the OCI specification has it.
    pub(crate) config: Value,
    pub(crate) files: PathBuf,
}

const TAG: &str = "egress-probe";

impl Image {
    pub(crate) fn build() -> Self {
        let store = Store::new();
        let source = sources(&store);
        let binary = static_agent(&source);
        let stage = binary.parent().expect("a folder");
        let arguments = [
            format!("--build-context=build={}", stage.display()),
            format!("--build-arg=EGRESS_PROBE_REVISION={REVISION}"),
        ];
        store.build(&root().join("Dockerfile"), TAG, &arguments);
        let inspected = output_of(store.buildah().args(["inspect", "--type", "image", TAG]));
        let mut inspected: Value = serde_json::from_str(&inspected).expect("JSON");
        let files = store.mount(TAG);
        Self {
            store,
            config: inspected["OCIv1"]["config"].take(),
            files,
        }
    }

    /// As buildah lists it.
    pub(crate) fn size(&self) -> String {
        let mut buildah = self.store.buildah();
        buildah.args(["images", "--format", "{{.Size}}", TAG]);
        output_of(&mut buildah).trim().to_owned()
    }
}

/// The files that the Dockerfile copies into the stage that builds, with what it puts in place of the rest.
fn sources(store: &Store) -> PathBuf {
    let copies = DOCKERFILE.lines().filter(|line| line.starts_with("COPY "));
    let copies: Vec<_> = copies.filter(|line| !line.contains("--from=")).collect();
    let dockerfile = store.0.join("Dockerfile");
    let text = format!("FROM scratch\n{}\n", copies.join("\n"));
    fs::write(&dockerfile, text).expect("the folder takes files");
    store.build(&dockerfile, "sources", &[]);

    let source = root().join("target/image/source");
    let _ = fs::remove_dir_all(&source);
    fs::create_dir_all(source.parent().expect("a folder")).expect("a folder");
    let mut cp = Command::new("cp");
    // With their dates, so that cargo builds only what has changed.
    output_of(cp.arg("-a").arg(store.mount("sources")).arg(&source));
    for empty in ["benches/src/main.rs", "tests/lab/src/lib.rs"] {
        let file = source.join(empty);
        fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        fs::write(file, "").expect("the folder takes files");
    }
    source
}

/// Without what cargo tells this test about its package: some build scripts would take it for a change, and run again.
fn cargo() -> Command {
    let mut cargo = Command::new(env!("CARGO"));
    for (name, _) in std::env::vars_os() {
        let told = ["CARGO_MANIFEST_", "CARGO_PKG_", "OUT_DIR"];
        let known = name.to_string_lossy();
        if told.iter().any(|prefix| known.starts_with(prefix)) {
            cargo.env_remove(&name);
        }
    }
    cargo
}

/// Builds the agent without a C library of the machine, beside everything that was built for the other tests.
fn static_agent(source: &Path) -> PathBuf {
    let stage = root().join("target/image/stage");
    fs::create_dir_all(&stage).expect("a folder");
    let (binary, kept) = (stage.join("egress-probe"), stage.join("kept"));
    // cargo puts this one in the place of the usual one, which the other tests want.
    let _ = fs::remove_file(&kept);
    fs::hard_link(agent(), &kept).expect("on the same disk");
    let mut cargo = cargo();
    cargo.args(["rustc", "--quiet", "--offline", "--locked", "--bin", TAG]);
    cargo.arg("--manifest-path").arg(source.join("Cargo.toml"));
    let target = agent().parent().and_then(Path::parent);
    cargo.arg("--target-dir").arg(target.expect("target/debug"));
    cargo.args(["--", "-Ctarget-feature=+crt-static", "-Cstrip=symbols"]);
    cargo.env("EGRESS_PROBE_REVISION", REVISION);
    output_of(&mut cargo);
    fs::copy(agent(), &binary).expect("the folder takes files");
    fs::rename(&kept, agent()).expect("on the same disk");
    let everybody = fs::Permissions::from_mode(0o755);
    fs::set_permissions(&binary, everybody).expect("a file of ours");
    binary
}
