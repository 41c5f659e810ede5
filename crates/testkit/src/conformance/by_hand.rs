//! *By hand*: a person settles an unknown effect.

use chimera_contracts::{Applied, Clock as _, ErrorCode, PlatformName, StoreErrorKind};
use chimera_effect::{
    AccountKey, Advanced, EffectRecord, EffectState, FoundBy, HandSettlement, HandVerdict, Outcome, Step,
};
use chimera_governance::{Approver, ApproverRole};
use chrono::TimeDelta;

use super::StoreFactory;
use super::ports::GivesJournal;
use super::stage::{Stage, accepted, advance, applied, begin, fresh, last, lost, not_done};
use crate::scene::{cannot_tell, done, published, reviewer};

fn there(id: Option<&str>) -> HandVerdict {
    let url = id.map(|id| format!("https://example.com/{id}"));
    HandVerdict::There { id: id.map(str::to_owned), url }
}

fn says(who: &Approver, verdict: HandVerdict) -> Step {
    let note = "looked at the account".to_owned();
    Step::SettledByHand(HandSettlement { verdict, principal: who.clone(), note })
}

fn ann() -> Approver {
    reviewer("ann@example.com")
}

impl<P: GivesJournal> Stage<'_, P> {
    /// One effect that waits for a person.
    async fn waiting(&self) -> EffectRecord {
        let record = self.begun().await;
        let record = self.apply(&record, lost()).await;
        applied(self.advance(last(&record, cannot_tell("nothing to look with"))).await)
    }

    /// Gives the step as a person does: under no lease.
    async fn by_hand(&self, record: &EffectRecord, who: &Approver, verdict: HandVerdict) -> Advanced {
        self.advance(last(record, says(who, verdict))).await
    }

    async fn refuses(&self, record: &EffectRecord, who: &Approver, verdict: HandVerdict) -> ErrorCode {
        let said = format!("{verdict:?} by {who:?}");
        match self.by_hand(record, who, verdict).await {
            Advanced::Refused(refused) => refused.code,
            other => panic!("{said} is refused, not {other:?}"),
        }
    }
}

/// *By hand*: it is there: published as what the person saw, with the evidence; without an id under a name that no other
/// effect shares.
pub async fn a_person_says_that_it_is_there<P: GivesJournal>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "a person says that it is there").await;
    let record = stage.waiting().await;
    let public = applied(stage.by_hand(&record, &ann(), there(Some("seen"))).await);
    let progress = &public.progress;
    let post = progress.post.clone().expect("it has a post");
    assert_eq!((progress.state, progress.found_by), (EffectState::Published, FoundBy::Person));
    assert_eq!((post.id.as_str(), post.url.as_deref()), ("seen", Some("https://example.com/seen")));
    assert_eq!((progress.needs_human, progress.spent), (false, Some(record.price)));
    stage.pays(1, 0).await;
    if let Some(told) = stage.trace_if_whole().await {
        let ends: Vec<&str> = told.iter().rev().take(3).filter_map(|kind| kind.rsplit('.').next()).collect();
        assert_eq!(ends, ["complete", "success", "settled_by_hand"]);
    }
    let stage = stage.crashed().await;
    assert_eq!(stage.view().await.unwrap().effects, std::slice::from_ref(&public));
    // A person named that one: the post that its own answer names is a second one.
    let late = Step::Observed { attempt: 1, outcome: Outcome::Done(done("answered")) };
    let twice = applied(stage.advance(last(&public, late)).await);
    assert_eq!(twice.progress.post.as_ref().map(|post| post.id.as_str()), Some("seen"));
    assert_eq!(twice.progress.incidents.len(), 1);

    let other = Stage::open(factory, "a person says that it is there, somewhere").await;
    let record = other.waiting().await;
    let public = applied(other.by_hand(&record, &ann(), there(None)).await);
    let id = public.progress.post.clone().expect("it has a post").id;
    assert!(id.contains(&record.id.to_string()), "{id}");
    // Its own answer names what the person saw: no second post is known of.
    let late = Step::Observed { attempt: 1, outcome: Outcome::Done(done("answered")) };
    let named = applied(other.advance(last(&public, late)).await);
    let post = named.progress.post.clone().expect("it has a post");
    assert_eq!((post.id.as_str(), named.progress.found_by), ("answered", FoundBy::Answer));
    assert_eq!(post.published_at, record.progress.began_at, "the answer says no time");
    assert_eq!((named.progress.incidents.len(), named.progress.spent), (0, Some(record.price)));
    let account = AccountKey::of(named.effect.content());
    let owners =
        async |id: &str| other.stores.journal().owners(&account, &[id.to_owned()]).await.unwrap().len();
    assert_eq!((owners("answered").await, owners(&id).await), (1, 0));
}

