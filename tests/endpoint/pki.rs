//! Authorities, certificates and hashes of passwords, as an operator makes them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, SanType};

use crate::LAB;

/// An authority, and who has certificates of it.
pub(crate) struct Pki {
    issuer: Issuer<'static, KeyPair>,
    authority: String,
    folder: PathBuf,
}

impl Pki {
    /// With files for callers: `ca.crt`, `client.crt` and `client.key`.
    pub(crate) fn new(name: &str) -> Self {
        let mut params = CertificateParams::new([]).expect("no name is wrong");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
            .distinguished_name
            .push(rcgen::DnType::CommonName, name);
        let key = KeyPair::generate().expect("a key");
        let authority = params.self_signed(&key).expect("a certificate").pem();
        let folder = LAB.folder().join(format!("callers-{name}"));
        fs::create_dir(&folder).expect("a new folder");
        let pki = Self {
            issuer: Issuer::new(params, key),
            authority,
            folder,
        };
        write(&pki.folder, "ca.crt", &pki.authority);
        let (certificate, key) = pki.issue("prometheus.example");
        write(&pki.folder, "client.crt", &certificate);
        write(&pki.folder, "client.key", &key);
        pki
    }

    /// A certificate for a name and the node's addresses, and its key.
    pub(crate) fn issue(&self, name: &str) -> (String, String) {
        let mut params = CertificateParams::new([name.to_owned()]).expect("a name");
        let addresses = [LAB.node_address().into(), [127, 0, 0, 1].into()];
        params
            .subject_alt_names
            .extend(addresses.map(SanType::IpAddress));
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        (certificate.pem(), key.serialize_pem())
    }

    /// What an agent needs: `ca.crt`, `tls.crt` and `tls.key`.
    pub(crate) fn lay_into(&self, folder: &Path) {
        let (certificate, key) = self.issue("node-1.example");
        write(folder, "ca.crt", &self.authority);
        write(folder, "tls.crt", &certificate);
        write(folder, "tls.key", &key);
    }

    /// A file of a caller.
    pub(crate) fn file(&self, name: &str) -> String {
        self.folder
            .join(name)
            .to_str()
            .expect("a path of plain letters")
            .to_owned()
    }
}

/// The part of a web config about the agent's files, with more lines.
pub(crate) fn tls(more: &str) -> String {
    let usual = ["cert_file: tls.crt", "key_file: tls.key"].into_iter();
    let lines: Vec<String> = usual
        .chain(more.lines())
        .map(|line| format!("  {line}\n"))
        .collect();
    format!("tls_server_config:\n{}", lines.concat())
}

/// What the documentation says that prints a hash.
pub(crate) fn hash(password: &str, cost: u32) -> String {
    let mut htpasswd = Command::new("htpasswd");
    htpasswd.args(["-nbBC", &cost.to_string(), "", password]);
    let output = htpasswd
        .output()
        .expect("htpasswd starts (Debian's package apache2-utils)");
    let text = String::from_utf8(output.stdout).expect("text");
    text.trim().trim_start_matches(':').to_owned()
}

fn write(folder: &Path, name: &str, text: &str) {
    fs::write(folder.join(name), text).expect("a new file");
}
