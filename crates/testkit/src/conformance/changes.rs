//! `Changes`: whole, in order, told as it is, woken; and what entries are about.
//!
//! The suite of the port appends to a ledger and follows it: no other port takes part ([`FollowedLedger`](super::FollowedLedger)).
//! What a journal, switches and an eraser tell followers needs those ports, and is asked of a whole store.

use chimera_audit::{
    Appended, Attachment, Change, ChangeQuery, Cursor, Draft, EffectStep, Erasure, EventType,
    LedgerErrorKind, LedgerQuery, RequestChange, Subject, SwitchChange, Token, What,
};
use chimera_contracts::{Clock as _, Namespace, PlatformName};
use chimera_effect::{AccountKey, EffectRecord, PauseCause, PauseKey, PauseOrder, PauseScope, Paused};
use chimera_governance::{Approver, ApproverRole};
use chimera_harness::{tries, within};
use chrono::TimeDelta;
use futures_util::future::{join, join_all};

use super::StoreFactory;
use super::case::port_suite;
use super::ports::GivesChanges;
use super::stage::{PAGES, Stage, kind_of, last, openers};
use crate::scene::published;

port_suite! {
    GivesChanges:
    changes_come_once_and_in_order
    a_page_has_at_most_what_was_asked_for
    a_stored_cursor_goes_on_after_a_crash
    what_is_not_known_is_told_all_the_same
    changes_are_those_of_the_tenant
    a_cursor_beyond_the_ledger_is_refused
    many_writers_are_followed_without_gaps
    a_wait_ends_with_an_entry
    a_wait_ends_at_its_time
}

/// Everything from a cursor on, in pages of this length, and the cursor behind it.
async fn follow(
    stores: &impl GivesChanges,
    query: &ChangeQuery,
    from: Cursor,
    limit: usize,
) -> (Vec<Change>, Cursor) {
    let (mut changes, mut from) = (Vec::new(), from);
    for _ in tries(PAGES, "a page with fewer changes than were asked for") {
        let page = stores.changes().changes(query, from, limit).await.expect("changes are read");
        assert!(page.changes.len() <= limit, "a page is as long as it was asked for");
        assert!(page.changes.iter().all(|change| change.position >= from.position()), "none comes again");
        assert!(page.next >= from, "a cursor goes on");
        let full = page.changes.len() == limit;
        changes.extend(page.changes);
        from = page.next;
        if !full {
            break;
        }
    }
    (changes, from)
}

pub(super) async fn since<P: GivesChanges>(stage: &Stage<'_, P>, from: Cursor) -> Vec<Change> {
    follow(&stage.stores, &ChangeQuery::default(), from, 1_000).await.0
}

pub(super) async fn latest<P: GivesChanges>(stage: &Stage<'_, P>) -> Cursor {
    stage.stores.changes().latest().await.expect("the ledger is read")
}

async fn append(stores: &impl GivesChanges, drafts: Vec<Draft>) -> Vec<u64> {
    let appended = stores.ledger().append(drafts).await.expect("the drafts are appended");
    appended.into_iter().map(Appended::index).collect()
}

fn numbered<P>(
    stage: &Stage<'_, P>,
    kind: &'static str,
    numbers: impl IntoIterator<Item = u64>,
) -> Vec<Draft> {
    numbers.into_iter().map(|number| stage.draft(kind, number)).collect()
}

/// An effect that began and was published, whoever's it is.
async fn posted(stage: &Stage<'_>) -> EffectRecord {
    let record = stage.begun().await;
    let done = stage.advance(last(&record, published(&stage.scene.name))).await;
    super::stage::applied(done)
}

