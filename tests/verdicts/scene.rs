//! One laboratory in which every fault of the table stands at once, and what a single `check` made of it.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::IpAddr;
use std::path::PathBuf;

use egress_lab::{ANYWHERE, Fault, HostSpec, Lab, LabSpec, Scope};

use crate::support::check::checked;
use crate::support::file;
use crate::support::report::Report;
use crate::table::{KINDS, Kind};

pub(crate) struct Scene {
    pub(crate) lab: Lab,
    pub(crate) catalog: PathBuf,
    pub(crate) exit: i32,
    pub(crate) report: Report,
}

/// Hosts whose trouble is none of the lab's faults alone, as `NAME VERDICT`, all of them over HTTPS.
pub(crate) const PECULIAR: [(&str, &str); 8] = [
    (
        "sinkholed.peculiar.example",
        "unreachable resolve sinkholed",
    ),
    ("ipv6.peculiar.example", "reachable"),
    (
        "ipv6-prohibited.peculiar.example",
        "unreachable connect prohibited",
    ),
    (
        "ipv4-dropped.peculiar.example",
        "reachable partial_addresses",
    ),
    (
        "denied-470.peculiar.example",
        "unreachable request http_denied",
    ),
    (
        "proxy-407.peculiar.example",
        "unreachable request http_denied",
    ),
    ("forbidden-403.peculiar.example", "reachable"),
    (
        "misnamed.peculiar.example",
        "unreachable tls certificate_name_mismatch",
    ),
];

/// A port that something on the path accepts for every address there is.
pub(crate) const INTERCEPTED: (&str, u16) = ("intercepted.peculiar.example", 9001);

impl Scene {
    /// One run judges everything, because it takes as long as its slowest target.
    pub(crate) fn start() -> Self {
        let spec = LabSpec {
            second_nameserver: true,
            ..LabSpec::of(hosts())
        };
        let lab = Lab::start(&spec).expect("the lab starts");
        break_hosts(&lab);
        let catalog = file(&lab, "rows.yaml", &catalog());
        let text = catalog.to_str().expect("a path of plain letters");
        let arguments = ["--no-builtin", "--catalog", text];
        let limits = ["--timeout", "3s", "--concurrency", "500"];
        let (exit, report) = checked(&lab, &[&arguments[..], &limits].concat());
        Self {
            lab,
            catalog,
            exit,
            report,
        }
    }
}

/// Every target that is not plainly reachable, with its verdict.
pub(crate) fn expected() -> BTreeMap<String, &'static str> {
    let mut expected = BTreeMap::new();
    // A nameserver is asked over both transports; what is for TCP alone leaves it with a closed port of UDP.
    for (fault, _) in Kind::DnsTcp.rows() {
        let target = Kind::DnsUdp.target(&Kind::DnsUdp.host(*fault));
        let closed = "unreachable exchange connection_refused";
        expected.insert(format!("{target} dns-udp"), closed);
    }
    for kind in KINDS {
        for (fault, verdict) in kind.rows() {
            let target = kind.target(&kind.host(*fault));
            expected.insert(format!("{target} {}", kind.as_str()), *verdict);
        }
    }
    for (host, verdict) in PECULIAR {
        expected.insert(format!("{host}:443 https"), verdict);
    }
    let (host, port) = INTERCEPTED;
    let unproven = "unproven connect intercepted_port";
    expected.insert(format!("{host}:{port} tcp"), unproven);
    let well = format!("{} udp", Kind::Udp.target("well.udp.example"));
    expected.insert(well, "unproven exchange no_rejection");
    expected.insert("sinkholed.peculiar.example dns".to_owned(), PECULIAR[0].1);
    expected
}

/// The host of every row; a host of two kinds once.
fn rows() -> Vec<(Kind, Fault, String)> {
    let mut rows: Vec<(Kind, Fault, String)> = Vec::new();
    // Names and nameservers come last: the services that they share a host with are of the other kind.
    for kind in KINDS.into_iter().rev() {
        for (fault, _) in kind.rows() {
            let host = kind.host(*fault);
            if rows.iter().all(|(_, _, known)| *known != host) {
                rows.push((kind, *fault, host));
            }
        }
    }
    rows
}

fn hosts() -> Vec<HostSpec> {
    let broken = rows();
    let broken = broken.iter().map(|(kind, _, host)| kind.spec(host));
    let well = KINDS
        .iter()
        .filter_map(|kind| Some(kind.spec(&kind.well()?)));
    let peculiar = PECULIAR.iter().map(|(host, _)| {
        let spec = HostSpec::new(*host).https();
        match host
            .split('.')
            .next()
            .and_then(|label| label.rsplit_once('-'))
        {
            Some((_, "470")) => spec.status(470),
            Some((_, "407")) => spec.status(407),
            Some((_, "403")) => spec.status(403),
            _ if host.starts_with("ipv") => spec.ipv6(),
            _ => spec,
        }
    });
    let (host, port) = INTERCEPTED;
    let intercepted = HostSpec::new(host).tcp(port);
    broken
        .chain(well)
        .chain(peculiar)
        .chain([intercepted])
        .collect()
}

fn break_hosts(lab: &Lab) {
    for (_, fault, host) in rows() {
        lab.block(&host, fault).expect("a fault is laid");
    }
    let point = |name: &str, address: IpAddr| {
        lab.point(name, &[address]).expect("a name is pointed");
    };
    point(PECULIAR[0].0, IpAddr::from([0, 0, 0, 0]));
    for (host, _) in &PECULIAR[1..3] {
        let address = lab.ipv6_address_of(host).expect("it was asked for");
        point(host, address.into());
    }
    lab.block(PECULIAR[2].0, Fault::AdminProhibited)
        .expect("a fault is laid");
    let address = lab.address_of(PECULIAR[3].0).to_string();
    lab.block(&address, Fault::Drop).expect("a fault is laid");
    lab.block_port(ANYWHERE, Scope::Tcp(INTERCEPTED.1), Fault::Intercepted)
        .expect("a fault is laid");
}

/// A row of the user's catalogue for every host.
fn catalog() -> String {
    let mut text = "entries:\n".to_owned();
    let mut entry = |host: &str, protocols: &str| {
        writeln!(
            text,
            "  - {{name: {host}, hosts: [\"{host}\"], protocols: {{{protocols}}}}}"
        )
        .expect("a String takes text");
    };
    let well = KINDS.iter().filter_map(|kind| Some((*kind, kind.well()?)));
    let rows = rows();
    let broken = rows.iter().map(|(kind, _, host)| (*kind, host.clone()));
    for (kind, host) in broken.chain(well) {
        let word = if kind.service().is_some() {
            kind.as_str()
        } else {
            "dns"
        };
        entry(&host, &format!("{word}: {{port: {}}}", kind.port()));
    }
    for (host, _) in PECULIAR {
        let misnamed = host.starts_with("misnamed");
        let more = if misnamed {
            ", server_name: another.example"
        } else {
            ""
        };
        entry(host, &format!("https: {{port: 443{more}}}"));
    }
    let (host, port) = INTERCEPTED;
    entry(host, &format!("tcp: {{port: {port}}}"));
    text
}
