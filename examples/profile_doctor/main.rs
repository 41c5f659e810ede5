//! Shows whether a tool profile fits the MCP server that it is for, or drafts one for a server that has none.
//!
//! `cargo run --example profile_doctor -- --profile my-server.toml --env API_TOKEN -- my-mcp-server --stdio` calls nothing but
//! tools that read. All it tells comes from `chimera::platform::doctor`, which a host can use as well.

mod args;

use std::collections::BTreeSet;
use std::fmt::Display;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use chimera::contracts::{Clock, PlatformName};
use chimera::mcp::{ServerCommand, StdioServer, TokioClock};
use chimera::platform::doctor::{Doctor, NoAccount, suggest};
use chimera::platform::{Binding, PlatformProfile, Profile, ToolClient};
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

/// A profile, and how it was given.
struct Given {
    profile: Profile,
    /// What it was read from; empty for a built-in one, in which nothing is open.
    text: String,
    /// Its name, where it is a built-in one.
    built_in: Option<String>,
}

/// Whether all that reading can show fits, and nothing is open.
async fn run(args: &Args) -> Result<bool, Failure> {
    let clock: Arc<dyn Clock> = Arc::new(TokioClock);
    let given = args.profile.as_deref().map(read).transpose()?;
    let command = match &given {
        Some(given) => {
            check(args, &given.profile)?;
            command(args)?.answer_limit(given.profile.answer_limit())
        }
        None => command(args)?,
    };
    let server = Arc::new(StdioServer::new(command, Arc::clone(&clock)));
    let told = match &given {
        Some(given) => Ok(examine(args, given, &server, &clock).await),
        None => draft(args, &server, clock.as_ref()).await,
    };
    server.close().await;
    told
}

/// Whether the profile has what the command line names.
fn check(args: &Args, profile: &Profile) -> Result<(), Failure> {
    if let Some(platform) = args.platform.filter(|platform| profile.platform(*platform).is_none()) {
        let all = profile.platforms().map(|one| one.platform().to_string());
        return Err(format!("this profile has no `{platform}`: it has {}", quoted(all)).into());
    }
    let examined = profile.platforms().filter(|one| is_examined(args, one.platform()));
    let settings: BTreeSet<&str> =
        examined.flat_map(PlatformProfile::settings).map(|(name, _)| name).collect();
    let mut given = args.setting.iter().chain(&args.secret_setting).map(|(name, _)| name.as_str());
    match given.find(|name| !settings.contains(name)) {
        None => Ok(()),
        Some(name) if settings.is_empty() => {
            Err(format!("this profile has no setting `{name}`: it asks for none").into())
        }
        Some(name) => {
            let all = settings.into_iter().map(str::to_owned);
            Err(format!("this profile has no setting `{name}`: it has {}", quoted(all)).into())
        }
    }
}

fn is_examined(args: &Args, platform: PlatformName) -> bool {
    args.platform.is_none_or(|wanted| wanted == platform)
}

fn quoted(names: impl Iterator<Item = String>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

async fn examine(args: &Args, given: &Given, server: &Arc<StdioServer>, clock: &Arc<dyn Clock>) -> bool {
    let client: Arc<dyn ToolClient> = Arc::<StdioServer>::clone(server);
    let bindings = Binding::all(&given.profile, &client).into_iter();
    let bindings = bindings.filter(|binding| is_examined(args, binding.platform())).map(|binding| {
        // The server's names are those of one account: a binding for all of them would not take any.
        let binding = args.account.iter().fold(binding, |binding, account| binding.account(account));
        let binding =
            args.named_by_server.iter().fold(binding, |binding, name| binding.named_by_server(name));
        let binding =
            args.setting.iter().fold(binding, |binding, (name, value)| binding.setting(name, value));
        let secret = args.secret_setting.iter();
        secret.fold(binding, |binding, (name, value)| binding.secret_setting(name, value))
    });
    let doctor = Doctor::new(bindings, Arc::clone(clock)).written_as(&given.text);
    let doctor = given.built_in.iter().fold(doctor, |doctor, name| doctor.built_in(name));
    let doctor = args.target.iter().fold(doctor, |doctor, (kind, id)| doctor.target(*kind, id));
    let account = match &args.account {
        Some(account) => account.clone(),
        None => doctor.account().await.unwrap_or_else(|why| {
            let fix = match why {
                NoAccount::NoServer => "",
                _ => "; give one with --account",
            };
            say(format_args!("{why}, so that the account is called `unknown` here{fix}\n"));
            "unknown".to_owned()
        }),
    };
    let diagnosis = doctor.examine(&account).await;
    say(&diagnosis);
    diagnosis.verdict().is_fit_as_read()
}

async fn draft(args: &Args, server: &StdioServer, clock: &dyn Clock) -> Result<bool, Failure> {
    let now = clock.now();
    let tools = server.tools(now.checked_add_signed(START).unwrap_or(now)).await?;
    say(suggest(server.server(), &tools, args.platform)?);
    Ok(true)
}

/// Prints a line. A reader that has gone (`| head`) is no fault.
fn say(line: impl Display) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// A profile from a file, or a built-in one by its name.
fn read(profile: &str) -> Result<Given, Failure> {
    if !Path::new(profile).exists() {
        if profile.contains(['/', '\\']) || profile.ends_with(".toml") || profile.ends_with(".json") {
            let all = quoted(Profile::names().map(str::to_owned));
            return Err(format!("there is no file `{profile}`; the built-in profiles are {all}").into());
        }
        let built_in = Some(profile.to_owned());
        return Ok(Given { profile: Profile::named(profile)?, text: String::new(), built_in });
    }
    let text =
        std::fs::read_to_string(profile).map_err(|error| format!("`{profile}` cannot be read: {error}"))?;
    Ok(Given { profile: Profile::parse(&text)?, text, built_in: None })
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
