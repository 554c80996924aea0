//! The least that a TLS probe can cost: the client's half of a rustls handshake in this process, without any socket.

use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

use anyhow::Result;
use nix::time::{ClockId, clock_gettime};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::client::Resumption;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection};

use super::servers::NAME;
use crate::spread::median;

/// In milliseconds.
pub(crate) struct Floor {
    /// One after the other.
    pub(crate) hot: f64,
    /// One every 10 ms: with cold caches, as a prober works.
    pub(crate) paced: f64,
}

pub(crate) fn measure(quick: bool) -> Result<Floor> {
    let (client, server) = configurations()?;
    let count = if quick { 100 } else { 500 };
    let round = |pause: Duration| -> Result<f64> {
        let mut spent = Vec::with_capacity(count);
        for _ in 0..count {
            sleep(pause);
            spent.push(handshake(&client, &server)?.as_secs_f64() * 1e3);
        }
        Ok(median(spent))
    };
    Ok(Floor {
        hot: round(Duration::ZERO)?,
        paced: round(Duration::from_millis(10))?,
    })
}

fn configurations() -> Result<(Arc<ClientConfig>, Arc<ServerConfig>)> {
    let mut params = CertificateParams::new([])?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root_key = KeyPair::generate()?;
    let root = params.self_signed(&root_key)?;
    let key = KeyPair::generate()?;
    let leaf = CertificateParams::new([NAME.to_owned()])?;
    let leaf = leaf.signed_by(&key, &Issuer::new(params, root_key))?;
    let mut roots = RootCertStore::empty();
    roots.add(root.der().clone())?;
    let provider = Arc::new(default_provider());
    let client = ClientConfig::builder_with_provider(Arc::clone(&provider));
    let client = client.with_safe_default_protocol_versions()?;
    let mut client = client.with_root_certificates(roots).with_no_client_auth();
    client.resumption = Resumption::disabled();
    let server = ServerConfig::builder_with_provider(provider);
    let server = server
        .with_safe_default_protocol_versions()?
        .with_no_client_auth();
    let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
    let mut server = server.with_single_cert(vec![leaf.der().clone()], key)?;
    server.send_tls13_tickets = 0;
    Ok((Arc::new(client), Arc::new(server)))
}

/// The CPU time that the client took.
fn handshake(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>) -> Result<Duration> {
    let mut spent = Duration::ZERO;
    let name = ServerName::try_from(NAME)?;
    let begin = thread_cpu()?;
    let mut client = ClientConnection::new(Arc::clone(client), name)?;
    spent += thread_cpu()?.saturating_sub(begin);
    let mut server = ServerConnection::new(Arc::clone(server))?;
    while client.is_handshaking() || server.is_handshaking() {
        let (mut to_server, mut to_client) = (Vec::new(), Vec::new());
        let begin = thread_cpu()?;
        while client.wants_write() {
            client.write_tls(&mut to_server)?;
        }
        spent += thread_cpu()?.saturating_sub(begin);
        let mut arriving = &to_server[..];
        while !arriving.is_empty() {
            server.read_tls(&mut arriving)?;
            server.process_new_packets()?;
        }
        while server.wants_write() {
            server.write_tls(&mut to_client)?;
        }
        let mut arriving = &to_client[..];
        let begin = thread_cpu()?;
        while !arriving.is_empty() {
            client.read_tls(&mut arriving)?;
            client.process_new_packets()?;
        }
        spent += thread_cpu()?.saturating_sub(begin);
    }
    Ok(spent)
}

fn thread_cpu() -> Result<Duration> {
    Ok(clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)?.into())
}
