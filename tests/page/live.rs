//! The page keeps itself up to date while the network changes, and leaves the reader's own alone.

use std::fs::File;
use std::thread;

use egress_lab::{Fault, HostSpec, Lab, LabSpec, Namespace};
use nix::sched::{CloneFlags, setns};
use serde_json::Value;

use crate::browser::{Chromium, Look, browse};
use crate::support::file;
use crate::support::running::Running;
use crate::tab::Tab;

const PORT: u16 = 9100;
/// Enough for a page that is longer than a window.
const HOSTS: usize = 45;

fn name(number: usize) -> String {
    format!("host-{number:02}.example")
}

fn lab() -> Lab {
    let hosts = (0..HOSTS).map(|number| HostSpec::new(name(number)).https());
    Lab::start(&LabSpec::of(hosts)).expect("the lab starts")
}

fn agent(lab: &Lab) -> Running<'_> {
    let row = |number| {
        let host = name(number);
        format!("  - {{name: {host}, hosts: [\"{host}\"], protocols: {{https: {{port: 443}}}}}}\n")
    };
    let rows: String = (0..HOSTS).map(row).collect();
    let catalog = file(lab, "catalog.yaml", &format!("entries:\n{rows}"));
    let catalog = catalog.to_str().expect("a path of plain letters");
    let arguments = [
        "--no-builtin",
        "--catalog",
        catalog,
        "--metadata",
        "off",
        "--interval",
        "1s",
    ];
    Running::start(lab, PORT, &arguments, &[])
}

/// A browser on the node. The lab can be changed from there all the same.
fn browse_on(node: &Namespace, test: impl AsyncFnOnce(&Chromium) + Send) {
    let namespace = File::open(format!("/run/netns/{}", node.name())).expect("a namespace");
    let inside = || {
        setns(namespace, CloneFlags::CLONE_NEWNET).expect("root may enter a namespace");
        browse(test);
    };
    thread::scope(|scope| scope.spawn(inside).join()).expect("the test inside");
}

/// Where an element stands in the window.
fn top_of(id: &str) -> String {
    format!("document.getElementById('{id}').getBoundingClientRect().top")
}

#[test]
fn a_fault_shows_by_itself_and_heals_again_while_the_reader_is_not_disturbed() {
    let lab = lab();
    let running = agent(&lab);
    let origin = format!("http://127.0.0.1:{PORT}");
    browse_on(lab.node(), async |chromium| {
        let tab = chromium.open(&format!("{origin}/status"), Look::DESK).await;
        assert_eq!(
            tab.text("h1").await,
            format!("OK all {} required reachable", 2 * HOSTS + 2)
        );
        let mine = format!("r-{}:443-https", name(30));
        settle(&tab, &mine).await;
        let before: f64 = tab.eval(&top_of(&mine)).await;

        lab.block(&name(7), Fault::TlsReset)
            .expect("a fault is laid");
        tab.until("document.querySelector('h1').innerText.startsWith('FAILING 1 of')")
            .await;
        assert_undisturbed(&tab, &mine, before).await;
        assert_told(&tab).await;
        let json: Value = tab
            .eval("fetch('/api/v1/status').then((r) => r.json())")
            .await;
        assert_eq!(json["summary"]["unreachable"], 1);

        lab.heal(&name(7)).expect("the fault is taken away");
        tab.until("document.querySelector('h1').innerText.startsWith('OK')")
            .await;
        assert_undisturbed(&tab, &mine, before).await;
        assert!(
            tab.text("#lately li")
                .await
                .contains("unreachable to reachable")
        );
        assert!(
            tab.eval::<bool>("window.same").await,
            "the page was never loaded anew"
        );
        tab.assert_well_behaved(&origin);
    });
    drop(running);
}

/// What is broken, why, what to ask for, and when it began.
async fn assert_told(tab: &Tab) {
    let broken = format!("t-{}:443-https", name(7));
    let cluster: String = tab
        .eval(&format!(
            "document.getElementById('{broken}').closest('article').innerText"
        ))
        .await;
    for words in [
        "tls connection_reset",
        "sni_filter",
        "application rule: https:443 to host-07.example",
    ] {
        assert!(cluster.contains(words), "{words}: {cluster}");
    }
    assert!(
        tab.text("#lately li")
            .await
            .contains("reachable to unreachable")
    );
}

