//! Reads pages of agents and of Prometheus over HTTP: every wait has an end, every answer a size.

mod answer;
mod login;
mod prometheus;
mod url;

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hyper::StatusCode;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

pub use answer::Answer;
pub use login::{Login, LoginError, LoginFiles};
pub use prometheus::{PrometheusError, Sample, query};
pub use url::{NotAUrl, Url, encoded};

use crate::outcome::Phase;
use crate::probe::{Resolver, Symptom, Trace};

/// More addresses of a service are not read.
pub const MOST_ADDRESSES: usize = 4_096;

/// Why a page cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The name of the host leads nowhere.
    #[error("the node's nameservers do not know where {host} is: {detail}")]
    Name {
        /// Which.
        host: String,
        /// What was observed.
        detail: String,
    },
    /// The machine is there, the port is closed.
    #[error("nobody listens at {0}")]
    NobodyListens(SocketAddr),
    /// Anything else that keeps from connecting.
    #[error("cannot connect to {address}: {error}")]
    Connect {
        /// Where to.
        address: SocketAddr,
        /// What the operating system said.
        error: io::Error,
    },
    /// No handshake.
    #[error("TLS with {host} fails: {error}")]
    Tls {
        /// Who.
        host: String,
        /// Why.
        error: io::Error,
    },
    /// The deadline.
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    /// What answers does not speak HTTP, or breaks off.
    #[error("the answer is not HTTP, or breaks off ({0})")]
    Http(String),
    /// Whoever answers does not give this page.
    #[error("the answer is {status}: {said}")]
    Status {
        /// The status.
        status: StatusCode,
        /// The first line of the body.
        said: String,
    },
    /// Longer than anything that is expected.
    #[error("the answer is longer than {0} bytes")]
    TooLong(usize),
    /// Not UTF-8.
    #[error("the answer is not text")]
    NotText,
    /// A path or a host that no request can carry.
    #[error("this cannot be asked for: {0}")]
    Request(hyper::http::Error),
}

impl From<hyper::Error> for ClientError {
    fn from(error: hyper::Error) -> Self {
        // Alone it says that there was an error.
        let below = std::error::Error::source(&error).map(ToString::to_string);
        Self::Http(below.unwrap_or_else(|| error.to_string()))
    }
}

/// Asks directly, without a proxy.
#[derive(Debug)]
pub struct Client {
    resolver: Resolver,
    timeout: Duration,
    login: Login,
}

impl Client {
    /// A client that asks these nameservers, and waits so long for an answer.
    pub fn new(nameservers: Vec<SocketAddr>, timeout: Duration, login: Login) -> Self {
        let resolver = Resolver::new(nameservers).with_most_addresses(MOST_ADDRESSES);
        Self {
            resolver,
            timeout,
            login,
        }
    }

    /// A whole text, of at most so many bytes.
    ///
    /// # Errors
    /// When it cannot be had within the client's time.
    pub async fn text(&self, url: &Url, path: &str, most: usize) -> Result<String, ClientError> {
        let whole = async { self.connected(url, path).await?.text(most).await };
        let late = |_| Err(ClientError::Timeout(self.timeout));
        timeout(self.timeout, whole).await.unwrap_or_else(late)
    }

    /// An answer that is read as it comes. Its head must come within the client's time.
    ///
    /// # Errors
    /// When there is none.
    pub async fn open(&self, url: &Url, path: &str) -> Result<Answer, ClientError> {
        let late = |_| Err(ClientError::Timeout(self.timeout));
        timeout(self.timeout, self.connected(url, path))
            .await
            .unwrap_or_else(late)
    }

    /// Every address of a name, asked of the nameservers as it is: no search domains, no hosts file.
    ///
    /// # Errors
    /// When there is none.
    pub async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, ClientError> {
        if let Ok(address) = host.parse() {
            return Ok(vec![address]);
        }
        // RFC 6761, section 6.3: nobody is asked for it.
        if host.eq_ignore_ascii_case("localhost") {
            return Ok(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]);
        }
        let mut trace = Trace::start(Phase::Resolve);
        let deadline = Instant::now() + self.timeout;
        let resolved = self.resolver.resolve(host, deadline, &mut trace).await;
        let unknown = |symptom: Symptom| ClientError::Name {
            host: host.to_owned(),
            detail: format!("{} ({})", symptom.reason, symptom.detail),
        };
        Ok(resolved.map_err(unknown)?.addresses)
    }

    async fn connected(&self, url: &Url, path: &str) -> Result<Answer, ClientError> {
        let stream = self.connect(url).await?;
        let authorization = self.login.authorization.as_deref();
        if !url.tls {
            return Answer::to(stream, url, path, authorization).await;
        }
        let stream = self.shake_hands(stream, &url.host).await;
        let stream = stream.map_err(|error| ClientError::Tls {
            host: url.host.clone(),
            error,
        })?;
        Answer::to(stream, url, path, authorization).await
    }

    async fn shake_hands(&self, stream: TcpStream, host: &str) -> io::Result<TlsStream<TcpStream>> {
        let name = self.login.server_name(host);
        let name = name.ok_or_else(|| io::Error::other("no certificate can have such a name"))?;
        let connector = TlsConnector::from(Arc::clone(&self.login.tls));
        connector.connect(name, stream).await
    }

    /// The first address that accepts; each has its share of the time.
    async fn connect(&self, url: &Url) -> Result<TcpStream, ClientError> {
        let addresses = self.addresses(&url.host).await?;
        let share = self.timeout / u32::try_from(addresses.len().max(1)).unwrap_or(u32::MAX);
        let mut failed = ClientError::Timeout(self.timeout);
        for address in addresses {
            let address = SocketAddr::new(address, url.port.unwrap_or(80));
            match timeout(share, connect(address)).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => failed = error,
                Err(_) => failed = ClientError::Timeout(share),
            }
        }
        Err(failed)
    }
}

async fn connect(address: SocketAddr) -> Result<TcpStream, ClientError> {
    let connecting = async {
        let socket = match address {
            SocketAddr::V4(_) => TcpSocket::new_v4()?,
            SocketAddr::V6(_) => TcpSocket::new_v6()?,
        };
        socket.connect(address).await
    };
    connecting
        .await
        .map_err(|error: io::Error| match error.kind() {
            io::ErrorKind::ConnectionRefused => ClientError::NobodyListens(address),
            _ => ClientError::Connect { address, error },
        })
}
