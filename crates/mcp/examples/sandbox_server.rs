//! The server that the tests of this crate call: the sandbox, and two ways of failing at the start.
//!
//! `serve RECORD CONFIG` serves; `environment` prints what it was given to standard error and exits with 3; `silent`
//! reads its input and never answers.

use std::{
    error::Error,
    io::{Read, Write},
};

use chimera_sandbox::{SandboxConfig, serve_stdio};

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["serve", record, config] => serve(SandboxConfig::from_json(config)?.with_record(record)),
        ["environment"] => {
            for (name, value) in std::env::vars() {
                writeln!(std::io::stderr(), "{name}={value}")?;
            }
            std::process::exit(3)
        }
        ["silent"] => {
            writeln!(std::io::stderr(), "thinking")?;
            std::io::stdin().read_to_end(&mut Vec::new())?;
            Ok(())
        }
        _ => Err("use: serve RECORD CONFIG | environment | silent".into()),
    }
}

fn serve(config: SandboxConfig) -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let served = runtime.block_on(serve_stdio(config));
    // A read of standard input may still be waiting; it must not keep the process.
    runtime.shutdown_background();
    Ok(served?)
}
