//! What the server goes by: the web config with everything that it names, checked.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use axum::http::{HeaderName, HeaderValue};
use rustls::crypto::{CryptoProvider, ring};
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::{ProtocolVersion, ServerConfig, SupportedCipherSuite, sign::SingleCertAndKey};

use super::clients::Verifier;
use super::pem::Loader;
use super::tls::Suites;
use super::{Bucket, TlsForm, Users, WebConfig};
use crate::problem::Problems;

/// Replaced as a whole when the configuration is reloaded. The default is open to all, over plain HTTP.
#[derive(Default)]
pub struct Access {
    /// TLS, unless HTTP is plain.
    pub tls: Option<Arc<ServerConfig>>,
    /// Whether pages are only for those with a client certificate.
    pub certificate_required: bool,
    /// Whether they are only for those with a password, and with which.
    pub users: Users,
    /// What every answer has, over the agent's own headers.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// How many requests are answered.
    pub bucket: Option<Bucket>,
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access").finish_non_exhaustive()
    }
}

impl Access {
    pub(super) fn new(
        file: &Path,
        config: WebConfig,
        note: &mut dyn FnMut(&Path),
    ) -> Result<Self, Problems> {
        let mut loader = Loader {
            file,
            note,
            problems: Problems::default(),
        };
        let tls = config
            .tls
            .as_ref()
            .and_then(|form| server_config(form, &mut loader));
        loader.problems.into_result()?;
        Ok(Self {
            tls: tls.map(Arc::new),
            certificate_required: config
                .tls
                .is_some_and(|form| form.client_auth.is_required()),
            users: config.users,
            headers: config.headers,
            bucket: config.rate.map(Bucket::new),
        })
    }
}

fn server_config(form: &TlsForm, loader: &mut Loader<'_>) -> Option<ServerConfig> {
    let provider = Arc::new(provider(form));
    let identity = identity(form, &provider, loader);
    let verifier = verifier(form, &provider, loader);
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
    let builder = builder.with_protocol_versions(&form.protocol_versions()).map_err(|_| {
        let message = "no cipher suite is left for these versions of TLS: see `min_version`, `max_version` and \
                       `cipher_suites`";
        loader.wrong(form.certificate.place(), message);
    });
    let builder = match verifier {
        Verification::Off => builder.ok()?.with_no_client_auth(),
        Verification::By(verifier) => builder.ok()?.with_client_cert_verifier(Arc::new(verifier)),
        Verification::Impossible => return None,
    };
    let mut config = builder.with_cert_resolver(Arc::new(SingleCertAndKey::from(identity?)));
    config.ignore_client_order = form.prefer_server;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    // A connection carries one request, and a scraper comes twice a minute: what could be resumed would only be kept.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Some(config)
}

fn provider(form: &TlsForm) -> CryptoProvider {
    let mut provider = ring::default_provider();
    if !form.suites.is_empty() {
        provider.cipher_suites = suites(form, provider.cipher_suites);
    }
    if !form.curves.is_empty() {
        provider.kx_groups = form.curves.iter().map(|curve| curve.group()).collect();
    }
    provider
}

/// Names of TLS 1.2 suites say nothing of TLS 1.3, as in Go.
fn suites(form: &TlsForm, usual: Suites) -> Suites {
    let is_13 = |suite: &SupportedCipherSuite| suite.version().version == ProtocolVersion::TLSv1_3;
    let mut suites = form.suites.clone();
    if !suites.iter().any(is_13) {
        suites.splice(0..0, usual.into_iter().filter(is_13));
    }
    suites
}

fn identity(
    form: &TlsForm,
    provider: &CryptoProvider,
    loader: &mut Loader<'_>,
) -> Option<CertifiedKey> {
    let chain = loader.certificates(&form.certificate);
    let key = loader.private_key(&form.key)?;
    let identity = CertifiedKey::from_der(chain?, key, provider);
    identity
        .map_err(|error| {
            loader.wrong(
                form.key.place(),
                format!("does not go with the certificate: {error}"),
            );
        })
        .ok()
}

enum Verification {
    Off,
    By(Verifier),
    Impossible,
}

fn verifier(
    form: &TlsForm,
    provider: &Arc<CryptoProvider>,
    loader: &mut Loader<'_>,
) -> Verification {
    if form.client_auth == super::ClientAuth::None {
        return Verification::Off;
    }
    let mut verifier = Verifier {
        authorities: None,
        hints: Vec::new(),
        allowed_sans: form.client_allowed_sans.clone(),
        provider: Arc::clone(provider),
    };
    let Some(source) = &form.client_ca else {
        return Verification::By(verifier);
    };
    let Some(roots) = loader.authorities(source) else {
        return Verification::Impossible;
    };
    verifier.hints = roots.subjects();
    if form.client_auth.is_verified() {
        let builder =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider));
        match builder.build() {
            Ok(authorities) => verifier.authorities = Some(authorities),
            Err(error) => {
                loader.wrong(source.place(), error.to_string());
                return Verification::Impossible;
            }
        }
    }
    Verification::By(verifier)
}
