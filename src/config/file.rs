//! The form of the configuration file.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use super::settings::{ControlAddress, Listen, ProbeSettings, bounds, check_value, parse_duration};
use super::{Given, Origin, Settings};
use crate::catalog::template::{NAMESERVER, is_parameter_name};
use crate::nameservers::Nameserver;
use crate::problem::Problems;
use crate::proxy::{Bypass, ProxyChoice};
use crate::yaml::{self, Content, Cursor, Fields, Reader};

/// Reads a configuration file; relative paths in it are meant from the folder it stands in.
pub(super) fn load(path: &Path) -> Result<Settings, Problems> {
    Settings::parse(path, &yaml::read(path)?)
}

impl Settings {
    /// What a configuration file with this text says; relative paths are meant from the folder of `file`.
    ///
    /// # Errors
    /// Everything that is wrong in it.
    pub fn parse(file: &Path, text: &str) -> Result<Self, Problems> {
        let root = yaml::parse(file, text)?;
        let mut reader = Reader::new(file);
        let settings = settings(&Cursor::root(&root), &mut reader);
        reader.into_problems().into_result()?;
        Ok(settings.unwrap_or_default())
    }
}

fn settings(root: &Cursor<'_>, reader: &mut Reader) -> Option<Settings> {
    let mut fields = root.fields(reader)?;
    let f = &mut fields;
    let cloud_at = f.get("cloud");
    let mut settings = Settings {
        cloud: cloud_at.and_then(|at| Some((at.parsed(reader)?, origin(&at, reader)))),
        edition: one(f, "edition", reader),
        features: many(f, "features", reader),
        all_features: flag(f, "all_features", reader),
        conditions: many(f, "conditions", reader),
        builtin: flag(f, "builtin", reader),
        catalogs: paths(f, "catalogs", reader),
        resolv_conf: f.get("resolv_conf").and_then(|at| at.path_in(reader)),
        nameservers: nameservers(f, reader),
        ca_files: paths(f, "ca_files", reader),
        metadata: one(f, "metadata", reader),
        experiments: flag(f, "experiments", reader),
        log_level: one(f, "log_level", reader),
        log_format: one(f, "log_format", reader),
        ..Settings::default()
    };
    if let Some(at) = f.get("parameters") {
        parameters(&at, &mut settings, reader);
    }
    if let Some(at) = f.get("location") {
        parameter("location", &at, &mut settings, reader);
    }
    settings.probe = f
        .get("probe")
        .and_then(|at| probe(&at, reader))
        .unwrap_or_default();
    if let Some(at) = f.get("proxy") {
        proxy(&at, &mut settings, reader);
    }
    if let Some(at) = f.get("tls") {
        tls(&at, &mut settings, reader);
    }
    if let Some(at) = f.get("web") {
        web(&at, &mut settings, reader);
    }
    fields.finish(reader);
    Some(settings)
}

fn probe(at: &Cursor<'_>, reader: &mut Reader) -> Option<ProbeSettings> {
    let mut fields = at.fields(reader)?;
    let f = &mut fields;
    let settings = ProbeSettings {
        interval: duration(f, "interval", bounds::INTERVAL, reader),
        timeout: duration(f, "timeout", bounds::TIMEOUT, reader),
        concurrency: f.get("concurrency").and_then(|at| {
            let (least, most) = bounds::CONCURRENCY;
            usize::try_from(at.number(least, most, reader)?).ok()
        }),
        control_address: one::<ControlAddress>(f, "control_address", reader)
            .map(|control| control.0),
        clock_offset: duration(f, "clock_offset", bounds::LIMIT, reader),
        slow: duration(f, "slow", bounds::LIMIT, reader),
    };
    fields.finish(reader);
    Some(settings)
}

/// A word, or a map that names the proxy and what is reached without it.
fn proxy(at: &Cursor<'_>, settings: &mut Settings, reader: &mut Reader) {
    if !matches!(at.content(), Content::Map(_)) {
        settings.proxy = at.parsed(reader);
        return;
    }
    let Some(mut fields) = at.fields(reader) else {
        return;
    };
    let url = fields.require("url", reader);
    settings.proxy = url.and_then(|at| Some(ProxyChoice::Given(at.parsed(reader)?)));
    let lists = many::<Bypass>(&mut fields, "no_proxy", reader);
    settings.no_proxy = lists.map(|lists| lists.into_iter().collect());
    fields.finish(reader);
}

