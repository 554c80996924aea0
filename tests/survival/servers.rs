//! Servers that send garbage, flood, drip, or never end: what is said of each, and how much of it is taken.

use std::fmt::Write;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::atomic::Ordering;

use egress_lab::Namespace;

use crate::support::report::Report;
use crate::support::running::{PORT, Running};
use crate::support::wait::until;
use crate::support::{agent_on, file};
use crate::survivor::{Held, LAB, attempts, bare, own_node};
use crate::talkers::{Talker, flood};

/// 16 KiB of a handshake message, in a record of TLS 1.2: they never make up the certificate that was announced.
static RECORD: [u8; 5 + 0x4000] = {
    let mut record = [0; 5 + 0x4000];
    (record[0], record[1], record[2], record[3], record[4]) = (22, 3, 3, 0x40, 0);
    record
};

/// A message over TCP that answers no question.
static MESSAGE: [u8; 2 + 0xffff] = {
    let mut message = [0; 2 + 0xffff];
    (message[0], message[1]) = (0xff, 0xff);
    message
};

/// A `ServerHello` of TLS 1.2, and the head of a certificate of 16 MB.
const GIANT: &[u8] = b"\x16\x03\x03\x00\x2a\x02\x00\x00\x26\x03\x03\
    0123456789abcdef0123456789abcdef\x00\xc0\x2f\x00\
    \x16\x03\x03\x00\x07\x0b\xff\xff\xff\xff\xff\xfc";

/// How a record with a `ServerHello` begins.
const HELLO: &[u8] = b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03";

const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\n";

