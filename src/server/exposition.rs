//! `/metrics`, in the format that the scraper prefers.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::accept::preferred;
use super::app::{App, sentence};
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
    match encoded(&app, format) {
        Ok(body) => ([(header::CONTENT_TYPE, format)], body).into_response(),
        Err(error) => {
            tracing::error!(%error, "cannot encode the metrics");
            let text = format!("The metrics could not be encoded: {error}");
            sentence(StatusCode::INTERNAL_SERVER_ERROR, text)
        }
    }
}

fn encoded(app: &App, format: &str) -> prometheus::Result<String> {
    let families = metrics::gather(&app.store.snapshot(), &app.about.load(), &(app.gauges)())?;
    if format == metrics::OPEN_METRICS {
        Ok(metrics::encode_open_metrics(&families))
    } else {
        metrics::encode_text(&families)
    }
}
