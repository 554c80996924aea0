//! A transparent proxy that takes 80, 443 and a port that a rule names of every address, and decides by name.

use egress_lab::LabSpec;
use serde_json::json;

use crate::paths::quick;
use crate::row::{Row, http, https, ssh, tcp};
use crate::scene::{Run, Scene};

pub(crate) fn scene() -> Scene {
    Scene {
        spec: LabSpec {
            middleboxes: true,
            ..LabSpec::default()
        },
        rows: denied().into_iter().chain(passed()).collect(),
        runs: vec![Run::new("plain", quick)],
        prepare: None,
    }
}

/// That TCP connects says nothing: the firewall accepts it for an address where nobody is.
const ACCEPTED: &str = "HOST=192.0.2.1 open 443 && open 443";

fn denied() -> Vec<Row> {
    vec![
        https("sni-close")
            .fault()
            .proof(0, "", ACCEPTED)
            .proof(35, "SSL_ERROR_SYSCALL", "fetch https://$HOST/")
            .says("unreachable tls connection_closed")
            .cause("sni_filter certain at 2"),
        https("sni-reset")
            .fault()
            .proof(0, "", ACCEPTED)
            .proof(35, "reset by peer", "fetch https://$HOST/")
            .says("unreachable tls connection_reset")
            .cause("sni_filter certain at 2"),
        https("sni-drop")
            .fault()
            .proof(0, "", ACCEPTED)
            .proof(28, "", "fetch https://$HOST/")
            .says("unreachable tls timeout")
            .cause("sni_filter certain at 2"),
        https("sni-alert")
            .fault()
            .proof(0, "", ACCEPTED)
            .proof(35, "unrecognized name", "fetch https://$HOST/")
            .says("unreachable tls tls_alert")
            .cause("sni_filter certain at 2"),
        http("http-470")
            .fault()
            .proof(0, "470", "curl -si -m 3 http://$HOST/")
            .proof(0, "Action: Deny", "curl -si -m 3 http://$HOST/")
            .says("unreachable request http_denied")
            .cause("http_filter certain")
            .fact("/http/status", 470),
        tcp("tcp-intercepted")
            .fault()
            .proof(0, "", "HOST=192.0.2.1 open 9000 && open 9000")
            .says("unproven connect intercepted_port")
            .cause("transparent_proxy certain")
            .fact(
                "/control",
                json!({"address": "192.0.2.1:9000", "accepted": true}),
            ),
    ]
}

fn passed() -> Vec<Row> {
    vec![
        https("sni-allowed")
            .proof(0, "", ACCEPTED)
            .proof(0, "status 200", "fetch https://$HOST/")
            .says("reachable"),
        // The firewall resolves the name itself: where the node dials is of no account.
        https("sni-allowed-403")
            .host(|host| host.status(403))
            .proof(0, "", ACCEPTED)
            .proof(
                0,
                "status 403",
                "fetch --resolve $HOST:443:192.0.2.1 https://$HOST/",
            )
            .says("reachable")
            .fact("/http/status", 403),
        http("http-allowed")
            .proof(
                0,
                "status 200",
                "fetch --resolve $HOST:80:192.0.2.1 http://$HOST/",
            )
            .says("reachable"),
        ssh("ssh-beside-the-proxy")
            .proof(124, "", "HOST=192.0.2.1 open 22")
            .proof(0, "ssh-ed25519", "ssh-keyscan -T 2 -t ed25519 $HOST 2>&1")
            .says("reachable"),
    ]
}
