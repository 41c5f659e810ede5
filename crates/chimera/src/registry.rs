//! Skills by contract id, for runtimes that choose by name.

use std::sync::Arc;

use chimera_contracts::{CallContext, DynSkill, HostError, JsonAnswer};

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

    /// Calls the skill with this contract id with JSON.
    ///
    /// # Errors
    /// When the host has no such skill, and as [`DynSkill::call_json`].
    pub async fn call_json(
        &self,
        id: &str,
        context: &CallContext,
        input: &[u8],
    ) -> Result<JsonAnswer, HostError> {
        let Some(skill) = self.get(id) else {
            let configured = self.iter().map(|skill| skill.descriptor().id).collect();
            return Err(HostError::NoSuchSkill { id: id.to_owned(), configured });
        };
        skill.call_json(context, input).await
    }

    /// All skills.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<dyn DynSkill>> {
        self.skills.iter()
    }
}