/// Somebody reads here: unfolded, scrolled to a target, which has the focus, with some text selected.
async fn settle(tab: &Tab, mine: &str) {
    tab.run(&format!(
        "window.same = true; document.querySelectorAll('details').forEach((d) => (d.open = true)); \
         const row = document.getElementById('{mine}'); row.scrollIntoView({{block: 'center'}}); \
         const link = row.querySelector('a'); link.focus({{preventScroll: true}}); \
         getSelection().selectAllChildren(link)"
    ))
    .await;
    assert!(tab.eval::<f64>("scrollY").await > 500.0, "far from the top");
}

async fn assert_undisturbed(tab: &Tab, mine: &str, before: f64) {
    let now: f64 = tab.eval(&top_of(mine)).await;
    assert!(
        (now - before).abs() < 1.5,
        "it jumped from {before} to {now}"
    );
    let focus: String = tab.eval("document.activeElement.closest('tr').id").await;
    assert_eq!(focus, mine);
    assert_eq!(
        tab.eval::<String>("getSelection().toString()").await,
        format!("{}:443", name(30))
    );
    assert!(
        tab.eval::<bool>("[...document.querySelectorAll('details.group')].every((d) => d.open)")
            .await
    );
}

#[test]
fn nothing_is_asked_for_while_paused_or_hidden() {
    let lab = Lab::start(&LabSpec::of([HostSpec::new(name(0)).https()])).expect("the lab starts");
    let catalog = format!(
        "entries:\n  - {{name: a, hosts: [\"{}\"], protocols: {{https: {{port: 443}}}}}}\n",
        name(0)
    );
    let catalog = file(&lab, "catalog.yaml", &catalog);
    let arguments = [
        "--no-builtin",
        "--catalog",
        catalog.to_str().expect("plain"),
        "--metadata",
        "off",
        "--interval",
        "1s",
    ];
    let running = Running::start(&lab, PORT, &arguments, &[]);
    browse_on(lab.node(), async |chromium| {
        let tab = chromium
            .open(&format!("http://127.0.0.1:{PORT}/status"), Look::DESK)
            .await;
        tab.press("p").await;
        lab.block(&name(0), Fault::TlsReset)
            .expect("a fault is laid");
        tab.until(&format!("{UNREACHABLE} === 1")).await;
        assert_silent(&tab).await;
        assert!(tab.text("h1").await.starts_with("OK"), "as it was");
        tab.press("p").await;
        tab.until("document.querySelector('h1').innerText.startsWith('FAILING')")
            .await;

        hide(&tab, true).await;
        lab.heal(&name(0)).expect("the fault is taken away");
        tab.until(&format!("{UNREACHABLE} === 0")).await;
        assert_silent(&tab).await;
        assert!(tab.text("h1").await.starts_with("FAILING"), "as it was");
        hide(&tab, false).await;
        tab.until("document.querySelector('h1').innerText.startsWith('OK')")
            .await;
    });
    drop(running);
}

/// What the agent says, asked for by the test.
const UNREACHABLE: &str =
    "(await fetch('/api/v1/status').then((answer) => answer.json())).summary.unreachable";

/// As when another tab is in front of it.
async fn hide(tab: &Tab, hidden: bool) {
    tab.run(&format!(
        "Object.defineProperty(document, 'hidden', {{value: {hidden}, configurable: true}}); \
         document.dispatchEvent(new Event('visibilitychange'))"
    ))
    .await;
}

/// For longer than it takes until the next page would be asked for.
async fn assert_silent(tab: &Tab) {
    let pages = "performance.getEntriesByType('resource').filter((entry) => new URL(entry.name).pathname === '/status').length";
    let before: usize = tab.eval(pages).await;
    let now: f64 = tab.eval("performance.now()").await;
    tab.until(&format!("performance.now() > {}", now + 6_000.0))
        .await;
    assert_eq!(tab.eval::<usize>(pages).await, before);
}
