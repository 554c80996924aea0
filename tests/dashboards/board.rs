//! A dashboard: its variables, its links, and panels in rows. One look for all.

use serde_json::{Value, json};

use crate::panel::{Panel, WIDTH};

/// The data source of every panel: what the reader chose.
pub(crate) fn datasource() -> Value {
    json!({"type": "prometheus", "uid": "${datasource}"})
}

/// Selectors that every query has. Variables with `All` allow labels that are absent.
pub(crate) const FLEET: &str = "cluster=~\"$cluster\",job=~\"$job\"";
pub(crate) const TARGET: &str = "cluster=~\"$cluster\",job=~\"$job\",target=~\"$target\"";
pub(crate) const NODE: &str = "cluster=~\"$cluster\",job=~\"$job\",node=~\"$node\"";
pub(crate) const BOTH: &str =
    "cluster=~\"$cluster\",job=~\"$job\",node=~\"$node\",target=~\"$target\",probe=~\"$probe\"";

pub(crate) struct Board {
    pub(crate) uid: &'static str,
    pub(crate) title: &'static str,
    pub(crate) description: &'static str,
    pub(crate) variables: Vec<Value>,
    pub(crate) rows: Vec<Row>,
}

pub(crate) struct Row {
    pub(crate) title: &'static str,
    pub(crate) panels: Vec<Panel>,
}

impl Board {
    pub(crate) fn json(&self) -> Value {
        json!({
            "uid": self.uid,
            "title": self.title,
            "description": self.description,
            "tags": ["egress-probe"],
            "editable": false,
            "graphTooltip": 1,
            "refresh": "1m",
            "schemaVersion": 41,
            "time": {"from": "now-6h", "to": "now"},
            "timezone": "browser",
            "links": [{
                "type": "dashboards",
                "title": "egress-probe",
                "tags": ["egress-probe"],
                "asDropdown": false,
                "includeVars": true,
                "keepTime": true,
                "targetBlank": false,
                "icon": "external link",
                "tooltip": "",
                "url": "",
            }],
            "annotations": {"list": [alerts()]},
            "templating": {"list": self.variables},
            "panels": self.panels(),
        })
    }

    /// From left to right, a new line where the width is used up, a heading above every row.
    fn panels(&self) -> Vec<Value> {
        let mut placed = Vec::new();
        let mut top = 0;
        for row in &self.rows {
            placed.push(heading(row.title, placed.len() + 1, top));
            top += 1;
            let (mut left, mut tallest) = (0, 0);
            for panel in &row.panels {
                if left + panel.width() > WIDTH {
                    (top, left, tallest) = (top + tallest, 0, 0);
                }
                placed.push(panel.json(placed.len() + 1, (left, top)));
                left += panel.width();
                tallest = tallest.max(panel.height());
            }
            top += tallest;
        }
        placed
    }
}

fn heading(title: &str, id: usize, top: usize) -> Value {
    json!({
        "id": id,
        "type": "row",
        "title": title,
        "collapsed": false,
        "gridPos": {"h": 1, "w": WIDTH, "x": 0, "y": top},
        "panels": [],
    })
}

/// A mark in every graph when a page began.
fn alerts() -> Value {
    json!({
        "name": "Pages",
        "datasource": datasource(),
        "enable": true,
        "iconColor": "red",
        "expr": format!("ALERTS{{{FLEET},alertname=~\"Egress.+\",alertstate=\"firing\",severity=\"critical\"}}"),
        "titleFormat": "{{alertname}}",
        "textFormat": "{{target}} {{node}} {{phase}} {{reason}}",
        "step": "1m",
    })
}

pub(crate) fn datasource_variable() -> Value {
    json!({
        "name": "datasource",
        "label": "Data source",
        "type": "datasource",
        "query": "prometheus",
        "current": {},
        "hide": 0,
        "includeAll": false,
        "multi": false,
        "options": [],
        "refresh": 1,
        "regex": "",
        "skipUrlSync": false,
    })
}

/// A variable with the values of a label, asked again whenever the time changes.
pub(crate) struct Variable {
    pub(crate) name: &'static str,
    pub(crate) label: &'static str,
    pub(crate) query: String,
    /// What is kept of each value, as Grafana takes it.
    pub(crate) regex: &'static str,
    pub(crate) choice: Choice,
}

pub(crate) enum Choice {
    One,
    /// With `All`, which stands for this expression, or for the list of values.
    Several(Option<&'static str>),
}

impl Variable {
    pub(crate) fn json(&self) -> Value {
        let several = matches!(self.choice, Choice::Several(_));
        let mut json = json!({
            "name": self.name,
            "label": self.label,
            "type": "query",
            "datasource": datasource(),
            "definition": self.query,
            "query": {"query": self.query, "refId": "Variable"},
            "regex": self.regex,
            "current": if several { json!({"text": ["All"], "value": ["$__all"]}) } else { json!({}) },
            "hide": 0,
            "includeAll": several,
            "multi": several,
            "options": [],
            "refresh": 2,
            "skipUrlSync": false,
            "sort": 1,
        });
        if let Choice::Several(Some(all)) = self.choice {
            json["allValue"] = json!(all);
        }
        json
    }
}

/// Data source, cluster and job: what both dashboards begin with.
pub(crate) fn fleet_variables() -> Vec<Value> {
    let variable = |name, label, query: &str, all| Variable {
        name,
        label,
        query: query.to_owned(),
        regex: "",
        choice: Choice::Several(Some(all)),
    };
    vec![
        datasource_variable(),
        variable(
            "cluster",
            "Cluster",
            "label_values(egress_build_info, cluster)",
            ".*",
        )
        .json(),
        variable(
            "job",
            "Job",
            "label_values(egress_build_info{cluster=~\"$cluster\"}, job)",
            ".+",
        )
        .json(),
    ]
}

pub(crate) fn group_variable() -> Value {
    Variable {
        name: "group",
        label: "Group",
        query: format!("label_values(egress_target_info{{{FLEET}}}, groups)"),
        // A target's groups are joined by commas.
        regex: "/([^,]+)/g",
        choice: Choice::Several(Some(".+")),
    }
    .json()
}

/// The targets of the chosen groups.
pub(crate) fn target_variable(choice: Choice) -> Value {
    Variable {
        name: "target",
        label: "Target",
        query: format!(
            "label_values(egress_target_info{{{FLEET},groups=~\"(.+,)?($group)(,.+)?\"}}, target)"
        ),
        regex: "",
        choice,
    }
    .json()
}

pub(crate) fn node_variable(choice: Choice) -> Value {
    Variable {
        name: "node",
        label: "Node",
        query: format!("label_values(egress_build_info{{{FLEET}}}, node)"),
        regex: "",
        choice,
    }
    .json()
}
