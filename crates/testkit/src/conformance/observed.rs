//! *Observed*: an answer that comes when its attempt has been told already, in every state of its effect.

use chimera_contracts::{Clock as _, ErrorCode, Money};
use chimera_effect::{
    AccountKey, Advance, Advanced, Candidate, EffectKind, EffectRecord, EffectState, FoundBy, Outcome,
    Pending, Step, UnknownOutcome,
};
use chrono::TimeDelta;

use super::StoreFactory;
use super::ports::GivesJournal;
use super::stage::{Stage, advance, applied, begin, fresh, last, lost, not_done, request};
use crate::scene::{PRICE, cannot_tell, done, looked, published, refused};

/// A late answer to an attempt, which takes no lease.
fn late(record: &EffectRecord, attempt: u32, outcome: Outcome) -> Advance {
    last(record, Step::Observed { attempt, outcome })
}

fn made(id: &str) -> Outcome {
    Outcome::Done(done(id))
}

fn post(record: &EffectRecord) -> Option<&str> {
    record.progress.post.as_ref().map(|post| post.id.as_str())
}

fn incidents(record: &EffectRecord) -> Vec<&str> {
    record.progress.incidents.iter().map(|incident| incident.post.id.as_str()).collect()
}

impl<P: GivesJournal> Stage<'_, P> {
    /// Records a late answer, which must change something.
    async fn observe(&self, record: &EffectRecord, attempt: u32, outcome: Outcome) -> EffectRecord {
        applied(self.advance(late(record, attempt, outcome)).await)
    }
}

/// *Observed*: of an unknown effect the answer is what its attempt came to: public, also while a person is asked.
pub async fn a_late_answer_settles_what_is_unknown<P: GivesJournal>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "a late answer settles what is unknown").await;
    let record = stage.begun().await;
    let record = stage.apply(&record, lost()).await;
    let record = stage.apply(&record, cannot_tell("nothing to look with")).await;
    let record = stage.observe(&record, 1, made("late")).await;
    assert_eq!((record.progress.state, post(&record)), (EffectState::Published, Some("late")));
    assert_eq!(record.progress.found_by, FoundBy::Answer);
    assert_eq!((record.progress.lease, record.progress.due_at), (None, None));
    assert!(!record.progress.needs_human && record.progress.incidents.is_empty());
    stage.tells_of("success", 1).await;
    stage.tells_of("incident", 0).await;
    stage.pays(1, 0).await;

    let before = stage.snapshot().await;
    let again = late(&record, 1, made("late"));
    assert_eq!(stage.advance(again).await, Advanced::Already(Box::new(record)), "it says nothing new");
    assert_eq!(stage.snapshot().await, before);
}

/// *Observed*: an answer that settles nothing leaves a candidate, and the effect is looked for at once.
pub async fn a_late_answer_that_settles_nothing_leaves_a_candidate<P: GivesJournal>(
    factory: &dyn StoreFactory<P>,
) {
    let stage = Stage::open(factory, "a late answer that settles nothing leaves a candidate").await;
    let record = stage.begun().await;
    let record = stage.apply(&record, lost()).await;
    let candidate = Candidate { id: "named".to_owned(), url: None, may_be_older: false };
    let outcome = Outcome::Unknown(UnknownOutcome {
        candidate: Some(candidate.clone()),
        ..UnknownOutcome::because("an id beside an error word")
    });
    let before = record;
    let record = stage.observe(&before, 1, outcome.clone()).await;
    assert_eq!((record.progress.state, post(&record)), (EffectState::Unknown, None));
    assert_eq!(record.progress.candidates, std::slice::from_ref(&candidate));
    assert!(before.progress.lease.is_some() && record.progress.lease == before.progress.lease, "held on");
    assert_eq!(record.progress.open_reason.as_deref(), Some("an id beside an error word"));
    let soon = record.progress.settled_from.max(Some(record.progress.changed_at));
    assert!(record.progress.due_at <= soon, "as soon as a look means something");
    stage.pays(0, 1).await;
    // Another one is a candidate as well, the same one is none again.
    let other = Candidate { id: "another".to_owned(), ..candidate.clone() };
    let unclear = Outcome::Unknown(UnknownOutcome {
        candidate: Some(other.clone()),
        ..UnknownOutcome::because("another id")
    });
    let record = stage.observe(&record, 1, unclear).await;
    let record = stage.observe(&record, 1, outcome).await;
    assert_eq!(record.progress.candidates, [candidate, other]);
}

