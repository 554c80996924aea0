//! What the help of each command ends with.

pub(super) const ALL: &str = "\
Examples:
  egress-probe run                      the agent; then: curl localhost:9100/status
  egress-probe check                    everything once; exit code 0, 1 or 2
  egress-probe status --watch           what the agent on this node knows
  egress-probe explain tls_alert        what a word of a report means
  egress-probe help check               flags and examples of a command

Exit codes of `check`: 0 everything required is reachable, 1 something required is not, 2 could not test.";

pub(super) const RUN: &str = "\
A running agent takes up changes of its configuration and of the files that it names within seconds, and on SIGHUP at
once. Flags stay as they are.

Examples:
  egress-probe run --cloud public --location westeurope
  egress-probe run --listen 127.0.0.1:9110 --interval 30s
  curl localhost:9100/status";

pub(super) const CHECK: &str = "\
Examples:
  egress-probe check --location westeurope --feature azure-monitor
  egress-probe check --group core --format junit > egress.xml
  egress-probe check --target '*.microsoft.com:443' --strict
  egress-probe check --quiet || echo 'not yet'

Exit codes: 0 everything required is reachable, 1 something required is not, 2 could not test.";

pub(super) const STATUS: &str = "\
Examples:
  egress-probe status
  egress-probe status --watch
  egress-probe status --target mcr.microsoft.com:443
  egress-probe status http://10.224.0.4:9100 --format json

Exit codes: 0 shown, whatever the state of the targets; 2 the agent could not be read.";

pub(super) const FLEET: &str = "\
Examples:
  egress-probe fleet --url 10.224.0.4 --url 10.224.0.5:9110
  egress-probe fleet --service egress-probe.egress-probe.svc.cluster.local
  egress-probe fleet --prometheus http://127.0.0.1:9090

Exit codes: 0 shown, whatever the state of the targets; 2 no agent could be read.";

pub(super) const CATALOG: &str = "\
Examples:
  egress-probe catalog list
  egress-probe catalog diff 2020-01 latest";

pub(super) const LIST: &str = "\
Examples:
  egress-probe catalog list --location westeurope --feature key-vault --set key_vault=team-a
  egress-probe catalog list --all-features --format json";

pub(super) const VALIDATE: &str = "\
Examples:
  egress-probe catalog validate our-own.yaml
  egress-probe catalog validate --format json *.yaml";

pub(super) const DIFF: &str = "\
Example:
  egress-probe catalog diff 2020-01 2026-06 --cloud public";

pub(super) const BUDGET: &str = "\
Examples:
  egress-probe catalog budget --location westeurope
  egress-probe catalog budget --nodes 300 --interval 5m --all-features";

pub(super) const SCHEMA: &str = "\
Example:
  egress-probe catalog schema > catalog.schema.json";

pub(super) const RULES: &str = "\
Examples:
  egress-probe rules --location westeurope --all-features
  egress-probe rules --location westeurope --format terraform --source 10.224.0.0/16 > egress.tf
  curl -s node:9100/api/v1/status | egress-probe rules --failing -";

pub(super) const EXPLAIN: &str = "\
Examples:
  egress-probe explain connection_reset
  egress-probe explain sni_filter";

pub(super) const COMPLETIONS: &str = "\
Examples:
  egress-probe completions bash > /etc/bash_completion.d/egress-probe
  egress-probe completions zsh > \"${fpath[1]}/_egress-probe\"
  egress-probe completions fish > ~/.config/fish/completions/egress-probe.fish";

pub(super) const MAN: &str = "\
Examples:
  egress-probe man | man -l -
  egress-probe man catalog diff | man -l -
  egress-probe man --into /usr/local/share/man/man1";
