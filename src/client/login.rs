//! What an agent with a web config wants of its callers: TLS, a certificate, a password.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};

use crate::file;

/// As people give it.
#[derive(Debug, Clone, Default)]
pub struct LoginFiles {
    /// Whether public roots may vouch for servers.
    pub bundled_roots: bool,
    /// CAs that may vouch for them.
    pub ca_files: Vec<PathBuf>,
    /// The caller's certificate and its key.
    pub certificate: Option<(PathBuf, PathBuf)>,
    /// A name, and the file with its password.
    pub user: Option<(String, PathBuf)>,
    /// The name that certificates of servers must have, if not that of the URL.
    pub tls_name: Option<String>,
}

/// A file that is of no use for it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {what}", file.display())]
pub struct LoginError {
    file: PathBuf,
    what: String,
}

/// Read and ready.
#[derive(Clone)]
pub struct Login {
    pub(super) tls: Arc<ClientConfig>,
    /// The value of the header.
    pub(super) authorization: Option<String>,
    tls_name: Option<String>,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").finish_non_exhaustive()
    }
}

impl Login {
    /// Reads the files.
    ///
    /// # Errors
    /// At the first that cannot be used.
    pub fn load(files: &LoginFiles) -> Result<Self, LoginError> {
        let authorization = match &files.user {
            Some((user, file)) => {
                let password =
                    String::from_utf8(read(file)?).map_err(|_| wrong(file, "is not UTF-8 text"))?;
                let login = format!("{user}:{}", password.trim_end_matches(['\r', '\n']));
                Some(format!("Basic {}", STANDARD.encode(login)))
            }
            None => None,
        };
        Ok(Self {
            tls: Arc::new(client_config(files)?),
            authorization,
            tls_name: files.tls_name.clone(),
        })
    }

    /// The name that a server's certificate must have; none if the host is no such name.
    pub(super) fn server_name(&self, host: &str) -> Option<ServerName<'static>> {
        let name = self.tls_name.as_deref().unwrap_or(host);
        ServerName::try_from(name.to_owned()).ok()
    }
}

fn client_config(files: &LoginFiles) -> Result<ClientConfig, LoginError> {
    let mut roots = RootCertStore::empty();
    if files.bundled_roots {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    for file in &files.ca_files {
        for certificate in certificates(file)? {
            let added = roots.add(certificate);
            added.map_err(|error| wrong(file, &format!("holds no CA certificate: {error}")))?;
        }
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions();
    // It has suites for both versions.
    let builder = builder.map_err(|error| wrong(Path::new("TLS"), &error.to_string()))?;
    let builder = builder.with_root_certificates(roots);
    let Some((certificate, key_file)) = &files.certificate else {
        return Ok(builder.with_no_client_auth());
    };
    let key = PrivateKeyDer::from_pem_slice(&read(key_file)?);
    let key = key.map_err(|_| {
        wrong(
            key_file,
            "holds no PEM private key (one that is encrypted cannot be used)",
        )
    })?;
    let config = builder.with_client_auth_cert(certificates(certificate)?, key);
    config.map_err(|error| {
        wrong(
            key_file,
            &format!("does not go with the certificate: {error}"),
        )
    })
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, LoginError> {
    let pem = read(file)?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let certificates = certificates.unwrap_or_default();
    if certificates.is_empty() {
        return Err(wrong(file, "holds no PEM certificate"));
    }
    Ok(certificates)
}

fn read(path: &Path) -> Result<Vec<u8>, LoginError> {
    file::read(path, file::LARGEST).map_err(|error| wrong(path, &error.to_string()))
}

fn wrong(file: &Path, what: &str) -> LoginError {
    LoginError {
        file: file.to_owned(),
        what: what.to_owned(),
    }
}
