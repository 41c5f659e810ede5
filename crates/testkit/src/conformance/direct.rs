//! *Direct*: whose a post is when two effects claim it.

use chimera_audit::LedgerQuery;
use chimera_contracts::{Clock as _, PlatformName};
use chimera_effect::{
    Advance, Advanced, Effect, EffectKind, EffectQuery, EffectRecord, EffectState, EffectV1, FoundBy,
    HandSettlement, HandVerdict, Outcome, Page, Step,
};
use chrono::TimeDelta;

use super::StoreFactory;
use super::stage::{PLENTY, Stage, advance, applied, fresh, lost, request};
use crate::scene::{PRICE, done, published, reviewer, sample_effect};

const POST: &str = "the one";

/// Two comments of one account with texts of their own, begun: of one request or of two.
async fn two(stage: &Stage<'_>, together: bool) -> [EffectRecord; 2] {
    let effects = ["a text", "another text"].map(|text| {
        let sample = sample_effect(&stage.scene, PlatformName::Twitter, text).content().clone();
        let target = Some("a post of theirs".to_owned());
        Effect::new(EffectV1 { kind: EffectKind::Comment, target, ..sample })
            .expect("it has a canonical form")
    });
    let approved = stage.set_up(PLENTY, &effects).await;
    let (first, rest) = if together { (&approved[..], &approved[..0]) } else { approved.split_at(1) };
    let mut admitted = fresh(stage.admit(request(&stage.scene, first, true)).await).effects;
    if let Some(second) = rest.first() {
        let scene = stage.scene.under_key("second");
        let second = stage.approve_for(&scene, &[second.get().clone()]).await;
        admitted.extend(fresh(stage.admit(request(&scene, &second, true)).await).effects);
    }
    let second = admitted.pop().expect("two effects");
    [admitted.pop().expect("two effects"), second]
}

/// An effect as it is stored.
async fn stored(stage: &Stage<'_>, record: &EffectRecord) -> EffectRecord {
    let namespace = stage.scene.namespace.clone();
    let query = EffectQuery { namespace, ids: vec![record.id], ..EffectQuery::default() };
    let page = Page { after: None, limit: 1 };
    stage.stores.journal.effects(&query, page).await.expect("it is read").pop().expect("it is there")
}

/// What a look says that it found.
fn found() -> Step {
    Step::Done { evidence: done(POST), found_by: FoundBy::Look }
}

fn seen_by_a_person() -> Step {
    Step::SettledByHand(HandSettlement {
        verdict: HandVerdict::There { id: Some(POST.to_owned()), url: None },
        principal: reviewer("ann"),
        note: "it is there".to_owned(),
    })
}

fn verbs(trace: &[String]) -> Vec<&str> {
    trace.iter().filter_map(|kind| kind.rsplit('.').next()).collect()
}

/// What an effect is after a look lost its post to a direct answer.
async fn is_disowned(stage: &Stage<'_>, before: &EffectRecord, winner: &EffectRecord) {
    let loser = &stored(stage, before).await;
    let progress = &loser.progress;
    assert_eq!(progress.state, EffectState::Unknown);
    assert_eq!((progress.post.as_ref(), progress.spent, progress.held), (None, None, true));
    assert_eq!(progress.epoch, before.progress.epoch + 1, "a stale holder is fenced off");
    assert_eq!(progress.version, before.progress.version + 1);
    assert!(progress.due_at.is_some(), "it is looked for again");
    assert_eq!(progress.unsettled_since, before.progress.began_at, "since its own attempt");
    assert_eq!(progress.lease, None);
    assert_eq!(progress.changed_at, stage.clock.now(), "it is another's from then on");
    assert!(progress.open_reason.is_some(), "it is told why");
    assert_eq!(
        (&before.progress.said, &progress.said),
        (&done(POST).said, &None),
        "what was said of the other's"
    );
    let owner = winner.progress.post.as_ref().map(|post| post.id.as_str());
    assert_eq!((winner.progress.state, owner), (EffectState::Published, Some(POST)));
    assert_eq!(winner.progress.found_by, FoundBy::Answer);
    assert_eq!(stored(stage, winner).await, *winner, "what is answered is what is stored");
    let balance = stage.balance().await.expect("a budget is set");
    assert_eq!((balance.spent, balance.committed), (PRICE, PRICE), "its spend is committed again");
    let stale = Advance { epoch: before.progress.epoch, ..advance(loser, found()) };
    assert_eq!(stage.advance(stale).await, Advanced::Fenced);
}

