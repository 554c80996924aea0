//! A lab with the hosts and the faults of its rows, the runs of the agent in it, and their judgement.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::process::Command;
use std::thread;

use egress_lab::{Lab, LabSpec};

use crate::proof;
use crate::row::{Expected, Lay, On, Row};
use crate::support::check::Check;
use crate::support::report::Report;
use crate::support::{agent_in, file};

/// Rows that share a lab, because none disturbs another.
pub(crate) struct Scene {
    pub(crate) spec: LabSpec,
    pub(crate) rows: Vec<Row>,
    pub(crate) runs: Vec<Run>,
    pub(crate) prepare: Option<Prepare>,
}

/// What a fault needs that no lab lays, for as long as what it returns is held.
pub(crate) type Prepare = fn(&Lab) -> Held;
pub(crate) type Held = Box<dyn Any + Send>;

/// One `egress-probe check`.
pub(crate) struct Run {
    pub(crate) name: &'static str,
    /// What comes after `check --format json`, besides the catalogue.
    pub(crate) arguments: fn(&Lab) -> Vec<String>,
    /// How the agent is started, for runs that take something away from it.
    pub(crate) command: fn(&Lab, World) -> Command,
}

impl Run {
    pub(crate) fn new(name: &'static str, arguments: fn(&Lab) -> Vec<String>) -> Self {
        Self {
            name,
            arguments,
            command: |lab, _| agent_in(lab),
        }
    }
}

/// Whether the faults are laid that the rows are about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum World {
    AsDescribed,
    /// No row's fault stands, and what is well in the matrix is sabotaged: every row must turn out wrong.
    Otherwise,
}

/// What became of a row.
#[derive(Debug)]
pub(crate) struct Judged {
    pub(crate) name: &'static str,
    /// The verdict on each of its targets.
    pub(crate) said: Vec<String>,
    pub(crate) unproven_faults: Vec<String>,
    pub(crate) wrong_words: Vec<String>,
    pub(crate) false_reachable: bool,
    pub(crate) false_unreachable: bool,
}

impl Judged {
    pub(crate) fn is_right(&self) -> bool {
        self.unproven_faults.is_empty() && self.wrong_words.is_empty()
    }
}

impl Scene {
    /// Builds the lab, looks at it without the agent, lets the agent look, and judges what it says.
    pub(crate) fn play(mut self, world: World) -> Vec<Judged> {
        let hosts = self.rows.iter().map(|row| row.host.clone());
        self.spec.hosts.extend(hosts);
        let lab = Lab::start(&self.spec).expect("the lab starts");
        for row in &self.rows {
            for lay in lays(row, world) {
                lay_upon(&lab, row, lay);
            }
        }
        let prepare = self.prepare.filter(|_| world == World::AsDescribed);
        let _held = prepare.map(|prepare| prepare(&lab));
        let (refuted, reports) = (self.proofs(&lab, world), self.reports(&lab, world));
        let judged = self.rows.iter().zip(refuted).map(|(row, refuted)| {
            let seen = reports.get(row.run).expect("a run of that name");
            judge(row, refuted, seen)
        });
        judged.collect()
    }

    fn proofs(&self, lab: &Lab, world: World) -> Vec<Vec<String>> {
        thread::scope(|scope| {
            let rows = self.rows.iter();
            let threads: Vec<_> = rows
                .map(|row| scope.spawn(|| proof::refuted(lab, row, world)))
                .collect();
            let joined = threads.into_iter();
            joined
                .map(|thread| thread.join().expect("no panic"))
                .collect()
        })
    }

    fn reports(&self, lab: &Lab, world: World) -> BTreeMap<&'static str, (i32, Report)> {
        thread::scope(|scope| {
            let runs = self.runs.iter();
            let threads: Vec<_> = runs
                .map(|run| (run.name, scope.spawn(|| self.report(lab, run, world))))
                .collect();
            let joined = threads.into_iter();
            joined
                .map(|(name, thread)| (name, thread.join().expect("no panic")))
                .collect()
        })
    }

    fn report(&self, lab: &Lab, run: &Run, world: World) -> (i32, Report) {
        let rows = self.rows.iter().filter(|row| row.run == run.name);
        let catalog = file(lab, &format!("{}.yaml", run.name), &catalog(rows));
        let mut command = (run.command)(lab, world);
        command.args(["check", "--format", "json", "--no-builtin", "--catalog"]);
        command.arg(catalog).args(["--metadata", "off"]);
        command.args((run.arguments)(lab));
        let check = Check::of(command);
        (check.exit, check.report())
    }
}

