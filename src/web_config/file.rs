//! The form of the file, as exporter-toolkit documents it.

use std::path::Path;
use std::time::Duration;

use axum::http::{HeaderName, HeaderValue};

use super::users::{self, Users};
use super::{TlsForm, headers, tls};
use crate::problem::Problems;
use crate::yaml::{self, Content, Cursor, Reader};

/// What stands in a web config file.
#[derive(Debug, Clone, Default)]
pub struct WebConfig {
    /// TLS; absent: plain HTTP.
    pub tls: Option<TlsForm>,
    /// Headers of every answer.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Who has a password; nobody: no password is asked for.
    pub users: Users,
    /// Of requests.
    pub rate: Option<Rate>,
}

/// So many requests at once, and one more after every interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Between two requests.
    pub interval: Duration,
    /// At once.
    pub burst: u32,
}

/// Parses a web config file; `file` is named in problems, and relative paths are meant from its folder.
///
/// # Errors
/// Everything that is wrong in the text. The files that it names are not looked at.
pub fn parse(file: &Path, text: &str) -> Result<WebConfig, Problems> {
    let root = yaml::parse(file, text)?;
    let mut reader = Reader::new(file);
    let config = config(&Cursor::root(&root), &mut reader);
    reader.into_problems().into_result()?;
    Ok(config.unwrap_or_default())
}

fn config(root: &Cursor<'_>, reader: &mut Reader) -> Option<WebConfig> {
    let mut fields = root.fields(reader)?;
    let tls_at = fields.get("tls_server_config");
    let http_at = fields.get("http_server_config");
    let users_at = fields.get("basic_auth_users");
    let rate_at = fields.get("rate_limit");
    let config = WebConfig {
        tls: tls_at.and_then(|at| tls::form(&at, reader)),
        headers: http_at
            .and_then(|at| headers::form(&at, reader))
            .unwrap_or_default(),
        users: users_at
            .map(|at| users::form(&at, reader))
            .unwrap_or_default(),
        rate: rate_at.and_then(|at| rate(&at, reader)),
    };
    fields.finish(reader);
    Some(config)
}

fn rate(at: &Cursor<'_>, reader: &mut Reader) -> Option<Rate> {
    const MOST: i64 = 1_000_000;
    let mut fields = at.fields(reader)?;
    let interval = fields.get("interval").and_then(|at| interval(&at, reader));
    let burst_at = fields.get("burst");
    let burst = burst_at.as_ref().and_then(|at| at.number(0, MOST, reader));
    fields.finish(reader);
    // As exporter-toolkit has it: without an interval, there is no limit.
    let interval = interval.filter(|interval| !interval.is_zero())?;
    let burst = burst
        .and_then(|burst| u32::try_from(burst).ok())
        .unwrap_or(0);
    if burst == 0 {
        let at = burst_at.as_ref().unwrap_or(at);
        reader.wrong(
            at,
            "`burst` must be at least 1, or every request is refused",
        );
    }
    Some(Rate { interval, burst })
}

fn interval(at: &Cursor<'_>, reader: &mut Reader) -> Option<Duration> {
    const MOST: Duration = Duration::from_hours(1);
    if *at.content() == Content::Number(0) {
        return Some(Duration::ZERO);
    }
    let text = at.text(reader)?;
    let parsed: Option<jiff::SignedDuration> = text.parse().ok();
    let duration = parsed.and_then(|signed| Duration::try_from(signed).ok());
    if duration.is_none_or(|duration| duration > MOST) {
        let message =
            format!("`{text}` is not a duration of at most 1h, such as 100ms or 1s; 0 is no limit");
        reader.wrong(at, message);
        return None;
    }
    duration
}
