//! The report and its parts as text, JSON or HTML.

use std::sync::Arc;

use axum::Extension;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::app::{App, PAGES, sentence};
use super::long_lived::LongLived;
use super::page_cache::{Made, Page, PageKind};
use super::query::{Asked, WantedQuery, asked};
use super::watch::{self, View};
use crate::status::text::Style;
use crate::status::{Format, html, text};

/// Below the text page: a reader of a terminal has no links.
const WHERE_ELSE: &str =
    "\nOne target: /status/TARGET/PROBE. JSON: /api/v1/status. Metrics: /metrics.\n";

pub(super) async fn status(
    State(app): State<App>,
    wanted: WantedQuery,
    long_lived: Option<Extension<LongLived>>,
    headers: HeaderMap,
) -> Response {
    let (format, filter) = match asked(wanted, &headers) {
        Ok(Asked::Once(format, filter)) => (format, filter),
        Ok(Asked::Watch) => return watch::answer(app, View::Overview, long_lived),
        Err(why) => return sentence(StatusCode::BAD_REQUEST, why),
    };
    match format {
        Format::Text => app.page_cache.page(PageKind::Text, || {
            plain(text::render(&app.report(), Style::PLAIN) + WHERE_ELSE)
        }),
        Format::Json => api(State(app)).await,
        Format::Html if filter.is_empty() => app.page_cache.page(PageKind::Html, || {
            page(html::render_filtered(&app.report(), &filter))
        }),
        Format::Html => app.page_cache.page(PageKind::Filtered, || {
            page(html::render_filtered(&app.report(), &filter))
        }),
    }
}

pub(super) async fn target(
    State(app): State<App>,
    path: Result<Path<(String, String)>, PathRejection>,
    wanted: WantedQuery,
    long_lived: Option<Extension<LongLived>>,
    headers: HeaderMap,
) -> Response {
    let asked = match asked(wanted, &headers) {
        Ok(asked) => asked,
        Err(why) => return sentence(StatusCode::BAD_REQUEST, why),
    };
    let pages = Arc::clone(&app.page_cache);
    pages.page(PageKind::Target, || {
        one_target(app, path, &asked, long_lived)
    })
}

fn one_target(
    app: App,
    path: Result<Path<(String, String)>, PathRejection>,
    asked: &Asked,
    long_lived: Option<Extension<LongLived>>,
) -> Made {
    let report = app.report();
    let target = path
        .ok()
        .and_then(|Path((target, probe))| report.find(&target, probe.parse().ok()?));
    let Some(target) = target else {
        let text = "No such target and probe. /status lists those of this node.";
        return Made::Other(sentence(StatusCode::NOT_FOUND, text));
    };
    let format = match asked {
        Asked::Once(format, _) => *format,
        Asked::Watch => return Made::Other(watch::answer(app, View::of(target), long_lived)),
    };
    let now = report.generated_at;
    match format {
        Format::Text => plain(text::render_target(target, now, Style::PLAIN)),
        Format::Json => json(target),
        Format::Html => page(html::render_target(target, now)),
    }
}

pub(super) async fn api(State(app): State<App>) -> Response {
    app.page_cache.page(PageKind::Json, || json(&app.report()))
}

pub(super) async fn landing(State(app): State<App>) -> Response {
    let linkable: Vec<_> = PAGES
        .iter()
        .copied()
        .filter(|(path, _)| !path.contains(['{', '?']))
        .collect();
    app.page_cache.page(PageKind::Landing, || {
        page(html::render_landing(&app.report(), &linkable))
    })
}

/// What pages load: all of it is part of the program.
pub(super) async fn asset(name: Result<Path<String>, PathRejection>) -> Response {
    let mut known = html::ASSETS.iter();
    match name
        .ok()
        .and_then(|Path(name)| known.find(|asset| asset.name == name))
    {
        Some(asset) => {
            ([(header::CONTENT_TYPE, asset.content_type)], asset.content).into_response()
        }
        None => sentence(StatusCode::NOT_FOUND, "No page refers to this."),
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
