//! A container of the image as a kubelet starts one, by runc: with the rights, the limit and the files that the `DaemonSet`
//! gives it, in the network of the lab's node.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use egress_lab::Lab;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::build::{Image, output_of};
use crate::pod::{Pod, text};
use crate::seccomp::runtime_default;

const ID: &str = "agent";

/// Dropping it ends it.
pub(crate) struct Container {
    /// The bundle, the mounted files and the state of runc.
    folder: TempDir,
    cgroup: String,
}

/// What the cluster and the node add to the pod.
pub(crate) struct Given<'a> {
    pub(crate) config_maps: BTreeMap<&'a str, String>,
    pub(crate) variables: Vec<(&'a str, String)>,
    pub(crate) arguments: Vec<&'a str>,
}

impl Container {
    pub(crate) fn prepare(image: &Image, pod: &Pod, lab: &Lab, given: &Given) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mounted = folder.path().join("mounted");
        pod.lay_out(&mounted, &given.config_maps);
        let container = Self {
            cgroup: format!("/egress-probe-{}", lab.node().name()),
            folder,
        };
        output_of(
            container
                .runc()
                .args(["spec", "--bundle"])
                .arg(container.path()),
        );
        let file = container.path().join("config.json");
        let spec = fs::read_to_string(&file).expect("runc has written it");
        let mut spec: Value = serde_json::from_str(&spec).expect("JSON");
        spec["root"] = json!({
            "path": image.files,
            "readonly": pod.container()["securityContext"]["readOnlyRootFilesystem"],
        });
        spec["process"] = process(image, pod, given);
        let mounts = spec["mounts"].as_array_mut().expect("a list");
        mounts.push(mount(&mounted, pod.mount_path()));
        mounts.push(mount(lab.resolv_conf(), "/etc/resolv.conf"));
        let linux = &mut spec["linux"];
        linux["cgroupsPath"] = json!(container.cgroup);
        linux["seccomp"] = runtime_default();
        linux["resources"]["memory"] = json!({ "limit": memory_limit(pod) });
        let namespaces = linux["namespaces"].as_array_mut().expect("a list");
        let network = namespaces.iter_mut().find(|one| one["type"] == "network");
        let path = format!("/run/netns/{}", lab.node().name());
        network.expect("a network of its own")["path"] = json!(path);
        fs::write(file, spec.to_string()).expect("the folder takes files");
        container
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn runc(&self) -> Command {
        let mut runc = Command::new("/usr/sbin/runc");
        runc.arg("--root").arg(self.path().join("state"));
        runc
    }

    /// Runs until the agent ends, and ends as it does; hands signals on.
    pub(crate) fn run(&self) -> Command {
        let mut runc = self.runc();
        runc.args(["run", "--bundle"]).arg(self.path()).arg(ID);
        runc
    }

    /// The exit code of a program that is started beside the agent, as `kubectl exec` does it.
    pub(crate) fn exec(&self, arguments: &[&str]) -> Option<i32> {
        let mut runc = self.runc();
        let output = runc.args(["exec", ID]).args(arguments).output();
        output.expect("runc starts").status.code()
    }

    /// A file about the agent's process.
    fn process_file(&self, name: &str) -> String {
        let state = output_of(self.runc().args(["state", ID]));
        let state: Value = serde_json::from_str(&state).expect("JSON");
        let file = fs::read_to_string(format!("/proc/{}/{name}", state["pid"]));
        file.expect("the agent runs")
    }

    /// The options of what is mounted there, in the agent's eyes.
    pub(crate) fn mount_options(&self, place: &str) -> String {
        let mounts = self.process_file("mounts");
        let mut fields = mounts
            .lines()
            .map(|line| line.split(' ').collect::<Vec<_>>());
        let found = fields.find(|fields| fields[1] == place);
        found.unwrap_or_else(|| panic!("nothing at {place}"))[3].to_owned()
    }

    /// A field of `/proc/PID/status`.
    pub(crate) fn status(&self, field: &str) -> String {
        let status = self.process_file("status");
        let fields = status.lines().filter_map(|line| line.split_once(":\t"));
        let found = fields
            .filter(|(name, _)| *name == field)
            .map(|(_, value)| value);
        found.collect::<String>().trim().to_owned()
    }

    /// The most that it has used, and the limit, in bytes.
    pub(crate) fn memory(&self) -> (u64, u64) {
        let stats = output_of(self.runc().args(["events", "--stats", ID]));
        let stats: Value = serde_json::from_str(&stats).expect("JSON");
        let usage = &stats["data"]["memory"]["usage"];
        let number = |field: &str| usage[field].as_u64().expect("the cgroup counts memory");
        (number("max"), number("limit"))
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        // Nothing is left to do if it has ended.
        let _ = self.runc().args(["delete", "--force", ID]).output();
    }
}

fn process(image: &Image, pod: &Pod, given: &Given) -> Value {
    let (wide, own) = (
        &pod.spec["securityContext"],
        &pod.container()["securityContext"],
    );
    assert_eq!(own["capabilities"]["drop"], json!(["ALL"]));
    assert_eq!(wide["seccompProfile"]["type"], "RuntimeDefault");
    let fields = [("spec.nodeName", "aks-nodepool1-000007")];
    let mut variables: Vec<_> = pod.environment(&fields).into_iter().collect();
    variables.extend(
        given
            .variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone())),
    );
    let variables = variables
        .iter()
        .map(|(name, value)| format!("{name}={value}"));
    let entrypoint = image.config["Entrypoint"].as_array().expect("a list");
    let mut arguments: Vec<_> = entrypoint.iter().map(|one| text(one).to_owned()).collect();
    arguments.extend(pod.arguments());
    arguments.extend(given.arguments.iter().map(|&argument| argument.to_owned()));
    // Without limits of its own on descriptors and the like, and without capabilities.
    json!({
        "args": arguments,
        "cwd": "/",
        "env": variables.collect::<Vec<_>>(),
        "user": { "uid": wide["runAsUser"], "gid": wide["runAsGroup"] },
        "noNewPrivileges": own["allowPrivilegeEscalation"] == false,
        "capabilities": {},
    })
}

fn mount(source: &Path, destination: &str) -> Value {
    json!({
        "source": source,
        "destination": destination,
        "type": "bind",
        "options": ["bind", "ro", "nosuid", "nodev"],
    })
}

/// In bytes.
pub(crate) fn memory_limit(pod: &Pod) -> u64 {
    let limit = text(&pod.container()["resources"]["limits"]["memory"]);
    let mebibytes = limit.strip_suffix("Mi").expect("in Mi");
    mebibytes.parse::<u64>().expect("a number") << 20
}
