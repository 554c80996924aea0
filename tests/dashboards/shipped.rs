//! The dashboards as files: `make dashboards`.

use std::fs;

use serde_json::Value;

use crate::rules::root;
use crate::{fleet, target};

/// Every dashboard, by the name of its file.
pub(crate) fn all() -> [(&'static str, Value); 2] {
    [
        ("dashboards/fleet.json", fleet::board().json()),
        ("dashboards/target.json", target::board().json()),
    ]
}

#[test]
fn the_files_are_what_is_written_here() {
    for (path, dashboard) in all() {
        let file = root().join(path);
        let text = serde_json::to_string_pretty(&dashboard).expect("JSON") + "\n";
        if std::env::var_os("UPDATE_DASHBOARDS").is_some() {
            fs::write(&file, &text).expect("written");
        }
        let shipped = fs::read_to_string(&file).unwrap_or_default();
        assert!(
            shipped == text,
            "{path} differs from its source: run `make dashboards`"
        );
    }
}
