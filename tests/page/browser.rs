//! One Chromium for one test, with a profile of its own. It has no business outside and is told so.

use std::path::Path;
use std::time::Duration;

use chromiumoxide::cdp::browser_protocol::emulation::{
    MediaFeature, SetDeviceMetricsOverrideParams, SetScriptExecutionDisabledParams,
};
use chromiumoxide::cdp::browser_protocol::log;
use chromiumoxide::{Browser, BrowserConfig, Page};
use futures::StreamExt;
use tempfile::TempDir;

use crate::tab::{Heard, Tab};

const CHROMIUM: &str = "/usr/bin/chromium";

/// For one test; far beyond what a busy machine needs.
const LIMIT: Duration = Duration::from_mins(5);

/// Background work of a browser that would ask for hosts of its maker.
const QUIET: [&str; 6] = [
    "disable-component-update",
    "disable-domain-reliability",
    "no-default-browser-check",
    "no-pings",
    "hide-scrollbars",
    "disable-gpu",
];

/// How a page is looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) dark: bool,
    pub(crate) scripts: bool,
}

impl Look {
    pub(crate) const DESK: Self = Self {
        width: 1200,
        height: 900,
        dark: false,
        scripts: true,
    };
    pub(crate) const DARK: Self = Self {
        dark: true,
        ..Self::DESK
    };
    pub(crate) const PHONE: Self = Self {
        width: 375,
        height: 812,
        ..Self::DESK
    };
    pub(crate) const SCRIPTLESS: Self = Self {
        scripts: false,
        ..Self::DESK
    };
}

pub(crate) struct Chromium {
    browser: Browser,
    _profile: TempDir,
}

/// Runs a test with a browser, in the network namespace of this thread.
pub(crate) fn browse(test: impl AsyncFnOnce(&Chromium)) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let mut chromium = Chromium::start().await;
        let ended = tokio::time::timeout(LIMIT, test(&chromium)).await;
        ended.expect("a browser that answers");
        // Its processes would outlive the test otherwise.
        chromium.browser.close().await.expect("the browser closes");
        chromium.browser.wait().await.expect("the browser ends");
    });
}

impl Chromium {
    async fn start() -> Self {
        assert!(
            Path::new(CHROMIUM).exists(),
            "{CHROMIUM} is missing: `make packages` installs Debian's chromium"
        );
        let profile = TempDir::new().expect("a folder");
        let config = BrowserConfig::builder()
            .chrome_executable(CHROMIUM)
            .no_sandbox() // the tests run as root
            .user_data_dir(profile.path())
            .viewport(None)
            .args(QUIET)
            .build()
            .expect("a configuration");
        let (browser, mut handler) = Browser::launch(config).await.expect("Chromium starts");
        tokio::spawn(async move { while handler.next().await.is_some() {} });
        Self {
            browser,
            _profile: profile,
        }
    }

    /// A tab on an address. Whatever it says or asks for is noted from before the first request.
    pub(crate) async fn open(&self, url: &str, look: Look) -> Tab {
        let page = self.browser.new_page("about:blank").await.expect("a tab");
        page.execute(log::EnableParams::default())
            .await
            .expect("the log");
        look_at(&page, look).await;
        let heard = Heard::listen(&page).await;
        let tab = Tab { page, heard };
        tab.go(url).await;
        tab
    }
}

async fn look_at(page: &Page, look: Look) {
    let size = SetDeviceMetricsOverrideParams::new(look.width, look.height, 1.0, look.width < 500);
    page.execute(size).await.expect("a size");
    let scheme = MediaFeature {
        name: "prefers-color-scheme".to_owned(),
        value: if look.dark { "dark" } else { "light" }.to_owned(),
    };
    page.emulate_media_features(vec![scheme])
        .await
        .expect("a colour scheme");
    page.emulate_timezone("Europe/Berlin")
        .await
        .expect("a zone");
    page.execute(SetScriptExecutionDisabledParams::new(!look.scripts))
        .await
        .expect("scripts, or none");
}
