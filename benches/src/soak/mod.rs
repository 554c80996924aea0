//! stub
#[derive(clap::Args)]
pub(crate) struct SoakArguments {}
pub(crate) fn run(_: &SoakArguments) -> anyhow::Result<()> { Ok(()) }
