//! A Bicep file with one rule collection group and parameters for what differs between firewalls.

use std::fmt::Write;

use super::azure::{AzureRule, Collection, Match, collections};
use super::rule::{Layer, Transport};
use super::{RuleSet, words};

const TYPE: &str = "Microsoft.Network/firewallPolicies/ruleCollectionGroups@2023-11-01";

pub(super) fn write(set: &RuleSet) -> String {
    let mut out = String::new();
    lines(&mut out, 0, &words::head(set));
    let subnets = words::node_subnets(set);
    let given = if subnets.is_empty() {
        String::new()
    } else {
        format!(" = {}", list(&subnets, 0))
    };
    // Writing to a string cannot fail.
    let _ = write!(
        out,
        "\n@description('Name of the firewall policy')\nparam policyName string\n\n\
         @description('Subnets of the nodes, such as 10.224.0.0/16')\nparam nodeSubnets array{given}\n\n\
         @description('Name of the rule collection group')\nparam groupName string = 'egress-probe'\n\n\
         @description('Priority of the rule collection group')\nparam groupPriority int = 1000\n\n\
         resource policy 'Microsoft.Network/firewallPolicies@2023-11-01' existing = {{\n  name: policyName\n}}\n\n\
         resource group '{TYPE}' = {{\n  parent: policy\n  name: groupName\n  properties: {{\n    \
         priority: groupPriority\n    ruleCollections: [\n"
    );
    for collection in collections(set) {
        add(&mut out, &collection);
    }
    out.push_str("    ]\n  }\n}\n");
    let tail = words::tail(set);
    if !tail.is_empty() {
        out.push('\n');
        lines(&mut out, 0, &tail);
    }
    out
}

fn lines(out: &mut String, indent: usize, lines: &[String]) {
    for line in lines {
        let _ = writeln!(out, "{:indent$}// {line}", "");
    }
}

fn add(out: &mut String, collection: &Collection) {
    let Collection {
        name,
        priority,
        layer,
        rules,
    } = collection;
    let _ = write!(
        out,
        "      {{\n        ruleCollectionType: 'FirewallPolicyFilterRuleCollection'\n        name: {}\n        \
         priority: {priority}\n        action: {{\n          type: 'Allow'\n        }}\n        rules: [\n",
        quoted(name)
    );
    for rule in rules {
        add_rule(out, *layer, rule);
    }
    out.push_str("        ]\n      }\n");
}

fn add_rule(out: &mut String, layer: Layer, rule: &AzureRule) {
    const INDENT: usize = 12;
    let rule_type = match layer {
        Layer::Application => "ApplicationRule",
        Layer::Network => "NetworkRule",
    };
    lines(out, INDENT - 2, &rule.comments);
    let _ = write!(
        out,
        "          {{\n            ruleType: '{rule_type}'\n            name: {}\n            \
         sourceAddresses: nodeSubnets\n",
        quoted(&rule.name)
    );
    for (key, value) in matching(&rule.to, INDENT) {
        let _ = writeln!(out, "{:INDENT$}{key}: {value}", "");
    }
    out.push_str("          }\n");
}

fn matching(to: &Match, indent: usize) -> Vec<(&'static str, String)> {
    let network = |transports: &[Transport], port: &u16, key, to: &[String]| {
        let transports: Vec<_> = transports.iter().map(|t| t.azure().to_owned()).collect();
        vec![
            ("ipProtocols", list(&transports, indent)),
            ("destinationPorts", list(&[port.to_string()], indent)),
            (key, list(to, indent)),
        ]
    };
    match to {
        Match::Names {
            protocol,
            port,
            fqdns,
        } => vec![
            (
                "protocols",
                protocols(&[(protocol.as_str(), *port)], indent),
            ),
            ("targetFqdns", list(fqdns, indent)),
        ],
        Match::Tag { tag } => vec![
            (
                "protocols",
                protocols(&[("Http", 80), ("Https", 443)], indent),
            ),
            ("fqdnTags", list(std::slice::from_ref(tag), indent)),
        ],
        Match::Addresses {
            transports,
            port,
            addresses,
        } => network(transports, port, "destinationAddresses", addresses),
        Match::ResolvedNames {
            transports,
            port,
            fqdns,
        } => network(transports, port, "destinationFqdns", fqdns),
    }
}

fn protocols(protocols: &[(&str, u16)], indent: usize) -> String {
    let mut out = String::from("[\n");
    for (protocol, port) in protocols {
        let _ = write!(
            out,
            "{0:indent$}  {{\n{0:indent$}    protocolType: '{protocol}'\n{0:indent$}    port: {port}\n{0:indent$}  }}\n",
            ""
        );
    }
    let _ = write!(out, "{:indent$}]", "");
    out
}

fn list(texts: &[String], indent: usize) -> String {
    let mut out = String::from("[\n");
    for text in texts {
        let _ = writeln!(out, "{:indent$}  {}", "", quoted(text));
    }
    let _ = write!(out, "{:indent$}]", "");
    out
}

fn quoted(text: &str) -> String {
    let escaped = text
        .replace('\\', r"\\")
        .replace('\'', r"\'")
        .replace("${", r"\${");
    format!("'{escaped}'")
}
