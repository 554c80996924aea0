//! Many agents put together, from reports and from samples.
