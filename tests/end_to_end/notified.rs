//! Who is notified: a webhook on the lab's firewall that keeps what Alertmanager sends.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use egress_lab::Lab;
use serde::Deserialize;
use tokio_util::sync::{CancellationToken, DropGuard};

/// More than this would be a flood, of which the first are enough.
const MOST: usize = 100;

/// One message of Alertmanager about a group of alerts.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Notification {
    receiver: String,
    status: String,
    pub(crate) alerts: Vec<Alert>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Alert {
    labels: BTreeMap<String, String>,
    pub(crate) annotations: BTreeMap<String, String>,
}

impl Notification {
    /// `RECEIVER STATUS ALERT: WHAT, WHAT`, where each alert says what it is about.
    pub(crate) fn line(&self) -> String {
        let name = |alert: &Alert| alert.labels["alertname"].clone();
        let mut names: Vec<_> = self.alerts.iter().map(name).collect();
        names.dedup();
        let mut about: Vec<_> = self.alerts.iter().map(Alert::about).collect();
        about.sort();
        let (names, about) = (names.join("+"), about.join(", "));
        format!("{} {} {names}: {about}", self.receiver, self.status)
    }
}

impl Alert {
    fn about(&self) -> String {
        let labels = ["target", "node", "phase", "reason"];
        let there = labels.iter().filter_map(|label| self.labels.get(*label));
        there.map(String::as_str).collect::<Vec<_>>().join(" ")
    }
}

type Kept = Arc<Mutex<Vec<Notification>>>;

/// Dropping it closes it.
pub(crate) struct Webhook {
    pub(crate) url: String,
    kept: Kept,
    _open: DropGuard,
}

impl Webhook {
    pub(crate) fn open(lab: &Lab) -> Self {
        let listener = lab
            .firewall()
            .enter(|| Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?))
            .expect("a free port on the firewall");
        let address: SocketAddr = listener.local_addr().expect("it is bound");
        let kept = Kept::default();
        let end = CancellationToken::new();
        let (keeping, until) = (Arc::clone(&kept), end.clone());
        thread::spawn(move || serve(listener, keeping, until));
        Self {
            url: format!("http://{address}/"),
            kept,
            _open: end.drop_guard(),
        }
    }

    /// In the order in which they came.
    pub(crate) fn notifications(&self) -> Vec<Notification> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.clone()
    }
}

fn serve(listener: TcpListener, kept: Kept, end: CancellationToken) {
    let keep = move |body: String| async move {
        let Ok(notification) = serde_json::from_str(&body) else {
            return StatusCode::BAD_REQUEST;
        };
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < MOST {
            kept.push(notification);
        }
        StatusCode::OK
    };
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build().expect("a runtime");
    runtime.block_on(async {
        listener.set_nonblocking(true).expect("a socket of ours");
        let listener = tokio::net::TcpListener::from_std(listener).expect("a socket of ours");
        let served = axum::serve(listener, Router::new().route("/", post(keep)));
        let ended = served.with_graceful_shutdown(end.cancelled_owned()).await;
        ended.expect("axum ends well");
    });
}
