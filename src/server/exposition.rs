//! `/metrics`, in the format that the scraper prefers.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::accept::preferred;
use super::app::{App, sentence};
use super::copies::{Made, Page, PageKind};
use super::query::accepted;
use crate::metrics;

const OFFERS: &[(&str, &str)] = &[
    (metrics::TEXT, "text/plain"),
    (metrics::OPEN_METRICS, "application/openmetrics-text"),
];

pub(super) async fn metrics(State(app): State<App>, headers: HeaderMap) -> Response {
    let format = preferred(&accepted(&headers), OFFERS)
        .copied()
        .unwrap_or(metrics::TEXT);
    let kind = if format == metrics::OPEN_METRICS {
        PageKind::OpenMetrics
    } else {
        PageKind::Metrics
    };
    app.copies.page(kind, || match encoded(&app, format) {
        Ok(body) => Made::Page(Page {
            content_type: format,
            body: body.into(),
        }),
        Err(error) => {
            tracing::error!(%error, "cannot encode the metrics");
            let text = format!("The metrics could not be encoded: {error}");
            Made::Other(sentence(StatusCode::INTERNAL_SERVER_ERROR, text))
        }
    })
}

fn encoded(app: &App, format: &str) -> prometheus::Result<String> {
    let families = metrics::gather(&app.store.snapshot(), &app.about.load(), &(app.gauges)())?;
    if format == metrics::OPEN_METRICS {
        Ok(metrics::encode_open_metrics(&families))
    } else {
        metrics::encode_text(&families)
    }
}
