//! Whom a fault strikes, and how often.

use serde::{Deserialize, Serialize};

use super::{Fault, Mark};
use crate::{error::SandboxError, platform::Platform, tools::ToolName};

/// A fault, whom it strikes and how often. The first rule that is live for a call strikes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultRule {
    /// The platform it strikes on.
    pub platform: Platform,
    /// The tool it strikes. Without one: the platform's posting tool only, so that look-ups still tell the truth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<ToolName>,
    /// The account whose calls it strikes; without one: everybody's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The target at which it strikes, or the id that is looked up; without one: at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// What goes wrong.
    pub fault: Fault,
    /// How many calls are struck. Without a number: always, except that a [`Fault::RateLimit`] ends with its own
    /// `retry_after_seconds` unless [`for_seconds`](Self::for_seconds) says otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    /// Ends the rule this long after its first strike.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_seconds: Option<u64>,
}

impl FaultRule {
    /// A rule for the posting tool of a platform that always strikes.
    #[must_use]
    pub fn new(platform: Platform, fault: Fault) -> Self {
        Self { platform, tool: None, account: None, target: None, fault, times: None, for_seconds: None }
    }

    /// Strikes that many calls and no more.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// Strikes another tool than the posting one.
    #[must_use]
    pub fn on(mut self, tool: ToolName) -> Self {
        self.tool = Some(tool);
        self
    }

    /// Strikes the calls of one account.
    #[must_use]
    pub fn by(mut self, account: impl Into<String>) -> Self {
        self.account = Some(account.into());
        self
    }

    /// Strikes calls about one target.
    #[must_use]
    pub fn at(mut self, target: impl Into<String>) -> Self {
        self.target = Some(target.into());
        self
    }

    /// The tool it strikes.
    pub(super) fn struck_tool(&self) -> ToolName {
        self.tool.unwrap_or_else(|| self.platform.post_tool())
    }

    /// How long the rule lives after its first strike.
    pub(super) fn window(&self) -> Option<u64> {
        match (&self.fault, self.times, self.for_seconds) {
            (_, _, Some(seconds)) => Some(seconds),
            (Fault::RateLimit { retry_after_seconds }, None, None) => Some(*retry_after_seconds),
            _ => None,
        }
    }

    /// Whether it is about such a call.
    pub(super) fn fits(&self, mark: &Mark<'_>) -> bool {
        let fits = |wanted: &Option<String>, found: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| found == Some(wanted))
        };
        self.platform == mark.platform
            && self.struck_tool() == mark.tool
            && fits(&self.account, mark.account)
            && fits(&self.target, mark.target)
    }

    /// Refuses rules that could never strike or never mean anything.
    pub(super) fn check(&self) -> Result<(), SandboxError> {
        let (tool, platform) = (self.struck_tool().spec(), self.platform);
        let refused = |reason: String| Err(SandboxError::config(reason));
        if self.times == Some(0) {
            return refused("a fault with `times` 0 never strikes".to_owned());
        }
        if !tool.platforms.contains(&platform) {
            return refused(format!("a fault on `{platform}` never strikes `{}`", tool.name));
        }
        if self.account.is_some() && !tool.takes_account() {
            return refused(format!("`{}` has no `account` to strike by", tool.name));
        }
        if self.target.is_some() && !tool.takes_target() {
            return refused(format!("`{}` has no `target` to strike at", tool.name));
        }
        match self.fault {
            Fault::ServerError { status } | Fault::ServerErrorAfterPosting { status }
                if !(500..=599).contains(&status) =>
            {
                refused(format!("`{status}` is no server error; use 500 to 599"))
            }
            Fault::DraftOnly if !tool.acts() => {
                refused(format!("`draft_only` means nothing for `{}`", tool.name))
            }
            _ => Ok(()),
        }
    }
}
