//! From signals to a token: the first SIGTERM or SIGINT asks everything to end.

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// A token that is cancelled by the first SIGTERM or SIGINT. The default action comes back with neither:
/// the agent ends within a second, and what does not is the supervisor's to kill.
///
/// # Errors
/// When the kernel does not let the process handle signals.
pub fn token() -> std::io::Result<CancellationToken> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let stop = CancellationToken::new();
    let cancelled = stop.clone();
    // Ends with the runtime; it owns nothing that must be closed.
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => tracing::info!("stopping: SIGTERM"),
            _ = interrupt.recv() => tracing::info!("stopping: SIGINT"),
        }
        cancelled.cancel();
    });
    Ok(stop)
}
