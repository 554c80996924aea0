//! The example for Alertmanager: valid, with routes that lead where they should, about alerts that exist.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::source::{Source, root};

fn path() -> PathBuf {
    root().join("manifests/alertmanager/egress-probe.alertmanager.yaml")
}

fn amtool(arguments: &[&str]) -> String {
    let output = Command::new("amtool").args(arguments).output();
    let output = output.expect("amtool: install Debian's package prometheus-alertmanager");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    String::from_utf8(output.stdout).expect("amtool writes text")
}

#[test]
fn amtool_takes_the_example() {
    let path = path();
    amtool(&[
        "check-config",
        path.to_str().expect("a path of plain letters"),
    ]);
}

#[test]
fn critical_alerts_wake_somebody_and_warnings_do_not() {
    let file = format!("--config.file={}", path().display());
    for alert in Source::read().alerts() {
        let name = format!("alertname={}", alert.name);
        let severity = format!("severity={}", alert.severity());
        let receiver = amtool(&["config", "routes", "test", &file, &name, &severity]);
        let expected = if alert.severity() == "critical" {
            "on-call"
        } else {
            "tickets"
        };
        assert_eq!(receiver.trim(), expected, "{name}");
    }
    let other = amtool(&[
        "config",
        "routes",
        "test",
        &file,
        "alertname=KubePodCrashLooping",
    ]);
    assert_eq!(other.trim(), "nobody");
}

#[test]
fn every_alert_that_the_example_names_exists() {
    let text = fs::read_to_string(path()).expect("the example is there");
    let known: BTreeSet<_> = Source::read()
        .alerts()
        .map(|alert| alert.name.clone())
        .collect();
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '.');
    let named: BTreeSet<_> = words
        .filter(|word| word.starts_with("Egress") && *word != "Egress.")
        .collect();
    assert!(named.len() > 3, "{named:?}");
    for name in named {
        assert!(known.contains(name), "there is no {name}");
    }
}
