//! Which faults make sense where; what does not is refused with a sentence.

use anyhow::{Result, bail, ensure};

use super::{ANYWHERE, Fault, Place, Scope, Standing};
use crate::directory::{Directory, Target};
use crate::spec::Service;

/// What stands for the explicit proxy.
const PROXY: &str = "proxy";

impl Standing {
    pub(crate) fn check(&self, directory: &Directory, middleboxes: bool) -> Result<()> {
        let Self { host, fault, .. } = self;
        let target = directory.target(host)?;
        let place = fault.place();
        ensure!(
            middleboxes || !matches!(place, Place::Middlebox | Place::Proxy),
            "{fault} needs a lab with middleboxes"
        );
        ensure!(
            (place == Place::Proxy) == (host == PROXY),
            "{fault} on {host}: faults of the proxy, and no others, are laid upon `{PROXY}`"
        );
        ensure!(
            host != ANYWHERE
                || place == Place::Firewall && !fault.is_by_name()
                || *fault == Fault::TransparentProxy,
            "{fault} is laid upon one host, not upon {ANYWHERE}"
        );
        ensure!(
            !fault.is_by_name() || target.site.is_some(),
            "{fault} looks for a host's name; {host} has none"
        );
        if place == Place::Names {
            self.check_name(&target)?;
        }
        self.check_carrier(&target)
    }

    fn check_name(&self, target: &Target<'_>) -> Result<()> {
        let Self { host, scope, fault } = self;
        let named = target.site;
        ensure!(
            named.is_some_and(|site| site.spec.name == *host && site.has_name()),
            "{fault} is for names, and {host} is none of the lab's"
        );
        ensure!(
            *scope == Scope::Everything,
            "{fault} is for a name, not for a port"
        );
        Ok(())
    }

    fn check_carrier(&self, target: &Target<'_>) -> Result<()> {
        let Self { host, scope, fault } = self;
        let services = target.site.map_or(&[][..], |site| &site.spec.services);
        let all = |wanted: fn(&Service) -> bool| {
            *scope == Scope::Everything && !services.is_empty() && services.iter().all(wanted)
        };
        if fault.is_tcp_only() && (matches!(scope, Scope::Udp(_)) || all(Service::is_udp)) {
            bail!("{fault} is for TCP, and there is only UDP on {host} ({scope})");
        }
        let is_tcp = |service: &Service| !service.is_udp();
        if fault.is_udp_only() && (matches!(scope, Scope::Tcp(_)) || all(is_tcp)) {
            bail!("{fault} is for UDP, and there is only TCP on {host} ({scope})");
        }
        Ok(())
    }
}
