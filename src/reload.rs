//! Requests to read the configuration again, and their answers. Knows nothing of files.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{mpsc, oneshot};

use crate::problem::Problems;

/// Callers that wait at the same time.
const MOST_CALLERS: usize = 64;

/// What became of a reload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The configuration is in use. What waits for a restart, in sentences.
    Adopted(Vec<String>),
    /// The configuration of before stays in use.
    Refused(Problems),
}

/// Somebody who waits for the answer.
pub type Caller = oneshot::Sender<Answer>;

/// Where callers knock.
#[derive(Debug, Clone)]
pub struct Door {
    callers: mpsc::Sender<Caller>,
    open: Arc<AtomicBool>,
}

/// Where they are answered.
#[derive(Debug)]
pub struct Callers {
    callers: mpsc::Receiver<Caller>,
    open: Arc<AtomicBool>,
}

/// A door that is closed, and who stands behind it.
pub fn door() -> (Door, Callers) {
    let (sender, receiver) = mpsc::channel(MOST_CALLERS);
    let open = Arc::new(AtomicBool::new(false));
    let door = Door {
        callers: sender,
        open: Arc::clone(&open),
    };
    let callers = Callers {
        callers: receiver,
        open,
    };
    (door, callers)
}

impl Door {
    /// Whether callers are let in.
    pub fn is_open(&self) -> bool {
        self.open.load(Ordering::Relaxed)
    }

    /// Asks for a reload that begins after this; `None` when too many ask, or the agent stops.
    pub async fn knock(&self) -> Option<Answer> {
        let (caller, answer) = oneshot::channel();
        self.callers.try_send(caller).ok()?;
        answer.await.ok()
    }
}

impl Callers {
    /// Lets callers in, or no longer.
    pub fn let_in(&self, open: bool) {
        self.open.store(open, Ordering::Relaxed);
    }

    /// The next caller; waits for ever when there can be none.
    pub async fn next(&mut self) -> Caller {
        match self.callers.recv().await {
            Some(caller) => caller,
            None => std::future::pending().await,
        }
    }

    /// The next caller, if one waits already.
    pub fn waiting(&mut self) -> Option<Caller> {
        self.callers.try_recv().ok()
    }
}

#[cfg(test)]
mod tests {
    use std::pin::{Pin, pin};

    use super::*;

    #[tokio::test]
    async fn a_caller_is_answered_and_one_too_many_is_sent_away() {
        let (door, mut callers) = door();
        assert!(!door.is_open());
        callers.let_in(true);
        assert!(door.is_open());
        let mut waiting: Vec<_> = (0..MOST_CALLERS).map(|_| Box::pin(door.knock())).collect();
        for knock in &mut waiting {
            assert!(is_pending(knock.as_mut()).await, "it is not answered yet");
        }
        let one_too_many = is_pending(pin!(door.knock())).await;
        assert!(!one_too_many, "it is sent away at once");
        let answer = Answer::Adopted(Vec::new());
        callers.next().await.send(answer.clone()).unwrap();
        while let Some(caller) = callers.waiting() {
            caller.send(answer.clone()).unwrap();
        }
        for knock in waiting {
            assert_eq!(knock.await, Some(answer.clone()));
        }
    }

    /// Whether a future is pending after one poll.
    async fn is_pending<F: Future>(mut future: Pin<&mut F>) -> bool {
        std::future::poll_fn(|cx| std::task::Poll::Ready(future.as_mut().poll(cx).is_pending()))
            .await
    }
}
