//! The policy as a table: which target goes which way, and what is refused with which words.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::target::{Group, Host, Https, Probe, Requirement, Target, TargetId};

const PROXY: &str = "http://proxy.example:3128";

fn probe(kind: ProbeKind) -> Probe {
    let question = String::new();
    match kind {
        ProbeKind::Dns => Probe::Dns,
        ProbeKind::DnsUdp => Probe::DnsUdp { question },
        ProbeKind::DnsTcp => Probe::DnsTcp { question },
        ProbeKind::Https => Probe::Https(Https::default()),
        ProbeKind::Tcp => Probe::Tcp,
        ProbeKind::Ssh => Probe::Ssh,
        ProbeKind::Http => Probe::Http,
        ProbeKind::Ntp => Probe::Ntp,
        ProbeKind::Udp => Probe::Udp,
    }
}

fn target(kind: ProbeKind, host: &str, port: u16) -> Target {
    let host = host
        .parse()
        .map_or_else(|_| Host::Name(host.to_owned()), Host::Address);
    Target {
        id: TargetId {
            target: host.with_port(port).into(),
            probe: kind,
        },
        host,
        port: Some(port),
        probe: probe(kind),
        groups: vec![Group::Core],
        requirement: Requirement::Required,
        purpose: String::new(),
    }
}

fn variables(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    pairs.iter().map(owned).collect()
}

fn decided(pairs: &BTreeMap<String, String>) -> Result<DecidedProxy, Problems> {
    ProxyChoice::Environment.decide(None, pairs)
}

fn given(no_proxy: &str) -> ProxyPolicy {
    ProxyPolicy::given(PROXY.parse().unwrap(), no_proxy.parse().unwrap())
}

fn is_direct(policy: &ProxyPolicy, host: &str, port: u16) -> bool {
    policy
        .for_target(&target(ProbeKind::Https, host, port))
        .is_none()
}

#[test]
fn what_no_proxy_excepts_is_reached_directly() {
    const V6: &str = "2001:db8::7";
    for (no_proxy, host, port, direct) in [
        ("", "mcr.microsoft.com", 443, false),
        ("*", "mcr.microsoft.com", 443, true),
        ("*", "203.0.113.9", 443, true),
        ("microsoft.com", "microsoft.com", 443, true),
        ("microsoft.com", "mcr.microsoft.com", 443, true),
        (".microsoft.com", "mcr.microsoft.com", 443, true),
        (".microsoft.com", "microsoft.com", 443, true),
        ("*.microsoft.com", "mcr.microsoft.com", 443, true),
        ("Microsoft.COM.", "mcr.microsoft.com", 443, true),
        ("microsoft.com", "notmicrosoft.com", 443, false),
        ("mcr.microsoft.com", "microsoft.com", 443, false),
        ("a.example,microsoft.com", "mcr.microsoft.com", 443, true),
        ("a.example, microsoft.com", "mcr.microsoft.com", 443, true),
        (",a.example ,\t,", "mcr.microsoft.com", 443, false),
        ("microsoft.com:443", "mcr.microsoft.com", 443, true),
        ("microsoft.com:443", "mcr.microsoft.com", 8443, false),
        ("*:22", "mcr.microsoft.com", 22, true),
        ("*:22", "mcr.microsoft.com", 443, false),
        ("203.0.113.9", "203.0.113.9", 443, true),
        ("203.0.113.9", "203.0.113.90", 443, false),
        ("203.0.113.9:443", "203.0.113.9", 443, true),
        ("203.0.113.9:443", "203.0.113.9", 9000, false),
        ("203.0.113.0/24", "203.0.113.255", 443, true),
        ("203.0.113.0/24", "203.0.114.0", 443, false),
        ("203.0.113.77/25", "203.0.113.1", 443, true),
        ("0.0.0.0/0", "203.0.113.1", 443, true),
        ("0.0.0.0/0", V6, 443, false),
        ("::/0", "203.0.113.1", 443, false),
        (V6, V6, 443, true),
        ("[2001:db8::7]", V6, 443, true),
        ("[2001:db8::7]:443", V6, 443, true),
        ("[2001:db8::7]:80", V6, 443, false),
        ("2001:db8::/32", V6, 443, true),
        ("2001:db9::/32", V6, 443, false),
        ("203.0.113.9", "::ffff:203.0.113.9", 443, true),
        // Names are not resolved to find out whether a network excepts them.
        ("0.0.0.0/0,::/0", "mcr.microsoft.com", 443, false),
        // What means something else to the proxy than to the node.
        ("", "127.0.0.1", 443, true),
        ("", "::1", 443, true),
        ("", "169.254.169.254", 80, true),
        ("", "fe80::1", 443, true),
        ("", "168.63.129.16", 443, true),
    ] {
        let found = is_direct(&given(no_proxy), host, port);
        assert_eq!(found, direct, "`{no_proxy}` and {host}:{port}");
    }
}

