//! The command line: flags and their help. No behaviour.

mod common;
mod examples;
mod remote;
mod values;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, FromArgMatches, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

pub use common::{Common, TlsRoots};
pub use remote::{FleetArgs, LoginArgs, Service, StatusArgs};
pub use values::Explained;

use crate::catalog::Edition;
use crate::config::Listen;
use crate::rules::{Format, Subnet};
use crate::target::Group;
use values::{explained, interval, words};

/// Proves, endpoint by endpoint, that this node can reach what an AKS node must reach, and says why when it cannot.
#[derive(Debug, Parser)]
#[command(name = "egress-probe", version, max_term_width = 100)]
#[command(after_help = examples::ALL)]
pub struct Cli {
    /// Without a command, the agent runs.
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub common: Common,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Probe for ever, and serve /metrics and /status
    #[command(after_help = examples::RUN)]
    Run(RunArgs),
    /// Probe everything once, print a report, and exit with 0, 1 or 2
    #[command(after_help = examples::CHECK)]
    Check(CheckArgs),
    /// Show what an agent knows, this node's or another's
    #[command(after_help = examples::STATUS)]
    Status(StatusArgs),
    /// Show what fails where, from many agents at once
    #[command(after_help = examples::FLEET)]
    Fleet(FleetArgs),
    /// Look at the list of what a cluster must reach
    #[command(subcommand, after_help = examples::CATALOG)]
    Catalog(CatalogCommand),
    /// Write the firewall rules that the nodes need
    #[command(after_help = examples::RULES)]
    Rules(RulesArgs),
    /// Say what a reason of failure or a cause means and what to do about it
    #[command(after_help = examples::EXPLAIN)]
    Explain {
        /// As it stands in reports, and in the labels `reason` and `cause`
        #[arg(value_parser = explained(), value_name = "REASON|CAUSE")]
        word: Explained,
    },
    /// Print what makes a shell complete commands, flags and values
    #[command(after_help = examples::COMPLETIONS)]
    Completions {
        /// The shell
        #[arg(value_enum)]
        shell: Shell,
    },
    /// Print the manual page of a command, or write all of them into a folder
    #[command(after_help = examples::MAN)]
    Man {
        /// Words of a command, such as `catalog diff` [default: the program's own page]
        #[arg(value_name = "COMMAND", conflicts_with = "into")]
        words: Vec<String>,
        /// Folder for the pages of all commands
        #[arg(long, value_name = "FOLDER")]
        into: Option<PathBuf>,
    },
}

/// Flags of `run`.
#[derive(Debug, Args, Default)]
pub struct RunArgs {
    /// Where to serve pages and metrics [default: 0.0.0.0:9100]
    #[arg(long, value_name = "ADDR:PORT")]
    pub listen: Option<Listen>,
    /// Time between two attempts at a target [default: 60s]
    #[arg(long, value_name = "DURATION", value_parser = interval)]
    pub interval: Option<Duration>,
    /// TLS, passwords and headers of the pages, in the form of Prometheus' exporter-toolkit
    #[arg(long, value_name = "FILE", env = "EGRESS_PROBE_WEB_CONFIG")]
    pub web_config: Option<PathBuf>,
}

impl RunArgs {
    /// Those of a command line without a command: the environment may say something.
    ///
    /// # Errors
    /// When a variable holds what no flag could.
    pub fn of_environment() -> Result<Self, clap::Error> {
        let command = Self::augment_args(clap::Command::new("run"));
        Self::from_arg_matches(&command.try_get_matches_from(["run"])?)
    }
}

/// Flags of `check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Form of the report
    #[arg(long, value_enum, default_value_t = ReportFormat::Text)]
    pub format: ReportFormat,
    /// Only targets of this group (repeatable)
    #[arg(long = "group", value_name = "GROUP", value_parser = words::<Group>())]
    pub groups: Vec<Group>,
    /// Only targets like this, `*` and `?` standing for anything (repeatable)
    #[arg(long = "target", value_name = "GLOB")]
    pub targets: Vec<String>,
    /// Exit with 1 unless every target is plainly reachable
    #[arg(long)]
    pub strict: bool,
    /// Only what is wrong: no live list, and no list of what is well
    #[arg(long, short)]
    pub quiet: bool,
    /// Also where each attempt spent its time
    #[arg(long, short, conflicts_with = "quiet")]
    pub verbose: bool,
}

/// Flags of `rules`.
#[derive(Debug, Args)]
pub struct RulesArgs {
    /// Form of the rules
    #[arg(long, value_name = "FORMAT", value_parser = words::<Format>(), default_value = "text")]
    pub format: Format,
    /// Only what a JSON report (of /api/v1/status or `check --format json`) shows as unreachable; `-`: standard input
    #[arg(long, value_name = "REPORT")]
    pub failing: Option<PathBuf>,
    /// Subnet of the nodes, such as 10.224.0.0/16 (repeatable) [default: left for whoever uses the rules]
    #[arg(long = "source", value_name = "CIDR")]
    pub sources: Vec<Subnet>,
    /// Name the FQDN tag of Azure Firewall in place of the rows that it covers
    #[arg(long)]
    pub fqdn_tag: bool,
}

/// Commands of `catalog`.
#[derive(Debug, Subcommand)]
pub enum CatalogCommand {
    /// What would be probed here, and what cannot be
    #[command(after_help = examples::LIST)]
    List {
        #[arg(long, value_enum, default_value_t = ListFormat::Text)]
        format: ListFormat,
    },
    /// Everything that is wrong in catalogue files
    #[command(after_help = examples::VALIDATE)]
    Validate {
        /// Catalogue files
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        #[arg(long, value_enum, default_value_t = ListFormat::Text)]
        format: ListFormat,
    },
    /// What an edition adds, removes and changes against another
    #[command(after_help = examples::DIFF)]
    Diff {
        /// The edition that the firewall follows now
        from: Edition,
        /// The edition that it is to follow
        to: Edition,
        #[arg(long, value_enum, default_value_t = ListFormat::Text)]
        format: ListFormat,
    },
    /// What the plan costs on the network and in time series, for one node and for many
    #[command(after_help = examples::BUDGET)]
    Budget {
        /// How many nodes [default: 10, 100, 1000 and 5000]
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
        nodes: Option<u32>,
        /// Time between two attempts at a target [default: as configured, or 60s]
        #[arg(long, value_name = "DURATION", value_parser = interval)]
        interval: Option<Duration>,
        #[arg(long, value_enum, default_value_t = ListFormat::Text)]
        format: ListFormat,
    },
    /// The JSON Schema of catalogue files
    #[command(after_help = examples::SCHEMA)]
    Schema {
        #[arg(long, value_enum, default_value_t = ListFormat::Json)]
        format: ListFormat,
    },
}

/// Forms of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// For people
    Text,
    /// For programs
    Json,
}

/// Forms of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// For people
    Text,
    /// As /api/v1/status
    Json,
    /// For CI systems
    Junit,
    /// For the textfile collector
    Prometheus,
}
