//! What a sandbox is told before it starts.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::{
    error::SandboxError,
    fault::{FaultRule, Faults},
    keys::Keys,
    world::World,
};

/// How a sandbox behaves. In JSON every field may be left out; an unknown one is refused, because a misspelt fault
/// would make a test pass that proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SandboxConfig {
    /// The file that holds what happened. Created when missing; its folder must exist.
    pub record: PathBuf,
    /// Which platforms honour `idempotency_key`: all of them, unless this says otherwise.
    pub keys: Keys,
    /// What goes wrong, first match first.
    pub faults: Vec<FaultRule>,
    /// How long every call takes to arrive, in milliseconds. Before it has passed nothing is done or recorded.
    pub latency_ms: u64,
    /// A file with a [`World`]: what there is to engage with. Without one, whatever looks like an id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub world: Option<PathBuf>,
    /// Whether X refuses a text that the account posted lately. Off by default: a double should be visible.
    pub refuse_duplicates: bool,
}

impl SandboxConfig {
    /// A sandbox without faults whose platforms honour keys.
    #[must_use]
    pub fn new(record: impl Into<PathBuf>) -> Self {
        Self { record: record.into(), ..Self::default() }
    }

    /// The same, recording elsewhere.
    #[must_use]
    pub fn with_record(mut self, record: impl Into<PathBuf>) -> Self {
        self.record = record.into();
        self
    }

    /// The same, with another word about keys.
    #[must_use]
    pub fn with_keys(mut self, keys: Keys) -> Self {
        self.keys = keys;
        self
    }

    /// The same, in a world of its own.
    #[must_use]
    pub fn with_world(mut self, world: impl Into<PathBuf>) -> Self {
        self.world = Some(world.into());
        self
    }

    /// Reads a configuration. `record` may be left out and set with [`with_record`](Self::with_record).
    ///
    /// # Errors
    /// [`SandboxError::Config`] for anything but JSON of this shape, and for faults that could never strike.
    pub fn from_json(text: &str) -> Result<Self, SandboxError> {
        let config: Self =
            serde_json::from_str(text).map_err(|error| SandboxError::config(error.to_string()))?;
        config.faults()?;
        Ok(config)
    }

    /// The text [`from_json`](Self::from_json) reads, to hand to the binary's `--config`.
    ///
    /// # Errors
    /// [`SandboxError::Config`] when the path of the record is not Unicode.
    pub fn to_json(&self) -> Result<String, SandboxError> {
        serde_json::to_string(self).map_err(|error| SandboxError::config(error.to_string()))
    }

    /// The checked rules.
    pub(crate) fn faults(&self) -> Result<Faults, SandboxError> {
        Faults::new(&self.faults)
    }

    /// The world, when there is one.
    pub(crate) fn world(&self) -> Result<Option<World>, SandboxError> {
        self.world.as_deref().map(World::read).transpose()
    }

    /// The record, once it is certain that there is one.
    pub(crate) fn record(&self) -> Result<&Path, SandboxError> {
        if self.record.as_os_str().is_empty() {
            return Err(SandboxError::config(
                "it names no `record`; give the file that shall hold what happened",
            ));
        }
        Ok(&self.record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{fault::Fault, platform::Platform};

    #[test]
    fn json_and_back() {
        let config = SandboxConfig {
            keys: Keys::enforced_on([Platform::LinkedIn]),
            faults: vec![
                FaultRule::new(Platform::Twitter, Fault::LostAfter).times(1),
                FaultRule::new(Platform::Instagram, Fault::Slow { ms: 5 }),
            ],
            ..SandboxConfig::new("a.jsonl").with_world("world.json")
        };
        let back = config.to_json().and_then(|text| SandboxConfig::from_json(&text));
        assert_eq!(back.ok(), Some(config));
    }

    #[test]
    fn unknown_fields_are_refused_at_every_depth() {
        let refused = [
            r#"{"recrod": "a"}"#,
            r#"{"faults": [{"platform": "twitter", "fault": "auth", "time": 1}]}"#,
            r#"{"faults": [{"platform": "twitter", "fault": {"slow": {"ms": 1, "s": 1}}}]}"#,
            r#"{"faults": [{"platform": "twitter", "fault": "lost"}]}"#,
            r#"{"faults": [{"platform": "myspace", "fault": "auth"}]}"#,
            r#"{"keys": ["x"]}"#,
            r#"{"keys": "none"}"#,
        ];
        for text in refused {
            assert!(SandboxConfig::from_json(text).is_err(), "{text}");
        }
    }
}