#[test]
fn only_what_an_http_proxy_can_carry_goes_through_it() {
    use ProbeKind as K;
    let carried = [K::Https, K::Tcp, K::Ssh, K::Http];
    for kind in [
        K::Dns,
        K::DnsUdp,
        K::DnsTcp,
        K::Https,
        K::Tcp,
        K::Ssh,
        K::Http,
        K::Ntp,
        K::Udp,
    ] {
        let target = target(kind, "example.com", 9000);
        let proxied = given("").for_target(&target).is_some();
        assert_eq!(proxied, carried.contains(&kind), "{kind}");
        assert_eq!(ProxyPolicy::default().for_target(&target), None);
    }
}

type Row = (
    &'static [(&'static str, &'static str)],
    Option<(&'static str, &'static str)>,
    Option<(&'static str, &'static str)>,
);

/// Variables; then port and variable of the proxy for tunnels, and of the one for `http`.
const ENVIRONMENTS: &[Row] = &[
    (&[], None, None),
    (&[("NO_PROXY", "a.example")], None, None),
    (
        &[("HTTPS_PROXY", "http://p:1")],
        Some(("p:1", "HTTPS_PROXY")),
        None,
    ),
    (
        &[("https_proxy", "http://p:1/")],
        Some(("p:1", "https_proxy")),
        None,
    ),
    (
        &[("HTTP_PROXY", "http://p:1")],
        None,
        Some(("p:1", "HTTP_PROXY")),
    ),
    (&[("http_proxy", "p:1")], None, Some(("p:1", "http_proxy"))),
    (
        &[
            ("HTTPS_PROXY", "http://p:1"),
            ("https_proxy", "http://q:2"),
            ("ALL_PROXY", "http://r:3"),
        ],
        Some(("p:1", "HTTPS_PROXY")),
        Some(("r:3", "ALL_PROXY")),
    ),
    (
        &[("HTTPS_PROXY", " "), ("https_proxy", "HTTP://q:2")],
        Some(("q:2", "https_proxy")),
        None,
    ),
    (
        &[("all_proxy", "http://[2001:db8::1]:3")],
        Some(("[2001:db8::1]:3", "all_proxy")),
        Some(("[2001:db8::1]:3", "all_proxy")),
    ),
    (
        &[("HTTPS_PROXY", "http://P.Example.")],
        Some(("p.example:80", "HTTPS_PROXY")),
        None,
    ),
    (
        &[("HTTPS_PROXY", "http://p:1"), ("NO_PROXY", "*")],
        None,
        None,
    ),
    (
        &[("HTTPS_PROXY", "http://p:1"), ("no_proxy", "x,example.com")],
        None,
        None,
    ),
];

#[test]
fn variables_choose_by_scheme() {
    for (pairs, tunnels, http) in ENVIRONMENTS {
        let policy = decided(&variables(pairs)).unwrap().policy;
        for (kind, expected) in [
            (ProbeKind::Https, tunnels),
            (ProbeKind::Tcp, tunnels),
            (ProbeKind::Ssh, tunnels),
            (ProbeKind::Http, http),
        ] {
            let target = target(kind, "www.example.com", 443);
            let found = policy.for_target(&target);
            let found = found.map(|proxy| (proxy.address.authority(), proxy.via));
            let expected = expected.map(|(address, via)| (address.to_owned(), via));
            assert_eq!(found, expected, "{kind} with {pairs:?}");
        }
    }
}

#[test]
fn exceptions_of_the_configuration_stand_in_place_of_the_variables() {
    let pairs = variables(&[("ALL_PROXY", "http://p:1"), ("NO_PROXY", "a.example")]);
    let bypass = "b.example".parse().unwrap();
    let policy = ProxyChoice::Environment
        .decide(Some(&bypass), &pairs)
        .unwrap()
        .policy;
    assert!(is_direct(&policy, "b.example", 443));
    assert!(!is_direct(&policy, "a.example", 443));
}

#[test]
fn credentials_of_the_environment_are_dropped_with_a_notice_that_masks_them() {
    let secret = "http://us3r:pa55/w@rd#@p.example:1";
    let pairs = variables(&[("ALL_PROXY", secret), ("NO_PROXY", "http://us3r:pa55@x")]);
    let found = decided(&pairs).unwrap();
    assert_eq!(found.policy.to_string(), "http://p.example:1");
    assert_eq!(found.notices.len(), 2, "{:?}", found.notices);
    assert!(found.notices[0].contains("http://***@p.example:1"));
    let all = format!("{found:?}");
    assert!(!all.contains("us3r") && !all.contains("pa55"), "{all}");
}

#[test]
fn a_missing_port_and_an_item_that_means_nothing_are_told() {
    let pairs = variables(&[
        ("HTTPS_PROXY", "p.example"),
        ("NO_PROXY", "a, 10.0.0.256, b/33"),
    ]);
    let found = decided(&pairs).unwrap();
    assert_eq!(
        found.policy.to_string(),
        "http://p.example:80 for https, tcp and ssh, none for http except a"
    );
    assert_eq!(found.notices.len(), 3, "{:?}", found.notices);
}