/// *Whole*, *Present*: what was answered comes once, in the order of the ledger, in pages of any length, and `latest` is behind it.
pub async fn changes_come_once_and_in_order<P: GivesChanges>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "changes come once and in order").await;
    let from = latest(&stage).await;
    let mut appended = append(&stage.stores, numbered(&stage, "followed", 0..5)).await;
    appended.extend(append(&stage.stores, numbered(&stage, "followed_on", 5..8)).await);
    assert!(latest(&stage).await.position() >= from.position() + 8, "it is behind what was answered");

    let (all, end) = follow(&stage.stores, &ChangeQuery::default(), from, 1_000).await;
    assert!(end.position() >= from.position() + 8, "all that was answered before is there");
    let told: Vec<_> = all.iter().map(|change| (change.position, change.kind.as_str())).collect();
    let kinds = [["followed"; 5].as_slice(), &["followed_on"; 3]].concat();
    assert_eq!(told, appended.into_iter().zip(kinds).collect::<Vec<_>>());
    for limit in [1, 2, 7] {
        let (paged, _) = follow(&stage.stores, &ChangeQuery::default(), from, limit).await;
        assert_eq!(paged, all, "pages of {limit}");
    }
}

/// *At most*: a page is no longer than was asked for, and where nothing was asked for the cursor stays.
pub async fn a_page_has_at_most_what_was_asked_for<P: GivesChanges>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "a page has at most what was asked for").await;
    let from = latest(&stage).await;
    append(&stage.stores, numbered(&stage, "paged", 0..5)).await;
    for limit in [0, 1, 4, 5, 6] {
        let page = stage.stores.changes().changes(&ChangeQuery::default(), from, limit).await.unwrap();
        assert_eq!(page.changes.len(), limit.min(5), "{limit} were asked for");
        assert_eq!(page.next.position(), from.position() + limit.min(5) as u64, "{limit} were asked for");
    }
}

/// *Whole*: changes are the entries of the ledger, whoever appended them: position by position, type by type.
pub async fn changes_are_the_entries_of_the_ledger(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "changes are the entries of the ledger").await;
    let from = latest(&stage).await;
    append(&stage.stores, numbered(&stage, "followed", 0..5)).await;
    posted(&stage).await;
    append(&stage.stores, numbered(&stage, "followed", 5..8)).await;

    let head = stage.caught_up().await;
    let (all, end) = follow(&stage.stores, &ChangeQuery::default(), from, 1_000).await;
    assert!(end.position() >= head.size, "all that was answered before is there");
    let count = usize::try_from(end.position() - from.position()).unwrap();
    let entries = stage.stores.reader.entries(from.position(), count).await.unwrap();
    assert_eq!(all.len(), entries.len());
    for (change, entry) in all.iter().zip(&entries) {
        assert_eq!((change.position, change.kind.as_str()), (entry.index, kind_of(entry).as_str()));
    }
}

/// *Whole*, *Durable*: whoever stored a cursor goes on from it after a crash, of its own and of the store's.
pub async fn a_stored_cursor_goes_on_after_a_crash<P: GivesChanges>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "a stored cursor goes on after a crash").await;
    let from = latest(&stage).await;
    append(&stage.stores, numbered(&stage, "crashed", 0..9)).await;
    let first = stage.stores.changes().changes(&ChangeQuery::default(), from, 4).await.unwrap();
    let stored = serde_json::to_string(&first.next).unwrap();
    let stage = stage.crashed().await;
    append(&stage.stores, numbered(&stage, "crashed", 9..11)).await;
    let next: Cursor = serde_json::from_str(&stored).unwrap();
    let rest = since(&stage, next).await;
    let told: Vec<Change> = first.changes.into_iter().chain(rest).collect();
    assert_eq!(told, since(&stage, from).await);
    assert_eq!(told.iter().filter(|change| change.kind.as_str() == "crashed").count(), 11);
}

/// *Told as it is*: what happened to a request, its effects and an account is typed, and each change says what it is about.
pub async fn changes_say_what_happened_to_what(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "changes say what happened to what").await;
    let from = latest(&stage).await;
    let record = posted(&stage).await;
    let correlation = Some(stage.scene.correlation);
    let changes = since(&stage, from).await;
    let told: Vec<&Change> = changes.iter().filter(|change| change.correlation == correlation).collect();
    let request = Subject::Request(record.request);
    let effect = Subject::Effect { request: record.request, effect: record.id };
    let subjects: Vec<_> = told.iter().map(|change| change.subject).collect();
    assert_eq!(subjects, [request, effect, effect, request].map(Some));

    let micros = record.price.micros;
    let steps: Vec<&EffectStep> = told
        .iter()
        .filter_map(|change| match &change.what {
            What::Effect(effect) => {
                assert_eq!((effect.platform, effect.attempt), (PlatformName::Twitter, 1));
                let account = &record.effect.content().account;
                let Subject::Account { account, .. } = Subject::account(effect.platform, account) else {
                    panic!("an account is the subject of an account");
                };
                assert_eq!(effect.account, account);
                Some(&effect.step)
            }
            _ => None,
        })
        .collect();
    let public = EffectStep::Public { spent_micros: micros, found_by: None };
    assert_eq!(steps, [&EffectStep::Began { held_micros: micros }, &public]);
    assert_eq!(told[0].what, What::Request(RequestChange::Admitted));
    let rested = RequestChange::Rested { status: Token::parse("success").unwrap() };
    assert_eq!(told[3].what, What::Request(rested));
}

