//! One report value and several pure renderings of it. Knows nothing of networks, schedules or HTTP.

mod about;
mod cause_lines;
pub(crate) mod encode;
mod escape;
mod fact_lines;
mod filter;
mod finding_lines;
mod format;
mod glance;
mod headline;
mod history;
pub mod html;
pub(crate) mod human;
pub mod junit;
mod meaning;
mod overview;
mod remedy;
mod report;
mod rule;
mod target_report;
pub mod text;
mod timeline;
mod warning_lines;

pub use about::{About, Agent, Environment, Untestable, UntestableProtocol};
pub use filter::{Filter, Section};
pub use format::Format;
pub use glance::Glance;
pub use headline::{Headline, Health};
pub use history::{AttemptReport, ChangeReport};
pub use meaning::{Meaning, meaning};
pub use report::{StatusReport, Summary};
pub use rule::{rule_line, ticket};
pub use target_report::{AddressReport, PhaseReport, TargetReport};
