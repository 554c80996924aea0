//! A synthetic node on which every state, warning and kind of fact occurs, at fixed times.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test binary uses a part of it"
)]
#![expect(
    clippy::needless_pass_by_value,
    clippy::too_many_lines,
    reason = "tables of targets, read from top to bottom"
)]

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use egress_probe::catalog::{Protocol, Source};
use egress_probe::outcome::{
    self, AddressResult, AddressTried, Answer, Certificate, ControlDial, Facts, Failure, Findings,
    HttpResponse, IcmpError, NameControl, NameTried, NtpReply, Outcome, Phase, PhaseTiming, Reason,
    TlsSession, Verdict, VouchedBy, Warning,
};
use egress_probe::rules::{Destination, Layer, Rule, Transport};
use egress_probe::status::{
    About, Agent, Environment, StatusReport, Untestable, UntestableProtocol,
};
use egress_probe::store::Record;
use egress_probe::target::{Group, Host, Https, Probe, ProbeKind, Requirement, Target, TargetId};
use jiff::{Timestamp, ToSpan};

/// The moment of the report.
pub fn now() -> Timestamp {
    "2026-11-23T20:05:00.250Z".parse().expect("a timestamp")
}

/// `seconds` before the report.
pub fn before(seconds: i64) -> Timestamp {
    now() - seconds.seconds()
}

/// The report on [`records`].
pub fn report() -> StatusReport {
    StatusReport::new(&about(), &records(), now())
}

pub fn about() -> About {
    About {
        agent: Agent {
            version: "0.1.0".to_owned(),
            node: "aks-nodepool1-31415926-vmss000002".to_owned(),
            started_at: before(11_000),
        },
        environment: Environment {
            cloud: Some("public".to_owned()),
            location: Some("eastus".to_owned()),
            edition: "2026-06".to_owned(),
            proxy: "none".to_owned(),
            parameters: map(&[
                ("location", "eastus"),
                ("apiserver_fqdn", "demo-dns-0a1b2c3d.hcp.eastus.azmk8s.io"),
            ]),
            sources: map(&[
                ("cloud", "instance metadata"),
                ("location", "instance metadata"),
                ("apiserver_fqdn", "KUBERNETES_SERVICE_HOST"),
            ]),
        },
        untestable: vec![
            Untestable {
                pattern: "*.vault.azure.net".to_owned(),
                protocols: vec![UntestableProtocol { protocol: Protocol::Https, port: 443 }],
                groups: vec![Group::KeyVault],
                requirement: Requirement::Required,
                needs: vec!["key_vault".to_owned()],
            },
            Untestable {
                pattern: "*.ods.opinsights.azure.com".to_owned(),
                protocols: vec![UntestableProtocol { protocol: Protocol::Https, port: 443 }],
                groups: vec![Group::AzureMonitor],
                requirement: Requirement::Optional,
                needs: vec!["workspace_id".to_owned()],
            },
        ],
        rules: rules(),
        notices: vec![
            "the configuration changed on disk at 19:58:03 UTC and has 1 problem (config.yaml:7: `intervall` is not known here; did you mean `interval`?); the previous one is in use".to_owned(),
        ],
    }
}

/// What the catalogue says of two of the targets.
fn rules() -> std::collections::HashMap<TargetId, Vec<Rule>> {
    let rule = |entry: &str, host: &str, layer, protocol, transport, port| Rule {
        entry: entry.to_owned(),
        pattern: host.to_owned(),
        layer,
        protocol,
        transports: vec![transport],
        port,
        destinations: vec![Destination::Fqdn(host.to_owned())],
        needs: Vec::new(),
        fqdn_tag: None,
        service_tags: Vec::new(),
        groups: vec![Group::Core],
        requirement: Requirement::Required,
        condition: None,
        purpose: "manage Azure resources".to_owned(),
        sources: vec![Source {
            document: "aks-outbound-rules".to_owned(),
            rows: vec!["c009".to_owned()],
        }],
        since: Some(jiff::civil::date(2020, 3, 8)),
        notes: vec!["exempt it from TLS inspection".to_owned()],
        evidence: Vec::new(),
    };
    let id = |target: &str, probe| TargetId {
        target: target.into(),
        probe,
    };
    let (web, https) = (Layer::Application, Protocol::Https);
    let arm = rule(
        "resource-manager",
        "management.azure.com",
        web,
        https,
        Transport::Tcp,
        443,
    );
    let mcr = rule(
        "registry",
        "mcr.microsoft.com",
        web,
        https,
        Transport::Tcp,
        443,
    );
    [
        (id("management.azure.com:443", ProbeKind::Https), vec![arm]),
        (id("mcr.microsoft.com:443", ProbeKind::Https), vec![mcr]),
    ]
    .into()
}

