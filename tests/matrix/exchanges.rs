//! Time servers, SSH servers and UDP ports that answer wrongly, or not at all.

use egress_lab::Fault;

use crate::row::{Row, ntp, ssh, udp};

pub(crate) fn rows() -> Vec<Row> {
    let rows = clocks().into_iter().chain(forgeries());
    rows.chain(shells()).chain(datagrams()).collect()
}

fn clocks() -> Vec<Row> {
    vec![
        ntp("ntp-well")
            .proof(0, "of 48 bytes", "ntp")
            .says("reachable"),
        ntp("ntp-dropped")
            .fault()
            .proof(0, "of 0 bytes", "ntp")
            .says("unreachable exchange timeout")
            .cause("ntp_filter likely at 3"),
        ntp("ntp-refused")
            .fault()
            .proof(0, "Connection refused", "ntp")
            .says("unreachable exchange connection_refused")
            .cause("endpoint_down likely"),
        ntp("ntp-kiss")
            .fault()
            .proof(0, "52415445", "ntp")
            .says("reachable kiss_of_death clock_unsynchronised")
            .cause("endpoint_down certain")
            .fact("/ntp/kiss_code", "RATE"),
        ntp("ntp-stratum-16")
            .fault()
            .proof(0, "reply 2410", "ntp")
            .says("reachable clock_unsynchronised")
            .cause("endpoint_down certain")
            .fact("/ntp/stratum", 16),
        ntp("ntp-leap-alarm")
            .fault()
            .proof(0, "reply e402", "ntp")
            .says("reachable clock_unsynchronised")
            .cause("endpoint_down certain")
            .fact("/ntp/leap", 3),
    ]
}

/// Replies that are none.
fn forgeries() -> Vec<Row> {
    vec![
        ntp("ntp-wrong-origin")
            .fault()
            // "unguessd", but for its last bit.
            .proof(0, "756e677565737365", "ntp")
            .says("unreachable exchange unexpected_reply")
            .cause("undetermined open"),
        ntp("ntp-truncated")
            .fault()
            .proof(0, "of 40 bytes", "ntp")
            .says("unreachable exchange unexpected_reply")
            .cause("undetermined open"),
        ntp("ntp-other-address")
            .fault()
            .proof(
                0,
                "of 0 bytes\npackets 1",
                "seen 'ip saddr 198.18.1.2 udp sport 40000-41000' ntp",
            )
            .says("unreachable exchange timeout")
            .cause("undetermined open at 4"),
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
            .says("unreachable banner unexpected_reply")
            .cause("undetermined open"),
        ssh("ssh-silent")
            .fault()
            .proof(0, "", "open 22")
            .proof(124, "", "hear 22 1")
            .says("unreachable banner timeout")
            .cause("undetermined open"),
        ssh("ssh-closed")
            .fault()
            .proof(0, "", "open 22")
            .proof(1, "onnection closed by remote host", keys)
            .says("unreachable banner connection_closed")
            .cause("undetermined open"),
    ]
}

/// Silence proves nothing: only a rejection decides.
fn datagrams() -> Vec<Row> {
    let listen = "exec 3<>/dev/udp/$HOST/1194; printf x >&3; timeout 1 head -c 1 <&3";
    vec![
        udp("udp-silent")
            .sabotage_here(Fault::Refused)
            .proof(124, "", listen)
            .says("unproven exchange no_rejection")
            .cause("undetermined open"),
        udp("udp-refused")
            .lay_here(Fault::Refused)
            .proof(1, "Connection refused", listen)
            .says("unreachable exchange connection_refused")
            .cause("endpoint_down likely"),
    ]
}
