//! Paths that packet filters, routers and inspection break, and servers that are odd: a lab without a proxy.

use egress_lab::{Fault, Lab, LabSpec, Scope};
use serde_json::json;

use crate::row::{On, Row, https, ntp, ssh, tcp};
use crate::scene::{Run, Scene};
use crate::{names, servers};

pub(crate) fn scene() -> Scene {
    let mut rows = packets();
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

fn packets() -> Vec<Row> {
    let firewall = |code: u8| json!({"type": 3, "code": code, "sender": "198.18.0.1"});
    let seen = |code: u8| match code {
        0 => "seen 'ip saddr 198.18.0.1 icmp type destination-unreachable icmp code 0' open 443",
        1 => "seen 'ip saddr 198.18.0.1 icmp type destination-unreachable icmp code 1' open 443",
        _ => "seen 'ip saddr 198.18.0.1 icmp type destination-unreachable icmp code 13' open 443",
    };
    vec![
        tcp("tcp-well").proof(0, "", "open 9000").says("reachable"),
        https("well")
            .proof(0, "status 200", "fetch https://$HOST/")
            .says("reachable"),
        https("syn-drop")
            .fault()
            .proof(124, "", "open 443")
            .says("unreachable connect timeout"),
        https("syn-reset")
            .fault()
            .proof(1, "Connection refused", "open 443")
            .says("unreachable connect connection_refused")
            .fact("/icmp", json!(null)),
        https("port-closed")
            .fault()
            .proof(1, "Connection refused", "open 443")
            .says("unreachable connect connection_refused"),
        https("icmp-prohibited")
            .fault()
            .proof(0, "packets", seen(13))
            .proof(1, "No route to host", "open 443")
            .says("unreachable connect prohibited")
            .fact("/icmp", firewall(13)),
        https("icmp-host-unreachable")
            .fault()
            .proof(0, "packets", seen(1))
            .proof(1, "No route to host", "open 443")
            .says("unreachable connect unreachable")
            .fact("/icmp", firewall(1)),
        https("icmp-net-unreachable")
            .fault()
            .proof(0, "packets", seen(0))
            .proof(1, "Network is unreachable", "open 443")
            .says("unreachable connect unreachable")
            .fact("/icmp", firewall(0)),
        https("no-route")
            .fault()
            .proof(2, "Network is unreachable", "ip route get $ADDRESS")
            .says("unreachable connect unreachable")
            .fact("/no_local_route", true)
            .fact("/icmp", json!(null)),
        https("cut-established")
            .fault()
            .proof(0, "", "open 443")
            .proof(28, "", "fetch https://$HOST/")
            .says("unreachable tls timeout"),
        https("loss-30")
            .fault()
            .proof(
                0,
                "some",
                "answers timeout 0.9 bash -c 'exec 3<>/dev/tcp/$HOST/443'",
            )
            .run("patient")
            .says("reachable"),
        https("mtu-blackhole")
            .host(|host| host.http())
            .fault()
            .proof(0, "status 200", "fetch http://$HOST/")
            .proof(28, "", "fetch https://$HOST/")
            .says("unreachable tls timeout"),
        https("hello-reset")
            .fault()
            .proof(35, "reset by peer", "fetch https://$HOST/")
            .proof(
                0,
                "status 200",
                "fetch -k --connect-to ::$HOST https://another.name/",
            )
            .says("unreachable tls connection_reset"),
    ]
    .into_iter()
    .chain(families())
    .chain(time())
    .chain(shells())
    .collect()
}

/// Some addresses of a name fail while others work.
fn families() -> Vec<Row> {
    vec![
        https("ipv6-broken")
            .host(|host| host.ipv6())
            .lay(On::Ipv6, Scope::Everything, Fault::Drop)
            .proof(28, "", "fetch -6 https://$HOST/")
            .proof(0, "status 200", "fetch -4 https://$HOST/")
            .says("reachable"),
        https("ipv4-broken")
            .host(|host| host.ipv6())
            .lay(On::Address(0), Scope::Everything, Fault::Drop)
            .proof(28, "", "fetch -4 https://$HOST/")
            .proof(0, "status 200", "fetch -6 https://$HOST/")
            .says("reachable partial_addresses"),
        https("one-of-three-blocked")
            .host(|host| host.addresses(3))
            .lay(On::Address(0), Scope::Everything, Fault::Drop)
            .proof(28, "", "fetch --resolve $HOST:443:$ADDRESS https://$HOST/")
            .says("reachable partial_addresses"),
        ntp("ntp-one-of-three-blocked")
            .host(|host| host.addresses(3))
            .lay(On::Address(0), Scope::Everything, Fault::Drop)
            .proof(0, "of 0 bytes", "HOST=$ADDRESS ntp")
            .says("reachable partial_addresses"),
    ]
}

fn time() -> Vec<Row> {
    vec![
        ntp("ntp-well")
            .proof(0, "of 48 bytes", "ntp")
            .says("reachable"),
        ntp("ntp-dropped")
            .fault()
            .proof(0, "of 0 bytes", "ntp")
            .says("unreachable exchange timeout"),
        ntp("ntp-refused")
            .fault()
            .proof(0, "Connection refused", "ntp")
            .says("unreachable exchange connection_refused"),
        ntp("ntp-kiss")
            .fault()
            .proof(0, "52415445", "ntp")
            .says("reachable kiss_of_death clock_unsynchronised")
            .fact("/ntp/kiss_code", "RATE"),
        ntp("ntp-stratum-16")
            .fault()
            .proof(0, "reply 2410", "ntp")
            .says("reachable clock_unsynchronised")
            .fact("/ntp/stratum", 16),
        ntp("ntp-leap-alarm")
            .fault()
            .proof(0, "reply e402", "ntp")
            .says("reachable clock_unsynchronised")
            .fact("/ntp/leap", 3),
        ntp("ntp-wrong-origin")
            .fault()
            // "unguessd", but for its last bit.
            .proof(0, "756e677565737365", "ntp")
            .says("unreachable exchange unexpected_reply"),
        ntp("ntp-truncated")
            .fault()
            .proof(0, "of 40 bytes", "ntp")
            .says("unreachable exchange unexpected_reply"),
        ntp("ntp-other-address")
            .fault()
            .proof(
                0,
                "of 0 bytes\npackets 1",
                "seen 'ip saddr 198.18.1.2 udp sport 40000-41000' ntp",
            )
            .says("unreachable exchange timeout"),
    ]
}

fn shells() -> Vec<Row> {
    let keys = "ssh-keyscan -T 2 -t ed25519 $HOST 2>&1";
    vec![
        ssh("ssh-well")
            .proof(0, "ssh-ed25519", keys)
            .says("reachable"),
        ssh("ssh-http")
            .fault()
            .proof(0, "48 54 54 50", "hear 22 4")
            .says("unreachable banner unexpected_reply"),
        ssh("ssh-silent")
            .fault()
            .proof(0, "", "open 22")
            .proof(124, "", "hear 22 1")
            .says("unreachable banner timeout"),
        ssh("ssh-closed")
            .fault()
            .proof(0, "", "open 22")
            .proof(1, "onnection closed by remote host", keys)
            .says("unreachable banner connection_closed"),
    ]
}
