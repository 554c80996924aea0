//! One full handshake; what it agreed on and what was presented are kept whether or not it succeeds.

use std::sync::Arc;

use rustls::ProtocolVersion;
use rustls::pki_types::ServerName;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::trust::TlsTrust;
use super::verifier::RecordingVerifier;
use super::{certificate, classify};
use crate::outcome::{Phase, Reason, TlsSession, VouchedBy, Warning};
use crate::probe::stream::Stream;
use crate::probe::{Symptom, Trace};
use crate::target::{Host, Trust};

/// The application protocols that are offered (RFC 7301).
#[derive(Debug, Clone, Copy)]
pub(in crate::probe) enum Alpn<'a> {
    /// What the agent itself speaks, and the entry says nothing of. A server that is offered nothing may assume
    /// anything; one that is offered `h2` too chooses it.
    Http1,
    /// What the entry wants echoed, in order of preference.
    Wanted(&'a [String]),
}

impl Alpn<'_> {
    fn names(self) -> Vec<Vec<u8>> {
        match self {
            Self::Http1 => vec![b"http/1.1".to_vec()],
            Self::Wanted(names) => names.iter().map(|name| name.as_bytes().to_vec()).collect(),
        }
    }
}

/// What is offered, and who may vouch.
#[derive(Debug, Clone)]
pub(in crate::probe) struct Hello<'a> {
    /// Sent as SNI unless it is an address (RFC 6066 section 3), and verified.
    pub(in crate::probe) server_name: ServerName<'static>,
    /// Application protocols.
    pub(in crate::probe) alpn: Alpn<'a>,
    /// Who may vouch for the certificate.
    pub(in crate::probe) trust: &'a Trust,
}

impl Hello<'_> {
    /// The name of `host`, or another one that the entry gives.
    pub(in crate::probe) fn name(
        host: &Host,
        given: Option<&str>,
    ) -> Result<ServerName<'static>, Symptom> {
        let name = given.map_or_else(|| host.to_string(), str::to_owned);
        ServerName::try_from(name)
            .map_err(|error| Symptom::new(Reason::Internal, format!("not a server name: {error}")))
    }
}

/// A session that stands.
#[derive(Debug)]
pub(in crate::probe) struct Session {
    /// The connection.
    pub(in crate::probe) stream: TlsStream<Stream>,
    /// Who vouched for the certificate.
    pub(in crate::probe) vouched_by: Option<VouchedBy>,
    /// Whether only a given CA vouches where others are known who would: somebody re-signed the certificate.
    pub(in crate::probe) intercepted: bool,
}

/// Shakes hands over a connection that stands.
pub(in crate::probe) async fn handshake(
    stream: Stream,
    hello: Hello<'_>,
    tls: &TlsTrust,
    trace: &mut Trace,
) -> Result<Session, Symptom> {
    trace.enter(Phase::Tls);
    let verifier = Arc::new(RecordingVerifier::new(tls.anchors(hello.trust)));
    let config = tls.client_config(Arc::clone(&verifier), hello.alpn.names());
    let result = TlsConnector::from(Arc::new(config))
        .connect(hello.server_name, stream)
        .await;
    let presented = verifier.presented();
    // A handshake that fails before anything is presented leaves what an earlier one of the attempt was shown.
    if let Some(presented) = &presented {
        trace.facts.certificate = certificate::facts(presented);
    }
    let stream =
        result.map_err(|error| classify::handshake_error(&error, hello.alpn, &verifier, trace))?;
    note_session(&stream, trace);
    let vouched_by = presented.and_then(|presented| presented.vouched_by);
    let intercepted = verifier.re_signed(vouched_by);
    if intercepted {
        trace.warn(Warning::Intercepted);
    }
    Ok(Session {
        stream,
        vouched_by,
        intercepted,
    })
}

/// The application protocol that the peer chose.
pub(in crate::probe) fn echoed(stream: &TlsStream<Stream>) -> Option<String> {
    let (_, session) = stream.get_ref();
    session
        .alpn_protocol()
        .map(|name| String::from_utf8_lossy(name).into_owned())
}

fn note_session(stream: &TlsStream<Stream>, trace: &mut Trace) {
    let (_, session) = stream.get_ref();
    let version = match session.protocol_version() {
        Some(ProtocolVersion::TLSv1_3) => "TLSv1.3",
        _ => "TLSv1.2",
    };
    let suite = session.negotiated_cipher_suite();
    trace.facts.tls = Some(TlsSession {
        version: version.to_owned(),
        cipher_suite: suite.map_or_else(String::new, suite_name),
        alpn: None,
    });
}

/// The registered name, which in TLS 1.3 has no `13` in it (RFC 8446 appendix B.4).
fn suite_name(suite: rustls::SupportedCipherSuite) -> String {
    let name = suite.suite().as_str().unwrap_or("unknown");
    name.replacen("TLS13_", "TLS_", 1)
}
