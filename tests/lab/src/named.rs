//! Faults by the names that people use, and that documents and the matrix of tests share: each is a fault with the
//! part of a host that it is laid upon, and a kind of host on which it shows.

use anyhow::{Context, Result};

use crate::directory::{Directory, Site};
use crate::fault::{ANYWHERE, Fault, Scope};
use crate::spec::Service;

/// A fault that can be laid by its name alone.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Named {
    pub name: &'static str,
    pub fault: Fault,
    pub scope: Scope,
    pub on: On,
}

/// What kind of host shows a fault.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum On {
    Https,
    Http,
    Ssh,
    Ntp,
    Nameserver,
    Proxy,
    Everything,
}

/// One line per name: the fault, the part of the host, the kind of host.
macro_rules! named {
    ($($name:literal $fault:ident $scope:ident $(($port:literal))? $on:ident)+) => {
        /// Every named fault.
        pub const NAMED: [Named; [$($name),+].len()] = [$(Named {
            name: $name,
            fault: Fault::$fault,
            scope: Scope::$scope $(($port))?,
            on: On::$on,
        }),+];
    };
}

named! {
    "syn-drop" Drop Tcp(443) Https
    "syn-reset" Reject Tcp(443) Https
    "icmp-prohibited" AdminProhibited Everything Https
    "icmp-host-unreachable" HostUnreachable Everything Https
    "icmp-net-unreachable" NetUnreachable Everything Https
    "no-route" NoRoute Everything Https
    "port-closed" Refused Tcp(443) Https
    "cut-established" CutEstablished Tcp(443) Https
    "loss-30" Loss Everything Https
    "mtu-blackhole" MtuBlackhole Everything Https
    "hello-reset" TlsReset Tcp(443) Https
    "tcp-intercepted" TransparentProxy Tcp(9000) Everything
    "sni-close" SniClose Everything Https
    "sni-reset" SniReset Everything Https
    "sni-drop" SniDrop Everything Https
    "sni-alert" SniAlert Everything Https
    "tls-inspected" TlsInspected Everything Https
    "tls-plain-text" PlainText Tcp(443) Https
    "tls-silent" Silent Tcp(443) Https
    "tls-drip" TlsDrip Everything Https
    "tls-header-flood" TlsHeaderFlood Everything Https
    "certificate-expired" CertificateExpired Everything Https
    "certificate-not-yet-valid" CertificateNotYetValid Everything Https
    "certificate-wrong-name" CertificateWrongName Everything Https
    "http-470" Http470 Everything Http
    "http-302" BlockPage Everything Http
    "http-403-proxy" Http403Proxy Everything Http
    "http-511" Portal Everything Http
    "http-drip" HttpDrip Everything Http
    "http-header-flood" HttpHeaderFlood Everything Http
    "proxy-403" ProxyDenies Everything Proxy
    "proxy-407" ProxyAsks Everything Proxy
    "proxy-refused" ProxyRefused Everything Proxy
    "proxy-dropped" ProxyDropped Everything Proxy
    "proxy-silent" ProxySilent Everything Proxy
    "dns-nxdomain" Nxdomain Everything Https
    "dns-nodata" DnsNodata Everything Https
    "dns-servfail" DnsServfail Everything Https
    "dns-refused" DnsRefused Everything Https
    "dns-timeout" DnsTimeout Everything Https
    "dns-wrong-id" DnsWrongId Everything Https
    "dns-truncated" DnsTruncated Everything Https
    "dns-aaaa-timeout" DnsAaaaTimeout Everything Https
    "dns-unspecified" SinkholeUnspecified Everything Https
    "dns-loopback" SinkholeLoopback Everything Https
    "dns-private" SinkholePrivate Everything Https
    "dns-tcp-blocked" Drop Tcp(53) Nameserver
    "ntp-dropped" Drop Udp(123) Ntp
    "ntp-refused" Refused Udp(123) Ntp
    "ntp-kiss" NtpKiss Everything Ntp
    "ntp-stratum-16" NtpStratum16 Everything Ntp
    "ntp-leap-alarm" NtpLeapAlarm Everything Ntp
    "ntp-wrong-origin" NtpWrongOrigin Everything Ntp
    "ntp-truncated" NtpTruncated Everything Ntp
    "ntp-other-address" NtpOtherAddress Everything Ntp
    "ssh-http" PlainText Tcp(22) Ssh
    "ssh-silent" Silent Tcp(22) Ssh
    "ssh-closed" CloseAfterAccept Tcp(22) Ssh
}

impl Named {
    pub fn find(name: &str) -> Result<Self> {
        let mut all = NAMED.into_iter();
        let found = all.find(|named| named.name == name);
        found.with_context(|| format!("there is no fault {name:?}; `egress-lab faults` lists them"))
    }

    /// A host of this lab on which the fault shows.
    pub fn usual_host(self, directory: &Directory) -> Result<String> {
        let (preferred, kind, wanted): (_, _, fn(&Service) -> bool) = match self.on {
            On::Https => ("mcr.microsoft.com", "HTTPS", |service| {
                matches!(service, Service::Https { .. })
            }),
            On::Http => ("security.ubuntu.com", "HTTP", |service| {
                matches!(service, Service::Http { .. })
            }),
            On::Ssh => ("", "SSH (the edition 2020-01 has some)", |service| {
                matches!(service, Service::Ssh { .. })
            }),
            On::Ntp => ("ntp.ubuntu.com", "NTP", |service| *service == Service::Ntp),
            On::Nameserver => return Ok("nameserver".to_owned()),
            On::Proxy => return Ok("proxy".to_owned()),
            On::Everything => return Ok(ANYWHERE.to_owned()),
        };
        let has = |site: &&Site| site.has_name() && site.spec.services.iter().any(wanted);
        let mut sites: Vec<_> = directory.sites.iter().filter(has).collect();
        sites.sort_by_key(|site| site.spec.name != preferred);
        let site = sites.first();
        let site = site.with_context(|| format!("this lab has no host with {kind}"))?;
        Ok(site.spec.name.clone())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::spec::{HostSpec, LabSpec};

    #[test]
    fn every_name_is_found_once() {
        let names: BTreeSet<_> = NAMED.iter().map(|named| named.name).collect();
        assert_eq!(names.len(), NAMED.len());
        assert_eq!(Named::find("ntp-kiss").unwrap().fault, Fault::NtpKiss);
        let unknown = Named::find("bad-luck").unwrap_err().to_string();
        assert!(
            unknown.contains("there is no fault \"bad-luck\""),
            "{unknown}"
        );
    }

    #[test]
    fn a_fault_shows_on_a_host_with_the_service() {
        let hosts = ["a.example", "mcr.microsoft.com"].map(|name| HostSpec::new(name).https());
        let directory = Directory::new(&LabSpec::of(hosts)).unwrap();
        let host = |name| Named::find(name).unwrap().usual_host(&directory);
        assert_eq!(host("sni-reset").unwrap(), "mcr.microsoft.com");
        assert_eq!(host("proxy-407").unwrap(), "proxy");
        assert!(host("ntp-kiss").unwrap_err().to_string().contains("NTP"));
    }

    #[test]
    fn every_name_can_be_laid_where_it_shows() {
        let host = HostSpec::new("a.example").https().http().ssh();
        let hosts = [host, HostSpec::new("time.example").ntp()];
        let directory = Directory::new(&LabSpec::of(hosts)).unwrap();
        for named in NAMED {
            let standing = crate::fault::Standing {
                host: named.usual_host(&directory).unwrap(),
                scope: named.scope,
                fault: named.fault,
            };
            standing.check(&directory, true).unwrap();
        }
    }
}
