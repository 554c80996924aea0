//! One panel: what it asks, in which unit, and how it looks. Panels of a kind look alike.

use serde_json::{Value, json};

use crate::board::datasource;
use crate::table::Table;

/// Columns of Grafana's grid.
pub(crate) const WIDTH: usize = 24;

pub(crate) const GREEN: &str = "green";
pub(crate) const YELLOW: &str = "yellow";
pub(crate) const RED: &str = "red";
pub(crate) const BLUE: &str = "blue";

pub(crate) enum Kind {
    /// One number.
    Stat,
    /// Lines over time.
    Lines,
    /// Areas on top of each other.
    Stack,
    /// A bar for each series, coloured by its thresholds.
    States,
    Table(Table),
}

pub(crate) struct Query {
    pub(crate) expression: String,
    pub(crate) legend: &'static str,
}

pub(crate) struct Panel {
    kind: Kind,
    title: &'static str,
    description: &'static str,
    unit: &'static str,
    size: (usize, usize),
    queries: Vec<Query>,
    /// Colours from a value on; the first stands for everything below the second.
    thresholds: Vec<(Option<f64>, &'static str)>,
    /// Texts in place of numbers.
    mappings: Vec<(&'static str, &'static str, &'static str)>,
}

impl Panel {
    pub(crate) fn new(kind: Kind, title: &'static str, description: &'static str) -> Self {
        let size = match kind {
            Kind::Stat => (4, 4),
            Kind::Lines | Kind::Stack => (12, 8),
            Kind::States => (WIDTH, 12),
            Kind::Table(_) => (WIDTH, 9),
        };
        Self {
            kind,
            title,
            description,
            unit: "short",
            size,
            queries: Vec::new(),
            thresholds: vec![(None, BLUE)],
            mappings: Vec::new(),
        }
    }

    pub(crate) fn ask(mut self, expression: impl Into<String>, legend: &'static str) -> Self {
        let expression = expression.into();
        self.queries.push(Query { expression, legend });
        self
    }

    pub(crate) fn unit(mut self, unit: &'static str) -> Self {
        self.unit = unit;
        self
    }

    pub(crate) fn size(mut self, width: usize, height: usize) -> Self {
        self.size = (width, height);
        self
    }

    /// The colour of everything, and others from a value on.
    pub(crate) fn colours(mut self, base: &'static str, from: &[(f64, &'static str)]) -> Self {
        self.thresholds = vec![(None, base)];
        let more = from.iter().map(|(value, colour)| (Some(*value), *colour));
        self.thresholds.extend(more);
        self
    }

    pub(crate) fn map(
        mut self,
        value: &'static str,
        text: &'static str,
        colour: &'static str,
    ) -> Self {
        self.mappings.push((value, text, colour));
        self
    }

    pub(crate) fn width(&self) -> usize {
        self.size.0
    }

    pub(crate) fn height(&self) -> usize {
        self.size.1
    }

    pub(crate) fn json(&self, id: usize, (left, top): (usize, usize)) -> Value {
        let mut json = json!({
            "id": id,
            "type": self.kind.name(),
            "title": self.title,
            "description": self.description,
            "datasource": datasource(),
            "gridPos": {"h": self.height(), "w": self.width(), "x": left, "y": top},
            "targets": self.targets(),
            "fieldConfig": {"defaults": self.field(), "overrides": []},
            "options": self.kind.options(),
        });
        if let Kind::Table(table) = &self.kind {
            json["transformations"] = table.transformations(self.queries.len());
            json["fieldConfig"]["overrides"] = table.overrides();
        }
        json
    }

    fn targets(&self) -> Vec<Value> {
        let letters = 'A'..='Z';
        let at_once = matches!(self.kind, Kind::Stat | Kind::Table(_));
        let as_table = matches!(self.kind, Kind::Table(_));
        let target = |(query, letter): (&Query, char)| {
            json!({
                "refId": letter.to_string(),
                "datasource": datasource(),
                "editorMode": "code",
                "expr": query.expression,
                "legendFormat": query.legend,
                "format": if as_table { "table" } else { "time_series" },
                "instant": at_once,
                "range": !at_once,
            })
        };
        self.queries.iter().zip(letters).map(target).collect()
    }

    fn field(&self) -> Value {
        let steps = self.thresholds.iter();
        let steps: Vec<_> = steps
            .map(|(from, colour)| json!({"color": colour, "value": from}))
            .collect();
        let mappings: Vec<_> = self
            .mappings
            .iter()
            .map(|(value, text, colour)| {
                let mut options = json!({});
                options[*value] = json!({"text": text, "color": colour, "index": 0});
                json!({"type": "value", "options": options})
            })
            .collect();
        let by_threshold = matches!(self.kind, Kind::Stat | Kind::States);
        json!({
            "unit": self.unit,
            "min": 0,
            "color": {"mode": if by_threshold { "thresholds" } else { "palette-classic" }},
            "thresholds": {"mode": "absolute", "steps": steps},
            "mappings": mappings,
            "custom": self.kind.custom(),
        })
    }
}

impl Kind {
    fn name(&self) -> &'static str {
        match self {
            Self::Stat => "stat",
            Self::Lines | Self::Stack => "timeseries",
            Self::States => "state-timeline",
            Self::Table(_) => "table",
        }
    }

    fn custom(&self) -> Value {
        match self {
            Self::Stat => json!({}),
            Self::Lines | Self::Stack => {
                let stacked = matches!(self, Self::Stack);
                json!({
                    "drawStyle": "line",
                    "lineInterpolation": if stacked { "stepAfter" } else { "linear" },
                    "lineWidth": 1,
                    "fillOpacity": if stacked { 60 } else { 10 },
                    "showPoints": "never",
                    "spanNulls": false,
                    "stacking": {"group": "A", "mode": if stacked { "normal" } else { "none" }},
                })
            }
            Self::States => json!({"fillOpacity": 80, "lineWidth": 0}),
            Self::Table(_) => json!({"align": "auto", "filterable": true}),
        }
    }

    fn options(&self) -> Value {
        match self {
            Self::Stat => json!({
                "colorMode": "background",
                "graphMode": "none",
                "justifyMode": "center",
                "orientation": "auto",
                "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": false},
                "textMode": "auto",
                "wideLayout": true,
            }),
            Self::Lines | Self::Stack => json!({
                "legend": {"calcs": ["lastNotNull", "max"], "displayMode": "table", "placement": "bottom", "showLegend": true},
                "tooltip": {"mode": "multi", "sort": "desc"},
            }),
            Self::States => json!({
                "alignValue": "left",
                "mergeValues": true,
                "rowHeight": 0.9,
                "showValue": "never",
                "legend": {"displayMode": "list", "placement": "bottom", "showLegend": false},
                "tooltip": {"mode": "single", "sort": "none"},
            }),
            Self::Table(_) => {
                json!({"cellHeight": "sm", "showHeader": true, "footer": {"show": false}})
            }
        }
    }
}
