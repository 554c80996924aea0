//! The commands. All but `up` are of another terminal: they find the running lab through its beacon.

mod agent;
mod beacon;
mod faults;
mod status;
mod up;

use std::ffi::OsString;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, ensure};
use clap::{Args, Parser, Subcommand};
use egress_lab::{Fault, Scope, remove_leftovers};
use nix::unistd::geteuid;

use beacon::Beacon;

const ABOUT: &str =
    "A network laboratory on this machine: a node, a firewall, and an internet of real servers";

const LONG_ABOUT: &str = "\
A network laboratory on this machine: a node, a firewall, and an internet of real servers, each in a network
namespace of its own. No packet leaves the machine. Needs root.

  terminal 1   egress-lab up --agent target/release/egress-probe
  terminal 2   egress-lab exec -- curl -s http://127.0.0.1:9100/status
               egress-lab fault sni-reset
               egress-lab exec -- curl https://mcr.microsoft.com/
               egress-lab status
               egress-lab heal
  terminal 1   Ctrl-C removes everything";

/// The command line.
#[derive(Parser)]
#[command(name = "egress-lab", about = ABOUT, long_about = LONG_ABOUT)]
pub(crate) struct Arguments {
    /// Where the commands find the running lab; another file for a second lab beside it
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        default_value = "/run/egress-lab.json"
    )]
    beacon: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Starts a lab with every host of the agent's plan, and the agent on its node; stays until Ctrl-C
    Up(UpArguments),
    /// Lays a fault by its name alone, upon a host on which it shows
    Fault {
        /// One of those that `egress-lab faults` lists first
        name: String,
        /// Another host than the usual one
        #[arg(long)]
        host: Option<String>,
    },
    /// Lays any fault upon any host of the running lab
    Block {
        /// A host's name or address, nameserver, metadata, proxy, or * for every destination
        #[arg(long)]
        host: String,
        /// One of those that `egress-lab faults` lists
        #[arg(long, default_value = "drop")]
        fault: Fault,
        /// Only this port: 443, 53/tcp, 53/udp
        #[arg(long)]
        port: Option<Scope>,
    },
    /// Takes the faults from one host, or from all
    Heal {
        #[arg(long)]
        host: Option<String>,
    },
    /// Shows what runs, who lives where, and which faults stand
    Status,
    /// Runs a program on the node, with the lab's nameserver and authority
    Exec {
        #[arg(trailing_var_arg = true, required = true, value_name = "PROGRAM")]
        program: Vec<OsString>,
    },
    /// Lists the faults
    Faults,
    /// Ends the running lab, and removes what dead ones have left behind
    Down,
}

#[derive(Args)]
struct UpArguments {
    /// The egress-probe binary to run on the node
    #[arg(long, value_name = "FILE")]
    agent: PathBuf,
    /// public, china or government
    #[arg(long, default_value = "public")]
    cloud: String,
    /// The edition of the catalogue: 2020-01, 2026-06, a date, or latest
    #[arg(long, default_value = "latest")]
    edition: String,
    /// The agent goes through the lab's explicit proxy
    #[arg(long)]
    proxy: bool,
}

pub(crate) fn run(arguments: Arguments) -> Result<ExitCode> {
    let needs_root = !matches!(arguments.command, Command::Faults);
    ensure!(
        !needs_root || geteuid().is_root(),
        "the lab needs root: it makes network namespaces; try sudo"
    );
    let beacon = &arguments.beacon;
    match arguments.command {
        Command::Up(arguments) => return up::run(&arguments, beacon),
        Command::Block { host, fault, port } => {
            let scope = port.unwrap_or(Scope::Everything);
            faults::block(beacon, &host, scope, fault)?;
        }
        Command::Fault { name, host } => faults::named(beacon, &name, host)?,
        Command::Heal { host } => faults::heal(beacon, host.as_deref())?,
        Command::Status => say(status::render(&Beacon::find(beacon)?)?.trim_end())?,
        Command::Exec { program } => exec(beacon, &program)?,
        Command::Faults => say(&faults::list()?)?,
        Command::Down => down(beacon)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// One paragraph on standard output.
fn say(text: &str) -> Result<()> {
    Ok(writeln!(std::io::stdout(), "{text}")?)
}

/// Becomes the program, so that its exit code and signals are its own.
fn exec(beacon: &Path, program: &[OsString]) -> Result<()> {
    ensure!(!program.is_empty(), "no program was given");
    let control = Beacon::find(beacon)?.control;
    let mut command = control.topology().node().command(&program[0]);
    command.args(&program[1..]);
    for variable in ["SSL_CERT_FILE", "CURL_CA_BUNDLE"] {
        command.env(variable, control.ca_file());
    }
    Err(command.exec().into())
}

fn down(beacon: &Path) -> Result<()> {
    if let Ok(beacon) = Beacon::find(beacon) {
        beacon.end()?;
        say("the running lab has ended")?;
    }
    let removed = remove_leftovers()?;
    say(&format!("{} dead labs removed", removed.len()))
}
