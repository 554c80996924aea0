//! The filter: by words, group and state, with scripts and without, in the address.

use egress_probe::server::Limits;

use crate::browser::{Look, browse};
use crate::served::{Running, app};

/// Names of the targets in the lists of what wants attention, and in the tables of what is well.
const NAMES: &str = "[...new Set([...document.querySelectorAll('a.target')].map((link) => link.innerText))].sort().join(' ')";
const DENIED: &str = "archive.ubuntu.com:80";

#[test]
fn typing_filters_without_loading_the_page_anew_and_escape_clears() {
    let server = Running::start(app(), Limits::default());
    let url = format!("http://{}/status", server.address);
    browse(async |chromium| {
        let tab = chromium.open(&url, Look::DESK).await;
        tab.run("window.same = true").await;
        let all = tab.count("a.target").await;
        assert!(all > 15);
        tab.press("/").await;
        tab.until("document.activeElement.name === 'q'").await;
        tab.type_in("http_denied UBUNTU").await;
        tab.until(&format!("{NAMES} === '{DENIED}'")).await;
        let address: String = tab.eval("location.search").await;
        assert_eq!(address, "?q=http_denied+UBUNTU");
        let found = tab.text("#found").await;
        assert_eq!(found, "1 of 22 targets match. Show all");
        assert!(
            tab.text("h1").await.starts_with("FAILING"),
            "the headline is of the whole node"
        );
        let typed: String = tab.eval("document.activeElement.value").await;
        assert_eq!(typed, "http_denied UBUNTU", "the focus stays in the field");
        tab.press("Escape").await;
        tab.until(&format!("!document.querySelector('#found') && document.querySelectorAll('a.target').length === {all}")).await;
        assert_eq!(
            tab.eval::<String>("location.pathname + location.search")
                .await,
            "/status"
        );
        assert!(
            tab.eval::<bool>("window.same").await,
            "the page was never loaded anew"
        );
        tab.assert_well_behaved("http://127.0.0.1");
    });
}

#[test]
fn without_scripts_the_form_filters_and_an_address_can_be_shared() {
    let server = Running::start(app(), Limits::default());
    let url = format!("http://{}/status", server.address);
    browse(async |chromium| {
        let tab = chromium.open(&url, Look::SCRIPTLESS).await;
        tab.click("#filter input").await;
        tab.type_in("ubuntu").await;
        tab.press("Enter").await;
        tab.until("location.search === '?q=ubuntu&group=&state='")
            .await;
        tab.until("document.querySelector('#found')").await;
        let names: String = tab.eval(NAMES).await;
        assert_eq!(
            names,
            "archive.ubuntu.com:80 azure.archive.ubuntu.com:80 ntp.ubuntu.com:123 security.ubuntu.com:80"
        );
        for (query, expected) in [
            ("state=pending", "nvidia.github.io:443"),
            ("group=windows", "onegetcdn.azureedge.net:443"),
            (
                "state=unproven&q=tunnel",
                "demo-dns-0a1b2c3d.hcp.eastus.azmk8s.io:9000",
            ),
            ("state=warned&group=optional", "azure.archive.ubuntu.com:80"),
            ("state=untestable", ""),
            ("q=no-such-thing", ""),
        ] {
            tab.go(&format!("{url}?{query}")).await;
            assert_eq!(tab.eval::<String>(NAMES).await, expected, "{query}");
        }
        tab.go(&format!("{url}?state=untestable&group=key-vault"))
            .await;
        let shown =
            "[...document.querySelectorAll('#filter select')].map((s) => s.value).join(' ')";
        assert_eq!(tab.eval::<String>(shown).await, "key-vault untestable");
        assert!(
            tab.text("#s-untestable")
                .await
                .contains("*.vault.azure.net")
        );
        tab.click("#all").await;
        tab.until("location.search === ''").await;
        tab.assert_well_behaved("http://127.0.0.1");
    });
}

#[test]
fn the_numbers_lead_to_what_they_count() {
    let server = Running::start(app(), Limits::default());
    let url = format!("http://{}/status", server.address);
    browse(async |chromium| {
        let tab = chromium.open(&url, Look::DESK).await;
        let links: Vec<(String, usize)> = tab
            .eval("[...document.querySelectorAll('.tiles a')].map((a) => [a.href, Number(a.querySelector('b').innerText)])")
            .await;
        assert_eq!(links.len(), 5);
        for (link, count) in links {
            tab.go(&link).await;
            let shown = if link.ends_with("untestable") {
                tab.count("#s-untestable tbody tr").await
            } else {
                let names =
                    "new Set([...document.querySelectorAll('a.target')].map((a) => a.href)).size";
                tab.eval(names).await
            };
            assert_eq!(shown, count, "{link}");
        }
    });
}
