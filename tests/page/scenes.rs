//! Nodes to look at, at a fixed time: all green, one target broken, everything broken.

use std::sync::Arc;
use std::time::Duration;

use egress_probe::outcome::{Facts, Findings, Outcome, Phase, Reason, Verdict};
use egress_probe::status::StatusReport;
use egress_probe::store::Record;
use egress_probe::target::{Group, Https, Probe, ProbeKind, Target};

use crate::fixture::{
    about, before, failure, findings, https_facts, last_phase, now, outcome, resolved, target,
    timings,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scene {
    AllGreen,
    OneBroken,
    EverythingBroken,
}

/// The name that is broken where one is.
pub(crate) const BROKEN: &str = "mcr.microsoft.com";
/// Seconds between two attempts, and for how long something has been broken.
const INTERVAL: i64 = 60;
const BROKEN_FOR: i64 = 232;

const CORE: &[(&str, &str)] = &[
    (BROKEN, "pull first-party images"),
    ("eastus.data.mcr.microsoft.com", "pull the layers of images"),
    ("management.azure.com", "manage Azure resources"),
    ("login.microsoftonline.com", "sign in to Azure"),
    ("packages.microsoft.com", "install packages"),
    (
        "acs-mirror.azureedge.net",
        "download kubelet and CNI binaries",
    ),
    (
        "packages.aks.azure.com",
        "download kubelet and CNI binaries",
    ),
    (API_SERVER, "talk to the API server"),
];
const API_SERVER: &str = "demo-dns-0a1b2c3d.hcp.eastus.azmk8s.io";
const MONITOR: &[(&str, &str)] = &[
    ("dc.services.visualstudio.com", "send telemetry"),
    (
        "eastus.handler.control.monitor.azure.com",
        "fetch rules of collection",
    ),
    (
        "global.handler.control.monitor.azure.com",
        "fetch rules of collection",
    ),
    ("eastus.ods.opinsights.azure.com", "send logs"),
];
const POLICY: &[(&str, &str)] = &[
    ("data.policy.core.windows.net", "fetch policies"),
    ("store.policy.core.windows.net", "fetch policies"),
];

/// The node, reported on.
pub(crate) fn report(scene: Scene) -> StatusReport {
    let mut about = about();
    about.notices.clear();
    about.untestable.retain(|_| scene != Scene::AllGreen);
    let rules = about.rules.values_mut().flatten();
    for rule in rules.filter(|rule| rule.pattern == BROKEN) {
        "pull first-party images".clone_into(&mut rule.purpose);
        rule.sources[0].rows = vec!["c007".to_owned()];
        rule.notes.clear();
    }
    StatusReport::new(&about, &records(scene), now())
}

fn records(scene: Scene) -> Vec<Record> {
    let targets = targets();
    let records = targets.iter().enumerate();
    let mut records: Vec<_> = records
        .map(|(place, target)| record(scene, target, i64::try_from(place).expect("few")))
        .collect();
    records.sort_by(|a, b| a.target.id.cmp(&b.target.id));
    records
}

fn targets() -> Vec<Target> {
    let web = |group: Group, rows: &[(&str, &str)]| -> Vec<Target> {
        let https = Probe::Https(Https::default());
        let row = |(host, why): &(&str, &str)| target(host, Some(443), https.clone(), group, why);
        rows.iter().map(row).collect()
    };
    let question = BROKEN.to_owned();
    let over_udp = Probe::DnsUdp {
        question: question.clone(),
    };
    let over_tcp = Probe::DnsTcp { question };
    let core = Group::Core;
    let mut targets = web(core, CORE);
    targets.extend(web(Group::AzureMonitor, MONITOR));
    targets.extend(web(Group::AzurePolicy, POLICY));
    targets.extend([
        target("168.63.129.16", Some(53), over_udp, core, "resolve names"),
        target("168.63.129.16", Some(53), over_tcp, core, "resolve names"),
        target(BROKEN, None, Probe::Dns, core, ""),
        target("management.azure.com", None, Probe::Dns, core, ""),
        target(
            "ntp.ubuntu.com",
            Some(123),
            Probe::Ntp,
            core,
            "keep the clock right",
        ),
        target(
            "security.ubuntu.com",
            Some(80),
            Probe::Http,
            Group::Optional,
            "install updates",
        ),
        target(API_SERVER, Some(22), Probe::Ssh, core, "carry the tunnel"),
    ]);
    targets
}

/// Half an hour of attempts.
fn record(scene: Scene, target: &Target, place: i64) -> Record {
    let mut record = Record::new(Arc::new(target.clone()), before(1_830));
    let is_broken = match scene {
        Scene::AllGreen => false,
        Scene::OneBroken => target.host.to_string() == BROKEN && target.port.is_some(),
        Scene::EverythingBroken => true,
    };
    let first = 1_800 + place % 4;
    for ordinal in 0..=first / INTERVAL {
        let seconds = (first - ordinal * INTERVAL).max(2);
        if !is_broken || seconds > BROKEN_FOR {
            record.take(proven(target, seconds, place * 7 + ordinal));
        }
    }
    if is_broken {
        let fails = refuted(scene, target);
        for seconds in [BROKEN_FOR + place % 3, 180, 120, 60, 6 + place] {
            record.take(fails(seconds));
        }
        if scene == Scene::OneBroken {
            record.findings = Some(Arc::new(found()));
        }
    }
    record
}

/// The usual findings, compared with a target that is not the broken one.
fn found() -> Findings {
    let mut findings = findings();
    if let Some(other) = findings
        .names
        .as_mut()
        .and_then(|names| names.other_name.as_mut())
    {
        "login.microsoftonline.com".clone_into(&mut other.name);
    }
    findings
}

fn proven(target: &Target, seconds: i64, seed: i64) -> Outcome {
    let facts = match target.probe {
        Probe::Https(_) => https_facts(),
        Probe::Dns | Probe::Http | Probe::Ssh | Probe::Ntp => resolved(),
        _ => Facts::default(),
    };
    let phases = timings(last_phase(target));
    let mut outcome = outcome(target, seconds, phases, Verdict::Reachable, &facts);
    // No two attempts take the same time, but each takes the same one in every picture.
    let factor = f64::from(u32::try_from(50 + seed * 37 % 90).expect("small")) / 100.0;
    for phase in &mut outcome.phases {
        phase.elapsed = phase.elapsed.mul_f64(factor);
    }
    outcome.elapsed = outcome.phases.iter().map(|phase| phase.elapsed).sum();
    outcome
}

/// By name where one target is broken, in silence where everything is.
fn refuted(scene: Scene, target: &Target) -> impl Fn(i64) -> Outcome {
    let (phase, why) = if scene == Scene::OneBroken {
        let detail = "Connection reset by peer (os error 104)";
        (
            Phase::Tls,
            failure(Phase::Tls, Reason::ConnectionReset, detail),
        )
    } else {
        let phase = match target.probe.kind() {
            ProbeKind::DnsTcp => Phase::Connect,
            ProbeKind::DnsUdp => Phase::Exchange,
            _ => Phase::Resolve,
        };
        let detail = format!("nothing decisive within 10s; the attempt was in phase {phase}");
        (phase, failure(phase, Reason::Timeout, &detail))
    };
    let mut phases = timings(phase);
    if let (Some(last), Reason::Timeout) = (phases.last_mut(), why.reason) {
        last.elapsed = Duration::from_secs(10);
    }
    let facts = if phase == Phase::Tls {
        resolved()
    } else {
        Facts::default()
    };
    let target = target.clone();
    move |seconds| {
        outcome(
            &target,
            seconds,
            phases.clone(),
            Verdict::Unreachable(why.clone()),
            &facts,
        )
    }
}
