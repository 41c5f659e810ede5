//! The two roles of an example: itself, and the MCP server that it starts as a child process.

use std::process::ExitCode;

use chimera_sandbox::SandboxConfig;

use crate::Failure;
use crate::options::Options;
use crate::screen;

/// Runs the program in the role that its options name. `example` says whether everything came out as asked for.
pub async fn play(options: &Options, example: impl Future<Output = Result<bool, Failure>>) -> ExitCode {
    let result = match &options.as_sandbox {
        Some(config) => be_sandbox(config).await,
        None => example.await,
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        // Told in full on the way; something is not public.
        Ok(false) => ExitCode::from(2),
        Err(error) => {
            screen::error(&*error);
            ExitCode::FAILURE
        }
    }
}

async fn be_sandbox(config: &str) -> Result<bool, Failure> {
    chimera_sandbox::serve_stdio(SandboxConfig::from_json(config)?).await?;
    Ok(true)
}
