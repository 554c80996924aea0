//! stub
use std::path::Path;
pub(crate) fn run(_: &Path, _: bool) -> anyhow::Result<String> { anyhow::bail!("stub") }
