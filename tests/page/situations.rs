//! What is not every day: an agent that has just started, that has nothing to do, that stands still, that is gone.

use std::sync::Arc;

use egress_probe::server::Limits;
use egress_probe::target::Target;

use crate::browser::{Look, browse};
use crate::fixture;
use crate::scenes::{self, Scene};
use crate::served::{Running, app, app_of};
use crate::still::Still;

pub(crate) fn fresh_targets(count: usize) -> Vec<Arc<Target>> {
    let target = |n| {
        Arc::new(fixture::https(
            &format!("host-{n:03}.example"),
            "be one of many",
        ))
    };
    (0..count).map(target).collect()
}

#[test]
fn an_agent_that_has_just_started_says_that_nothing_is_known_yet() {
    let server = Running::start(app_of(&fresh_targets(100)), Limits::default());
    browse(async |chromium| {
        let url = format!("http://{}/status", server.address);
        let tab = chromium.open(&url, Look::DESK).await;
        assert_eq!(
            tab.text("h1").await,
            "PENDING 100 of 100 required not yet tested"
        );
        assert!(tab.text(".banner > p").await.contains("No results yet."));
        assert_eq!(tab.text("#s-pending h2").await, "Pending 100");
        assert_eq!(
            tab.count("#s-pending > .card > .targets > li").await,
            6,
            "a few of them"
        );
        assert_eq!(tab.text("#s-pending summary").await, "and 34 more");
        assert_eq!(tab.count("#s-reachable").await, 0);
        tab.click("#s-pending .rest a").await;
        tab.until("document.querySelectorAll('#s-pending a.target').length === 100")
            .await;
        let target = format!(
            "http://{}/status/host-000.example:443/https",
            server.address
        );
        tab.go(&target).await;
        assert!(tab.text("#last h2").await.contains("none yet"));
        tab.assert_well_behaved("http://127.0.0.1");
    });
}

#[test]
fn an_agent_without_targets_says_that_nothing_is_proven() {
    let server = Running::start(app_of(&[]), Limits::default());
    browse(async |chromium| {
        let url = format!("http://{}/status", server.address);
        let tab = chromium.open(&url, Look::DESK).await;
        assert_eq!(tab.text("h1").await, "INCOMPLETE nothing is tested");
        assert!(tab.text("#nothing").await.contains("nothing is proven"));
        assert_eq!(tab.count(".good").await, 0, "nothing is green");
        tab.assert_well_behaved("http://127.0.0.1");
    });
}

#[test]
fn an_agent_whose_scheduler_stands_still_is_not_believed() {
    browse(async |chromium| {
        let still = Still::serve(scenes::report(Scene::AllGreen).stalled()).await;
        let tab = chromium.open(&still.url("/status"), Look::DESK).await;
        let headline = tab.text("h1").await;
        assert_eq!(
            headline,
            "STALE nothing is tested any more; before that, all 20 required reachable"
        );
        assert!(
            tab.text(".notice")
                .await
                .contains("nothing has been tested since 2026-11-23 20:04:58 UTC")
        );
        assert_eq!(tab.count(".banner.good").await, 0);
        tab.assert_well_behaved("http://127.0.0.1");
    });
}

#[test]
fn an_agent_that_is_gone_is_noticed_told_once_and_found_again() {
    let server = Running::start(app(), Limits::default());
    let address = server.address;
    browse(async |chromium| {
        let tab = chromium
            .open(&format!("http://{address}/status"), Look::DESK)
            .await;
        let title = tab.eval::<String>("document.title").await;
        tab.run("new MutationObserver((all) => (window.readings = (window.readings ?? 0) + all.length)) \
             .observe(document.getElementById('told'), {childList: true, characterData: true, subtree: true})")
            .await;
        drop(server);
        tab.until("document.body.matches('.lost')").await;
        let lost = tab.text("#lost").await;
        assert!(
            lost.starts_with("No answer from the agent. What follows is of "),
            "{lost}"
        );
        assert_eq!(
            tab.eval::<String>("document.title").await,
            format!("(old) {title}")
        );
        let asked = "performance.getEntriesByType('resource').filter((entry) => entry.name.endsWith('/status')).length";
        let tries: usize = tab.eval(asked).await;
        tab.until(&format!("{asked} > {tries}")).await;
        assert_eq!(
            tab.eval::<usize>("window.readings").await,
            1,
            "it is read aloud once"
        );
        let again = Running::start_at(address, app(), Limits::default());
        tab.until("!document.body.matches('.lost')").await;
        assert_eq!(tab.eval::<String>("document.title").await, title);
        assert!(
            tab.eval::<bool>("document.getElementById('lost').hidden")
                .await
        );
        drop(again);
    });
}