/// *Told as it is*: a switch says which account, by the digest of its name, or that it stops a tenant or everything.
pub async fn changes_tell_of_switches_by_account(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "changes tell of switches by account").await;
    let from = latest(&stage).await;
    let account = AccountKey { platform: PlatformName::Twitter, account: "an account to stop".to_owned() };
    let namespace: Namespace = "a-tenant-to-stop".parse().unwrap();
    let scopes =
        [PauseScope::Account(account.clone()), PauseScope::Namespace(namespace.clone()), PauseScope::All];
    let by = Approver { id: "ann@example.com".to_owned(), role: ApproverRole::HitlReviewer };
    for scope in scopes {
        let key = PauseKey { scope, cause: PauseCause::Ordered };
        let order = PauseOrder { key, by: by.clone(), note: "a drill".to_owned() };
        let paused = stage.stores.pauses.pause(order.clone()).await.unwrap();
        let resumed = stage.stores.pauses.resume(order).await.unwrap();
        assert!(matches!((paused, resumed), (Paused::Changed(_), Paused::Changed(_))));
    }
    let changes = since(&stage, from).await;
    let switches: Vec<_> = changes
        .iter()
        .filter_map(|change| match &change.what {
            What::Switch(SwitchChange { paused, cause }) => {
                assert_eq!(cause.as_str(), "ordered");
                Some((change.subject, *paused, change.namespace.clone()))
            }
            _ => None,
        })
        .collect();
    let subject = Subject::account(PlatformName::Twitter, &account.account);
    let of = |subject, namespace: &Namespace| {
        [true, false].map(|paused| (Some(subject), paused, namespace.clone()))
    };
    let expected = [
        of(subject, &Namespace::default()),
        of(Subject::Namespace, &namespace),
        of(Subject::All, &Namespace::default()),
    ];
    assert_eq!(switches, expected.concat());
}

/// *Told as it is*: an event that nobody here knows comes with its type and its subject, and nothing is left out for it.
pub async fn what_is_not_known_is_told_all_the_same<P: GivesChanges>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "what is not known is told all the same").await;
    let from = latest(&stage).await;
    let subject = Subject::account(PlatformName::Threads, "somebody");
    let drafts = vec![
        stage.draft("skill.publish_content.taken_back", 1).about(subject),
        stage.draft("skill.publish_content.attempt", 2),
        stage.draft("of_a_host", 3),
    ];
    append(&stage.stores, drafts).await;
    let changes = since(&stage, from).await;
    let told: Vec<_> =
        changes.iter().map(|change| (change.kind.as_str(), change.subject, &change.what)).collect();
    let expected = [
        ("skill.publish_content.taken_back", Some(subject), &What::Other),
        ("skill.publish_content.attempt", None, &What::Other),
        ("of_a_host", None, &What::Other),
    ];
    assert_eq!(told, expected);
}

/// A query names a tenant; the cursor goes on past what is another's.
pub async fn changes_are_those_of_the_tenant<P: GivesChanges>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "changes are those of the tenant").await;
    let from = latest(&stage).await;
    let tenant: Namespace = "a-follower".parse().unwrap();
    let mut drafts = numbered(&stage, "of_tenants", 0..9);
    for draft in drafts.iter_mut().step_by(3) {
        draft.namespace = tenant.clone();
    }
    append(&stage.stores, drafts).await;
    let end = latest(&stage).await;
    let query = ChangeQuery { namespace: Some(tenant.clone()) };
    for limit in [1, 2, 3, 4] {
        let (changes, next) = follow(&stage.stores, &query, from, limit).await;
        let offsets: Vec<u64> = changes.iter().map(|change| change.position - from.position()).collect();
        assert_eq!(offsets, [0, 3, 6], "pages of {limit}");
        assert!(changes.iter().all(|change| change.namespace == tenant));
        assert_eq!(next, end, "what is another's need not be looked at again");
    }
}

