//! One request over a stream that stands, and the head that answers it, by hyper; its errors become symptoms by their
//! kind.

use std::error::Error as _;
use std::fmt::Display;
use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::task::Poll;

use bytes::Bytes;
use http_body_util::Empty;
use hyper::client::conn::http1::{Builder, Parts};
use hyper::header::{ACCEPT, CONNECTION, HOST, HeaderMap, USER_AGENT};
use hyper::http::request;
use hyper::{Error, Method, Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use super::recorder::Recorder;
use crate::outcome::Reason;
use crate::probe::{Symptom, Trace, classify, tls};
use crate::target::Host;
use crate::text::printable;

/// A larger head answers nothing that is asked here, in bytes.
const LARGEST_HEAD: usize = 32 * 1024;
/// More than any server sends, and few enough to parse.
const MOST_HEADERS: usize = 1024;

/// Bytes shown of an answer that is no HTTP.
const SHOWN: usize = 64;

const AGENT: &str = concat!("egress-probe/", env!("CARGO_PKG_VERSION"));

/// A response head, and what followed it.
#[derive(Debug)]
pub(in crate::probe) struct Head {
    pub(in crate::probe) status: u16,
    pub(in crate::probe) headers: HeaderMap,
    /// What came with the head. A response to HEAD has no body (RFC 9110 section 9.3.2); some middleboxes send one
    /// all the same. Behind a head that opens a tunnel it is the server's first word.
    pub(in crate::probe) body: Vec<u8>,
}

impl Head {
    fn new<B>(response: Response<B>, body: &[u8]) -> Self {
        let (parts, _) = response.into_parts();
        Self {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: body.to_vec(),
        }
    }
}

/// The `Host` header: without the port where it is the scheme's own (RFC 9110 section 7.2).
pub(in crate::probe) fn authority(host: &Host, port: u16, default_port: u16) -> String {
    let full = host.with_port(port);
    match full.rsplit_once(':') {
        Some((host, _)) if port == default_port => host.to_owned(),
        _ => full,
    }
}

/// What a peer is asked for; each with the host and port that are meant.
#[derive(Debug, Clone, Copy)]
pub(in crate::probe) enum Ask<'a> {
    /// A server: `HEAD /`, and the end of the connection.
    Server(&'a str),
    /// A proxy: the same of a server that speaks clear text (RFC 9112 section 3.2.2).
    Proxy(&'a str),
    /// A proxy: a tunnel (RFC 9112 section 3.2.3).
    Tunnel(&'a str),
}

/// Sends a request and reads one response head; returns it with the stream.
pub(in crate::probe) async fn head<S>(
    stream: S,
    ask: Ask<'_>,
    trace: &mut Trace,
) -> Result<(Head, S), Symptom>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let request = to_request(ask)
        .map_err(|error| Symptom::new(Reason::Internal, format!("no request: {error}")))?;
    let (mut sender, mut connection) = lenient()
        .handshake(TokioIo::new(Recorder::new(stream)))
        .await
        .map_err(|error| symptom(&error, &[], trace))?;
    let mut response = pin!(sender.send_request(request));
    let mut end = None;
    // Driven here rather than by a task of its own, so that dropping the attempt drops the connection.
    let result = poll_fn(|cx| {
        if end.is_none()
            && let Poll::Ready(ended) = connection.poll_without_shutdown(cx)
        {
            end = Some(ended);
        }
        match (response.as_mut().poll(cx), end.take()) {
            (Poll::Ready(response), _) => Poll::Ready(response.map_err(Some)),
            (Poll::Pending, Some(ended)) => Poll::Ready(Err(ended.err())),
            (Poll::Pending, None) => Poll::Pending,
        }
    })
    .await;
    let Parts { io, read_buf, .. } = connection.into_parts();
    let (stream, begin) = io.into_inner().into_parts();
    match result {
        Ok(response) => Ok((Head::new(response, &read_buf), stream)),
        Err(Some(error)) => Err(symptom(&error, &begin, trace)),
        Err(None) => Err(closed()),
    }
}

/// Takes what browsers take: a server with an odd header line is a server that was reached.
fn lenient() -> Builder {
    let mut builder = Builder::new();
    builder
        .max_headers(MOST_HEADERS)
        .max_buf_size(LARGEST_HEAD)
        .allow_spaces_after_header_name_in_responses(true)
        .allow_obsolete_multiline_headers_in_responses(true)
        .ignore_invalid_headers_in_responses(true);
    builder
}

fn to_request(ask: Ask<'_>) -> Result<Request<Empty<Bytes>>, hyper::http::Error> {
    let (Ask::Server(authority) | Ask::Proxy(authority) | Ask::Tunnel(authority)) = ask;
    let request = Request::builder()
        .header(HOST, authority)
        .header(USER_AGENT, AGENT);
    let request = match ask {
        Ask::Tunnel(_) => request.method(Method::CONNECT).uri(authority),
        Ask::Server(_) => asking_for_head(request, "/"),
        Ask::Proxy(_) => asking_for_head(request, &format!("http://{authority}/")),
    };
    request.body(Empty::new())
}

fn asking_for_head(request: request::Builder, uri: &str) -> request::Builder {
    request
        .method(Method::HEAD)
        .uri(uri)
        .header(ACCEPT, "*/*")
        .header(CONNECTION, "close")
}

/// What a hyper error means; `begin` is how the peer's answer began.
fn symptom(error: &Error, begin: &[u8], trace: &mut Trace) -> Symptom {
    let io_error = error
        .source()
        .and_then(|source| source.downcast_ref::<io::Error>());
    if let Some(io_error) = io_error {
        return match tls::rustls_error(io_error) {
            Some(error) => tls::session_error(error),
            None if io_error.kind() == io::ErrorKind::UnexpectedEof => closed(),
            None if io_error.kind() == io::ErrorKind::InvalidData => no_http(io_error, begin),
            None => classify::io_error(io_error, trace),
        };
    }
    if error.is_incomplete_message()
        || begin.is_empty() && (error.is_closed() || error.is_canceled())
    {
        closed()
    } else if error.is_parse() || !begin.is_empty() {
        no_http(error, begin)
    } else {
        Symptom::new(Reason::Internal, error.to_string())
    }
}

fn no_http(error: &impl Display, begin: &[u8]) -> Symptom {
    let begin = printable(begin, SHOWN);
    let detail = format!("not an HTTP response head ({error}); it begins `{begin}`");
    Symptom::new(Reason::HttpProtocol, detail)
}

fn closed() -> Symptom {
    let detail = "the peer closed the connection before its response head was complete";
    Symptom::new(Reason::ConnectionClosed, detail)
}
