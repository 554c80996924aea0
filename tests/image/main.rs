//! The container image: what is in it, and that the agent does its work in it with the rights that the `DaemonSet` gives.

mod build;
mod container;
#[path = "../support/kustomize.rs"]
mod kustomize;
#[path = "../support/pod.rs"]
mod pod;
mod seccomp;
#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeMap;
use std::fs;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::process::Command;
use std::sync::LazyLock;

use egress_lab::{Cluster, Lab, LabSpec};
use serde_json::json;

use build::{Image, REVISION, output_of};
use container::{Container, Given, memory_limit};
use pod::Pod;
use support::agent;
use support::running::Running;

static IMAGE: LazyLock<Image> = LazyLock::new(Image::build);

#[test]
#[expect(clippy::print_stderr, reason = "shown with --nocapture, never judged")]
fn the_image_holds_the_agent_and_nothing_else() {
    let image = &*IMAGE;
    eprintln!("the image has {} (of a debug build)", image.size());
    let mut find = Command::new("find");
    find.arg(&image.files)
        .args(["-mindepth", "1", "-printf", "%P %m\n"]);
    assert_eq!(output_of(&mut find), "egress-probe 755\n");
}

#[test]
fn the_image_says_what_it_is_and_runs_as_nobody() {
    let config = &IMAGE.config;
    assert_eq!(config["User"], "65532:65532");
    assert_eq!(config["Entrypoint"], json!(["/egress-probe"]));
    assert_eq!(config["Cmd"], json!(["run"]));
    assert_eq!(config["ExposedPorts"], json!({ "9100/tcp": {} }));
    assert!(config.get("Healthcheck").is_none(), "{config}");
    let labels = &config["Labels"];
    for (name, value) in [
        ("title", env!("CARGO_PKG_NAME")),
        ("version", env!("CARGO_PKG_VERSION")),
        ("licenses", env!("CARGO_PKG_LICENSE")),
        ("revision", REVISION),
    ] {
        let name = format!("org.opencontainers.image.{name}");
        assert_eq!(labels[&name], value, "{name}");
    }
}

#[test]
fn the_compiler_of_the_image_is_that_of_the_project() {
    let read = |name: &str| fs::read_to_string(kustomize::root().join(name)).expect("a file");
    let (toolchain, dockerfile) = (read("rust-toolchain.toml"), read("Dockerfile"));
    let channel = toolchain
        .lines()
        .find_map(|line| line.strip_prefix("channel = "));
    let channel = channel.expect("a channel").trim_matches('"');
    let wanted = format!("\nARG RUST_VERSION={channel}\n");
    assert!(dockerfile.contains(&wanted), "{wanted}");
}

#[test]
fn the_dockerfile_has_no_fault_that_hadolint_knows() {
    let mut hadolint = Command::new(kustomize::tool("hadolint"));
    hadolint
        .arg("--no-color")
        .arg(kustomize::root().join("Dockerfile"));
    let output = hadolint.output().expect("hadolint starts");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
}

/// The public cloud, with a server for everything that the agent may want.
fn public_cloud() -> Lab {
    let cluster = Cluster::PUBLIC;
    let plan = cluster.plan(agent(), "latest", &[]).expect("a plan");
    let mut spec = LabSpec::from_plan_json(&plan).expect("a plan that the lab can serve");
    spec.metadata = Some(cluster.metadata());
    Lab::start(&spec).expect("the lab starts")
}

#[test]
#[expect(clippy::print_stderr, reason = "shown with --nocapture, never judged")]
fn a_container_with_the_rights_of_the_daemonset_probes_serves_and_ends_in_peace() {
    let lab = public_cloud();
    let authority = fs::read_to_string(lab.ca_file()).expect("a file");
    let objects = kustomize::render("public", &["custom-ca"]);
    let pod = Pod::of(&objects, "egress-probe");
    let given = Given {
        config_maps: BTreeMap::from([
            ("kube-root-ca.crt", authority.clone()),
            ("egress-probe-ca", authority),
        ]),
        // As AKS writes it where the annotation asks for it.
        variables: vec![("KUBERNETES_SERVICE_HOST", Cluster::PUBLIC.api_server())],
        // The public names are the lab's here.
        arguments: vec!["--tls-roots=none"],
    };
    let container = Container::prepare(&IMAGE, &pod, &lab, &given);
    let address = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 9100);
    let running = Running::of(&lab, lab.node(), address, container.run());

    let report = running.report();
    assert_eq!(report.troubled(), Vec::<String>::new());
    assert!(report.summary.targets > 30, "{:?}", report.summary);
    assert_eq!(report.agent.node, "aks-nodepool1-000007");
    let source = &report.environment.sources["cloud"];
    assert_eq!(source, "/etc/egress-probe/config.yaml:2");
    assert_eq!(running.get("/healthz", &[]).0, 200);
    assert!(running.page("/status", &[]).starts_with("OK "));
    let revision = format!("revision=\"{REVISION}\"");
    assert!(running.metrics().contains(&revision));

    assert_eq!(container.status("Uid"), "65532\t65532\t65532\t65532");
    for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
        assert_eq!(container.status(set), "0000000000000000", "{set}");
    }
    assert_eq!(container.status("NoNewPrivs"), "1");
    assert_eq!(container.status("Seccomp"), "2", "a filter");
    for place in ["/", pod.mount_path()] {
        let options = container.mount_options(place);
        assert!(options.starts_with("ro,"), "{place} {options}");
    }
    let check = [
        "/egress-probe",
        "check",
        "--tls-roots=none",
        "--cluster-ca-file=/etc/egress-probe/cluster-ca.crt",
        "--ca-file=/etc/egress-probe/custom-ca.crt",
    ];
    assert_eq!(container.exec(&check), Some(0), "beside the agent");
    let (most, limit) = container.memory();
    assert_eq!(limit, memory_limit(&pod));
    eprintln!("used at most {} KiB of {} KiB", most >> 10, limit >> 10);

    let (status, took) = running.terminate();
    eprintln!("ended {took:?} after SIGTERM");
    assert_eq!(status.code(), Some(0));
}