/// *No future*: a cursor that the ledger does not reach is refused, by each question.
pub async fn a_cursor_beyond_the_ledger_is_refused<P: GivesChanges>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "a cursor beyond the ledger is refused").await;
    let end = latest(&stage).await;
    let beyond = Cursor::before(end.position() + 1_000);
    let changes = stage.stores.changes().changes(&ChangeQuery::default(), beyond, 1).await;
    assert_eq!(changes.unwrap_err().kind(), LedgerErrorKind::Refused);
    let until = stage.clock.now() + TimeDelta::hours(1);
    let waited = within("a wait for what cannot come", stage.stores.changes().wait(beyond, until)).await;
    assert_eq!(waited.unwrap_err().kind(), LedgerErrorKind::Refused);
    let page = stage.stores.changes().changes(&ChangeQuery::default(), end, 1).await.unwrap();
    assert_eq!((page.changes.len(), page.next), (0, end), "the end itself is reached");
}

/// *Whole*: four writers through two openers and one reader in short pages, who stops and goes on from the cursor it stored.
pub async fn many_writers_are_followed_without_gaps<P: GivesChanges>(factory: &dyn StoreFactory<P>) {
    const EACH: u64 = 24;
    let stage = Stage::open(factory, "many writers are followed without gaps").await;
    let from = latest(&stage).await;
    let others = openers(factory, 2).await;
    let writer = |writer: u64| {
        let (stage, stores) = (&stage, &others[usize::try_from(writer % 2).unwrap()]);
        async move {
            for number in 0..EACH / 2 {
                let first = writer * EACH + 2 * number;
                append(stores, numbered(stage, "written", [first, first + 1])).await;
            }
        }
    };
    let reader = async {
        let (mut told, mut stored) = (Vec::new(), serde_json::to_string(&from).unwrap());
        let wanted = 4 * EACH;
        for _ in tries(PAGES, "all that was written") {
            let cursor: Cursor = serde_json::from_str(&stored).unwrap();
            // The test's clock may pass the end of the wait before a writer's flush is over.
            let until = stage.clock.now() + TimeDelta::hours(1);
            within("more changes", stage.stores.changes().wait(cursor, until)).await.unwrap();
            let page = stage.stores.changes().changes(&ChangeQuery::default(), cursor, 7).await.unwrap();
            told.extend(page.changes);
            stored = serde_json::to_string(&page.next).unwrap();
            let written = told.iter().filter(|change: &&Change| change.kind.as_str() == "written");
            if written.count() as u64 >= wanted {
                break;
            }
        }
        told
    };
    let (told, _) = join(reader, join_all((0..4).map(writer))).await;
    let positions: Vec<u64> = told.iter().map(|change| change.position).collect();
    assert!(positions.iter().copied().eq(from.position()..latest(&stage).await.position()));
    assert_eq!(told, since(&stage, from).await);
}

/// *Woken*: a wait ends with an entry behind the cursor, through this opener and through another one, and at once where one
/// stands there already.
pub async fn a_wait_ends_with_an_entry<P: GivesChanges>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "a wait ends with an entry").await;
    let other = factory.open().await;
    for (number, stores) in [&stage.stores, &other].into_iter().enumerate() {
        let from = latest(&stage).await;
        // So long that a test's clock, which each look moves on, does not come to its end.
        let until = stage.clock.now() + TimeDelta::days(3_650);
        let drafts = numbered(&stage, "awaited", [number as u64]);
        let waiting = within("an entry", stage.stores.changes().wait(from, until));
        let (waited, _) = join(waiting, append(stores, drafts)).await;
        assert!(waited.unwrap(), "opener {number}");
        let again =
            within("what is there already", stage.stores.changes().wait(from, stage.clock.now())).await;
        assert!(again.unwrap(), "a wait that has no time sees what is there");
    }
}

