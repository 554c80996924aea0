//! The private authority of a lab and the certificates that it signs. Valid for a few days only.

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

/// An authority whose certificate lies in `ca.pem`.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// One key for all hosts: nobody relies on its secrecy, and making 90 keys costs time.
    host_key: KeyPair,
    folder: PathBuf,
}

impl Authority {
    /// Makes an authority, and writes `ca.pem` and the hosts' `key.pem` into the folder.
    pub(crate) fn create(folder: &Path) -> Result<Self> {
        let mut params = validity(CertificateParams::new([])?);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let name = &mut params.distinguished_name;
        name.push(DnType::CommonName, "egress-lab private authority");
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?;
        let host_key = KeyPair::generate()?;
        fs::write(folder.join("ca.pem"), certificate.pem()).context("writing ca.pem")?;
        fs::write(folder.join("key.pem"), host_key.serialize_pem())?;
        Ok(Self {
            issuer: Issuer::new(params, key),
            host_key,
            folder: folder.to_owned(),
        })
    }

    /// Writes a certificate for the host's name and the further names its specification lists.
    pub(crate) fn issue(&self, site: &Site) -> Result<PathBuf> {
        let host = &site.spec.name;
        let mut names = vec![host.clone()];
        names.extend(site.spec.server_names.iter().cloned());
        let mut params = validity(CertificateParams::new(names)?);
        let common_name = host.chars().take(64).collect::<String>();
        let subject = &mut params.distinguished_name;
        subject.push(DnType::CommonName, common_name);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let certificate = params
            .signed_by(&self.host_key, &self.issuer)
            .with_context(|| format!("a certificate for {host}"))?;
        let path = self.folder.join(format!("{host}.pem"));
        fs::write(&path, certificate.pem())?;
        Ok(path)
    }
}

fn validity(mut params: CertificateParams) -> CertificateParams {
    let now = SystemTime::now();
    params.not_before = (now - DAY).into();
    params.not_after = (now + 7 * DAY).into();
    params
}
