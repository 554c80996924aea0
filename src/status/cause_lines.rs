//! A diagnosis in the words of a page.

use super::target_report::TargetReport;
use crate::diagnosis::{Cause, Diagnosis};

/// `sni_filter, likely, at hop 2 (198.18.2.2) or right behind it`.
pub(super) fn cause_line(diagnosis: &Diagnosis) -> String {
    let Diagnosis {
        cause, certainty, ..
    } = diagnosis;
    let place = diagnosis
        .place
        .map_or_else(String::new, |place| format!(", {place}"));
    match cause {
        // There is nothing to be sure of.
        Cause::Undetermined => format!("{cause}{place}"),
        _ => format!("{cause}, {certainty}{place}"),
    }
}

/// What it rests on, then what it is not.
pub(super) fn grounds(diagnosis: &Diagnosis) -> Vec<String> {
    let ruled_out = diagnosis.ruled_out.iter();
    let ruled_out = ruled_out.map(|out| format!("not {}: {}", out.cause, out.because));
    diagnosis
        .evidence
        .iter()
        .cloned()
        .chain(ruled_out)
        .collect()
}

/// The causes of targets that fail alike, each with the grounds of the first target that has it, and with the
/// names of the targets when there are several causes.
pub(super) fn causes_of(targets: &[&TargetReport]) -> Vec<(String, String)> {
    let mut causes: Vec<(String, String, Vec<&str>)> = Vec::new();
    for target in targets {
        let Some(diagnosis) = &target.diagnosis else {
            continue;
        };
        let line = cause_line(diagnosis);
        match causes.iter_mut().find(|(known, ..)| *known == line) {
            Some((.., names)) => names.push(&target.target),
            None => causes.push((line, grounds(diagnosis).join("; "), vec![&target.target])),
        }
    }
    let several = causes.len() > 1;
    let named = |(line, grounds, names): (String, String, Vec<&str>)| {
        let who = if several {
            names.join(", ")
        } else {
            String::new()
        };
        let separator = if several { ": " } else { "" };
        (format!("{line}{separator}{who}"), grounds)
    };
    causes.into_iter().map(named).collect()
}
