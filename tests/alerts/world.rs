//! A pretended fleet, minute by minute, as the series that Prometheus would have scraped from it.

use std::fmt::Write;
use std::ops::Range;

use serde_json::Value;

use crate::sheet::{Sheet, seconds};

/// What every node of a fleet probes: target, probe, requirement.
const PLAN: [(&str, &str, &str); 8] = [
    ("mcr.microsoft.com:443", "https", "required"),
    ("mcr.microsoft.com", "dns", "required"),
    ("ntp.ubuntu.com:123", "ntp", "required"),
    ("login.microsoftonline.com:443", "https", "required"),
    ("login.microsoftonline.com", "dns", "required"),
    ("management.azure.com:443", "https", "required"),
    ("packages.microsoft.com:443", "https", "required"),
    ("us.download.nvidia.com:443", "https", "optional"),
];

/// promtool refuses queries that touch more than 10,000 samples. Large fleets have fewer targets.
const LARGE: usize = 100;
const TARGETS_OF_LARGE: usize = 4;

/// Minutes of the test.
pub(crate) type Minutes = Range<usize>;

/// A value of some nodes that lasts for some minutes.
#[derive(Clone, Debug)]
struct Spell<T> {
    nodes: Range<usize>,
    during: Minutes,
    value: T,
}

impl<T> Spell<T> {
    fn covers(&self, node: usize, minute: usize) -> bool {
        self.nodes.contains(&node) && self.during.contains(&minute)
    }
}

#[derive(Clone, Debug)]
struct Failure {
    target: String,
    phase: &'static str,
    reason: &'static str,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Silence {
    /// The scrape fails: `up` is 0.
    NoAnswer,
    /// The scrape target has gone as well.
    NoTarget,
}

/// Healthy in everything that is not said otherwise.
#[derive(Clone, Debug)]
pub(crate) struct World {
    minutes: usize,
    nodes: usize,
    cluster: Option<&'static str>,
    named: bool,
    diagnosed: bool,
    failures: Vec<Spell<Failure>>,
    undecided: Vec<Spell<&'static str>>,
    silences: Vec<Spell<Silence>>,
    restarts: Vec<(Range<usize>, usize)>,
    gauges: Vec<(String, Spell<f64>)>,
    known_nodes: Option<Range<usize>>,
}

impl World {
    pub(crate) fn new(nodes: usize, minutes: usize) -> Self {
        Self {
            minutes,
            nodes,
            cluster: None,
            named: true,
            diagnosed: false,
            failures: Vec::new(),
            undecided: Vec::new(),
            silences: Vec::new(),
            restarts: Vec::new(),
            gauges: Vec::new(),
            known_nodes: None,
        }
    }

    /// Every series has this label `cluster`.
    pub(crate) fn cluster(mut self, name: &'static str) -> Self {
        self.cluster = Some(name);
        self
    }

    /// No series has a label `node`.
    pub(crate) fn unnamed(mut self) -> Self {
        self.named = false;
        self
    }

    /// Agents say what stands behind a failure, and behind a warning.
    pub(crate) fn diagnosed(mut self) -> Self {
        self.diagnosed = true;
        self
    }

    /// Nodes do not reach what begins with `target`.
    pub(crate) fn fail(
        mut self,
        nodes: Range<usize>,
        during: Minutes,
        target: &str,
        (phase, reason): (&'static str, &'static str),
    ) -> Self {
        let target = target.to_owned();
        let value = Failure {
            target,
            phase,
            reason,
        };
        self.failures.push(Spell {
            nodes,
            during,
            value,
        });
        self
    }

    /// Nodes cannot say anything about what begins with `target`.
    pub(crate) fn undecided(
        mut self,
        nodes: Range<usize>,
        during: Minutes,
        value: &'static str,
    ) -> Self {
        self.undecided.push(Spell {
            nodes,
            during,
            value,
        });
        self
    }

