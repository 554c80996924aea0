//! Each named fault, one row each: what the network does, shown by programs that are not the agent, and what the agent
//! says of it, with cause and hop. What is well stays green. `tests/verdicts` has each kind of fault under each probe.

mod exchanges;
mod middle;
mod names;
mod own;
mod packets;
mod paths;
mod proof;
mod proxied;
mod row;
mod scene;
mod servers;
#[path = "../support/mod.rs"]
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;
use std::thread;

use egress_lab::Named;
use scene::{Judged, Scene, World};

/// Fewer rows than this would be a matrix that lost some.
const LEAST_ROWS: usize = 45;

fn scenes() -> Vec<Scene> {
    let mut scenes = vec![paths::scene(), middle::scene()];
    scenes.extend(proxied::scenes());
    scenes.extend(own::scenes());
    scenes
}

/// All scenes side by side, each in a lab of its own.
fn play(world: World) -> Vec<Judged> {
    thread::scope(|scope| {
        let scenes = scenes().into_iter();
        let threads: Vec<_> = scenes
            .map(|scene| scope.spawn(move || scene.play(world)))
            .collect();
        let joined = threads.into_iter();
        joined
            .flat_map(|thread| thread.join().expect("no panic"))
            .collect()
    })
}

fn table(judged: &[Judged]) -> String {
    let mut text = String::new();
    for row in judged {
        let mark = if row.is_right() { "right" } else { "WRONG" };
        // Writing to a String cannot fail.
        let said = row.said.join(", ");
        let _ = writeln!(text, "  {mark}  {:27} {said}", row.name);
        for line in row.unproven_faults.iter().chain(&row.wrong_words) {
            let _ = writeln!(text, "         {line}");
        }
    }
    let count = |wanted: fn(&Judged) -> bool| judged.iter().filter(|row| wanted(row)).count();
    let _ = writeln!(
        text,
        "rows right {} of {}, false reachable {}, false unreachable {}",
        count(Judged::is_right),
        judged.len(),
        count(|row| row.false_reachable),
        count(|row| row.false_unreachable)
    );
    text
}

#[test]
fn the_agent_tells_every_fault_apart_and_what_is_well_stays_green() {
    let judged = play(World::AsDescribed);
    let table = table(&judged);
    // Not captured, unlike what is printed: the table is the point of this test.
    let shown = std::io::stdout().write_all(format!("\n{table}").as_bytes());
    shown.expect("standard output takes a table");
    assert!(judged.len() >= LEAST_ROWS, "{} rows", judged.len());
    assert!(judged.iter().all(Judged::is_right), "\n{table}");
}

/// By reason, the names of the faults that show it.
type FaultsByReason = BTreeMap<String, BTreeSet<String>>;

fn proven_here() -> FaultsByReason {
    let mut faults = FaultsByReason::new();
    let rows = scenes().into_iter().flat_map(|scene| scene.rows);
    for row in rows.filter(|row| Named::find(row.name).is_ok()) {
        for expected in &row.expected {
            let mut words = expected.verdict.split(' ');
            if let Some("unreachable" | "unproven") = words.next() {
                let reason = words.nth(1).expect("a state, a phase, a reason");
                let names = faults.entry(reason.to_owned()).or_default();
                names.insert(row.name.to_owned());
            }
        }
    }
    faults
}

fn documented() -> FaultsByReason {
    let page = include_str!("../../docs/reasons.md");
    let sections = page.split("\n## ").filter_map(|section| {
        let reason = section.strip_prefix('`')?.split('`').next()?;
        let (_, line) = section.split_once("**In the lab.**")?;
        let line = line.split("\n\n").next()?;
        let names = line.split('`').skip(1).step_by(2);
        Some((reason.to_owned(), names.map(ToOwned::to_owned).collect()))
    });
    sections.collect()
}

#[test]
fn the_documentation_names_the_faults_that_show_a_reason() {
    assert_eq!(documented(), proven_here());
}

#[test]
fn no_row_is_right_where_its_fault_is_not() {
    let judged = play(World::Otherwise);
    let blind = judged
        .iter()
        .filter(|row| row.unproven_faults.is_empty() || row.wrong_words.is_empty());
    let blind: Vec<_> = blind.map(|row| format!("{row:?}")).collect();
    assert!(blind.is_empty(), "{blind:#?}");
}
