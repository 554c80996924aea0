//! `?watch`: a text page for every change, for as long as somebody reads.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Extension;
use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use hyper::body::Frame;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};

use super::app::{App, sentence};
use super::long_lived::{Begun, LongLived};
use crate::status::text::{self, Style};
use crate::status::{Glance, StatusReport, TargetReport};
use crate::target::ProbeKind;

/// Between two pages at least: many targets change within a moment.
pub(super) const PACE: Duration = Duration::from_secs(1);
/// Ends every page. Terminals show it as the end of a line, programs can split at it.
const END_OF_PAGE: &str = "\x0c";
/// Keeps the connection known to be alive. At the start of a line, a terminal shows nothing of it.
const HEARTBEAT: &[u8] = b"\r";
const LAST_WORDS: &[u8] = b"The agent stops.\n";

/// What is watched.
#[derive(Debug, Clone)]
pub(super) enum View {
    Overview,
    Target { target: String, probe: ProbeKind },
}

impl View {
    pub(super) fn of(target: &TargetReport) -> Self {
        Self::Target {
            target: target.target.clone(),
            probe: target.probe,
        }
    }

    /// What can change of it; none when it is gone.
    fn glance(&self, report: &StatusReport) -> Option<Glance> {
        match self {
            Self::Overview => Some(Glance::of(report)),
            Self::Target { target, probe } => report.find(target, *probe).map(Glance::of_target),
        }
    }

    fn page(&self, report: &StatusReport, changes: &[String]) -> String {
        let now = report.generated_at;
        match self {
            Self::Overview => text::render_watched(report, changes, Style::PLAIN),
            Self::Target { target, probe } => {
                let target = report.find(target, *probe);
                target.map_or_else(String::new, |target| {
                    text::render_watched_target(target, now, changes, Style::PLAIN)
                })
            }
        }
    }
}

/// Pages without an end, or a sentence when too many read them already.
pub(super) fn answer(app: App, view: View, long_lived: Option<Extension<LongLived>>) -> Response {
    let begun =
        long_lived.and_then(|Extension(long_lived)| Some((long_lived.begin()?, long_lived)));
    let Some((begun, long_lived)) = begun else {
        let text = "As many watch as may. A page without ?watch can always be had.";
        return sentence(StatusCode::SERVICE_UNAVAILABLE, text);
    };
    let news = app.store.news();
    let watch = Watch {
        app,
        view,
        long_lived,
        news,
        shown: None,
        _begun: begun,
    };
    let body = Body::new(Pages(Some(Box::pin(watch.next()))));
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], body).into_response()
}

/// One reader.
struct Watch {
    app: App,
    view: View,
    long_lived: LongLived,
    news: watch::Receiver<()>,
    /// What the reader has seen, and when.
    shown: Option<(Glance, Instant)>,
    _begun: Begun,
}

impl Watch {
    /// The next part of the answer, and what comes after it.
    async fn next(mut self) -> (Bytes, Option<Self>) {
        let stop = self.long_lived.stop.clone();
        tokio::select! {
            biased;
            () = stop.cancelled() => (Bytes::from_static(LAST_WORDS), None),
            part = self.part() => match part {
                Some(part) => (part, Some(self)),
                None => (Bytes::from_static(b"The target is no longer tested.\n"), None),
            },
        }
    }

    /// A page when there is something new, or a heartbeat; none when there is nothing left to watch.
    async fn part(&mut self) -> Option<Bytes> {
        if let Some((_, at)) = self.shown {
            // The store does not announce everything that a page tells: without news, a look is taken anyway.
            let _ = timeout(self.long_lived.heartbeat, self.news.changed()).await;
            sleep_until(at + PACE).await;
        }
        self.news.mark_unchanged();
        let report = self.app.report();
        let now = self.view.glance(&report)?;
        let changes = match &self.shown {
            Some((before, _)) if *before == now => return Some(Bytes::from_static(HEARTBEAT)),
            Some((before, _)) => now.changes_since(before),
            None => Vec::new(),
        };
        self.shown = Some((now, Instant::now()));
        Some(Bytes::from(self.view.page(&report, &changes) + END_OF_PAGE))
    }
}

type Next = Pin<Box<dyn Future<Output = (Bytes, Option<Watch>)> + Send>>;

/// The body of the answer. It is made as it is read: a slow reader gets fewer pages, not older ones.
struct Pages(Option<Next>);

impl hyper::body::Body for Pages {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let Some(next) = &mut self.0 else {
            return Poll::Ready(None);
        };
        let (part, rest) = ready!(next.as_mut().poll(cx));
        self.0 = rest.map(|watch| -> Next { Box::pin(watch.next()) });
        Poll::Ready(Some(Ok(Frame::data(part))))
    }
}