/// *Observed*: an answer without an outcome makes the attempt that it is of unknown, though its holder did not say so; of several
/// lost attempts it tells why they are open, whichever it is of.
pub async fn a_late_answer_without_an_outcome_leaves_it_open<P: GivesJournal>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "a late answer without an outcome leaves it open").await;
    let unclear = |why: &str| Outcome::Unknown(UnknownOutcome::because(why));
    let record = stage.begun().await;
    let record = stage.observe(&record, 1, unclear("the first said nothing")).await;
    assert_eq!(record.progress.state, EffectState::Unknown, "it is looked for");
    let record = stage.apply(&record, begin()).await;
    let record = stage.apply(&record, lost()).await;
    let record = stage.observe(&record, 1, unclear("the first came again")).await;
    assert_eq!(record.progress.open_reason.as_deref(), Some("the first came again"));
    let soon = record.progress.settled_from.max(Some(record.progress.changed_at));
    assert!(record.progress.due_at <= soon, "as soon as a look means something");
}

/// *Observed*: while a later attempt is under way, the answer to an earlier one publishes if it names the post, and is kept
/// beside it if it settles nothing. The holder of the later attempt is fenced where it published.
pub async fn a_late_answer_to_an_earlier_attempt<P: GivesJournal>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "a late answer to an earlier attempt").await;
    let record = stage.begun().await;
    let unknown = stage.apply(&record, lost()).await;
    let again = stage.apply(&unknown, begin()).await;
    let candidate = Candidate { id: "named".to_owned(), url: None, may_be_older: false };
    let unclear = Outcome::Unknown(UnknownOutcome {
        candidate: Some(candidate.clone()),
        ..UnknownOutcome::because("an id beside an error word")
    });
    let noted = stage.observe(&again, 1, unclear).await;
    assert_eq!(noted.progress.state, EffectState::Attempting, "the later attempt is still under way");
    assert_eq!(noted.progress.candidates, std::slice::from_ref(&candidate));
    assert_eq!(noted.progress.lease, again.progress.lease, "and held");
    stage.tells_of("observed", 1).await;
    // A refusal of one of several attempts says nothing about the others.
    let noted = stage.observe(&noted, 1, Outcome::NotDone(refused(ErrorCode::PlatformRateLimit))).await;
    assert_eq!(noted.progress.state, EffectState::Attempting);
    assert_eq!(noted.progress.candidates, [candidate]);

    let record = stage.observe(&noted, 1, made("first")).await;
    assert_eq!((record.progress.state, post(&record)), (EffectState::Published, Some("first")));
    assert_eq!(record.progress.lease, None);
    assert_eq!(record.progress.candidates, [], "nothing is looked for any more");
    assert_eq!(stage.advance(advance(&noted, published("second"))).await, Advanced::Fenced);
    // What the holder then knows is observed as well: the second post is an incident.
    let record = stage.observe(&record, 2, made("second")).await;
    assert_eq!((post(&record), incidents(&record)), (Some("first"), vec!["second"]));
    stage.pays(1, 0).await;
}

