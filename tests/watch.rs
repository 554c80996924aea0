//! `?watch`: when a page comes, when none does, and what watchers may cost.

#[path = "support/fixture.rs"]
mod fixture;
#[path = "support/served.rs"]
mod served;
#[path = "support/wait.rs"]
mod wait;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use egress_probe::outcome::{Outcome, Phase, Reason, Verdict};
use egress_probe::server::{App, Limits};
use egress_probe::store::Store;
use egress_probe::target::Target;
use tokio::time::Instant;

use served::{Running, app_of, app_of_many, sulk};
use wait::until;

/// Quick enough to be waited for.
const QUICK: Limits = Limits {
    connections: 4,
    header_read: Duration::from_millis(300),
    connection: Duration::from_millis(900),
    watchers: 2,
    heartbeat: Duration::from_millis(100),
    unacknowledged: Duration::from_millis(500),
    grace: Duration::from_millis(500),
    ..Limits::USUAL
};

/// With so rare a heartbeat, it is the news that brings a page.
const UNHURRIED: Limits = Limits {
    heartbeat: Duration::from_mins(1),
    ..QUICK
};

const END_OF_PAGE: u8 = b'\x0c';

fn targets() -> Vec<Arc<Target>> {
    let target = |host: &&str| Arc::new(fixture::https(host, "be watched"));
    ["a.example", "b.example", "c.example"]
        .iter()
        .map(target)
        .collect()
}

/// An agent with three targets that are reachable.
fn agent() -> (App, Arc<Store>) {
    let app = app_of(&targets());
    let store = Arc::clone(&app.store);
    for target in targets() {
        store.record(&target.id, outcome(Verdict::Reachable));
    }
    (app, store)
}

fn outcome(verdict: Verdict) -> Outcome {
    let latest = fixture::records()
        .into_iter()
        .find_map(|record| record.latest);
    Outcome {
        verdict,
        warnings: Vec::new(),
        addresses: Vec::new(),
        ..(*latest.expect("a record with an attempt")).clone()
    }
}

/// A failure and the one that confirms it.
fn break_target(store: &Store, target: &Target) {
    let failure = fixture::failure(Phase::Tls, Reason::ConnectionReset, "reset");
    for _ in 0..2 {
        store.record(&target.id, outcome(Verdict::Unreachable(failure.clone())));
    }
}

/// Somebody who watches.
struct Watcher(BufReader<TcpStream>);

impl Watcher {
    fn ask(server: &Running, path: &str) -> Self {
        let mut stream = server.connect();
        write!(stream, "GET {path} HTTP/1.0\r\nHost: x\r\n\r\n").expect("sent");
        Self(BufReader::new(stream))
    }

    /// The status line; the rest of the head is read away.
    fn head(&mut self) -> String {
        let mut lines = (&mut self.0).lines().map_while(Result::ok);
        let status = lines.next().expect("a status line");
        lines.find(String::is_empty).expect("the end of the head");
        status
    }

    fn start(server: &Running, path: &str) -> Self {
        let mut watcher = Self::ask(server, path);
        assert_eq!(watcher.head(), "HTTP/1.0 200 OK");
        watcher
    }

    /// Up to the end of the next page; heartbeats included.
    fn page(&mut self) -> String {
        let mut page = Vec::new();
        self.0.read_until(END_OF_PAGE, &mut page).expect("a page");
        assert_eq!(page.last(), Some(&END_OF_PAGE), "cut off: {page:?}");
        String::from_utf8(page).expect("text")
    }

    fn heartbeats(&mut self, count: usize) {
        let mut bytes = vec![0; count];
        self.0.read_exact(&mut bytes).expect("heartbeats");
        assert!(bytes.iter().all(|byte| *byte == b'\r'), "{bytes:?}");
    }

    fn rest(&mut self) -> String {
        let mut rest = String::new();
        self.0.read_to_string(&mut rest).expect("text");
        rest
    }
}

#[test]
fn a_page_comes_at_once_and_another_for_every_change() {
    let (app, store) = agent();
    let server = Running::start(app, UNHURRIED);
    let mut watcher = Watcher::start(&server, "/status?watch");
    let first = watcher.page();
    assert!(
        first.starts_with("INCOMPLETE  all 3 required reachable"),
        "{first}"
    );
    break_target(&store, &targets()[1]);
    let second = watcher.page();
    let changed = "changed    b.example:443 https: reachable -> unreachable (tls connection_reset)\n\nFAILING  1 of 3";
    assert!(second.contains(changed), "{second}");
    assert!(
        second.trim_start_matches('\r').starts_with("=========="),
        "{second}"
    );
    store.record(&targets()[1].id, outcome(Verdict::Reachable));
    let third = watcher.page();
    assert!(
        third.contains("b.example:443 https: unreachable (tls connection_reset) -> reachable"),
        "{third}"
    );
}

#[test]
fn an_attempt_that_says_nothing_new_makes_no_page() {
    let (app, store) = agent();
    let server = Running::start(app, QUICK);
    let mut watcher = Watcher::start(&server, "/status?watch");
    watcher.page();
    for target in targets() {
        store.record(&target.id, outcome(Verdict::Reachable));
    }
    watcher.heartbeats(5);
}