/// *Direct*: the answer of a call beats a look: the post that a look gave to one effect goes to the one whose own answer
/// names it, in one step with the correction, and the end of the invocation is told anew.
pub async fn a_direct_answer_takes_a_post_that_a_look_gave_away(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "a direct answer takes a post that a look gave away").await;
    let [first, second] = two(&stage, false).await;
    let first = stage.apply(&first, lost()).await;
    let first = stage.apply(&first, found()).await;
    assert_eq!(first.progress.found_by, FoundBy::Look);
    stage.clock.advance(TimeDelta::seconds(1));
    let before = stage.trace().await.len();
    let winner = stage.apply(&second, published(POST)).await;
    is_disowned(&stage, &first, &winner).await;
    let told = stage.trace().await;
    assert_eq!(verbs(&told[before..]), ["corrected", "complete", "success", "complete"]);

    let before = stage.snapshot().await;
    let stage = stage.crashed().await;
    assert_eq!(stage.snapshot().await, before, "also after a crash");
    let loser = stored(&stage, &first).await;
    let taken = Advanced::Taken { external_id: POST.to_owned() };
    assert_eq!(stage.advance(advance(&loser, found())).await, taken, "a look does not take it back");
    applied(stage.advance(advance(&loser, published("its own"))).await);
}

/// *Direct*: of two effects of one request as well; the end of its invocation is told once, with the correction.
pub async fn a_direct_answer_takes_a_post_from_the_same_request(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "a direct answer takes a post from the same request").await;
    let [first, second] = two(&stage, true).await;
    let first = stage.apply(&first, lost()).await;
    let first = stage.apply(&first, found()).await;
    let before = stage.trace().await.len();
    let winner = stage.apply(&second, published(POST)).await;
    is_disowned(&stage, &first, &winner).await;
    assert_eq!(verbs(&stage.trace().await[before..]), ["corrected", "success", "complete"]);
    says_partial_success(&stage).await;
}

/// *Direct*: an answer that comes late is direct too, though both effects are at rest.
pub async fn a_late_answer_takes_a_post_that_a_look_gave_away(factory: &dyn StoreFactory) {
    for together in [false, true] {
        let name = format!("a late answer takes a post that a look gave away, together: {together}");
        let stage = Stage::open(factory, &name).await;
        let [first, second] = two(&stage, together).await;
        let first = stage.apply(&first, lost()).await;
        let first = stage.apply(&first, found()).await;
        let second = stage.apply(&second, lost()).await;
        let before = stage.trace().await.len();
        let late = Step::Observed { attempt: 1, outcome: Outcome::Done(done(POST)) };
        let winner = stage.apply(&second, late).await;
        is_disowned(&stage, &first, &winner).await;
        let told = stage.trace().await;
        if together {
            assert_eq!(verbs(&told[before..]), ["corrected", "success", "complete"]);
            says_partial_success(&stage).await;
        } else {
            assert_eq!(verbs(&told[before..]), ["corrected", "complete", "success", "complete"]);
        }
    }
}

/// The latest end of the invocation counts the loser as unknown.
async fn says_partial_success(stage: &Stage<'_>) {
    let correlation = Some(stage.scene.correlation);
    let entries = stage.find(&LedgerQuery { correlation, ..LedgerQuery::default() }).await;
    let last = entries.last().expect("the trace has events");
    let leaf = std::str::from_utf8(&last.leaf).expect("a leaf is ASCII");
    assert!(leaf.contains("partial_success"), "{leaf}");
}

/// *Direct*: a post that an answer or a person named is not taken away, by an answer neither; nothing changes. Nor does a look
/// or a person take one that a look found.
pub async fn a_post_that_is_proven_stays(factory: &dyn StoreFactory) {
    let name = "a post that is proven stays";
    let direct = || published(POST);
    let late = || Step::Observed { attempt: 1, outcome: Outcome::Done(done(POST)) };
    let owned = [("answer", direct()), ("person", seen_by_a_person()), ("look", found())];
    let claims: [(&str, Step); 4] =
        [("answer", direct()), ("late answer", late()), ("look", found()), ("person", seen_by_a_person())];
    for (owner, step) in owned {
        let stage = Stage::open(factory, &format!("{name}: {owner}")).await;
        let [first, second] = two(&stage, true).await;
        let first = stage.apply(&first, lost()).await;
        stage.apply(&first, step).await;
        let second = stage.apply(&second, lost()).await;
        let before = stage.snapshot().await;
        for (claim, step) in &claims {
            if owner == "look" && claim.ends_with("answer") {
                continue;
            }
            let taken = Advanced::Taken { external_id: POST.to_owned() };
            let came = stage.advance(advance(&second, step.clone())).await;
            assert_eq!(came, taken, "{claim} over {owner}");
            assert_eq!(stage.snapshot().await, before, "{claim} over {owner}");
        }
    }
}
