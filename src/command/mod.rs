//! What each subcommand does; the only code that prints.

mod catalog;
mod check;
mod explain;
mod fleet;
mod glob;
mod manual;
mod output;
mod remote;
mod rules;
mod run;
mod status;

use std::process::ExitCode;

use anyhow::Result;

use crate::agent::{Files, Inputs, Sources};
use crate::cli::{Cli, Command, Common, RunArgs};
use crate::config::Settings;
use crate::discover::Environment;
use crate::problem::Problems;

/// How the process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitStatus {
    /// Done; for `check`: everything required is reachable.
    Success,
    /// Something required is unreachable.
    Unreachable,
    /// Bad flags, bad configuration, or nothing could be proven.
    Trouble,
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        match status {
            ExitStatus::Success => Self::SUCCESS,
            ExitStatus::Unreachable => Self::from(1),
            ExitStatus::Trouble => Self::from(2),
        }
    }
}

/// Does what the command line says.
///
/// # Errors
/// What keeps the command from doing its work; `main` prints it and exits with 2.
pub fn execute(cli: Cli, environment: &Environment) -> Result<ExitStatus> {
    let common = &cli.common;
    match cli.command {
        None => run::run(common, &RunArgs::of_environment()?, environment),
        Some(Command::Run(args)) => run::run(common, &args, environment),
        Some(Command::Check(args)) => check::check(common, &args, environment),
        Some(Command::Catalog(command)) => catalog::catalog(common, &command, environment),
        Some(Command::Rules(args)) => rules::rules(common, &args, environment),
        Some(Command::Explain { word }) => explain::explain(word),
        Some(Command::Status(args)) => status::status(common, &args, environment),
        Some(Command::Fleet(args)) => fleet::fleet(common, &args, environment),
        Some(Command::Completions { shell }) => manual::completions(shell),
        Some(Command::Man { words, into }) => manual::man(&words, into.as_deref()),
    }
}

/// Flags over file over defaults, and every file that they name.
fn load(common: &Common, over: Settings, environment: &Environment) -> Result<Inputs, Problems> {
    sources(common, over, environment).load(&mut Files::default())
}

fn sources(common: &Common, over: Settings, environment: &Environment) -> Sources {
    let flags = over.over(common.settings());
    Sources::new(common.config.clone(), flags, environment.clone())
}
