//! The command line.

use std::path::PathBuf;

use chimera::contracts::PlatformName;
use chimera::platform::TargetKind;
use clap::Parser;

/// Examines a tool profile against the MCP server that it is for. Nothing is published: only tools that read are called.
///
/// The server's environment is PATH and HOME and what `--env` and `--secret-env` name. The exit code is 0 where the profile
/// fits as far as reading shows, and 1 where something has to be mended or a line of the profile says `to do:`.
#[derive(Debug, Parser)]
#[command(name = "profile_doctor")]
pub(crate) struct Args {
    /// The profile: a file of TOML or JSON, or the name of a built-in one.
    #[arg(long, value_name = "FILE|NAME", required_unless_present = "suggest")]
    pub(crate) profile: Option<String>,
    /// Draft a profile from the tools that the server lists, on standard output, and call none of them.
    #[arg(long, conflicts_with = "profile")]
    pub(crate) suggest: bool,
    /// The platform of the draft, or the only one of the profile to examine.
    #[arg(long)]
    pub(crate) platform: Option<PlatformName>,
    /// The account, as the host's requests name it. Default: what `whoami` tells.
    #[arg(long)]
    pub(crate) account: Option<String>,
    /// A name that the server has for the account of `--account`: a number, a URN. The first one is what the tools are given.
    #[arg(long, value_name = "NAME", requires = "account")]
    pub(crate) named_by_server: Vec<String>,
    /// A setting of the profile.
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    pub(crate) setting: Vec<(String, String)>,
    /// A setting that is shown nowhere.
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    pub(crate) secret_setting: Vec<(String, String)>,
    /// What to ask reading tools about: `post=ID`, `comment=ID` or `user=NAME`. Default for a post: the first listed one.
    #[arg(long, value_name = "KIND=ID", value_parser = target)]
    pub(crate) target: Vec<(TargetKind, String)>,
    /// A variable of the server's environment; without a value it is taken from the environment of this program.
    #[arg(long, value_name = "NAME[=VALUE]", value_parser = variable)]
    pub(crate) env: Vec<(String, String)>,
    /// The same for a value that is shown nowhere, whatever its name says.
    #[arg(long, value_name = "NAME[=VALUE]", value_parser = variable)]
    pub(crate) secret_env: Vec<(String, String)>,
    /// Where the server starts.
    #[arg(long, value_name = "DIR")]
    pub(crate) cwd: Option<PathBuf>,
    /// The server: a program and its arguments.
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub(crate) command: Vec<String>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected is NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// A variable with its value. One that is named alone is taken from here, so that a secret stands on no command line.
fn variable(text: &str) -> Result<(String, String), String> {
    if text.contains('=') {
        return pair(text);
    }
    match std::env::var(text) {
        Ok(value) => Ok((text.to_owned(), value)),
        Err(_) => Err("no such variable is set here, and no value is given (NAME=VALUE)".to_owned()),
    }
}

fn target(text: &str) -> Result<(TargetKind, String), String> {
    let (kind, id) = pair(text)?;
    let kinds = [TargetKind::Post, TargetKind::Comment, TargetKind::User];
    let kind = kinds.into_iter().find(|known| known.as_str() == kind);
    Ok((kind.ok_or("expected is `post`, `comment` or `user` before the `=`")?, id))
}
