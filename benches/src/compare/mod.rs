//! The agent and `blackbox_exporter` on the same servers in the same run, one after the other on every load.

mod agent;
mod blackbox;
mod document;
mod floor;
mod prometheus;
mod run;
mod scrapes;
mod servers;
mod work;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::say;
use floor::Floor;
use run::Run;
use scrapes::Scrapes;
use servers::Servers;
use work::{Kind, Load};

/// Both tools on one load.
struct Pair {
    kind: Kind,
    load: Load,
    agent: Run,
    blackbox: Run,
}

struct Results {
    program: PathBuf,
    pairs: Vec<Pair>,
    scrapes: Vec<Scrapes>,
    floor: Floor,
}

/// The results as a document.
pub(crate) fn run(program: &Path, quick: bool) -> Result<String> {
    let program = program.canonicalize();
    let program = program.context("the agent is not built: cargo build --release")?;
    let folder = Folder::new()?;
    let servers = Servers::start(&folder.0)?;
    say("the floor");
    let floor = floor::measure(quick)?;
    let kinds = if quick { &Kind::ALL[..1] } else { &Kind::ALL };
    let mut pairs: Vec<Pair> = Vec::new();
    for load in Load::all(quick) {
        for &kind in kinds {
            say(&format!("{} targets, {}", load.targets, kind.as_str()));
            // Nothing else is measured for `tls` than for `https`.
            let same =
                |pair: &&Pair| pair.load.targets == load.targets && pair.kind == kind.of_agent();
            let agent = match pairs.iter().find(same) {
                Some(pair) => pair.agent.clone(),
                None => agent::run(&program, &folder.0, &servers, kind, &load)?,
            };
            let blackbox = blackbox::run(&folder.0, &servers, kind, &load)?;
            pairs.push(Pair {
                kind,
                load,
                agent,
                blackbox,
            });
        }
    }
    let mut scrapes = Vec::new();
    for load in Load::all(quick) {
        say(&format!(
            "{} targets, with scrapes and without",
            load.targets
        ));
        let rounds = if quick { 1 } else { 3 };
        scrapes.push(scrapes::measure(
            &program, &folder.0, &servers, load, rounds,
        )?);
    }
    let results = Results {
        program,
        pairs,
        scrapes,
        floor,
    };
    Ok(results.document())
}

/// Configurations, data and logs; gone when dropped.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self> {
        let folder = PathBuf::from(format!("/tmp/egress-bench-{}", std::process::id()));
        fs::create_dir(&folder).with_context(|| format!("making {}", folder.display()))?;
        Ok(Self(folder))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What stays there disturbs nobody.
        let _ = fs::remove_dir_all(&self.0);
    }
}
