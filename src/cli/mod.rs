//! The command line: flags and their help. No behaviour.

mod common;
mod values;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use common::{Common, TlsRoots};
pub use values::Explained;

use crate::catalog::Edition;
use crate::config::Listen;
use crate::rules::{Format, Subnet};
use crate::target::Group;
use values::{explained, interval, words};

/// Proves, endpoint by endpoint, that this node can reach what an AKS node must reach, and says why when it cannot.
#[derive(Debug, Parser)]
#[command(name = "egress-probe", version, max_term_width = 100)]
#[command(
    after_help = "Exit codes of `check`: 0 everything required is reachable, 1 something required is not, 2 could not test."
)]
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
    #[command(
        after_help = "A running agent takes up changes of its configuration and of the files that it names within seconds, and on SIGHUP at once. Flags stay as they are.\n\nExample:\n  egress-probe run --cloud public --location westeurope\n  curl localhost:9100/status"
    )]
    Run(RunArgs),
    /// Probe everything once, print a report, and exit with 0, 1 or 2
    #[command(
        after_help = "Examples:\n  egress-probe check --location westeurope --feature azure-monitor\n  egress-probe check --group core --format junit > egress.xml\n  egress-probe check --target '*.microsoft.com:443' --strict"
    )]
    Check(CheckArgs),
    /// Look at the list of what a cluster must reach
    #[command(subcommand)]
    Catalog(CatalogCommand),
    /// Write the firewall rules that the nodes need
    #[command(
        after_help = "Examples:\n  egress-probe rules --location westeurope --all-features\n  egress-probe rules --location westeurope --format terraform --source 10.224.0.0/16 > egress.tf\n  curl -s node:9100/api/v1/status | egress-probe rules --failing -"
    )]
    Rules(RulesArgs),
    /// Say what a reason of failure or a cause means and what to do about it
    #[command(
        after_help = "Examples:\n  egress-probe explain connection_reset\n  egress-probe explain sni_filter"
    )]
    Explain {
        /// As it stands in reports, and in the labels `reason` and `cause`
        #[arg(value_parser = explained(), value_name = "REASON|CAUSE")]
        word: Explained,
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
    List {
        #[arg(long, value_enum, default_value_t = ListFormat::Text)]
        format: ListFormat,
    },
    /// Everything that is wrong in catalogue files
    Validate {
        /// Catalogue files
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        #[arg(long, value_enum, default_value_t = ListFormat::Text)]
        format: ListFormat,
    },
    /// What an edition adds, removes and changes against another
    #[command(after_help = "Example:\n  egress-probe catalog diff 2020-01 2026-06 --cloud public")]
    Diff {
        /// The edition that the firewall follows now
        from: Edition,
        /// The edition that it is to follow
        to: Edition,
        #[arg(long, value_enum, default_value_t = ListFormat::Text)]
        format: ListFormat,
    },
    /// The JSON Schema of catalogue files
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
