//! `completions` and `man`: what shells and readers know of the command line, made from the command line itself.

use std::io;
use std::path::Path;

use anyhow::{Context, Result, bail};
use clap::{Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;

use super::{ExitStatus, output};
use crate::cli::Cli;
use crate::problem::unknown_word;
use crate::version::VERSION;

const NAME: &str = "egress-probe";

pub(super) fn completions(shell: Shell) -> Result<ExitStatus> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), NAME, &mut script);
    let mut script = String::from_utf8(script)?;
    if shell == Shell::Bash {
        // Behind a name with a hyphen nothing would be completed: clap-rs/clap#6421.
        script = script.replace("egress__subcmd__probe", "egress__probe");
    }
    output::print(&script)?;
    Ok(ExitStatus::Success)
}

/// One page on standard output, or all of them into a folder.
pub(super) fn man(words: &[String], into: Option<&Path>) -> Result<ExitStatus> {
    let mut command = Cli::command().disable_help_subcommand(true);
    // Gives every command the flags that all have, and its whole name.
    command.build();
    if let Some(folder) = into {
        let written = std::fs::create_dir_all(folder).and_then(|()| write_pages(&command, folder));
        written.with_context(|| format!("cannot write into {}", folder.display()))?;
        return Ok(ExitStatus::Success);
    }
    for word in words {
        let known: Vec<&str> = command.get_subcommands().map(Command::get_name).collect();
        let Some(found) = command.find_subcommand(word) else {
            bail!("the command {}", unknown_word(word, &known));
        };
        command = found.clone();
    }
    output::print(&String::from_utf8(page(&command)?)?)?;
    Ok(ExitStatus::Success)
}

fn write_pages(command: &Command, folder: &Path) -> io::Result<()> {
    let name = command.get_display_name().unwrap_or(NAME);
    std::fs::write(folder.join(format!("{name}.1")), page(command)?)?;
    command
        .get_subcommands()
        .try_for_each(|below| write_pages(below, folder))
}

fn page(command: &Command) -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    Man::new(command.clone())
        .source(format!("{NAME} {VERSION}"))
        .manual("egress-probe")
        .render(&mut page)?;
    Ok(page)
}
