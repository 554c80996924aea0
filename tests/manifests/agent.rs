//! What the manifests give to the agent, and what the agent itself makes of it.

use std::path::Path;
use std::process::{Command, Stdio};

use clap::Parser;
use egress_probe::cli::{self, Cli};
use serde_json::{Value, json};

use crate::pod::{Pod, list, text};
use crate::review::{AMONG_PODS, ON_THE_NODE};
use crate::{RENDERINGS, with_everything};

/// A pod's arguments with the files that it mounts in a folder, as `check` takes them.
fn check(pod: &Pod, folder: &Path) -> Command {
    let authority = rcgen::generate_simple_self_signed(["ca.example".to_owned()]);
    let authority = authority.expect("a certificate").cert.pem();
    let given = ["kube-root-ca.crt", "egress-probe-ca", "egress-probe-web"];
    let given = given.map(|name| (name, authority.clone()));
    pod.lay_out(folder, &given.into_iter().collect());
    let own = folder.to_str().expect("plain letters");
    let arguments = pod.arguments();
    let arguments = arguments
        .iter()
        .skip(1)
        // What only `run` knows.
        .filter(|one| !one.starts_with("--listen") && !one.starts_with("--web-config"));
    // In a network in which nothing can be reached.
    let mut command = Command::new("unshare");
    command.arg("--net").arg(env!("CARGO_BIN_EXE_egress-probe"));
    command.args(["check", "--format", "json", "--metadata", "off"]);
    command.args(arguments.map(|one| one.replace(pod.mount_path(), own)));
    command
        .env_clear()
        .envs(pod.environment(&[("spec.nodeName", "node-7")]));
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("KUBERNETES_SERVICE_HOST", "a.hcp.eastus.azmk8s.io");
    command
}

#[test]
fn the_agent_takes_what_it_is_given_and_overlooks_nothing() {
    // All at once: they mostly wait.
    let checks = RENDERINGS.iter().map(|(name, objects)| {
        let pod = Pod::of(objects, ON_THE_NODE);
        let arguments = ["egress-probe".to_owned()]
            .into_iter()
            .chain(pod.arguments());
        let cli = Cli::try_parse_from(arguments).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(matches!(cli.command, Some(cli::Command::Run(_))), "{name}");
        let folder = tempfile::tempdir().expect("a folder");
        let mut command = check(&pod, folder.path());
        let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        (name, folder, command.spawn().expect("unshare starts"))
    });
    for (name, _folder, child) in checks.collect::<Vec<_>>() {
        let output = child.wait_with_output().expect("a child of ours");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{name}: {said}");
        assert!(said.is_empty(), "{name}: {said}");
        let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let cloud = name.split(' ').next().expect("an overlay");
        assert_eq!(report["environment"]["cloud"], cloud, "{name}");
        assert_eq!(report["agent"]["node"], "node-7", "{name}");
        assert_eq!(report["notices"], json!([]), "{name}");
    }
}

#[test]
fn what_a_component_says_reaches_the_agent() {
    let folder = tempfile::tempdir().expect("a folder");
    let pod = Pod::of(with_everything(), AMONG_PODS);
    let output = check(&pod, folder.path()).output().expect("unshare starts");
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let proxy = text(&report["environment"]["proxy"]);
    assert!(proxy.contains("http://proxy.example.com:3128"), "{proxy}");
    let patterns: Vec<_> = list(&report["untestable"])
        .map(|row| text(&row["pattern"]))
        .collect();
    assert_eq!(patterns, ["*.azurecr.io", "*.{location}.data.azurecr.io"]);
    let mut targets: Vec<_> = list(&report["targets"])
        .map(|row| text(&row["target"]))
        .collect();
    targets.retain(|target| !target.ends_with(":53"));
    let api_server = "a.hcp.eastus.azmk8s.io";
    let expected = [
        "168.63.129.16:32526",
        "168.63.129.16:80",
        "169.254.169.254:80",
        api_server,
        "a.hcp.eastus.azmk8s.io:443",
    ];
    assert_eq!(targets, expected);
}