/// *By hand*: a post of another effect is `Taken`, and nothing changes.
pub async fn a_person_cannot_give_away_the_post_of_another<P: GivesJournal>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "a person cannot give away the post of another").await;
    let effects = ["a text", "another text"].map(|text| stage.act(PlatformName::Twitter, text));
    let view = stage.admitted_acts(&effects, true).await;
    stage.apply(&view.effects[0], published("theirs")).await;
    let record = stage.apply(&view.effects[1], lost()).await;
    let before = stage.snapshot().await;
    let taken = Advanced::Taken { external_id: "theirs".to_owned() };
    assert_eq!(stage.by_hand(&record, &ann(), there(Some("theirs"))).await, taken);
    assert_eq!(stage.snapshot().await, before);
}

/// *By hand*: it is not there: only once absence means something; then it may be attempted again under the same approval, when
/// its caller asks.
pub async fn a_person_says_that_it_is_not_there<P: GivesJournal>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "a person says that it is not there").await;
    let record = stage.waiting().await;
    let settled_from = record.progress.settled_from.expect("an attempt began");
    stage.clock.set(settled_from - TimeDelta::seconds(1));
    let before = stage.snapshot().await;
    let step = last(&record, says(&ann(), HandVerdict::NotThere));
    let error = stage.stores.journal().advance(step.clone()).await.expect_err("too early");
    assert_eq!((error.kind, error.applied), (StoreErrorKind::Misuse, Applied::NotApplied));
    assert_eq!(stage.snapshot().await, before);

    stage.clock.set(settled_from.max(stage.clock.now()));
    let absent = applied(stage.advance(step).await);
    let progress = &absent.progress;
    assert_eq!((progress.state, progress.held, progress.needs_human), (EffectState::NotDone, true, false));
    assert_eq!((progress.due_at, progress.unsettled_since, progress.lease), (None, None, None));
    assert!(progress.refusal.as_ref().is_some_and(|refusal| refusal.code.retryable()));
    assert_eq!(stage.lease_due().await, [], "not by itself");
    let leased = stage.lease_one(&absent).await.expect("its caller may ask");
    let again = stage.apply(&leased, begin()).await;
    assert_eq!((again.progress.state, again.progress.attempts), (EffectState::Attempting, 2));
    if let Some(told) = stage.trace_if_whole().await {
        let hand = told.iter().position(|kind| kind.ends_with(".settled_by_hand"));
        assert!(told[hand.expect("it is in the ledger") + 1].ends_with(".failure"), "{told:?}");
    }
}

/// *By hand*: a person who cannot tell either leaves it unknown, waiting for a person, with the evidence.
pub async fn a_person_cannot_tell_either<P: GivesJournal>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "a person cannot tell either").await;
    let record = stage.begun().await;
    let record = stage.apply(&record, lost()).await;
    let still = applied(stage.by_hand(&record, &ann(), HandVerdict::StillUnknown).await);
    assert_eq!((still.progress.state, still.progress.needs_human), (EffectState::Unknown, true));
    assert_eq!(still.progress.due_at, record.progress.due_at, "it is looked for all the same");
    assert_eq!(still.progress.lease, record.progress.lease, "its holder keeps it");
    assert!(still.progress.held);
    stage.tells_of("settled_by_hand", 1).await;
}

