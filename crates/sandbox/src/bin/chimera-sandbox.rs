//! The sandbox as a program: a stand-in for social platforms on standard input and output.

use std::{error::Error, io::Write, path::PathBuf, process::ExitCode};

use chimera_sandbox::{Keys, SandboxConfig, serve_stdio};
use clap::Parser;

/// An MCP server that behaves like the social platforms, faults included. Nothing leaves this machine.
#[derive(Debug, Parser)]
#[command(version)]
struct Options {
    /// The file that holds what happened; created when missing, shared with other sandboxes
    #[arg(long, value_name = "PATH")]
    record: PathBuf,
    /// How to behave, as JSON, or as @ and the path of a file that holds it
    #[arg(long, value_name = "JSON-or-@FILE", default_value = "{}")]
    config: String,
    /// Which platforms honour `idempotency_key`: `enforced` (all of them, the default), `advisory` (none: a key is noted
    /// and the call acts again), or names with commas between them; goes before what the configuration says
    #[arg(long, value_name = "WORD-or-PLATFORMS")]
    keys: Option<Keys>,
}

fn main() -> ExitCode {
    match run(Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Standard output belongs to the protocol. When standard error is closed there is nobody left to tell.
            let mut text = format!("chimera-sandbox: {error}");
            let mut source = error.source();
            while let Some(cause) = source {
                text = format!("{text}: {cause}");
                source = cause.source();
            }
            let _ = writeln!(std::io::stderr(), "{text}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: Options) -> Result<(), Box<dyn Error>> {
    let text = match options.config.strip_prefix('@') {
        Some(path) => std::fs::read_to_string(path)
            .map_err(|error| format!("cannot read the configuration `{path}`: {error}"))?,
        None => options.config,
    };
    let mut config = SandboxConfig::from_json(&text)?.with_record(options.record);
    config.keys = options.keys.unwrap_or(config.keys);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let served = runtime.block_on(serve_stdio(config));
    // A read of standard input may still be waiting; it must not keep the process.
    runtime.shutdown_background();
    Ok(served?)
}
