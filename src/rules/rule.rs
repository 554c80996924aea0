//! One rule: who may speak what to whom, why, and what it rests on.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::destination::Destination;
use super::words::one_line;
use crate::catalog::{Condition, Protocol, Source};
use crate::labels::closed_set;
use crate::outcome::{Phase, Reason};
use crate::target::{Group, ProbeKind, Requirement};

closed_set! {
    /// What a firewall goes by.
    pub enum Layer {
        /// The name in the request: SNI or `Host`.
        Application = "application",
        /// Address, transport and port.
        Network = "network",
    }
}

closed_set! {
    /// What carries a protocol.
    pub enum Transport {
        /// TCP.
        Tcp = "tcp",
        /// UDP.
        Udp = "udp",
    }
}

/// A failure that a report saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The node that reports.
    pub node: String,
    /// The target that fails.
    pub target: String,
    /// How it was probed.
    pub probe: ProbeKind,
    /// Since when it fails.
    pub since: Timestamp,
    /// Where it fails.
    pub phase: Phase,
    /// Why it fails.
    pub reason: Reason,
    /// What was observed.
    pub detail: String,
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            node,
            target,
            probe,
            since,
            phase,
            reason,
            detail,
        } = self;
        write!(
            f,
            "{node}: {target} {probe} fails since {since:.0}: {phase} {reason}: {detail}"
        )
    }
}

/// Whether a rule can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It can.
    Complete,
    /// Something must be given first.
    Incomplete,
    /// No firewall sees this traffic.
    Needless,
}

/// What nodes must be able to reach, and everything that is known about why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Name of the catalogue entry.
    pub entry: String,
    /// The host as documented.
    pub pattern: String,
    /// What a firewall goes by.
    pub layer: Layer,
    /// What is spoken.
    pub protocol: Protocol,
    /// What carries it.
    pub transports: Vec<Transport>,
    /// Where.
    pub port: u16,
    /// What is let through, the pattern's parameters filled in.
    pub destinations: Vec<Destination>,
    /// What must be given before the rule can be written.
    pub needs: Vec<String>,
    /// The FQDN tag of Azure Firewall that covers it.
    pub fqdn_tag: Option<String>,
    /// The service tags that the documentation offers in place of the host.
    pub service_tags: Vec<String>,
    /// All groups that name it, sorted.
    pub groups: Vec<Group>,
    /// Required if any row is.
    pub requirement: Requirement,
    /// Only needed where this holds.
    pub condition: Option<Condition>,
    /// What it is for.
    pub purpose: String,
    /// Where it was read.
    pub sources: Vec<Source>,
    /// The day on which it was first listed; absent: before the first edition.
    pub since: Option<Date>,
    /// What to mind, in sentences.
    pub notes: Vec<String>,
    /// What fails without it; only when made of a report.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
}

impl Rule {
    /// Whether it can be written.
    pub fn standing(&self) -> Standing {
        if !self.needs.is_empty() {
            Standing::Incomplete
        } else if self.destinations.is_empty() {
            Standing::Needless
        } else {
            Standing::Complete
        }
    }

    /// The first of its groups: where it is written.
    pub fn group(&self) -> Group {
        self.groups.first().copied().unwrap_or(Group::Custom)
    }

    /// Where it was read, in words.
    pub fn documented(&self) -> String {
        let sources = self.sources.iter();
        let sources =
            sources.map(|source| format!("{} {}", source.document, source.rows.join(" ")));
        sources.collect::<Vec<_>>().join("; ")
    }

    /// `https:443 to a, b`, or `UDP 123 to ntp.ubuntu.com` where no name stands in what is sent.
    pub fn asked(&self) -> String {
        let to: Vec<_> = self.destinations.iter().map(ToString::to_string).collect();
        let to = to.join(", ");
        match self.layer {
            Layer::Application => format!("{}:{} to {to}", self.protocol, self.port),
            Layer::Network => {
                let transports: Vec<_> = self.transports.iter().map(|t| t.azure()).collect();
                format!("{} {} to {to}", transports.join(" and "), self.port)
            }
        }
    }

    /// `pull first-party images (required; aks-outbound-rules c007; listed since 2020-03-08)`.
    pub fn why(&self) -> String {
        let mut facts = vec![self.requirement.to_string()];
        if let Some(condition) = self.condition {
            facts.push(format!("only with {condition}"));
        }
        facts.extend(Some(self.documented()).filter(|text| !text.is_empty()));
        facts.extend(self.since.map(|day| format!("listed since {day}")));
        let why = one_line(&format!("{} ({})", self.purpose, facts.join("; ")));
        why.trim_start().to_owned()
    }

    pub(super) fn is_about_same(&self, other: &Self) -> bool {
        let place = |rule: &Self| (rule.protocol, rule.port);
        place(self) == place(other) && self.pattern == other.pattern
    }

    /// Takes up what another row says of the same.
    pub(super) fn merge(&mut self, other: Self) {
        if other.needs.is_empty() || self.needs.is_empty() {
            self.needs.clear();
        } else {
            join(&mut self.needs, other.needs);
        }
        join(&mut self.destinations, other.destinations);
        join(&mut self.service_tags, other.service_tags);
        join(&mut self.sources, other.sources);
        join(&mut self.notes, other.notes);
        join(&mut self.evidence, other.evidence);
        join(&mut self.groups, other.groups);
        self.groups.sort_unstable();
        self.fqdn_tag = self.fqdn_tag.take().or(other.fqdn_tag);
        self.requirement = self.requirement.min(other.requirement);
        self.condition = self.condition.filter(|own| other.condition == Some(*own));
        // Nothing is earlier than what has stood there from the beginning.
        self.since = self.since.min(other.since);
        if !self.purpose.split("; ").any(|known| known == other.purpose) {
            self.purpose = format!("{}; {}", self.purpose, other.purpose);
        }
    }
}

fn join<T: PartialEq>(known: &mut Vec<T>, others: Vec<T>) {
    for other in others {
        if !known.contains(&other) {
            known.push(other);
        }
    }
}
