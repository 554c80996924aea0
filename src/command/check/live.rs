//! What somebody at a terminal sees while a check runs: what is wrong so far, and what is still waited for. It goes when the report comes.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::io::{IsTerminal, stderr};
use std::sync::Arc;
use std::time::Duration;

use console::{Style, Term};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::status::human;
use crate::store::{Record, State};
use crate::target::{Target, TargetId};

/// Targets that are waited for and named; more are counted.
const MOST_AWAITED: usize = 3;
/// Lines around the list of what is wrong.
const FRAME: usize = 6;
const TICK: Duration = Duration::from_millis(100);

/// On standard error, and only for a person who watches.
pub(super) struct Live {
    bar: ProgressBar,
    colour: bool,
    columns: usize,
    /// Lines that there is room for.
    room: usize,
    wrong: Vec<String>,
    awaited: BTreeSet<TargetId>,
}

impl Live {
    pub(super) fn new(quiet: bool, colour: bool) -> Self {
        let bar = if stderr().is_terminal() && !quiet {
            ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr())
        } else {
            ProgressBar::hidden()
        };
        let (rows, columns) = Term::stderr().size();
        Self {
            bar,
            colour,
            columns: usize::from(columns),
            room: usize::from(rows).saturating_sub(FRAME).max(1),
            wrong: Vec::new(),
            awaited: BTreeSet::new(),
        }
    }

    pub(super) fn begin(&mut self, targets: &[Arc<Target>]) {
        self.awaited = targets.iter().map(|target| target.id.clone()).collect();
        self.bar.set_length(targets.len() as u64);
        let template = "{prefix}{bar:40} {pos} of {len} targets, {elapsed}\n  {msg}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style.progress_chars("##."));
        }
        self.draw();
        self.bar.enable_steady_tick(TICK);
    }

    /// Takes in what is believed of a target now.
    pub(super) fn decided(&mut self, record: &Record) {
        if self.bar.is_hidden() {
            return;
        }
        self.awaited.remove(&record.target.id);
        self.bar.inc(1);
        if let Some(line) = self.line(record) {
            self.wrong.push(line);
        }
        self.draw();
    }

    /// The round is over.
    pub(super) fn look_into_failures(&self) {
        self.bar.set_message("looking into what failed");
    }

    pub(super) fn settle(self) {
        self.bar.finish_and_clear();
    }

    fn line(&self, record: &Record) -> Option<String> {
        let (mark, ink) = match record.state {
            State::Unreachable => ("x", Style::new().red().bold()),
            State::Unproven => ("?", Style::new().yellow()),
            State::Reachable if record.is_degraded() => ("!", Style::new().yellow()),
            State::Reachable | State::Pending => return None,
        };
        let mark = if self.colour {
            ink.force_styling(true).apply_to(mark).to_string()
        } else {
            mark.to_owned()
        };
        let why = match &record.failure {
            Some(failure) => format!("{} {}", failure.phase, failure.reason),
            None => human::list(&record.warnings()),
        };
        let words = format!("{}  {why}", record.target.id);
        Some(format!(
            "  {mark} {}",
            cut(&words, self.columns.saturating_sub(5))
        ))
    }

    fn draw(&self) {
        if self.bar.is_hidden() {
            return;
        }
        let mut list = String::new();
        let earlier = self.wrong.len().saturating_sub(self.room);
        for line in &self.wrong[earlier..] {
            // Writing to a string cannot fail.
            let _ = writeln!(list, "{line}");
        }
        self.bar.set_prefix(list);
        let named: Vec<_> = self
            .awaited
            .iter()
            .take(MOST_AWAITED)
            .map(ToString::to_string)
            .collect();
        let more = self.awaited.len().saturating_sub(MOST_AWAITED);
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        let mut awaited = String::new();
        if !named.is_empty() {
            awaited = format!("waiting for {}{more}", named.join(", "));
        }
        self.bar
            .set_message(cut(&awaited, self.columns.saturating_sub(3)));
    }
}

fn cut(text: &str, columns: usize) -> String {
    text.chars().take(columns).collect()
}
