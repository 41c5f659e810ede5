//! What a call asks for: the input, with what the host says beside it (ENG-02).

use chimera_contracts::engage::{EngageAction, EngageInput};
use chimera_contracts::{
    AgentId, CallContext, CallerRole, CampaignId, CorrelationId, Digest, ErrorCode, Namespace, RequestId,
    ReviewId, SkillName, derive_uuid,
};
use chimera_effect::{AccountRef, EffectKind, RequestKey};
use chimera_platform::Accounts;
use chimera_text::canonical;
use unicode_normalization::UnicodeNormalization as _;

use crate::refuse::Refusal;

/// The prefix of engagement ids.
const ID_PREFIX: &str = "eng_";

/// One call, complete.
#[derive(Clone, Debug)]
pub(crate) struct Ask<'a> {
    pub(crate) context: &'a CallContext,
    pub(crate) input: &'a EngageInput,
    pub(crate) agent: AgentId,
    pub(crate) campaign: CampaignId,
    pub(crate) account: String,
    pub(crate) kind: EffectKind,
    pub(crate) key: RequestKey,
    /// Keys that earlier versions of this skill derived for the same words; empty where the caller gives a key.
    pub(crate) former_keys: Vec<RequestKey>,
    pub(crate) correlation: CorrelationId,
}

impl<'a> Ask<'a> {
    /// Puts together what was asked. Agent and campaign are those of the context, which was checked.
    pub(crate) fn new(
        accounts: &Accounts,
        context: &'a CallContext,
        (agent, campaign): (AgentId, CampaignId),
        input: &'a EngageInput,
    ) -> Result<Self, Refusal> {
        check_role(context)?;
        input.check().map_err(|faults| Refusal::faults(&faults))?;
        let platform = input.platform;
        let account = accounts.account(agent, platform).ok_or_else(|| {
            let message = format!("agent {agent} has no account on `{platform}`");
            Refusal::of(ErrorCode::PlatformNotConfigured, message)
        })?;
        let of =
            |key: String| RequestKey { namespace: context.namespace.clone(), skill: SkillName::Engage, key };
        let derived = Derived { agent, account, input };
        let (key, former_keys) = match &context.key {
            Some(key) => (of(key.clone()), Vec::new()),
            None => (of(derived.key()), derived.former().into_iter().map(of).collect()),
        };
        // A trace that the host does not give is the same at every repetition.
        let own = || CorrelationId::from_uuid(*key.request_id().as_uuid());
        let correlation = context.correlation.unwrap_or_else(own);
        let kind = kind(input.action);
        let account = account.to_owned();
        Ok(Self { context, input, agent, campaign, account, kind, key, former_keys, correlation })
    }

    pub(crate) fn account_ref(&self) -> AccountRef<'_> {
        AccountRef::new(self.input.platform, &self.account)
    }

    pub(crate) fn engagement_id(&self) -> String {
        engagement_id(self.key.request_id())
    }

    pub(crate) fn review_id(&self) -> ReviewId {
        review_id(self.key.request_id())
    }

    pub(crate) fn namespace(&self) -> &Namespace {
        &self.key.namespace
    }
}

/// The kind of effect that an action makes.
pub(crate) const fn kind(action: EngageAction) -> EffectKind {
    match action {
        EngageAction::Reply => EffectKind::Reply,
        EngageAction::Like => EffectKind::Like,
        EngageAction::Follow => EffectKind::Follow,
        EngageAction::Comment => EffectKind::Comment,
        EngageAction::Share => EffectKind::Share,
    }
}

/// The engagement's id on the wire: the request's id, which derives from its key.
pub(crate) fn engagement_id(request: RequestId) -> String {
    format!("{ID_PREFIX}{}", request.as_uuid().simple())
}

/// The request behind an engagement id; `None` when the text is none.
pub(crate) fn request_of(engagement_id: &str) -> Option<RequestId> {
    engagement_id.strip_prefix(ID_PREFIX)?.parse().ok()
}

/// The review of a request: one request has at most one.
pub(crate) fn review_id(request: RequestId) -> ReviewId {
    ReviewId::from_uuid(derive_uuid("chimera/engage-review/v1", &[request.as_uuid().as_bytes()]))
}

