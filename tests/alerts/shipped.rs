//! The forms in which the rules are shipped, written from the one source: `make rules`.

use std::fs;

use serde_json::{Map, Value, json};

use crate::source::{self, Alert, Group, Rule, Source};

const OPERATOR: &str = "manifests/components/prometheus-operator/prometheus-rule.yaml";
const AZURE: &str = "manifests/components/azure-managed-prometheus/rule-groups.json";

/// The source as it is, comments included, below the head of a `PrometheusRule`.
fn operator() -> String {
    let text = fs::read_to_string(source::path()).expect("the source is there");
    let (_, groups) = text
        .split_once("\ngroups:\n")
        .expect("the source has groups");
    let mut shipped = "\
# Written by `make rules` from manifests/rules/egress-probe.rules.yaml: a change here is lost.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: egress-probe
  labels:
    app.kubernetes.io/name: egress-probe
spec:
  groups:
"
    .to_owned();
    for line in groups.lines() {
        let indent = if line.is_empty() { "" } else { "  " };
        shipped.extend([indent, line, "\n"]);
    }
    shipped
}

/// An ARM template: for `az deployment group create`, and as a module of Bicep.
fn azure(source: &Source) -> Value {
    json!({
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "metadata": {
            "description": "Written by `make rules` from manifests/rules/egress-probe.rules.yaml: a change here is lost.",
        },
        "parameters": {
            "azureMonitorWorkspaceId": {
                "type": "string",
                "metadata": {"description": "Resource id of the Azure Monitor workspace that has the metrics."},
            },
            "clusterId": {
                "type": "string",
                "metadata": {"description": "Resource id of the AKS cluster."},
            },
            "clusterName": {
                "type": "string",
                "defaultValue": "[last(split(parameters('clusterId'), '/'))]",
                "metadata": {"description": "Value of the label cluster, if a cluster_alias is configured."},
            },
            "location": {
                "type": "string",
                "defaultValue": "[resourceGroup().location]",
                "metadata": {"description": "Region of the Azure Monitor workspace."},
            },
            "actionGroupIds": {
                "type": "array",
                "defaultValue": [],
                "metadata": {"description": "Resource ids of the action groups that are told of every alert."},
            },
        },
        "variables": {
            "actions": "[map(parameters('actionGroupIds'), lambda('id', createObject('actionGroupId', lambdaVariables('id'))))]",
        },
        "resources": source.groups.iter().map(azure_group).collect::<Vec<_>>(),
    })
}

fn azure_group(group: &Group) -> Value {
    json!({
        "type": "Microsoft.AlertsManagement/prometheusRuleGroups",
        "apiVersion": "2023-03-01",
        "name": format!("[format('{}-{{0}}', parameters('clusterName'))]", group.name),
        "location": "[parameters('location')]",
        "properties": {
            "enabled": true,
            "interval": "PT1M",
            "clusterName": "[parameters('clusterName')]",
            "scopes": ["[parameters('azureMonitorWorkspaceId')]", "[parameters('clusterId')]"],
            "rules": group.rules.iter().map(azure_rule).collect::<Vec<_>>(),
        },
    })
}

fn azure_rule(rule: &Rule) -> Value {
    match rule {
        Rule::Record(rule) => json!({"record": rule.name, "expression": rule.expr.trim()}),
        Rule::Alert(rule) => azure_alert(rule),
    }
}

fn azure_alert(rule: &Alert) -> Value {
    let words = &rule.annotations;
    let mut alert = Map::new();
    let mut set = |key: &str, value: Value| alert.insert(key.to_owned(), value);
    set("alert", json!(rule.name));
    set("expression", json!(rule.expr.trim()));
    if let Some(lasting) = &rule.lasting {
        set("for", json!(iso_8601(lasting)));
    }
    set("severity", json!(azure_severity(rule.severity())));
    set("labels", json!(rule.labels));
    set(
        "annotations",
        json!({
            "summary": words.summary,
            "description": words.description,
            "runbook_url": words.runbook_url,
        }),
    );
    set(
        "resolveConfiguration",
        json!({"autoResolved": true, "timeToResolve": "PT5M"}),
    );
    set("actions", json!("[variables('actions')]"));
    Value::Object(alert)
}

/// Azure's own words for 0 and 2 are critical and warning.
fn azure_severity(severity: &str) -> u8 {
    match severity {
        "critical" => 0,
        "warning" => 2,
        other => panic!("{other} has no number"),
    }
}

/// `5m` as `PT5M`.
fn iso_8601(duration: &str) -> String {
    let upper = duration.to_uppercase();
    assert!(upper.ends_with(['H', 'M', 'S']), "{duration}");
    format!("PT{upper}")
}

/// Compares a file with what it should be, or makes it so.
fn held(path: &str, text: &str) {
    let file = source::root().join(path);
    if std::env::var_os("UPDATE_RULES").is_some() {
        let folder = file.parent().expect("a folder");
        fs::create_dir_all(folder).expect("a folder");
        fs::write(&file, text).expect("written");
    }
    let shipped = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        shipped == text,
        "{path} differs from its source: run `make rules`"
    );
}

fn all_strings(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(values) => values.iter().flat_map(all_strings).collect(),
        Value::Object(map) => map.values().flat_map(all_strings).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn the_prometheus_rule_is_the_source() {
    held(OPERATOR, &operator());
}

#[test]
fn the_rule_groups_of_azure_are_the_source() {
    let text = serde_json::to_string_pretty(&azure(&Source::read())).expect("JSON");
    held(AZURE, &format!("{text}\n"));
}

#[test]
fn azure_takes_the_rule_groups() {
    let source = Source::read();
    for group in &source.groups {
        assert!(
            group.rules.len() <= 20,
            "{} has more than 20 rules",
            group.name
        );
        assert!(
            !group
                .name
                .contains([':', '@', '/', '#', '%', '&', '+', '*', '<', '>', '?'])
        );
        for rule in group.rules.iter().map(azure_rule) {
            // A string that begins so would be an expression of the template.
            let strings = all_strings(&rule);
            let brackets = strings.iter().filter(|text| text.starts_with('['));
            assert!(
                brackets.eq(["[variables('actions')]"]
                    .iter()
                    .filter(|_| rule["alert"].is_string()))
            );
        }
    }
    assert_eq!(iso_8601("15m"), "PT15M");
}
