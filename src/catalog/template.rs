//! Host templates: text with `{parameter}` in it, parsed once and filled from what is known of this cluster.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

/// A parameter that the built-in catalogue knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownParameter {
    /// As written between braces.
    pub name: &'static str,
    /// What its value is, for a person.
    pub meaning: &'static str,
}

/// Every parameter of the built-in catalogue. A user's catalogue may use others that the configuration sets.
pub const KNOWN_PARAMETERS: &[KnownParameter] = &[
    known(
        "location",
        "Azure region of the cluster, such as westeurope",
    ),
    known("apiserver_fqdn", "host name of the API server"),
    known("apiserver_ip", "public address of the API server"),
    known(
        "tunnel_fqdn",
        "far end of the old tunnel; made from apiserver_fqdn when not given",
    ),
    known("workspace_id", "identifier of the Log Analytics workspace"),
    known("key_vault", "name of a key vault"),
    known(
        "dce_logs",
        "host name of the data collection endpoint for logs",
    ),
    known(
        "dce_metrics",
        "host name of the data collection endpoint for metrics",
    ),
    known(
        "app_insights",
        "host name of the Application Insights ingestion endpoint",
    ),
    known(
        NAMESERVER,
        "address of a nameserver of the node; always taken from the node",
    ),
];

/// The parameter that stands for the node's own nameservers.
pub const NAMESERVER: &str = "nameserver";

const fn known(name: &'static str, meaning: &'static str) -> KnownParameter {
    KnownParameter { name, meaning }
}

/// Values of parameters; a parameter may have several, and each makes a host of its own.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Parameters(BTreeMap<String, Vec<String>>);

impl Parameters {
    /// Gives a parameter its values.
    pub fn set(&mut self, name: impl Into<String>, values: Vec<String>) {
        self.0.insert(name.into(), values);
    }

    /// The values of a parameter; none when it is not set.
    pub fn get(&self, name: &str) -> &[String] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }

    /// All parameters that are set.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.0
            .iter()
            .map(|(name, values)| (name.as_str(), values.as_slice()))
    }
}

/// A host with parameters in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    text: String,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Parameter(String),
}

/// A template that cannot be parsed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// `{` without `}`.
    #[error("`{0}` has a `{{` without its `}}`")]
    Unclosed(String),
    /// `}` without `{`.
    #[error("`{0}` has a `}}` without its `{{`")]
    Unopened(String),
    /// Braces around something that is no parameter name.
    #[error("`{{{0}}}` is not a parameter: names are lower-case letters, digits and underscores")]
    BadName(String),
}

impl Template {
    /// The parameters it needs.
    pub fn parameters(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Parameter(name) => Some(name.as_str()),
            Part::Text(_) => None,
        })
    }

    /// All hosts it stands for: one for every combination of values. A parameter that stands in several places has
    /// the same value in all of them.
    ///
    /// # Errors
    /// The parameters that are not set.
    pub fn fill(&self, parameters: &Parameters) -> Result<Vec<String>, BTreeSet<String>> {
        let missing: BTreeSet<String> = self
            .parameters()
            .filter(|name| parameters.get(name).is_empty())
            .map(ToOwned::to_owned)
            .collect();
        if !missing.is_empty() {
            return Err(missing);
        }
        let mut names: Vec<&str> = Vec::new();
        for name in self.parameters() {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let mut choices = vec![BTreeMap::new()];
        for name in names {
            let with = |choice: &BTreeMap<_, _>, value| {
                let mut choice = choice.clone();
                choice.insert(name, value);
                choice
            };
            choices = choices
                .iter()
                .flat_map(|choice| {
                    parameters
                        .get(name)
                        .iter()
                        .map(move |value| with(choice, value))
                })
                .collect();
        }
        Ok(choices.iter().map(|choice| self.host(choice)).collect())
    }

    fn host(&self, choice: &BTreeMap<&str, &String>) -> String {
        let parts = self.parts.iter().map(|part| match part {
            Part::Text(text) => text.as_str(),
            Part::Parameter(name) => choice.get(name.as_str()).map_or("", |value| value.as_str()),
        });
        parts.collect()
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Template {
    type Err = TemplateError;

    fn from_str(text: &str) -> Result<Self, TemplateError> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            push_text(&mut parts, before, text)?;
            let (name, after) = after
                .split_once('}')
                .ok_or_else(|| TemplateError::Unclosed(text.to_owned()))?;
            if !is_parameter_name(name) {
                return Err(TemplateError::BadName(name.to_owned()));
            }
            parts.push(Part::Parameter(name.to_owned()));
            rest = after;
        }
        push_text(&mut parts, rest, text)?;
        Ok(Self {
            text: text.to_owned(),
            parts,
        })
    }
}

