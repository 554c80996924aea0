//! A fault is seen where it was laid and nowhere else: one name, one address, one port, one transport.

mod support;

use std::sync::LazyLock;

use egress_lab::{ANYWHERE, Fault, HostSpec, Lab, LabSpec, Scope};

use support::{Reply, dig, fetch, tcp, udp};

/// A host of its own for every test, because they run side by side.
static LAB: LazyLock<Lab> = LazyLock::new(|| {
    let hosts = [
        HostSpec::new("mcr.microsoft.com").https(),
        HostSpec::new("eastus.data.mcr.microsoft.com").https(),
        HostSpec::new("alias.example")
            .https()
            .server_name("front.example"),
        HostSpec::new("six.example").https().ipv6(),
        HostSpec::new("two.example").https().addresses(2),
        HostSpec::new("ntp.example").ntp(),
        HostSpec::new("vpn.example").udp_silent(1194).tcp(9000),
        HostSpec::new("tunnel.example").tcp(9001),
        HostSpec::new("pointed.example").https(),
    ];
    let spec = LabSpec {
        second_nameserver: true,
        ..LabSpec::of(hosts)
    };
    Lab::start(&spec).expect("the lab starts")
});

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
    assert!(refusal("ntp.example", Fault::TlsReset).contains("is for TCP"));
    assert!(refusal(ANYWHERE, Fault::Silent).contains("one host"));
    assert!(refusal("203.0.113.9", Fault::Nxdomain).contains("is for names"));
}
