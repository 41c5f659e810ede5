//! What an effect keeps of an attempt and what it forgets: nothing that is past is told of what comes after it.

use chimera_contracts::{Clock as _, ErrorCode};
use chimera_effect::{
    Candidate, EffectRecord, EffectState, Evidence, ExternalPost, FoundBy, Step, UnknownOutcome,
};
use chrono::{DateTime, TimeDelta, Utc};

use super::StoreFactory;
use super::stage::{Stage, accepted, begin, lost, not_done};
use crate::scene::{cannot_tell, done, looked, published};

/// An effect about which everything is open that can be: two attempts, the second refused, a candidate, looks, a person asked.
async fn wide_open(stage: &Stage<'_>) -> EffectRecord {
    let record = stage.begun().await;
    let unclear = Step::Unknown(UnknownOutcome {
        candidate: Some(Candidate { id: "named".to_owned(), url: None, may_be_older: false }),
        ..UnknownOutcome::because("an id beside an error word")
    });
    let record = stage.apply(&record, unclear).await;
    let record = stage.apply(&record, begin()).await;
    let record = stage.apply(&record, not_done(ErrorCode::ContentPolicyViolation)).await;
    let settled_from = record.progress.settled_from.expect("an attempt began");
    stage.clock.set(settled_from.max(stage.clock.now()));
    let record = stage.apply(&record, looked(true, stage.clock.now())).await;
    let open = stage.apply(&record, cannot_tell("nothing to look with")).await;
    let progress = &open.progress;
    assert_eq!((progress.state, progress.attempts), (EffectState::Unknown, 2));
    assert!(progress.unsettled_since.is_some() && progress.resend_refused && progress.needs_human);
    assert!(progress.open_reason.is_some() && progress.latest_look.is_some() && progress.refusal.is_some());
    assert_eq!((progress.absent_looks, progress.looks, progress.candidates.len()), (1, 2, 1));
    open
}

/// Nothing that was open is told of what is settled, nor kept for a later attempt: one whose answer is lost as well may be sent
/// again with its key.
pub async fn what_is_settled_is_open_no_more(factory: &dyn StoreFactory) {
    let found = Step::Done { evidence: done("found"), found_by: FoundBy::Look };
    for (name, step, code) in [
        ("answered", published("answered"), None),
        ("found", found, None),
        ("accepted", accepted(), None),
        // The refusal that was open is told then.
        ("absent", Step::AbsentForGood, Some(ErrorCode::ContentPolicyViolation)),
    ] {
        let stage = Stage::open(factory, &format!("what is settled is open no more: {name}")).await;
        let open = wide_open(&stage).await;
        let progress = stage.apply(&open, step).await.progress;
        assert_eq!(progress.refusal.map(|refusal| refusal.code), code, "{name}");
        assert_eq!((progress.open_reason, progress.latest_look), (None, None), "{name}");
        assert_eq!((progress.absent_looks, progress.looks), (0, 0), "{name}");
        assert_eq!((progress.resend_refused, progress.needs_human), (false, false), "{name}");
        assert_eq!((progress.candidates, progress.due_at), (Vec::new(), None), "{name}");
    }
}

/// A later attempt begins without what an earlier one was refused for, unless that one is still open with it; looks that were
/// taken before it began say nothing about it.
pub async fn a_later_attempt_begins_anew(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "a later attempt begins anew").await;
    let refused = stage.begun().await;
    let refused = stage.apply(&refused, not_done(ErrorCode::PlatformRateLimit)).await;
    let again = stage.apply(&refused, begin()).await;
    assert_eq!(again.progress.refusal, None);
    let record = stage.apply(&again, lost()).await;
    assert_eq!(record.progress.refusal, None, "nothing is known against the second one");

    let stage = Stage::open(factory, "a later attempt begins anew, beside an open one").await;
    let open = wide_open(&stage).await;
    let again = stage.apply(&open, begin()).await.progress;
    assert_eq!(again.refusal, open.progress.refusal, "the first two are open");
    assert_eq!((again.absent_looks, again.looks), (0, 0));
    assert_eq!((again.latest_look, again.needs_human), (None, false));
}

/// What was accepted and is public is polled no more, and its post has a time: the platform's, where it can be one, else that at
/// which it became known.
pub async fn a_public_post_has_a_time_that_can_be(factory: &dyn StoreFactory) {
    let known_at = |stage: &Stage<'_>| Some(stage.clock.now());
    let year_zero: fn(&Stage<'_>) -> Option<DateTime<Utc>> = |_| Some(DateTime::UNIX_EPOCH);
    type Time = fn(&Stage<'_>) -> Option<DateTime<Utc>>;
    let earlier: Time = |stage| Some(stage.clock.now() - TimeDelta::seconds(3));
    let none: Time = |_| None;
    for (name, says, kept) in
        [("a time", earlier, true), ("no time", none, false), ("another unit", year_zero, false)]
    {
        let stage = Stage::open(factory, &format!("a public post has a time that can be: {name}")).await;
        let record = stage.begun().await;
        let record = stage.apply(&record, accepted()).await;
        assert!(record.progress.pending_id.is_some());
        stage.clock.advance(TimeDelta::seconds(5));
        let post = ExternalPost { id: "made".to_owned(), url: None, published_at: says(&stage) };
        let evidence = Evidence { post, said: None, cost: None };
        let public = stage.apply(&record, Step::Done { evidence, found_by: FoundBy::Answer }).await;
        assert_eq!(public.progress.pending_id, None, "{name}");
        let at = public.progress.post.expect("it is public").published_at;
        assert_eq!(at, if kept { says(&stage) } else { known_at(&stage) }, "{name}");
    }
}

/// A person is told once that a look cannot tell, and a refusal beside an open attempt is told as unknown: nothing failed.
pub async fn what_stays_open_is_told_as_unknown_and_once(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "what stays open is told as unknown, and once").await;
    let open = wide_open(&stage).await;
    let told =
        ["start", "attempt", "unknown", "complete", "attempt", "unknown", "complete", "unknown", "complete"];
    let told = told.map(|verb| format!("skill.publish_content.{verb}"));
    assert_eq!(stage.trace().await, told);
    stage.apply(&open, cannot_tell("still nothing to look with")).await;
    assert_eq!(stage.trace().await, told, "once");
}
