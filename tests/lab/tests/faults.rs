//! Every fault is really there, is seen only where it was laid, and heals without a trace.

mod support;

use std::sync::LazyLock;

use egress_lab::{ANYWHERE, Fault, HostSpec, Lab, LabSpec, Scope};

use support::{Fetch, Reply, count, counted, dig, fetch, is_time, ssh_keys, tcp, udp};

/// A host of its own for every test, because they run side by side.
static LAB: LazyLock<Lab> = LazyLock::new(|| {
    let mut hosts: Vec<_> = Fault::ALL
        .iter()
        .flat_map(|fault| ["https", "http", "ssh"].map(|kind| format!("{fault}.{kind}.example")))
        .map(|name| HostSpec::new(name).https().http().ssh())
        .collect();
    hosts.extend([
        HostSpec::new("mcr.microsoft.com").https(),
        HostSpec::new("eastus.data.mcr.microsoft.com").https(),
        HostSpec::new("alias.example")
            .https()
            .server_name("front.example"),
        HostSpec::new("six.example").https().ipv6(),
        HostSpec::new("two.example").https().addresses(2),
        HostSpec::new("time.example").ntp(),
        HostSpec::new("vpn.example").udp_silent(1194).tcp(9000),
        HostSpec::new("tunnel.example").tcp(9001),
        HostSpec::new("pointed.example").https(),
    ]);
    let spec = LabSpec {
        second_nameserver: true,
        ..LabSpec::of(hosts)
    };
    Lab::start(&spec).expect("the lab starts")
});

