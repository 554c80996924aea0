//! Moves one question and its reply over UDP or TCP. Believes only what `message` lets it believe.

use std::io;
use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use nix::libc::EINPROGRESS;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::{Instant, timeout_at};

use super::message::{Asked, Reply};
use crate::outcome::Reason;
use crate::probe::{Symptom, Trace, classify, datagram, error_queue};

/// The same as for datagrams, where only the nameserver itself can speak, and says up to 64 KiB at a time.
const MOST_IGNORED_OVER_TCP: u32 = 4;

/// The trace while two questions are under way in one task. Never held across an await, so never contended.
pub(super) type Shared<'a> = Mutex<&'a mut Trace>;

/// Writes something down in the trace.
pub(super) fn note<R>(trace: &Shared<'_>, write: impl FnOnce(&mut Trace) -> R) -> R {
    write(&mut trace.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Asks over UDP, once for each of `waits`, until which a reply is waited for. A resend is the same message from the same socket, so that a late reply to the first still counts.
pub(super) async fn udp(
    nameserver: SocketAddr,
    asked: &Asked,
    waits: &[Instant],
    trace: &Shared<'_>,
) -> Result<Reply, Symptom> {
    let socket = note(trace, |trace| datagram::connect(nameserver, trace))?;
    let started = Instant::now();
    let mut ignored = 0;
    for until in waits {
        let sent = socket.send(&asked.bytes).await;
        sent.map_err(|error| failed(&error, &socket, trace))?;
        let reply = receive(&socket, asked, &mut ignored, trace);
        if let Ok(reply) = timeout_at(*until, reply).await {
            return reply;
        }
    }
    Err(unanswered(started.elapsed(), ignored))
}

async fn receive(
    socket: &UdpSocket,
    asked: &Asked,
    ignored: &mut u32,
    trace: &Shared<'_>,
) -> Result<Reply, Symptom> {
    let mut buffer = vec![0; 4096]; // more than what EDNS asks for, since not every server obeys
    loop {
        let received = socket.recv(&mut buffer).await;
        let length = received.map_err(|error| failed(&error, socket, trace))?;
        match asked.judge(&buffer[..length]) {
            Reply::Ignored => ignore(ignored, datagram::MOST_IGNORED, trace)?,
            reply => return Ok(reply),
        }
    }
}

/// Connects over TCP.
pub(super) async fn dial(nameserver: SocketAddr, trace: &Shared<'_>) -> Result<TcpStream, Symptom> {
    let stream = note(trace, |trace| start(nameserver, trace))?;
    let ended = match stream.writable().await {
        Ok(()) => stream
            .take_error()
            .and_then(|error| error.map_or(Ok(()), Err)),
        Err(error) => Err(error),
    };
    ended.map_err(|error| failed(&error, &stream, trace))?;
    Ok(stream)
}

/// A connect under way, on a socket that outlives its failure and so can be asked for the ICMP message behind it.
fn start(peer: SocketAddr, trace: &mut Trace) -> Result<TcpStream, Symptom> {
    let socket = open(peer).map_err(|error| classify::io_error(&error, trace))?;
    match socket.connect(&peer.into()) {
        Err(error) if error.raw_os_error() != Some(EINPROGRESS) => {
            Err(classify::socket_error(&error, &socket, trace))
        }
        _ => TcpStream::from_std(socket.into()).map_err(|error| classify::io_error(&error, trace)),
    }
}

fn open(peer: SocketAddr) -> io::Result<Socket> {
    let kind = Type::STREAM.nonblocking();
    let socket = Socket::new(Domain::for_address(peer), kind, Some(Protocol::TCP))?;
    error_queue::enable(&socket, peer)?;
    Ok(socket)
}

/// Asks over TCP: messages with their length before them, in one write (RFC 7766 section 8).
/// Waits as long as it is let; `ignored` outlives a wait that is cut off.
pub(super) async fn tcp(
    mut stream: TcpStream,
    asked: &Asked,
    ignored: &mut u32,
    trace: &Shared<'_>,
) -> Result<Reply, Symptom> {
    let length = u16::try_from(asked.bytes.len()).unwrap_or(u16::MAX);
    let framed = [&length.to_be_bytes(), asked.bytes.as_slice()].concat();
    let sent = stream.write_all(&framed).await;
    sent.map_err(|error| failed(&error, &stream, trace))?;
    loop {
        let received = read_framed(&mut stream).await;
        let message = received.map_err(|error| failed(&error, &stream, trace))?;
        match asked.judge(&message) {
            Reply::Ignored => ignore(ignored, MOST_IGNORED_OVER_TCP, trace)?,
            reply => return Ok(reply),
        }
    }
}

async fn read_framed(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let length = stream.read_u16().await?;
    let mut message = vec![0; usize::from(length)];
    stream.read_exact(&mut message).await?;
    Ok(message)
}

/// The symptom of a wait that ended without an answer.
pub(super) fn unanswered(waited: Duration, ignored: u32) -> Symptom {
    let silence = format!("no answer within {waited:.1?}");
    match ignored {
        0 => Symptom::new(Reason::Timeout, silence),
        _ => Symptom::new(
            Reason::UnexpectedReply,
            format!("{silence}, but {ignored} replies that do not match the question"),
        ),
    }
}

/// Notes a reply that does not match, and goes on unless there are too many.
fn ignore(ignored: &mut u32, most: u32, trace: &Shared<'_>) -> Result<(), Symptom> {
    *ignored += 1;
    note(trace, |trace| {
        trace.facts.ignored_replies = trace.facts.ignored_replies.saturating_add(1);
    });
    if *ignored < most {
        return Ok(());
    }
    let detail = format!("{ignored} replies that do not match the question");
    Err(Symptom::new(Reason::UnexpectedReply, detail))
}

fn failed(error: &io::Error, socket: &impl AsRawFd, trace: &Shared<'_>) -> Symptom {
    note(trace, |trace| classify::socket_error(error, socket, trace))
}
