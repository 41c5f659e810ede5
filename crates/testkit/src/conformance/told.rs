//! What the ledger tells of an effect, and what it keeps beside it.

use std::collections::BTreeMap;

use chimera_audit::{Kept, LedgerQuery};
use chimera_contracts::{ErrorCode, PlatformName};
use chimera_effect::{Effect, EffectRecord, EffectV1, FoundBy, Media, MediaIdentity, Step};
use serde_json::{Value, json};

use super::StoreFactory;
use super::stage::{PLENTY, Stage, accepted, begin, fresh, kind_of, lost, not_done, request};
use crate::scene::{done, published, sample_effect};

/// The statements and attachments of the entries of the scene's trace that tell this, in order.
async fn told(stage: &Stage<'_>, verb: &str) -> Vec<(Value, Option<String>)> {
    let correlation = Some(stage.scene.correlation);
    let entries = stage.find(&LedgerQuery { correlation, ..LedgerQuery::default() }).await;
    let wanted = format!("skill.publish_content.{verb}");
    let told = entries.into_iter().filter(|entry| kind_of(entry) == wanted).map(|entry| {
        let leaf: Value = serde_json::from_slice(&entry.leaf).expect("a leaf is JSON");
        let attached = match entry.attachment {
            Kept::Present { bytes, .. } => Some(String::from_utf8(bytes).expect("it is text")),
            _ => None,
        };
        (leaf["statement"].clone(), attached)
    });
    told.collect()
}

/// Each event about an effect says which effect of which request it is about, and where.
pub async fn events_say_what_they_are_about(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "events say what they are about").await;
    let record = stage.begun().await;
    stage.apply(&record, published("told")).await;
    for verb in ["attempt", "success"] {
        let (statement, _) = told(&stage, verb).await.remove(0);
        assert_eq!(statement["effect_id"], record.id.to_string(), "{verb}");
        assert_eq!(statement["request_id"], record.request.to_string(), "{verb}");
        assert_eq!(statement["effect"], record.effect.digest().to_string(), "{verb}");
        assert_eq!((&statement["platform"], &statement["kind"]), (&json!("twitter"), &json!("publish")));
        assert_eq!(statement["attempt"], 1, "{verb}");
    }
}

/// How it became known that something is public is told where no answer says so.
pub async fn the_ledger_tells_how_a_post_became_known(factory: &dyn StoreFactory) {
    for (found_by, word) in [(FoundBy::Answer, None), (FoundBy::Look, Some("look"))] {
        let stage =
            Stage::open(factory, &format!("the ledger tells how a post became known: {word:?}")).await;
        let record = stage.begun().await;
        stage.apply(&record, Step::Done { evidence: done("known"), found_by }).await;
        let (statement, _) = told(&stage, "success").await.remove(0);
        assert_eq!(statement.get("found_by").and_then(Value::as_str), word);
    }
}

/// The end of an invocation names the platforms of each outcome, in the order of the request.
pub async fn the_end_of_an_invocation_names_its_platforms(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "the end of an invocation names its platforms").await;
    let view = stage.admitted(5, true).await;
    let names: Vec<&str> =
        view.effects.iter().map(|record| record.effect.content().platform.as_str()).collect();
    // The last two are public, the latest first.
    let steps =
        [lost(), not_done(ErrorCode::ContentPolicyViolation), accepted(), published("a"), published("b")];
    let mut taken: Vec<(&EffectRecord, Step)> = view.effects.iter().zip(steps).collect();
    taken.reverse();
    for (record, step) in taken {
        stage.apply(record, step).await;
    }
    let (statement, _) = told(&stage, "complete").await.pop().expect("it ended");
    let listed: BTreeMap<&str, &Value> = ["successful", "failed", "unknown", "pending"]
        .map(|how| (how, &statement[format!("{how}_platforms")]))
        .into();
    let expected = [
        ("successful", json!([names[3], names[4]])),
        ("failed", json!([names[1]])),
        ("unknown", json!([names[0]])),
        ("pending", json!([names[2]])),
    ];
    for (how, platforms) in expected {
        assert_eq!(*listed[how], platforms, "{how}");
    }
}

/// What was sent is kept once, beside the first attempt, word for word: what a pattern takes for a credential in our own approved
/// text is our text. Only the address of a medium loses what is secret in it.
pub async fn what_is_sent_is_kept_with_the_first_attempt(factory: &dyn StoreFactory) {
    let text = "how to set api_key=abc in our sandbox";
    let signed = "https://example.com/cat.png?access_token=EAAB12";
    for (url, shown) in [
        (None, None),
        (Some("https://example.com/cat.png"), Some("https://example.com/cat.png")),
        (Some(signed), Some("https://example.com/cat.png?access_token=[redacted]")),
    ] {
        let stage =
            Stage::open(factory, &format!("what is sent is kept with the first attempt: {url:?}")).await;
        let medium = |url: &str| Media { url: url.to_owned(), identity: MediaIdentity::ByReference };
        let sample = sample_effect(&stage.scene, PlatformName::Twitter, text).content().clone();
        let of = |url: Option<&str>| {
            let media = url.map(medium).into_iter().collect();
            Effect::new(EffectV1 { media, ..sample.clone() }).expect("it has a canonical form")
        };
        let approved = stage.set_up(PLENTY, &[of(url)]).await;
        let record = fresh(stage.admit(request(&stage.scene, &approved, true)).await).effects.remove(0);
        let record = stage.apply(&record, not_done(ErrorCode::PlatformRateLimit)).await;
        stage.apply(&record, begin()).await;
        let kept: Vec<Option<String>> =
            told(&stage, "attempt").await.into_iter().map(|(_, attached)| attached).collect();
        let expected = String::from_utf8(of(shown).bytes().to_vec()).expect("it is JSON");
        assert_eq!(kept, [Some(expected), None]);
    }
}