    /// Agents do not answer. Those that come back have been started anew.
    pub(crate) fn silent(mut self, nodes: Range<usize>, during: Minutes, value: Silence) -> Self {
        self.restarts.push((nodes.clone(), during.end));
        self.silences.push(Spell {
            nodes,
            during,
            value,
        });
        self
    }

    /// Agents are started anew between two scrapes.
    pub(crate) fn restart(mut self, nodes: Range<usize>, at: usize) -> Self {
        self.restarts.push((nodes, at));
        self
    }

    /// A metric with its own labels has another value than usual. `time() + x` is written as the value of minute 0.
    pub(crate) fn gauge(
        mut self,
        nodes: Range<usize>,
        during: Minutes,
        metric: &str,
        value: f64,
    ) -> Self {
        let spell = Spell {
            nodes,
            during,
            value,
        };
        self.gauges.push((metric.to_owned(), spell));
        self
    }

    /// kube-state-metrics runs, and knows these nodes.
    pub(crate) fn known_nodes(mut self, nodes: Range<usize>) -> Self {
        self.known_nodes = Some(nodes);
        self
    }

    /// As `input_series` of promtool, one sample a minute.
    pub(crate) fn series(&self) -> Vec<Value> {
        (0..self.nodes).flat_map(|node| self.node(node)).collect()
    }

    fn node(&self, node: usize) -> Vec<Value> {
        let mut sheet = Sheet::new(self.labels(node), self.minutes);
        self.agent(node, &mut sheet);
        for (metric, usual) in GAUGES {
            sheet.add(metric, |minute| {
                let spells = self.gauges.iter().filter(|(of, _)| of == metric);
                let mut spells = spells.map(|(_, spell)| spell);
                let now = spells.rfind(|spell| spell.covers(node, minute));
                let value = now.map_or(usual, |spell| spell.value);
                self.answers(node, minute).then_some(value)
            });
        }
        let large = self.nodes > LARGE;
        let targets = if large { TARGETS_OF_LARGE } else { PLAN.len() };
        for target in &PLAN[..targets] {
            self.target(node, target, &mut sheet);
        }
        sheet.series
    }

    /// What is about the agent itself.
    fn agent(&self, node: usize, sheet: &mut Sheet) {
        sheet.add("up", |minute| match self.silence(node, minute) {
            None => Some(1.0),
            Some(Silence::NoAnswer) => Some(0.0),
            Some(Silence::NoTarget) => None,
        });
        let known = self.known_nodes.as_ref();
        if known.is_some_and(|known| known.contains(&node)) {
            sheet.add("kube_node_info", |_| Some(1.0));
        }
        sheet.add("egress_build_info{version=\"0.1.0\"}", |minute| {
            self.answers(node, minute).then_some(1.0)
        });
        sheet.add("process_start_time_seconds", |minute| {
            let started = self.started(node, minute);
            self.answers(node, minute).then_some(started)
        });
    }

    fn target(
        &self,
        node: usize,
        &(target, probe, requirement): &(&str, &str, &str),
        sheet: &mut Sheet,
    ) {
        let id = format!("target=\"{target}\",probe=\"{probe}\"");
        let info = format!("egress_target_info{{{id},requirement=\"{requirement}\"}}");
        sheet.add(&info, |minute| self.answers(node, minute).then_some(1.0));
        sheet.add(&format!("egress_probe_success{{{id}}}"), |minute| {
            let of_target = |spell: &Spell<&str>| target.starts_with(spell.value);
            let mut undecided = self.undecided.iter().filter(|spell| of_target(spell));
            if !self.answers(node, minute) || undecided.any(|spell| spell.covers(node, minute)) {
                return None;
            }
            let reached = self.failure(node, minute, target).is_none();
            Some(f64::from(u8::from(reached)))
        });
        for (phase, reason) in self.kinds(target) {
            let labels = format!("{id},phase=\"{phase}\",reason=\"{reason}\"");
            sheet.add(
                &format!("egress_probe_failure_info{{{labels}}}"),
                |minute| {
                    let failure = self.failure(node, minute, target)?;
                    let same = (failure.phase, failure.reason) == (phase, reason);
                    (self.answers(node, minute) && same).then_some(1.0)
                },
            );
        }
        if !self.diagnosed {
            return;
        }
        for cause in ["sni_filter", "firewall_drop", "partial_addresses"] {
            let diagnosis = format!("egress_diagnosis_info{{{id},cause=\"{cause}\"}}");
            sheet.add(&diagnosis, |minute| {
                let stands = cause_of(self.failure(node, minute, target)) == cause;
                (self.answers(node, minute) && stands).then_some(1.0)
            });
        }
    }

