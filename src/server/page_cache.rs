//! Pages cost CPU time to make. Who asks faster than that is worth gets the page of a moment ago.
//!
//! Every kind of page has a budget of its own, so that nobody can use up Prometheus'. None is kept without overload.
//! Pages also take memory until they are read, and all of them together may only take so much.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use tokio::time::Instant;

use super::app::sentence;
use super::cpu_budget::used;

/// Making one kind of page takes at most one part of so many of a CPU.
pub(super) const SHARE: u32 = 20;
/// So much may be used at once.
const BURST: Duration = Duration::from_millis(250);

/// Pages that are not read yet take so much memory, in bytes. The last one comes on top.
pub(super) const MOST_BYTES: usize = 8 * 1024 * 1024;

/// What can be kept.
#[derive(Debug, Clone)]
pub(super) struct Page {
    pub(super) content_type: &'static str,
    pub(super) body: Bytes,
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        ([(header::CONTENT_TYPE, self.content_type)], self.body).into_response()
    }
}

/// What came of making a page.
pub(super) enum Made {
    Page(Page),
    /// Something that is not worth keeping, such as why it could not be made.
    Other(Response),
}

impl IntoResponse for Made {
    fn into_response(self) -> Response {
        match self {
            Self::Page(page) => page.into_response(),
            Self::Other(response) => response,
        }
    }
}

/// The kinds of page that cost something.
#[derive(Debug, Clone, Copy)]
pub(super) enum PageKind {
    Metrics,
    OpenMetrics,
    Text,
    Html,
    Json,
    Landing,
    /// One of a target: there are too many of them to keep.
    Target,
    /// A page that is filtered: too many as well.
    Filtered,
}

impl PageKind {
    const fn is_kept(self) -> bool {
        !matches!(self, Self::Target | Self::Filtered)
    }
}

/// The pages made of late, and what making them took.
#[derive(Debug, Default)]
pub struct PageCache {
    budgets: [Mutex<Budget>; 8],
    bytes: Arc<AtomicUsize>,
}

/// A body that counts while it is somewhere.
struct Counted {
    body: Bytes,
    bytes: Arc<AtomicUsize>,
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.body
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.bytes.fetch_sub(self.body.len(), Ordering::Relaxed);
    }
}

#[derive(Debug, Default)]
struct Budget {
    /// When everything that was used will be made up for.
    even_at: Option<Instant>,
    cached: Option<Page>,
}

impl PageCache {
    /// A page: a new one while there is time and room for that, else the last.
    pub(super) fn page(&self, kind: PageKind, make: impl FnOnce() -> Made) -> Response {
        let budget = &self.budgets[kind as usize];
        let mut budget = budget.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if budget.is_overdrawn(now) || self.bytes() > MOST_BYTES {
            let cached = budget.cached.clone();
            return cached.map_or_else(|| budget.refusal(now), Page::into_response);
        }
        // Time in which the process does not run is nobody's fault.
        let before = used();
        let answer = make();
        budget.charge(now, used().saturating_sub(before));
        let Made::Page(page) = answer else {
            return answer.into_response();
        };
        let page = self.counted(page);
        let scarce = budget.is_low(now) || self.bytes() > MOST_BYTES / 2;
        budget.cached = (scarce && kind.is_kept()).then(|| page.clone());
        page.into_response()
    }

    fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    fn counted(&self, page: Page) -> Page {
        self.bytes.fetch_add(page.body.len(), Ordering::Relaxed);
        let bytes = Arc::clone(&self.bytes);
        let body = page.body;
        Page {
            body: Bytes::from_owner(Counted { body, bytes }),
            ..page
        }
    }
}

impl Budget {
    fn overdraft(&self, now: Instant) -> Duration {
        self.even_at
            .map_or(Duration::ZERO, |even| even.saturating_duration_since(now))
            / SHARE
    }

    fn is_overdrawn(&self, now: Instant) -> bool {
        self.overdraft(now) > BURST
    }

    fn is_low(&self, now: Instant) -> bool {
        self.overdraft(now) > BURST / 2
    }

    fn charge(&mut self, now: Instant, took: Duration) {
        self.even_at = Some(self.even_at.map_or(now, |even| even.max(now)) + took * SHARE);
    }

    fn refusal(&self, now: Instant) -> Response {
        let over = (self.overdraft(now).saturating_sub(BURST) * SHARE).as_secs() + 1;
        let text = format!("Too many such pages are asked for. Try again in {over} s.");
        let mut response = sentence(StatusCode::TOO_MANY_REQUESTS, text);
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(over));
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(number: usize) -> Page {
        Page {
            content_type: "text/plain",
            body: Bytes::from(number.to_string()),
        }
    }

    /// Asks so often for pages of which each takes a tenth of a second; says how many were made.
    fn made(cache: &PageCache, kind: PageKind, times: usize) -> (usize, Vec<StatusCode>) {
        let mut count = 0;
        let mut statuses = Vec::new();
        for _ in 0..times {
            let before = count;
            let response = cache.page(kind, || {
                count += 1;
                Made::Page(page(count))
            });
            statuses.push(response.status());
            if count > before {
                let budget = &cache.budgets[kind as usize];
                // Paused time does not pass while a page is made.
                budget
                    .lock()
                    .unwrap()
                    .charge(Instant::now(), BURST * 49 / 100);
            }
        }
        (count, statuses)
    }

    #[tokio::test(start_paused = true)]
    async fn who_asks_too_often_gets_the_page_of_a_moment_ago_and_no_other_kind_suffers() {
        let cache = PageCache::default();
        let (made_of_metrics, statuses) = made(&cache, PageKind::Metrics, 20);
        assert_eq!(made_of_metrics, 3);
        assert_eq!(statuses, [StatusCode::OK; 20]);
        assert_eq!(made(&cache, PageKind::OpenMetrics, 1).0, 1);
        tokio::time::advance(BURST * SHARE * 2).await;
        assert_eq!(
            made(&cache, PageKind::Metrics, 1).0,
            1,
            "a new one after a while"
        );
        assert!(
            cache.budgets[PageKind::Metrics as usize]
                .lock()
                .unwrap()
                .cached
                .is_none(),
            "no overload"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn pages_that_nobody_reads_take_only_so_much_memory() {
        let cache = PageCache::default();
        let large = || {
            Made::Page(Page {
                content_type: "text/plain",
                body: vec![0; MOST_BYTES / 4].into(),
            })
        };
        let unread: Vec<_> = (0..99).map(|_| cache.page(PageKind::Json, large)).collect();
        assert!(
            unread
                .iter()
                .all(|response| response.status() == StatusCode::OK)
        );
        assert_eq!(cache.bytes(), MOST_BYTES / 4 * 5);
        let other = cache.page(PageKind::Html, large);
        assert_eq!(other.status(), StatusCode::TOO_MANY_REQUESTS);
        drop(unread);
        assert_eq!(cache.page(PageKind::Html, large).status(), StatusCode::OK);
    }

    #[tokio::test(start_paused = true)]
    async fn pages_without_a_copy_are_refused_with_the_time_to_wait() {
        let cache = PageCache::default();
        let budget = &cache.budgets[PageKind::Target as usize];
        budget.lock().unwrap().charge(Instant::now(), BURST * 2);
        let response = cache.page(PageKind::Target, || Made::Page(page(1)));
        assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(response.headers()["retry-after"], "6");
    }
}
