//! Shows whether a tool profile fits the MCP server that it is for, or drafts one for a server that has none.
//!
//! `cargo run --example profile_doctor -- --profile my-server.toml --env API_TOKEN=… -- my-mcp-server --stdio` calls nothing but
//! tools that read. All it tells comes from `chimera::platform::doctor`, which a host can use as well.

#![expect(clippy::print_stdout, reason = "a command line program talks to its user")]

mod args;

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use chimera::contracts::Clock;
use chimera::mcp::{ServerCommand, StdioServer, TokioClock};
use chimera::platform::doctor::{Doctor, suggest};
use chimera::platform::{Binding, Profile, ToolClient};
use chimera_examples::{Failure, screen};
use chrono::TimeDelta;
use clap::Parser;

use crate::args::Args;

/// How long the server may take to start and to list its tools.
const START: TimeDelta = TimeDelta::seconds(30);

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    match run(&args).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            screen::error(&*error);
            ExitCode::FAILURE
        }
    }
}

/// Whether all that reading can show fits, and nothing is open.
async fn run(args: &Args) -> Result<bool, Failure> {
    let clock: Arc<dyn Clock> = Arc::new(TokioClock);
    let read = args.profile.as_deref().map(read).transpose()?;
    let command = match &read {
        Some((profile, _)) => command(args)?.answer_limit(profile.answer_limit()),
        None => command(args)?,
    };
    let server = Arc::new(StdioServer::new(command, Arc::clone(&clock)));
    let told = match &read {
        Some((profile, text)) => examine(args, profile, text, &server, &clock).await,
        None => draft(args, &server, clock.as_ref()).await,
    };
    server.close().await;
    told
}

async fn examine(
    args: &Args,
    profile: &Profile,
    text: &str,
    server: &Arc<StdioServer>,
    clock: &Arc<dyn Clock>,
) -> Result<bool, Failure> {
    let client: Arc<dyn ToolClient> = Arc::<StdioServer>::clone(server);
    let wanted = |binding: &Binding| args.platform.is_none_or(|platform| platform == binding.platform());
    let bindings = Binding::all(profile, &client).into_iter().filter(wanted).map(|binding| {
        let binding =
            args.named_by_server.iter().fold(binding, |binding, name| binding.named_by_server(name));
        let binding =
            args.setting.iter().fold(binding, |binding, (name, value)| binding.setting(name, value));
        let secret = args.secret_setting.iter();
        secret.fold(binding, |binding, (name, value)| binding.secret_setting(name, value))
    });
    let doctor = Doctor::new(bindings, Arc::clone(clock)).written_as(text);
    let doctor = args.target.iter().fold(doctor, |doctor, (kind, id)| doctor.target(*kind, id));
    let account = match &args.account {
        Some(account) => account.clone(),
        None => match doctor.account().await {
            Some(account) => account,
            None => {
                println!(
                    "`whoami` tells no account, so that it is called `unknown` here; give one with --account\n"
                );
                "unknown".to_owned()
            }
        },
    };
    let diagnosis = doctor.examine(&account).await;
    println!("{diagnosis}");
    Ok(diagnosis.verdict().is_fit_as_read())
}

async fn draft(args: &Args, server: &StdioServer, clock: &dyn Clock) -> Result<bool, Failure> {
    let now = clock.now();
    let tools = server.tools(now.checked_add_signed(START).unwrap_or(now)).await?;
    println!("{}", suggest(server.server(), &tools, args.platform)?);
    Ok(true)
}

/// A profile from a file with its text, or a built-in one by its name, in which nothing is open.
fn read(profile: &str) -> Result<(Profile, String), Failure> {
    if !Path::new(profile).exists() && !profile.contains(['/', '\\']) && !profile.ends_with(".toml") {
        return Ok((Profile::named(profile)?, String::new()));
    }
    let text =
        std::fs::read_to_string(profile).map_err(|error| format!("`{profile}` cannot be read: {error}"))?;
    Ok((Profile::parse(&text)?, text))
}

fn command(args: &Args) -> Result<ServerCommand, Failure> {
    let (program, rest) = args.command.split_first().ok_or("no command is given")?;
    let name = Path::new(program)
        .file_stem()
        .map_or_else(|| program.clone(), |name| name.to_string_lossy().into_owned());
    let command = ServerCommand::new(name, program).inherit(["PATH", "HOME", "SystemRoot"]);
    let command = rest.iter().fold(command, ServerCommand::arg);
    let command = args.env.iter().fold(command, |command, (name, value)| command.env(name, value));
    let secret = args.secret_env.iter();
    let command = secret.fold(command, |command, (name, value)| command.secret_env(name, value));
    Ok(match &args.cwd {
        Some(cwd) => command.cwd(cwd),
        None => command,
    })
}