/// Lays a fault upon a host, looks, heals, and expects the host to be well again.
fn https_under(fault: Fault) -> Fetch {
    let host = format!("{fault}.https.example");
    let url = format!("https://{host}/");
    LAB.block(&host, fault).unwrap();
    // Twice is once.
    LAB.block(&host, fault).unwrap();
    let seen = fetch(&LAB, &url, &[]);
    LAB.heal(&host).unwrap();
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
        &format!("ip saddr {address} tcp flags rst ip ttl 64"),
    );
    count(
        &LAB,
        "far",
        &format!("ip saddr {address} tcp flags rst ip ttl 63"),
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

#[test]
fn a_filter_by_name_leaves_the_longer_name_alone() {
    let (short, long) = ("mcr.microsoft.com", "eastus.data.mcr.microsoft.com");
    LAB.block(short, Fault::TlsReset).unwrap();
    assert_eq!(fetch(&LAB, &format!("https://{short}/"), &[]).exit, 35);
    assert_eq!(fetch(&LAB, &format!("https://{long}/"), &[]).exit, 0);
    LAB.heal(short).unwrap();
    LAB.block(short, Fault::DnsTimeout).unwrap();
    for transport in ["+notcp", "+tcp"] {
        let lost = dig(&LAB, &[transport, "+short", short]);
        assert!(!lost.contains("203.0.113."), "{lost}");
        let found = dig(&LAB, &[transport, "+short", long]);
        assert!(found.contains("203.0.113."), "{found}");
    }
    LAB.heal(short).unwrap();
    assert_eq!(fetch(&LAB, &format!("https://{short}/"), &[]).exit, 0);
}

#[test]
fn a_filter_by_name_knows_the_further_names_of_a_host() {
    let resolve = format!("front.example:443:{}", LAB.address_of("alias.example"));
    LAB.block("alias.example", Fault::TlsReset).unwrap();
    let seen = fetch(&LAB, "https://front.example/", &["--resolve", &resolve]);
    assert_eq!((seen.exit, seen.connected), (35, true));
    LAB.heal("alias.example").unwrap();
}

#[test]
fn faults_reach_ipv6_too() {
    let url = "https://six.example/";
    assert_eq!(fetch(&LAB, url, &["-6"]).exit, 0);
    for (fault, exit, connected) in [
        (Fault::Drop, 28, false),
        (Fault::AdminProhibited, 7, false),
        (Fault::HostUnreachable, 7, false),
        (Fault::TlsReset, 35, true),
        (Fault::Intercepted, 35, true),
        (Fault::Refused, 7, false),
        (Fault::Silent, 28, true),
    ] {
        LAB.block("six.example", fault).unwrap();
        let seen = fetch(&LAB, url, &["-6"]);
        assert_eq!((fault, seen.exit, seen.connected), (fault, exit, connected));
        LAB.heal("six.example").unwrap();
    }
    assert_eq!(fetch(&LAB, url, &["-6"]).exit, 0);
}

#[test]
fn one_address_of_a_name_can_fail_alone() {
    let [first, second] = LAB.addresses_of("two.example") else {
        panic!("two addresses were asked for");
    };
    LAB.block(&first.to_string(), Fault::Drop).unwrap();
    assert_eq!(tcp(&LAB, first, 443), (124, String::new()));
    assert_eq!(tcp(&LAB, second, 443), (124, "connected".into()));
    LAB.heal(&first.to_string()).unwrap();
    assert_eq!(tcp(&LAB, first, 443), (124, "connected".into()));
}

#[test]
fn a_closed_udp_port_is_refused() {
    let address = LAB.address_of("vpn.example");
    LAB.block_port("vpn.example", Scope::Udp(1194), Fault::Refused)
        .unwrap();
    assert_eq!(udp(&LAB, address, 1194), Reply::Refused);
    assert_eq!(tcp(&LAB, address, 9000), (124, "connected".into()));
    LAB.heal("vpn.example").unwrap();
    assert_eq!(udp(&LAB, address, 1194), Reply::Nothing);
}

#[test]
fn an_intercepted_port_is_accepted_for_every_address() {
    LAB.block_port(ANYWHERE, 9001, Fault::Intercepted).unwrap();
    for address in ["192.0.2.1", "203.0.113.254"] {
        assert_eq!(
            tcp(&LAB, address, 9001),
            (124, "connected".into()),
            "{address}"
        );
    }
    LAB.heal(ANYWHERE).unwrap();
    assert_eq!(tcp(&LAB, "192.0.2.1", 9001), (124, String::new()));
    let open = LAB.address_of("tunnel.example");
    assert_eq!(tcp(&LAB, open, 9001), (124, "connected".into()));
}

#[test]
fn a_nameserver_can_lose_one_transport() {
    let second = format!("@{}", LAB.second_nameserver());
    let ask = |transport| dig(&LAB, &[&second, transport, "+short", "two.example"]);
    LAB.block_port("second-nameserver", Scope::Tcp(53), Fault::Drop)
        .unwrap();
    assert!(ask("+notcp").contains("203.0.113."));
    assert!(!ask("+tcp").contains("203.0.113."));
    LAB.heal("second-nameserver").unwrap();
    assert!(ask("+tcp").contains("203.0.113."));
}

#[test]
fn a_name_can_be_pointed_elsewhere_and_back() {
    let ask = || dig(&LAB, &["+short", "pointed.example"]);
    let own = ask();
    LAB.point("pointed.example", &["0.0.0.0".parse().unwrap()])
        .unwrap();
    assert_eq!(ask().trim(), "0.0.0.0");
    LAB.heal("pointed.example").unwrap();
    assert_eq!(ask(), own);
}

#[test]
fn what_makes_no_sense_is_refused_with_a_sentence() {
    let refusal = |host: &str, fault| LAB.block(host, fault).unwrap_err().to_string();
    assert!(refusal("nobody.example", Fault::Drop).contains("no host"));
    assert!(refusal("time.example", Fault::TlsReset).contains("is for TCP"));
    assert!(refusal(ANYWHERE, Fault::Silent).contains("one host"));
    assert!(refusal("203.0.113.9", Fault::Nxdomain).contains("is for names"));
}
