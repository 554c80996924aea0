//! The `tcp` probe: a completed connect, on a port where no interceptor answers for everybody.

use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::addresses::Turn;
use super::closing::close;
use super::connect::Connection;
use super::context::{Context, port};
use super::way::Way;
use super::{Symptom, Trace};
use crate::outcome::{ControlDial, Phase, Reason};
use crate::target::Target;

/// The least time that an interceptor has to accept the control dial: one lost SYN is resent after 1 s (RFC 6298).
const CONTROL_WINDOW: Duration = Duration::from_millis(1200);

/// An interceptor is on the path, so it needs no longer than the real connect did, which it may have answered
/// itself; several times as long leaves room for jitter.
const CONTROL_FACTOR: u32 = 4;

/// Connects, and dials the control address at the same time, the same way: some proxies, too, say that a tunnel stands
/// before they have tried.
///
/// A network that drops what it does not allow leaves the control dial open, which is the normal case; the wait
/// for it ends with [`CONTROL_WINDOW`] (or [`CONTROL_FACTOR`] times the real connect) after its start, and is no
/// part of the time that the target took.
pub(super) async fn probe(
    cx: &Context<'_>,
    target: &Target,
    trace: &mut Trace,
) -> Result<(), Symptom> {
    let port = port(target)?;
    let way = Way::find(cx, target, trace).await?;
    let control = SocketAddr::new(cx.limits.control_address, port);
    let to_control = way.to(control);
    let started = Instant::now();
    let mut answer = None;
    let mut dialled = pin!(accepts(&to_control, control, cx.turn));
    let connection = {
        let mut connecting = pin!(way.open(cx.turn, trace));
        loop {
            tokio::select! {
                biased; // the real SYN leaves first
                connected = &mut connecting => break connected?,
                accepted = &mut dialled, if answer.is_none() => answer = Some(accepted),
            }
        }
    };
    trace.settle();
    let window_end = window_end(started, &connection, cx);
    close(connection.stream, cx.turn).await;
    let answer = match answer {
        Some(answer) => answer,
        None => timeout_at(window_end, dialled).await.unwrap_or(Ok(false)),
    };
    let accepted = answer?;
    trace.facts.control = Some(ControlDial {
        address: control,
        accepted,
    });
    if accepted {
        return Err(Symptom::new(
            Reason::InterceptedPort,
            format!(
                "{control}, where no server can be, accepts connections too: something answers for everybody"
            ),
        ));
    }
    Ok(())
}

/// The end of the wait for the control, always before the deadline of the attempt, which has succeeded otherwise.
fn window_end(started: Instant, connection: &Connection, cx: &Context<'_>) -> Instant {
    let window = CONTROL_WINDOW.max(connection.took * CONTROL_FACTOR);
    let latest = Instant::now() + cx.turn.remaining() * 9 / 10;
    (started + window).min(latest)
}

/// Whether a connection to `control` comes about. An error is trouble of our own; every refusal is a plain no.
async fn accepts(way: &Way<'_>, control: SocketAddr, turn: Turn) -> Result<bool, Symptom> {
    // What happens here is nothing that happened to the target.
    let mut aside = Trace::start(Phase::Connect);
    match way.open(turn, &mut aside).await {
        Ok(_accepted) => Ok(true),
        Err(symptom) if symptom.reason.is_own_trouble() => Err(Symptom::new(
            symptom.reason,
            format!(
                "the control dial to {control} could not be made: {}",
                symptom.detail
            ),
        )),
        Err(_refused) => Ok(false),
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::super::testing::*;
    use super::*;
    use crate::target::Probe;

    const OTHER: &str = "127.0.0.2";

    fn with_control(mut bench: Bench) -> Bench {
        bench.limits.control_address = OTHER.parse().unwrap();
        bench
    }

    /// Listens at the control address on the port of `peer`; a full backlog makes it drop what comes.
    fn listen_at_control(peer: SocketAddr, backlog: i32) -> socket2::Socket {
        let address = SocketAddr::new(OTHER.parse::<IpAddr>().unwrap(), peer.port());
        let socket =
            socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
        socket.bind(&address.into()).unwrap();
        socket.listen(backlog).unwrap();
        socket
    }

    #[tokio::test]
    async fn a_connect_that_only_the_target_accepts_proves_it() {
        let peer = silent().await;
        let outcome = with_control(Bench::default())
            .attempt(peer, Probe::Tcp)
            .await;
        assert_reachable(&outcome);
        assert_eq!(outcome.facts.control.map(|dial| dial.accepted), Some(false));
        assert_eq!(outcome.addresses[0].address, peer);
    }

    #[tokio::test]
    async fn a_control_without_a_route_is_not_accepted() {
        let outcome = Bench::default().attempt(silent().await, Probe::Tcp).await;
        assert_reachable(&outcome);
        // The facts are the target's, not the control's.
        assert!(!outcome.facts.no_local_route);
    }

    #[tokio::test]
    async fn a_control_that_is_accepted_proves_nothing() {
        let peer = silent().await;
        let _interceptor = listen_at_control(peer, 8);
        let outcome = with_control(Bench::default())
            .attempt(peer, Probe::Tcp)
            .await;
        assert_eq!(
            unproven(&outcome),
            (Phase::Connect, Reason::InterceptedPort)
        );
        assert_eq!(outcome.facts.control.map(|dial| dial.accepted), Some(true));
    }

    #[tokio::test]
    async fn a_control_in_a_black_hole_takes_no_time_from_the_verdict() {
        let peer = silent().await;
        let full = listen_at_control(peer, 0);
        let address = full.local_addr().unwrap();
        let filler = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None);
        filler.unwrap().connect(&address).unwrap();
        let outcome = with_control(Bench::impatient())
            .attempt(peer, Probe::Tcp)
            .await;
        assert_reachable(&outcome);
        assert_eq!(outcome.facts.control.map(|dial| dial.accepted), Some(false));
        assert!(outcome.elapsed < Duration::from_millis(100), "{outcome:?}");
    }

    #[tokio::test]
    async fn a_closed_port_is_refused_while_connecting() {
        let outcome = Bench::default()
            .attempt(closed_port().await, Probe::Tcp)
            .await;
        assert_eq!(
            refuted(&outcome),
            (Phase::Connect, Reason::ConnectionRefused)
        );
        assert_eq!(outcome.facts.control, None);
    }
}
