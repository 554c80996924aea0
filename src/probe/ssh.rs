//! The `ssh` probe: an identification line (RFC 4253 section 4.2). Nothing is negotiated.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::closing::close;
use super::context::Context;
use super::way::Way;
use super::{Symptom, Trace, classify};
use crate::outcome::{Phase, Reason};
use crate::target::Target;
use crate::text::printable;

const IDENTIFICATION: &str = concat!("SSH-2.0-egress-probe_", env!("CARGO_PKG_VERSION"), "\r\n");

/// Bytes of an identification line, CR and LF included (RFC 4253 section 4.2).
const LONGEST_IDENTIFICATION: usize = 255;

/// Servers may send other lines first; how many and how long, the RFC leaves open.
const MOST_LINES_BEFORE: usize = 16;
const LONGEST_LINE: usize = 1024;
const MOST_BYTES: usize = 8 * 1024;

/// Reads the identification line of a server.
pub(super) async fn probe(
    cx: &Context<'_>,
    target: &Target,
    trace: &mut Trace,
) -> Result<(), Symptom> {
    let way = Way::find(cx, target, trace).await?;
    let mut stream = way.open(cx.turn, trace).await?.stream;
    trace.enter(Phase::Banner);
    let result = converse(&mut stream, trace).await;
    trace.settle();
    close(stream, cx.turn).await;
    result
}

/// Our identification and theirs, over a connection that stands.
pub(super) async fn converse(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    trace: &mut Trace,
) -> Result<(), Symptom> {
    // A server may have spoken and gone already: what it said counts more than an error while we speak.
    let sent = stream.write_all(IDENTIFICATION.as_bytes()).await;
    let mut received = Vec::new();
    let mut buffer = [0_u8; 1024];
    loop {
        let count = match stream.read(&mut buffer).await {
            Ok(0) => return Err(ended(&received, sent.err(), trace)),
            Err(error) => return Err(ended(&received, Some(error), trace)),
            Ok(count) => count,
        };
        received.extend_from_slice(&buffer[..count]);
        match identification(&received) {
            Reading::Unfinished(line) => note(line, trace),
            Reading::Identified(line) => {
                note(line, trace);
                return Ok(());
            }
            Reading::Unexpected(line, why) => {
                note(line, trace);
                return Err(Symptom::new(Reason::UnexpectedReply, why));
            }
        }
    }
}

fn note(line: &[u8], trace: &mut Trace) {
    trace.facts.banner = Some(printable(line, LONGEST_IDENTIFICATION));
}

fn ended(received: &[u8], error: Option<io::Error>, trace: &mut Trace) -> Symptom {
    match error {
        _ if !received.is_empty() => Symptom::new(
            Reason::UnexpectedReply,
            "the connection ended before an SSH identification line",
        ),
        Some(error) => classify::io_error(&error, trace),
        None => Symptom::new(
            Reason::ConnectionClosed,
            "the peer closed the connection without a word",
        ),
    }
}

/// What a server has said so far, with the line that shows it.
#[derive(Debug, PartialEq, Eq)]
enum Reading<'a> {
    /// The identification may still come.
    Unfinished(&'a [u8]),
    /// It came.
    Identified(&'a [u8]),
    /// It cannot come any more, and why.
    Unexpected(&'a [u8], &'static str),
}

fn identification(received: &[u8]) -> Reading<'_> {
    let mut first = None;
    let mut lines = 0;
    for line in received.split_inclusive(|byte| *byte == b'\n') {
        let text = line.trim_ascii_end();
        let shown = *first.get_or_insert(text);
        let complete = line.ends_with(b"\n");
        if line.starts_with(b"SSH-") {
            match (complete, line.len() <= LONGEST_IDENTIFICATION) {
                (true, true) if is_version_2(text) => return Reading::Identified(text),
                (true, true) => {
                    return Reading::Unexpected(text, "an SSH version that nobody speaks any more");
                }
                (_, false) => {
                    return Reading::Unexpected(text, "an identification line that is too long");
                }
                (false, true) => return Reading::Unfinished(text),
            }
        }
        if line.contains(&0) {
            return Reading::Unexpected(shown, "not text: another protocol answers");
        }
        if line.starts_with(b"HTTP/") {
            return Reading::Unexpected(shown, "an HTTP server answers");
        }
        lines += usize::from(complete);
        if line.len() > LONGEST_LINE || lines > MOST_LINES_BEFORE || received.len() > MOST_BYTES {
            return Reading::Unexpected(shown, "much text, and no SSH identification line in it");
        }
    }
    Reading::Unfinished(first.unwrap_or_default())
}

