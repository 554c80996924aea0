//! `/metrics`, in the format that the scraper prefers.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::app::{App, sentence};
use super::negotiation::preferred;
use super::page_cache::{Made, Page, PageKind};
use super::query::accepted;
use crate::metrics::{self, Format};

const OFFERS: &[(Format, &str)] = &[
    (Format::Text, "text/plain"),
    (Format::OpenMetrics, "application/openmetrics-text"),
];

pub(super) async fn metrics(State(app): State<App>, headers: HeaderMap) -> Response {
    let format = preferred(&accepted(&headers), OFFERS)
        .copied()
        .unwrap_or(Format::Text);
    let kind = match format {
        Format::Text => PageKind::Metrics,
        Format::OpenMetrics => PageKind::OpenMetrics,
    };
    app.page_cache.page(kind, || {
        let (records, about) = (app.store.snapshot(), app.about.load());
        match metrics::exposition(&records, &about, &(app.gauges)(), format) {
            Ok(body) => Made::Page(Page {
                content_type: format.content_type(),
                body: body.into(),
            }),
            Err(error) => {
                tracing::error!(%error, "cannot encode the metrics");
                let text = format!("The metrics could not be encoded: {error}");
                Made::Other(sentence(StatusCode::INTERNAL_SERVER_ERROR, text))
            }
        }
    })
}
