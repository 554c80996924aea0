//! The HTTP surface: routes, representations, health, and callers who behave badly.

#[path = "support/fixture.rs"]
mod fixture;
#[path = "support/served.rs"]
mod served;
#[path = "support/wait.rs"]
mod wait;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use egress_probe::problem::Problems;
use egress_probe::reload::{self, door};
use egress_probe::server::{App, BindError, Limits, Server, router};
use http_body_util::BodyExt;
use served::{Running, app, app_of, app_of_many, loopback, sulk};
use tower::ServiceExt;
use wait::until;

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().expect("text"))
    }
}

async fn ask(app: App, request: Request<Body>) -> Answer {
    let response = router(app).oneshot(request).await.expect("an answer");
    let (parts, body) = response.into_parts();
    let body = body.collect().await.expect("a body").to_bytes();
    Answer {
        status: parts.status,
        headers: parts.headers,
        body: String::from_utf8(body.to_vec()).expect("text"),
    }
}

async fn get(path: &str, accept: &str) -> Answer {
    ask(
        app(),
        Request::get(path)
            .header("accept", accept)
            .body(Body::empty())
            .expect("a request"),
    )
    .await
}

#[tokio::test]
async fn status_comes_as_the_caller_likes_it() {
    let browser = "text/html,application/xhtml+xml,*/*;q=0.8";
    for (path, accept, content_type, begins) in [
        ("/status", "*/*", "text/plain; charset=utf-8", "FAILING  "),
        (
            "/status",
            browser,
            "text/html; charset=utf-8",
            "<!doctype html>",
        ),
        (
            "/status",
            "application/json",
            "application/json; charset=utf-8",
            "{",
        ),
        (
            "/status?format=text",
            browser,
            "text/plain; charset=utf-8",
            "FAILING  ",
        ),
        (
            "/status?format=json",
            "*/*",
            "application/json; charset=utf-8",
            "{",
        ),
        (
            "/status?format=html",
            "*/*",
            "text/html; charset=utf-8",
            "<!doctype html>",
        ),
        (
            "/api/v1/status",
            browser,
            "application/json; charset=utf-8",
            "{",
        ),
        ("/", "*/*", "text/html; charset=utf-8", "<!doctype html>"),
        (
            "/static/style.css",
            "*/*",
            "text/css; charset=utf-8",
            ":root",
        ),
        (
            "/metrics",
            "*/*",
            "text/plain; version=0.0.4; charset=utf-8",
            "# HELP egress_build_info",
        ),
        (
            "/metrics",
            "application/openmetrics-text;version=1.0.0,text/plain;q=0.5",
            "application/openmetrics-text; version=1.0.0; charset=utf-8",
            "# TYPE egress_build_info gauge",
        ),
        (
            "/status/mcr.microsoft.com:443/https",
            "*/*",
            "text/plain; charset=utf-8",
            "REACHABLE  mcr.microsoft.com:443  https",
        ),
        (
            "/status/mcr.microsoft.com/dns?format=json",
            "*/*",
            "application/json; charset=utf-8",
            "{",
        ),
        (
            "/status/%5B2001%3Adb8%3A%3A53%5D:53/dns-tcp",
            browser,
            "text/html; charset=utf-8",
            "<!doctype html>",
        ),
    ] {
        let answer = get(path, accept).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert_eq!(
            answer.header("content-type"),
            content_type,
            "{path} {accept}"
        );
        assert!(
            answer.body.starts_with(begins),
            "{path}: {}",
            &answer.body[..40]
        );
    }
}

