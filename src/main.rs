//! The edge of the process: arguments, environment, exit code.

use std::io::{Write, stderr};
use std::process::ExitCode;

use clap::Parser;
use egress_probe::cli::Cli;
use egress_probe::command::{self, ExitStatus};
use egress_probe::problem::Problems;

fn main() -> ExitCode {
    let cli = Cli::parse();
    // Variables that are not text cannot mean us.
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    let status = command::execute(cli, &environment).unwrap_or_else(|error| {
        // Nobody is left to tell when stderr is gone.
        drop(writeln!(stderr(), "{}", complaint(&error)));
        ExitStatus::Trouble
    });
    status.into()
}

/// Mistakes in files stand on lines of their own, as compilers write them, so that editors find them.
fn complaint(error: &anyhow::Error) -> String {
    match error.downcast_ref::<Problems>() {
        Some(problems) => {
            let count = problems.len();
            let plural = if count == 1 { "" } else { "s" };
            format!("{problems}\negress-probe: {count} mistake{plural}; nothing was done")
        }
        None => format!("egress-probe: {error:#}"),
    }
}