/// *Observed*: of a public effect the same post says nothing new, another one is a second post: an incident beside the one that
/// an answer named, in the ledger as well; what was told stays.
pub async fn another_post_of_a_public_effect_is_an_incident<P: GivesJournal>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "another post of a public effect is an incident").await;
    let record = stage.begun().await;
    let public = stage.apply(&record, published("first")).await;
    let before = stage.snapshot().await;
    for nothing_new in [
        made("first"),
        Outcome::NotDone(refused(ErrorCode::PlatformRateLimit)),
        Outcome::Unknown(UnknownOutcome::because("an odd answer")),
    ] {
        let said = format!("{nothing_new:?}");
        let came = stage.advance(late(&public, 1, nothing_new)).await;
        assert_eq!(came, Advanced::Already(Box::new(public.clone())), "{said}");
    }
    assert_eq!(stage.snapshot().await, before);

    let record = stage.observe(&public, 1, made("second")).await;
    assert_eq!((record.progress.state, post(&record)), (EffectState::Published, Some("first")));
    assert_eq!(incidents(&record), ["second"]);
    assert_eq!(record.progress.incidents[0].attempt, 1);
    stage.tells_of("incident", 1).await;
    stage.tells_of("success", 1).await;
    stage.pays(1, 0).await;
    let stage = stage.crashed().await;
    assert_eq!(stage.view().await.unwrap().effects, [record], "also after a crash");
}

/// *Observed*: where a look had found the post, the answer's is the effect's from then on, and the look's is the incident.
pub async fn a_late_answer_corrects_what_a_look_found<P: GivesJournal>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "a late answer corrects what a look found").await;
    let record = stage.begun().await;
    let record = stage.apply(&record, lost()).await;
    let found = Step::Done { evidence: done("looked like ours"), found_by: FoundBy::Look };
    let record = stage.apply(&record, found).await;
    let record = stage.observe(&record, 1, made("ours")).await;
    assert_eq!((record.progress.state, post(&record)), (EffectState::Published, Some("ours")));
    assert_eq!(record.progress.found_by, FoundBy::Answer);
    assert_eq!(incidents(&record), ["looked like ours"]);
    stage.tells_of("incident", 1).await;
    stage.pays(1, 0).await;
    let stage = stage.crashed().await;
    let owners = async |id: &str| {
        let account = AccountKey::of(record.effect.content());
        stage.stores.journal().owners(&account, &[id.to_owned()]).await.unwrap().len()
    };
    assert_eq!((owners("ours").await, owners("looked like ours").await), (1, 0));
}

/// *Observed*: what had been told as not done, retryable or not, is public after all: never attempted again, an incident, and
/// paid.
pub async fn a_late_answer_to_what_was_told_as_not_done<P: GivesJournal>(factory: &dyn StoreFactory<P>) {
    for (name, code) in
        [("not done", ErrorCode::PlatformRateLimit), ("failed", ErrorCode::ContentPolicyViolation)]
    {
        let stage = Stage::open(factory, &format!("a late answer to what was told as {name}")).await;
        let record = stage.begun().await;
        let told = stage.apply(&record, not_done(code)).await;
        let before = stage.snapshot().await;
        for nothing_new in [
            Outcome::NotDone(refused(ErrorCode::PlatformRateLimit)),
            Outcome::Unknown(UnknownOutcome::because("an odd answer")),
        ] {
            let came = stage.advance(late(&told, 1, nothing_new)).await;
            assert_eq!(came, Advanced::Already(Box::new(told.clone())), "{name}");
        }
        assert_eq!(stage.snapshot().await, before, "{name}");

        let record = stage.observe(&told, 1, made("after all")).await;
        assert_eq!((record.progress.state, post(&record)), (EffectState::Published, Some("after all")));
        assert_eq!(incidents(&record), ["after all"], "{name}");
        assert_eq!((record.progress.refusal.as_ref(), record.progress.held), (None, false), "{name}");
        assert_eq!(record.progress.spent, Some(record.price), "{name}");
        let told = (record.kind() != EffectKind::Publish).then(|| "posted as after all".to_owned());
        assert_eq!(record.progress.said, told, "{name}: what is told of a post is its id and its URL");
        stage.pays(1, 0).await;
        stage.tells_of("success", 1).await;
        stage.tells_of("incident", 1).await;
        let error = stage.stores.journal().advance(advance(&record, begin())).await;
        assert!(error.is_err(), "{name}: it is never attempted again");
    }
}

