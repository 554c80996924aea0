//! A Bicep file with one rule collection group and parameters for what differs between firewalls.

use std::fmt::Write;

use super::azure::{self, AzureRule, Collection, How, Packets, collections};
use super::rule::Layer;
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
    let tail = azure::tail(set);
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
    for (key, value) in matching(rule, INDENT) {
        let _ = writeln!(out, "{:INDENT$}{key}: {value}", "");
    }
    out.push_str("          }\n");
}

fn matching(rule: &AzureRule, indent: usize) -> Vec<(&'static str, String)> {
    let to = list(&rule.to, indent);
    let packets = |packets: &Packets, key, to| {
        vec![
            ("ipProtocols", list(&packets.spelled(), indent)),
            (
                "destinationPorts",
                list(&[packets.port.to_string()], indent),
            ),
            (key, to),
        ]
    };
    match &rule.how {
        How::Names { protocol, port } => vec![
            (
                "protocols",
                protocols(&[(protocol.as_str(), *port)], indent),
            ),
            ("targetFqdns", to),
        ],
        How::Tag => vec![
            (
                "protocols",
                protocols(&[("Http", 80), ("Https", 443)], indent),
            ),
            ("fqdnTags", to),
        ],
        How::Addresses(at) => packets(at, "destinationAddresses", to),
        How::ResolvedNames(at) => packets(at, "destinationFqdns", to),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_gets_out_of_the_quotes() {
        assert_eq!(quoted(r"a'b\c${d}"), r"'a\'b\\c\${d}'");
    }
}
