//! Packets that are dropped, rejected, lost or cut on the way, for all addresses of a name or for some.

use egress_lab::{Fault, HostSpec, Scope};
use serde_json::{Value, json};

use crate::row::{On, Row, https, ntp, tcp};

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = vec![
        https("well")
            .proof(0, "status 200", "fetch https://$HOST/")
            .says("reachable"),
        tcp("tcp-well").proof(0, "", "open 9000").says("reachable"),
    ];
    rows.extend(handshakes());
    rows.extend(errors());
    rows.extend(losses());
    rows.extend(families());
    rows
}

fn handshakes() -> Vec<Row> {
    vec![
        https("syn-drop")
            .fault()
            .proof(124, "", "open 443")
            .says("unreachable connect timeout")
            .cause("firewall_drop likely at 3"),
        https("syn-reset")
            .fault()
            .proof(1, "Connection refused", "open 443")
            .says("unreachable connect connection_refused")
            .cause("firewall_reject likely at 3")
            .fact("/icmp", json!(null)),
        https("port-closed")
            .fault()
            .proof(1, "Connection refused", "open 443")
            .says("unreachable connect connection_refused")
            .cause("endpoint_down likely"),
        https("no-route")
            .fault()
            .proof(2, "Network is unreachable", "ip route get $ADDRESS")
            .says("unreachable connect unreachable")
            .cause("route_missing certain")
            .fact("/no_local_route", true)
            .fact("/icmp", json!(null)),
        https("hello-reset")
            .fault()
            .proof(35, "reset by peer", "fetch https://$HOST/")
            .proof(
                0,
                "status 200",
                "fetch -k --connect-to ::$HOST https://another.name/",
            )
            .says("unreachable tls connection_reset")
            .cause("sni_filter likely at 3"),
    ]
}

/// Errors that the firewall sends, told by code and sender.
fn errors() -> Vec<Row> {
    vec![
        https("icmp-prohibited")
            .fault()
            .proof(0, "some came", "seen \"$(icmp 13)\" open 443")
            .proof(1, "No route to host", "open 443")
            .says("unreachable connect prohibited")
            .cause("firewall_reject certain at 3")
            .fact("/icmp", by_firewall(13)),
        https("icmp-host-unreachable")
            .fault()
            .proof(0, "some came", "seen \"$(icmp 1)\" open 443")
            .proof(1, "No route to host", "open 443")
            .says("unreachable connect unreachable")
            .cause("undetermined open at 3")
            .fact("/icmp", by_firewall(1)),
        https("icmp-net-unreachable")
            .fault()
            .proof(0, "some came", "seen \"$(icmp 0)\" open 443")
            .proof(1, "Network is unreachable", "open 443")
            .says("unreachable connect unreachable")
            .cause("undetermined open at 3")
            .fact("/icmp", by_firewall(0)),
    ]
}

fn by_firewall(code: u8) -> Value {
    json!({"type": 3, "code": code, "sender": "198.18.0.1"})
}

fn losses() -> Vec<Row> {
    vec![
        https("cut-established")
            .fault()
            .proof(0, "", "open 443")
            .proof(28, "", "fetch https://$HOST/")
            .says("unreachable tls timeout")
            .cause("firewall_drop likely at 3"),
        https("loss-30")
            .fault()
            .sabotage_here(Fault::Reject)
            .proof(
                0,
                "some",
                "answers timeout 0.9 bash -c 'exec 3<>/dev/tcp/$HOST/443'",
            )
            .run("patient")
            .says("reachable"),
        https("mtu-blackhole")
            .host(HostSpec::http)
            .fault()
            .proof(0, "status 200", "fetch http://$HOST/")
            .proof(28, "", "fetch https://$HOST/")
            .says("unreachable tls timeout")
            .cause("mtu_blackhole certain"),
    ]
}

/// Some addresses of a name fail while others work.
fn families() -> Vec<Row> {
    vec![
        https("ipv6-broken")
            .host(HostSpec::ipv6)
            .lay(On::Ipv6, Scope::Everything, Fault::Drop)
            .proof(28, "", "fetch -6 https://$HOST/")
            .proof(0, "status 200", "fetch -4 https://$HOST/")
            .says("reachable"),
        https("ipv4-broken")
            .host(HostSpec::ipv6)
            .lay(On::Address(0), Scope::Everything, Fault::Drop)
            .proof(28, "", "fetch -4 https://$HOST/")
            .proof(0, "status 200", "fetch -6 https://$HOST/")
            .says("reachable partial_addresses")
            .cause("partial_addresses certain"),
        https("one-of-three-blocked")
            .host(|host| host.addresses(3))
            .lay(On::Address(0), Scope::Everything, Fault::Drop)
            .proof(28, "", "fetch --resolve $HOST:443:$ADDRESS https://$HOST/")
            .says("reachable partial_addresses")
            .cause("partial_addresses certain"),
        ntp("ntp-one-of-three-blocked")
            .host(|host| host.addresses(3))
            .lay(On::Address(0), Scope::Everything, Fault::Drop)
            .proof(0, "of 0 bytes", "HOST=$ADDRESS ntp")
            .says("reachable partial_addresses")
            .cause("partial_addresses certain"),
    ]
}
