//! The command line.

use std::path::PathBuf;

use clap::Parser;

/// Publishes an approved bundle to several platforms through an MCP server, exactly once, and proves it.
#[derive(Debug, Parser)]
#[command(name = "publish")]
pub(crate) struct Args {
    /// The bundle to publish.
    #[arg(default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/data/campaign.json"))]
    pub(crate) campaign: PathBuf,
    /// The SQLite file; the sandbox keeps its own record beside it. Default: a new file in the temporary folder.
    #[arg(long, value_name = "PATH")]
    pub(crate) db: Option<PathBuf>,
    /// Answer the reviewer's question with yes.
    #[arg(long)]
    pub(crate) yes: bool,
    /// Print one line of JSON and nothing else.
    #[arg(long)]
    pub(crate) json: bool,
    /// Leave `ledger.jsonl` and `log.pub` in this folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) export: Option<PathBuf>,
    /// Abort the process at its N-th port call, counted from 1, before and after each call.
    #[arg(long, value_name = "N")]
    pub(crate) crash_at: Option<usize>,
    /// Be the sandbox, with this configuration.
    #[arg(long, hide = true, value_name = "JSON")]
    pub(crate) as_sandbox: Option<String>,
}
