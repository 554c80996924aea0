//! One report value and several pure renderings of it. Knows nothing of networks, schedules or HTTP.

mod about;
mod cause_lines;
pub(crate) mod encode;
mod fact_lines;
mod format;
mod glance;
mod headline;
pub mod html;
pub(crate) mod human;
pub mod junit;
mod meaning;
mod overview;
mod report;
mod rule;
mod target_report;
pub mod text;
mod warning_lines;

pub use about::{About, Agent, Environment, Untestable, UntestableProtocol};
pub use format::Format;
pub use glance::Glance;
pub use headline::{Headline, Health};
pub use meaning::{Meaning, meaning};
pub use report::{StatusReport, Summary};
pub use rule::rule_line;
pub use target_report::{AddressReport, AttemptReport, ChangeReport, PhaseReport, TargetReport};
