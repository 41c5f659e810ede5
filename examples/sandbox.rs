//! The sandbox: this very program in another role, and what its own record says.

use std::path::Path;
use std::time::Duration;

use chimera::contracts::PlatformName;
use chimera::mcp::ServerCommand;
use chimera_sandbox::{Fault, FaultRule, Keys, Platform, Record, SandboxConfig};

use crate::Failure;

/// The handle under which the sandbox acts.
pub const ACCOUNT: &str = "chimera_agent";

/// What is public, counted in the sandbox's own record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Public {
    /// Posts.
    pub posts: usize,
    /// Comments, likes, follows and shares.
    pub engagements: usize,
    /// Acts beyond the first of their kind, which should not have been.
    pub duplicates: usize,
}

/// A sandbox that rate-limits Instagram's first post, and honours keys on X alone: that is what its profile counts on, and
/// elsewhere a call that is made twice shows.
#[must_use]
pub fn config() -> SandboxConfig {
    let mut config = SandboxConfig::default().with_keys(Keys::enforced_on([Platform::Twitter]));
    let rate_limit = Fault::RateLimit { retry_after_seconds: 1 };
    config.faults.push(FaultRule::new(Platform::Instagram, rate_limit).times(1));
    config
}

/// How this program is started as a sandbox.
pub(crate) fn command(config: &SandboxConfig) -> Result<ServerCommand, Failure> {
    let command = ServerCommand::new("sandbox", std::env::current_exe()?).arg("--as-sandbox");
    // A lost answer of the sandbox never comes; nobody wants to wait a minute for it.
    Ok(command.arg(config.to_json()?).grace(Duration::from_secs(1)))
}

/// Counts a record; nothing where there is none yet.
pub(crate) fn count(record: &Path) -> Result<Public, Failure> {
    if !record.exists() {
        return Ok(Public::default());
    }
    let record = Record::open(record)?;
    Ok(Public {
        posts: record.posts().len(),
        engagements: record.engagements(),
        duplicates: record.duplicates().len(),
    })
}

/// The id of the comment with this text, where there is one.
pub(crate) fn public_id(
    record: &Path,
    platform: PlatformName,
    target: Option<&str>,
    text: &str,
) -> Result<Option<String>, Failure> {
    let record = Record::open(record)?;
    let shown = record.comments().into_iter().find(|comment| {
        comment.platform.to_string() == platform.as_str()
            && Some(comment.target.as_str()) == target
            && comment.text.as_deref() == Some(text)
    });
    Ok(shown.and_then(|comment| comment.id))
}
