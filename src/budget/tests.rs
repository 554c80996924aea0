//! The sums, by hand.

use std::net::Ipv4Addr;

use super::*;
use crate::proxy::Bypass;
use crate::target::Https;

const MINUTE: Duration = Duration::from_mins(1);

fn target(host: Host, port: u16, probe: Probe) -> Arc<Target> {
    Arc::new(Target::bare(probe, host, Some(port)))
}

fn named(name: &str, port: u16, probe: Probe) -> Arc<Target> {
    target(Host::Name(name.to_owned()), port, probe)
}

fn with_alpn() -> Probe {
    Probe::Https(Https {
        alpn: vec!["konnectivity".to_owned()],
        ..Https::default()
    })
}

fn budget(targets: &[Arc<Target>], interval: Duration) -> Budget {
    Budget::new(targets, 0, interval, &ProxyPolicy::default())
}

fn assert_close(one: f64, other: f64) {
    assert!((one - other).abs() < 1e-9, "{one} {other}");
}

#[test]
fn everything_is_inversely_proportional_to_the_interval_but_time_servers_and_series() {
    let targets = [
        named("a.example", 443, Probe::Https(Https::default())),
        named("t.example", 123, Probe::Ntp),
    ];
    let (minute, slow) = (budget(&targets, MINUTE), budget(&targets, MINUTE * 10));
    let attempts = |budget: &Budget| -> Vec<f64> {
        let probes = budget.probes.iter();
        probes.map(|probe| probe.attempts_per_minute).collect()
    };
    assert_eq!(attempts(&minute), [1.0, 60.0 / 65.0]);
    assert_eq!(attempts(&slow), [0.1, 0.1]);
    assert_eq!(minute.series, slow.series);
}

#[test]
fn a_second_handshake_and_a_control_dial_are_connections_too() {
    let one = budget(&[named("a.example", 443, with_alpn())], MINUTE).per_minute();
    assert_close(one.connections, 2.0);
    assert_close(one.dns_queries, 2.0);
    let address = Host::Address(Ipv4Addr::new(192, 0, 2, 7).into());
    let one = budget(&[target(address, 9000, Probe::Tcp)], MINUTE).per_minute();
    assert_close(one.connections, 2.0);
    assert_close(one.dns_queries, 0.0);
}

#[test]
fn nodes_hold_ports_for_four_minutes_at_the_busiest_destination() {
    let targets = [
        named("a.example", 443, with_alpn()),
        named("b.example", 443, Probe::Https(Https::default())),
        named("b.example", 443, Probe::Dns),
    ];
    let fleet = budget(&targets, MINUTE).of_nodes(1000);
    let busiest = fleet.busiest.unwrap();
    assert_eq!(busiest.destination, "a.example:443");
    assert_close(busiest.snat_ports, 8_000.0);
    assert_close(fleet.snat_ports, 12_000.0);
}

#[test]
fn a_proxy_is_the_destination_of_what_it_tunnels_and_its_name_is_resolved() {
    let targets = [
        named("a.example", 443, Probe::Https(Https::default())),
        named("b.example", 80, Probe::Http),
        named("t.example", 123, Probe::Ntp),
    ];
    let address = "http://192.0.2.9:3128".parse().unwrap();
    let proxies = ProxyPolicy::given(address, Bypass::default());
    let budget = Budget::new(&targets, 0, MINUTE, &proxies);
    let busiest = budget.of_nodes(1).busiest.unwrap();
    assert_eq!(busiest.destination, "192.0.2.9:3128");
    assert_close(busiest.snat_ports, 8.0);
    // Only the time server is resolved by name.
    assert_close(budget.per_minute().dns_queries, 2.0 * 60.0 / 65.0);
    let direct = self::budget(&targets, MINUTE);
    assert!(budget.per_minute().bytes_out > direct.per_minute().bytes_out - 140.0 * 2.0);
}

#[test]
fn nodes_multiply() {
    let budget = budget(&[named("b.example", 80, Probe::Http)], MINUTE);
    let (one, many) = (budget.of_nodes(1), budget.of_nodes(5_000));
    assert_close(many.per_second.bytes_in, one.per_second.bytes_in * 5_000.0);
    assert_close(many.bytes_per_month, one.bytes_per_day * 30.0 * 5_000.0);
    assert_close(many.series, one.series * 5_000.0);
}
