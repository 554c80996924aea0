//! `tls_server_config`: its form, and what rustls has for each word of it.

use rustls::SupportedCipherSuite;
use rustls::SupportedProtocolVersion;
use rustls::crypto::SupportedKxGroup;
use rustls::crypto::ring::{cipher_suite, kx_group};
use rustls::version::{TLS12, TLS13};

use super::{ClientAuth, PemSource};
use crate::labels::closed_set;
use crate::yaml::{Cursor, Fields, Reader};

closed_set! {
    /// A version of TLS, as exporter-toolkit spells it.
    pub enum Version {
        /// 1.2.
        Tls12 = "TLS12",
        /// 1.3.
        Tls13 = "TLS13",
    }
}

closed_set! {
    /// A group for the exchange of keys, as exporter-toolkit spells it.
    pub enum Curve {
        /// The fastest.
        X25519 = "X25519",
        /// NIST's.
        P256 = "CurveP256",
        /// And the larger one.
        P384 = "CurveP384",
    }
}

impl Curve {
    pub(super) fn group(self) -> &'static dyn SupportedKxGroup {
        match self {
            Self::X25519 => kx_group::X25519,
            Self::P256 => kx_group::SECP256R1,
            Self::P384 => kx_group::SECP384R1,
        }
    }
}

/// Cipher suites in the order of preference; none: the usual ones.
pub type Suites = Vec<SupportedCipherSuite>;

const SUITES: [(&str, SupportedCipherSuite); 9] = [
    (
        "TLS_AES_128_GCM_SHA256",
        cipher_suite::TLS13_AES_128_GCM_SHA256,
    ),
    (
        "TLS_AES_256_GCM_SHA384",
        cipher_suite::TLS13_AES_256_GCM_SHA384,
    ),
    (
        "TLS_CHACHA20_POLY1305_SHA256",
        cipher_suite::TLS13_CHACHA20_POLY1305_SHA256,
    ),
    (
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    ),
    (
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    ),
    (
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
        cipher_suite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    ),
    (
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        cipher_suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    ),
    (
        "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        cipher_suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    ),
    (
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
        cipher_suite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    ),
];

/// What stands under `tls_server_config`.
#[derive(Debug, Clone)]
pub struct TlsForm {
    /// The server's certificate and those that lead from it to a root.
    pub certificate: PemSource,
    /// Its key.
    pub key: PemSource,
    /// Who vouches for clients.
    pub client_ca: Option<PemSource>,
    /// What is asked of clients.
    pub client_auth: ClientAuth,
    /// One of these must stand in a client's certificate; empty: any may.
    pub client_allowed_sans: Vec<String>,
    /// The versions that are spoken, oldest first.
    pub versions: Vec<Version>,
    /// Cipher suites.
    pub suites: Suites,
    /// Groups for the exchange of keys; none: the usual ones.
    pub curves: Vec<Curve>,
    /// Whether the order of the server's suites counts, not of the client's.
    pub prefer_server: bool,
}

impl TlsForm {
    pub(super) fn protocol_versions(&self) -> Vec<&'static SupportedProtocolVersion> {
        let version = |version: &Version| match version {
            Version::Tls12 => &TLS12,
            Version::Tls13 => &TLS13,
        };
        self.versions.iter().map(version).collect()
    }
}