#[tokio::test]
async fn every_answer_is_guarded() {
    for path in [
        "/",
        "/status",
        "/metrics",
        "/healthz",
        "/nothing",
        "/static/style.css",
    ] {
        let answer = get(path, "text/html").await;
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; "), "{path}");
        assert!(
            !policy.contains("unsafe") && !policy.contains("http"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn pages_keep_their_own_policy_and_link_to_what_exists() {
    let page = get("/status", "text/html").await.body;
    assert!(!page.contains("style=\"") && !page.contains("<style"));
    assert!(!page.contains("http://") && !page.contains("https://"));
    let named = |attribute: &str| -> Vec<String> {
        let rests = page.split(attribute).skip(1);
        let values = rests.filter_map(|rest| rest.split('"').next());
        values.map(|value| value.replace("&amp;", "&")).collect()
    };
    assert_eq!(named("<script type=\"module\" src=\""), ["/static/page.js"]);
    assert_eq!(page.matches("<script").count(), 1);
    let links = [named("href=\""), named("src=\"")].concat();
    assert!(links.len() > 20);
    for link in links.iter().filter(|link| !link.starts_with('#')) {
        assert_eq!(
            get(link, "text/html").await.status,
            StatusCode::OK,
            "{link}"
        );
    }
}

#[tokio::test]
async fn everything_that_a_page_may_load_is_there_and_nothing_else() {
    for (name, content_type, begins) in [
        ("style.css", "text/css; charset=utf-8", ":root"),
        ("page.js", "text/javascript; charset=utf-8", "// "),
        ("live.js", "text/javascript; charset=utf-8", "// "),
        ("good.svg", "image/svg+xml", "<svg"),
        ("warn.svg", "image/svg+xml", "<svg"),
        ("bad.svg", "image/svg+xml", "<svg"),
    ] {
        let answer = get(&format!("/static/{name}"), "*/*").await;
        assert_eq!(answer.status, StatusCode::OK, "{name}");
        assert_eq!(answer.header("content-type"), content_type, "{name}");
        assert!(answer.body.starts_with(begins), "{name}");
    }
    for path in [
        "/static/",
        "/static/none.css",
        "/static/..%2fpage.js",
        "/static/%ff",
    ] {
        assert_eq!(
            get(path, "*/*").await.status,
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
}

#[tokio::test]
async fn only_the_page_for_browsers_is_filtered_and_wrong_words_are_refused() {
    for (path, accept, sentence) in [
        (
            "/status?q=mcr",
            "*/*",
            "Only the page for browsers can be filtered",
        ),
        (
            "/status?group=core&format=json",
            "text/html",
            "Only the page for browsers",
        ),
        (
            "/status?group=cores",
            "text/html",
            "A group or state of `cores` is not known here; did you mean `core`?",
        ),
        (
            "/status?state=broken",
            "text/html",
            "A group or state of `broken` is not known here",
        ),
    ] {
        let answer = get(path, accept).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}");
        assert!(answer.body.starts_with(sentence), "{path}: {}", answer.body);
    }
    let whole = get("/status?q=&group=&state=", "*/*").await;
    assert_eq!(
        whole.status,
        StatusCode::OK,
        "an empty form asks for nothing"
    );
}

#[tokio::test]
async fn what_a_peer_sent_is_escaped() {
    let page = get("/status/mcr.microsoft.com:443/https", "text/html")
        .await
        .body;
    assert!(
        !page.contains("<b>\"&"),
        "the server header stands there as it came"
    );
    assert!(page.contains("IIS/10.0 &#60;b&#62;&#34;&#38;"));
}

#[tokio::test]
async fn a_wrong_format_is_refused_with_the_right_ones() {
    let answer = get("/status?format=xml", "*/*").await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(
        answer.body,
        "A format of `xml` is not known here; known are text, json, html.\n"
    );
}

#[tokio::test]
async fn what_does_not_exist_says_what_does() {
    let answer = get("/probe?target=example.com", "*/*").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert!(
        answer
            .body
            .starts_with("There is nothing here. There is:\n\n  /status  "),
        "{}",
        answer.body
    );
    for path in ["/api/v1/status", "/metrics", "/healthz", "/readyz"] {
        assert!(answer.body.contains(path), "{path}");
    }
    for path in [
        "/status/example.com:443/https",
        "/status/mcr.microsoft.com:443/nonsense",
        "/status/%ff/https",
    ] {
        let answer = get(path, "*/*").await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert!(answer.body.starts_with("No such target"), "{path}");
    }
}

#[tokio::test]
async fn only_reading_is_allowed() {
    let request = |method: &str| {
        Request::builder()
            .method(method)
            .uri("/status")
            .body(Body::empty())
            .expect("a request")
    };
    let refused = ask(app(), request("POST")).await;
    assert_eq!(refused.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(refused.header("allow"), "GET,HEAD");
    let head = ask(app(), request("HEAD")).await;
    assert_eq!((head.status, head.body.as_str()), (StatusCode::OK, ""));
    assert_eq!(head.header("content-type"), "text/plain; charset=utf-8");
}

fn reload_request(method: &str) -> Request<Body> {
    let request = Request::builder().method(method).uri("/-/reload");
    request.body(Body::empty()).expect("a request")
}

/// An agent that lets callers in and gives all of them one answer.
async fn asked_to_reload(answer: reload::Answer) -> Answer {
    let (door, mut callers) = door();
    callers.let_in(true);
    let app = App {
        reload: door,
        ..app()
    };
    let answering = async { callers.next().await.send(answer).expect("who waits") };
    tokio::join!(ask(app, reload_request("POST")), answering).0
}

#[tokio::test]
async fn a_reload_is_answered_with_what_became_of_it() {
    let notice = "`log_format: json` waits for a restart".to_owned();
    let adopted = asked_to_reload(reload::Answer::Adopted(vec![notice])).await;
    assert_eq!(adopted.status, StatusCode::OK);
    let expected = "The configuration was reloaded.\n`log_format: json` waits for a restart\n";
    assert_eq!(adopted.body, expected);
    let mut problems = Problems::default();
    for line in 1..=1000 {
        problems.add("config.yaml".as_ref(), Some(line), "key", "is wrong");
    }
    let refused = asked_to_reload(reload::Answer::Refused(problems)).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.starts_with("config.yaml:1: key: is wrong\n"));
    let end = "\nand 950 more\nThe configuration is refused; the one of before stays in use.\n";
    assert!(refused.body.ends_with(end), "{}", refused.body);
}

#[tokio::test]
async fn a_reload_is_for_those_who_are_allowed_and_post() {
    let closed = ask(app(), reload_request("POST")).await;
    assert_eq!(closed.status, StatusCode::FORBIDDEN);
    assert!(
        closed.body.contains("`web.reload` is off"),
        "{}",
        closed.body
    );
    for method in ["GET", "HEAD", "PUT", "DELETE"] {
        let answer = ask(app(), reload_request(method)).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
        assert_eq!(answer.header("allow"), "POST", "{method}");
    }
    let (door, callers) = door();
    callers.let_in(true);
    drop(callers);
    let app = App {
        reload: door,
        ..app()
    };
    let stopping = ask(app, reload_request("POST")).await;
    assert_eq!(stopping.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test(start_paused = true)]
async fn health_is_the_schedulers_and_not_the_networks() {
    let app = app();
    let probe = || {
        Request::get("/healthz")
            .body(Body::empty())
            .expect("a request")
    };
    assert_eq!(ask(app.clone(), probe()).await.status, StatusCode::OK);
    tokio::time::advance(Duration::from_secs(31)).await;
    let stuck = ask(app.clone(), probe()).await;
    assert_eq!(stuck.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(stuck.body, "The scheduler has not run for 31 s.\n");
    for (accept, word) in [
        ("text/html", "<b>STALE</b>"),
        ("*/*", "STALE  "),
        ("application/json", "stands still"),
    ] {
        let request = Request::get("/status").header("accept", accept);
        let page = ask(app.clone(), request.body(Body::empty()).expect("a request")).await;
        assert!(page.body.contains(word), "{accept}: {}", page.body);
    }
    app.heartbeat.beat(Duration::ZERO);
    assert_eq!(ask(app, probe()).await.status, StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn ready_after_the_first_round_or_its_time() {
    let app = app_of(&[Arc::new(fixture::https("mcr.microsoft.com", ""))]);
    let probe = || {
        Request::get("/readyz")
            .body(Body::empty())
            .expect("a request")
    };
    let early = ask(app.clone(), probe()).await;
    assert_eq!(early.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(early.body, "1 of 1 targets are not decided yet.\n");
    tokio::time::advance(App::FIRST_ROUND).await;
    assert_eq!(ask(app, probe()).await.status, StatusCode::OK);
    let empty = app_of(&[]);
    assert_eq!(ask(empty, probe()).await.status, StatusCode::OK);
}

#[test]
fn a_busy_port_says_how_to_change_it() {
    let taken = TcpListener::bind(loopback(0)).expect("a socket");
    let address = taken.local_addr().expect("an address");
    let message = Server::bind(address).expect_err("a busy port").to_string();
    assert_eq!(
        message,
        format!(
            "{address} is in use; choose another address with `--listen ADDR:PORT` or `web.listen` in the configuration"
        )
    );
    let usual = BindError::InUse {
        address: loopback(9100),
    }
    .to_string();
    assert!(usual.contains("node_exporter"), "{usual}");
}

/// Two slots, and little patience.
const TIGHT: Limits = Limits {
    connections: 2,
    reserve: 0,
    header_read: Duration::from_millis(300),
    patience: Duration::from_millis(300),
    connection: Duration::from_mins(1),
    grace: Duration::from_millis(500),
    ..Limits::USUAL
};

#[test]
fn callers_who_dawdle_over_their_request_make_way_and_are_told() {
    let patient = Limits {
        header_read: Duration::from_secs(5),
        ..TIGHT
    };
    let server = Running::start(app(), patient);
    let mut dawdlers: Vec<_> = (0..2).map(|_| dawdle(&server)).collect();
    assert!(server.get("/healthz").starts_with("HTTP/1.1 200"));
    let mut said = String::new();
    dawdlers[0].read_to_string(&mut said).expect("an answer");
    assert!(said.starts_with("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\n"));
    assert!(
        said.ends_with("\r\n\r\nToo many are connected. Try again later.\n"),
        "{said}"
    );
    write!(dawdlers[1], "x\r\n\r\n").expect("it is still connected");
    let mut answer = String::new();
    dawdlers[1].read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[test]
fn a_request_that_does_not_end_is_given_up() {
    let server = Running::start(app(), TIGHT);
    let mut said = String::new();
    dawdle(&server)
        .read_to_string(&mut said)
        .expect("an answer");
    assert!(
        said.starts_with("HTTP/1.1 408 Request Timeout\r\n"),
        "{said}"
    );
}

/// Begins a request and does not end it.
fn dawdle(server: &Running) -> TcpStream {
    let mut dawdler = server.connect();
    let begun = b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ";
    dawdler.write_all(begun).expect("sent");
    dawdler
}

/// Two who take one byte of their long answers and no more.
fn two_sulkers(server: &Running) -> [TcpStream; 2] {
    [(); 2].map(|()| {
        let mut sulker = sulk(server.address, "/api/v1/status");
        sulker.read_exact(&mut [0]).expect("the answer begins");
        sulker
    })
}

#[test]
fn new_connections_are_told_when_all_have_a_claim_to_their_slot() {
    let patient = Limits {
        patience: Duration::from_mins(1),
        ..TIGHT
    };
    let server = Running::start(app_of_many(), patient);
    let _sulkers = two_sulkers(&server);
    let full = server.get("/healthz");
    assert!(
        full.starts_with("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\n"),
        "{full}"
    );
    assert!(
        full.ends_with("Too many are connected. Try again later.\n"),
        "{full}"
    );
}

#[test]
fn callers_who_never_read_make_way_after_a_while() {
    let server = Running::start(app_of_many(), TIGHT);
    let _sulkers = two_sulkers(&server);
    until("a slot", || match server.get("/healthz") {
        well if well.starts_with("HTTP/1.1 200") => Ok(()),
        other => Err(other),
    });
}

#[test]
fn an_answer_that_is_never_read_ends_even_when_nobody_waits() {
    let limits = Limits {
        connection: Duration::from_millis(300),
        ..TIGHT
    };
    let server = Running::start(app_of_many(), limits);
    let mut sulker = sulk(server.address, "/api/v1/status");
    sulker.read_exact(&mut [0]).expect("the answer begins");
    std::thread::sleep(limits.connection * 2);
    let mut cut = Vec::new();
    // Cut off by a reset or by an end: what counts is that it is not whole.
    let _ = sulker.read_to_end(&mut cut);
    let text = String::from_utf8_lossy(&cut);
    assert!(
        !text.ends_with("}\n"),
        "all of it came: {} bytes",
        cut.len()
    );
}

#[test]
fn one_address_has_so_many_slots_and_no_more() {
    let limits = Limits {
        connections: 64,
        per_peer: 3,
        header_read: Duration::from_mins(1),
        ..TIGHT
    };
    let server = Running::start(app(), limits);
    let mut dawdlers: Vec<_> = (0..4).map(|_| dawdle(&server)).collect();
    let mut said = String::new();
    dawdlers[0].read_to_string(&mut said).expect("an answer");
    assert!(said.starts_with("HTTP/1.1 503"), "{said}");
}

#[test]
fn what_comes_behind_a_request_is_not_read_for_ever() {
    let server = Running::start(app(), Limits::USUAL);
    let mut stream = server.connect();
    write!(stream, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").expect("sent");
    let sent = (0..4_096).find(|_| stream.write_all(&[0; 4_096]).is_err());
    assert!(sent.is_some(), "16 MiB were taken");
}

#[test]
fn a_request_head_that_is_too_large_is_refused() {
    let server = Running::start(app(), Limits::default());
    let mut stream = server.connect();
    let long = "x".repeat(20 * 1024);
    // The server may refuse before all of it is written.
    let _ = write!(stream, "GET /{long} HTTP/1.1\r\nHost: x\r\n\r\n");
    let mut answer = [0; 12];
    if stream.read_exact(&mut answer).is_ok() {
        assert_eq!(&answer[..10], b"HTTP/1.1 4");
    }
    assert!(server.get("/healthz").starts_with("HTTP/1.1 200"));
}

#[test]
fn one_request_a_connection_and_an_end_when_asked() {
    let server = Running::start(app(), Limits::default());
    let answer = server.get("/healthz");
    assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
    let address = server.address;
    drop(server);
    assert!(TcpStream::connect(address).is_err(), "the socket is closed");
}
