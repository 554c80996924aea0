//! GET over HTTP/1.1, one connection each, and how long the whole answer took.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tokio::time::Instant;

const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) struct Answer {
    pub(crate) body: String,
    /// From before the connect to the end of the answer.
    pub(crate) took: Duration,
}

/// The body of a page that is there. Local servers only: none of them needs chunks undone, save where noted.
pub(crate) fn get(address: SocketAddr, path: &str) -> Result<Answer> {
    let begin = Instant::now();
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    // HTTP/1.0: nobody answers it in chunks, and the connection ends with the body.
    write!(
        stream,
        "GET {path} HTTP/1.0\r\nHost: {address}\r\nAccept: */*\r\n\r\n"
    )?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    let took = begin.elapsed();
    let (head, body) = text
        .split_once("\r\n\r\n")
        .context("no head in an answer")?;
    let status = head.split(' ').nth(1);
    ensure!(
        status == Some("200"),
        "{address}{path} answers {status:?}: {body}"
    );
    Ok(Answer {
        body: body.to_owned(),
        took,
    })
}

pub(crate) fn is_up(address: SocketAddr, path: &str) -> bool {
    get(address, path).is_ok()
}

/// The value of a query parameter.
pub(crate) fn encoded(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'.' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}
