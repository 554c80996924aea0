//! Who may vouch for certificates: bundled public roots, and CA files read once when the configuration is loaded.

use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::{ClientConfig, Resumption, WebPkiServerVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{RootCertStore, version};

use super::verifier::{Anchors, RecordingVerifier};
use crate::outcome::VouchedBy;
use crate::target::Trust;

/// A CA file larger than this is no CA file, in bytes. (All public roots in PEM are about 220 KiB.)
const LARGEST_FILE: u64 = 1024 * 1024;

/// What the configuration and the catalogue say about trust.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustConfig {
    /// Trust the public roots that are compiled in.
    pub bundled: bool,
    /// CA files of the agent, valid for every target.
    pub ca_files: Vec<PathBuf>,
    /// The CA of the cluster's API server.
    pub cluster_ca_file: Option<PathBuf>,
    /// Every list of CA files that a catalogue entry has.
    pub entry_files: Vec<Vec<PathBuf>>,
}

/// Why a CA file cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustError {
    /// The file.
    pub path: PathBuf,
    /// Where in the file, from 1.
    pub line: Option<usize>,
    /// What is wrong, in words.
    pub message: String,
}

impl fmt::Display for TrustError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}", self.message)
    }
}

impl std::error::Error for TrustError {}

type Verifier = Arc<WebPkiServerVerifier>;

/// Everything that certificates are judged by. Loaded once, shared by all attempts.
#[derive(Debug)]
pub struct TlsTrust {
    base: ClientConfig,
    bundled: Option<Verifier>,
    given: Option<Verifier>,
    cluster: Option<Verifier>,
    entries: HashMap<Vec<PathBuf>, Verifier>,
}

impl TlsTrust {
    /// Reads all CA files; reports all that is wrong with them at once.
    pub fn load(config: &TrustConfig) -> Result<Self, Vec<TrustError>> {
        let mut loader = Loader::default();
        let bundled = config.bundled.then(public_roots);
        let given = loader.roots(&config.ca_files);
        let cluster = loader.roots(config.cluster_ca_file.as_slice());
        let entries: Vec<_> = config
            .entry_files
            .iter()
            .map(|files| (files.clone(), loader.roots(files)))
            .collect();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let base = base_config(&provider);
        match base {
            Ok(base) if loader.errors.is_empty() => Ok(Self {
                base,
                bundled: bundled.and_then(|roots| verifier(roots, &provider)),
                given: verifier(given, &provider),
                cluster: verifier(cluster, &provider),
                entries: entries
                    .into_iter()
                    .filter_map(|(files, roots)| Some((files, verifier(roots, &provider)?)))
                    .collect(),
            }),
            Ok(_) => Err(loader.errors),
            Err(error) => Err(vec![error]),
        }
    }

    /// Who may vouch for a server of this kind, in the order in which they are asked.
    pub(super) fn anchors(&self, trust: &Trust) -> Anchors {
        let (expected, missing, given_as) = match trust {
            Trust::Public => (None, None, VouchedBy::GivenCa),
            Trust::Cluster => (
                self.cluster.as_ref(),
                self.cluster
                    .is_none()
                    .then_some("the agent was not given the cluster's CA: set tls.cluster_ca_file"),
                VouchedBy::ExpectedCa,
            ),
            Trust::Files(files) => {
                let listed = self.entries.get(files);
                let missing = listed
                    .is_none()
                    .then_some("the CA files of this entry were not loaded");
                (listed, missing, VouchedBy::ExpectedCa)
            }
        };
        let verifiers: Vec<_> = [
            (self.bundled.as_ref(), VouchedBy::PublicRoot),
            (expected, VouchedBy::ExpectedCa),
            (self.given.as_ref(), given_as),
        ]
        .into_iter()
        .filter_map(|(verifier, vouched_by)| Some((Arc::clone(verifier?), vouched_by)))
        .collect();
        let nobody = verifiers.is_empty().then_some(
            "nobody may vouch for certificates: tls.roots is none and tls.ca_files is empty",
        );
        Anchors {
            verifiers,
            missing: missing.or(nobody),
        }
    }