/// *Observed*: it is paid after its hold was let go even where that passes the limit: it happened.
pub async fn what_happened_after_all_is_paid(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "what happened after all is paid").await;
    let effects = stage.effects(2);
    let approved = stage.set_up(PRICE, &effects).await;
    let first = fresh(stage.admit(request(&stage.scene, &approved[..1], true)).await).effects.remove(0);
    let failed = stage.apply(&first, not_done(ErrorCode::ContentPolicyViolation)).await;
    let other = stage.scene.under_key("other");
    let approved = stage.approve_for(&other, &effects[1..]).await;
    let second = fresh(stage.admit(request(&other, &approved, true)).await).effects.remove(0);
    stage.apply(&second, published("second")).await;
    stage.observe(&failed, 1, made("first")).await;
    let balance = stage.balance().await.unwrap();
    assert_eq!(balance.spent, Money::usd_micros(2 * PRICE.micros));
    assert_eq!((balance.committed, balance.limit), (Money::usd_micros(0), PRICE));
}

/// *Observed*: a refusal of the only attempt that is open settles it; of one of several it does not.
pub async fn a_late_refusal_settles_the_only_open_attempt<P: GivesJournal>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "a late refusal settles the only open attempt").await;
    let view = stage.admitted(3, true).await;
    let no = |code| Outcome::NotDone(refused(code));
    let only = stage.apply(&view.effects[0], lost()).await;
    let only = stage.observe(&only, 1, no(ErrorCode::PlatformRateLimit)).await;
    assert_eq!(only.progress.state, EffectState::NotDone);
    assert_eq!(only.progress.refusal.as_ref().map(|one| one.code), Some(ErrorCode::PlatformRateLimit));
    assert_eq!((only.progress.unsettled_since, only.progress.due_at), (None, None));

    let failed = stage.apply(&view.effects[1], lost()).await;
    let failed = stage.observe(&failed, 1, no(ErrorCode::ContentPolicyViolation)).await;
    assert_eq!((failed.progress.state, failed.progress.held), (EffectState::Failed, false));

    let several = stage.apply(&view.effects[2], lost()).await;
    // At the same moment as the first, and then by a clock that was set back.
    let several = stage.apply(&several, begin()).await;
    let several = stage.apply(&several, lost()).await;
    stage.clock.set(stage.clock.now() - TimeDelta::seconds(2));
    let several = stage.apply(&several, begin()).await;
    let several = stage.apply(&several, lost()).await;
    let mut still = several;
    for attempt in [1, 2, 3, 3] {
        still = stage.observe(&still, attempt, no(ErrorCode::ContentPolicyViolation)).await;
        assert_eq!(still.progress.state, EffectState::Unknown, "attempt {attempt} of three");
        assert!(still.progress.held, "attempt {attempt} of three");
        // Told should absence be known.
        let kept = still.progress.refusal.as_ref().map(|refusal| refusal.code);
        assert_eq!(kept, Some(ErrorCode::ContentPolicyViolation), "attempt {attempt} of three");
    }
}

/// *Observed*: an acceptance that comes late takes back what an earlier answer was refused for: if the platform then loses what
/// it works on, that refusal is not told as the reason.
pub async fn a_late_acceptance_ends_a_refusal<P: GivesJournal>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "a late acceptance ends a refusal").await;
    let record = stage.begun().await;
    let unclear = Step::Unknown(UnknownOutcome {
        refusal: Some(refused(ErrorCode::ContentPolicyViolation)),
        ..UnknownOutcome::because("a refusal by a tool that reads back")
    });
    let record = stage.apply(&record, unclear).await;
    let accepted = Outcome::Accepted(Pending { pending_id: "pending".to_owned(), said: None });
    let record = stage.observe(&record, 1, accepted).await;
    assert_eq!(record.progress.state, EffectState::Processing);
    assert_eq!(record.progress.pending_id.as_deref(), Some("pending"));
    let record = stage.apply(&record, lost()).await;
    let settled_from = record.progress.settled_from.expect("an attempt began");
    stage.clock.set(settled_from.max(stage.clock.now()));
    let record = stage.apply(&record, looked(true, stage.clock.now())).await;
    let absent = stage.apply(&record, Step::AbsentForGood).await;
    let refusal = absent.progress.refusal.expect("it is told why");
    assert_eq!((absent.progress.state, refusal.code), (EffectState::NotDone, ErrorCode::Timeout));
}
