//! CA files: PEM, read once, with every problem told by file and line.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::file;

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

/// Reads every file once, however many lists name it.
#[derive(Default)]
pub(super) struct Loader {
    files: HashMap<PathBuf, Vec<CertificateDer<'static>>>,
    /// All that is wrong with the files so far.
    pub(super) errors: Vec<TrustError>,
}

impl Loader {
    /// The certificates of all `paths`.
    pub(super) fn roots(&mut self, paths: &[PathBuf]) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        for path in paths {
            let certificates = self.files.entry(path.clone()).or_insert_with(|| {
                read_certificates(path).unwrap_or_else(|error| {
                    self.errors.push(error);
                    Vec::new()
                })
            });
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
    let pem = file::read(path, file::LARGEST).map_err(|error| problem(None, error.to_string()))?;
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

/// The line, from 1, where the certificate with this index begins.
fn certificate_line(pem: &[u8], index: usize) -> Option<usize> {
    pem.split(|byte| *byte == b'\n')
        .enumerate()
        .filter(|(_, line)| line.starts_with(b"-----BEGIN CERTIFICATE"))
        .nth(index)
        .map(|(number, _)| number + 1)
}