pub(super) fn form(at: &Cursor<'_>, reader: &mut Reader) -> Option<TlsForm> {
    let mut fields = at.fields(reader)?;
    if fields.is_empty() {
        return None;
    }
    let f = &mut fields;
    let certificate = PemSource::form(f, ["cert", "cert_file"], reader);
    let key = PemSource::form(f, ["key", "key_file"], reader);
    let client_ca = PemSource::form(f, ["client_ca", "client_ca_file"], reader);
    let auth_at = f.get("client_auth_type");
    let client_auth: ClientAuth = auth_at
        .as_ref()
        .and_then(|at| at.parsed(reader))
        .unwrap_or_default();
    let sans_at = f.get("client_allowed_sans");
    let sans = sans_at.as_ref().and_then(|at| allowed(at, reader));
    let versions = versions(f, reader);
    let suites = each(f, "cipher_suites", reader, suite);
    let curves = each(f, "curve_preferences", reader, curve);
    let prefer_server = f
        .get("prefer_server_cipher_suites")
        .and_then(|at| at.flag(reader));
    for (key, found) in [("cert", certificate.is_some()), ("key", key.is_some())] {
        if !found && !f.has(key) && !f.has(&format!("{key}_file")) {
            reader.wrong(at, format!("`{key}_file` is missing"));
        }
    }
    client_auth.check(
        auth_at.as_ref().unwrap_or(at),
        client_ca.as_ref(),
        sans_at.as_ref(),
        reader,
    );
    fields.finish(reader);
    Some(TlsForm {
        certificate: certificate?,
        key: key?,
        client_ca,
        client_auth,
        client_allowed_sans: sans.unwrap_or_default(),
        versions,
        suites,
        curves,
        prefer_server: prefer_server.unwrap_or(true),
    })
}

/// An empty list lets in nobody by its words, and everybody if it is taken for none.
fn allowed(at: &Cursor<'_>, reader: &mut Reader) -> Option<Vec<String>> {
    let names = at.items(reader)?;
    if names.is_empty() {
        reader.wrong(at, "must have a name, or be left out");
    }
    Some(names.iter().filter_map(|at| at.text(reader)).collect())
}

fn versions(fields: &mut Fields<'_>, reader: &mut Reader) -> Vec<Version> {
    let least_at = fields.get("min_version");
    let most_at = fields.get("max_version");
    let least = least_at
        .as_ref()
        .and_then(|at| version(at, reader))
        .unwrap_or(Version::Tls12);
    let most = most_at
        .as_ref()
        .and_then(|at| version(at, reader))
        .unwrap_or(Version::Tls13);
    if let Some(at) = most_at.filter(|_| most < least) {
        reader.wrong(&at, format!("is older than `min_version`, {least}"));
    }
    let spoken = Version::ALL.iter().copied();
    spoken
        .filter(|version| (least..=most).contains(version))
        .collect()
}

fn version(at: &Cursor<'_>, reader: &mut Reader) -> Option<Version> {
    let text = at.text(reader)?;
    if ["TLS10", "TLS11"].contains(&text.as_str()) {
        reader.wrong(
            at,
            "TLS 1.0 and 1.1 are not spoken here; write TLS12 or TLS13",
        );
        return None;
    }
    at.parsed(reader)
}

fn each<T>(
    fields: &mut Fields<'_>,
    key: &'static str,
    reader: &mut Reader,
    read: impl Fn(&str) -> Result<T, String>,
) -> Vec<T> {
    let items = fields.get(key).and_then(|at| at.items(reader));
    let mut values = Vec::new();
    for at in items.unwrap_or_default() {
        match at.text(reader).map(|text| read(&text)) {
            Some(Ok(value)) => values.push(value),
            Some(Err(why)) => reader.wrong(&at, why),
            None => {}
        }
    }
    values
}

fn suite(name: &str) -> Result<SupportedCipherSuite, String> {
    let found = SUITES.iter().find(|(known, _)| *known == name);
    found.map(|(_, suite)| *suite).ok_or_else(|| {
        let known = SUITES.map(|(known, _)| known).join(", ");
        format!("`{name}` is not spoken here; leave it out, or take one of {known}")
    })
}

fn curve(name: &str) -> Result<Curve, String> {
    name.parse().map_err(|_| {
        let known = Curve::ALL.iter().map(|curve| curve.as_str());
        let known = known.collect::<Vec<_>>().join(", ");
        format!("`{name}` is not spoken here; leave it out, or take one of {known}")
    })
}
