//! The explicit table of the outside: an answer is lost after the post was made, and the list shows our text in every form
//! that reports describe, in every kind of list, for publishing and for each engagement.
//!
//! Each cell ends once: published with the post's own id where list and text prove it, else unknown before a person with the
//! items in doubt. In no cell are there two posts, or an answer that is false. What is expected follows from two properties
//! alone: whether the text is the same when it is folded, and whether the list shows when its items were made.

mod server;
mod tables;

use std::sync::Arc;

use chimera::contracts::{Clock, PlatformName};
use chimera::effect::{
    AccountRef, Effect, EffectKind, EffectRecord, EffectState, EffectV1, FoundBy, Kernel, KernelOptions,
    LeaseScope, Purpose,
};
use chimera::governance::Gate;
use chimera::platform::{Binding, Profile, ToolPlatform};
use chimera_testkit::conformance::Stores;
use chimera_testkit::{
    Memory, PRICE, Scene, TestClock, TestEntropy, admit_request, block_on, sample_effect, set_up,
};
use chimera_tests::stage::EchoMedia;
use chrono::TimeDelta;

use server::{ACCOUNT, Act, Server, TARGET};
use tables::{FORMS, Form, KINDS, LISTS, List, profile, text_of};

const PLACE: PlatformName = PlatformName::Twitter;

/// How often what is open is driven until a test gives up: more than the looks of an hour.
const ROUNDS: usize = 40;

/// One cell of the table, played to its end.
struct Played {
    record: EffectRecord,
    server: Arc<Server>,
}

/// Acts once in this manner, drives it until it rests or waits for a person, then asks again as its caller would.
async fn play(kind: EffectKind, form: &Form, list: List, act: Act) -> Played {
    let clock = Arc::new(TestClock::new());
    let time: Arc<dyn Clock> = Arc::<TestClock>::clone(&clock);
    let server = Arc::new(Server::new(&time, kind, form, list, act));
    let profile = Profile::parse(&profile(kind, list)).unwrap();
    let client: Arc<dyn chimera::platform::ToolClient> = Arc::<Server>::clone(&server);
    let platform = ToolPlatform::new(Binding::all(&profile, &client), Arc::new(EchoMedia), Arc::clone(&time));
    let Stores { journal, approvals, budget, .. } =
        Stores::of(Arc::new(Memory::new(Arc::clone(&time), Arc::new(TestEntropy::seeded(9))).open()));
    let gate = Gate::new(Arc::clone(&approvals), Arc::clone(&time));
    let kernel = Kernel::new(journal, Arc::new(platform), gate, time.clone(), KernelOptions::default());

    let scene = Scene::named("outside matrix");
    let sample = sample_effect(&scene, PLACE, text_of(kind)).content().clone();
    let target = (kind != EffectKind::Publish).then(|| TARGET.to_owned());
    let content = EffectV1 { kind, account: ACCOUNT.to_owned(), target, ..sample };
    let effect = Effect::new(content).unwrap();
    let approved = set_up(&approvals, budget.as_ref(), &time, &scene, PRICE, &[effect]).await.remove(0);
    let service = kernel.service(AccountRef::new(PLACE, ACCOUNT), kind).unwrap();
    let new = kernel.new_effect(approved.clone(), &service, false);
    let admitted = kernel.admit(admit_request(&scene, vec![new])).await.unwrap();
    let leased = admitted.into_parts().1.pop().expect("it is fresh, with one effect");
    let mut record = kernel.drive_fresh(leased, approved, clock.now()).await.unwrap();
    for round in 0..ROUNDS {
        let open = record.progress.state == EffectState::Unknown && !record.progress.needs_human;
        if !open {
            break;
        }
        assert!(round + 1 < ROUNDS, "{kind:?}: it neither settles nor asks a person: {record:?}");
        clock.set(record.progress.due_at.expect("it is looked for again").max(clock.now()));
        record = drive(&kernel, &record, Purpose::Background, &clock).await;
    }
    // Its caller asks again, hours later: a post that may be there is not made again.
    if record.progress.state == EffectState::Unknown {
        clock.advance(TimeDelta::hours(3));
        record = drive(&kernel, &record, Purpose::Asked, &clock).await;
    }
    Played { record, server }
}

async fn drive(kernel: &Kernel, record: &EffectRecord, purpose: Purpose, clock: &TestClock) -> EffectRecord {
    let leased = kernel.lease(LeaseScope::Of(vec![record.id]), 1).await.unwrap();
    match leased.into_iter().next() {
        Some(leased) => kernel.drive(leased, purpose, clock.now()).await.unwrap(),
        None => record.clone(),
    }
}

#[test]
fn a_lost_answer_ends_once_or_at_a_person() {
    let mut cells = 0;
    let (mut found, mut asked) = (0, 0);
    for kind in KINDS {
        for list in LISTS {
            for form in FORMS {
                let said = format!("{kind:?}, shown {}, in a list {list:?}", form.name);
                let Played { record, server } = block_on(play(kind, form, list, Act::MadeAndLost));
                cells += 1;
                assert_eq!(server.made(), 1, "{said}: one post");
                let progress = &record.progress;
                let words = !matches!(kind, EffectKind::Like | EffectKind::Follow);
                let proven = !words || (form.same && list.shows_times());
                if proven {
                    found += 1;
                    assert_eq!(progress.state, EffectState::Published, "{said}: {:?}", record.open_words());
                    let post = progress.post.as_ref().expect(&said);
                    assert!(server.is_ours(&post.id), "{said}: told as {}", post.id);
                    assert_eq!(progress.found_by, FoundBy::Look, "{said}");
                } else {
                    asked += 1;
                    assert_eq!(progress.state, EffectState::Unknown, "{said}: {progress:?}");
                    assert!(progress.needs_human && progress.post.is_none(), "{said}");
                    let report = &progress.latest_look.as_ref().expect(&said).report;
                    let doubtful = report.in_doubt.iter().find(|item| {
                        item.id.as_deref().is_some_and(|id| server.is_ours(id)) && !item.why.is_empty()
                    });
                    assert!(doubtful.is_some(), "{said}: the item is shown to the person: {report:?}");
                    let told = record.open_words().expect(&said);
                    assert!(told.contains("a person can settle it"), "{said}: {told}");
                    assert!(told.contains("no answer came"), "{said}: {told}");
                }
            }
        }
    }
    assert_eq!(cells, KINDS.len() * LISTS.len() * FORMS.len());
    assert!(found > 0 && asked > 0, "{found} found, {asked} asked");
}

/// The same lists without our post: it is never told as published. Where the list proves that nothing is there its caller may
/// ask again; elsewhere a person is asked.
#[test]
fn what_never_arrived_is_not_found() {
    for kind in KINDS {
        for list in LISTS {
            let said = format!("{kind:?} in a list {list:?}");
            let form = &FORMS[0];
            let Played { record, server } = block_on(play(kind, form, list, Act::Lost));
            let progress = &record.progress;
            assert_eq!(server.made(), 0, "{said}: nothing arrived, and nothing is sent again by itself");
            assert_eq!(progress.post, None, "{said}");
            if list.proves_absence(kind) {
                assert_eq!(progress.state, EffectState::NotDone, "{said}: {:?}", record.open_words());
            } else {
                assert_eq!(progress.state, EffectState::Unknown, "{said}");
                assert!(progress.needs_human, "{said}");
                let missing = progress.latest_look.as_ref().and_then(|look| look.report.missing.as_deref());
                assert!(
                    missing.is_some_and(|missing| !missing.is_empty()),
                    "{said}: it is told what is missing"
                );
            }
        }
    }
}
