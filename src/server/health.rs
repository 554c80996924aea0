//! Whether the agent itself works. The results of attempts never count: a restart would help nobody.

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::app::{App, sentence};
use crate::store::{Record, State as TargetState};

/// A scheduler that has not turned for so long is stuck.
pub(super) const STUCK: Duration = Duration::from_secs(30);

pub(super) async fn healthz(State(app): State<App>) -> Response {
    let age = app.heartbeat.age();
    if age <= STUCK {
        sentence(StatusCode::OK, "ok")
    } else {
        let text = format!("The scheduler has not run for {} s.", age.as_secs());
        sentence(StatusCode::SERVICE_UNAVAILABLE, text)
    }
}

pub(super) async fn readyz(State(app): State<App>) -> Response {
    if app.heartbeat.uptime() >= app.first_round || app.store.first_round_done() {
        return sentence(StatusCode::OK, "ok");
    }
    let records = app.store.snapshot();
    let pending = |record: &&Record| record.state == TargetState::Pending;
    let (pending, all) = (records.iter().filter(pending).count(), records.len());
    let text = format!("{pending} of {all} targets are not decided yet.");
    sentence(StatusCode::SERVICE_UNAVAILABLE, text)
}
