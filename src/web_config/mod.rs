//! Who may read the pages, and over what: the web config file, in the form of Prometheus' exporter-toolkit.
//!
//! [`parse`] is the form of the file alone, [`load`] also reads the certificates that it names. What this agent cannot
//! do is refused with a sentence, never passed over.

mod access;
mod bucket;
mod clients;
mod file;
mod headers;
mod pem;
mod secret;
#[cfg(test)]
mod tests;
mod tls;
mod users;

use std::path::Path;

pub use access::Access;
pub use bucket::Bucket;
pub use clients::ClientAuth;
pub use file::{Rate, WebConfig, parse};
pub use pem::{PemSource, Place};
pub use secret::Secret;
pub use tls::{Curve, Suites, TlsForm, Version};
pub use users::Users;

use crate::problem::Problems;
use crate::yaml;

/// Reads a web config file and every file that it names; `note` is told of each before it is read.
///
/// # Errors
/// Everything that is wrong in any of them.
pub fn load(file: &Path, note: &mut dyn FnMut(&Path)) -> Result<Access, Problems> {
    note(file);
    let config = parse(file, &yaml::read(file)?)?;
    Access::new(file, config, note)
}
