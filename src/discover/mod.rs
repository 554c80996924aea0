//! What the agent finds out about its own surroundings: cloud, location, API server, node name.
//!
//! Flags and configuration win over the environment, and that over discovery. Nothing found is no error:
//! rows that need it are untestable then.

mod metadata;

use std::collections::BTreeMap;
use std::net::SocketAddr;

use crate::catalog::template::{KNOWN_PARAMETERS, NAMESERVER};
use crate::catalog::{Cloud, Parameters};
use crate::config::{Config, Given, MetadataService, Origin, Settings, check_value};
use crate::text::printable;
use metadata::Metadata;
use tokio::io::{AsyncRead, AsyncWrite};

/// The variables of the process, read once by `main`.
pub type Environment = BTreeMap<String, String>;

/// What is known, and from where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Surroundings {
    /// The cluster's cloud.
    pub cloud: (Cloud, Origin),
    /// The node's name.
    pub node: (String, Origin),
    /// By name of the parameter.
    pub parameters: BTreeMap<String, Given>,
    /// What could not be found out or understood, in sentences.
    pub notices: Vec<String>,
    /// What the metadata service told, if it was asked.
    told: Option<Told>,
}

/// What a metadata service said, or why it said nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Told {
    by: SocketAddr,
    answer: Result<Metadata, String>,
}

impl Surroundings {
    /// The parameters, ready to fill templates.
    pub fn parameters(&self) -> Parameters {
        let mut parameters = Parameters::default();
        for (name, given) in &self.parameters {
            parameters.set(name.as_str(), given.values.clone());
        }
        parameters
    }

    /// Whether the metadata service might still tell something.
    pub fn is_incomplete(&self) -> bool {
        let answered = self.told.as_ref().is_some_and(|told| told.answer.is_ok());
        let missing = self.cloud.1 == Origin::Default || !self.parameters.contains_key(LOCATION);
        missing && !answered
    }
}

/// Bytes shown of a word that nobody knows.
const LONGEST_WORD: usize = 64;

const LOCATION: &str = "location";
const API_SERVER: &str = "apiserver_fqdn";
const TUNNEL: &str = "tunnel_fqdn";

/// Looks around. Takes at most a few seconds, and asks the metadata service only for what is not given; one that was
/// asked `before` is not asked again.
pub async fn discover(
    config: &Config,
    environment: &Environment,
    before: Option<&Surroundings>,
) -> Surroundings {
    let mut found = given(config, environment);
    if found.is_incomplete()
        && let MetadataService::At(address) = config.metadata
    {
        let before = before.and_then(|before| before.told.clone());
        let told = match before.filter(|told| told.by == address) {
            Some(told) => told,
            None => Told::ask(address).await,
        };
        found.take(told);
    }
    found
}

/// What is known when nothing is given and a metadata service speaks over `stream`: a door for `fuzz/`.
#[doc(hidden)]
pub async fn told_over(stream: impl AsyncRead + AsyncWrite + Unpin) -> Surroundings {
    let mut found = given(&Config::from(Settings::default()), &Environment::new());
    let by = ([169, 254, 169, 254], 80).into();
    let answer = metadata::exchange(stream, by).await;
    let answer = answer.map_err(|error| error.to_string());
    found.take(Told { by, answer });
    found
}

impl Told {
    async fn ask(by: SocketAddr) -> Self {
        let answer = metadata::ask(by).await;
        let answer = answer.map_err(|error| error.to_string());
        Self { by, answer }
    }
}

/// Everything that needs no packet.
pub fn given(config: &Config, environment: &Environment) -> Surroundings {
    let mut found = Surroundings {
        cloud: config
            .cloud
            .clone()
            .unwrap_or((Cloud::Public, Origin::Default)),
        node: node_name(environment),
        parameters: config.parameters.clone(),
        notices: Vec::new(),
        told: None,
    };
    found.take_variables(environment);
    found.take_api_server(environment);
    found.derive_tunnel();
    found
}

