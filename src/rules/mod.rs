//! What a firewall must let through, as rules: made of a plan's rows or of a report, and written in six forms. Pure.

mod azure;
mod azure_cli;
mod bicep;
mod csv;
mod derive;
mod destination;
mod json;
mod report;
mod rule;
mod subnet;
mod terraform;
mod text;
mod words;

use std::collections::HashMap;

pub use destination::Destination;
pub use report::{LONGEST_REPORT, ReportError, of_report};
pub use rule::{Evidence, Layer, Rule, Standing, Transport};
pub use subnet::{Subnet, SubnetError};

use crate::catalog::{Cloud, Edition};
use crate::labels::closed_set;
use crate::plan::Plan;
use crate::target::{Group, TargetId};

closed_set! {
    /// The forms in which rules are written.
    pub enum Format {
        /// For people: text for a change ticket.
        Text = "text",
        /// A shell script for the Azure CLI.
        AzureCli = "azure-cli",
        /// A Bicep file.
        Bicep = "bicep",
        /// A Terraform file for the provider azurerm.
        Terraform = "terraform",
        /// A table for spreadsheets.
        Csv = "csv",
        /// For programs.
        Json = "json",
    }
}

/// Rules, and what they were made for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleSet {
    /// The cloud whose rows apply, when known.
    pub cloud: Option<String>,
    /// The Azure region, when known.
    pub location: Option<String>,
    /// The edition of the catalogue.
    pub edition: String,
    /// Where the nodes are; none: whoever uses the rules puts it in.
    pub node_subnets: Vec<Subnet>,
    /// Whether the Azure forms name the FQDN tag in place of the rows that it covers.
    pub fqdn_tag: bool,
    /// By group, and in a group in the order of the catalogue.
    pub rules: Vec<Rule>,
    /// Failing targets that no firewall rule would mend; only when made of a report.
    pub unruled: Vec<Evidence>,
}

impl RuleSet {
    /// The whole allow-list of a plan.
    pub fn of_plan(plan: &Plan, cloud: Cloud, edition: &Edition, location: Option<String>) -> Self {
        let mut rules = Vec::new();
        for row in &plan.rows {
            add(&mut rules, derive::rule(row));
        }
        sort(&mut rules);
        Self {
            cloud: Some(cloud.to_string()),
            location,
            edition: edition.to_string(),
            node_subnets: Vec::new(),
            fqdn_tag: false,
            rules,
            unruled: Vec::new(),
        }
    }

    /// Writes the rules.
    ///
    /// # Errors
    /// None are known: only JSON could refuse, and these values have a form in it.
    pub fn write(&self, format: Format) -> serde_json::Result<String> {
        Ok(match format {
            Format::Text => text::write(self),
            Format::AzureCli => azure_cli::write(self),
            Format::Bicep => bicep::write(self),
            Format::Terraform => terraform::write(self),
            Format::Csv => csv::write(self),
            Format::Json => return json::write(self),
        })
    }

    /// The rules of a group that can be written.
    fn complete(&self, group: Group) -> impl Iterator<Item = &Rule> {
        let complete =
            move |rule: &&Rule| rule.group() == group && rule.standing() == Standing::Complete;
        self.rules.iter().filter(complete)
    }
}

/// For each target of a plan, the rules that let it through.
pub fn by_target(plan: &Plan) -> HashMap<TargetId, Vec<Rule>> {
    let mut by_target: HashMap<TargetId, Vec<Rule>> = HashMap::new();
    for row in &plan.rows {
        for target in &row.targets {
            let rules = by_target.entry(target.clone()).or_default();
            add(rules, derive::rule_of_probed(row));
        }
    }
    by_target
}

/// Rows that say the same of a firewall make one rule.
fn add(rules: &mut Vec<Rule>, rule: Rule) {
    match rules.iter_mut().find(|known| known.is_about_same(&rule)) {
        Some(known) => known.merge(rule),
        None => rules.push(rule),
    }
}

fn sort(rules: &mut [Rule]) {
    rules.sort_by_key(Rule::group);
}
