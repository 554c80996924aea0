//! A tab: what it shows, what it says, what it asks for.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chromiumoxide::Page;
use chromiumoxide::cdp::browser_protocol::input::{DispatchKeyEventParams, DispatchKeyEventType};
use chromiumoxide::cdp::browser_protocol::log::EventEntryAdded;
use chromiumoxide::cdp::browser_protocol::network::EventRequestWillBeSent;
use chromiumoxide::cdp::browser_protocol::page::CaptureScreenshotFormat;
use chromiumoxide::cdp::js_protocol::runtime::{
    EvaluateParams, EventConsoleApiCalled, EventExceptionThrown,
};
use chromiumoxide::layout::Point;
use chromiumoxide::page::ScreenshotParams;
use futures::StreamExt;
use serde::de::DeserializeOwned;
use tokio::time::{Instant, sleep};

/// What a browser notes while a page stands.
#[derive(Clone, Default)]
pub(crate) struct Heard {
    /// Messages, errors, violations of the policy.
    complaints: Arc<Mutex<Vec<String>>>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Heard {
    pub(crate) async fn listen(page: &Page) -> Self {
        let heard = Self::default();
        let note = |list: &Arc<Mutex<Vec<String>>>| {
            let list = Arc::clone(list);
            move |text: String| list.lock().expect("no panic").push(text)
        };
        let mut entries = listener::<EventEntryAdded>(page).await;
        let complain = note(&heard.complaints);
        tokio::spawn(async move {
            while let Some(event) = entries.next().await {
                complain(format!("{:?}: {}", event.entry.source, event.entry.text));
            }
        });
        let mut calls = listener::<EventConsoleApiCalled>(page).await;
        let complain = note(&heard.complaints);
        tokio::spawn(async move {
            while let Some(event) = calls.next().await {
                complain(format!("console: {:?}", event.args));
            }
        });
        let mut exceptions = listener::<EventExceptionThrown>(page).await;
        let complain = note(&heard.complaints);
        tokio::spawn(async move {
            while let Some(event) = exceptions.next().await {
                complain(format!("exception: {:?}", event.exception_details));
            }
        });
        let mut requests = listener::<EventRequestWillBeSent>(page).await;
        let noted = note(&heard.requests);
        tokio::spawn(async move {
            while let Some(event) = requests.next().await {
                noted(event.request.url.clone());
            }
        });
        heard
    }

    pub(crate) fn complaints(&self) -> Vec<String> {
        self.complaints.lock().expect("no panic").clone()
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("no panic").clone()
    }
}

async fn listener<T: chromiumoxide::cdp::IntoEventKind>(
    page: &Page,
) -> chromiumoxide::listeners::EventStream<T> {
    page.event_listener::<T>().await.expect("a listener")
}

pub(crate) struct Tab {
    pub(crate) page: Page,
    pub(crate) heard: Heard,
}

impl Tab {
    pub(crate) async fn go(&self, url: &str) {
        self.page.goto(url).await.expect("the page loads");
        self.until("document.readyState === 'complete'").await;
    }

    /// The value of an expression; promises are awaited.
    pub(crate) async fn eval<T: DeserializeOwned>(&self, expression: &str) -> T {
        let params = EvaluateParams::builder()
            .expression(expression)
            .await_promise(true)
            .return_by_value(true)
            .build()
            .expect("an expression");
        let result = self.page.evaluate_expression(params).await;
        let result = result.unwrap_or_else(|error| panic!("{expression}: {error}"));
        let value = result.into_value();
        value.unwrap_or_else(|error| panic!("{expression}: {error}"))
    }

    /// Runs statements for what they do.
    pub(crate) async fn run(&self, statements: &str) {
        let done: bool = self
            .eval(&format!("(() => {{ {statements}; return true }})()"))
            .await;
        assert!(done);
    }

    pub(crate) async fn text(&self, selector: &str) -> String {
        self.eval(&format!("document.querySelector('{selector}').innerText"))
            .await
    }

    pub(crate) async fn count(&self, selector: &str) -> usize {
        self.eval(&format!("document.querySelectorAll('{selector}').length"))
            .await
    }

    /// Waits until an expression is true. The limit is far beyond what a busy machine needs.
    pub(crate) async fn until(&self, expression: &str) {
        const LIMIT: Duration = Duration::from_mins(1);
        let end = Instant::now() + LIMIT;
        while !self.holds(expression).await {
            if Instant::now() > end {
                let page: String = self.eval("document.body.innerText").await;
                let complaints = self.heard.complaints();
                panic!("waited in vain for {expression}; {complaints:#?}; the page:\n{page}");
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Not while one page gives way to another, either.
    async fn holds(&self, expression: &str) -> bool {
        let params = EvaluateParams::builder()
            .expression(format!("(async () => Boolean({expression}))()"))
            .await_promise(true)
            .return_by_value(true)
            .build()
            .expect("an expression");
        let asked = self.page.evaluate_expression(params).await.ok();
        let answer = asked.and_then(|answer| answer.into_value().ok());
        answer.unwrap_or(false)
    }

    /// Presses a key wherever the focus is: a character, or a key's name.
    pub(crate) async fn press(&self, key: &str) {
        let text = match key {
            "Enter" => Some("\r"),
            _ if key.chars().count() == 1 => Some(key),
            _ => None,
        };
        for kind in [DispatchKeyEventType::KeyDown, DispatchKeyEventType::KeyUp] {
            let down = kind == DispatchKeyEventType::KeyDown;
            let mut event = DispatchKeyEventParams::builder().r#type(kind).key(key);
            let code = match key {
                "Tab" => 9,
                "Enter" => 13,
                "Escape" => 27,
                "ArrowUp" => 38,
                "ArrowDown" => 40,
                _ => 0,
            };
            event = event.windows_virtual_key_code(code).code(key);
            if let Some(text) = text.filter(|_| down) {
                event = event.text(text);
            }
            let event = event.build().expect("a key");
            self.page.execute(event).await.expect("a key is pressed");
        }
    }

    pub(crate) async fn type_in(&self, text: &str) {
        for character in text.chars() {
            self.press(&character.to_string()).await;
        }
    }

    /// With the mouse, also where scripts are off.
    pub(crate) async fn click(&self, selector: &str) {
        let middle = format!(
            "(() => {{ const element = document.querySelector('{selector}'); element.scrollIntoView({{block: 'center'}}); \
             const box = element.getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2] }})()"
        );
        let (x, y) = self.eval(&middle).await;
        self.page.click(Point { x, y }).await.expect("a click");
    }

    pub(crate) async fn screenshot(&self, whole: bool) -> Vec<u8> {
        let params = ScreenshotParams::builder()
            .format(CaptureScreenshotFormat::Png)
            .full_page(whole)
            .build();
        self.page.screenshot(params).await.expect("a picture")
    }

    /// The page has loaded nothing from anywhere else, and the browser has nothing to say against it.
    pub(crate) fn assert_well_behaved(&self, origin: &str) {
        let complaints = self.heard.complaints();
        assert_eq!(complaints, [""; 0]);
        let requests = self.heard.requests();
        assert!(!requests.is_empty());
        for request in requests {
            assert!(request.starts_with(origin), "{request} is not of {origin}");
        }
    }
}
