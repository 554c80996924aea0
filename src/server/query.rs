//! What the query and the headers of a request ask for.

use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::http::{HeaderMap, header};
use serde::Deserialize;

use super::negotiation::preferred;
use crate::labels::UnknownMember;
use crate::status::{Filter, Format};

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
    #[serde(default)]
    q: String,
    #[serde(default)]
    group: String,
    #[serde(default)]
    state: String,
}

pub(super) type WantedQuery = Result<Query<Wanted>, QueryRejection>;

pub(super) enum Asked {
    /// One page. Only HTML is filtered.
    Once(Format, Filter),
    Watch,
}

/// What is wanted, or a sentence on why that cannot be had.
pub(super) fn asked(wanted: WantedQuery, headers: &HeaderMap) -> Result<Asked, String> {
    let Query(wanted) = wanted.map_err(|error| format!("The query cannot be read: {error}."))?;
    let filter = Filter::parse(&wanted.q, &wanted.group, &wanted.state)
        .map_err(|error| format!("A group or state of {error}."))?;
    let format = match &wanted.format {
        Some(format) => Some(
            format
                .parse()
                .map_err(|error: UnknownMember| format!("A format of {error}."))?,
        ),
        None => None,
    };
    match (wanted.watch.as_deref(), format) {
        (None, format) => {
            let liked = || preferred(&accepted(headers), OFFERS).copied();
            once(format.or_else(liked).unwrap_or(Format::Text), filter)
        }
        (Some(""), None | Some(Format::Text)) => Ok(Asked::Watch),
        (Some(""), Some(_)) => Err("Only text pages can be watched: ?watch.".to_owned()),
        (Some(_), _) => Err("watch takes no value: ?watch.".to_owned()),
    }
}

fn once(format: Format, filter: Filter) -> Result<Asked, String> {
    if format != Format::Html && !filter.is_empty() {
        let why = "Only the page for browsers can be filtered: add format=html, or leave out q, group and state.";
        return Err(why.to_owned());
    }
    Ok(Asked::Once(format, filter))
}

/// All `Accept` headers as one.
pub(super) fn accepted(headers: &HeaderMap) -> String {
    let values = headers.get_all(header::ACCEPT).iter();
    values
        .filter_map(|value| value.to_str().ok())
        .collect::<Vec<_>>()
        .join(",")
}
