//! `egress-lab`: the lab for people. See `egress-lab --help`.

mod command;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use command::Arguments;

fn main() -> ExitCode {
    match command::run(Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            // Nobody is left to tell if standard error is closed.
            let _ = writeln!(std::io::stderr(), "egress-lab: {error:#}");
            ExitCode::FAILURE
        }
    }
}
