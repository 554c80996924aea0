//! How far a `ClientHello` comes: sent with a rising time to live, each on a connection of its own that stands.

use std::time::Duration;

use socket2::SockRef;
use tokio::net::TcpStream;

use super::Case;
use super::dial::{Dial, USUAL_TTL, set_ttl};
use super::drawn::Drawn;
use super::hello::{close, say};
use super::pace::Pace;
use super::sweep::{Shot, sweep};
use crate::outcome::{Answer, Path};
use crate::probe::wire::{Padding, client_hello};

/// The way of the `ClientHello` that an attempt sends.
pub(super) async fn follow(case: &Case, pace: Pace) -> Option<Path> {
    if !case.fails_at_tls() {
        return None;
    }
    sweep(&Hellos { case, pace }, case.end(), pace).await
}

struct Hellos<'a> {
    case: &'a Case,
    pace: Pace,
}

impl Shot for Hellos<'_> {
    async fn shoot(&self, ttl: u8) -> Drawn {
        self.send(ttl).await.unwrap_or(Drawn::Unknown)
    }
}

impl Hellos<'_> {
    /// None when it could not be sent.
    async fn send(&self, ttl: u8) -> Option<Drawn> {
        let (peer, until) = (self.case.address, self.pace.hop());
        let hello = client_hello(self.case.name(), Padding::None)?;
        let mut tcp = Dial::plain(peer, until).connect().await.ok()?;
        set_ttl(&tcp, peer, ttl.into()).ok()?;
        let drawn = say(&mut tcp, &hello, until).await;
        // Whatever ends the connection is to arrive.
        set_ttl(&tcp, peer, USUAL_TTL).ok()?;
        if matches!(drawn, Drawn::Expired(_) | Drawn::Answer(Answer::Silence, _)) {
            abort(&tcp);
        }
        close(tcp, drawn).await;
        Some(drawn)
    }
}

/// Ends a connection whose hello is lost with one RST: otherwise the kernel would send the hello again, now all the
/// way, before it says that nothing more comes.
fn abort(tcp: &TcpStream) {
    // Where this cannot be set, the kernel does just that.
    let _ = SockRef::from(tcp).set_linger(Some(Duration::ZERO));
}
