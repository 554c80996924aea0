//! Verifies as webpki does, and keeps what was presented and who vouched for it. Never accepts what all refused.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ResolvesClientCert, WebPkiServerVerifier};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};

use crate::outcome::VouchedBy;

/// Who may vouch for one server.
#[derive(Debug)]
pub(super) struct Anchors {
    /// In the order in which they are asked.
    pub(super) verifiers: Vec<(Arc<WebPkiServerVerifier>, VouchedBy)>,
    /// What the agent would need to know before "nobody vouches for it" says anything about the network.
    pub(super) missing: Option<&'static str>,
    /// Whether others than the given CAs are known to vouch for such a server, so that a given CA re-signs.
    pub(super) given_re_signs: bool,
}

/// What the peer presented.
#[derive(Debug, Clone)]
pub(super) struct Presented {
    /// DER of the leaf.
    pub(super) leaf: CertificateDer<'static>,
    /// The leaf included.
    pub(super) chain_length: usize,
    /// Absent when the chain was refused.
    pub(super) vouched_by: Option<VouchedBy>,
}

/// The verifier of one handshake.
#[derive(Debug)]
pub(super) struct RecordingVerifier {
    anchors: Anchors,
    algorithms: WebPkiSupportedAlgorithms,
    presented: Mutex<Option<Presented>>,
    asked_for_certificate: AtomicBool,
}

impl RecordingVerifier {
    pub(super) fn new(anchors: Anchors) -> Self {
        Self {
            anchors,
            algorithms: rustls::crypto::ring::default_provider().signature_verification_algorithms,
            presented: Mutex::new(None),
            asked_for_certificate: AtomicBool::new(false),
        }
    }

    /// What was presented, if the handshake came that far.
    pub(super) fn presented(&self) -> Option<Presented> {
        self.presented
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Whether somebody vouched for what was presented.
    pub(super) fn accepted(&self) -> bool {
        self.presented()
            .is_some_and(|presented| presented.vouched_by.is_some())
    }

    /// Whether the server asked for a client's certificate.
    pub(super) fn asked_for_certificate(&self) -> bool {
        self.asked_for_certificate.load(Ordering::Relaxed)
    }

    /// See [`Anchors::missing`].
    pub(super) const fn missing(&self) -> Option<&'static str> {
        self.anchors.missing
    }

    /// Whether the chain was re-signed on the way.
    pub(super) fn re_signed(&self, vouched_by: Option<VouchedBy>) -> bool {
        self.anchors.given_re_signs && vouched_by == Some(VouchedBy::GivenCa)
    }

    /// The first to know the issuer decides; when none does, nobody vouches.
    fn judge(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<VouchedBy, Error> {
        for (verifier, vouched_by) in &self.anchors.verifiers {
            match verifier.verify_server_cert(leaf, intermediates, server_name, ocsp_response, now)
            {
                Ok(_) => return Ok(*vouched_by),
                // An authority of the issuer's name with another key is not the issuer: every cluster's CA
                // has the same name, and so have a CA and its successor.
                Err(Error::InvalidCertificate(
                    CertificateError::UnknownIssuer | CertificateError::BadSignature,
                )) => {}
                Err(error) => return Err(error),
            }
        }
        Err(CertificateError::UnknownIssuer.into())
    }
}

impl ServerCertVerifier for RecordingVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verdict = self.judge(end_entity, intermediates, server_name, ocsp_response, now);
        *self
            .presented
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(Presented {
            leaf: end_entity.clone().into_owned(),
            chain_length: 1 + intermediates.len(),
            vouched_by: verdict.as_ref().ok().copied(),
        });
        verdict.map(|_| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// Has no certificate to show, and remembers to have been asked for one.
impl ResolvesClientCert for RecordingVerifier {
    fn resolve(
        &self,
        _root_hint_subjects: &[&[u8]],
        _schemes: &[SignatureScheme],
    ) -> Option<Arc<CertifiedKey>> {
        self.asked_for_certificate.store(true, Ordering::Relaxed);
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}
