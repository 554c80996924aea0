//! Parsers of flag values; what they refuse, they refuse with a sentence.

use std::ffi::OsStr;
use std::fmt::Display;
use std::marker::PhantomData;
use std::str::FromStr;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::error::ErrorKind;

use crate::catalog::template::{NAMESERVER, is_parameter_name};
use crate::config::{bounds, check_value, parse_duration};
use crate::diagnosis::Cause;
use crate::labels::ClosedSet;
use crate::outcome::Reason;

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

/// A value that is not repeated when it is refused, as clap would: it may hold a password.
pub(super) fn unrepeated<T>() -> impl TypedValueParser<Value = T>
where
    T: FromStr + Clone + Send + Sync + 'static,
    T::Err: Display,
{
    Unrepeated(PhantomData)
}

struct Unrepeated<T>(PhantomData<fn() -> T>);

impl<T> Clone for Unrepeated<T> {
    fn clone(&self) -> Self {
        Self(PhantomData)
    }
}

impl<T> TypedValueParser for Unrepeated<T>
where
    T: FromStr + Clone + Send + Sync + 'static,
    T::Err: Display,
{
    type Value = T;

    fn parse_ref(
        &self,
        command: &clap::Command,
        flag: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<T, clap::Error> {
        let text = value.to_str().unwrap_or_default();
        text.parse().map_err(|why| {
            let long = flag.and_then(clap::Arg::get_long);
            let name = long.map_or_else(|| "URL".to_owned(), |long| format!("--{long}"));
            let message = format!("the value of {name} {why}");
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
