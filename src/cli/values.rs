//! Parsers of flag values; what they refuse, they refuse with a sentence.

use std::ffi::OsStr;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::error::ErrorKind;

use crate::catalog::template::{NAMESERVER, is_parameter_name};
use crate::config::{bounds, check_value, parse_duration};
use crate::diagnosis::Cause;
use crate::labels::ClosedSet;
use crate::outcome::Reason;
use crate::proxy::ProxyChoice;

/// A member of a closed set; clap lists the others and suggests the nearest.
pub(super) fn words<T>() -> impl TypedValueParser<Value = T>
where
    T: ClosedSet + Clone + Send + Sync + 'static,
{
    PossibleValuesParser::new(T::words()).try_map(|word| word.parse::<T>())
}

/// A word of reports that the documentation explains; some are both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Explained {
    /// Why an attempt failed.
    pub reason: Option<Reason>,
    /// What stands behind a failure.
    pub cause: Option<Cause>,
}

/// A reason or a cause; clap lists all of them and suggests the nearest.
pub(super) fn explained() -> impl TypedValueParser<Value = Explained> {
    let mut words = Reason::words();
    words.extend(Cause::words());
    // `local_resource` is both.
    words.sort_unstable();
    words.dedup();
    PossibleValuesParser::new(words).map(|word| Explained {
        reason: word.parse().ok(),
        cause: word.parse().ok(),
    })
}

/// A choice of proxy. What is refused is not repeated, as clap would: it may hold a password.
pub(super) fn proxy() -> impl TypedValueParser<Value = ProxyChoice> {
    ProxyParser
}

#[derive(Clone)]
struct ProxyParser;

impl TypedValueParser for ProxyParser {
    type Value = ProxyChoice;

    fn parse_ref(
        &self,
        command: &clap::Command,
        _flag: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<ProxyChoice, clap::Error> {
        let text = value.to_str().unwrap_or_default();
        text.parse().map_err(|why| {
            let message = format!("the value of --proxy {why}");
            command.clone().error(ErrorKind::ValueValidation, message)
        })
    }
}

pub(super) fn value(text: &str) -> Result<String, String> {
    check_value(text).map(|()| text.to_owned())
}

pub(super) fn assignment(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    if name == NAMESERVER {
        return Err("nameservers are chosen with --nameserver".to_owned());
    }
    if !is_parameter_name(name) {
        return Err(format!(
            "`{name}` is not a parameter name: lower-case letters, digits and underscores"
        ));
    }
    check_value(value)?;
    Ok((name.to_owned(), value.to_owned()))
}

pub(super) fn timeout(text: &str) -> Result<Duration, String> {
    parse_duration(text, bounds::TIMEOUT)
}

pub(super) fn interval(text: &str) -> Result<Duration, String> {
    parse_duration(text, bounds::INTERVAL)
}

pub(super) fn limit(text: &str) -> Result<Duration, String> {
    parse_duration(text, bounds::LIMIT)
}

pub(super) fn concurrency(text: &str) -> Result<usize, String> {
    let (least, most) = bounds::CONCURRENCY;
    let number: i64 = text
        .parse()
        .map_err(|_| format!("`{text}` is not a whole number"))?;
    if !(least..=most).contains(&number) {
        return Err(format!("must be from {least} to {most}"));
    }
    usize::try_from(number).map_err(|error| error.to_string())
}