/// Who may call: what engages acts in public, like publishing (PUB-02).
fn check_role(context: &CallContext) -> Result<(), Refusal> {
    if context.role == CallerRole::Worker {
        return Ok(());
    }
    let message = format!("only a worker may engage; the caller is a {}", context.role.as_str());
    Err(Refusal::of(ErrorCode::AuthzFailure, message))
}

/// What a key derives from when the caller gives none: the same like or reply twice is one. Text that a composer will write
/// is left out.
#[derive(Clone, Copy, Debug)]
struct Derived<'a> {
    agent: AgentId,
    account: &'a str,
    input: &'a EngageInput,
}

impl Derived<'_> {
    /// The key of this version, over the canonical form of the words: one reply in NFC and in NFD, or with a blank at its
    /// end, is one engagement, and so is a follow with and without `@`.
    fn key(self) -> String {
        let content = self.input.content.as_deref().map(canonical);
        let target = same_target(self.input.action, &self.input.target);
        self.derive("engage2", "chimera/engage-key/v2", &target, content.as_deref())
    }

    /// The keys of the version before, which was over the bytes: those of words and target as they are here, and as an earlier
    /// caller may have written them.
    fn former(self) -> Vec<String> {
        let content = self.input.content.as_deref();
        let composed = content.map(canonical);
        let decomposed: Option<String> = composed.as_ref().map(|composed| composed.nfd().collect());
        let mut keys = Vec::new();
        for target in former_targets(self.input.action, &self.input.target) {
            for content in [content, composed.as_deref(), decomposed.as_deref()] {
                let key = self.derive("engage", "chimera/engage-key/v1", &target, content);
                if !keys.contains(&key) {
                    keys.push(key);
                }
            }
        }
        keys
    }

    fn derive(self, prefix: &str, domain: &str, target: &str, content: Option<&str>) -> String {
        let content = content.map(|content| Digest::of(content.as_bytes()));
        let parts: [&[u8]; 6] = [
            self.agent.as_uuid().as_bytes(),
            self.account.as_bytes(),
            self.input.action.as_str().as_bytes(),
            self.input.platform.as_str().as_bytes(),
            target.as_bytes(),
            content.as_ref().map_or(&[], |digest| digest.as_bytes().as_slice()),
        ];
        format!("{prefix}-{}", derive_uuid(domain, &parts).simple())
    }
}

/// A target in the form in which it is compared: handles are the same with and without `@`, in any case of letters.
pub(crate) fn same_target(action: EngageAction, target: &str) -> String {
    match action {
        EngageAction::Follow => target.trim_start_matches('@').to_lowercase(),
        _ => target.to_owned(),
    }
}

/// The forms of a target that an earlier caller may have written: a handle with and without `@`.
fn former_targets(action: EngageAction, target: &str) -> Vec<String> {
    let handle = target.trim_start_matches('@');
    match action {
        EngageAction::Follow => vec![target.to_owned(), handle.to_owned(), format!("@{handle}")],
        _ => vec![target.to_owned()],
    }
}

/// Whether two texts are the same words, whatever their bytes.
pub(crate) fn same_words(one: Option<&str>, other: Option<&str>) -> bool {
    one.map(canonical) == other.map(canonical)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engagement_id_names_its_request() {
        let request = RequestId::from_uuid(derive_uuid("test", &[b"request"]));
        assert_eq!(request_of(&engagement_id(request)), Some(request));
        for bad in ["", "eng_", "eng_x", "69f4a5b0-0000-0000-0000-000000000000"] {
            assert_eq!(request_of(bad), None, "{bad}");
        }
    }

    /// What the host alone says has no place in the JSON.
    #[test]
    fn no_input_names_who_acts_and_who_pays() {
        let faults = EngageInput::parser()
            .unwrap()
            .parse::<EngageInput>(br#"{"agent_id":"x","campaign_id":"x","account":"x","namespace":"x"}"#)
            .unwrap_err();
        for pointer in ["/agent_id", "/campaign_id", "/account", "/namespace"] {
            assert!(faults.as_slice().iter().any(|fault| fault.pointer == pointer), "{pointer}: {faults}");
        }
    }
}
