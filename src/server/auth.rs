//! Whether a request gets past the web config: its rate, its certificate, its password.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::Request;

use super::app::sentence;
use super::passwords::{Checked, Passwords};
use super::peer::Peer;
use crate::web_config::{Access, Bucket};

/// Open to all: the kubelet has no password and no certificate.
const OPEN: [&str; 2] = ["/healthz", "/readyz"];

/// Who asks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Caller {
    pub(super) peer: Peer,
    /// Whether it came with a client certificate, which the handshake has checked.
    pub(super) has_certificate: bool,
}

/// Lets a request through, or says why not.
pub(super) async fn authorize<B>(
    request: &Request<B>,
    caller: Caller,
    access: &Access,
    passwords: &Passwords,
) -> Result<(), Response> {
    if OPEN.contains(&request.uri().path()) {
        return Ok(());
    }
    if let Some(bucket) = access.bucket.as_ref().filter(|bucket| !bucket.take()) {
        return Err(too_many(bucket));
    }
    if access.certificate_required && !caller.has_certificate {
        let text = "This page is for those with a client certificate. Only /healthz and /readyz are for all.";
        return Err(sentence(StatusCode::FORBIDDEN, text));
    }
    if access.users.is_empty() {
        return Ok(());
    }
    let Some((user, password)) = login(request.headers()) else {
        return Err(unauthorized(
            "This page is for those with a user name and a password.",
        ));
    };
    match passwords
        .check(&access.users, &user, &password, caller.peer)
        .await
    {
        Checked::Right => Ok(()),
        Checked::Wrong => Err(unauthorized("There is no such user with this password.")),
        Checked::Busy => {
            let text = "Too many passwords from this address wait to be checked. Try again later.";
            Err(later(sentence(StatusCode::TOO_MANY_REQUESTS, text), 1))
        }
        Checked::Impossible => {
            let text = "The password cannot be checked: the node gives no thread for it.";
            Err(later(sentence(StatusCode::SERVICE_UNAVAILABLE, text), 1))
        }
    }
}

/// User and password of basic authentication (RFC 7617).
fn login(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (user, password) = text.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

fn unauthorized(text: &str) -> Response {
    let mut response = sentence(StatusCode::UNAUTHORIZED, text);
    let challenge = HeaderValue::from_static("Basic realm=\"egress-probe\", charset=\"UTF-8\"");
    response
        .headers_mut()
        .insert(header::WWW_AUTHENTICATE, challenge);
    response
}

fn too_many(bucket: &Bucket) -> Response {
    let text = "More requests than `rate_limit` of the web config allows. Try again later.";
    let seconds = bucket.interval().as_secs() + 1;
    later(sentence(StatusCode::TOO_MANY_REQUESTS, text), seconds)
}

fn later(mut response: Response, seconds: u64) -> Response {
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_read_as_clients_write_it_and_nothing_else_is_one() {
        for (value, expected) in [
            ("Basic dXNlcjpwYXNzOndvcmQ=", Some(("user", "pass:word"))),
            ("basic dXNlcjo=", Some(("user", ""))),
            ("Bearer dXNlcjpwYXNzOndvcmQ=", None),
            ("Basic dXNlcg==", None),
            ("Basic %%%", None),
            ("Basic /w==", None),
            ("Basic", None),
        ] {
            let value = HeaderValue::from_static(value);
            let headers = HeaderMap::from_iter([(header::AUTHORIZATION, value.clone())]);
            let login = login(&headers);
            let login = login
                .as_ref()
                .map(|(user, password)| (user.as_str(), password.as_str()));
            assert_eq!(login, expected, "{value:?}");
        }
    }
}
