//! egress-probe.
