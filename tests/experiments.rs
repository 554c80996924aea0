//! What experiments find out about each fault, at which hop, and when they are made at all.

mod support;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::LazyLock;

use egress_lab::{HostSpec, Lab, LabSpec, NAMED, Named};
use serde_json::Value;

use support::check::checked;
use support::file;
use support::report::Report;

/// Reachable whatever happens to others: what failing hosts are compared with.
const CONTROL: &str = "a-control.example";

/// A lab in which each of these named faults has a host of its own, and one report on all of them.
struct Scene {
    lab: Lab,
    report: Report,
}

impl Scene {
    fn play(faults: &[&str]) -> Self {
        let hosts = faults.iter().map(|fault| {
            let host = HostSpec::new(host(fault));
            if is_ntp(fault) {
                host.ntp()
            } else {
                host.https()
            }
        });
        let control = HostSpec::new(CONTROL).https();
        let spec = LabSpec {
            middleboxes: true,
            ..LabSpec::of(hosts.chain([control]))
        };
        let lab = Lab::start(&spec).expect("the lab starts");
        for fault in faults {
            let Named {
                scope, fault: kind, ..
            } = Named::find(fault).expect("a named fault");
            lab.block_port(&host(fault), scope, kind)
                .expect("a fault is laid");
        }
        let report = look(&lab, faults, &[]);
        Self { lab, report }
    }

    fn findings(&self, fault: &str) -> &Value {
        let (port, probe) = if is_ntp(fault) {
            (123, "ntp")
        } else {
            (443, "https")
        };
        &self
            .report
            .target(&format!("{}:{port}", host(fault)), probe)
            .findings
    }
}

fn host(fault: &str) -> String {
    format!("{fault}.example")
}

fn is_ntp(fault: &str) -> bool {
    fault.starts_with("ntp")
}

fn look(lab: &Lab, faults: &[&str], more: &[&str]) -> Report {
    let mut catalog = format!(
        "entries:\n  - {{name: control, hosts: [{CONTROL}], protocols: {{https: {{port: 443}}}}}}\n"
    );
    for fault in faults {
        let protocol = if is_ntp(fault) {
            "ntp: {port: 123}"
        } else {
            "https: {port: 443}"
        };
        writeln!(
            catalog,
            "  - {{name: {fault}, hosts: [{}], protocols: {{{protocol}}}}}",
            host(fault)
        )
        .expect("text");
    }
    let catalog = file(lab, "catalog.yaml", &catalog);
    let catalog = catalog.to_str().expect("a plain path");
    let arguments = ["--no-builtin", "--timeout", "2s", "--catalog", catalog];
    checked(lab, &[&arguments[..], more].concat()).1
}

#[test]
fn dump() {
    for faults in [
        &[
            "syn-drop",
            "syn-reset",
            "icmp-prohibited",
            "icmp-host-unreachable",
            "port-closed",
            "no-route",
            "cut-established",
            "mtu-blackhole",
            "hello-reset",
            "tls-silent",
            "tls-plain-text",
            "tls-drip",
            "certificate-expired",
            "ntp-dropped",
            "ntp-refused",
            "ntp-wrong-origin",
            "tls-inspected",
            "loss-30",
        ][..],
        &["sni-reset", "sni-drop", "sni-close", "sni-alert"],
    ] {
        let scene = Scene::play(faults);
        for fault in faults {
            let target = scene
                .report
                .targets
                .iter()
                .find(|t| t.target.starts_with(&host(fault)) && t.probe != "dns")
                .unwrap();
            println!("{fault}: {} \n    {}", target.line(), scene.findings(fault));
        }
    }
}
