//! web_config.
