//! The private authorities of a lab and the certificates that they sign. Valid for a few days only.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};

use crate::directory::Site;

const DAY: Duration = Duration::from_hours(24);

/// The certificate of the authority that signs for the hosts, in the folder of certificates.
pub(crate) const CA: &str = "ca.pem";
/// The certificate of the authority that a firewall signs with when it opens TLS.
pub(crate) const INSPECTION_CA: &str = "inspection-ca.pem";
/// The same with its key.
pub(crate) const INSPECTION_SIGNER: &str = "inspection-signer.pem";

/// When a certificate is valid.
#[derive(Clone, Copy)]
pub(crate) enum Validity {
    Now,
    Over,
    ToCome,
}

/// An authority whose certificate lies in `ca.pem`.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// One key for all hosts: nobody relies on its secrecy, and making 90 keys costs time.
    host_key: KeyPair,
    folder: PathBuf,
}

impl Authority {
    /// Makes the authorities, and writes what this module names and the hosts' `key.pem` into the folder.
    pub(crate) fn create(folder: &Path) -> Result<Self> {
        let (params, key, certificate) = authority("egress-lab private authority")?;
        let host_key = KeyPair::generate()?;
        fs::write(folder.join(CA), certificate).context("writing ca.pem")?;
        fs::write(folder.join("key.pem"), host_key.serialize_pem())?;
        let (_, inspection_key, certificate) = authority("egress-lab inspection authority")?;
        let signer = certificate.clone() + &inspection_key.serialize_pem();
        fs::write(folder.join(INSPECTION_CA), certificate)?;
        fs::write(folder.join(INSPECTION_SIGNER), signer)?;
        Ok(Self {
            issuer: Issuer::new(params, key),
            host_key,
            folder: folder.to_owned(),
        })
    }

    /// Writes a certificate for all names of the host.
    pub(crate) fn issue(&self, site: &Site) -> Result<PathBuf> {
        let names = site.spec.names().cloned().collect();
        self.sign(&site.spec.name, names, Validity::Now)
    }

    /// Writes `NAME.pem`, a certificate for these names.
    pub(crate) fn sign(
        &self,
        name: &str,
        names: Vec<String>,
        validity: Validity,
    ) -> Result<PathBuf> {
        let mut params = valid(CertificateParams::new(names)?, validity);
        let common_name = name.chars().take(64).collect::<String>();
        let subject = &mut params.distinguished_name;
        subject.push(DnType::CommonName, common_name);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let certificate = params
            .signed_by(&self.host_key, &self.issuer)
            .with_context(|| format!("a certificate for {name}"))?;
        let path = self.folder.join(format!("{name}.pem"));
        fs::write(&path, certificate.pem())?;
        Ok(path)
    }

    /// A certificate and its key in one file, as haproxy wants it.
    pub(crate) fn with_key(&self, certificate: &Path) -> Result<PathBuf> {
        let path = certificate.with_extension("both.pem");
        let both = fs::read_to_string(certificate)? + &self.host_key.serialize_pem();
        fs::write(&path, both)?;
        Ok(path)
    }
}

/// What it is made of, its key, and its certificate.
fn authority(name: &str) -> Result<(CertificateParams, KeyPair, String)> {
    let mut params = valid(CertificateParams::new([])?, Validity::Now);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.distinguished_name.push(DnType::CommonName, name);
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?.pem();
    Ok((params, key, certificate))
}

fn valid(mut params: CertificateParams, validity: Validity) -> CertificateParams {
    let now = SystemTime::now();
    let (begin, end) = match validity {
        Validity::Now => (now - DAY, now + 7 * DAY),
        Validity::Over => (now - 7 * DAY, now - DAY),
        Validity::ToCome => (now + DAY, now + 7 * DAY),
    };
    params.not_before = begin.into();
    params.not_after = end.into();
    params
}
