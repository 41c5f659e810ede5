//! The command line.

use std::path::PathBuf;

use chimera_examples::options::Options;
use clap::Parser;

/// Publishes an approved bundle to several platforms through an MCP server, exactly once, and proves it.
#[derive(Debug, Parser)]
#[command(name = "publish")]
pub(crate) struct Args {
    /// The bundle to publish. Default: `examples/data/campaign.json` of the checkout.
    #[arg(hide_default_value = true, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/data/campaign.json"))]
    pub(crate) campaign: PathBuf,
    #[command(flatten)]
    pub(crate) options: Options,
}