fn map(pairs: &[(&str, &str)]) -> std::collections::BTreeMap<String, String> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    pairs.iter().map(owned).collect()
}

/// Every state, in the order of a store.
pub fn records() -> Vec<Record> {
    let mut records = reachable();
    records.extend(warned());
    records.extend(unreachable());
    for record in &mut records {
        let filtered = record.target.id.target.starts_with("management.");
        record.findings = filtered.then(|| Arc::new(findings()));
    }
    records.extend(undecided());
    records.sort_by(|a, b| a.target.id.cmp(&b.target.id));
    records
}

fn reachable() -> Vec<Record> {
    let mcr = https("mcr.microsoft.com", "pull first-party images");
    let dns = target("mcr.microsoft.com", None, Probe::Dns, Group::Core, "");
    let question = "mcr.microsoft.com".to_owned();
    let over_udp = Probe::DnsUdp {
        question: question.clone(),
    };
    let over_tcp = Probe::DnsTcp { question };
    let ubuntu = target(
        "security.ubuntu.com",
        Some(80),
        Probe::Http,
        Group::Optional,
        "install security updates",
    );
    let ssh = target(
        "demo-dns-0a1b2c3d.hcp.eastus.azmk8s.io",
        Some(22),
        Probe::Ssh,
        Group::Core,
        "carry the old tunnel to the API server",
    );
    vec![
        proven(&mcr, https_facts(), &[]),
        proven(&dns, dns_facts(), &[]),
        proven(
            &target(
                "168.63.129.16",
                Some(53),
                over_udp,
                Group::Core,
                "resolve names",
            ),
            Facts::default(),
            &[],
        ),
        proven(
            &target(
                "2001:db8::53",
                Some(53),
                over_tcp,
                Group::Core,
                "resolve names",
            ),
            Facts::default(),
            &[],
        ),
        proven(&ubuntu, http_facts(None), &[]),
        proven(
            &ssh,
            Facts {
                banner: Some("SSH-2.0-OpenSSH_9.6".to_owned()),
                ..resolved()
            },
            &[],
        ),
        unconfirmed(&https("login.microsoftonline.com", "sign in")),
    ]
}

fn warned() -> Vec<Record> {
    let ntp = target(
        "ntp.ubuntu.com",
        Some(123),
        Probe::Ntp,
        Group::Core,
        "keep the node's clock right",
    );
    let partial = https("packages.microsoft.com", "install packages");
    let redirected = target(
        "azure.archive.ubuntu.com",
        Some(80),
        Probe::Http,
        Group::Optional,
        "install updates",
    );
    let inspected = https("go.microsoft.com", "follow links to downloads");
    let mut certificate = certificate(true);
    "CN=Contoso Inspection CA 2, O=Contoso".clone_into(&mut certificate.issuer);
    certificate.vouched_by = Some(VouchedBy::GivenCa);
    let mut inspection = https_facts();
    inspection.certificate = Some(certificate);
    vec![
        proven(&ntp, ntp_facts(), &[Warning::ClockOffset]),
        one_address_fails(&partial),
        proven(
            &redirected,
            http_facts(Some("blocked.example")),
            &[Warning::Redirected],
        ),
        proven(
            &inspected,
            inspection,
            &[Warning::Intercepted, Warning::Slow],
        ),
    ]
}