fn catalog<'a>(rows: impl Iterator<Item = &'a Row>) -> String {
    let mut text = "entries:\n".to_owned();
    for row in rows {
        let asked = row
            .expected
            .first()
            .map_or(&row.host.name, |first| &first.target);
        let host = asked.split(':').next().unwrap_or_default();
        let (name, protocols) = (row.name, &row.protocols);
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "  - {{name: {name}, hosts: [\"{host}\"], protocols: {{{protocols}}}}}"
        );
    }
    text
}

fn lays(row: &Row, world: World) -> Vec<&Lay> {
    match world {
        World::AsDescribed => row.lays.iter().collect(),
        World::Otherwise if row.is_healthy() => vec![&row.sabotage],
        World::Otherwise => Vec::new(),
    }
}

fn lay_upon(lab: &Lab, row: &Row, lay: &Lay) {
    let host = &row.host.name;
    let on = match &lay.on {
        On::Host(host) => host.clone(),
        On::Address(position) => lab.addresses_of(host)[*position].to_string(),
        On::Ipv6 => lab
            .ipv6_address_of(host)
            .expect("an IPv6 address")
            .to_string(),
    };
    lab.control()
        .block(&on, lay.scope, lay.fault)
        .unwrap_or_else(|error| panic!("{}: {error:#}", row.name));
}

fn judge(row: &Row, unproven_faults: Vec<String>, seen: &(i32, Report)) -> Judged {
    let (exit, report) = seen;
    let mut judged = Judged {
        name: row.name,
        said: Vec::new(),
        unproven_faults,
        wrong_words: Vec::new(),
        false_reachable: false,
        false_unreachable: false,
    };
    for expected in &row.expected {
        judge_target(expected, report, &mut judged);
    }
    if let Some(overall) = row.overall {
        judged.wrong_words.extend(overall(*exit, report));
        judged.false_unreachable |= report.summary.unreachable > 0;
    }
    judged
}

fn judge_target(expected: &Expected, report: &Report, judged: &mut Judged) {
    let Expected {
        target,
        probe,
        verdict,
        cause,
        facts,
    } = expected;
    let Some(seen) = report.find(target, probe) else {
        let missing = format!("the report has no {target} {probe}");
        return judged.wrong_words.push(missing);
    };
    let seen_cause = seen.cause().unwrap_or_default();
    let said = format!("{probe} {} {seen_cause}", seen.verdict());
    judged.said.push(said.trim_end().to_owned());
    let state = verdict.split(' ').next().unwrap_or_default();
    if seen.verdict() != *verdict {
        let detail = seen.failure.as_ref().map_or("", |failure| &failure.detail);
        let words = format!("{}, not {verdict:?} ({detail})", seen.line());
        judged.wrong_words.push(words);
    }
    if seen_cause != *cause {
        let evidence = seen
            .diagnosis
            .as_ref()
            .map_or_else(String::new, |diagnosis| diagnosis.evidence.join("; "));
        let words =
            format!("{target} {probe}: the cause is {seen_cause:?}, not {cause:?} ({evidence})");
        judged.wrong_words.push(words);
    }
    judged.false_reachable |= seen.state == "reachable" && state != "reachable";
    judged.false_unreachable |= seen.state == "unreachable" && state != "unreachable";
    for (pointer, value) in facts {
        let fact = seen
            .facts
            .pointer(pointer)
            .unwrap_or(&serde_json::Value::Null);
        if fact != value {
            let words = format!("{target} {probe}: the fact {pointer} is {fact}, not {value}");
            judged.wrong_words.push(words);
        }
    }
}
