//! Every metric family in one table: the contract with dashboards and alerts, and the source of the documentation.

/// What a family is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
}

/// One metric family.
#[derive(Debug, PartialEq, Eq)]
pub struct Family {
    /// As exposed.
    pub name: &'static str,
    /// Counter or gauge.
    pub kind: Kind,
    /// Label names, in the order of exposition.
    pub labels: &'static [&'static str],
    /// One sentence for people.
    pub help: &'static str,
}

/// Declares the families and the table of them.
macro_rules! families {
    ($( $name:ident = $kind:ident $exposed:literal [$($label:literal)*] $help:literal; )+) => {
        $( pub(super) static $name: Family = Family {
            name: $exposed,
            kind: Kind::$kind,
            labels: &[$($label),*],
            help: $help,
        }; )+

        /// Every family of the agent, without `process_*`.
        pub static FAMILIES: &[&Family] = &[$( &$name ),+];
    };
}

families! {
    SUCCESS = Gauge "egress_probe_success" ["target" "probe"]
        "Confirmed state of a target: 1 reachable, 0 unreachable; absent while pending or unproven.";
    UNPROVEN = Gauge "egress_probe_unproven" ["target" "probe" "reason"]
        "1 while what is observed decides neither for nor against the target.";
    WARNING = Gauge "egress_probe_warning" ["target" "probe" "warning"]
        "1 while a warning stands against a target that is reachable.";
    ATTEMPTS = Counter "egress_probe_attempts_total" ["target" "probe"]
        "Attempts since the agent started.";
    FAILURES = Counter "egress_probe_failures_total" ["target" "probe"]
        "Attempts that proved nothing, confirmed or not.";
    FAILURES_BY_REASON = Counter "egress_probe_failures_by_reason_total" ["target" "probe" "phase" "reason"]
        "Failed attempts by phase and reason; a series appears with its first failure.";
    FAILURE_INFO = Gauge "egress_probe_failure_info" ["target" "probe" "phase" "reason"]
        "1 while the target is unreachable, with the phase and reason that confirmed it.";
    DIAGNOSIS_INFO = Gauge "egress_diagnosis_info" ["target" "probe" "cause"]
        "1 while the target is unreachable, unproven or reachable with a warning, with what stands behind that.";
    DURATION = Gauge "egress_probe_duration_seconds" ["target" "probe"]
        "Duration of the last attempt, failed or not.";
    PHASE_DURATION = Gauge "egress_probe_phase_duration_seconds" ["target" "probe" "phase"]
        "Time that the last attempt spent in each phase it entered.";
    LAST_ATTEMPT = Gauge "egress_probe_last_attempt_timestamp_seconds" ["target" "probe"]
        "Start of the last attempt, in Unix time; attempts run on the agent's own schedule, not on the scrape's.";
    LAST_SUCCESS = Gauge "egress_probe_last_success_timestamp_seconds" ["target" "probe"]
        "Start of the last attempt that proved the target reachable, in Unix time.";
    STATE_CHANGES = Counter "egress_probe_state_changes_total" ["target" "probe"]
        "Changes of the confirmed state since the agent started, the first decision not counted.";
    TARGET_INFO = Gauge "egress_target_info" ["target" "probe" "host" "port" "groups" "requirement"]
        "What a target is; join with it to select by group or requirement.";
    UNTESTABLE_INFO = Gauge "egress_untestable_info" ["pattern" "groups" "needs"]
        "A row of the catalogue that could not become a target, and what it needs.";
    TARGETS = Gauge "egress_targets" ["requirement"]
        "Targets in the plan.";
    RESOLVED_ADDRESSES = Gauge "egress_resolved_addresses" ["target" "family"]
        "Addresses that the last resolution of the target's name gave.";
    FAILING_ADDRESSES = Gauge "egress_failing_addresses" ["target" "family"]
        "Addresses of the target's name whose last result is a failure.";
    CERTIFICATE_TRUSTED = Gauge "egress_tls_certificate_trusted" ["target"]
        "Whether the certificate presented in the last attempt was verified (1) or refused (0).";
    CERTIFICATE_NOT_AFTER = Gauge "egress_tls_certificate_not_after_timestamp_seconds" ["target"]
        "End of validity of the certificate presented in the last attempt, in Unix time.";
    HTTP_STATUS = Gauge "egress_http_response_status" ["target"]
        "Status code of the response in the last attempt, the server's own or a middlebox's.";
    NTP_OFFSET = Gauge "egress_ntp_offset_seconds" ["target"]
        "Clock of the time server minus clock of this node.";
    NTP_DELAY = Gauge "egress_ntp_delay_seconds" ["target"]
        "Round trip to the time server without its processing.";
    NTP_STRATUM = Gauge "egress_ntp_stratum" ["target"]
        "Stratum that the time server reports: 1 is a primary server, 0 and 16 have no time.";
    NTP_ROOT_DISPERSION = Gauge "egress_ntp_root_dispersion_seconds" ["target"]
        "Error bound that the time server reports for its own clock.";
    SCHEDULER_LAG = Gauge "egress_scheduler_lag_seconds" []
        "How late the latest attempt started; it grows when the node or the agent has too much to do.";
    RELOAD_SUCCESSFUL = Gauge "egress_config_last_reload_successful" []
        "Whether the configuration on disk is the one in use (1) or was refused (0).";
    RELOAD_SUCCESS_TIME = Gauge "egress_config_last_reload_success_timestamp_seconds" []
        "When the configuration in use was loaded, in Unix time.";
    CATALOG_INFO = Gauge "egress_catalog_info" ["edition" "cloud" "location" "sha256"]
        "The catalogue in use, and the SHA-256 of the text of its files.";
    BUILD_INFO = Gauge "egress_build_info" ["version" "revision" "rustc"]
        "The build of the agent.";
}
