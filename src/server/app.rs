//! The routes, and what every answer has in common.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use jiff::Timestamp;

use super::{PageCache, exposition, health, reload, status_pages};
use crate::heartbeat::Heartbeat;
use crate::metrics::AgentGauges;
use crate::reload::Door;
use crate::status::{About, StatusReport};
use crate::store::Store;

/// Everything that the pages read. They write nothing; all that a caller may ever cause is a reload.
#[derive(Clone)]
pub struct App {
    /// What is known of the targets.
    pub store: Arc<Store>,
    /// Replaced as a whole when the configuration is reloaded.
    pub about: Arc<ArcSwap<About>>,
    /// Asked at every scrape.
    pub gauges: Arc<dyn Fn() -> AgentGauges + Send + Sync>,
    /// The scheduler's sign of life.
    pub heartbeat: Arc<Heartbeat>,
    /// After so long the agent counts as ready even when targets are still pending.
    pub first_round: Duration,
    /// Where a reload is asked for.
    pub reload: Door,
    /// Pages of a moment ago.
    pub page_cache: Arc<PageCache>,
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").finish_non_exhaustive()
    }
}

impl App {
    /// The limit of the first round: six deadlines of attempts.
    pub const FIRST_ROUND: Duration = Duration::from_mins(1);

    pub(super) fn report(&self) -> StatusReport {
        let about = self.about.load();
        let report = StatusReport::new(&about, &self.store.snapshot(), Timestamp::now());
        if self.heartbeat.age() > health::STUCK {
            report.stalled()
        } else {
            report
        }
    }
}

/// Every path with what it answers.
pub(super) const PAGES: &[(&str, &str)] = &[
    (
        "/status",
        "the state of this node: text for curl, HTML for a browser, or ?format=text|json|html",
    ),
    (
        "/status?watch",
        "a new text page for every change, for curl -N; also of one target",
    ),
    (
        "/status/{target}/{probe}",
        "one target: phases, facts, addresses, history, what it means and what to do",
    ),
    ("/api/v1/status", "the same as JSON"),
    ("/metrics", "for Prometheus"),
    (
        "/healthz",
        "200 while the agent itself works, whatever the network does",
    ),
    ("/readyz", "200 after the first round of attempts"),
];

/// The routes over what they read.
pub fn router(app: App) -> Router {
    Router::new()
        .route("/", get(status_pages::landing))
        .route("/status", get(status_pages::status))
        .route("/status/{target}/{probe}", get(status_pages::target))
        .route("/api/v1/status", get(status_pages::api))
        .route("/static/{name}", get(status_pages::asset))
        .route("/metrics", get(exposition::metrics))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route(
            "/-/reload",
            post(reload::reload).fallback(reload::only_post),
        )
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(axum::middleware::map_response(guarded))
        .with_state(app)
}

/// A sentence as plain text.
pub(super) fn sentence(status: StatusCode, text: impl Into<String>) -> Response {
    let text = text.into() + "\n";
    (
        status,
        [(header::CONTENT_TYPE, "text/plain; charset=utf-8")],
        text,
    )
        .into_response()
}

async fn not_found(State(_): State<App>) -> Response {
    let pages = PAGES
        .iter()
        .map(|(path, about)| format!("  {path:<26}{about}\n"));
    let text = format!(
        "There is nothing here. There is:\n\n{}",
        pages.collect::<String>()
    );
    sentence(StatusCode::NOT_FOUND, text.trim_end())
}

async fn method_not_allowed() -> Response {
    let text = "Only GET and HEAD: nothing can be changed or started from here.";
    sentence(StatusCode::METHOD_NOT_ALLOWED, text)
}

/// Answers are of the moment, are what they say they are, and load nothing from elsewhere.
async fn guarded(mut response: Response) -> Response {
    const GUARDS: [(HeaderName, &str); 4] = [
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
        ),
    ];
    for (name, value) in GUARDS {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}
