//! Scripted servers on loopback and the attempts made at them, for the tests of the probes.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, IsCa, KeyPair,
};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsAcceptor;

use super::addresses::Turn;
use super::context::Context;
use super::{Limits, Resolver, TlsTrust, Trace, TrustConfig, http, https, ssh, tcp};
use crate::outcome::{Outcome, Phase, Reason, Verdict};
use crate::target::{Host, Probe, Requirement, Target, TargetId};

pub(super) const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// A head that any server might send.
pub(super) const OK_HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nServer: test\r\nContent-Length: 5\r\n\r\n";

/// What a prober holds, and makes attempts with.
pub(super) struct Bench {
    pub(super) trust: TrustConfig,
    pub(super) limits: Limits,
    pub(super) named: HashSet<String>,
}

impl Default for Bench {
    fn default() -> Self {
        Self {
            trust: TrustConfig::default(),
            limits: Limits {
                timeout: Duration::from_secs(2),
                control_address: IpAddr::V4(Ipv4Addr::new(127, 0, 0, 99)),
                ..Limits::default()
            },
            named: HashSet::new(),
        }
    }
}

impl Bench {
    /// One that ends attempts early, for peers that stay silent.
    pub(super) fn impatient() -> Self {
        let mut bench = Self::default();
        bench.limits.timeout = Duration::from_millis(300);
        bench
    }

    pub(super) async fn attempt(&self, peer: SocketAddr, probe: Probe) -> Outcome {
        let tls = TlsTrust::load(&self.trust).unwrap();
        let resolver = Resolver::new(Vec::new());
        let target = target(peer, probe);
        let limit = self.limits.timeout;
        let cx = Context {
            resolver: &resolver,
            tls: &tls,
            limits: &self.limits,
            named_domains: &self.named,
            proxy: None,
            turn: Turn {
                ordinal: 0,
                deadline: Instant::now() + limit,
            },
        };
        let mut trace = Trace::start(Phase::Connect);
        let proof = async {
            match &target.probe {
                Probe::Https(https) => https::probe(&cx, &target, https, &mut trace).await,
                Probe::Http => http::probe(&cx, &target, &mut trace).await,
                Probe::Ssh => ssh::probe(&cx, &target, &mut trace).await,
                Probe::Tcp => tcp::probe(&cx, &target, &mut trace).await,
                other => panic!("{:?} is no probe of servers", other.kind()),
            }
        };
        let result = timeout(limit, proof).await;
        let result = result.unwrap_or_else(|_| Err(trace.timed_out(limit)));
        trace.finish(result, None)
    }
}

pub(super) fn target(peer: SocketAddr, probe: Probe) -> Target {
    Target {
        id: TargetId {
            target: peer.to_string().into(),
            probe: probe.kind(),
        },
        host: Host::Address(peer.ip()),
        port: Some(peer.port()),
        probe,
        groups: Vec::new(),
        requirement: Requirement::Required,
        purpose: String::new(),
    }
}

/// The phase and reason of a refuted target.
#[track_caller]
pub(super) fn refuted(outcome: &Outcome) -> (Phase, Reason) {
    match &outcome.verdict {
        Verdict::Unreachable(failure) => (failure.phase, failure.reason),
        other => panic!("not refuted: {other:?}"),
    }
}

/// The phase and reason of an attempt that decides nothing.
#[track_caller]
pub(super) fn unproven(outcome: &Outcome) -> (Phase, Reason) {
    match &outcome.verdict {
        Verdict::Unproven(failure) => (failure.phase, failure.reason),
        other => panic!("decided: {other:?}"),
    }
}

#[track_caller]
pub(super) fn assert_reachable(outcome: &Outcome) {
    assert_eq!(outcome.verdict, Verdict::Reachable);
}

/// A server that treats every connection alike.
pub(super) async fn serve<Fut>(handle: impl Fn(TcpStream) -> Fut + Send + 'static) -> SocketAddr
where
    Fut: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind((LOOPBACK, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(handle(stream));
        }
    });
    address
}

/// Accepts and says nothing.
pub(super) async fn silent() -> SocketAddr {
    serve(|stream| async move {
        let _held = stream;
        std::future::pending::<()>().await;
    })
    .await
}

/// Sends this at once, and closes when the client does.
pub(super) async fn says(words: &'static [u8]) -> SocketAddr {
    serve(move |mut stream| async move {
        stream.write_all(words).await.ok();
        drain(&mut stream).await;
    })
    .await
}

/// Reads what the client sends first, answers with this, and closes.
pub(super) async fn answers(words: impl Into<Vec<u8>>) -> SocketAddr {
    let words: Arc<[u8]> = words.into().into();
    serve(move |stream| answer(stream, Arc::clone(&words))).await
}

