//! Which account an agent acts in, on each platform (seed 002 §3: `agent_id` is for account mapping).

use std::collections::BTreeMap;

use chimera_contracts::{AgentId, PlatformName};

/// The accounts of agents. What is not listed has no account: nothing falls back to somebody else's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accounts {
    of: BTreeMap<(AgentId, PlatformName), String>,
    shared: BTreeMap<PlatformName, String>,
}

impl Accounts {
    /// No accounts.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The account of one agent on a platform.
    #[must_use]
    pub fn of(mut self, agent: AgentId, platform: PlatformName, account: impl Into<String>) -> Self {
        self.of.insert((agent, platform), account.into());
        self
    }

    /// The account of every agent that has none of its own on a platform.
    #[must_use]
    pub fn shared(mut self, platform: PlatformName, account: impl Into<String>) -> Self {
        self.shared.insert(platform, account.into());
        self
    }

    /// The account in which an agent acts on a platform.
    #[must_use]
    pub fn account(&self, agent: AgentId, platform: PlatformName) -> Option<&str> {
        self.of.get(&(agent, platform)).or_else(|| self.shared.get(&platform)).map(String::as_str)
    }
}
