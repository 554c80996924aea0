//! The report and its parts as text, JSON or HTML.

use std::sync::Arc;

use axum::Extension;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::accept::preferred;
use super::app::{App, PAGES, sentence};
use super::copies::{Made, Page, PageKind};
use super::lasting::Lasting;
use super::watch::{self, View};
use crate::labels::UnknownMember;
use crate::status::text::Style;
use crate::status::{Format, html, text};

/// The first one is for clients that do not care, such as curl.
const OFFERS: &[(Format, &str)] = &[
    (Format::Text, "text/plain"),
    (Format::Html, "text/html"),
    (Format::Json, "application/json"),
];

#[derive(Debug, Deserialize)]
pub(super) struct Wanted {
    format: Option<String>,
    /// Present or not; it has no value.
    watch: Option<String>,
}

type WantedQuery = Result<Query<Wanted>, QueryRejection>;

/// Below the text page: a reader of a terminal has no links.
const WHERE_ELSE: &str =
    "\nOne target: /status/TARGET/PROBE. JSON: /api/v1/status. Metrics: /metrics.\n";

pub(super) async fn status(
    State(app): State<App>,
    wanted: WantedQuery,
    lasting: Option<Extension<Lasting>>,
    headers: HeaderMap,
) -> Response {
    let format = match wanted_of(wanted, &headers) {
        Ok(Asked::Once(format)) => format,
        Ok(Asked::Watch) => return watch::answer(app, View::Overview, lasting),
        Err(why) => return sentence(StatusCode::BAD_REQUEST, why),
    };
    match format {
        Format::Text => app.copies.page(PageKind::Text, || {
            plain(text::render(&app.report(), Style::PLAIN) + WHERE_ELSE)
        }),
        Format::Json => api(State(app)).await,
        Format::Html => app
            .copies
            .page(PageKind::Html, || page(html::render(&app.report()))),
    }
}

pub(super) async fn target(
    State(app): State<App>,
    path: Result<Path<(String, String)>, PathRejection>,
    wanted: WantedQuery,
    lasting: Option<Extension<Lasting>>,
    headers: HeaderMap,
) -> Response {
    let asked = match wanted_of(wanted, &headers) {
        Ok(asked) => asked,
        Err(why) => return sentence(StatusCode::BAD_REQUEST, why),
    };
    let copies = Arc::clone(&app.copies);
    copies.answer(PageKind::Target, || one_target(app, path, asked, lasting))
}

fn one_target(
    app: App,
    path: Result<Path<(String, String)>, PathRejection>,
    asked: Asked,
    lasting: Option<Extension<Lasting>>,
) -> Response {
    let report = app.report();
    let target = path
        .ok()
        .and_then(|Path((target, probe))| report.find(&target, probe.parse().ok()?));
    let Some(target) = target else {
        let text = "No such target and probe. /status lists those of this node.";
        return sentence(StatusCode::NOT_FOUND, text);
    };
    let format = match asked {
        Asked::Once(format) => format,
        Asked::Watch => return watch::answer(app, View::of(target), lasting),
    };
    let now = report.generated_at;
    match format {
        Format::Text => plain(text::render_target(target, now, Style::PLAIN)).into_response(),
        Format::Json => json(target).into_response(),
        Format::Html => page(html::render_target(target, now)).into_response(),
    }
}

pub(super) async fn api(State(app): State<App>) -> Response {
    app.copies.page(PageKind::Json, || json(&app.report()))
}

pub(super) async fn landing(State(app): State<App>) -> Response {
    let linkable: Vec<_> = PAGES
        .iter()
        .copied()
        .filter(|(path, _)| !path.contains(['{', '?']))
        .collect();
    app.copies.page(PageKind::Landing, || {
        page(html::render_landing(&app.report(), &linkable))
    })
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

/// What a query asks for.
#[derive(Clone, Copy)]
enum Asked {
    Once(Format),
    Watch,
}

/// What is wanted, or a sentence on why that cannot be had.
fn wanted_of(wanted: WantedQuery, headers: &HeaderMap) -> Result<Asked, String> {
    let Query(wanted) = wanted.map_err(|error| format!("The query cannot be read: {error}."))?;
    let format = match &wanted.format {
        Some(format) => Some(
            format
                .parse()
                .map_err(|error: UnknownMember| format!("A format of {error}."))?,
        ),
        None => None,
    };
    match (wanted.watch.as_deref(), format) {
        (None, Some(format)) => Ok(Asked::Once(format)),
        (None, None) => {
            let liked = preferred(&accepted(headers), OFFERS).copied();
            Ok(Asked::Once(liked.unwrap_or(Format::Text)))
        }
        (Some(""), None | Some(Format::Text)) => Ok(Asked::Watch),
        (Some(""), Some(_)) => Err("Only text pages can be watched: ?watch.".to_owned()),
        (Some(_), _) => Err("watch takes no value: ?watch.".to_owned()),
    }
}

fn plain(text: String) -> Made {
    Made::Page(Page {
        content_type: "text/plain; charset=utf-8",
        body: text.into(),
    })
}

fn json(value: &impl Serialize) -> Made {
    match serde_json::to_string_pretty(value) {
        Ok(text) => Made::Page(Page {
            content_type: "application/json; charset=utf-8",
            body: (text + "\n").into(),
        }),
        Err(error) => Made::Other(failed(&error)),
    }
}

fn page(html: askama::Result<String>) -> Made {
    match html {
        Ok(html) => Made::Page(Page {
            content_type: "text/html; charset=utf-8",
            body: html.into(),
        }),
        Err(error) => Made::Other(failed(&error)),
    }
}

fn failed(error: &dyn std::error::Error) -> Response {
    tracing::error!(%error, "cannot render a page");
    sentence(
        StatusCode::INTERNAL_SERVER_ERROR,
        format!("The page could not be rendered: {error}"),
    )
}