impl Surroundings {
    fn take_variables(&mut self, environment: &Environment) {
        let cloud = variable("cloud");
        if self.cloud.1 == Origin::Default
            && let Some(word) = environment.get(&cloud)
        {
            match word.parse() {
                Ok(parsed) => self.cloud = (parsed, Origin::Variable(cloud)),
                Err(error) => self.notices.push(format!("{cloud} is ignored: {error}")),
            }
        }
        for parameter in KNOWN_PARAMETERS
            .iter()
            .filter(|known| known.name != NAMESERVER)
        {
            let name = variable(parameter.name);
            if let Some(value) = environment.get(&name) {
                self.offer(parameter.name, value, Origin::Variable(name));
            }
        }
    }

    /// The pod annotation `kubernetes.azure.com/set-kube-service-host-fqdn` makes the variable a name;
    /// without it, it is an address inside the cluster and says nothing about egress.
    fn take_api_server(&mut self, environment: &Environment) {
        const VARIABLE: &str = "KUBERNETES_SERVICE_HOST";
        if let Some(host) = environment.get(VARIABLE)
            && host.parse::<std::net::IpAddr>().is_err()
            && host.contains('.')
        {
            self.offer(API_SERVER, host, Origin::Variable(VARIABLE.to_owned()));
        }
    }

    /// No document says it, but the far end of the old tunnel was known as a sibling of the API server's name.
    fn derive_tunnel(&mut self) {
        let Some(api_server) = self.parameters.get(API_SERVER) else {
            return;
        };
        let siblings = api_server
            .values
            .iter()
            .filter(|name| name.contains(".hcp."));
        let values: Vec<String> = siblings
            .map(|name| name.replacen(".hcp.", ".tun.", 1))
            .collect();
        if !values.is_empty() && !self.parameters.contains_key(TUNNEL) {
            let origin = Origin::Derived(API_SERVER);
            self.parameters
                .insert(TUNNEL.to_owned(), Given { values, origin });
        }
    }

    fn take(&mut self, told: Told) {
        match &told.answer {
            Ok(metadata) => self.take_metadata(metadata),
            Err(error) => self.notices.push(format!(
                "the instance metadata service at {} did not tell cloud and location: {error}",
                told.by
            )),
        }
        self.told = Some(told);
    }

    fn take_metadata(&mut self, metadata: &Metadata) {
        if self.cloud.1 == Origin::Default {
            match cloud_of(&metadata.environment) {
                Some(cloud) => self.cloud = (cloud, Origin::Metadata),
                None => self.notices.push(format!(
                    "the instance metadata service names the cloud `{}`, which the catalogue does not know; \
                     set `cloud`, and `builtin: false` with a catalogue of your own",
                    printable(metadata.environment.as_bytes(), LONGEST_WORD)
                )),
            }
        }
        if !metadata.location.is_empty() {
            self.offer(LOCATION, &metadata.location, Origin::Metadata);
        }
    }

    /// Takes a value unless somebody with more say gave one.
    fn offer(&mut self, name: &str, value: &str, origin: Origin) {
        if self.parameters.contains_key(name) {
            return;
        }
        match check_value(value) {
            Ok(()) => {
                let values = vec![value.to_owned()];
                self.parameters
                    .insert(name.to_owned(), Given { values, origin });
            }
            Err(why) => self
                .notices
                .push(format!("{name} from the {origin} is ignored: {why}")),
        }
    }
}

fn variable(name: &str) -> String {
    format!("EGRESS_PROBE_{}", name.to_uppercase())
}

fn cloud_of(environment: &str) -> Option<Cloud> {
    match environment {
        "AzurePublicCloud" => Some(Cloud::Public),
        "AzureChinaCloud" => Some(Cloud::China),
        "AzureUSGovernmentCloud" => Some(Cloud::Government),
        _ => None,
    }
}

