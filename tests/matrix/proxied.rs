//! Explicit proxies: where packets that go straight are dropped, squid is the only way out, or none.

use std::process::Command;

use egress_lab::{Fault, Lab, LabSpec};
use serde_json::json;

use crate::paths::quick;
use crate::row::{On, Row, http, https, ntp, ssh, tcp};
use crate::scene::{Run, Scene, World};
use crate::support::agent_in;

/// The proxy is one for a whole lab, so that each of its faults has a lab of its own.
pub(crate) fn scenes() -> Vec<Scene> {
    let mut open = scene(open().into_iter().chain(resolved()).collect());
    open.runs.push(Run {
        command: with_variables,
        ..Run::new("environment", |lab| {
            let more = ["--proxy", "environment"].map(str::to_owned);
            quick(lab).into_iter().chain(more).collect()
        })
    });
    let mut scenes = vec![open];
    scenes.extend([denying(), asking(), refused(), dropped(), silent()].map(scene));
    scenes
}

fn scene(rows: Vec<Row>) -> Scene {
    Scene {
        spec: LabSpec {
            middleboxes: true,
            ..LabSpec::default()
        },
        rows,
        runs: vec![Run::new("plain", |lab| {
            let more = [
                "--proxy",
                &lab.proxy_url(),
                "--no-proxy",
                "*.beside.example",
            ];
            let more = more.map(str::to_owned);
            quick(lab).into_iter().chain(more).collect()
        })],
        prepare: None,
    }
}

fn with_variables(lab: &Lab, _: World) -> Command {
    let mut command = agent_in(lab);
    command.env("HTTPS_PROXY", lab.proxy_url());
    command.env("NO_PROXY", "beside.example");
    command
}

/// Only through the proxy.
fn enclosed(row: Row) -> Row {
    row.lay_here(Fault::Drop)
        .sabotage(On::Host("proxy".to_owned()), Fault::ProxyRefused)
}

fn open() -> Vec<Row> {
    let hop = |via: &str| json!({"address": "198.18.0.1:3128", "via": via, "status": 200});
    vec![
        enclosed(https("proxied-https"))
            .proof(28, "", "fetch https://$HOST/")
            .proof(0, "status 200", "fetch -x $PROXY https://$HOST/")
            .says("reachable")
            .fact("/proxy", hop("configuration")),
        enclosed(https("proxied-by-environment"))
            .proof(28, "", "fetch https://$HOST/")
            .proof(0, "status 200", "HTTPS_PROXY=$PROXY fetch https://$HOST/")
            .run("environment")
            .says("reachable")
            .fact("/proxy", hop("HTTPS_PROXY")),
        enclosed(https("proxied-403"))
            .host(|host| host.status(403))
            .proof(0, "status 403", "fetch -x $PROXY https://$HOST/")
            .says("reachable")
            .fact("/http/status", 403),
        enclosed(http("proxied-http"))
            .proof(28, "", "fetch http://$HOST/")
            .proof(0, "status 200", "fetch -x $PROXY http://$HOST/")
            .says("reachable"),
        enclosed(ssh("proxied-ssh"))
            .proof(124, "", "open 22")
            .proof(0, "SSH-2.0-", "tunnel 22 SSH-")
            .says("reachable"),
        enclosed(tcp("proxied-tcp"))
            .proof(124, "", "open 9000")
            .proof(0, " 200 ", "tunnel 9000 HTTP/")
            .says("reachable"),
    ]
}

/// A name that the node and the proxy do not see alike.
fn resolved() -> Vec<Row> {
    let here = "proxied-name-lost-here.matrix.example";
    vec![
        enclosed(https("proxied-name-lost-here"))
            .named("dns-timeout")
            .proof(9, "", "dig +tries=1 +time=2 $HOST")
            .proof(0, "status 200", "fetch -x $PROXY https://$HOST/")
            .says("reachable")
            .and(here, "dns")
            .says("unreachable resolve timeout")
            .cause("dns_filter likely"),
        enclosed(https("proxied-name-unknown"))
            .named("dns-nxdomain")
            // 500 or 503, by version.
            .proof(56, "response 50", "fetch -x $PROXY https://$HOST/")
            .says("unreachable tunnel proxy_refused")
            .cause("undetermined open"),
    ]
}

fn denying() -> Vec<Row> {
    let hop = json!({"address": "198.18.0.1:3128", "via": "configuration", "status": 403});
    vec![
        https("proxy-403")
            .fault()
            .lay_here(Fault::Drop)
            .proof(28, "", "fetch https://$HOST/")
            .proof(56, "response 403", "fetch -x $PROXY https://$HOST/")
            .says("unreachable tunnel proxy_refused")
            .cause("proxy_denied certain")
            .fact("/proxy", hop),
        http("proxy-403-http")
            .proof(0, "X-Squid-Error", "curl -sI -m 3 -x $PROXY http://$HOST/")
            .named("proxy-403")
            .says("unreachable request http_denied")
            .cause("proxy_denied certain"),
    ]
}

fn asking() -> Vec<Row> {
    vec![
        https("proxy-407")
            .fault()
            .proof(56, "response 407", "fetch -x $PROXY https://$HOST/")
            .says("unreachable tunnel proxy_auth_required")
            .cause("proxy_denied certain"),
        ssh("proxy-407-ssh")
            .named("proxy-407")
            .proof(0, " 407 ", "tunnel 22 HTTP/")
            .says("unreachable tunnel proxy_auth_required")
            .cause("proxy_denied certain"),
    ]
}

/// What goes beside the proxy does not notice.
fn refused() -> Vec<Row> {
    let beside = "proxy-bypassed.beside.example";
    vec![
        https("proxy-refused")
            .fault()
            .proof(7, "", "fetch -x $PROXY https://$HOST/")
            .says("unreachable connect connection_refused")
            .cause("undetermined open"),
        https("proxy-bypassed")
            .host(|host| host.alias(beside))
            .asked_as(beside)
            .proof(0, "status 200", "fetch https://$HOST/")
            .says("reachable")
            .fact("/proxy", json!(null)),
        ntp("ntp-beside-the-proxy")
            .proof(0, "of 48 bytes", "ntp")
            .says("reachable"),
    ]
}

fn dropped() -> Vec<Row> {
    vec![
        https("proxy-dropped")
            .fault()
            .proof(28, "", "fetch -x $PROXY https://$HOST/")
            .says("unreachable connect timeout")
            .cause("undetermined open"),
    ]
}

fn silent() -> Vec<Row> {
    vec![
        https("proxy-silent")
            .fault()
            .proof(0, "", "HOST=198.18.0.1 open 3128")
            .proof(28, "", "fetch -x $PROXY https://$HOST/")
            .says("unreachable tunnel timeout")
            .cause("undetermined open"),
    ]
}