fn unreachable() -> Vec<Record> {
    let untrusted = Facts {
        certificate: Some(certificate(false)),
        ..resolved()
    };
    let mut denied = http_facts(None);
    denied.http = Some(HttpResponse {
        status: 470,
        server: None,
        via: None,
        redirected_to: None,
        middlebox: Some("status 470, a body that begins `Action: Deny`".to_owned()),
    });
    let prohibited = Facts {
        icmp: Some(IcmpError {
            kind: 3,
            code: 13,
            sender: Some(ip("10.224.0.1")),
        }),
        ..resolved()
    };
    let reset = "Connection reset by peer (os error 104)";
    let long = "a-storage-account-with-a-rather-long-name.privatelink.blob.core.windows.net";
    let windows = target(
        "onegetcdn.azureedge.net",
        Some(443),
        Probe::Https(Https::default()),
        Group::Windows,
        "install the container runtime",
    );
    let optional = |target: Target| Target {
        requirement: Requirement::Optional,
        ..target
    };
    vec![
        failed(
            &https("management.azure.com", "talk to Azure Resource Manager"),
            232,
            Phase::Tls,
            Reason::ConnectionReset,
            reset,
            resolved(),
        ),
        failed(
            &https(
                "acs-mirror.azureedge.net",
                "download the kubelet and CNI binaries",
            ),
            231,
            Phase::Tls,
            Reason::ConnectionReset,
            reset,
            resolved(),
        ),
        failed(
            &https(long, "fetch the boot diagnostics"),
            90_000,
            Phase::Connect,
            Reason::Timeout,
            "nothing decisive within 10s; the attempt was in phase connect",
            resolved(),
        ),
        failed(
            &target(
                "tunnel.eastus.azmk8s.io",
                Some(9000),
                Probe::Tcp,
                Group::Core,
                "carry the old tunnel",
            ),
            900,
            Phase::Connect,
            Reason::Prohibited,
            "No route to host (os error 113): ICMP type 3 code 13 from 10.224.0.1",
            prohibited,
        ),
        failed(
            &target(
                "archive.ubuntu.com",
                Some(80),
                Probe::Http,
                Group::Optional,
                "install updates",
            ),
            60,
            Phase::Request,
            Reason::HttpDenied,
            "status 470 \u{1b}[2J with a body that begins `Action: Deny. Reason: No rule matched`",
            denied,
        ),
        failed(
            &optional(windows),
            3_000,
            Phase::Tls,
            Reason::CertificateUntrusted,
            "invalid peer certificate: UnknownIssuer, issued by CN=Contoso Inspection CA 2, O=Contoso",
            untrusted,
        ),
        failed(
            &target(
                "gone.data.mcr.microsoft.com",
                None,
                Probe::Dns,
                Group::Core,
                "",
            ),
            70,
            Phase::Resolve,
            Reason::NameNotFound,
            "10.224.0.10:53 answered NXDOMAIN",
            Facts {
                nameserver: Some(socket("10.224.0.10:53")),
                rcode: Some("NXDOMAIN".to_owned()),
                ..Facts::default()
            },
        ),
    ]
}

/// As behind a firewall that takes connections itself, one hop away, and resets them upon the name.
pub fn findings() -> Findings {
    let path = |answer| outcome::Path {
        hops: vec![outcome::Hop {
            ttl: 1,
            address: ip("10.224.0.1"),
        }],
        answer,
        answered_at: 2,
        rejected_by: None,
    };
    Findings {
        at: before(231),
        names: Some(NameControl {
            other_name: Some(NameTried {
                name: "mcr.microsoft.com".to_owned(),
                answer: Answer::Answered,
            }),
            no_name: Some(Answer::Closed),
            other_address: Some(AddressTried {
                address: socket("203.0.113.36:443"),
                answer: Answer::Reset,
            }),
        }),
        control: Some(ControlDial {
            address: socket("192.0.2.1:443"),
            accepted: true,
        }),
        path: Some(path(Answer::Answered)),
        control_path: None,
        hello_path: Some(path(Answer::Reset)),
        size: None,
    }
}

fn undecided() -> Vec<Record> {
    let intercepted = Facts {
        control: Some(ControlDial {
            address: socket("192.0.2.1:9000"),
            accepted: true,
        }),
        ..resolved()
    };
    let tunnel = target(
        "demo-dns-0a1b2c3d.hcp.eastus.azmk8s.io",
        Some(9000),
        Probe::Tcp,
        Group::Core,
        "carry the old tunnel to the API server",
    );
    let own = target("vpn.example", Some(1194), Probe::Udp, Group::Custom, "");
    let untried = https("nvidia.github.io", "install the GPU driver");
    let mut open = Vec::new();
    for (target, phase, reason, detail, facts) in [
        (
            tunnel,
            Phase::Connect,
            Reason::InterceptedPort,
            "a connect to 192.0.2.1:9000, where no server can be, was accepted too",
            intercepted,
        ),
        (
            own,
            Phase::Exchange,
            Reason::NoRejection,
            "no answer and no rejection within 10s",
            resolved(),
        ),
    ] {
        let mut record = Record::new(Arc::new(target.clone()), before(11_000));
        for seconds in [600, 40] {
            record.take(outcome(
                &target,
                seconds,
                timings(phase),
                Verdict::Unproven(failure(phase, reason, detail)),
                &facts,
            ));
        }
        open.push(record);
    }
    let once = https("us.download.nvidia.com", "install the GPU driver");
    let mut tried_once = Record::new(Arc::new(once.clone()), before(11_000));
    let verdict = Verdict::Unreachable(failure(
        Phase::Connect,
        Reason::ConnectionRefused,
        "Connection refused (os error 111)",
    ));
    tried_once.take(outcome(
        &once,
        1,
        timings(Phase::Connect),
        verdict,
        &resolved(),
    ));
    open.push(tried_once);
    open.push(Record::new(Arc::new(untried), before(5)));
    open
}