fn node_name(environment: &Environment) -> (String, Origin) {
    const VARIABLE: &str = "NODE_NAME";
    if let Some(name) = environment.get(VARIABLE).filter(|name| !name.is_empty()) {
        return (name.clone(), Origin::Variable(VARIABLE.to_owned()));
    }
    let name = nix::unistd::gethostname()
        .ok()
        .and_then(|name| name.into_string().ok());
    (
        name.unwrap_or_else(|| "unknown".to_owned()),
        Origin::Hostname,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> Environment {
        pairs
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect()
    }

    fn value(found: &Surroundings, name: &str) -> Option<String> {
        found
            .parameters
            .get(name)
            .map(|given| given.values.join(","))
    }

    #[test]
    fn the_api_server_is_taken_from_the_variable_only_when_it_is_a_name() {
        let config = Config::from(Settings::default());
        let name = "aks-1.hcp.eastus.azmk8s.io";
        let found = given(&config, &environment(&[("KUBERNETES_SERVICE_HOST", name)]));
        assert_eq!(value(&found, API_SERVER).as_deref(), Some(name));
        assert_eq!(
            value(&found, TUNNEL).as_deref(),
            Some("aks-1.tun.eastus.azmk8s.io")
        );
        for inside in ["10.0.0.1", "fd00::1", "kubernetes"] {
            let found = given(
                &config,
                &environment(&[("KUBERNETES_SERVICE_HOST", inside)]),
            );
            assert_eq!(value(&found, API_SERVER), None);
        }
    }

    #[test]
    fn configuration_wins_over_the_environment() {
        let mut settings = Settings::default();
        let (values, origin) = (vec!["westeurope".to_owned()], Origin::Flag("--location"));
        settings
            .parameters
            .insert(LOCATION.to_owned(), Given { values, origin });
        settings.cloud = Some((Cloud::China, Origin::Flag("--cloud")));
        let variables = environment(&[
            ("EGRESS_PROBE_LOCATION", "eastus"),
            ("EGRESS_PROBE_CLOUD", "government"),
        ]);
        let found = given(&Config::from(settings), &variables);
        assert_eq!(value(&found, LOCATION).as_deref(), Some("westeurope"));
        assert_eq!(found.cloud.0, Cloud::China);
        let found = given(&Config::from(Settings::default()), &variables);
        assert_eq!(value(&found, LOCATION).as_deref(), Some("eastus"));
        assert_eq!(found.cloud.0, Cloud::Government);
    }

    #[test]
    fn a_value_that_cannot_stand_in_a_host_is_ignored_with_a_notice() {
        let config = Config::from(Settings::default());
        let found = given(
            &config,
            &environment(&[("EGRESS_PROBE_LOCATION", "east us")]),
        );
        assert_eq!(value(&found, LOCATION), None);
        assert_eq!(found.notices.len(), 1);
    }

    #[tokio::test]
    async fn a_service_that_was_asked_before_is_not_asked_again() {
        let at = |port: u16| {
            Config::from(Settings {
                metadata: Some(MetadataService::At(([127, 0, 0, 1], port).into())),
                ..Settings::default()
            })
        };
        let environment = Environment::default();
        let mut before = given(&at(1), &environment);
        let metadata = Metadata {
            environment: "AzureChinaCloud".to_owned(),
            location: "chinaeast2".to_owned(),
        };
        before.told = Some(Told {
            by: ([127, 0, 0, 1], 1).into(),
            answer: Ok(metadata),
        });
        let found = discover(&at(1), &environment, Some(&before)).await;
        assert_eq!(found.cloud, (Cloud::China, Origin::Metadata));
        assert_eq!(value(&found, LOCATION).as_deref(), Some("chinaeast2"));
        assert!(!found.is_incomplete());
        let elsewhere = discover(&at(2), &environment, Some(&before)).await;
        assert_eq!(elsewhere.cloud.1, Origin::Default);
        assert!(elsewhere.is_incomplete(), "nobody answers there");
        let notice = &elsewhere.notices[0];
        assert!(notice.contains("127.0.0.1:2 did not tell"), "{notice}");
    }
}