fn tls(at: &Cursor<'_>, settings: &mut Settings, reader: &mut Reader) {
    let Some(mut fields) = at.fields(reader) else {
        return;
    };
    if let Some(at) = fields.get("roots") {
        match at.text(reader).as_deref() {
            Some("bundled") => settings.bundled_roots = Some(true),
            Some("none") => settings.bundled_roots = Some(false),
            Some(_) => reader.wrong(
                &at,
                "must be `bundled` (public roots) or `none` (only CA files)",
            ),
            None => {}
        }
    }
    settings.cluster_ca_file = fields
        .get("cluster_ca_file")
        .and_then(|at| at.path_in(reader));
    fields.finish(reader);
}

fn web(at: &Cursor<'_>, settings: &mut Settings, reader: &mut Reader) {
    if let Some(mut fields) = at.fields(reader) {
        settings.listen = one::<Listen>(&mut fields, "listen", reader).map(|listen| listen.0);
        settings.reload = flag(&mut fields, "reload", reader);
        let web_config = fields.get("config_file");
        settings.web_config = web_config.and_then(|at| at.path_in(reader));
        fields.finish(reader);
    }
}

fn parameters(at: &Cursor<'_>, settings: &mut Settings, reader: &mut Reader) {
    for (name, at) in at.pairs(reader).unwrap_or_default() {
        if name == NAMESERVER {
            reader.wrong(
                &at,
                "is taken from the node; use `nameservers` to choose others",
            );
        } else if is_parameter_name(name) {
            parameter(name, &at, settings, reader);
        } else {
            reader.wrong(
                &at,
                "is not a parameter name: lower-case letters, digits and underscores",
            );
        }
    }
}

fn parameter(name: &str, at: &Cursor<'_>, settings: &mut Settings, reader: &mut Reader) {
    let mut values = Vec::new();
    for at in at.one_or_many(reader).unwrap_or_default() {
        let Some(value) = at.text(reader) else {
            continue;
        };
        match check_value(&value) {
            Ok(()) => values.push(value),
            Err(why) => reader.wrong(&at, why),
        }
    }
    let origin = origin(at, reader);
    if !values.is_empty() {
        settings
            .parameters
            .insert(name.to_owned(), Given { values, origin });
    }
}

fn nameservers(fields: &mut Fields<'_>, reader: &mut Reader) -> Option<Vec<SocketAddr>> {
    let nameservers = many::<Nameserver>(fields, "nameservers", reader)?;
    Some(
        nameservers
            .into_iter()
            .map(|nameserver| nameserver.0)
            .collect(),
    )
}

fn duration(
    fields: &mut Fields<'_>,
    key: &'static str,
    within: (Duration, Duration),
    reader: &mut Reader,
) -> Option<Duration> {
    let at = fields.get(key)?;
    let text = at.text(reader)?;
    parse_duration(&text, within)
        .map_err(|why| reader.wrong(&at, why))
        .ok()
}

fn one<T>(fields: &mut Fields<'_>, key: &'static str, reader: &mut Reader) -> Option<T>
where
    T: FromStr,
    T::Err: std::fmt::Display,
{
    fields.get(key)?.parsed(reader)
}

fn many<T>(fields: &mut Fields<'_>, key: &'static str, reader: &mut Reader) -> Option<Vec<T>>
where
    T: FromStr,
    T::Err: std::fmt::Display,
{
    let items = fields.get(key)?.one_or_many(reader)?;
    Some(items.iter().filter_map(|at| at.parsed(reader)).collect())
}

fn flag(fields: &mut Fields<'_>, key: &'static str, reader: &mut Reader) -> Option<bool> {
    fields.get(key)?.flag(reader)
}

fn paths(fields: &mut Fields<'_>, key: &'static str, reader: &mut Reader) -> Option<Vec<PathBuf>> {
    let items = fields.get(key)?.one_or_many(reader)?;
    Some(items.iter().filter_map(|at| at.path_in(reader)).collect())
}

fn origin(at: &Cursor<'_>, reader: &Reader) -> Origin {
    Origin::File {
        path: reader.file().to_owned(),
        line: at.line(),
    }
}
