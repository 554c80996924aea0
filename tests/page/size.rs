//! A page on hundreds of targets stays small, and what is not on it is one step away.

use egress_probe::outcome::{Phase, Reason, Verdict};
use egress_probe::server::{App, Limits};
use egress_probe::target::Target;

use crate::browser::{Look, browse};
use crate::fixture::{failure, https_facts, last_phase, outcome, timings};
use crate::served::{Running, app_of};
use crate::situations::fresh_targets;

const MANY: usize = 500;
/// Sent every five seconds to whoever looks, so it must not grow with the number of targets.
const LARGEST_PAGE: usize = 48 * 1024;

/// An agent that has tried each target thrice, with this to say of each.
fn tried(verdict: impl Fn(&Target) -> Verdict) -> App {
    let targets = fresh_targets(MANY);
    let app = app_of(&targets);
    for target in &targets {
        for seconds in [62, 61, 1] {
            let phases = timings(last_phase(target));
            let outcome = outcome(target, seconds, phases, verdict(target), &https_facts());
            app.store.record(&target.id, outcome);
        }
    }
    app
}

fn reset() -> Verdict {
    let detail = "Connection reset by peer (os error 104)";
    Verdict::Unreachable(failure(Phase::Tls, Reason::ConnectionReset, detail))
}

#[test]
fn five_hundred_targets_fit_a_small_page_whatever_their_state() {
    for (state, app) in [
        ("reachable", tried(|_| Verdict::Reachable)),
        ("unreachable", tried(|_| reset())),
        ("pending", app_of(&fresh_targets(MANY))),
    ] {
        let server = Running::start(app, Limits::default());
        let page = server.get("/status?format=html");
        assert!(
            page.contains(&format!("<b>{MANY}</b> <span>{state}")),
            "{state}"
        );
        let size = page.len();
        assert!(
            size < LARGEST_PAGE,
            "{size} bytes with {MANY} {state} targets"
        );
    }
}

#[test]
fn what_is_left_out_of_a_large_page_is_one_click_away_and_can_be_found_by_name() {
    let app = tried(|target| match target.id.target.as_ref() {
        "host-250.example:443" => reset(),
        _ => Verdict::Reachable,
    });
    let server = Running::start(app, Limits::default());
    browse(async |chromium| {
        let tab = chromium
            .open(&format!("http://{}/status", server.address), Look::DESK)
            .await;
        assert_eq!(tab.text("#s-required h2").await, "Unreachable, required 1");
        assert_eq!(tab.text("#group-core").await, "core 499");
        tab.click("#group-core a").await;
        tab.until("document.querySelectorAll('#s-reachable a.target').length === 499")
            .await;
        tab.until("document.readyState === 'complete'").await;
        tab.press("/").await;
        tab.type_in("host-123").await;
        tab.until("document.querySelectorAll('a.target').length === 1")
            .await;
        tab.assert_well_behaved("http://127.0.0.1");
    });
}
