//! The Azure instance metadata service: a link-local address that tells a machine what it is.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::client::conn::http1;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{sleep, timeout};

/// Answered within milliseconds where it exists; a drop must not delay the start.
const TRY_LIMIT: Duration = Duration::from_secs(1);
const TRIES: u32 = 3;
/// Between tries; the service answers 429 to those who ask too often.
const PAUSE: Duration = Duration::from_millis(200);
/// In bytes; real answers are a few KiB.
const LARGEST_ANSWER: usize = 64 * 1024;
const PATH: &str = "/metadata/instance?api-version=2021-02-01";

/// What is used of the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Metadata {
    /// `AzurePublicCloud` and the like.
    pub(super) environment: String,
    /// The region.
    pub(super) location: String,
}

/// Why the service told nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum MetadataError {
    #[error("no answer within {TRY_LIMIT:?}")]
    Timeout,
    #[error("{0}")]
    Connect(#[from] std::io::Error),
    #[error("the answer is not HTTP: {0}")]
    Http(#[from] hyper::Error),
    #[error("the answer has status {0}")]
    Status(StatusCode),
    #[error("the answer cannot be read or is longer than {LARGEST_ANSWER} bytes")]
    Body,
    #[error("the answer is not what the service sends: {0}")]
    Json(#[from] serde_json::Error),
}

/// Asks, and asks again when the service does not answer or is busy.
pub(super) async fn ask(address: SocketAddr) -> Result<Metadata, MetadataError> {
    let mut tries = 1;
    loop {
        let answer = timeout(TRY_LIMIT, ask_once(address)).await;
        let error = match answer {
            Ok(Ok(metadata)) => return Ok(metadata),
            Ok(Err(error)) => error,
            Err(_) => MetadataError::Timeout,
        };
        if tries == TRIES || !error.is_passing() {
            return Err(error);
        }
        tracing::debug!(%address, %error, tries, "the instance metadata service is asked again");
        tries += 1;
        sleep(PAUSE).await;
    }
}

impl MetadataError {
    fn is_passing(&self) -> bool {
        match self {
            Self::Timeout | Self::Connect(_) | Self::Http(_) | Self::Body => true,
            Self::Status(status) => {
                *status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error()
            }
            Self::Json(_) => false,
        }
    }
}

async fn ask_once(address: SocketAddr) -> Result<Metadata, MetadataError> {
    exchange(connect(address).await?, address).await
}

/// One question and its answer, over a connection that stands.
pub(super) async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    address: SocketAddr,
) -> Result<Metadata, MetadataError> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let request = Request::get(PATH)
        .header("Host", address.ip().to_string())
        .header("Metadata", "true")
        .body(Empty::<Bytes>::new());
    let request = request.map_err(|_| MetadataError::Body)?;
    let exchange = async {
        let response = sender.send_request(request).await?;
        if response.status() != StatusCode::OK {
            return Err(MetadataError::Status(response.status()));
        }
        let body = Limited::new(response.into_body(), LARGEST_ANSWER)
            .collect()
            .await;
        parse(&body.map_err(|_| MetadataError::Body)?.to_bytes())
    };
    tokio::pin!(connection);
    tokio::select! {
        answer = exchange => answer,
        // The connection's own error says more than that the request was cancelled;
        // its good end leaves the answer to be read.
        Err(error) = &mut connection => Err(error.into()),
    }
}

async fn connect(address: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    socket.connect(address).await
}

fn parse(body: &[u8]) -> Result<Metadata, MetadataError> {
    #[derive(Deserialize)]
    struct Instance {
        compute: Compute,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Compute {
        az_environment: String,
        location: String,
    }
    let Instance { compute } = serde_json::from_slice(body)?;
    Ok(Metadata {
        environment: compute.az_environment,
        location: compute.location,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_of_the_service_is_understood() {
        let body = br#"{"compute":{"azEnvironment":"AzurePublicCloud","location":"westeurope","vmId":"x"}}"#;
        let metadata = parse(body).unwrap();
        assert_eq!(metadata.environment, "AzurePublicCloud");
        assert_eq!(metadata.location, "westeurope");
    }

    #[test]
    fn anything_else_is_not() {
        assert!(matches!(parse(b"<html>"), Err(MetadataError::Json(_))));
        assert!(matches!(parse(b"{}"), Err(MetadataError::Json(_))));
    }
}
