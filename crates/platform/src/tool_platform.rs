//! [`ToolPlatform`]: the `Platform` port of the kernel and the port of targets, over profiles and MCP tools.

mod act;
mod arguments;
mod binding;
mod fit;
mod late;
mod look;
mod media;
mod port;
mod prepare;
mod session;
mod targets;
#[cfg(test)]
mod tests;
mod upload;

use std::collections::BTreeSet;
use std::sync::Arc;

use chimera_contracts::{Clock, ErrorCode, PlatformName};
use chimera_effect::{AccountRef, EffectKind, NotReady};
use chrono::{DateTime, TimeDelta, Utc};

pub use self::binding::Binding;
use self::late::LostCalls;
use crate::find::is_same_handle;
use crate::media::{MediaFiles, MediaProbe};
use crate::profile::ActTool;

/// How much of why a server does not start is told: the end of its stderr is within.
const REASON: usize = 2_000;

/// How long a server may take to start and to list its tools: real ones take up to 12 seconds (mcp.md, 8).
const START: TimeDelta = TimeDelta::seconds(30);

/// The name of a call that asks something and makes nothing public; no late answer is read by it.
const QUESTION: &str = "question";

/// The outside world through MCP tools.
///
/// Between calls it keeps only which calls were lost, so that a late answer can be read; a restart forgets them, and what is
/// unknown is looked up all the same. The tools that a kind of effect needs are checked
/// against the profile in `ready` and again before every act, which costs no call where the client remembers its list.
#[derive(Clone, Debug)]
pub struct ToolPlatform {
    bindings: Vec<Binding>,
    media: Arc<dyn MediaProbe>,
    files: Option<Arc<dyn MediaFiles>>,
    clock: Arc<dyn Clock>,
    lost: Arc<LostCalls>,
}

impl ToolPlatform {
    /// The world that these servers reach. Of two bindings for one account the later one counts; one for every account of a
    /// platform serves those that have none of their own.
    #[must_use]
    pub fn new(
        bindings: impl IntoIterator<Item = Binding>,
        media: Arc<dyn MediaProbe>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let mut kept: Vec<Binding> = Vec::new();
        for mut binding in bindings {
            // What is known of a server is known to all that share it.
            if let Some(other) = kept.iter().find(|other| Arc::ptr_eq(&other.client, &binding.client)) {
                binding.session = Arc::clone(&other.session);
            }
            kept.retain(|other| other.platform() != binding.platform() || other.account != binding.account);
            kept.push(binding);
        }
        Self { bindings: kept, media, files: None, clock, lost: Arc::default() }
    }

    /// Keeps media in files, for tools that take a path.
    #[must_use]
    pub fn with_media_files(mut self, files: Arc<dyn MediaFiles>) -> Self {
        self.files = Some(files);
        self
    }

    /// The platforms that are bound.
    pub fn platforms(&self) -> impl Iterator<Item = PlatformName> {
        let platforms: BTreeSet<_> = self.bindings.iter().map(Binding::platform).collect();
        platforms.into_iter()
    }

    /// The binding of an account: its own, or else that for every account of its platform.
    fn binding(&self, account: AccountRef<'_>) -> Option<&Binding> {
        let of_platform = || self.bindings.iter().filter(|binding| binding.platform() == account.platform);
        let own = of_platform().find(|binding| binding.account.as_deref() == Some(account.name));
        // Another spelling of an account that has a server of its own is not for the server of all others.
        let is_bound = || {
            let mut accounts = of_platform().filter_map(|binding| binding.account.as_deref());
            accounts.any(|bound| is_same_handle(bound, account.name))
        };
        own.or_else(|| of_platform().find(|binding| binding.account.is_none()).filter(|_| !is_bound()))
    }

    /// The binding of an account, and its tool for a kind of effect.
    fn acting(&self, account: AccountRef<'_>, kind: EffectKind) -> Result<(&Binding, &ActTool), NotReady> {
        let found = self.binding(account);
        let found = found.and_then(|binding| Some((binding, binding.profile.acts.get(&kind)?)));
        found.ok_or_else(|| NotReady {
            platform: account.platform,
            code: ErrorCode::PlatformNotConfigured,
            message: format!("no tool is configured to {} as {account}", kind.as_str()),
        })
    }

    fn after(&self, time: TimeDelta) -> DateTime<Utc> {
        let now = self.clock.now();
        now.checked_add_signed(time).unwrap_or(now)
    }
}
