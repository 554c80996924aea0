//! Names that do not resolve, resolve wrongly, or resolve in ways that only look wrong.

use std::net::Ipv4Addr;

use serde_json::json;

use crate::row::{Row, dns, https};

/// A nameserver at an address where nobody is.
pub(crate) const DEAD: &str = "192.0.2.53";

const SECOND: &str = "198.18.1.3";

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = broken();
    rows.extend(poisoned());
    rows.extend(peculiar());
    rows.extend(nameservers());
    rows
}

const DIG: &str = "dig +tries=1 +time=2 $HOST";

fn broken() -> Vec<Row> {
    vec![
        dns("dns-nxdomain")
            .fault()
            .proof(0, "status: NXDOMAIN", DIG)
            .says("unreachable resolve name_not_found")
            .cause("dns_filter likely")
            .fact("/rcode", "NXDOMAIN"),
        dns("dns-nodata")
            .fault()
            .proof(0, "status: NOERROR", DIG)
            .proof(0, "ANSWER: 0,", DIG)
            .says("unreachable resolve no_addresses")
            .cause("dns_filter likely"),
        dns("dns-servfail")
            .fault()
            .proof(0, "status: SERVFAIL", DIG)
            .says("unreachable resolve resolver_failure")
            .cause("undetermined open"),
        dns("dns-refused")
            .fault()
            .proof(0, "status: REFUSED", DIG)
            .says("unreachable resolve resolver_refused")
            .cause("dns_filter likely"),
        dns("dns-timeout")
            .fault()
            .proof(9, "", DIG)
            .says("unreachable resolve timeout")
            .cause("dns_filter likely"),
        dns("dns-wrong-id")
            .fault()
            .proof(9, "ID mismatch", DIG)
            .says("unreachable resolve unexpected_reply")
            .cause("dns_filter likely"),
    ]
}

fn poisoned() -> Vec<Row> {
    vec![
        dns("dns-unspecified")
            .fault()
            .proof(0, "0.0.0.0", "dig +short $HOST")
            .says("unreachable resolve sinkholed")
            .cause("dns_filter certain")
            .fact("/resolved", json!(["0.0.0.0"])),
        dns("dns-loopback")
            .fault()
            .proof(0, "127.0.0.1", "dig +short $HOST")
            .says("unreachable resolve sinkholed")
            .cause("dns_filter certain"),
        private("dns-private"),
        private("dns-private-too"),
    ]
}

/// A private address proves no sinkhole. What there is to know is told: the address, and that it is private.
fn private(name: &'static str) -> Row {
    let row = dns(name);
    let target = format!("{}:443", row.host.name);
    row.named("dns-private")
        .proof(0, "10.255.255.1", "dig +short $HOST")
        .proof(28, "", "fetch https://$HOST/")
        .says("reachable")
        .fact("/resolved", json!(["10.255.255.1"]))
        .fact("/private_addresses", true)
        .and(target, "https")
        .says("unreachable connect timeout")
        .cause("undetermined open at 4")
        .fact("/private_addresses", true)
}

fn peculiar() -> Vec<Row> {
    vec![
        dns("dns-truncated")
            .fault()
            .proof(0, "flags: qr tc", "dig +ignore +tries=1 +time=2 $HOST")
            .proof(0, "ANSWER: 1,", DIG)
            .says("reachable"),
        dns("dns-aaaa-timeout")
            .fault()
            .proof(9, "", "dig +tries=1 +time=2 AAAA $HOST")
            .proof(0, "ANSWER: 1,", DIG)
            .says("reachable"),
        https("cname-chain")
            .host(|host| {
                host.alias("www.chain.example")
                    .alias("www.chain.example.trafficmanager.test")
            })
            .asked_as("www.chain.example")
            .proof(
                0,
                "cname-chain.matrix.example.",
                "dig +short www.chain.example",
            )
            .proof(0, "status 200", "fetch https://www.chain.example/")
            .says("reachable")
            .fact(
                "/aliases",
                json!([
                    "www.chain.example.trafficmanager.test",
                    "cname-chain.matrix.example"
                ]),
            ),
        https("private-endpoint")
            .host(|host| host.at(Ipv4Addr::new(10, 1, 0, 4)))
            .proof(0, "10.1.0.4", "dig +short $HOST")
            .proof(0, "status 200", "fetch https://$HOST/")
            .says("reachable")
            .fact("/private_addresses", true),
    ]
}

fn nameservers() -> Vec<Row> {
    vec![
        dns("first-nameserver-dead")
            .proof(9, "", "dig +tries=1 +time=1 @192.0.2.53 $HOST")
            .proof(0, "ANSWER: 1,", DIG)
            .run("first-dead")
            .says("reachable")
            .fact("/nameserver", "198.18.1.2:53")
            .and(format!("{DEAD}:53"), "dns-udp")
            .says("unreachable exchange timeout")
            .cause("undetermined open at 4"),
        dns("dns-truncated-tcp-blocked")
            .named("dns-truncated")
            .named("dns-tcp-blocked")
            .proof(9, "", "dig +tcp +tries=1 +time=2 @198.18.1.3 $HOST")
            .proof(
                0,
                "flags: qr tc",
                "dig +ignore +tries=1 +time=2 @198.18.1.3 $HOST",
            )
            .run("second-only")
            .says("unreachable resolve timeout")
            .cause("undetermined open")
            .and(format!("{SECOND}:53"), "dns-tcp")
            .says("unreachable connect timeout")
            .cause("firewall_drop likely at 3")
            .and(format!("{SECOND}:53"), "dns-udp")
            .says("reachable"),
    ]
}