/// *Woken*: a wait ends at its time, by the store's clock, and a time that is past waits for nothing.
pub async fn a_wait_ends_at_its_time<P: GivesChanges>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "a wait ends at its time").await;
    let from = latest(&stage).await;
    for span in [TimeDelta::hours(1), TimeDelta::zero(), TimeDelta::hours(-1)] {
        let until = stage.clock.now() + span;
        let waited = within("the end of a wait", stage.stores.changes().wait(from, until)).await;
        assert!(!waited.unwrap(), "nothing came");
        assert!(stage.clock.now() >= until);
    }
}

/// Entries are found by what they are about: a request with its effects, an effect alone, an account.
pub async fn entries_are_found_by_what_they_are_about(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "entries are found by what they are about").await;
    let record = posted(&stage).await;
    let account = Subject::account(PlatformName::YouTube, "entries are found by what they are about");
    let drafts = numbered(&stage, "about_an_account", 0..3).into_iter();
    append(&stage.stores, drafts.map(|draft| draft.about(account)).collect()).await;
    append(&stage.stores, numbered(&stage, "about_nothing", 0..2)).await;

    let request = Subject::Request(record.request);
    let effect = Subject::Effect { request: record.request, effect: record.id };
    let publish = |verb| format!("skill.publish_content.{verb}");
    for (subject, expected) in [
        (request, ["start", "attempt", "success", "complete"].map(publish).to_vec()),
        (effect, ["attempt", "success"].map(publish).to_vec()),
        (account, vec!["about_an_account".to_owned(); 3]),
        (Subject::proposal("entries are found by what they are about"), vec![]),
    ] {
        let query = LedgerQuery { subject: Some(subject), ..LedgerQuery::default() };
        let found: Vec<String> = stage.find(&query).await.iter().map(kind_of).collect();
        assert_eq!(found, expected, "{subject}");
    }
    let kind = Some(EventType::of("skill.publish_content.success"));
    let query = LedgerQuery { subject: Some(request), kind, ..LedgerQuery::default() };
    assert_eq!(stage.find(&query).await.len(), 1, "with the other parts of a query");
}

/// A draft that is known is the same event, whatever it is said to be about: entries of earlier versions have no subject.
pub async fn a_replay_about_something_is_the_same_event(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "a replay about something is the same event").await;
    let draft = stage.draft("about_later", 1);
    let first = stage.stores.ledger.append(vec![draft.clone()]).await.unwrap()[0].index();
    let again = stage.stores.ledger.append(vec![draft.about(Subject::All)]).await.unwrap()[0];
    assert_eq!(again, Appended::Already { index: first });
}

/// The event of an erasure is about what the entry is about whose attachment it erased.
pub async fn an_erasure_is_about_what_its_entry_is_about(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "an erasure is about what its entry is about").await;
    let from = latest(&stage).await;
    let subject = Subject::account(PlatformName::LinkedIn, "a person who wants to be forgotten");
    let draft = stage.draft("forgotten", 1).about(subject).with_attachment(Attachment::redacted("words"));
    let index = stage.stores.ledger.append(vec![draft.clone()]).await.unwrap()[0].index();
    let reason = Token::parse("gdpr.article_17").unwrap();
    let Erasure::Erased { event } = stage.stores.eraser.erase(index, "ann", &reason).await.unwrap() else {
        panic!("it was not erased before");
    };
    let changes = since(&stage, from).await;
    let told = changes.iter().find(|change| change.position == event).expect("the erasure is told");
    assert_eq!(told.what, What::AttachmentErased { position: index, event: draft.id });
    assert_eq!(told.subject, Some(subject));
}

/// Every draft of ours is about something, whatever was acted out in this store before.
pub async fn every_event_of_ours_is_about_something(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "every event of ours is about something").await;
    posted(&stage).await;
    for change in since(&stage, Cursor::START).await {
        // Other cases append events of their own, and erase what belongs to them.
        let of_a_case = matches!(change.what, What::Other | What::AttachmentErased { .. });
        let entry = stage.stores.reader.entries(change.position, 1).await.unwrap().remove(0);
        let leaf: serde_json::Value = serde_json::from_slice(&entry.leaf).unwrap();
        assert!(of_a_case || leaf.get("subject").is_some(), "{change:?}");
    }
}
