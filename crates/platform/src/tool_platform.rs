//! [`ToolPlatform`]: the `Platform` port of the kernel and the port of targets, over profiles and MCP tools.

mod act;
mod arguments;
mod late;
mod look;
mod port;
mod targets;
#[cfg(test)]
mod tests;
mod upload;

use std::collections::BTreeMap;
use std::sync::Arc;

use chimera_contracts::{Clock, ErrorCode, PlatformName};
use chimera_effect::{EffectKind, NotReady};
use chrono::{DateTime, TimeDelta, Utc};

use self::late::LostCalls;
use crate::border::Border;
use crate::check;
use crate::media::MediaProbe;
use crate::profile::{ActTool, PlatformProfile, Profile};
use crate::tool::ToolClient;

/// How much of why a server does not start is told: the end of its stderr is within.
const REASON: usize = 2_000;

/// How long a server may take to start and to list its tools: real ones take up to 12 seconds (mcp.md, 8).
const START: TimeDelta = TimeDelta::seconds(30);

/// A platform's profile and the server that it is for.
#[derive(Clone, Debug)]
pub struct Binding {
    pub(crate) profile: PlatformProfile,
    pub(crate) client: Arc<dyn ToolClient>,
}

/// The outside world through MCP tools.
///
/// Between calls it keeps only which calls were lost, so that a late answer can be read; a restart forgets them, and what is
/// unknown is looked up all the same. The tools that a kind of effect needs are checked
/// against the profile in `ready` and again before every act, which costs no call where the client remembers its list.
#[derive(Clone, Debug)]
pub struct ToolPlatform {
    bindings: BTreeMap<PlatformName, Binding>,
    media: Arc<dyn MediaProbe>,
    clock: Arc<dyn Clock>,
    lost: Arc<LostCalls>,
}

impl Binding {
    /// One platform of a profile, served by one server.
    #[must_use]
    pub fn new(profile: PlatformProfile, client: Arc<dyn ToolClient>) -> Self {
        Self { profile, client }
    }

    /// Every platform of a profile, served by one server.
    #[must_use]
    pub fn all(profile: &Profile, client: &Arc<dyn ToolClient>) -> Vec<Self> {
        profile.platforms().map(|platform| Self::new(platform.clone(), Arc::clone(client))).collect()
    }
}

impl ToolPlatform {
    /// The world that these servers reach. Of two bindings for one platform the later one counts.
    #[must_use]
    pub fn new(
        bindings: impl IntoIterator<Item = Binding>,
        media: Arc<dyn MediaProbe>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let bindings = bindings.into_iter().map(|binding| (binding.profile.platform(), binding)).collect();
        Self { bindings, media, clock, lost: Arc::default() }
    }

    /// The platforms that are bound.
    pub fn platforms(&self) -> impl Iterator<Item = PlatformName> {
        self.bindings.keys().copied()
    }

    /// The binding of a platform, and its tool for a kind of effect.
    fn acting(&self, platform: PlatformName, kind: EffectKind) -> Result<(&Binding, &ActTool), NotReady> {
        let found = self.bindings.get(&platform);
        let found = found.and_then(|binding| Some((binding, binding.profile.acts.get(&kind)?)));
        found.ok_or_else(|| NotReady {
            platform,
            code: ErrorCode::PlatformNotConfigured,
            message: format!("no tool is configured to {} on `{platform}`", kind.as_str()),
        })
    }

    fn after(&self, time: TimeDelta) -> DateTime<Utc> {
        let now = self.clock.now();
        now.checked_add_signed(time).unwrap_or(now)
    }
}

impl Binding {
    /// Whether the server can be used for a kind of effect; starts it where needed.
    async fn ready(&self, kind: EffectKind, deadline: DateTime<Utc>) -> Result<(), NotReady> {
        let platform = self.profile.platform();
        let (code, message) = match self.client.tools(deadline).await {
            Err(error) => {
                let reason =
                    Border { secrets: self.client.secrets(), ours: "" }.shown(&error.to_string(), REASON);
                (ErrorCode::PlatformUnavailable, reason)
            }
            Ok(tools) => {
                let faults = check::faults(&self.profile, kind, &tools);
                if faults.is_empty() {
                    return Ok(());
                }
                let faults = faults.join("; ");
                let message =
                    format!("the server `{}` does not fit its profile: {faults}", self.client.server());
                (ErrorCode::PlatformNotConfigured, message)
            }
        };
        Err(NotReady { platform, code, message })
    }
}
