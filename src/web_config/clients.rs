//! Client certificates: what each auth type asks for, and which certificates are let through.

use std::net::IpAddr;
use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::PemSource;
use crate::labels::closed_set;
use crate::yaml::{Cursor, Reader};

closed_set! {
    /// What is asked of clients, in the words of Go's crypto/tls.
    #[derive(Default)]
    pub enum ClientAuth {
        /// Nothing.
        #[default]
        None = "NoClientCert",
        /// A certificate, if there is one, whoever vouches for it.
        Request = "RequestClientCert",
        /// A certificate, whoever vouches for it.
        RequireAny = "RequireAnyClientCert",
        /// The same in the words of old files.
        Require = "RequireClientCert",
        /// A certificate that is verified, if there is one.
        VerifyIfGiven = "VerifyClientCertIfGiven",
        /// A certificate that is verified.
        RequireAndVerify = "RequireAndVerifyClientCert",
    }
}

impl ClientAuth {
    /// Whether pages are only for those with a certificate.
    pub const fn is_required(self) -> bool {
        matches!(
            self,
            Self::RequireAny | Self::Require | Self::RequireAndVerify
        )
    }

    /// Whether somebody must vouch for a certificate.
    pub const fn is_verified(self) -> bool {
        matches!(self, Self::VerifyIfGiven | Self::RequireAndVerify)
    }

    /// Whether the rest of the form goes with it.
    pub(super) fn check(
        self,
        at: &Cursor<'_>,
        authority: Option<&PemSource>,
        sans: Option<&Cursor<'_>>,
        reader: &mut Reader,
    ) {
        if self.is_verified() && authority.is_none() {
            reader.wrong(
                at,
                format!("{self} needs `client_ca_file`: without it nobody vouches for clients"),
            );
        }
        if self == Self::None && authority.is_some() {
            let message = "`client_ca_file` has no effect without `client_auth_type`; write \
                           `client_auth_type: RequireAndVerifyClientCert`";
            reader.wrong(at, message);
        }
        if let Some(sans) = sans.filter(|_| !self.is_required()) {
            let message = "needs `client_auth_type: RequireAndVerifyClientCert` or `RequireAnyClientCert`: other \
                           clients have no name";
            reader.wrong(sans, message);
        }
    }
}

/// Looks at the certificates of clients. None is required in the handshake: the kubelet, which has none, must reach the
/// health pages, and who asks for others is told so in words.
#[derive(Debug)]
pub(super) struct Verifier {
    /// Absent: anybody may vouch.
    pub(super) authorities: Option<Arc<dyn ClientCertVerifier>>,
    pub(super) hints: Vec<DistinguishedName>,
    pub(super) allowed_sans: Vec<String>,
    pub(super) provider: Arc<CryptoProvider>,
}

impl ClientCertVerifier for Verifier {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.hints
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        if let Some(authorities) = &self.authorities {
            authorities.verify_client_cert(end_entity, intermediates, now)?;
        }
        if !self.allowed_sans.is_empty() {
            let names = names(end_entity).ok_or(CertificateError::BadEncoding)?;
            if !names.iter().any(|name| self.allowed_sans.contains(name)) {
                return Err(CertificateError::ApplicationVerificationFailure.into());
            }
        }
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

/// The subject alternative names of a certificate, spelled as exporter-toolkit compares them.
fn names(certificate: &CertificateDer<'_>) -> Option<Vec<String>> {
    let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
    let extension = certificate.subject_alternative_name().ok()?;
    let names = extension.map(|extension| extension.value.general_names.as_slice());
    let spelled = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(text) | GeneralName::RFC822Name(text) | GeneralName::URI(text) => {
            Some((*text).to_owned())
        }
        GeneralName::IPAddress(bytes) => address(bytes).map(|address| address.to_string()),
        _ => None,
    };
    Some(
        names
            .unwrap_or_default()
            .iter()
            .filter_map(spelled)
            .collect(),
    )
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from))
        .ok()
}
