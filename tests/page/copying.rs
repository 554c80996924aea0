//! The button that copies what to ask for, over HTTPS or localhost, and over plain HTTP.

use chromiumoxide::cdp::browser_protocol::browser::{
    PermissionDescriptor, PermissionSetting, SetPermissionParams,
};
use egress_probe::server::Limits;
use egress_probe::status::ticket;

use crate::browser::{Look, browse};
use crate::fixture;
use crate::served::{Running, app};

#[test]
fn what_to_ask_for_is_copied_as_the_terminal_has_it() {
    let server = Running::start(app(), Limits::default());
    let url = format!(
        "http://{}/status/management.azure.com:443/https",
        server.address
    );
    browse(async |chromium| {
        let tab = chromium.open(&url, Look::DESK).await;
        let reading = PermissionDescriptor::new("clipboard-read");
        let granted = SetPermissionParams::new(reading, PermissionSetting::Granted);
        tab.page.execute(granted).await.expect("a clipboard");
        let terminal = server.get("/status/management.azure.com:443/https?format=text");
        let words = |text: &str| {
            text.split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        // A browser gives scripts no clipboard over plain HTTP, save on the machine itself.
        for clipboard in [
            "",
            "Object.defineProperty(navigator, 'clipboard', {value: undefined, configurable: true})",
        ] {
            tab.run("navigator.clipboard.writeText('before')").await;
            tab.run(clipboard).await;
            tab.click("#why .copy").await;
            tab.until("document.querySelector('#why .copy').innerText === 'Copied'")
                .await;
            tab.run("delete navigator.clipboard").await;
            let copied: String = tab.eval("navigator.clipboard.readText()").await;
            assert!(
                copied.starts_with("application rule: https:443 to management.azure.com\nfrom: "),
                "{copied}"
            );
            assert_eq!(copied.lines().count(), ticket(&record()).len());
            assert!(
                words(&terminal)
                    .join(" ")
                    .contains(&words(&copied).join(" ")),
                "{copied}\n{terminal}"
            );
            tab.until("document.querySelector('#why .copy').innerText === 'Copy'")
                .await;
        }
        tab.assert_well_behaved("http://127.0.0.1");
    });
}

fn record() -> egress_probe::status::TargetReport {
    let report = fixture::report();
    let mut targets = report.targets.into_iter();
    let wanted = targets.find(|target| target.target == "management.azure.com:443");
    wanted.expect("a target of the fixture")
}
