//! Logs go to stderr: structured, quiet, coloured only on a terminal.

use std::io::{IsTerminal, stderr};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, fmt, registry, reload};

use crate::config::{LogFormat, LogLevel};

/// Changes what is logged while the agent runs.
#[derive(Debug, Clone)]
pub struct Logging(reload::Handle<Targets, Registry>);

impl Logging {
    /// From now on events of this level and above are logged.
    pub fn set(&self, level: LogLevel) {
        // Fails only when this is not what logs, as where tests start it twice.
        drop(self.0.reload(targets(level)));
    }
}

/// Starts logging. A second call in the same process changes nothing.
pub fn start(level: LogLevel, format: LogFormat, colour_wanted: bool) -> Logging {
    let (filter, handle) = reload::Layer::new(targets(level));
    let layer = fmt::layer().with_writer(stderr);
    let layer = match format {
        LogFormat::Json => layer.json().flatten_event(true).boxed(),
        LogFormat::Text => layer
            .with_ansi(colour_wanted && stderr().is_terminal())
            .boxed(),
    };
    // Fails only when logging was started before, as tests in one process do.
    drop(registry().with(layer.with_filter(filter)).try_init());
    Logging(handle)
}

fn targets(level: LogLevel) -> Targets {
    // Libraries speak up only when they are being debugged.
    let others = if level == LogLevel::Trace {
        LevelFilter::DEBUG
    } else {
        LevelFilter::WARN
    };
    Targets::new()
        .with_target(env!("CARGO_CRATE_NAME"), filter(level))
        .with_default(others)
}

const fn filter(level: LogLevel) -> LevelFilter {
    match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    }
}
