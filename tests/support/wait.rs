//! Waiting for a condition, never for a time.

use std::fmt::Debug;
use std::thread::sleep;
use std::time::Duration;

use tokio::time::Instant;

/// Asks until the answer is one. The limit is far beyond what a busy machine needs; the last look explains it.
pub(crate) fn until<T, L: Debug>(what: &str, mut look: impl FnMut() -> Result<T, L>) -> T {
    const LIMIT: Duration = Duration::from_mins(1);
    const PAUSE: Duration = Duration::from_millis(50);
    let end = Instant::now() + LIMIT;
    loop {
        match look() {
            Ok(answer) => return answer,
            Err(last) if Instant::now() > end => {
                panic!("waited in vain for {what}; last seen: {last:?}")
            }
            Err(_) => sleep(PAUSE),
        }
    }
}
