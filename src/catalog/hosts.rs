//! Hosts in a catalogue file: literal names, names with parameters, and documented wildcards.

use super::entry::{Confidence, HostPattern};
use super::template::Template;
use crate::yaml::{Content, Cursor, Reader};

/// One item of `hosts`.
pub(super) fn host_pattern(at: &Cursor<'_>, reader: &mut Reader) -> Option<HostPattern> {
    match at.content() {
        Content::Map(_) => documented(at, reader),
        _ => literal(at, reader),
    }
}

fn literal(at: &Cursor<'_>, reader: &mut Reader) -> Option<HostPattern> {
    let text = at.text(reader)?;
    if text.contains('*') {
        let example = format!("{{pattern: \"{text}\", probe: [\"a-name-that-exists.example\"]}}");
        reader.wrong(
            at,
            format!("`{text}` is a wildcard and cannot be probed as it stands; write {example}"),
        );
        return None;
    }
    let template = host_template(at, reader)?;
    Some(HostPattern {
        pattern: text,
        probe: vec![template],
        confidence: None,
        service_tag: None,
    })
}

fn documented(at: &Cursor<'_>, reader: &mut Reader) -> Option<HostPattern> {
    let mut fields = at.fields(reader)?;
    let pattern = fields
        .require("pattern", reader)
        .and_then(|at| at.text(reader));
    let probe = fields
        .require("probe", reader)
        .and_then(|list| list.items(reader));
    let confidence = fields
        .get("confidence")
        .and_then(|at| at.parsed::<Confidence>(reader));
    let service_tag = fields
        .get("service_tag")
        .and_then(|at| host_template(&at, reader));
    fields.finish(reader);
    let probe = probe.map(|items| {
        items
            .iter()
            .filter_map(|at| host_template(at, reader))
            .collect()
    });
    Some(HostPattern {
        pattern: pattern?,
        probe: probe?,
        confidence,
        service_tag,
    })
}

fn host_template(at: &Cursor<'_>, reader: &mut Reader) -> Option<Template> {
    let text = at.text(reader)?;
    let template = at.parsed::<Template>(reader)?;
    // Parameters stand for labels; what is left must look like a host.
    let sample = text
        .replace(['{', '}'], "")
        .to_lowercase()
        .replace('_', "-");
    match check_host(&sample) {
        Ok(()) => Some(template),
        Err(why) => {
            reader.wrong(at, format!("`{text}` {why}"));
            None
        }
    }
}

/// Whether `host` is an address, or a name as RFC 1123 section 2.1 has it (underscores are let through: they occur).
///
/// # Errors
/// What is wrong, to be read behind the name.
pub(crate) fn check_host(host: &str) -> Result<(), &'static str> {
    const LONGEST_NAME: usize = 253;
    const LONGEST_LABEL: usize = 63;
    if host.parse::<std::net::IpAddr>().is_ok() {
        return Ok(());
    }
    if host.contains("://") {
        return Err("is a URL; write the host alone, the protocol and port go under `protocols`");
    }
    if host.contains('/') {
        return Err("has a path or prefix length; write the host alone");
    }
    if host.contains(':') {
        return Err("has a port; ports go under `protocols`");
    }
    if host.contains('*') {
        return Err("is a wildcard; write a name that exists");
    }
    if host.is_empty() || host.len() > LONGEST_NAME {
        return Err("is not a host name: it must have 1 to 253 characters");
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let label = |label: &str| {
        (1..=LONGEST_LABEL).contains(&label.len())
            && label.chars().all(plain)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if !host.split('.').all(label) {
        return Err(
            "is not a host name: labels are letters, digits and dashes, 1 to 63 of them, without a dash at an end",
        );
    }
    Ok(())
}
