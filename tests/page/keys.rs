//! Everything can be done with a keyboard, and in an order that makes sense.

use egress_probe::server::Limits;

use crate::browser::{Look, browse};
use crate::served::{Running, app};

const FOCUS: &str = "document.activeElement.getAttribute('href') ?? document.activeElement.id";

#[test]
fn letters_and_arrows_move_between_targets_and_enter_opens_one() {
    let server = Running::start(app(), Limits::default());
    let url = format!("http://{}/status", server.address);
    browse(async |chromium| {
        let tab = chromium.open(&url, Look::DESK).await;
        let links: Vec<String> = tab
            .eval("[...document.querySelectorAll('a.target')].filter((a) => a.checkVisibility()).map((a) => a.getAttribute('href'))")
            .await;
        for (key, place) in [
            ("j", 0),
            ("j", 1),
            ("ArrowDown", 2),
            ("k", 1),
            ("ArrowUp", 0),
            ("k", 0),
        ] {
            tab.press(key).await;
            assert_eq!(tab.eval::<String>(FOCUS).await, links[place], "{key}");
        }
        tab.press("Enter").await;
        tab.until(&format!("location.pathname === '{}'", links[0]))
            .await;
        tab.assert_well_behaved("http://127.0.0.1");
    });
}

#[test]
fn letters_in_the_filter_are_letters_and_its_arrow_leads_to_the_targets() {
    let server = Running::start(app(), Limits::default());
    let url = format!("http://{}/status", server.address);
    browse(async |chromium| {
        let tab = chromium.open(&url, Look::DESK).await;
        tab.press("/").await;
        tab.type_in("/jkpt?").await;
        assert_eq!(
            tab.eval::<String>("document.activeElement.value").await,
            "/jkpt?"
        );
        assert!(
            !tab.eval::<bool>("document.getElementById('help').open")
                .await
        );
        tab.press("Escape").await;
        tab.until("document.querySelector('a.target')").await;
        tab.press("ArrowDown").await;
        assert!(
            tab.eval::<bool>("document.activeElement.matches('a.target')")
                .await
        );
    });
}

#[test]
fn help_opens_and_closes_times_become_exact_and_updates_pause() {
    let server = Running::start(app(), Limits::default());
    let url = format!("http://{}/status", server.address);
    browse(async |chromium| {
        let tab = chromium.open(&url, Look::DESK).await;
        tab.press("?").await;
        assert!(
            tab.eval::<bool>("document.getElementById('help').open")
                .await
        );
        tab.press("Escape").await;
        tab.until("!document.getElementById('help').open").await;
        let time = ".timeline time";
        assert!(tab.text(time).await.ends_with("ago"));
        let title: String = tab
            .eval(&format!("document.querySelector('{time}').title"))
            .await;
        let (utc, local) = title.split_once(", ").expect("both");
        assert!(
            utc.ends_with(" UTC") && local.ends_with(" local"),
            "{title}"
        );
        tab.press("t").await;
        assert_eq!(tab.text(time).await, utc);
        assert!(
            tab.eval::<bool>("document.getElementById('exact').ariaPressed === 'true'")
                .await
        );
        tab.press("p").await;
        assert!(
            tab.eval::<bool>("document.getElementById('pause').ariaPressed === 'true'")
                .await
        );
    });
}

#[test]
fn the_tabulator_goes_from_the_skip_link_through_the_page_in_the_order_of_reading() {
    let server = Running::start(app(), Limits::default());
    let url = format!("http://{}/status", server.address);
    browse(async |chromium| {
        for look in [Look::DESK, Look::SCRIPTLESS] {
            let tab = chromium.open(&url, look).await;
            tab.press("Tab").await;
            assert_eq!(tab.eval::<String>(FOCUS).await, "#content");
            assert!(
                tab.eval::<bool>("document.activeElement.getBoundingClientRect().left >= 0")
                    .await,
                "it is seen now"
            );
            let mut last = -1.0;
            for _ in 0..20 {
                tab.press("Tab").await;
                let top: f64 = tab
                    .eval("document.activeElement.getBoundingClientRect().top + scrollY")
                    .await;
                assert!(
                    top > last - 40.0,
                    "the focus jumps back, to {}",
                    tab.eval::<String>(FOCUS).await
                );
                last = top;
            }
            tab.eval::<bool>("(document.querySelector('.skip').focus(), true)")
                .await;
            tab.press("Enter").await;
            tab.until("document.activeElement.id === 'content'").await;
        }
    });
}