#[test]
fn many_changes_within_a_moment_make_one_page_a_second_after_the_one_before() {
    let (app, store) = agent();
    let server = Running::start(app, UNHURRIED);
    let started = Instant::now();
    let mut watcher = Watcher::start(&server, "/status?watch");
    watcher.page();
    for target in targets() {
        break_target(&store, &target);
    }
    let second = watcher.page();
    assert_eq!(second.matches("changed    ").count(), 3, "{second}");
    let took = started.elapsed();
    assert!(took >= Duration::from_secs(1), "{took:?}");
}

#[test]
fn one_target_can_be_watched_until_it_is_tested_no_longer() {
    let (app, store) = agent();
    let server = Running::start(app, QUICK);
    let mut watcher = Watcher::start(&server, "/status/b.example:443/https?watch");
    assert!(
        watcher
            .page()
            .starts_with("REACHABLE  b.example:443  https")
    );
    break_target(&store, &targets()[0]);
    watcher.heartbeats(3);
    break_target(&store, &targets()[1]);
    let second = watcher.page();
    assert!(
        second.contains("\nUNREACHABLE  b.example:443  https"),
        "{second}"
    );
    store.set_targets(&targets()[2..]);
    let rest = watcher.rest();
    assert_eq!(
        rest.trim_start_matches('\r'),
        "The target is no longer tested.\n"
    );
}

#[test]
fn watching_outlives_the_limit_of_other_requests() {
    let (app, store) = agent();
    let server = Running::start(app, QUICK);
    let mut watcher = Watcher::start(&server, "/status?watch");
    watcher.page();
    // The first of them comes a second after the page, later than the limit.
    watcher.heartbeats(3);
    break_target(&store, &targets()[0]);
    assert!(watcher.page().contains("FAILING"));
}

#[test]
fn no_more_watch_than_may_and_who_leaves_makes_room() {
    let (app, _) = agent();
    let server = Running::start(app, QUICK);
    let mut watchers = [(); 2].map(|()| Watcher::start(&server, "/status?watch"));
    for watcher in &mut watchers {
        watcher.page();
    }
    let mut refused = Watcher::ask(&server, "/status?watch");
    assert_eq!(refused.head(), "HTTP/1.0 503 Service Unavailable");
    assert_eq!(
        refused.rest(),
        "As many watch as may. A page without ?watch can always be had.\n"
    );
    assert!(server.get("/status").starts_with("HTTP/1.1 200"));
    let [leaves, _stays] = watchers;
    drop(leaves);
    until("a slot", || {
        match Watcher::ask(&server, "/status?watch").head() {
            status if status.ends_with("200 OK") => Ok(()),
            status => Err(status),
        }
    });
}

#[test]
fn watchers_who_never_read_lose_their_slot() {
    let server = Running::start(app_of_many(), QUICK);
    let sulkers = [(); 2].map(|()| sulk(server.address, "/status?watch"));
    let taken = || {
        Watcher::ask(&server, "/status?watch")
            .head()
            .ends_with("503 Service Unavailable")
    };
    until("both slots taken", || taken().then_some(()).ok_or(()));
    until("a slot", || (!taken()).then_some(()).ok_or(()));
    drop(sulkers);
}

#[test]
fn who_is_sent_no_pages_is_no_watcher() {
    let (app, _) = agent();
    let server = Running::start(app, QUICK);
    let mut stream = server.connect();
    write!(stream, "HEAD /status?watch HTTP/1.1\r\nHost: x\r\n\r\n").expect("sent");
    let mut answer = Vec::new();
    // Cut off by the limit of all connections, with or without a reset.
    let end = stream.read_to_end(&mut answer);
    assert!(answer.starts_with(b"HTTP/1.1 200 OK"), "{answer:?}");
    let timed_out = end.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock);
    assert!(!timed_out, "it is kept for ever");
}

#[test]
fn watchers_are_told_when_the_agent_stops() {
    let (app, _) = agent();
    let server = Running::start(app, QUICK);
    let mut watcher = Watcher::start(&server, "/status?watch");
    watcher.page();
    server.stop.cancel();
    assert_eq!(
        watcher.rest().trim_start_matches('\r'),
        "The agent stops.\n"
    );
}

#[test]
fn only_text_can_be_watched_and_watch_has_no_value() {
    let (app, _) = agent();
    let server = Running::start(app, QUICK);
    for (path, why) in [
        (
            "/status?watch&format=json",
            "Only text pages can be watched: ?watch.\n",
        ),
        ("/status?watch=yes", "watch takes no value: ?watch.\n"),
    ] {
        let mut watcher = Watcher::ask(&server, path);
        assert_eq!(watcher.head(), "HTTP/1.0 400 Bad Request", "{path}");
        assert_eq!(watcher.rest(), why);
    }
    let mut text = Watcher::start(&server, "/status?watch&format=text");
    text.page();
}