/// *By hand*: only what is unknown is settled by hand; anything else is `Misuse` and changes nothing.
pub async fn only_what_is_unknown_is_settled_by_hand<P: GivesJournal>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "only what is unknown is settled by hand").await;
    let mut asked = stage.asking(&stage.scene, &stage.acts(6), true).await;
    asked.effects[0].begin = None;
    let view = fresh(stage.admit(asked).await);
    let steps = [
        published("there"),
        not_done(ErrorCode::PlatformRateLimit),
        not_done(ErrorCode::ContentPolicyViolation),
        accepted(),
    ];
    for (record, step) in view.effects[2..].iter().zip(steps) {
        stage.apply(record, step).await;
    }
    stage.clock.advance(TimeDelta::hours(1));
    let before = stage.snapshot().await;
    for record in &stage.view().await.unwrap().effects {
        for verdict in [there(Some("seen")), there(None), HandVerdict::NotThere, HandVerdict::StillUnknown] {
            let said = format!("{verdict:?} of what is {}", record.progress.state);
            let step = advance(record, says(&ann(), verdict));
            let error = stage.stores.journal().advance(step).await.expect_err(&said);
            assert_eq!((error.kind, error.applied), (StoreErrorKind::Misuse, Applied::NotApplied), "{said}");
        }
    }
    assert_eq!(stage.snapshot().await, before);
}

/// *By hand*: only a named person, never the agent, who asked, or who requested the decision, however they are spelled.
pub async fn who_asked_does_not_settle_by_hand<P: GivesJournal>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "who asked does not settle by hand").await;
    let asked = stage.asking(&stage.scene, &stage.acts(1), true).await;
    // The scene's decision was requested by `planner`.
    let asked = chimera_effect::Admit { asked_by: Some("bob@example.com".to_owned()), ..asked };
    let record = fresh(stage.admit(asked).await).effects.remove(0);
    let record = stage.apply(&record, lost()).await;
    let settled_from = record.progress.settled_from.expect("an attempt began");
    stage.clock.set(settled_from.max(stage.clock.now()));
    let before = stage.snapshot().await;
    let agent = stage.scene.agent.as_uuid();
    let themselves = [
        agent.to_string(),
        agent.to_string().to_uppercase(),
        agent.simple().to_string(),
        agent.urn().to_string(),
        agent.urn().to_string().to_uppercase(),
        agent.braced().to_string(),
        format!(" {agent}\u{200b}"),
        "bob@example.com".to_owned(),
        "Bob@Example.COM".to_owned(),
        "bob@example.com ".to_owned(),
        "b\u{43e}b@example.com".to_owned(),
        "bob\u{200d}@example.com".to_owned(),
        "\u{ff42}ob@example.com".to_owned(),
        "planner".to_owned(),
        "PLANNER".to_owned(),
        "pl\u{430}nner".to_owned(),
        "\u{feff}planner\n".to_owned(),
    ];
    for id in &themselves {
        for verdict in [there(Some("seen")), HandVerdict::NotThere, HandVerdict::StillUnknown] {
            let code = stage.refuses(&record, &reviewer(id), verdict).await;
            assert_eq!(code, ErrorCode::ApprovalSelf, "{id:?}");
        }
    }
    for nameless in ["", " ", "\u{200b}", "\u{feff}\n"] {
        let code = stage.refuses(&record, &reviewer(nameless), HandVerdict::NotThere).await;
        assert_eq!(code, ErrorCode::AuthzFailure, "{nameless:?}");
    }
    for role in [ApproverRole::Judge, ApproverRole::Policy] {
        let machine = Approver { role, ..ann() };
        let code = stage.refuses(&record, &machine, HandVerdict::NotThere).await;
        assert_eq!(code, ErrorCode::AuthzFailure, "{role:?}");
    }
    assert_eq!(stage.snapshot().await, before);
    // A person whose name is an address of its provider has a name.
    let person = reviewer("https://id.example.com/users/ann");
    applied(stage.by_hand(&record, &person, HandVerdict::NotThere).await);
}
