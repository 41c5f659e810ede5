//! The options that every example takes.

use std::path::PathBuf;

use clap::Args;

/// What the person who starts an example can ask for.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// The SQLite file; the sandbox keeps its own record beside it. Default: a new file in the temporary folder.
    #[arg(long, value_name = "PATH")]
    pub db: Option<PathBuf>,
    /// Answer the reviewer's questions with yes.
    #[arg(long)]
    pub yes: bool,
    /// Print one line of JSON and nothing else.
    #[arg(long)]
    pub json: bool,
    /// Leave `ledger.jsonl` and `log.pub` in this folder.
    #[arg(long, value_name = "DIR")]
    pub export: Option<PathBuf>,
    /// Abort the process at its N-th port call, counted from 1, before and after each call.
    #[arg(long, value_name = "N")]
    pub crash_at: Option<usize>,
    /// Be the sandbox, with this configuration.
    #[arg(long, hide = true, value_name = "JSON")]
    pub as_sandbox: Option<String>,
}