    /// Whether public roots are in use, so that a given CA is somebody who re-signs what they would vouch for.
    pub(super) const fn has_public_roots(&self) -> bool {
        self.bundled.is_some()
    }

    /// A configuration for one handshake, which records into `verifier`.
    pub(super) fn client_config(
        &self,
        verifier: Arc<RecordingVerifier>,
        alpn: Vec<Vec<u8>>,
    ) -> ClientConfig {
        let mut config = self.base.clone();
        config.dangerous().set_certificate_verifier(verifier);
        config.alpn_protocols = alpn;
        config
    }
}

fn base_config(provider: &Arc<CryptoProvider>) -> Result<ClientConfig, TrustError> {
    let config = ClientConfig::builder_with_provider(Arc::clone(provider))
        .with_protocol_versions(&[&version::TLS13, &version::TLS12])
        .map_err(|error| TrustError {
            path: PathBuf::new(),
            line: None,
            message: error.to_string(),
        })?;
    let mut config = config
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    // Every attempt proves the whole handshake, certificate included.
    config.resumption = Resumption::disabled();
    Ok(config)
}

fn public_roots() -> RootCertStore {
    webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect()
}

/// `None` when there is no root to verify with.
fn verifier(roots: RootCertStore, provider: &Arc<CryptoProvider>) -> Option<Verifier> {
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
        .build()
        .ok()
}

/// Reads every file once, however many lists name it.
#[derive(Default)]
struct Loader {
    files: HashMap<PathBuf, Vec<CertificateDer<'static>>>,
    errors: Vec<TrustError>,
}

impl Loader {
    fn roots(&mut self, paths: &[PathBuf]) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        for path in paths {
            let certificates = match self.files.get(path) {
                Some(certificates) => certificates,
                None => {
                    let read = read_certificates(path).unwrap_or_else(|error| {
                        self.errors.push(error);
                        Vec::new()
                    });
                    self.files.entry(path.clone()).or_insert(read)
                }
            };
            roots.add_parsable_certificates(certificates.iter().cloned());
        }
        roots
    }
}

fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TrustError> {
    let problem = |line, message: String| TrustError {
        path: path.to_owned(),
        line,
        message,
    };
    let pem = read_file(path).map_err(|message| problem(None, message))?;
    let mut certificates = Vec::new();
    let mut probe = RootCertStore::empty();
    for item in CertificateDer::pem_slice_iter(&pem) {
        let line = certificate_line(&pem, certificates.len());
        let certificate = item.map_err(|error| problem(line, format!("not PEM: {error}")))?;
        probe
            .add(certificate.clone())
            .map_err(|error| problem(line, format!("not a CA certificate: {error}")))?;
        certificates.push(certificate);
    }
    if certificates.is_empty() {
        return Err(problem(None, "holds no PEM certificate".to_owned()));
    }
    Ok(certificates)
}

fn read_file(path: &Path) -> Result<Vec<u8>, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let metadata = file.metadata().map_err(|error| error.to_string())?;
    if !metadata.is_file() {
        return Err("not a regular file".to_owned());
    }
    let mut pem = Vec::new();
    file.take(LARGEST_FILE + 1)
        .read_to_end(&mut pem)
        .map_err(|error| error.to_string())?;
    if pem.len() as u64 > LARGEST_FILE {
        return Err("larger than 1 MiB".to_owned());
    }
    Ok(pem)
}

/// The line, from 1, where the certificate with this index begins.
fn certificate_line(pem: &[u8], index: usize) -> Option<usize> {
    pem.split(|byte| *byte == b'\n')
        .enumerate()
        .filter(|(_, line)| line.starts_with(b"-----BEGIN CERTIFICATE"))
        .nth(index)
        .map(|(number, _)| number + 1)
}
