//! A lab without faults: every service answers independent clients in the node's namespace, and nothing else does.

mod support;

use std::sync::LazyLock;

use egress_lab::{HostSpec, Lab, LabSpec, Metadata, Service};

use support::{dig, fetch, is_time, run, ssh_keys, stdout, tcp, udp};

static LAB: LazyLock<Lab> = LazyLock::new(|| {
    let api = HostSpec::new("lab.hcp.eastus.azmk8s.io");
    let mut spec = LabSpec::of([
        HostSpec::new("mcr.microsoft.com").https().http().ipv6(),
        HostSpec::new("mcr-0001.mcr-msedge.net")
            .https()
            .server_name("mcr.microsoft.com")
            .status(400),
        api.with(Service::https_alpn(&["konnectivity"]))
            .ssh()
            .tcp(9000)
            .udp_silent(1194),
        HostSpec::new("ntp.ubuntu.com").ntp().addresses(2),
        HostSpec::new("nothing.example"),
        HostSpec::new("203.0.113.200").https(),
    ]);
    spec.metadata = Some(Metadata {
        az_environment: Some("AzurePublicCloud".into()),
        location: Some("eastus".into()),
    });
    Lab::start(&spec).expect("the lab starts")
});

const API: &str = "lab.hcp.eastus.azmk8s.io";

#[test]
fn https_answers_with_a_certificate_of_the_private_authority() {
    for tls in ["1.2", "1.3"] {
        let fetched = fetch(&LAB, "https://mcr.microsoft.com/", &["--tls-max", tls]);
        assert_eq!((fetched.exit, fetched.status.as_str()), (0, "200"));
    }
    let head = fetch(&LAB, "https://mcr.microsoft.com/", &["--head"]);
    assert!(head.body.starts_with("HTTP/1.1 200 OK"), "{head:?}");
    let mut curl = LAB.node().command("curl");
    curl.args(["-s", "https://mcr.microsoft.com/"]);
    assert_eq!(run(curl).status.code(), Some(60), "trusted without the CA");
}

#[test]
fn https_answers_over_ipv6_where_asked_for() {
    let fetched = fetch(&LAB, "https://mcr.microsoft.com/", &["-6"]);
    assert_eq!((fetched.exit, fetched.status.as_str()), (0, "200"));
}

#[test]
fn http_answers() {
    let fetched = fetch(&LAB, "http://mcr.microsoft.com/", &[]);
    assert_eq!((fetched.exit, fetched.status.as_str()), (0, "200"));
}

#[test]
fn a_host_answers_its_own_status_also_under_a_further_name() {
    let address = LAB.address_of("mcr-0001.mcr-msedge.net");
    let connect_to = format!("mcr.microsoft.com:443:{address}");
    let fetched = fetch(
        &LAB,
        "https://mcr.microsoft.com/",
        &["--resolve", &connect_to],
    );
    assert_eq!((fetched.exit, fetched.status.as_str()), (0, "400"));
}

#[test]
fn an_address_as_host_has_a_certificate_for_the_address() {
    let fetched = fetch(&LAB, "https://203.0.113.200/", &[]);
    assert_eq!((fetched.exit, fetched.status.as_str()), (0, "200"));
}

#[test]
fn alpn_is_echoed_and_http_is_spoken_behind_it() {
    let mut client = LAB.node().command("openssl");
    let address = format!("{}:443", LAB.address_of(API));
    client.args(["s_client", "-connect", &address, "-servername", API]);
    client.args(["-alpn", "konnectivity", "-verify_return_error", "-CAfile"]);
    client.arg(LAB.ca_file()).stdin(std::process::Stdio::null());
    let text = stdout(client);
    assert!(text.contains("ALPN protocol: konnectivity"), "{text}");
    assert!(text.contains("Verify return code: 0 (ok)"), "{text}");
    let fetched = fetch(&LAB, &format!("https://{API}/"), &[]);
    assert_eq!((fetched.exit, fetched.status.as_str()), (0, "200"));
}

#[test]
fn names_are_answered_over_udp_and_tcp_and_others_do_not_exist() {
    let address = LAB.address_of("mcr.microsoft.com").to_string();
    for transport in ["+notcp", "+tcp"] {
        let answer = dig(&LAB, &[transport, "+short", "mcr.microsoft.com", "A"]);
        assert_eq!(answer.trim(), address);
        let other = dig(&LAB, &[transport, "data.mcr.microsoft.com"]);
        assert!(other.contains("status: NXDOMAIN"), "{other}");
        let no_aaaa = dig(&LAB, &[transport, API, "AAAA"]);
        assert!(no_aaaa.contains("status: NOERROR"), "{no_aaaa}");
        assert!(no_aaaa.contains("ANSWER: 0"), "{no_aaaa}");
    }
    let both = dig(&LAB, &["+short", "ntp.ubuntu.com"]);
    assert_eq!(both.lines().count(), 2);
    let second = format!("@{}", LAB.second_nameserver());
    let answer = dig(&LAB, &[&second, "+notcp", "mcr.microsoft.com"]);
    assert!(answer.contains("connection refused"), "{answer}");
}