    fn answers(&self, node: usize, minute: usize) -> bool {
        self.silence(node, minute).is_none()
    }

    fn labels(&self, node: usize) -> String {
        let (high, low) = (node / 256, node % 256);
        let mut labels = format!("job=\"egress-probe\",instance=\"10.0.{high}.{low}:9100\"");
        if self.named {
            write!(labels, ",node=\"node-{node}\"").expect("a String takes text");
        }
        if let Some(cluster) = self.cluster {
            write!(labels, ",cluster=\"{cluster}\"").expect("a String takes text");
        }
        labels
    }

    fn silence(&self, node: usize, minute: usize) -> Option<Silence> {
        let spell = self
            .silences
            .iter()
            .find(|spell| spell.covers(node, minute));
        spell.map(|spell| spell.value)
    }

    fn started(&self, node: usize, minute: usize) -> f64 {
        let past = self
            .restarts
            .iter()
            .filter(|(nodes, at)| nodes.contains(&node) && *at <= minute);
        let last = past.map(|(_, at)| *at).max();
        last.map_or(-3600.0, |at| seconds(at) - 30.0)
    }

    /// The youngest failure that was asked for decides.
    fn failure(&self, node: usize, minute: usize, target: &str) -> Option<&Failure> {
        let covers = |spell: &&Spell<Failure>| {
            spell.covers(node, minute) && target.starts_with(&spell.value.target)
        };
        self.failures.iter().rfind(covers).map(|spell| &spell.value)
    }

    /// The phases and reasons with which a target ever fails.
    fn kinds(&self, target: &str) -> Vec<(&'static str, &'static str)> {
        let failures = self.failures.iter().map(|spell| &spell.value);
        let of_target = failures.filter(|failure| target.starts_with(&failure.target));
        let mut kinds: Vec<_> = of_target
            .map(|failure| (failure.phase, failure.reason))
            .collect();
        kinds.sort_unstable();
        kinds.dedup();
        kinds
    }
}

/// What the agents find. Where nothing fails, a warning stands.
fn cause_of(failure: Option<&Failure>) -> &'static str {
    match failure {
        None => "partial_addresses",
        Some(failure) if failure.reason == "connection_reset" => "sni_filter",
        Some(_) => "firewall_drop",
    }
}

/// The metrics that `World::gauge` can change, with their usual value.
const GAUGES: [(&str, f64); 6] = [
    ("egress_scheduler_lag_seconds", 0.002),
    ("egress_config_last_reload_successful", 1.0),
    (OFFSET, 0.004),
    (CERTIFICATE, 1e7),
    (LATENCY, 0.06),
    (LAST_ATTEMPT, f64::NAN),
];
pub(crate) const OFFSET: &str = "egress_ntp_offset_seconds{target=\"ntp.ubuntu.com:123\"}";
pub(crate) const CERTIFICATE: &str =
    "egress_tls_certificate_not_after_timestamp_seconds{target=\"mcr.microsoft.com:443\"}";
pub(crate) const LATENCY: &str =
    "egress_probe_duration_seconds{target=\"mcr.microsoft.com:443\",probe=\"https\"}";
/// Not a number stands for the minute itself: an agent that tries all the time.
pub(crate) const LAST_ATTEMPT: &str =
    "egress_probe_last_attempt_timestamp_seconds{target=\"mcr.microsoft.com:443\",probe=\"https\"}";
