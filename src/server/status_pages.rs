//! The report and its parts as text, JSON or HTML.

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::accept::preferred;
use super::app::{App, PAGES, sentence};
use crate::labels::UnknownMember;
use crate::status::text::Style;
use crate::status::{Format, html, text};
use crate::target::TargetId;

/// The first one is for clients that do not care, such as curl.
const OFFERS: &[(Format, &str)] = &[
    (Format::Text, "text/plain"),
    (Format::Html, "text/html"),
    (Format::Json, "application/json"),
];

#[derive(Debug, Deserialize)]
pub(super) struct Wanted {
    format: Option<String>,
}

type WantedQuery = Result<Query<Wanted>, QueryRejection>;

/// Below the text page: a reader of a terminal has no links.
const WHERE_ELSE: &str =
    "\nOne target: /status/TARGET/PROBE. JSON: /api/v1/status. Metrics: /metrics.\n";

pub(super) async fn status(
    State(app): State<App>,
    wanted: WantedQuery,
    headers: HeaderMap,
) -> Response {
    let format = match format_of(wanted, &headers) {
        Ok(format) => format,
        Err(why) => return sentence(StatusCode::BAD_REQUEST, why),
    };
    let report = app.report();
    match format {
        Format::Text => plain(text::render(&report, Style::PLAIN) + WHERE_ELSE),
        Format::Json => json(&report),
        Format::Html => page(html::render(&report)),
    }
}

pub(super) async fn target(
    State(app): State<App>,
    path: Result<Path<(String, String)>, PathRejection>,
    wanted: WantedQuery,
    headers: HeaderMap,
) -> Response {
    let format = match format_of(wanted, &headers) {
        Ok(format) => format,
        Err(why) => return sentence(StatusCode::BAD_REQUEST, why),
    };
    let record = path.ok().and_then(|Path((target, probe))| {
        let probe = probe.parse().ok()?;
        app.store.get(&TargetId {
            target: target.into(),
            probe,
        })
    });
    let Some(record) = record else {
        let text = "No such target and probe. /status lists those of this node.";
        return sentence(StatusCode::NOT_FOUND, text);
    };
    let (target, now) = (app.about.load().target(&record), Timestamp::now());
    match format {
        Format::Text => plain(text::render_target(&target, now, Style::PLAIN)),
        Format::Json => json(&target),
        Format::Html => page(html::render_target(&target, now)),
    }
}

pub(super) async fn api(State(app): State<App>) -> Response {
    json(&app.report())
}

pub(super) async fn landing(State(app): State<App>) -> Response {
    let linkable: Vec<_> = PAGES
        .iter()
        .copied()
        .filter(|(path, _)| !path.contains('{'))
        .collect();
    page(html::render_landing(&app.report(), &linkable))
}

pub(super) async fn style() -> Response {
    (
        [(header::CONTENT_TYPE, "text/css; charset=utf-8")],
        html::STYLE,
    )
        .into_response()
}

/// All `Accept` headers as one.
pub(super) fn accepted(headers: &HeaderMap) -> String {
    let values = headers.get_all(header::ACCEPT).iter();
    values
        .filter_map(|value| value.to_str().ok())
        .collect::<Vec<_>>()
        .join(",")
}

/// The wanted format, or a sentence on why there is none.
fn format_of(wanted: WantedQuery, headers: &HeaderMap) -> Result<Format, String> {
    let Query(wanted) = wanted.map_err(|error| format!("The query cannot be read: {error}."))?;
    match wanted.format {
        Some(format) => format
            .parse()
            .map_err(|error: UnknownMember| format!("A format of {error}.")),
        None => Ok(preferred(&accepted(headers), OFFERS)
            .copied()
            .unwrap_or(Format::Text)),
    }
}

fn plain(text: String) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
}

fn json(value: &impl Serialize) -> Response {
    match serde_json::to_string_pretty(value) {
        Ok(body) => (
            [(header::CONTENT_TYPE, "application/json; charset=utf-8")],
            body + "\n",
        )
            .into_response(),
        Err(error) => failed(&error),
    }
}

fn page(html: askama::Result<String>) -> Response {
    match html {
        Ok(body) => ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], body).into_response(),
        Err(error) => failed(&error),
    }
}

fn failed(error: &dyn std::error::Error) -> Response {
    tracing::error!(%error, "cannot render a page");
    sentence(
        StatusCode::INTERNAL_SERVER_ERROR,
        format!("The page could not be rendered: {error}"),
    )
}