/// 1.99 is a server that speaks 2.0 too (RFC 4253 section 5.1).
fn is_version_2(line: &[u8]) -> bool {
    line.starts_with(b"SSH-2.0-") || line.starts_with(b"SSH-1.99-")
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use crate::outcome::Outcome;
    use crate::target::Probe;

    fn outcome_of(received: &[u8]) -> &'static str {
        match identification(received) {
            Reading::Unfinished(_) => "unfinished",
            Reading::Identified(_) => "identified",
            Reading::Unexpected(..) => "unexpected",
        }
    }

    #[test]
    fn an_identification_line_is_told_from_everything_else() {
        let long_line = [b"SSH-2.0-".as_slice(), &[b'x'; 300], b"\r\n"].concat();
        let many_lines = b"hello\n".repeat(MOST_LINES_BEFORE + 1);
        let endless = vec![b'x'; LONGEST_LINE + 1];
        let cases: [(&[u8], &str); 14] = [
            (b"SSH-2.0-OpenSSH_9.6\r\n", "identified"),
            (b"SSH-2.0-lf_only\nrest", "identified"),
            (b"SSH-1.99-Cisco-1.25\r\n", "identified"),
            (b"Welcome\r\nto this host\r\nSSH-2.0-x\r\n", "identified"),
            (b"SSH-2.0-OpenS", "unfinished"),
            (b"", "unfinished"),
            (b"220 mail.example.com ESMTP\r\n", "unfinished"),
            (b"SSH-1.5-old\r\n", "unexpected"),
            (b"HTTP/1.1 400 Bad Request\r\n", "unexpected"),
            (b"\x15\x03\x01\x00\x02\x02\x46", "unexpected"),
            (&long_line, "unexpected"),
            (&many_lines, "unexpected"),
            (&endless, "unexpected"),
            (b"Welcome\nHTTP/1.1 400\r\n", "unexpected"),
        ];
        for (received, expected) in cases {
            assert_eq!(
                outcome_of(received),
                expected,
                "{}",
                printable(received, 80)
            );
        }
    }

    async fn attempt(peer: std::net::SocketAddr) -> Outcome {
        Bench::impatient().attempt(peer, Probe::Ssh).await
    }

    #[tokio::test]
    async fn an_identification_line_proves_the_path() {
        let outcome = attempt(says(b"note\r\nSSH-2.0-test \x07\r\n").await).await;
        assert_reachable(&outcome);
        assert_eq!(outcome.facts.banner.as_deref(), Some("SSH-2.0-test \\u{7}"));
    }

    #[tokio::test]
    async fn other_protocols_are_unexpected_and_shown() {
        let outcome = attempt(says(b"HTTP/1.0 400 Bad Request\r\n\r\n").await).await;
        assert_eq!(refuted(&outcome), (Phase::Banner, Reason::UnexpectedReply));
        let banner = outcome.facts.banner.as_deref();
        assert_eq!(banner, Some("HTTP/1.0 400 Bad Request"));
        let outcome = attempt(answers(*b"go away").await).await;
        assert_eq!(refuted(&outcome), (Phase::Banner, Reason::UnexpectedReply));
    }

    #[tokio::test]
    async fn a_peer_without_words_fails_by_how_it_ends() {
        for (peer, reason) in [
            (closes().await, Reason::ConnectionClosed),
            (resets().await, Reason::ConnectionReset),
            (silent().await, Reason::Timeout),
        ] {
            assert_eq!(refuted(&attempt(peer).await), (Phase::Banner, reason));
        }
    }
}
