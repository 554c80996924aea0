//! A server of one report that stands still, so that pictures are the same in every run. Everything else is the agent's.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::Request;
use axum::http::header::{CONTENT_SECURITY_POLICY, HeaderValue};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use egress_probe::server::router;
use egress_probe::status::{StatusReport, html};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::served::{app, loopback};

pub(crate) struct Still {
    address: SocketAddr,
    stop: CancellationToken,
}

#[derive(Clone)]
struct Shown {
    report: Arc<StatusReport>,
    policy: HeaderValue,
}

impl Still {
    /// Serves it on the runtime of the test.
    pub(crate) async fn serve(report: StatusReport) -> Self {
        let shown = Shown {
            report: Arc::new(report),
            policy: policy_of_the_agent().await,
        };
        let pages = Router::new()
            .route("/status", get(status))
            .route("/status/{target}/{probe}", get(target))
            .with_state(shown)
            .fallback_service(router(app()));
        let listener = TcpListener::bind(loopback(0)).await.expect("a socket");
        let address = listener.local_addr().expect("an address");
        let stop = CancellationToken::new();
        let ended = stop.clone().cancelled_owned();
        tokio::spawn(async move {
            let served = axum::serve(listener, pages).with_graceful_shutdown(ended);
            served.await.expect("a clean end");
        });
        Self { address, stop }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

impl Drop for Still {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn policy_of_the_agent() -> HeaderValue {
    let request = Request::get("/status")
        .body(Body::empty())
        .expect("a request");
    let answer = router(app()).oneshot(request).await.expect("an answer");
    answer.headers()[CONTENT_SECURITY_POLICY].clone()
}

async fn status(State(shown): State<Shown>) -> Response {
    shown.guarded(html::render(&shown.report).expect("a page"))
}

async fn target(
    State(shown): State<Shown>,
    Path((target, probe)): Path<(String, String)>,
) -> Response {
    let report = &shown.report;
    let target = report.find(&target, probe.parse().expect("a probe"));
    let target = target.expect("a target of the report");
    shown.guarded(html::render_target(target, report.generated_at).expect("a page"))
}

impl Shown {
    fn guarded(&self, page: String) -> Response {
        let policy = (CONTENT_SECURITY_POLICY, self.policy.clone());
        ([policy], Html(page)).into_response()
    }
}
