//! A shell script for the Azure CLI. Everything from a catalogue stands in single quotes.

use std::fmt::Write;

use super::azure::{self, AzureRule, Collection, How, Packets, collections};
use super::rule::Layer;
use super::{RuleSet, words};

/// What every command belongs to.
const PLACE: &str = "--resource-group \"$RESOURCE_GROUP\" --policy-name \"$POLICY\" --rule-collection-group-name \"$GROUP\"";

const COLLECTION: &str = "az network firewall policy rule-collection-group collection";

pub(super) fn write(set: &RuleSet) -> String {
    let mut out = String::from("#!/usr/bin/env bash\n");
    lines(&mut out, "# ", &words::head(set));
    let collections = collections(set);
    if !collections.is_empty() {
        prologue(&mut out, set);
    }
    for collection in &collections {
        add(&mut out, collection);
    }
    let tail = azure::tail(set);
    if !tail.is_empty() {
        out.push('\n');
        lines(&mut out, "# ", &tail);
    }
    out
}

/// What differs between firewalls is taken from the environment, and the group is made.
fn prologue(out: &mut String, set: &RuleSet) {
    out.push_str(
        "# Adds a rule collection group to an Azure Firewall policy, with the extension azure-firewall of the CLI.\n\
         set -euo pipefail\n\n\
         : \"${RESOURCE_GROUP:?set it to the resource group of the firewall policy}\"\n\
         : \"${POLICY:?set it to the name of the firewall policy}\"\n\
         : \"${GROUP:=egress-probe}\"\n\
         : \"${PRIORITY:=1000}\"\n\
         # CIDR blocks with spaces between them.\n",
    );
    let subnets = words::node_subnets(set).join(" ");
    let given = if subnets.is_empty() {
        ":?set it to the subnets of the nodes, such as 10.224.0.0/16".to_owned()
    } else {
        format!(":={subnets}")
    };
    // Writing to a string cannot fail.
    let _ = writeln!(out, ": \"${{NODE_SUBNETS{given}}}\"");
    out.push_str("read -r -a from <<<\"$NODE_SUBNETS\"\n\n");
    out.push_str(
        "az network firewall policy rule-collection-group create --resource-group \"$RESOURCE_GROUP\" \\\n\
         \x20   --policy-name \"$POLICY\" --name \"$GROUP\" --priority \"$PRIORITY\"\n",
    );
}

fn lines(out: &mut String, mark: &str, lines: &[String]) {
    for line in lines {
        let _ = writeln!(out, "{mark}{line}");
    }
}

/// The first rule makes the collection, the others join it.
fn add(out: &mut String, collection: &Collection) {
    let rule_type = match collection.layer {
        Layer::Application => "ApplicationRule",
        Layer::Network => "NetworkRule",
    };
    for (place, rule) in collection.rules.iter().enumerate() {
        out.push('\n');
        lines(out, "# ", &rule.comments);
        let (verb, names) = if place == 0 {
            let names = format!(
                "--name {} --collection-priority {} --action Allow --rule-name {}",
                quoted(&collection.name),
                collection.priority,
                quoted(&rule.name)
            );
            ("add-filter-collection", names)
        } else {
            let names = format!(
                "--collection-name {} --name {}",
                quoted(&collection.name),
                quoted(&rule.name)
            );
            ("rule add", names)
        };
        let _ = write!(
            out,
            "{COLLECTION} {verb} \\\n    {PLACE} \\\n    {names} \\\n    --rule-type {rule_type} \
             --source-addresses \"${{from[@]}}\" \\\n    {}\n",
            matching(rule)
        );
    }
}

fn matching(rule: &AzureRule) -> String {
    let to = all(&rule.to);
    let packets = |packets: &Packets| {
        let transports = packets.spelled().join(" ");
        format!(
            "--ip-protocols {transports} --destination-ports {}",
            packets.port
        )
    };
    match &rule.how {
        How::Names { protocol, port } => {
            format!(
                "--protocols {}={port} --target-fqdns {to}",
                protocol.as_str()
            )
        }
        How::Tag => format!("--protocols Http=80 Https=443 --fqdn-tags {to}"),
        How::Addresses(to_them) => {
            format!("{} --destination-addresses {to}", packets(to_them))
        }
        How::ResolvedNames(to_them) => {
            format!("{} --destination-fqdns {to}", packets(to_them))
        }
    }
}

fn all(texts: &[String]) -> String {
    let texts: Vec<_> = texts.iter().map(|text| quoted(text)).collect();
    texts.join(" ")
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_gets_out_of_the_quotes() {
        assert_eq!(quoted("a'$(b)`c`\"d"), r#"'a'\''$(b)`c`"d'"#);
    }
}
