//! Turns TLS errors into reasons, by variant. What is not TLS is left to the classification of sockets.

use std::io;

use rustls::{AlertDescription, CertificateError, Error, PeerMisbehaved};

use super::Alpn;
use super::verifier::RecordingVerifier;
use crate::outcome::Reason;
use crate::probe::{Symptom, Trace, classify};
use crate::text::printable;

/// Bytes kept of a description that quotes the peer.
const LONGEST_DETAIL: usize = 512;

/// The TLS error inside an error of the stream.
pub(in crate::probe) fn rustls_error(error: &io::Error) -> Option<&Error> {
    error.get_ref()?.downcast_ref()
}

/// An error of a handshake that `verifier` watched.
pub(super) fn handshake_error(
    error: &io::Error,
    alpn: Alpn<'_>,
    verifier: &RecordingVerifier,
    trace: &mut Trace,
) -> Symptom {
    match rustls_error(error) {
        Some(Error::InvalidCertificate(error)) => certificate_error(error, verifier.missing()),
        Some(
            Error::AlertReceived(AlertDescription::NoApplicationProtocol)
            | Error::PeerMisbehaved(PeerMisbehaved::SelectedUnofferedApplicationProtocol),
        ) => alpn_mismatch(alpn),
        Some(Error::AlertReceived(alert)) if verifier.accepted() => {
            alert_of_verified_server(*alert, verifier.asked_for_certificate())
        }
        Some(error) => tls_error(error),
        None if error.kind() == io::ErrorKind::UnexpectedEof => Symptom::new(
            Reason::ConnectionClosed,
            "the peer closed the connection in the middle of the handshake",
        ),
        None => classify::io_error(error, trace),
    }
}

fn alpn_mismatch(alpn: Alpn<'_>) -> Symptom {
    let detail = match alpn {
        Alpn::Http1 => {
            "the server does not speak http/1.1, the agent's own offer: what other clients speak it may well answer"
        }
        Alpn::Wanted(_) => "the peer speaks none of the offered application protocols",
    };
    let symptom = Symptom::new(Reason::AlpnMismatch, detail);
    match alpn {
        Alpn::Http1 => symptom.undecided(),
        Alpn::Wanted(_) => symptom,
    }
}

/// The server was reached and has proven who it is; what it wants besides says nothing about the network.
fn alert_of_verified_server(alert: AlertDescription, asked_for_certificate: bool) -> Symptom {
    let mut detail = format!(
        "the server's certificate was verified, and then it sent {}",
        named(alert)
    );
    if asked_for_certificate || alert == AlertDescription::CertificateRequired {
        detail.push_str(": it wants a client certificate, and the agent has none");
    }
    Symptom::new(Reason::TlsAlert, detail).undecided()
}

fn named(alert: AlertDescription) -> String {
    format!("the alert {alert:?} ({})", u8::from(alert))
}

/// An error of a session that stands. (In TLS 1.3 a client has shaken hands before the server looks at the
/// certificate that it did not send.)
pub(in crate::probe) fn session_error(error: &Error) -> Symptom {
    match error {
        Error::AlertReceived(alert) => alert_of_verified_server(*alert, false),
        error => tls_error(error),
    }
}

fn tls_error(error: &Error) -> Symptom {
    match error {
        Error::AlertReceived(alert) => {
            Symptom::new(Reason::TlsAlert, format!("the peer sent {}", named(*alert)))
        }
        Error::InvalidCertificate(error) => certificate_error(error, None),
        Error::InappropriateMessage { .. }
        | Error::InappropriateHandshakeMessage { .. }
        | Error::InvalidMessage(_)
        | Error::NoCertificatesPresented
        | Error::DecryptError
        | Error::PeerIncompatible(_)
        | Error::PeerMisbehaved(_)
        | Error::PeerSentOversizedRecord
        | Error::NoApplicationProtocol => Symptom::new(Reason::TlsProtocol, error.to_string()),
        _ => Symptom::new(Reason::Internal, error.to_string()),
    }
}

fn certificate_error(error: &CertificateError, missing: Option<&str>) -> Symptom {
    use CertificateError as E;
    // The text names what the certificate is valid for, which its author chose.
    let detail = printable(error.to_string().as_bytes(), LONGEST_DETAIL);
    match error {
        E::Expired | E::ExpiredContext { .. } => Symptom::new(Reason::CertificateExpired, detail),
        E::NotValidYet | E::NotValidYetContext { .. } => {
            Symptom::new(Reason::CertificateNotYetValid, detail)
        }
        E::NotValidForName | E::NotValidForNameContext { .. } => {
            Symptom::new(Reason::CertificateNameMismatch, detail)
        }
        E::UnknownIssuer => unknown_issuer(missing),
        // The signature may be good; it is the agent that cannot tell.
        E::UnsupportedSignatureAlgorithmContext { .. }
        | E::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            Symptom::new(Reason::CertificateUntrusted, detail).undecided()
        }
        _ => Symptom::new(Reason::CertificateUntrusted, detail),
    }
}

fn unknown_issuer(missing: Option<&str>) -> Symptom {
    const DETAIL: &str = "no known root or given CA vouches for the certificate";
    match missing {
        None => Symptom::new(Reason::CertificateUntrusted, DETAIL),
        Some(missing) => {
            Symptom::new(Reason::CertificateUntrusted, format!("{DETAIL}; {missing}")).undecided()
        }
    }
}
