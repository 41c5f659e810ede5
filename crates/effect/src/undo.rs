//! Undo: an effect of its own that takes back the post of another one.
//!
//! It is refused, lost, unknown and looked up like any other. While it runs its post stays `published`; the step that knows it
//! done moves the post to `rolled_back`. It sets a state: deleting what is gone changes nothing, because platforms give the
//! id of a deleted post to no other one.

use chimera_contracts::{DecisionId, EffectId, RequestId, derive_uuid};
use chimera_governance::{Approved, Denial, GateError, Reversible};
use serde::{Deserialize, Serialize};

use crate::effect::{Effect, EffectKind, EffectV1};
use crate::journal::{Admit, NewEffect};
use crate::kernel::Kernel;
use crate::plan::ExecutionPlan;
use crate::record::{EffectRecord, RequestKey, RequestRecord};
use crate::step::NAMELESS;

/// How the keys of requests for an undo begin. No other request is admitted under such a key.
pub const UNDO_KEYS: &str = "chimera/undo/v1/";

/// Which post an undo takes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Undoes {
    /// The request of the post.
    pub request: RequestId,
    /// The effect that made it.
    pub effect: EffectId,
    /// How often that effect had been taken back before.
    #[serde(default, skip_serializing_if = "crate::record::is_zero")]
    pub generation: u32,
}

impl Undoes {
    /// The post of an effect as it is now.
    #[must_use]
    pub fn of(post: &EffectRecord) -> Self {
        Self { request: post.request, effect: post.id, generation: post.progress.generation() }
    }

    /// The key under which `undo` is requested by this decision, given the key of the post's request: the same undo by the same
    /// decision is one request, however many ask. Another decision asks anew: what ended an undo, a lapsed approval or a tool that
    /// was missing, does not keep the post public for ever. Of undos of one post, one waits while the other is attempted.
    #[must_use]
    pub fn key(&self, post: &RequestKey, decision: DecisionId, undo: &Effect) -> RequestKey {
        let digest = undo.digest();
        let parts = [decision.as_uuid().as_bytes().as_slice(), digest.as_bytes()];
        let by = derive_uuid("chimera/undo-key/v1", &parts);
        RequestKey { key: format!("{UNDO_KEYS}{}/{}/{by}", self.effect, self.generation), ..post.clone() }
    }
}

impl Reversible for Effect {
    /// Deletes the post. A state (a like, a follow) has no id of its own and is ended by another tool; an undo has no undo;
    /// a post that a person saw and could not name cannot be named to the platform either.
    fn undo(&self, external_id: &str) -> Option<Self> {
        let EffectV1 { namespace, campaign, platform, account, .. } = self.content();
        if self.content().is_state() || external_id.is_empty() || external_id.starts_with(NAMELESS) {
            return None;
        }
        Self::new(EffectV1 {
            namespace: namespace.clone(),
            campaign: *campaign,
            kind: EffectKind::Undo,
            platform: *platform,
            account: account.clone(),
            target: Some(external_id.to_owned()),
            text: String::new(),
            media: Vec::new(),
            disclosure: None,
            not_before: None,
            not_after: None,
        })
        .ok()
    }
}

impl EffectRecord {
    /// The effect that takes back the post of this one; `None` where it has none that can be named, or is a state.
    #[must_use]
    pub fn undo(&self) -> Option<Effect> {
        self.effect.undo(&self.progress.post.as_ref()?.id)
    }
}

impl Admit {
    /// The request for the undo of `post`, an effect of `request`: under the key of this undo by its decision, paid by the same
    /// campaign and in the name of the same agent.
    #[must_use]
    pub fn undo(request: &RequestRecord, post: &EffectRecord, undo: NewEffect) -> Self {
        let undoes = Undoes::of(post);
        Self {
            key: undoes.key(&request.key, undo.approved.decision(), undo.approved.get()),
            former_keys: Vec::new(),
            campaign: request.campaign,
            agent: request.agent,
            asked_by: request.asked_by.clone(),
            correlation: request.correlation,
            task: request.task,
            artifact: request.artifact.clone(),
            review: None,
            plan: ExecutionPlan::default(),
            named_budgets: request.named_budgets(),
            decisions: Vec::new(),
            reasons: Vec::new(),
            effects: vec![NewEffect { undoes: Some(undoes), ..undo }],
        }
    }
}

impl Kernel {
    /// Passes the undo of a post through the gate by the rule of the decision that allowed the post
    /// ([`Decision::takes_back`](chimera_governance::Decision::takes_back)). A host that takes a post down by a decision of its
    /// own asks [`approve`](Self::approve) with [`EffectRecord::undo`] instead.
    ///
    /// # Errors
    /// When there is no post that can be named, its decision does not permit that, or the authority cannot be asked.
    pub async fn approve_undo(
        &self,
        request: &RequestRecord,
        post: &EffectRecord,
    ) -> Result<Approved<Effect>, GateError> {
        let Some(public) = &post.progress.post else {
            return Err(GateError::Denied(Denial::NotItsEffect));
        };
        let agent = Some(request.agent);
        self.gate.check_undo(&post.effect, &public.id, post.id, agent, post.decision).await
    }
}

