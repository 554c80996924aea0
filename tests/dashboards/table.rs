//! Tables: which labels and values are columns, what they are called, and how they are shown.

use serde_json::{Value, json};

/// The columns, in their order.
#[derive(Default)]
pub(crate) struct Table {
    columns: Vec<Column>,
}

struct Column {
    /// A label, or `Value #A` for the value of the first of several queries, `Value` for that of the only one.
    field: &'static str,
    title: &'static str,
    unit: Option<&'static str>,
    colours: Vec<(Option<f64>, &'static str)>,
    link: Option<(&'static str, &'static str)>,
}

impl Table {
    pub(crate) fn column(mut self, field: &'static str, title: &'static str) -> Self {
        self.columns.push(Column {
            field,
            title,
            unit: None,
            colours: Vec::new(),
            link: None,
        });
        self
    }

    /// A unit for the last column.
    pub(crate) fn unit(mut self, unit: &'static str) -> Self {
        self.last().unit = Some(unit);
        self
    }

    /// Colours of the last column's cells.
    pub(crate) fn colours(mut self, base: &'static str, from: &[(f64, &'static str)]) -> Self {
        let more = from.iter().map(|(value, colour)| (Some(*value), *colour));
        self.last().colours = [(None, base)].into_iter().chain(more).collect();
        self
    }

    /// Where a click on the last column leads.
    pub(crate) fn link(mut self, title: &'static str, url: &'static str) -> Self {
        self.last().link = Some((title, url));
        self
    }

    fn last(&mut self) -> &mut Column {
        self.columns.last_mut().expect("a column before its look")
    }

    /// Rows with the same labels become one; columns that were not asked for go.
    pub(crate) fn transformations(&self, queries: usize) -> Value {
        let fields: Vec<_> = self.columns.iter().map(|column| column.field).collect();
        let mut names = json!({});
        let mut order = json!({});
        for (at, column) in self.columns.iter().enumerate() {
            names[column.field] = json!(column.title);
            order[column.field] = json!(at);
        }
        let merge = json!({"id": "merge", "options": {}});
        let keep = json!({"id": "filterFieldsByName", "options": {"include": {"names": fields}}});
        let organize = json!({
            "id": "organize",
            "options": {"excludeByName": {}, "indexByName": order, "renameByName": names},
        });
        if queries > 1 {
            return json!([merge, keep, organize]);
        }
        json!([keep, organize])
    }

    pub(crate) fn overrides(&self) -> Value {
        self.columns.iter().filter_map(Column::look).collect()
    }
}

impl Column {
    fn look(&self) -> Option<Value> {
        let mut properties = Vec::new();
        let mut property =
            |id: &str, value: Value| properties.push(json!({"id": id, "value": value}));
        if let Some(unit) = self.unit {
            property("unit", json!(unit));
        }
        if !self.colours.is_empty() {
            let steps: Vec<_> = self
                .colours
                .iter()
                .map(|(from, colour)| json!({"color": colour, "value": from}))
                .collect();
            property("thresholds", json!({"mode": "absolute", "steps": steps}));
            property("color", json!({"mode": "thresholds"}));
            property(
                "custom.cellOptions",
                json!({"type": "color-background", "mode": "basic"}),
            );
        }
        if let Some((title, url)) = self.link {
            property("links", json!([{"title": title, "url": url}]));
        }
        let matcher = json!({"id": "byName", "options": self.title});
        (!properties.is_empty()).then(|| json!({"matcher": matcher, "properties": properties}))
    }
}
