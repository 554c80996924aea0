//! Logs go to stderr: structured, quiet, coloured only on a terminal.

use std::io::{IsTerminal, stderr};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt, registry};

use crate::config::{LogFormat, LogLevel};

/// Starts logging. A second call in the same process changes nothing.
pub fn start(level: LogLevel, format: LogFormat, colour_wanted: bool) {
    let own = filter(level);
    // Libraries speak up only when they are being debugged.
    let others = if level == LogLevel::Trace {
        LevelFilter::DEBUG
    } else {
        LevelFilter::WARN
    };
    let targets = Targets::new()
        .with_target(env!("CARGO_CRATE_NAME"), own)
        .with_default(others);
    let layer = fmt::layer().with_writer(stderr);
    let layer = match format {
        LogFormat::Json => layer.json().flatten_event(true).boxed(),
        LogFormat::Text => layer
            .with_ansi(colour_wanted && stderr().is_terminal())
            .boxed(),
    };
    // Fails only when logging was started before, as tests in one process do.
    drop(registry().with(layer.with_filter(targets)).try_init());
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
