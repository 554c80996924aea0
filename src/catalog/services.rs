//! Protocols and ports in a catalogue file.

use super::entry::{Protocol, Service};
use super::file::texts;
use crate::yaml::{Cursor, Reader};

/// The map under `protocols`.
pub(super) fn services(map: &Cursor<'_>, reader: &mut Reader) -> Option<Vec<Service>> {
    let pairs = map.pairs(reader)?;
    if pairs.is_empty() {
        reader.wrong(
            map,
            "needs at least one protocol, such as `{https: {port: 443}}`",
        );
    }
    let mut services = Vec::new();
    for (word, at) in pairs {
        match word.parse::<Protocol>() {
            Ok(protocol) => services.extend(service(protocol, &at, reader)),
            Err(error) => reader.wrong(&at, error.to_string()),
        }
    }
    Some(services)
}

fn service(protocol: Protocol, at: &Cursor<'_>, reader: &mut Reader) -> Vec<Service> {
    let Some(mut fields) = at.fields(reader) else {
        return Vec::new();
    };
    let ports = match (fields.get("port"), protocol.default_port()) {
        (Some(port), _) => ports(&port, reader),
        (None, Some(port)) => vec![port],
        (None, None) => {
            reader.wrong(
                at,
                format!("`port` is missing: {protocol} has no usual one"),
            );
            Vec::new()
        }
    };
    let (mut alpn, mut server_name) = (Vec::new(), None);
    if protocol == Protocol::Https {
        alpn = fields
            .get("alpn")
            .map_or_else(Vec::new, |at| texts(&at, reader));
        server_name = fields.get("server_name").and_then(|at| at.text(reader));
    }
    fields.finish(reader);
    let service = |port| Service {
        protocol,
        port,
        alpn: alpn.clone(),
        server_name: server_name.clone(),
    };
    ports.into_iter().map(service).collect()
}

fn ports(at: &Cursor<'_>, reader: &mut Reader) -> Vec<u16> {
    let items = at.one_or_many(reader).unwrap_or_default();
    let port = |at: &Cursor<'_>| at.number(1, i64::from(u16::MAX), reader);
    items
        .iter()
        .filter_map(port)
        .filter_map(|port| u16::try_from(port).ok())
        .collect()
}
