//! Nobody is kept out: axe-core finds nothing on any page, in light and dark, on a desk and on a phone; and a phone
//! need not scroll sideways.

use std::fs;
use std::path::PathBuf;

use egress_probe::server::Limits;
use serde_json::Value;

use crate::browser::{Look, browse};
use crate::scenes::{self, Scene};
use crate::served::{Running, app, app_of};
use crate::situations::fresh_targets;
use crate::still::Still;
use crate::tab::Tab;

const TARGET: &str = "/status/mcr.microsoft.com:443/https";

fn axe() -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/tools/axe-core-4.14.1.js");
    fs::read_to_string(&path).unwrap_or_else(|error| {
        panic!("{}: {error}; `make packages` puts it there", path.display())
    })
}

#[test]
fn an_audit_of_every_kind_of_page_finds_nothing() {
    let axe = axe();
    let server = Running::start(app(), Limits::default());
    let fresh = Running::start(app_of(&fresh_targets(12)), Limits::default());
    browse(async |chromium| {
        let broken = Still::serve(scenes::report(Scene::OneBroken)).await;
        let green = Still::serve(scenes::report(Scene::AllGreen)).await;
        let dire = Still::serve(scenes::report(Scene::EverythingBroken).stalled()).await;
        let urls = [
            format!("http://{}/", server.address),
            format!("http://{}/status", server.address),
            format!(
                "http://{}/status/go.microsoft.com:443/https",
                server.address
            ),
            broken.url(TARGET),
            green.url("/status"),
            dire.url("/status"),
            format!("http://{}/status?q=azure&group=core", server.address),
            format!("http://{}/status", fresh.address),
            broken.url("/status"),
            green.url(TARGET),
        ];
        // What differs by colour and width shows on the first of them.
        let looks = [(Look::DESK, urls.len()), (Look::DARK, 6), (Look::PHONE, 6)];
        for (look, count) in looks {
            for url in &urls[..count] {
                let tab = chromium.open(url, look).await;
                tab.run("document.querySelectorAll('details').forEach((d) => (d.open = true))")
                    .await;
                assert_accessible(&tab, &axe, &format!("{url}, {look:?}")).await;
                assert_no_wider_than_the_window(&tab, url).await;
                tab.page.close().await.expect("the tab closes");
            }
        }
    });
}

#[test]
fn what_a_reader_opens_and_what_a_lost_agent_leaves_is_accessible_too() {
    let axe = axe();
    let server = Running::start(app(), Limits::default());
    let url = format!("http://{}/status", server.address);
    browse(async |chromium| {
        let tab = chromium.open(&url, Look::DESK).await;
        tab.press("?").await;
        tab.until("document.getElementById('help').open").await;
        assert_accessible(&tab, &axe, "the help").await;
        tab.press("Escape").await;
        tab.press("t").await;
        drop(server);
        tab.until("document.body.matches('.lost')").await;
        assert_accessible(&tab, &axe, "a page without its agent").await;
    });
}

async fn assert_accessible(tab: &Tab, axe: &str, what: &str) {
    tab.page.evaluate_expression(axe).await.expect("axe-core");
    let run = "axe.run(document, {resultTypes: ['violations', 'incomplete']}).then((result) => ({passes: result.passes.length, \
         violations: result.violations.flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.html} ${node.failureSummary}`))}))";
    let result: Value = tab.eval(run).await;
    assert!(
        result["passes"].as_u64() > Some(15),
        "{what}: axe-core has looked at it"
    );
    let violations = result["violations"].as_array().expect("a list");
    assert!(violations.is_empty(), "{what}: {violations:#?}");
}

async fn assert_no_wider_than_the_window(tab: &Tab, what: &str) {
    let wide: Vec<String> = tab
        .eval("[...document.querySelectorAll('body *')].filter((e) => e.checkVisibility() && e.getBoundingClientRect().right > innerWidth + 0.5).map((e) => e.outerHTML.slice(0, 200))")
        .await;
    let scrolls: bool = tab
        .eval("document.documentElement.scrollWidth > innerWidth")
        .await;
    assert!(!scrolls, "{what}: {wide:#?}");
}
