//! Every page loads, complains of nothing, and asks for nothing that is not the agent's.

use egress_probe::server::Limits;

use crate::browser::{Look, browse};
use crate::served::{Running, app};

#[test]
fn every_kind_of_page_loads_without_a_complaint_and_from_the_agent_alone() {
    let server = Running::start(app(), Limits::default());
    let origin = format!("http://{}", server.address);
    browse(async |chromium| {
        for look in [Look::DESK, Look::SCRIPTLESS] {
            for path in [
                "/",
                "/status",
                "/status?q=azure&group=core&state=unreachable",
                "/status/management.azure.com:443/https",
                "/status/%5B2001%3Adb8%3A%3A53%5D:53/dns-tcp",
            ] {
                let tab = chromium.open(&format!("{origin}{path}"), look).await;
                assert!(!tab.text("h1").await.is_empty(), "{path}");
                tab.assert_well_behaved(&origin);
                let sheets: usize = tab.eval("document.styleSheets[0].cssRules.length").await;
                assert!(sheets > 50, "the stylesheet is in force on {path}");
            }
        }
    });
}

#[test]
fn a_script_that_is_not_the_agents_does_not_run_and_the_violation_is_seen() {
    let server = Running::start(app(), Limits::default());
    let origin = format!("http://{}", server.address);
    browse(async |chromium| {
        let tab = chromium.open(&format!("{origin}/status"), Look::DESK).await;
        let insert = "document.body.insertAdjacentHTML('beforeend', '<img src=\"http://192.0.2.1/x\">'); \
             const own = document.createElement('script'); own.textContent = 'window.bad = 1'; \
             document.body.append(own)";
        tab.run(insert).await;
        tab.until("!window.bad").await;
        while tab.heard.complaints().len() < 2 {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        let complaints = tab.heard.complaints().join("\n");
        assert!(complaints.contains("script-src 'self'"), "{complaints}");
        assert!(complaints.contains("img-src 'self'"), "{complaints}");
    });
}
