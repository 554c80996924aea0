//! The JSON report as a reader of the contract sees it: field by field, unknown ones left alone.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

#[derive(Debug, Deserialize)]
pub(crate) struct Report {
    pub(crate) agent: Agent,
    pub(crate) environment: Environment,
    pub(crate) summary: Summary,
    pub(crate) targets: Vec<Target>,
    pub(crate) untestable: Vec<Untestable>,
    pub(crate) notices: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Agent {
    pub(crate) node: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Environment {
    pub(crate) cloud: Option<String>,
    pub(crate) location: Option<String>,
    pub(crate) parameters: BTreeMap<String, String>,
    pub(crate) sources: BTreeMap<String, String>,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
pub(crate) struct Summary {
    pub(crate) targets: usize,
    pub(crate) reachable: usize,
    pub(crate) degraded: usize,
    pub(crate) unreachable: usize,
    pub(crate) unreachable_required: usize,
    pub(crate) unproven: usize,
    pub(crate) pending: usize,
    pub(crate) untestable: usize,
}

#[derive(Clone, Debug, Deserialize)]
#[expect(clippy::struct_field_names, reason = "the contract names the fields")]
pub(crate) struct Target {
    pub(crate) target: String,
    pub(crate) probe: String,
    pub(crate) requirement: String,
    pub(crate) groups: Vec<String>,
    pub(crate) state: String,
    pub(crate) failure: Option<Failure>,
    pub(crate) diagnosis: Option<Diagnosis>,
    pub(crate) warnings: Vec<String>,
    pub(crate) address: Option<String>,
    pub(crate) facts: Value,
    pub(crate) history: Vec<Value>,
    pub(crate) findings: Value,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Failure {
    pub(crate) phase: String,
    pub(crate) reason: String,
    pub(crate) detail: String,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Diagnosis {
    pub(crate) cause: String,
    pub(crate) certainty: String,
    pub(crate) evidence: Vec<String>,
    #[serde(rename = "where")]
    pub(crate) place: Option<Place>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Place {
    pub(crate) acts_at: u8,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Untestable {
    pub(crate) pattern: String,
    pub(crate) protocols: Vec<Protocol>,
    pub(crate) needs: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Protocol {
    pub(crate) protocol: String,
    pub(crate) port: u16,
}

impl Report {
    pub(crate) fn read(json: &str) -> Self {
        serde_json::from_str(json).unwrap_or_else(|error| panic!("{error} in the report:\n{json}"))
    }

    pub(crate) fn target(&self, target: &str, probe: &str) -> &Target {
        let found = self.find(target, probe);
        found.unwrap_or_else(|| panic!("the report has no {target} {probe}"))
    }

    pub(crate) fn find(&self, target: &str, probe: &str) -> Option<&Target> {
        let like = |known: &&Target| known.target == target && known.probe == probe;
        self.targets.iter().find(like)
    }

    /// Every target that is not plainly reachable, in one line each.
    pub(crate) fn troubled(&self) -> Vec<String> {
        let troubled = self.targets.iter().filter(|target| !target.is_well());
        troubled.map(Target::line).collect()
    }

    /// Every untestable row in one line.
    pub(crate) fn untestable(&self) -> Vec<String> {
        let line = |row: &Untestable| {
            let protocols = row.protocols.iter();
            let protocols: Vec<_> = protocols
                .map(|one| format!("{}:{}", one.protocol, one.port))
                .collect();
            let (protocols, needs) = (protocols.join(","), row.needs.join(", "));
            format!("{} {protocols} needs {needs}", row.pattern)
        };
        self.untestable.iter().map(line).collect()
    }
}

impl Target {
    /// Reachable without a warning.
    pub(crate) fn is_well(&self) -> bool {
        self.state == "reachable" && self.warnings.is_empty()
    }

    /// `CAUSE CERTAINTY [at TTL]`, of a target that is not plainly reachable.
    pub(crate) fn cause(&self) -> Option<String> {
        let diagnosis = self.diagnosis.as_ref()?;
        let Diagnosis {
            cause, certainty, ..
        } = diagnosis;
        let place = diagnosis
            .place
            .map(|place| format!(" at {}", place.acts_at));
        Some(format!("{cause} {certainty}{}", place.unwrap_or_default()))
    }

    /// `TARGET PROBE STATE [PHASE REASON] [WARNING...]`
    pub(crate) fn line(&self) -> String {
        let id = format!("{} {}", self.target, self.probe);
        format!("{id} {}", self.verdict())
    }

    /// `STATE [PHASE REASON] [WARNING...]`
    pub(crate) fn verdict(&self) -> String {
        let mut words = vec![self.state.as_str()];
        if let Some(failure) = &self.failure {
            words.extend([failure.phase.as_str(), failure.reason.as_str()]);
        }
        words.extend(self.warnings.iter().map(String::as_str));
        words.join(" ")
    }
}