static TALKERS: &[Talker] = &[
    Talker::new(
        (8001, "http"),
        (HEAD, b"X-More: of the same\r\n"),
        "unreachable request http_protocol",
    ),
    Talker::new(
        (8002, "http"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        "unreachable request http_protocol",
    ),
    Talker::new(
        (8003, "http"),
        (b"HTTP/1.1 200 ", b"a word without an end "),
        "unreachable request http_protocol",
    ),
    Talker::new(
        (8004, "http"),
        (b"HTTP/1.1 200 OK\r\n\r\n", &[b'b'; 4096]),
        "reachable",
    ),
    Talker::new((8005, "http"), (HEAD, b"x"), "unreachable request timeout").dripping(),
    Talker::new(
        (8006, "http"),
        (b"", &[0; 4096]),
        "unreachable request http_protocol",
    ),
    Talker::new(
        (4431, "https"),
        (b"", &[0xa5; 4096]),
        "unreachable tls tls_protocol",
    ),
    Talker::new(
        (4432, "https"),
        (GIANT, &RECORD),
        "unreachable tls tls_protocol",
    ),
    Talker::new(
        (4433, "https"),
        (b"", b"\x15\x03\x03\x00\x02\x01\x00"),
        "unreachable tls tls_protocol",
    ),
    Talker::new(
        (4434, "https"),
        (b"", b"\x14\x03\x03\x00\x01\x01"),
        "unreachable tls tls_protocol",
    ),
    Talker::new(
        (4435, "https"),
        (b"", b"\x16\x03\x03\x00\x00"),
        "unreachable tls tls_protocol",
    ),
    Talker::new((4436, "https"), (HELLO, b"\x03"), "unreachable tls timeout").dripping(),
    Talker::new(
        (2201, "ssh"),
        (b"", b"a line without an end "),
        "unreachable banner unexpected_reply",
    ),
    Talker::new(
        (2202, "ssh"),
        (b"", b"a line\r\n"),
        "unreachable banner unexpected_reply",
    ),
    Talker::new((2203, "ssh"), (b"", b"."), "unreachable banner timeout").dripping(),
    Talker::new(
        (2204, "ssh"),
        (b"", &[0; 4096]),
        "unreachable banner unexpected_reply",
    ),
    Talker::new(
        (2205, "ssh"),
        (b"SSH-2.0-", b"SSH-2.0-"),
        "unreachable banner unexpected_reply",
    ),
];

/// Over both transports of DNS, and NTP.
const FLOODED: [(u16, &str, &str); 3] = [
    (5301, "dns-udp", "unreachable exchange unexpected_reply"),
    (5301, "dns-tcp", "unreachable exchange unexpected_reply"),
    (1231, "ntp", "unreachable exchange unexpected_reply"),
];

/// Answers to one datagram.
const FLOOD: usize = 5_000;

/// Kernels on both sides hold some of what is sent before it is asked for, and no more than that comes on top of what
/// the agent reads, in bytes.
const MOST_TAKEN: usize = 2 << 20;

/// As an answer to a question of DNS: a name that is a pointer to itself.
fn looping(question: &[u8]) -> Vec<u8> {
    let mut answer = question[..question.len().min(12)].to_vec();
    if let [_, _, flags, ..] = &mut answer[..] {
        *flags |= 0x80;
    }
    answer.extend([0xc0, 0x0c, 0, 1, 0, 1]);
    answer
}

/// What is to be said of each: port, probe and verdict.
fn expected() -> impl Iterator<Item = (u16, &'static str, &'static str)> {
    let talkers = TALKERS
        .iter()
        .map(|talker| (talker.port, talker.probe, talker.verdict));
    talkers.chain(FLOODED)
}

/// A row for every one of them at this address; nameservers are targets without one.
fn rows(address: Ipv4Addr) -> String {
    let mut text = "entries:\n".to_owned();
    for (port, probe, _) in expected().filter(|(_, probe, _)| !probe.starts_with("dns")) {
        let protocols = format!("{{{probe}: {{port: {port}}}}}");
        writeln!(
            text,
            "  - {{name: \"{port}\", hosts: [\"{address}\"], protocols: {protocols}}}"
        )
        .expect("a String takes text");
    }
    text
}

fn wrong(report: &Report, address: Ipv4Addr) -> Vec<String> {
    let all = expected().filter_map(|(port, probe, verdict)| {
        let target = report.target(&format!("{address}:{port}"), probe);
        let line = || format!("{} and not {verdict}: {:?}", target.line(), target.failure);
        (target.verdict() != verdict).then(line)
    });
    all.collect()
}

#[test]
fn servers_without_end_or_sense_are_told_as_they_are_and_cost_no_more_than_others() {
    let (internet, odd) = (LAB.internet(), LAB.address_of("odd.example"));
    let dns = Talker::new((5301, "dns-tcp"), (b"", &MESSAGE), "");
    let talkers = TALKERS.iter().chain([&dns]);
    let taken: Vec<_> = talkers
        .map(|one| (one.port, one.listen(internet, odd)))
        .collect();
    flood(internet, (odd, 5301), FLOOD, looping);
    flood(internet, (odd, 1231), FLOOD, <[u8]>::to_vec);

    let (node, address) = own_node();
    let listen = SocketAddrV4::new(address, PORT);
    let mut command = bare(node, listen);
    command.args(["--no-experiments", "--interval", "1s", "--timeout", "2s"]);
    command.args(["--nameserver", &format!("{odd}:5301")]);
    command
        .arg("--catalog")
        .arg(file(&LAB, "odd.yaml", &rows(odd)));
    let agent = Running::of(&LAB, LAB.firewall(), listen, command);
    until("a verdict of each", || {
        let wrong = wrong(&agent.report(), odd);
        wrong.is_empty().then_some(()).ok_or(wrong)
    });
    let (held, done) = (Held::by(agent.pid()), attempts(&agent));
    until("five more attempts at each", || {
        let more = attempts(&agent) - done;
        (more >= 5.0 * count(expected())).then_some(()).ok_or(more)
    });
    until("no more than it held before", || {
        let now = Held::by(agent.pid());
        now.is_about(held).then_some(()).ok_or((now, held))
    });
    assert_eq!(wrong(&agent.report(), odd), Vec::<String>::new());
    for (port, taken) in taken {
        let taken = taken.load(Ordering::Relaxed);
        assert!(taken < MOST_TAKEN, "{port}: {taken} bytes");
    }
    a_proxy_without_end_or_sense_is_told_as_it_is(node, odd);
}

fn a_proxy_without_end_or_sense_is_told_as_it_is(node: &Namespace, odd: Ipv4Addr) {
    let rows =
        "entries:\n  - {name: any, hosts: [\"any.example\"], protocols: {https: {port: 443}}}\n";
    let rows = file(&LAB, "proxied.yaml", rows);
    for (port, verdict) in [
        (8001, "unreachable tunnel http_protocol"),
        (8002, "unreachable tunnel http_protocol"),
        (8004, "unreachable tls tls_protocol"),
        (8006, "unreachable tunnel http_protocol"),
    ] {
        let mut command = agent_on(node);
        command.args([
            "check",
            "--format",
            "json",
            "--no-builtin",
            "--metadata",
            "off",
        ]);
        command
            .args(["--no-experiments", "--target", "*:443", "--catalog"])
            .arg(&rows);
        command.args(["--proxy", &format!("http://{odd}:{port}")]);
        let output = command.output().expect("the agent starts");
        let report = Report::read(&String::from_utf8_lossy(&output.stdout));
        assert_eq!(
            report.target("any.example:443", "https").verdict(),
            verdict,
            "{port}"
        );
    }
}

fn count<T>(all: impl Iterator<Item = T>) -> f64 {
    f64::from(u32::try_from(all.count()).expect("few"))
}
