//! TLS handshakes whose certificates are kept and judged: by public roots first, then by CAs that were given.

mod certificate;
mod classify;
mod files;
mod handshake;
mod hello;
mod trust;
mod verifier;

pub(super) use certificate::described;
pub(super) use classify::{rustls_error, session_error};
pub use files::TrustError;
pub(super) use handshake::{Alpn, Hello, Session, echoed, handshake};
pub(crate) use hello::{Padding, client_hello};
pub use trust::{TlsTrust, TrustConfig};