#[cfg(test)]
mod tests {
    use chimera_contracts::{CampaignId, Namespace, PlatformName, SkillName, derive_uuid};

    use super::*;
    use crate::record::CallKey;

    fn of(kind: EffectKind, text: &str) -> Effect {
        Effect::new(EffectV1 {
            namespace: Namespace::default(),
            campaign: CampaignId::from_uuid(derive_uuid("test", &[b"campaign"])),
            kind,
            platform: PlatformName::Twitter,
            account: "us".to_owned(),
            target: (kind != EffectKind::Publish).then(|| "theirs".to_owned()),
            text: text.to_owned(),
            media: Vec::new(),
            disclosure: None,
            not_before: None,
            not_after: None,
        })
        .unwrap()
    }

    #[test]
    fn what_has_an_undo() {
        use EffectKind::{Comment, Follow, Like, Publish, Reply, Share, Undo};
        for (kind, text, has) in [
            (Publish, "a text", true),
            (Reply, "a text", true),
            (Comment, "a text", true),
            (Share, "a text", true),
            (Share, "", false),
            (Like, "", false),
            (Follow, "", false),
            (Undo, "", false),
        ] {
            assert_eq!(of(kind, text).undo("17").is_some(), has, "{kind:?} {text:?}");
        }
        assert_eq!(of(Publish, "a text").undo(""), None);
        assert_eq!(of(Publish, "a text").undo(&format!("{NAMELESS}x")), None);
        let undo = of(Publish, "a text").undo("17").unwrap();
        assert!(undo.content().is_state());
        assert_eq!((undo.content().target.as_deref(), undo.content().text.as_str()), (Some("17"), ""));
        assert_ne!(undo.digest(), of(Publish, "a text").undo("18").unwrap().digest());
    }

    #[test]
    fn each_generation_has_a_call_key_of_its_own() {
        let key =
            RequestKey { namespace: Namespace::default(), skill: SkillName::Publish, key: "k".to_owned() };
        let first = CallKey::of(&key, &of(EffectKind::Publish, "a text"));
        let keys: Vec<CallKey> = (0..4).map(|generation| first.clone().of_generation(generation)).collect();
        assert_eq!(keys[0], first, "the first one is as it always was");
        assert_eq!(keys[1].next_generation(), keys[2]);
        let distinct: std::collections::BTreeSet<&str> = keys.iter().map(CallKey::as_str).collect();
        assert_eq!(distinct.len(), 4);
        assert!(keys.iter().all(|key| key.as_str().len() == 64), "they go on the wire in one form");
        assert_ne!(keys[1], first.step("generation", 0));
    }

    #[test]
    fn one_key_for_a_post_its_generation_and_a_decision() {
        let id = |what: &str| derive_uuid("test", &[what.as_bytes()]);
        let key =
            RequestKey { namespace: Namespace::default(), skill: SkillName::Engage, key: "k".to_owned() };
        let undoes = |effect, generation| Undoes {
            request: RequestId::from_uuid(id("request")),
            effect: EffectId::from_uuid(id(effect)),
            generation,
        };
        let effect = |target: &str| {
            let content = EffectV1 {
                account: "us".to_owned(),
                campaign: CampaignId::from_uuid(id("campaign")),
                disclosure: None,
                kind: EffectKind::Publish,
                media: Vec::new(),
                namespace: Namespace::default(),
                not_after: None,
                not_before: None,
                platform: PlatformName::Twitter,
                target: None,
                text: "a text".to_owned(),
            };
            Effect::new(content).unwrap().undo(target).unwrap()
        };
        let (decision, undo) = (DecisionId::from_uuid(id("decision")), effect("17"));
        let of = |undoes: Undoes, key: &RequestKey| undoes.key(key, decision, &undo);
        let first = of(undoes("a", 0), &key);
        assert_eq!(first, of(undoes("a", 0), &RequestKey { key: "another".to_owned(), ..key.clone() }));
        let again = DecisionId::from_uuid(id("another decision"));
        assert_ne!(undoes("a", 0).key(&key, again, &undo), first, "another decision asks anew");
        assert_ne!(undoes("a", 0).key(&key, decision, &effect("18")), first, "and so does another post");
        assert_eq!((&first.namespace, first.skill), (&key.namespace, key.skill));
        for other in [undoes("a", 1), undoes("b", 0)] {
            assert_ne!(of(other, &key), first);
        }
        assert!(first.key.starts_with(UNDO_KEYS));
    }
}
