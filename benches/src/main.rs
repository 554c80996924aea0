//! `egress-bench`: the programs behind `make bench`, `make bench-change` and `make soak`. See README.md.

mod change;
mod compare;
mod http;
mod lab_agent;
mod machine;
mod measured;
mod soak;
mod spread;
mod table;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, Parser, Subcommand};

/// The command line.
#[derive(Parser)]
#[command(
    name = "egress-bench",
    about = "What the agent costs, and how soon it sees a change"
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// CPU, memory, latency and scrapes, beside `blackbox_exporter` on the same work. In a network namespace of its own
    Compare(Common),
    /// Seconds from a change of the firewall to /metrics, in laboratories
    Change(Common),
    /// The agent in a laboratory at a high pace, with faults that come and go; fails if it grows
    Soak(soak::SoakArguments),
}

#[derive(Args)]
struct Common {
    /// The agent's release build
    #[arg(long)]
    agent: PathBuf,
    /// Where the results go as Markdown; without it, to standard output
    #[arg(long)]
    into: Option<PathBuf>,
    /// A short run, to see whether it works
    #[arg(long)]
    quick: bool,
}

impl Common {
    fn publish(&self, document: &str) -> Result<()> {
        let Some(file) = &self.into else {
            std::io::stdout().write_all(document.as_bytes())?;
            return Ok(());
        };
        std::fs::write(file, document).with_context(|| format!("writing {}", file.display()))?;
        say(&format!("written to {}", file.display()));
        Ok(())
    }
}

/// What goes on, for whoever waits. Results go to standard output or into a file.
fn say(line: &str) {
    // Nobody is left to tell if standard error is closed.
    let _ = writeln!(std::io::stderr(), "{line}");
}

fn run(arguments: Arguments) -> Result<()> {
    match arguments.command {
        Command::Compare(common) => common.publish(&compare::run(&common.agent, common.quick)?),
        Command::Change(common) => common.publish(&change::run(&common.agent, common.quick)?),
        Command::Soak(arguments) => soak::run(&arguments),
    }
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("egress-bench: {error:#}"));
            ExitCode::FAILURE
        }
    }
}
