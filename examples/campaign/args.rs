//! The command line.

use std::path::PathBuf;

use chimera_examples::options::Options;
use clap::Parser;

/// Runs a campaign from the first proposal to the last like, each in public only as far as somebody allowed it, and proves
/// it.
#[derive(Debug, Parser)]
#[command(name = "campaign")]
pub(crate) struct Args {
    /// The campaign to run. Default: `examples/data/launch.json` of the checkout.
    #[arg(hide_default_value = true, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/data/launch.json"))]
    pub(crate) campaign: PathBuf,
    #[command(flatten)]
    pub(crate) options: Options,
}
