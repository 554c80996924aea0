//! `POST /-/reload`: the configuration is read again, where that is allowed.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::app::{App, sentence};
use crate::problem::Problems;
use crate::reload::Answer;

/// Of a configuration with many mistakes, so many are told.
const MISTAKES: usize = 50;

pub(super) async fn reload(State(app): State<App>) -> Response {
    if !app.reload.is_open() {
        let text = "Nobody may reload the configuration from here: `web.reload` is off. SIGHUP reloads it always.";
        return sentence(StatusCode::FORBIDDEN, text);
    }
    match app.reload.knock().await {
        Some(Answer::Adopted(notices)) => {
            let mut text = vec!["The configuration was reloaded.".to_owned()];
            text.extend(notices);
            sentence(StatusCode::OK, text.join("\n"))
        }
        Some(Answer::Refused(problems)) => {
            sentence(StatusCode::UNPROCESSABLE_ENTITY, refusal(&problems))
        }
        None => {
            let text = "Too many reloads are asked for, or the agent stops. Try again later.";
            sentence(StatusCode::SERVICE_UNAVAILABLE, text)
        }
    }
}

pub(super) async fn only_post() -> Response {
    sentence(StatusCode::METHOD_NOT_ALLOWED, "Only POST.")
}

fn refusal(problems: &Problems) -> String {
    let mut lines = problems.brief(MISTAKES);
    lines.push("The configuration is refused; the one of before stays in use.".to_owned());
    lines.join("\n")
}
