//! Every fault is really there, in its own way, and heals without a trace.

mod support;

use std::sync::LazyLock;

use egress_lab::{Fault, HostSpec, Lab, LabSpec};

use support::{Fetch, Reply, count, counted, fetch, is_time, ssh_keys, tcp, udp};

/// A host of its own for every test, because they run side by side.
static LAB: LazyLock<Lab> = LazyLock::new(|| {
    let mut hosts: Vec<_> = Fault::ALL
        .iter()
        .flat_map(|fault| ["https", "http", "ssh"].map(|kind| format!("{fault}.{kind}.example")))
        .map(|name| HostSpec::new(name).https().http().ssh())
        .collect();
    hosts.push(HostSpec::new("time.example").ntp());
    Lab::start(&LabSpec::of(hosts)).expect("the lab starts")
});

/// Lays a fault upon a host, looks, heals, and expects the host to be well again.
fn https_under(fault: Fault) -> Fetch {
    let host = format!("{fault}.https.example");
    let url = format!("https://{host}/");
    LAB.block(&host, fault).expect("a fault is laid");
    LAB.block(&host, fault)
        .expect("and once more, as twice is once");
    let seen = fetch(&LAB, &url, &[]);
    LAB.heal(&host).expect("and healed");
    let healed = fetch(&LAB, &url, &[]);
    assert_eq!(
        (healed.exit, healed.status.as_str()),
        (0, "200"),
        "{fault} did not heal"
    );
    seen
}

#[test]
fn https_meets_each_fault_in_its_own_way() {
    let seen = |fault| {
        let Fetch {
            exit, connected, ..
        } = https_under(fault);
        (fault, exit, connected)
    };
    for expected in [
        (Fault::Drop, 28, false),
        (Fault::Reject, 7, false),
        (Fault::AdminProhibited, 7, false),
        (Fault::HostUnreachable, 7, false),
        (Fault::TlsReset, 35, true),
        (Fault::Intercepted, 35, true),
        (Fault::Refused, 7, false),
        (Fault::Silent, 28, true),
        (Fault::WrongProtocol, 35, true),
        (Fault::CloseAfterAccept, 35, true),
        (Fault::ResetAfterAccept, 35, true),
        (Fault::Nxdomain, 6, false),
        (Fault::DnsTimeout, 28, false),
    ] {
        assert_eq!(seen(expected.0), expected);
    }
}

#[test]
fn http_meets_what_answers_instead_of_the_host() {
    for (fault, exit) in [
        (Fault::Silent, 28),
        (Fault::WrongProtocol, 1),
        (Fault::CloseAfterAccept, 52),
        (Fault::ResetAfterAccept, 56),
        (Fault::Refused, 7),
        (Fault::HttpDenied, 0),
    ] {
        let host = format!("{fault}.http.example");
        LAB.block_port(&host, 80, fault).unwrap();
        let seen = fetch(&LAB, &format!("http://{host}/"), &[]);
        assert_eq!(seen.exit, exit, "{fault}: {seen:?}");
        if fault == Fault::HttpDenied {
            assert_eq!(seen.status, "470");
            assert!(seen.body.starts_with("Action: Deny"), "{seen:?}");
        }
        let other_port = fetch(&LAB, &format!("https://{host}/"), &[]);
        assert_eq!(other_port.exit, 0, "{fault} has spread to 443");
        LAB.heal(&host).unwrap();
        assert_eq!(fetch(&LAB, &format!("http://{host}/"), &[]).status, "200");
    }
}

#[test]
fn ssh_meets_each_fault() {
    for (fault, exit, banner) in [
        (Fault::Drop, 124, ""),
        (Fault::Refused, 9, ""),
        (Fault::Silent, 124, "connected"),
        (
            Fault::WrongProtocol,
            0,
            "connected\nHTTP/1.1 400 Bad Request",
        ),
        (Fault::CloseAfterAccept, 0, "connected"),
        (Fault::ResetAfterAccept, 1, "connected"),
    ] {
        let host = format!("{fault}.ssh.example");
        let address = LAB.address_of(&host);
        LAB.block(&host, fault).unwrap();
        assert_eq!(ssh_keys(&LAB, &host), 0, "{fault}");
        assert_eq!(tcp(&LAB, address, 22), (exit, banner.into()), "{fault}");
        LAB.heal(&host).unwrap();
        assert!(ssh_keys(&LAB, &host) > 0, "{fault} did not heal");
    }
}

#[test]
fn icmp_errors_are_of_the_kind_that_was_asked_for() {
    let host = "time.example";
    let address = LAB.address_of(host);
    assert!(is_time(&udp(&LAB, address, 123)));
    for (fault, name, code) in [
        (Fault::AdminProhibited, "prohibited", 13),
        (Fault::HostUnreachable, "unreachable", 1),
        (Fault::Reject, "port-of-firewall", 3),
    ] {
        // The error quotes the packet that caused it: its destination stands 24 bytes into the ICMP message.
        let quoted = u32::from(address);
        let rule = format!(
            "ip saddr 198.18.0.1 icmp type destination-unreachable icmp code {code} @th,192,32 {quoted}"
        );
        count(&LAB, name, &rule);
        LAB.block(host, fault).unwrap();
        udp(&LAB, address, 123);
        LAB.heal(host).unwrap();
        assert_eq!(counted(&LAB, name), 1, "{fault}");
    }
    let rule = format!("ip saddr {address} icmp type destination-unreachable icmp code 3");
    count(&LAB, "port-of-host", &rule);
    for (fault, expected) in [
        (Fault::Refused, Reply::Refused),
        (Fault::Drop, Reply::Nothing),
        (Fault::Silent, Reply::Nothing),
        (
            Fault::WrongProtocol,
            Reply::Bytes(b"\xffnot what you asked for".to_vec()),
        ),
    ] {
        LAB.block_port(host, 123, fault).unwrap();
        assert_eq!(udp(&LAB, address, 123), expected, "{fault}");
        LAB.heal(host).unwrap();
    }
    assert_eq!(counted(&LAB, "port-of-host"), 1);
    assert!(is_time(&udp(&LAB, address, 123)));
}

#[test]
fn a_reset_by_the_firewall_and_one_by_the_host_come_from_different_distances() {
    let host = "reject.ssh.example";
    let address = LAB.address_of(host);
    count(
        &LAB,
        "near",
        &format!("ip saddr {address} tcp flags rst ip ttl 63"),
    );
    count(
        &LAB,
        "far",
        &format!("ip saddr {address} tcp flags rst ip ttl 61"),
    );
    LAB.block(host, Fault::Reject).unwrap();
    assert_eq!(tcp(&LAB, address, 22).0, 9);
    assert_eq!((counted(&LAB, "near"), counted(&LAB, "far")), (1, 0));
    LAB.heal(host).unwrap();
    LAB.block(host, Fault::Refused).unwrap();
    assert_eq!(tcp(&LAB, address, 22).0, 9);
    assert_eq!((counted(&LAB, "near"), counted(&LAB, "far")), (1, 1));
    LAB.heal(host).unwrap();
}
