//! `http_server_config`: the headers that may be set.

use axum::http::{HeaderName, HeaderValue, header};

use crate::problem::unknown_word;
use crate::yaml::{Cursor, Reader};

/// As exporter-toolkit has them: each with its only values, where it has such.
const HEADERS: &[(&str, HeaderName, &[&str])] = &[
    (
        "Content-Security-Policy",
        header::CONTENT_SECURITY_POLICY,
        &[],
    ),
    (
        "Strict-Transport-Security",
        header::STRICT_TRANSPORT_SECURITY,
        &[],
    ),
    (
        "X-Content-Type-Options",
        header::X_CONTENT_TYPE_OPTIONS,
        &["nosniff"],
    ),
    (
        "X-Frame-Options",
        header::X_FRAME_OPTIONS,
        &["deny", "sameorigin"],
    ),
    ("X-XSS-Protection", header::X_XSS_PROTECTION, &[]),
];

pub(super) fn form(at: &Cursor<'_>, reader: &mut Reader) -> Option<Vec<(HeaderName, HeaderValue)>> {
    let mut fields = at.fields(reader)?;
    if let Some(at) = fields.get("http2")
        && at.flag(reader) == Some(true)
    {
        reader.wrong(
            &at,
            "HTTP/2 is not spoken here; write `false`, or leave it out",
        );
    }
    let headers_at = fields.get("headers");
    let pairs = headers_at
        .and_then(|at| at.pairs(reader))
        .unwrap_or_default();
    let headers = pairs
        .iter()
        .filter_map(|(name, at)| header_of(name, at, reader));
    let headers = headers.collect();
    fields.finish(reader);
    Some(headers)
}

fn header_of(
    name: &str,
    at: &Cursor<'_>,
    reader: &mut Reader,
) -> Option<(HeaderName, HeaderValue)> {
    let known = HEADERS.iter().find(|(known, _, _)| *known == name);
    let Some((_, header, values)) = known else {
        let known: Vec<&str> = HEADERS.iter().map(|(known, _, _)| *known).collect();
        reader.wrong(at, unknown_word(name, &known));
        return None;
    };
    let text = at.text(reader)?;
    if !values.is_empty() && !values.contains(&text.as_str()) {
        reader.wrong(at, format!("must be {}", values.join(" or ")));
        return None;
    }
    let value = HeaderValue::from_str(&text);
    let value = value.map_err(|_| reader.wrong(at, "holds characters that no header can have"));
    Some((header.clone(), value.ok()?))
}
