//! A server that answers at once, for what the platform layer computes of its answers.

use std::sync::Arc;

use async_trait::async_trait;
use chimera::audit::Secrets;
use chimera::contracts::{
    Clock, CorrelationId, EffectId, Namespace, PlatformName, SkillName, StoreError, derive_uuid,
};
use chimera::effect::{
    CallKey, Effect, EffectKind, EffectV1, LookUp, Media, MediaIdentity, OwnedPost, PostOwners, RequestKey,
    Trace,
};
use chimera::platform::{
    Binding, Called, LateAnswer, Profile, ServerError, ToolAnswer, ToolCall, ToolClient, ToolInfo,
    ToolPlatform,
};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::stage::EchoMedia;

/// Answers every call with the same.
#[derive(Debug)]
struct Answering {
    answer: ToolAnswer,
    secrets: Secrets,
}

#[async_trait]
impl ToolClient for Answering {
    fn server(&self) -> &'static str {
        "answering"
    }

    fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    fn life(&self) -> u64 {
        0
    }

    fn grace(&self) -> TimeDelta {
        TimeDelta::zero()
    }

    async fn tools(&self, _: DateTime<Utc>) -> Result<Vec<ToolInfo>, ServerError> {
        Ok(Vec::new())
    }

    async fn call(&self, _: ToolCall) -> Called {
        Called::Answered(self.answer.clone())
    }

    fn late(&self) -> Vec<LateAnswer> {
        Vec::new()
    }
}

/// No effect owns anything.
#[derive(Clone, Copy, Debug)]
pub struct NoOwners;

#[async_trait]
impl PostOwners for NoOwners {
    async fn owners(&self, _: &[String]) -> Result<Vec<OwnedPost>, StoreError> {
        Ok(Vec::new())
    }
}

fn platform(clock: &Arc<dyn Clock>, structured: Value, is_error: bool) -> ToolPlatform {
    let texts = vec![structured.to_string()];
    let answer = ToolAnswer { is_error, structured: Some(structured), texts, ..ToolAnswer::default() };
    let server: Arc<dyn ToolClient> = Arc::new(Answering { answer, secrets: Secrets::default() });
    let profile = Profile::seeds().expect("the built-in profile is sound");
    ToolPlatform::new(Binding::all(&profile, &server), Arc::new(EchoMedia), Arc::clone(clock))
}

/// The post that is looked for, of some 200 characters.
const OURS: &str = "Of 1,204 reefs that were studied some recover within ten years, where fishing stops & the water stays \
                    clear; what we learned from it, and who paid for it, stands here. #reefs";

/// Posts of other people about other things.
const OTHERS: [&str; 5] = [
    "Lovely morning at the market, the bread was still warm and my dog got two biscuits from the baker & a pat on the head.",
    "Does anybody know why the 14 tram skips Museum Street this week? Third time I had to walk home in the rain!",
    "Our choir sings Brahms on Sunday at four, admission is free, bring blankets because the chapel has no heating.",
    "Finished the quilt. Two years, 600 patches, one broken machine, zero regrets. Photos tomorrow when there is light.",
    "Juggling five clubs now! Video soon, if my flatmate agrees to hold the phone and to stop laughing at me.",
];

fn effect(media: Vec<Media>) -> Effect {
    let id = |what: &str| derive_uuid("chimera-benches/outside", &[what.as_bytes()]);
    let content = EffectV1 {
        namespace: Namespace::default(),
        campaign: chimera::contracts::CampaignId::from_uuid(id("campaign")),
        kind: EffectKind::Publish,
        platform: PlatformName::Twitter,
        account: "chimera_agent".to_owned(),
        target: None,
        text: OURS.to_owned(),
        media,
        disclosure: None,
        not_before: None,
        not_after: None,
    };
    Effect::new(content).expect("an effect has a canonical form")
}

fn trace() -> Trace {
    let correlation = CorrelationId::from_uuid(derive_uuid("chimera-benches/outside", &[b"correlation"]));
    Trace { caller_key: "bench".to_owned(), correlation }
}

fn call_key(effect: &Effect) -> CallKey {
    let key =
        RequestKey { namespace: Namespace::default(), skill: SkillName::Publish, key: "bench".to_owned() };
    CallKey::of(&key, effect)
}

/// A platform whose list shows 100 other posts of the account, ten of them made while the attempt was open, and the question
/// about a post that is not among them.
#[must_use]
pub fn look_over_a_hundred(clock: &Arc<dyn Clock>) -> (ToolPlatform, LookUp) {
    let now = clock.now();
    let shown = |number: usize| {
        let at = now - TimeDelta::seconds(3 * i64::try_from(number).unwrap_or_default());
        json!({ "id": number.to_string(), "text": OTHERS.get(number % OTHERS.len()).map(|text| text.replace('&', "&amp;")), "created_at": at.to_rfc3339() })
    };
    let posts: Vec<Value> = (0..100).map(shown).collect();
    let platform = platform(clock, json!({ "posts": posts, "complete": true }), false);
    let effect = effect(Vec::new());
    let look = LookUp {
        call_key: call_key(&effect),
        effect_id: EffectId::from_uuid(derive_uuid("chimera-benches/outside", &[b"effect"])),
        effect,
        since: now - TimeDelta::seconds(30),
        until: now,
        candidates: Vec::new(),
        doubted: Vec::new(),
        has_lookalike: false,
        equals: 1,
        place: 0,
        trace: trace(),
    };
    (platform, look)
}

/// A platform that refuses every upload in an answer of 4 KiB, which is normalised, classified, redacted and shortened; with
/// what is uploaded.
#[must_use]
pub fn refused_in_4_kib(clock: &Arc<dyn Clock>) -> (ToolPlatform, Effect, CallKey, Trace) {
    let detail =
        "the media category was not recognised by the upstream service and the request was dropped. "
            .repeat(44);
    let refusal = json!({ "error": { "status": 429, "code": 88, "message": detail } });
    let platform = platform(clock, refusal, true);
    let medium =
        Media { url: "https://media.example.com/a.png".to_owned(), identity: MediaIdentity::ByReference };
    let effect = effect(vec![medium]);
    let key = call_key(&effect);
    (platform, effect, key, trace())
}
