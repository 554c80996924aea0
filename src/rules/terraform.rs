//! A Terraform file with one `azurerm_firewall_policy_rule_collection_group`, laid out as `terraform fmt` does.

use std::fmt::Write;

use super::azure::{self, AzureRule, Collection, How, Packets, collections};
use super::rule::Layer;
use super::{RuleSet, words};

pub(super) fn write(set: &RuleSet) -> String {
    let mut out = String::new();
    lines(&mut out, 0, &words::head(set));
    variables(&mut out, &words::node_subnets(set));
    out.push_str(
        "\nresource \"azurerm_firewall_policy_rule_collection_group\" \"egress_probe\" {\n",
    );
    attributes(
        &mut out,
        2,
        &[
            ("name", "var.group_name".to_owned()),
            ("firewall_policy_id", "var.firewall_policy_id".to_owned()),
            ("priority", "var.group_priority".to_owned()),
        ],
    );
    for collection in collections(set) {
        add(&mut out, &collection);
    }
    out.push_str("}\n");
    let tail = azure::tail(set);
    if !tail.is_empty() {
        out.push('\n');
        lines(&mut out, 0, &tail);
    }
    out
}

fn variables(out: &mut String, subnets: &[String]) {
    let subnets = (!subnets.is_empty()).then(|| list(subnets));
    let variables = [
        (
            "firewall_policy_id",
            "Resource id of the firewall policy",
            "string",
            None,
        ),
        (
            "node_subnets",
            "Subnets of the nodes, such as 10.224.0.0/16",
            "list(string)",
            subnets,
        ),
        (
            "group_name",
            "Name of the rule collection group",
            "string",
            Some(quoted("egress-probe")),
        ),
        (
            "group_priority",
            "Priority of the rule collection group",
            "number",
            Some("1000".to_owned()),
        ),
    ];
    for (name, description, kind, default) in variables {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "\nvariable \"{name}\" {{");
        let mut pairs = vec![
            ("description", quoted(description)),
            ("type", kind.to_owned()),
        ];
        pairs.extend(default.map(|default| ("default", default)));
        attributes(out, 2, &pairs);
        out.push_str("}\n");
    }
}

fn lines(out: &mut String, indent: usize, lines: &[String]) {
    for line in lines {
        let _ = writeln!(out, "{:indent$}# {line}", "");
    }
}

fn add(out: &mut String, collection: &Collection) {
    let block = match collection.layer {
        Layer::Application => "application_rule_collection",
        Layer::Network => "network_rule_collection",
    };
    let _ = writeln!(out, "\n  {block} {{");
    attributes(
        out,
        4,
        &[
            ("name", quoted(&collection.name)),
            ("priority", collection.priority.to_string()),
            ("action", quoted("Allow")),
        ],
    );
    for rule in &collection.rules {
        out.push('\n');
        lines(out, 4, &rule.comments);
        out.push_str("    rule {\n");
        add_rule(out, rule);
        out.push_str("    }\n");
    }
    out.push_str("  }\n");
}

fn add_rule(out: &mut String, rule: &AzureRule) {
    let mut pairs = vec![
        ("name", quoted(&rule.name)),
        ("source_addresses", "var.node_subnets".to_owned()),
    ];
    let to = list(&rule.to);
    let packets = |packets: &Packets, key, to| {
        [
            ("protocols", list(&packets.spelled())),
            ("destination_ports", list(&[packets.port.to_string()])),
            (key, to),
        ]
    };
    let mut protocols = Vec::new();
    match &rule.how {
        How::Names { protocol, port } => {
            protocols.push((protocol.as_str(), *port));
            pairs.push(("destination_fqdns", to));
        }
        How::Tag => {
            protocols.extend([("Http", 80), ("Https", 443)]);
            pairs.push(("destination_fqdn_tags", to));
        }
        How::Addresses(at) => pairs.extend(packets(at, "destination_addresses", to)),
        How::ResolvedNames(at) => pairs.extend(packets(at, "destination_fqdns", to)),
    }
    attributes(out, 6, &pairs);
    for (protocol, port) in protocols {
        out.push_str("\n      protocols {\n");
        attributes(
            out,
            8,
            &[("type", quoted(protocol)), ("port", port.to_string())],
        );
        out.push_str("      }\n");
    }
}

/// Attributes in a row, their equals signs one below the other.
fn attributes(out: &mut String, indent: usize, pairs: &[(&str, String)]) {
    let width = pairs.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, value) in pairs {
        let _ = writeln!(out, "{:indent$}{name:width$} = {value}", "");
    }
}

fn list(texts: &[String]) -> String {
    let texts: Vec<_> = texts.iter().map(|text| quoted(text)).collect();
    format!("[{}]", texts.join(", "))
}

fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', r"\\").replace('"', "\\\"");
    format!("\"{}\"", escaped.replace("${", "$${").replace("%{", "%%{"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_gets_out_of_the_quotes() {
        assert_eq!(quoted("a\"b\\c${d}%{e}"), "\"a\\\"b\\\\c$${d}%%{e}\"");
    }
}