/// Reachable for hours, last tried 20 s ago.
fn proven(target: &Target, facts: Facts, warnings: &[Warning]) -> Record {
    let mut record = Record::new(Arc::new(target.clone()), before(11_000));
    for seconds in [10_990, 80, 20] {
        let phases = timings(last_phase(target));
        let mut outcome = outcome(target, seconds, phases, Verdict::Reachable, &facts);
        outcome.warnings = warnings.to_vec();
        record.take(outcome);
    }
    record
}

/// Reachable before, unreachable since `since` seconds, and tried three times meanwhile.
pub fn failed(
    target: &Target,
    since: i64,
    phase: Phase,
    reason: Reason,
    detail: &str,
    facts: Facts,
) -> Record {
    let mut record = Record::new(Arc::new(target.clone()), before(100_000));
    record.take(outcome(
        target,
        since + 200,
        timings(last_phase(target)),
        Verdict::Reachable,
        &resolved(),
    ));
    let verdict = Verdict::Unreachable(failure(phase, reason, detail));
    for seconds in [since + 1, since, 30] {
        record.take(outcome(
            target,
            seconds,
            timings(phase),
            verdict.clone(),
            &facts,
        ));
    }
    record
}

fn unconfirmed(target: &Target) -> Record {
    let mut record = proven(target, https_facts(), &[]);
    let verdict = Verdict::Unreachable(failure(
        Phase::Connect,
        Reason::Timeout,
        "nothing decisive within 10s",
    ));
    record.take(outcome(
        target,
        3,
        timings(Phase::Connect),
        verdict,
        &resolved(),
    ));
    record
}

fn one_address_fails(target: &Target) -> Record {
    let mut record = proven(target, https_facts(), &[]);
    let mut last = outcome(
        target,
        15,
        timings(Phase::Request),
        Verdict::Reachable,
        &https_facts(),
    );
    last.addresses.insert(
        0,
        AddressResult {
            address: socket("203.0.113.21:443"),
            failure: Some(failure(
                Phase::Connect,
                Reason::Timeout,
                "nothing within 3.3s",
            )),
        },
    );
    record.take(last);
    record
}

pub fn outcome(
    target: &Target,
    seconds: i64,
    phases: Vec<PhaseTiming>,
    verdict: Verdict,
    facts: &Facts,
) -> Outcome {
    let address = target.port.and_then(|port| {
        let ip = match target.host {
            Host::Address(address) => address,
            Host::Name(_) => *facts.resolved.first()?,
        };
        let failure = verdict.failure().cloned();
        Some(AddressResult {
            address: SocketAddr::new(ip, port),
            failure,
        })
    });
    Outcome {
        started_at: before(seconds),
        elapsed: phases.iter().map(|timing| timing.elapsed).sum(),
        phases,
        addresses: address.into_iter().collect(),
        facts: facts.clone(),
        warnings: Vec::new(),
        verdict,
    }
}

pub fn failure(phase: Phase, reason: Reason, detail: &str) -> Failure {
    Failure {
        phase,
        reason,
        detail: detail.to_owned(),
    }
}

pub fn last_phase(target: &Target) -> Phase {
    match target.probe.kind() {
        ProbeKind::Dns => Phase::Resolve,
        ProbeKind::Https | ProbeKind::Http => Phase::Request,
        ProbeKind::Ssh => Phase::Banner,
        ProbeKind::Tcp => Phase::Connect,
        _ => Phase::Exchange,
    }
}

