//! What crosses the node's interface.

use std::ops::{Add, Mul};

use serde::Serialize;

/// Packets and bytes of IP, headers included, and what they are for.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Cost {
    /// TCP connections, those to nameservers and to the control address included.
    pub connections: f64,
    /// Questions to nameservers over UDP.
    pub dns_queries: f64,
    /// From the node.
    pub packets_out: f64,
    /// To the node.
    pub packets_in: f64,
    /// From the node.
    pub bytes_out: f64,
    /// To the node.
    pub bytes_in: f64,
}

impl Cost {
    /// `out` and `back`: packets and bytes.
    pub(super) const fn new(
        connections: f64,
        dns_queries: f64,
        out: (f64, f64),
        back: (f64, f64),
    ) -> Self {
        Self {
            connections,
            dns_queries,
            packets_out: out.0,
            packets_in: back.0,
            bytes_out: out.1,
            bytes_in: back.1,
        }
    }
}

impl Add for Cost {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            connections: self.connections + other.connections,
            dns_queries: self.dns_queries + other.dns_queries,
            packets_out: self.packets_out + other.packets_out,
            packets_in: self.packets_in + other.packets_in,
            bytes_out: self.bytes_out + other.bytes_out,
            bytes_in: self.bytes_in + other.bytes_in,
        }
    }
}

impl Mul<f64> for Cost {
    type Output = Self;

    fn mul(self, times: f64) -> Self {
        Self {
            connections: self.connections * times,
            dns_queries: self.dns_queries * times,
            packets_out: self.packets_out * times,
            packets_in: self.packets_in * times,
            bytes_out: self.bytes_out * times,
            bytes_in: self.bytes_in * times,
        }
    }
}
