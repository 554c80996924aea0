//! The `tcp` probe: a completed connect, on a port where no interceptor answers for everybody.

use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::addresses::candidates;
use super::closing::close;
use super::connect::{Connection, connect, dial};
use super::context::{Context, port};
use super::{Symptom, Trace};
use crate::outcome::{ControlDial, Phase, Reason};
use crate::target::Target;

/// The least time that an interceptor has to accept the control dial: one lost SYN is resent after 1 s (RFC 6298).
const CONTROL_WINDOW: Duration = Duration::from_millis(1200);

/// An interceptor is on the path, so it needs no longer than the real connect did, which it may have answered
/// itself; several times as long leaves room for jitter.
const CONTROL_FACTOR: u32 = 4;

/// Connects, and dials the control address at the same time.
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
    let addresses = candidates(cx.resolver, &target.host, cx.turn.ordinal, trace).await?;
    let control = SocketAddr::new(cx.limits.control_address, port);
    let started = Instant::now();
    let mut answer = None;
    let mut dialled = pin!(accepts(control, cx.turn.remaining()));
    let connection = {
        let mut connecting = pin!(connect(&addresses, port, cx.turn, trace));
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

/// Whether `control` accepts a connection. An error is trouble of our own; every refusal is a plain no.
async fn accepts(control: SocketAddr, patience: Duration) -> Result<bool, Symptom> {
    // What happens here is nothing that happened to the target.
    let mut aside = Trace::start(Phase::Connect);
    match dial(control, patience, &mut aside).await {
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
