//! Conversations over TCP that no real program would hold.

use std::io::Result;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::Behaviour;

pub(super) async fn converse(mut stream: TcpStream, behaviour: Behaviour) -> Result<()> {
    // A little later than the handshake, so that the peer has seen its connect succeed.
    const AFTER_ACCEPT: Duration = Duration::from_millis(20);
    const AT_MOST: Duration = Duration::from_millis(500);
    match behaviour {
        Behaviour::Close => {
            sleep(AFTER_ACCEPT).await;
            part(&mut stream).await?;
        }
        Behaviour::Reset => {
            // A reset that overtakes the news of the connect makes it fail. Who has spoken knows that it stood.
            let first_words = timeout(AT_MOST, stream.read(&mut [0; 1])).await;
            first_words.unwrap_or(Ok(0))?;
            stream.set_zero_linger()?;
        }
        Behaviour::ResetOnData => {
            stream.read_exact(&mut [0; 1]).await?;
            stream.set_zero_linger()?;
        }
        Behaviour::SshBanner => {
            stream.write_all(b"SSH-2.0-egress-lab\r\n").await?;
            hold(&mut stream).await?;
        }
        Behaviour::HttpRefusal => say(&mut stream, HTTP_REFUSAL).await?,
        Behaviour::HttpDenied => say(&mut stream, HTTP_DENIED).await?,
        Behaviour::Garbage => say(&mut stream, b"\x00\xff?!garbage\r\n\r\n").await?,
        Behaviour::TlsDrip => drip(&mut stream, SERVER_HELLO).await?,
        Behaviour::HttpDrip => drip(&mut stream, b"HTTP/1.1 200 OK\r\nServer: drip\r\n").await?,
        _ => hold(&mut stream).await?,
    }
    Ok(())
}

const HTTP_REFUSAL: &[u8] =
    b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

const HTTP_DENIED: &[u8] =
    b"HTTP/1.1 470 status code 470\r\nContent-Type: text/plain; charset=utf-8\r\n\
    Content-Length: 70\r\nConnection: close\r\n\r\n\
    Action: Deny. Reason: No rule matched. Proceeding with default action.";

/// How a record with a `ServerHello` begins (RFC 8446 section 4.1.3); its end never comes.
const SERVER_HELLO: &[u8] = b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03";

/// Waits for the peer's first words (or a moment, as peers may wait for a greeting), then answers and closes.
async fn say(stream: &mut TcpStream, words: &[u8]) -> Result<()> {
    let mut buffer = [0; 4096];
    if let Ok(read) = timeout(Duration::from_millis(500), stream.read(&mut buffer)).await {
        read?;
    }
    stream.write_all(words).await?;
    part(stream).await
}

/// Once asked: these words, and zeroes after them, one byte a second for as long as the peer listens.
async fn drip(stream: &mut TcpStream, words: &[u8]) -> Result<()> {
    stream.read_exact(&mut [0; 1]).await?;
    for byte in words.iter().copied().chain(std::iter::repeat(0)) {
        stream.write_all(&[byte]).await?;
        sleep(Duration::from_secs(1)).await;
    }
    Ok(())
}

/// Closes with a FIN. Closing with unread data would reset the connection, and take the last words back.
async fn part(stream: &mut TcpStream) -> Result<()> {
    stream.shutdown().await?;
    let farewell = timeout(Duration::from_secs(1), hold(stream)).await;
    farewell.unwrap_or(Ok(()))
}

async fn hold(stream: &mut TcpStream) -> Result<()> {
    let mut buffer = [0; 4096];
    while stream.read(&mut buffer).await? > 0 {}
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_denial_has_the_length_it_announces() {
        let body = HTTP_DENIED.split(|byte| *byte == b'\n').next_back();
        assert_eq!(body.map(<[u8]>::len), Some(70));
    }
}