#[test]
fn a_variable_that_names_no_usable_proxy_is_no_reason_to_go_directly() {
    let pairs = variables(&[
        ("HTTPS_PROXY", "socks5://p:1"),
        ("HTTP_PROXY", "http://p:1/path"),
    ]);
    assert_eq!(
        decided(&pairs).unwrap_err().to_string(),
        "environment variable HTTPS_PROXY: must begin with http://: proxies that speak socks5 are not supported\n\
         environment variable HTTP_PROXY: must end after the port: a proxy has no path"
    );
    // Read for both schemes, told once.
    let pairs = variables(&[("ALL_PROXY", "http://")]);
    assert_eq!(decided(&pairs).unwrap_err().to_string().lines().count(), 1);
}

#[test]
fn a_proxy_is_refused_with_a_sentence_that_quotes_no_secret() {
    for (text, words) in [
        ("proxy.example:3128", "begin with http://"),
        ("https://proxy.example:443", "speak https"),
        ("socks5h://proxy.example:1080", "speak socks5h"),
        ("pa55://proxy.example:1080", "begin with http://"),
        ("http://proxy.example", "port"),
        ("http://proxy.example:", "port"),
        ("http://proxy.example:0", "port"),
        ("http://proxy.example:65536", "port"),
        ("http://proxy.example:3128/path", "path"),
        ("http://proxy.example:3128?pa55", "path"),
        ("http://:3128", "host"),
        ("http://", "host"),
        ("http://pro xy:3128", "host"),
        ("http://-\r\n:3128", "host"),
        ("http://10.0.0.256:3128", "host"),
        ("http://[fd00::1:3128", "bracket"),
        ("http://[proxy]:3128", "IPv6"),
        ("http://[fd00::1]x", "port"),
        ("http://us3r:pa55@proxy.example:3128", "credentials"),
        ("http://us3r:pa55@/@proxy.example:3128", "credentials"),
    ] {
        let why = text.parse::<ProxyChoice>().unwrap_err();
        assert!(why.contains(words), "{text}: {why}");
        assert!(!why.contains("pa55"), "{text}: {why}");
    }
}

#[test]
fn what_is_accepted_is_shown_in_full() {
    for (text, shown) in [
        ("http://proxy.example:3128", "http://proxy.example:3128"),
        ("HTTP://Proxy.Example.:3128/", "http://proxy.example:3128"),
        ("http://192.0.2.10:80", "http://192.0.2.10:80"),
        ("http://[2001:db8::1]:3128", "http://[2001:db8::1]:3128"),
    ] {
        let address: ProxyAddress = text.parse().unwrap();
        assert_eq!(address.to_string(), shown);
        assert_eq!(text.parse(), Ok(ProxyChoice::Given(address)));
    }
    assert_eq!("none".parse(), Ok(ProxyChoice::None));
    assert_eq!("environment".parse(), Ok(ProxyChoice::Environment));
    assert_eq!(ProxyPolicy::default().to_string(), "none");
    let list = "*, *:22,.a.example,10.0.0.0/8 192.0.2.1:443,2001:db8::1,[2001:db8::1]:80";
    assert_eq!(
        given(list).to_string(),
        "http://proxy.example:3128 except *, *:22, a.example, 10.0.0.0/8, 192.0.2.1:443, 2001:db8::1, [2001:db8::1]:80"
    );
}

proptest! {
    #[test]
    fn no_text_makes_the_parsers_panic(url in "\\PC{0,40}", list in "\\PC{0,60}") {
        let _ = url.parse::<ProxyChoice>();
        let pairs = variables(&[("HTTPS_PROXY", &url), ("NO_PROXY", &list)]);
        let _ = decided(&pairs);
    }

    #[test]
    fn a_list_that_is_shown_means_the_same_when_it_is_read_again(
        url in "(http|ftp)?(://)?[a:@\\[\\]1./?%-]{0,12}",
        list in "([*.a:1\\[\\]/-]{0,8}[, ]){0,5}",
        host in "[a-c1.]{1,8}",
    ) {
        let pairs = variables(&[("ALL_PROXY", &url), ("NO_PROXY", &list)]);
        if let Ok(found) = decided(&pairs) {
            let _ = found.policy.for_target(&target(ProbeKind::Https, &host, 443));
            // What is shown means the same when it is read again.
            let (read, _) = Bypass::read(&list);
            prop_assert_eq!(read.to_string().parse(), Ok(read));
        }
    }

    #[test]
    fn a_network_excepts_what_its_mask_says(address: u32, network: u32, prefix in 0_u8..=32) {
        let ip = |bits: u32| std::net::Ipv4Addr::from(bits).to_string();
        let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
        let policy = given(&format!("{}/{prefix}", ip(network)));
        let host = ip(address);
        prop_assume!(!is_direct(&given(""), &host, 443));
        prop_assert_eq!(is_direct(&policy, &host, 443), address & mask == network & mask);
    }
}
