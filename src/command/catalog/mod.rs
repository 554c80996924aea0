//! `catalog`: list, validate, diff, budget, schema.

mod budget;
mod text;

use std::path::PathBuf;

use anyhow::Result;
use serde::Serialize;
use tokio::runtime::Builder;

use super::{ExitStatus, load, output};
use crate::catalog::diff::{Diff, diff};
use crate::catalog::{Catalog, Cloud, Edition, SCHEMA};
use crate::cli::{CatalogCommand, Common, ListFormat};
use crate::config::{Config, Settings};
use crate::discover::{self, Environment};
use crate::plan::Listing;
use crate::problem::{Problem, Problems};

pub(super) fn catalog(
    common: &Common,
    command: &CatalogCommand,
    environment: &Environment,
) -> Result<ExitStatus> {
    match command {
        CatalogCommand::List { format } => list(common, *format, environment),
        CatalogCommand::Validate { files, format } => validate(common, files, *format),
        CatalogCommand::Diff { from, to, format } => {
            print_diff(common, (from, to), *format, environment)
        }
        CatalogCommand::Budget {
            nodes,
            interval,
            format,
        } => budget::budget(common, *nodes, *interval, *format, environment),
        // A schema has one form; asking for text gives the same.
        CatalogCommand::Schema { .. } => {
            output::print(SCHEMA)?;
            Ok(ExitStatus::Success)
        }
    }
}

fn list(common: &Common, format: ListFormat, environment: &Environment) -> Result<ExitStatus> {
    let inputs = load(common, Settings::default(), environment)?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let situation = runtime.block_on(inputs.observe());
    let listing = Listing::new(&inputs.plan(&situation));
    match format {
        ListFormat::Json => output::print_json(&listing)?,
        ListFormat::Text => {
            output::print(&text::listing(&listing, situation.surroundings.cloud.0))?;
        }
    }
    Ok(ExitStatus::Success)
}

fn validate(common: &Common, files: &[PathBuf], format: ListFormat) -> Result<ExitStatus> {
    #[derive(Serialize)]
    struct Report<'a> {
        valid: bool,
        problems: Vec<&'a Problem>,
    }
    let config = Config::load(common.config.as_deref(), common.settings());
    let loaded = config.and_then(|config| {
        let mut sources = config.catalog_sources();
        sources.files.extend_from_slice(files);
        Catalog::load(&sources)
    });
    let problems: Vec<&Problem> = loaded
        .as_ref()
        .err()
        .into_iter()
        .flat_map(Problems::iter)
        .collect();
    let valid = problems.is_empty();
    match format {
        ListFormat::Json => output::print_json(&Report { valid, problems })?,
        ListFormat::Text if valid => {
            output::print(&format!("nothing wrong in {}\n", text::files(files.len())))?;
        }
        ListFormat::Text => {
            let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
            output::print(&(lines.join("\n") + "\n"))?;
        }
    }
    Ok(if valid {
        ExitStatus::Success
    } else {
        ExitStatus::Trouble
    })
}

fn print_diff(
    common: &Common,
    (from, to): (&Edition, &Edition),
    format: ListFormat,
    environment: &Environment,
) -> Result<ExitStatus> {
    #[derive(Serialize)]
    struct Report {
        cloud: Cloud,
        from: String,
        to: String,
        #[serde(flatten)]
        diff: Diff,
    }
    let inputs = load(common, Settings::default(), environment)?;
    let (cloud, _) = discover::given(&inputs.config, environment).cloud;
    let diff = diff(&inputs.catalog, cloud, from, to);
    let (from, to) = (from.to_string(), to.to_string());
    match format {
        ListFormat::Json => output::print_json(&Report {
            cloud,
            from,
            to,
            diff,
        })?,
        ListFormat::Text => output::print(&text::diff(cloud, &from, &to, &diff))?,
    }
    Ok(ExitStatus::Success)
}
