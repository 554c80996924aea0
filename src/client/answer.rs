//! One request, and its answer: whole, or part by part.

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::{JoinHandle, spawn};

use super::{ClientError, Url};

/// What is shown of an answer that is not the page.
const SAID: usize = 300;

/// An answer whose head was good.
#[derive(Debug)]
pub struct Answer {
    response: Response<Incoming>,
    connection: JoinHandle<()>,
}

impl Answer {
    pub(super) async fn to<S: AsyncRead + AsyncWrite + Send + Unpin + 'static>(
        stream: S,
        url: &Url,
        path: &str,
        authorization: Option<&str>,
    ) -> Result<Self, ClientError> {
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let mut request = Request::get(format!("{}{path}", url.prefix))
            .header("Host", url.authority())
            .header("Accept", "text/plain, application/json;q=0.9");
        if let Some(authorization) = authorization {
            request = request.header("Authorization", authorization);
        }
        let request = request
            .body(Empty::<Bytes>::new())
            .map_err(ClientError::Request)?;
        let connection = spawn(async move {
            // What is wrong with it, the request and the body say as well.
            let _ = connection.await;
        });
        let response = sender.send_request(request).await;
        let response = response.inspect_err(|_| connection.abort())?;
        let answer = Self {
            response,
            connection,
        };
        answer.good().await
    }

    async fn good(self) -> Result<Self, ClientError> {
        let status = self.response.status();
        if status.is_success() {
            return Ok(self);
        }
        let said = self.text(64 * 1024).await.unwrap_or_default();
        let first = said.lines().next().unwrap_or_default();
        let said = first.chars().take(SAID).collect();
        Err(ClientError::Status { status, said })
    }

    /// All of it, if it has at most so many bytes.
    ///
    /// # Errors
    /// When it is longer, breaks off, or is no text.
    pub async fn text(mut self, most: usize) -> Result<String, ClientError> {
        let body = Limited::new(self.response.body_mut(), most).collect().await;
        let body = body.map_err(|error| match error.downcast::<hyper::Error>() {
            Ok(error) => ClientError::from(*error),
            Err(_) => ClientError::TooLong(most),
        })?;
        String::from_utf8(body.to_bytes().into()).map_err(|_| ClientError::NotText)
    }

    /// What came next; none at the end.
    ///
    /// # Errors
    /// When the connection breaks.
    pub async fn part(&mut self) -> Result<Option<Bytes>, ClientError> {
        while let Some(frame) = self.response.body_mut().frame().await {
            if let Ok(data) = frame?.into_data() {
                return Ok(Some(data));
            }
        }
        Ok(None)
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.connection.abort();
    }
}
