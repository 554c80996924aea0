//! Shipped.