#[test]
fn ssh_shows_a_key_only_where_the_host_has_ssh() {
    assert!(ssh_keys(&LAB, API) > 0);
    assert_eq!(ssh_keys(&LAB, "mcr.microsoft.com"), 0);
    let (exit, _) = tcp(&LAB, LAB.address_of("mcr.microsoft.com"), 22);
    assert_eq!(exit, 9, "port 22 is closed, not filtered");
}

#[test]
fn plain_tcp_is_held_open_and_other_ports_are_closed() {
    let address = LAB.address_of(API);
    assert_eq!(tcp(&LAB, address, 9000), (124, "connected".into()));
    assert_eq!(tcp(&LAB, address, 9001).0, 9);
    assert_eq!(tcp(&LAB, LAB.address_of("nothing.example"), 443).0, 9);
}

#[test]
fn udp_is_silent_where_asked_for_and_closed_elsewhere() {
    assert_eq!(
        udp(&LAB, LAB.address_of(API), 1194),
        support::Reply::Nothing
    );
    assert_eq!(
        udp(&LAB, LAB.address_of(API), 1195),
        support::Reply::Refused
    );
}

#[test]
fn time_comes_from_every_address_that_is_asked_and_only_from_hosts_with_ntp() {
    for address in LAB.addresses_of("ntp.ubuntu.com") {
        let reply = udp(&LAB, *address, 123);
        assert!(is_time(&reply), "{reply:?}");
    }
    assert_eq!(udp(&LAB, LAB.address_of(API), 123), support::Reply::Refused);
}

#[test]
fn chronyd_accepts_the_time() {
    let mut chronyd = LAB.node().command("chronyd");
    let folder = tempfile::tempdir().unwrap();
    let pid = format!("pidfile {}/pid", folder.path().display());
    chronyd.args([
        "-Q",
        "-t",
        "10",
        "-u",
        "root",
        "cmdport 0",
        "bindcmdaddress /",
    ]);
    chronyd.args([&pid, "server ntp.ubuntu.com iburst"]);
    let output = run(chronyd);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{text}");
    assert!(text.contains("System clock wrong by"), "{text}");
}

#[test]
fn metadata_is_told_only_to_those_who_ask_properly() {
    let url = format!("{}/metadata/instance", LAB.metadata_url());
    let versioned = format!("{url}?api-version=2021-02-01");
    let header = ["-H", "Metadata: true"];
    let told = fetch(&LAB, &versioned, &header);
    let expected = r#"{"compute":{"azEnvironment":"AzurePublicCloud","location":"eastus"}}"#;
    assert_eq!(
        (told.status.as_str(), told.body.as_str()),
        ("200", expected)
    );
    assert_eq!(fetch(&LAB, &versioned, &[]).status, "400");
    assert_eq!(fetch(&LAB, &url, &header).status, "400");
}

#[test]
fn nobody_answers_for_the_control_destination_nor_for_unowned_addresses() {
    support::count(
        &LAB,
        "icmp",
        "icmp type destination-unreachable ip saddr 198.18.0.0/15",
    );
    for (address, port) in [
        ("192.0.2.1", 443),
        ("192.0.2.1", 9000),
        ("203.0.113.77", 443),
    ] {
        assert_eq!(tcp(&LAB, address, port), (124, String::new()), "{address}");
    }
    assert_eq!(support::counted(&LAB, "icmp"), 0);
}

/// Datagrams to a closed port whose TTL is raised: prints who sent an ICMP error, by TTL.
const TRACE: &str = "
import socket, sys, time
address = sys.argv[1]
v6 = ':' in address
level, ttl, recverr = (41, 16, 25) if v6 else (0, 2, 11)
for hops in range(1, 5):
    s = socket.socket(socket.AF_INET6 if v6 else socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(level, recverr, 1)
    s.setsockopt(level, ttl, hops)
    s.settimeout(5)
    s.connect((address, 9))
    s.send(b'x')
    try:
        s.recv(1)
    except OSError:
        pass
    _, control, _, _ = s.recvmsg(64, 512, socket.MSG_ERRQUEUE)
    sender = control[0][2][16:]
    print(socket.inet_ntop(s.family, sender[8:24] if v6 else sender[4:8]))
";

#[test]
fn every_router_answers_for_its_hop_and_the_host_from_behind_them() {
    let host = "mcr.microsoft.com";
    let trace = |address: String| {
        let mut python = LAB.node().command("python3");
        python.args(["-c", TRACE, &address]);
        stdout(python)
    };
    let v4 = LAB.address_of(host).to_string();
    let hops = format!("198.18.0.3\n198.18.0.1\n198.18.2.2\n{v4}");
    assert_eq!(trace(v4).trim(), hops);
    let v6 = LAB.ipv6_address_of(host).unwrap().to_string();
    let hops = format!("2001:db8::3\n2001:db8::1\n2001:db8:3::2\n{v6}");
    assert_eq!(trace(v6).trim(), hops);
}
