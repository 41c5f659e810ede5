//! Skills by contract id, for runtimes that choose by name.

use std::sync::Arc;

use chimera_contracts::DynSkill;

/// The skills of a host.
#[derive(Clone, Debug)]
pub struct Registry {
    skills: Vec<Arc<dyn DynSkill>>,
}

impl Registry {
    pub(crate) fn new(skills: Vec<Arc<dyn DynSkill>>) -> Self {
        Self { skills }
    }

    /// The skill with this contract id, such as `skill_publish_content`.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Arc<dyn DynSkill>> {
        self.skills.iter().find(|skill| skill.descriptor().id == id)
    }

    /// All skills.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<dyn DynSkill>> {
        self.skills.iter()
    }
}
