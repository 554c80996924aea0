//! A `ClientHello` on a connection that stands, and the first record that comes back.

use std::io;
use std::net::SocketAddr;

use nix::libc;
use tokio::io::{AsyncWriteExt, Interest};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use super::dial::Dial;
use super::drawn::Drawn;
use crate::outcome::Answer;
use crate::probe::wire;

/// Connects, says hello, and closes; what came back.
pub(super) async fn exchange(dial: Dial, hello: &[u8]) -> Option<Answer> {
    let mut tcp = match dial.connect().await {
        Ok(tcp) => tcp,
        Err(drawn) => return drawn.answer().map(|_| Answer::NotConnected),
    };
    let drawn = say(&mut tcp, hello, dial.until).await;
    close(tcp, drawn).await;
    drawn.answer()
}

/// The same over a connect like every other.
pub(super) async fn greet(
    peer: SocketAddr,
    hello: Option<Vec<u8>>,
    until: Instant,
) -> Option<Answer> {
    exchange(Dial::plain(peer, until), &hello?).await
}

/// Sends `hello`, and waits for the first byte: the type of a record (RFC 8446 section 5.1), or of something else.
pub(super) async fn say(tcp: &mut TcpStream, hello: &[u8], until: Instant) -> Drawn {
    const ALERT: u8 = 21;
    const HANDSHAKE: u8 = 22;
    let first = async {
        tcp.write_all(hello).await?;
        first_byte(tcp).await
    };
    let answer = match timeout_at(until, first).await {
        Err(_) => Answer::Silence,
        Ok(Ok(HANDSHAKE)) => Answer::Answered,
        Ok(Ok(ALERT)) => Answer::Alert,
        Ok(Ok(_)) => Answer::Other,
        // The kernel's word for a time to live that was exceeded, once a connection stands.
        Ok(Err(error)) if error.raw_os_error() == Some(libc::EHOSTUNREACH) => {
            return Drawn::Expired(None);
        }
        Ok(Err(error)) => return Drawn::of_error(&error, tcp),
    };
    Drawn::Answer(answer, None)
}

/// Reads, and sees errors which leave the connection standing: reads alone are not woken by those.
async fn first_byte(tcp: &TcpStream) -> io::Result<u8> {
    let nothing = || io::Error::from(io::ErrorKind::WouldBlock);
    let mut byte = [0];
    loop {
        tcp.ready(Interest::READABLE | Interest::ERROR).await?;
        match tcp.try_read(&mut byte) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(_) => return Ok(byte[0]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        // That there is none ends the readiness, or this would not wait any more.
        let pending = || tcp.take_error()?.ok_or_else(nothing);
        if let Ok(error) = tcp.try_io(Interest::ERROR, pending) {
            return Err(error);
        }
    }
}

/// Closes without an RST where somebody is there to take it.
pub(super) async fn close(tcp: TcpStream, drawn: Drawn) {
    if let Drawn::Answer(Answer::Answered | Answer::Alert | Answer::Other, _) = drawn {
        wire::close_within(wire::LINGER, tcp).await;
    }
}
