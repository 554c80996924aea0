//! One function per parser of outside bytes. Each takes any bytes, and panics where a promise is broken.
//!
//! The fuzzer calls them, and so does `tests/fuzz.rs`, which compiles this file as a module of its own.

mod catalog;
mod certificate;
mod configuration;
mod connect_reply;
mod dns_reply;
mod expositions;
mod fit;
mod fleet_report;
mod http_head;
mod markup;
mod metadata_reply;
mod ntp_packet;
mod pages;
mod peer;
mod resolv_conf;
mod ssh_banner;
mod waiting;
mod web_config;

/// A parser of outside bytes.
pub struct Target {
    /// The names of its program and of its folders.
    pub name: &'static str,
    /// Tries it.
    pub check: fn(&[u8]),
}

/// Every one, in the order of the alphabet.
pub const TARGETS: &[Target] = &[
    target("catalog", catalog::check),
    target("certificate", certificate::check),
    target("configuration", configuration::check),
    target("connect_reply", connect_reply::check),
    target("dns_reply", dns_reply::check),
    target("fleet_report", fleet_report::check),
    target("http_head", http_head::check),
    target("metadata_reply", metadata_reply::check),
    target("ntp_packet", ntp_packet::check),
    target("pages", pages::check),
    target("resolv_conf", resolv_conf::check),
    target("ssh_banner", ssh_banner::check),
    target("web_config", web_config::check),
];

const fn target(name: &'static str, check: fn(&[u8])) -> Target {
    Target { name, check }
}
