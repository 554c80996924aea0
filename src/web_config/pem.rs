//! Certificates and keys: where they come from, and reading them.

use std::path::{Path, PathBuf};

use rustls::RootCertStore;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::Secret;
use crate::file;
use crate::problem::Problems;
use crate::yaml::{Cursor, Fields, Reader};

/// Where something stands in the web config file.
#[derive(Debug, Clone)]
pub struct Place {
    /// Counted from 1.
    pub line: u64,
    /// The key.
    pub path: String,
}

impl Place {
    pub(super) fn of(at: &Cursor<'_>) -> Self {
        Self {
            line: at.line(),
            path: at.path().to_owned(),
        }
    }
}

/// Something in PEM.
#[derive(Debug, Clone)]
pub enum PemSource {
    /// It stands in the web config file itself.
    Inline(Secret, Place),
    /// It stands in this file.
    File(PathBuf, Place),
}

impl PemSource {
    /// What `key` says, or the file that `file_key` names; one of them at most.
    pub(super) fn form(
        fields: &mut Fields<'_>,
        [key, file_key]: [&'static str; 2],
        reader: &mut Reader,
    ) -> Option<Self> {
        let (inline, named) = (fields.get(key), fields.get(file_key));
        match (inline, named) {
            (Some(at), Some(_)) => {
                let message = format!("stands beside `{file_key}`; keep one of them");
                reader.wrong(&at, message);
                None
            }
            (Some(at), None) => Some(Self::Inline(Secret::new(at.text(reader)?), Place::of(&at))),
            // A path is repeated when it is wrong; a key must not be.
            (None, Some(at)) if at.text(reader)?.contains("-----BEGIN") => {
                reader.wrong(
                    &at,
                    format!("is PEM, not the name of a file; write it under `{key}`"),
                );
                None
            }
            (None, Some(at)) => Some(Self::File(at.path_in(reader)?, Place::of(&at))),
            (None, None) => None,
        }
    }

    pub(super) const fn place(&self) -> &Place {
        match self {
            Self::Inline(_, place) | Self::File(_, place) => place,
        }
    }

    fn bytes(&self, note: &mut dyn FnMut(&Path)) -> Result<Vec<u8>, String> {
        match self {
            Self::Inline(text, _) => Ok(text.reveal().as_bytes().to_vec()),
            Self::File(path, _) => {
                note(path);
                file::read(path, file::LARGEST).map_err(|error| error.to_string())
            }
        }
    }

    /// The file's name before what is wrong with it.
    fn told(&self, message: &str) -> String {
        match self {
            Self::Inline(..) => message.to_owned(),
            Self::File(path, _) => format!("{} {message}", path.display()),
        }
    }
}

/// Reads what a web config file names, and collects what is wrong with it.
pub(super) struct Loader<'a> {
    pub(super) file: &'a Path,
    pub(super) note: &'a mut dyn FnMut(&Path),
    pub(super) problems: Problems,
}

impl Loader<'_> {
    pub(super) fn wrong(&mut self, place: &Place, message: impl Into<String>) {
        self.problems
            .add(self.file, Some(place.line), &place.path, message);
    }

    fn read<T>(
        &mut self,
        source: &PemSource,
        read: impl FnOnce(&[u8]) -> Result<T, String>,
    ) -> Option<T> {
        let read = source.bytes(self.note).and_then(|bytes| read(&bytes));
        read.map_err(|message| self.wrong(source.place(), source.told(&message)))
            .ok()
    }

    pub(super) fn certificates(
        &mut self,
        source: &PemSource,
    ) -> Option<Vec<CertificateDer<'static>>> {
        self.read(source, certificates)
    }

    pub(super) fn authorities(&mut self, source: &PemSource) -> Option<RootCertStore> {
        self.read(source, |bytes| {
            let mut roots = RootCertStore::empty();
            for certificate in certificates(bytes)? {
                let added = roots.add(certificate);
                added.map_err(|error| format!("is not a CA certificate: {error}"))?;
            }
            Ok(roots)
        })
    }

    pub(super) fn private_key(&mut self, source: &PemSource) -> Option<PrivateKeyDer<'static>> {
        self.read(source, |bytes| {
            PrivateKeyDer::from_pem_slice(bytes).map_err(|error| match error {
                pem::Error::NoItemsFound => {
                    "holds no PEM private key (one that is encrypted cannot be used)".to_owned()
                }
                // Other errors might quote the key.
                _ => "is not PEM".to_owned(),
            })
        })
    }
}

fn certificates(bytes: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(bytes).collect();
    let certificates = certificates.map_err(|_| "is not PEM".to_owned())?;
    if certificates.is_empty() {
        return Err("holds no PEM certificate".to_owned());
    }
    Ok(certificates)
}
