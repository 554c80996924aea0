//! Paths that packet filters, routers and inspection break, and servers that are odd: a lab without a proxy.

use crate::scene::{Run, Scene};
use crate::{exchanges, names, packets, servers};
use egress_lab::{Lab, LabSpec};

pub(crate) fn scene() -> Scene {
    let mut rows = packets::rows();
    rows.extend(exchanges::rows());
    rows.extend(servers::rows());
    rows.extend(names::rows());
    Scene {
        spec: LabSpec {
            middleboxes: true,
            second_nameserver: true,
            ..LabSpec::default()
        },
        rows,
        runs: runs(),
        prepare: None,
    }
}

fn runs() -> Vec<Run> {
    vec![
        Run::new("plain", quick),
        // What is lost is sent again after 1, 3, 7 and 15 seconds: the path is there, and this is time to see it.
        Run::new("patient", |lab| {
            let nameserver = ["--nameserver".to_owned(), lab.nameserver().to_string()];
            trusting(lab, "60s").into_iter().chain(nameserver).collect()
        }),
        Run::new("inspected", |lab| {
            let roots = ["--tls-roots", "bundled", "--timeout", "5s", "--ca-file"];
            let ca_file = lab.inspection_ca_file().display().to_string();
            words(&roots).into_iter().chain([ca_file]).collect()
        }),
        Run::new("first-dead", |lab| {
            let nameservers = ["--nameserver", names::DEAD, "--nameserver"];
            let alive = lab.nameserver().to_string();
            let more = words(&nameservers).into_iter().chain([alive]);
            trusting(lab, "5s").into_iter().chain(more).collect()
        }),
        Run::new("second-only", |lab| {
            let nameserver = lab.second_nameserver().to_string();
            let more = ["--nameserver".to_owned(), nameserver];
            trusting(lab, "5s").into_iter().chain(more).collect()
        }),
    ]
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(ToString::to_string).collect()
}

pub(crate) fn quick(lab: &Lab) -> Vec<String> {
    trusting(lab, "5s")
}

/// Everything at once, and no trust but in the lab's authority.
fn trusting(lab: &Lab, timeout: &str) -> Vec<String> {
    let ca_file = lab.ca_file().display().to_string();
    let given = [
        "--tls-roots",
        "none",
        "--concurrency",
        "256",
        "--timeout",
        timeout,
        "--ca-file",
    ];
    words(&given).into_iter().chain([ca_file]).collect()
}
