//! The manifests as a cluster would get them: rendered by kubectl, from a copy beside which a user's own files lie.

#![allow(dead_code, reason = "each test binary uses its own part")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A program that `tests/tools.sh` puts there.
pub(crate) fn tool(name: &str) -> PathBuf {
    let tool = root().join("target/tools").join(name);
    assert!(
        tool.exists(),
        "{} is missing; `make packages` puts it there",
        tool.display()
    );
    tool
}

/// A module of Python that `tests/tools.sh` puts there.
pub(crate) fn python(module: &str) -> Command {
    let mut command = Command::new("python3");
    command.env("PYTHONPATH", tool("python"));
    command.args(["-m", module]);
    command
}

/// The folders of `manifests/overlays` or `manifests/components`.
pub(crate) fn names(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(root().join("manifests").join(folder)).expect("a folder");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    let mut names: Vec<_> = names
        .map(|name| name.into_string().expect("plain letters"))
        .collect();
    names.sort();
    names
}

/// A folder of a user: `egress-probe` has the manifests, `cluster` a kustomization of the user's own.
pub(crate) struct Site(TempDir);

impl Site {
    pub(crate) fn new() -> Self {
        let site = Self(tempfile::tempdir().expect("a folder"));
        let copy = site.0.path().join("egress-probe");
        fs::create_dir_all(&copy).expect("a folder");
        for part in ["manifests", "dashboards"] {
            let mut cp = Command::new("cp");
            cp.arg("-r").arg(root().join(part)).arg(&copy);
            assert!(cp.status().expect("cp starts").success());
        }
        site
    }

    /// Writes a file of the user's own.
    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.0.path().join("cluster").join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("the folder takes files");
    }

    /// What `kubectl kustomize` makes of `cluster`.
    pub(crate) fn render(&self) -> Objects {
        let mut kubectl = Command::new(tool("kubectl"));
        kubectl.arg("kustomize").arg(self.0.path().join("cluster"));
        let output = kubectl.output().expect("kubectl starts");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "kubectl kustomize: {said}");
        assert!(said.is_empty(), "kubectl kustomize warns: {said}");
        let text = String::from_utf8(output.stdout).expect("text");
        Objects(serde_saphyr::from_multiple(&text).expect("YAML"))
    }
}

/// An overlay with components, as a user's kustomization names them.
pub(crate) fn render(overlay: &str, components: &[&str]) -> Objects {
    let place = "../egress-probe/manifests";
    let components: Vec<_> = components
        .iter()
        .map(|component| format!("{place}/components/{component}"))
        .collect();
    // JSON is YAML.
    let text = json!({
        "resources": [format!("{place}/overlays/{overlay}")],
        "components": components,
    });
    let site = Site::new();
    site.write("kustomization.yaml", &text.to_string());
    site.render()
}

/// What a rendering consists of.
#[derive(Clone, Debug)]
pub(crate) struct Objects(pub(crate) Vec<Value>);

impl Objects {
    pub(crate) fn of(&self, kind: &str) -> impl Iterator<Item = &Value> {
        self.0.iter().filter(move |object| object["kind"] == kind)
    }

    pub(crate) fn find(&self, kind: &str, name: &str) -> Option<&Value> {
        self.of(kind)
            .find(|object| object["metadata"]["name"] == name)
    }

    pub(crate) fn daemonset(&self, name: &str) -> &Value {
        let found = self.find("DaemonSet", name);
        found.unwrap_or_else(|| panic!("no DaemonSet {name}"))
    }
}
