//! Who may vouch for certificates: bundled public roots, and CA files read once when the configuration is loaded.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::client::{ClientConfig, Resumption, WebPkiServerVerifier};
use rustls::crypto::CryptoProvider;
use rustls::crypto::ring::default_provider;
use rustls::{CipherSuite, RootCertStore, version};

use super::files::{Loader, TrustError};
use super::verifier::{Anchors, RecordingVerifier};
use crate::outcome::VouchedBy;
use crate::target::Trust;

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
        let provider = Arc::new(provider());
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
    ///
    /// The CA files of the agent are mostly those of an inspector, so that they never pass for the CA that is
    /// expected of a server. What a certificate means that only they vouch for depends on who else is known:
    /// beside public roots or an expected CA, somebody re-signed it; with `tls.roots: none` and no expected CA
    /// they are the whole trust store (an air-gapped network, a lab), for the API server too, and it is
    /// the server's own.
    pub(super) fn anchors(&self, trust: &Trust) -> Anchors {
        let expected = match trust {
            Trust::Public => None,
            Trust::Cluster => self.cluster.as_ref(),
            Trust::Files(files) => self.entries.get(files),
        };
        let verifiers = [
            (self.bundled.as_ref(), VouchedBy::PublicRoot),
            (expected, VouchedBy::ExpectedCa),
            (self.given.as_ref(), VouchedBy::GivenCa),
        ];
        Anchors {
            verifiers: verifiers
                .into_iter()
                .filter_map(|(verifier, vouched_by)| Some((Arc::clone(verifier?), vouched_by)))
                .collect(),
            missing: match expected {
                Some(_) => None,
                None => self.missing(trust),
            },
            given_re_signs: self.bundled.is_some() || expected.is_some(),
        }
    }

    /// What the agent would need before an unknown issuer says anything, when no CA is expected of the server.
    fn missing(&self, trust: &Trust) -> Option<&'static str> {
        match (trust, &self.bundled, &self.given) {
            // No public root signs an API server, and CA files beside public roots are rarely the cluster's.
            (Trust::Cluster, Some(_), _) | (Trust::Cluster, _, None) => {
                Some("the agent was not given the cluster's CA: set tls.cluster_ca_file")
            }
            (Trust::Files(_), ..) => Some("the CA files of this entry were not loaded"),
            (Trust::Public, None, None) => {
                Some("nobody may vouch for certificates: tls.roots is none and ca_files is empty")
            }
            (Trust::Public, ..) | (Trust::Cluster, None, Some(_)) => None,
        }
    }

    /// A configuration for one handshake, which records into `verifier`.
    pub(super) fn client_config(
        &self,
        verifier: Arc<RecordingVerifier>,
        alpn: Vec<Vec<u8>>,
    ) -> ClientConfig {
        let mut config = self.base.clone();
        config.client_auth_cert_resolver = Arc::<RecordingVerifier>::clone(&verifier);
        config.dangerous().set_certificate_verifier(verifier);
        config.alpn_protocols = alpn;
        config
    }
}

pub(super) fn base_config(provider: &Arc<CryptoProvider>) -> Result<ClientConfig, TrustError> {
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

/// AES-128 is offered first, as kubelet, containerd and everything else that Go made do: a server that leaves the choice to
/// its clients gives the agent what it gives them, and the hash that comes with it is the cheaper one.
fn provider() -> CryptoProvider {
    let mut provider = default_provider();
    provider
        .cipher_suites
        .sort_by_key(|suite| suite.suite() != CipherSuite::TLS13_AES_128_GCM_SHA256);
    provider
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::super::testing::Authority;
    use super::*;

    fn load(path: &Path) -> Result<TlsTrust, Vec<TrustError>> {
        TlsTrust::load(&TrustConfig {
            ca_files: vec![path.to_owned()],
            ..TrustConfig::default()
        })
    }

    #[test]
    fn aes_128_is_offered_first_and_nothing_is_left_out() {
        let suites = |provider: CryptoProvider| -> Vec<CipherSuite> {
            let suites = provider.cipher_suites.iter();
            suites.map(rustls::SupportedCipherSuite::suite).collect()
        };
        let (ours, usual) = (suites(provider()), suites(default_provider()));
        assert_eq!(ours[0], CipherSuite::TLS13_AES_128_GCM_SHA256);
        assert_eq!(ours.len(), usual.len());
        assert!(usual.iter().all(|suite| ours.contains(suite)));
    }

    fn write(directory: &Path, name: &str, content: &[u8]) -> PathBuf {
        let path = directory.join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    #[test]
    fn every_file_that_cannot_be_used_is_reported_at_once() {
        let directory = tempfile::tempdir().unwrap();
        let directory = directory.path();
        let authority = Authority::new();
        let good = std::fs::read(authority.file()).unwrap();
        let broken: &[u8] = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        let broken = write(directory, "broken.pem", &[&good, broken].concat());
        let cut = write(directory, "cut.pem", &good[..good.len() / 2]);
        let empty = write(directory, "empty.pem", b"# nothing\n");
        let large = write(directory, "large.pem", &b"#".repeat(1 << 21));
        let absent = directory.join("absent");
        let errors = TlsTrust::load(&TrustConfig {
            bundled: true,
            ca_files: vec![empty.clone(), absent.clone()],
            cluster_ca_file: Some(broken.clone()),
            entry_files: vec![
                vec![authority.file(), cut.clone()],
                vec![directory.to_owned(), large.clone(), empty.clone()],
            ],
        })
        .unwrap_err();
        let paths: Vec<_> = errors.iter().map(|error| error.path.clone()).collect();
        let expected = [empty, absent, broken, cut, directory.to_owned(), large];
        assert_eq!(paths, expected);
        let lines = String::from_utf8(good).unwrap().lines().count();
        assert_eq!(errors[2].line, Some(lines + 1));
        let shown = errors[3].to_string();
        assert!(shown.contains("cut.pem:1: "), "{shown}");
    }

    #[test]
    fn a_bundle_with_other_sections_gives_its_certificates() {
        let authority = Authority::new();
        let bundle = std::fs::read_to_string(authority.file()).unwrap();
        let path = authority.file().with_file_name("bundle.pem");
        std::fs::write(&path, format!("Subject: x\r\n{bundle}# end\n{bundle}")).unwrap();
        let trust = load(&path).unwrap();
        assert_eq!(trust.anchors(&Trust::Public).verifiers.len(), 1);
    }

    #[test]
    fn public_roots_are_asked_first_and_the_agents_ca_files_last() {
        let authority = Authority::new();
        let trust = TlsTrust::load(&TrustConfig {
            bundled: true,
            ca_files: vec![authority.file()],
            cluster_ca_file: Some(authority.file()),
            entry_files: Vec::new(),
        })
        .unwrap();
        let order: Vec<_> = trust
            .anchors(&Trust::Cluster)
            .verifiers
            .iter()
            .map(|(_, vouched_by)| *vouched_by)
            .collect();
        let expected = [
            VouchedBy::PublicRoot,
            VouchedBy::ExpectedCa,
            VouchedBy::GivenCa,
        ];
        assert_eq!(order, expected);
    }
}