/// Reads what the client sends first, and closes.
pub(super) async fn closes() -> SocketAddr {
    answers([]).await
}

/// Reads what the client sends first, and resets the connection.
pub(super) async fn resets() -> SocketAddr {
    serve(|mut stream| async move {
        let _ = stream.read(&mut [0; 4096]).await;
        socket2::SockRef::from(&stream)
            .set_linger(Some(Duration::ZERO))
            .ok();
    })
    .await
}

/// A port where nobody listens.
pub(super) async fn closed_port() -> SocketAddr {
    let listener = TcpListener::bind((LOOPBACK, 0)).await.unwrap();
    listener.local_addr().unwrap()
}

async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin, words: Arc<[u8]>) {
    let _ = stream.read(&mut [0; 4096]).await;
    stream.write_all(&words).await.ok();
    stream.shutdown().await.ok();
    drain(&mut stream).await;
}

async fn drain(stream: &mut (impl AsyncRead + Unpin)) {
    while stream.read(&mut [0; 4096]).await.is_ok_and(|n| n > 0) {}
}

/// A certificate authority with its file.
pub(super) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    directory: tempfile::TempDir,
}

impl Authority {
    pub(super) fn new() -> Self {
        Self::named("test CA")
    }

    pub(super) fn named(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("ca.pem"), issuer.pem()).unwrap();
        Self { issuer, directory }
    }

    pub(super) fn file(&self) -> PathBuf {
        self.directory.path().join("ca.pem")
    }

    fn client_verifier(&self, provider: &Arc<CryptoProvider>) -> Arc<dyn ClientCertVerifier> {
        let mut roots = RootCertStore::empty();
        roots.add(self.issuer.der().clone()).unwrap();
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
            .build()
            .unwrap()
    }

    /// A server with a certificate for `name`, valid in the years from..to.
    pub(super) fn identity(&self, name: &str, years: (i32, i32)) -> Identity {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(years.0, 1, 1);
        params.not_after = rcgen::date_time_ymd(years.1, 1, 1);
        let key = KeyPair::generate().unwrap();
        let leaf = params.signed_by(&key, &self.issuer).unwrap();
        Identity {
            leaf: leaf.der().clone(),
            key: PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
            versions: rustls::ALL_VERSIONS,
            alpn: Vec::new(),
            clients: None,
            reply: OK_HEAD.to_vec(),
        }
    }
}

/// A TLS server to be.
pub(super) struct Identity {
    pub(super) leaf: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
    pub(super) versions: &'static [&'static SupportedProtocolVersion],
    pub(super) alpn: Vec<Vec<u8>>,
    /// Clients must have a certificate of this authority.
    pub(super) clients: Option<Authority>,
    pub(super) reply: Vec<u8>,
}

impl Identity {
    pub(super) fn replying(mut self, reply: impl Into<Vec<u8>>) -> Self {
        self.reply = reply.into();
        self
    }

    /// Shakes hands, reads a request, answers and closes.
    pub(super) async fn serve(self) -> SocketAddr {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let clients = self
            .clients
            .map_or_else(WebPkiClientVerifier::no_client_auth, |authority| {
                authority.client_verifier(&provider)
            });
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(self.versions)
            .unwrap()
            .with_client_cert_verifier(clients)
            .with_single_cert(vec![self.leaf], self.key)
            .unwrap();
        config.alpn_protocols = self.alpn;
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let reply: Arc<[u8]> = self.reply.into();
        serve(move |stream| {
            let (acceptor, reply) = (acceptor.clone(), Arc::clone(&reply));
            async move {
                match acceptor.accept(stream).into_fallible().await {
                    Ok(stream) => answer(stream, reply).await,
                    // Closing with unread data would send an RST after the alert.
                    Err((_, mut stream)) => {
                        stream.shutdown().await.ok();
                        drain(&mut stream).await;
                    }
                }
            }
        })
        .await
    }
}

/// Puts this thread into a network namespace of its own: there is loopback, and no route to anywhere else.
pub(super) fn leave_the_network() {
    nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWNET)
        .expect("run the tests as root, or by `unshare --map-root-user --net`");
    ip(&["link", "set", "lo", "up"]);
}

/// Adds a route of this kind in the namespace that this thread has [left the network](leave_the_network) for.
pub(super) fn route(kind: &str, network: &str) {
    ip(&["route", "add", kind, network]);
}

fn ip(args: &[&str]) {
    let done = std::process::Command::new("ip").args(args).status();
    assert!(
        done.expect("ip: install Debian's package iproute2")
            .success()
    );
}