/// Plausible times up to the last phase.
pub fn timings(last: Phase) -> Vec<PhaseTiming> {
    let path: &[(Phase, u64)] = match last {
        Phase::Resolve => &[(Phase::Resolve, 2_120)],
        Phase::Exchange => &[(Phase::Resolve, 812), (Phase::Exchange, 14_300)],
        Phase::Banner => &[
            (Phase::Resolve, 812),
            (Phase::Connect, 11_400),
            (Phase::Banner, 23_100),
        ],
        _ => &[
            (Phase::Resolve, 812),
            (Phase::Connect, 11_400),
            (Phase::Tls, 31_250),
            (Phase::Request, 12_900),
        ],
    };
    path.iter()
        .filter(|(phase, _)| *phase <= last)
        .map(|&(phase, micros)| PhaseTiming {
            phase,
            elapsed: Duration::from_micros(micros),
        })
        .collect()
}

pub fn https(host: &str, purpose: &str) -> Target {
    target(
        host,
        Some(443),
        Probe::Https(Https::default()),
        Group::Core,
        purpose,
    )
}

pub fn target(host: &str, port: Option<u16>, probe: Probe, group: Group, purpose: &str) -> Target {
    let host = host
        .parse::<IpAddr>()
        .map_or_else(|_| Host::Name(host.to_owned()), Host::Address);
    let id = port.map_or_else(|| host.to_string(), |port| host.with_port(port));
    let requirement = match group {
        Group::Optional => Requirement::Optional,
        _ => Requirement::Required,
    };
    Target {
        id: TargetId {
            target: id.into(),
            probe: probe.kind(),
        },
        host,
        port,
        probe,
        groups: vec![group],
        requirement,
        purpose: purpose.to_owned(),
    }
}

pub fn resolved() -> Facts {
    Facts {
        nameserver: Some(socket("168.63.129.16:53")),
        rcode: Some("NOERROR".to_owned()),
        resolved: vec![ip("203.0.113.20"), ip("203.0.113.21")],
        ..Facts::default()
    }
}

fn dns_facts() -> Facts {
    Facts {
        aliases: vec![
            "mcr-microsoft-com.a-0016.a-msedge.net".to_owned(),
            "a-0016.a-msedge.net".to_owned(),
        ],
        resolved: vec![ip("203.0.113.20"), ip("2001:db8::20")],
        ignored_replies: 2,
        ..resolved()
    }
}

pub fn https_facts() -> Facts {
    Facts {
        tls: Some(TlsSession {
            version: "TLSv1.3".to_owned(),
            cipher_suite: "TLS13_AES_256_GCM_SHA384".to_owned(),
            alpn: None,
        }),
        certificate: Some(certificate(true)),
        ..http_facts(None)
    }
}

fn http_facts(redirected_to: Option<&str>) -> Facts {
    Facts {
        http: Some(HttpResponse {
            status: if redirected_to.is_some() { 302 } else { 200 },
            server: Some("Microsoft-IIS/10.0 <b>\"&".to_owned()),
            via: None,
            redirected_to: redirected_to.map(str::to_owned),
            middlebox: None,
        }),
        ..resolved()
    }
}

fn ntp_facts() -> Facts {
    Facts {
        ntp: Some(NtpReply {
            offset_seconds: Some(-1.532_118),
            delay_seconds: Some(0.0142),
            root_delay_seconds: 0.0031,
            root_dispersion_seconds: 0.0009,
            stratum: 2,
            leap: 0,
            kiss_code: None,
        }),
        ..resolved()
    }
}

pub fn certificate(trusted: bool) -> Certificate {
    Certificate {
        subject: "CN=mcr.microsoft.com, O=Microsoft Corporation".to_owned(),
        issuer: if trusted {
            "CN=Microsoft Azure RSA TLS Issuing CA 07"
        } else {
            "CN=Contoso Inspection CA 2, O=Contoso"
        }
        .to_owned(),
        names: vec![
            "mcr.microsoft.com".to_owned(),
            "*.data.mcr.microsoft.com".to_owned(),
        ],
        not_before: "2026-09-01T00:00:00Z".parse().expect("a timestamp"),
        not_after: "2027-02-28T23:59:59Z".parse().expect("a timestamp"),
        sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".to_owned(),
        chain_length: 2,
        trusted,
        vouched_by: trusted.then_some(VouchedBy::PublicRoot),
    }
}

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

fn socket(text: &str) -> SocketAddr {
    text.parse().expect("an address and a port")
}