/// Lower-case letters, digits and underscores, a letter first.
pub fn is_parameter_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

fn push_text(parts: &mut Vec<Part>, piece: &str, whole: &str) -> Result<(), TemplateError> {
    if piece.contains('}') {
        return Err(TemplateError::Unopened(whole.to_owned()));
    }
    if !piece.is_empty() {
        parts.push(Part::Text(piece.to_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn template(text: &str) -> Template {
        text.parse().unwrap()
    }

    #[test]
    fn every_combination_of_values_is_a_host() {
        let mut parameters = Parameters::default();
        parameters.set("vault", vec!["a".to_owned(), "b".to_owned()]);
        parameters.set("suffix", vec!["x".to_owned(), "y".to_owned()]);
        let hosts = template("{vault}.vault.{suffix}")
            .fill(&parameters)
            .unwrap();
        assert_eq!(hosts, ["a.vault.x", "a.vault.y", "b.vault.x", "b.vault.y"]);
    }

    #[test]
    fn unset_parameters_are_named_all_at_once() {
        let missing = template("{one}.{two}.example")
            .fill(&Parameters::default())
            .unwrap_err();
        assert_eq!(missing.into_iter().collect::<Vec<_>>(), ["one", "two"]);
    }

    #[test]
    fn broken_braces_are_errors() {
        assert!(matches!(
            "{a".parse::<Template>(),
            Err(TemplateError::Unclosed(_))
        ));
        assert!(matches!(
            "a}".parse::<Template>(),
            Err(TemplateError::Unopened(_))
        ));
        assert!(matches!(
            "{A}".parse::<Template>(),
            Err(TemplateError::BadName(_))
        ));
    }

    #[test]
    fn a_parameter_has_one_value_in_all_its_places() {
        let mut parameters = Parameters::default();
        parameters.set("location", vec!["eastus".to_owned(), "westus".to_owned()]);
        let hosts = template("{location}.x.{location}").fill(&parameters);
        assert_eq!(hosts.unwrap(), ["eastus.x.eastus", "westus.x.westus"]);
    }

    proptest! {
        #[test]
        fn text_without_braces_is_filled_with_itself(text in "[a-z0-9.-]{1,40}") {
            let filled = template(&text).fill(&Parameters::default()).unwrap();
            prop_assert_eq!(filled, vec![text]);
        }

        #[test]
        fn what_is_printed_is_read_as_the_same(text in "([a-z.]{0,4}|\\{[a-z]{1,3}\\}){0,8}") {
            let read = template(&text);
            prop_assert_eq!(read.to_string(), text);
            prop_assert_eq!(template(&read.to_string()), read);
        }

        #[test]
        fn hosts_are_as_many_as_combinations_and_have_no_braces(
            text in "([a-z.]{1,4}|\\{[abc]\\}){1,12}",
            values in prop::collection::vec(prop::collection::btree_set("[A-Z]{3}", 1..4), 3),
        ) {
            let mut parameters = Parameters::default();
            let mut expected = 1;
            for (name, values) in ["a", "b", "c"].iter().zip(&values) {
                parameters.set(*name, values.iter().cloned().collect());
                expected *= if text.contains(&format!("{{{name}}}")) { values.len() } else { 1 };
            }
            let hosts = template(&text).fill(&parameters).unwrap();
            prop_assert_eq!(hosts.len(), expected);
            for host in hosts {
                prop_assert!(!host.contains(['{', '}']), "{}", host);
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in "[{}a-z_A.-]{0,20}") {
            if let Ok(template) = text.parse::<Template>() {
                prop_assert_eq!(template.to_string(), text);
            }
        }
    }
}
