//! `AuditLedger` and `LedgerReader`: idempotent, all or nothing, in order, provable.

use std::collections::BTreeSet;

use chimera_audit::{
    Appended, Attachment, Draft, Entry, EventType, Head, Kept, LedgerError, LedgerErrorKind, LedgerQuery,
    LedgerVerdict, Page, Statement, merkle,
};
use chimera_contracts::{Clock as _, Digest};
use chimera_harness::tries;
use chrono::TimeDelta;
use futures_util::future::join_all;

use super::StoreFactory;
use super::case::port_suite;
use super::ports::GivesEvidence;
use super::stage::{Stage, kind_of, openers};

port_suite! {
    GivesEvidence:
    an_append_is_idempotent_by_id
    a_replay_keeps_the_first_attachment
    an_id_with_other_words_is_a_conflict
    a_failed_append_adds_none_of_its_drafts
    drafts_stand_in_order_without_gaps
    concurrent_appends_lose_nothing
    the_log_survives_a_crash
    the_heads_root_follows_from_the_entries
    heads_only_grow
    attachments_open_their_commitments
    entries_come_in_pages
    entries_are_found_by_what_they_say
    entries_are_found_by_the_ledgers_time
    impossible_proofs_are_refused
}

async fn append<P: GivesEvidence>(stage: &Stage<'_, P>, drafts: &[Draft]) -> Vec<Appended> {
    stage.stores.ledger().append(drafts.to_vec()).await.expect("the drafts are appended")
}

async fn entry<P: GivesEvidence>(stage: &Stage<'_, P>, index: u64) -> Entry {
    stage.caught_up().await;
    let found = stage.stores.reader().entries(index, 1).await.unwrap().pop().expect("the entry is there");
    assert_eq!(found.index, index);
    found
}

/// The entries of the scene's own type, in order.
async fn of_type<P: GivesEvidence>(stage: &Stage<'_, P>, kind: &'static str) -> Vec<Entry> {
    stage.find(&LedgerQuery { kind: Some(EventType::of(kind)), ..LedgerQuery::default() }).await
}

fn indexes(appended: &[Appended]) -> Vec<u64> {
    appended.iter().map(|one| one.index()).collect()
}

/// *Idempotent by id*: a draft that is in the log adds nothing and answers its first place, also within one call.
pub async fn an_append_is_idempotent_by_id<P: GivesEvidence>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "an append is idempotent by id").await;
    let drafts = [1, 2].map(|n| stage.draft("idempotent", n));
    let first = append(&stage, &drafts).await;
    assert!(first.iter().all(|one| matches!(one, Appended::New { .. })));
    let already: Vec<_> = first.iter().map(|one| Appended::Already { index: one.index() }).collect();
    stage.clock.advance(TimeDelta::hours(1));
    assert_eq!(append(&stage, &drafts).await, already);
    assert_eq!(append(&stage, &[drafts[1].clone(), drafts[0].clone()]).await, [already[1], already[0]]);

    let third = stage.draft("idempotent", 3);
    let mixed = append(&stage, &[drafts[0].clone(), third.clone(), third]).await;
    let index = mixed[1].index();
    assert_eq!(mixed, [already[0], Appended::New { index }, Appended::Already { index }]);
    assert_eq!(of_type(&stage, "idempotent").await.len(), 3);
    assert_eq!(append(&stage, &[]).await, []);
}

/// *Idempotent by id*: the time and the attachment of the first append stay.
pub async fn a_replay_keeps_the_first_attachment<P: GivesEvidence>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "a replay keeps the first attachment").await;
    let draft = stage.draft("replayed", 1).with_attachment(Attachment::redacted("the first"));
    let index = append(&stage, std::slice::from_ref(&draft)).await[0].index();
    let before = entry(&stage, index).await;
    stage.clock.advance(TimeDelta::hours(1));
    for replay in [draft.with_attachment(Attachment::redacted("the second")), stage.draft("replayed", 1)] {
        assert_eq!(append(&stage, &[replay]).await, [Appended::Already { index }]);
    }
    assert_eq!(entry(&stage, index).await, before);
}

fn assert_conflict(error: &LedgerError, stored: &Draft, offered: &Draft) {
    let expected =
        LedgerErrorKind::Conflict { id: stored.id, stored: stored.sameness(), offered: offered.sameness() };
    assert_eq!(error.kind(), expected);
    assert_eq!(error.verdict(), LedgerVerdict::NotApplied);
}

/// *Conflict*: an id with another sameness is refused and both digests are named, against the log and within one call.
pub async fn an_id_with_other_words_is_a_conflict<P: GivesEvidence>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "an id with other words is a conflict").await;
    let draft = stage.draft("conflict", 1);
    append(&stage, std::slice::from_ref(&draft)).await;
    let offered = Draft { statement: Statement::new().word("said", "otherwise"), ..draft.clone() };
    let error = stage.stores.ledger().append(vec![offered.clone()]).await.unwrap_err();
    assert_conflict(&error, &draft, &offered);

    let first = stage.draft("conflict", 2);
    let second = Draft { statement: Statement::new().word("said", "otherwise"), ..first.clone() };
    let error = stage.stores.ledger().append(vec![first.clone(), second.clone()]).await.unwrap_err();
    assert_conflict(&error, &first, &second);
    assert_eq!(of_type(&stage, "conflict").await.len(), 1);
}

/// *All or nothing*: a call that fails adds none of its drafts, and its ids are as free as before.
pub async fn a_failed_append_adds_none_of_its_drafts<P: GivesEvidence>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "a failed append adds none of its drafts").await;
    let known = stage.draft("all_or_nothing", 1);
    append(&stage, std::slice::from_ref(&known)).await;
    let before = stage.caught_up().await;
    let other = Draft { statement: Statement::new(), ..known.clone() };
    let drafts = vec![stage.draft("all_or_nothing", 2), stage.draft("all_or_nothing", 3), other];
    stage.stores.ledger().append(drafts.clone()).await.unwrap_err();
    let after = stage.caught_up().await;
    assert_eq!(after.size, before.size + 1, "nothing but the marker of this look");
    let appended = append(&stage, &drafts[..2]).await;
    assert!(appended.iter().all(|one| matches!(one, Appended::New { .. })));
}

/// *Order*: the drafts of a call stand one after the other, a later call after an earlier one, without gaps.
pub async fn drafts_stand_in_order_without_gaps<P: GivesEvidence>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "drafts stand in order without gaps").await;
    let first = append(&stage, &[1, 2, 3].map(|n| stage.draft("in_order", n))).await;
    let second = append(&stage, &[4, 5].map(|n| stage.draft("in_order", n))).await;
    let places: Vec<u64> = indexes(&first).into_iter().chain(indexes(&second)).collect();
    let expected: Vec<u64> = (places[0]..).take(5).collect();
    assert_eq!(places, expected);
    let size = stage.caught_up().await.size;
    let entries = stage.stores.reader().entries(0, usize::try_from(size).unwrap()).await.unwrap();
    assert!(entries.iter().map(|entry| entry.index).eq(0..size), "indexes begin at 0 and have no gaps");
}

/// *Concurrency*: of concurrent appends from two processes none is lost, and each call stands together.
pub async fn concurrent_appends_lose_nothing<P: GivesEvidence>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "concurrent appends lose nothing").await;
    let others = openers(factory, 2).await;
    let calls = (0..32_u64).map(|n| {
        // Every second call repeats the call before it.
        let number = 2 * (n / 2);
        let drafts = vec![stage.draft("concurrent", number), stage.draft("concurrent", number + 1)];
        others[usize::try_from(n / 2 % 2).unwrap()].ledger().append(drafts)
    });
    let answers: Vec<_> = join_all(calls).await.into_iter().map(Result::unwrap).collect();
    let new = answers.iter().flatten().filter(|one| matches!(one, Appended::New { .. })).count();
    assert_eq!(new, 32, "each event once");
    let places: BTreeSet<u64> = answers.iter().flat_map(|call| indexes(call)).collect();
    assert_eq!(places.len(), 32);
    for call in &answers {
        assert_eq!(call[0].index() + 1, call[1].index(), "a call stands together");
    }
    assert_eq!(of_type(&stage, "concurrent").await.len(), 32);
}

/// *Durable*: what was answered survives a crash, byte for byte.
pub async fn the_log_survives_a_crash<P: GivesEvidence>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "the log survives a crash").await;
    let drafts = [1, 2].map(|n| stage.draft("durable", n).with_attachment(Attachment::redacted("kept")));
    append(&stage, &drafts).await;
    let before = of_type(&stage, "durable").await;
    assert_eq!(before.len(), 2);
    let head = stage.caught_up().await;
    let stage = stage.crashed().await;
    let reopened = stage.stores.reader().head().await.unwrap();
    assert!(reopened.size >= head.size, "a head never goes back");
    assert_eq!(of_type(&stage, "durable").await, before);
    let already = append(&stage, &drafts).await;
    assert!(already.iter().all(|one| matches!(one, Appended::Already { .. })));
}

/// The root of RFC 9162 §2.1.1, written down a second time.
fn root(leaves: &[Digest]) -> Digest {
    match leaves {
        [] => Digest::of(b""),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            let mut bytes = vec![1];
            bytes.extend_from_slice(root(left).as_bytes());
            bytes.extend_from_slice(root(right).as_bytes());
            Digest::of(&bytes)
        }
    }
}

fn leaf_hash(entry: &Entry) -> Digest {
    Digest::of(&[&[0], entry.leaf.as_slice()].concat())
}

/// The head's root is that of the tree over the exact bytes of the entries below its size.
pub async fn the_heads_root_follows_from_the_entries<P: GivesEvidence>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "the head's root follows from the entries").await;
    for n in 0..9 {
        append(&stage, &[stage.draft("tree", n)]).await;
        let head = stage.caught_up().await;
        let entries = stage.stores.reader().entries(0, usize::try_from(head.size).unwrap()).await.unwrap();
        let leaves: Vec<Digest> = entries.iter().map(leaf_hash).collect();
        assert_eq!(head, Head { size: leaves.len() as u64, root: root(&leaves) });
    }
}

/// Each head extends every earlier one, and the ledger proves it, also after a crash.
pub async fn heads_only_grow<P: GivesEvidence>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "heads only grow").await;
    let mut heads = Vec::new();
    for n in 0..6 {
        append(&stage, &[stage.draft("growing", n)]).await;
        heads.push(stage.caught_up().await);
    }
    let stage = stage.crashed().await;
    heads.push(stage.caught_up().await);
    for (n, old) in heads.iter().enumerate() {
        for new in &heads[n..] {
            let proof = stage.stores.reader().consistency(old.size, new.size).await.unwrap();
            let shown = merkle::verify_consistency(old.size, new.size, &proof, &old.root, &new.root);
            assert_eq!(shown, Ok(()), "{old} to {new}");
        }
    }
}

/// What is kept beside an entry opens the commitment in its leaf; the salt is fresh, so that equal bytes look different.
pub async fn attachments_open_their_commitments<P: GivesEvidence>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "attachments open their commitments").await;
    let with = |n| stage.draft("attached", n).with_attachment(Attachment::redacted("the same bytes"));
    append(&stage, &[with(1), with(2), stage.draft("attached", 3)]).await;
    let entries = of_type(&stage, "attached").await;
    let mut salts = BTreeSet::new();
    for entry in &entries[..2] {
        let Kept::Present { salt, bytes } = &entry.attachment else { panic!("the attachment is kept") };
        assert_eq!(bytes, b"the same bytes");
        let commitment = Digest::of(&[salt.as_slice(), bytes].concat()).to_string();
        assert!(std::str::from_utf8(&entry.leaf).unwrap().contains(&commitment), "the leaf commits to it");
        salts.insert(*salt);
    }
    assert_eq!(salts.len(), 2, "each attachment has a salt of its own");
    assert_eq!(entries[2].attachment, Kept::None);
}

/// `entries` come in the order of their index without gaps, at most `limit`, and none from the head's size on.
pub async fn entries_come_in_pages<P: GivesEvidence>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "entries come in pages").await;
    append(&stage, &[1, 2, 3, 4, 5].map(|n| stage.draft("paged", n))).await;
    let head = stage.caught_up().await;
    let reader = stage.stores.reader();
    let all = reader.entries(0, usize::try_from(head.size).unwrap()).await.unwrap();
    let mut pages = Vec::new();
    for _ in tries(all.len() + 1, "the page after the last entry") {
        let page = reader.entries(pages.len() as u64, 2).await.unwrap();
        if page.is_empty() {
            break;
        }
        assert!(page.len() <= 2, "a page is as long as it was asked for");
        pages.extend(page);
    }
    assert_eq!(pages, all);
    assert_eq!(reader.entries(head.size, 10).await.unwrap(), []);
    assert_eq!(reader.entries(0, 0).await.unwrap(), []);
}

/// `find` gives what a query asks for by tenant, type and trace, in order and in pages.
pub async fn entries_are_found_by_what_they_say<P: GivesEvidence>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "entries are found by what they say").await;
    let correlation = Some(stage.scene.correlation);
    let plain = [1, 2, 3].map(|n| stage.draft("found", n));
    let traced = [4, 5].map(|n| stage.draft("found", n).with_correlation(correlation));
    let other_type = stage.draft("found_elsewhere", 6).with_correlation(correlation);
    let tenant: chimera_contracts::Namespace = "a-finder".parse().unwrap();
    let of_tenant = Draft { namespace: tenant.clone(), ..stage.draft("found", 7) };
    let drafts: Vec<_> = plain.into_iter().chain(traced).chain([other_type, of_tenant]).collect();
    let places = indexes(&append(&stage, &drafts).await);

    let kind = Some(EventType::of("found"));
    let any = LedgerQuery::default;
    for (query, expected) in [
        (LedgerQuery { kind: kind.clone(), ..any() }, vec![0, 1, 2, 3, 4, 6]),
        (LedgerQuery { correlation, ..any() }, vec![3, 4, 5]),
        (LedgerQuery { correlation, kind: kind.clone(), ..any() }, vec![3, 4]),
        (LedgerQuery { namespace: Some(tenant.clone()), ..any() }, vec![6]),
        (LedgerQuery { namespace: Some(tenant), correlation, ..any() }, vec![]),
        (LedgerQuery { kind: Some(EventType::of("found_by_nobody")), ..any() }, vec![]),
    ] {
        let found: Vec<u64> = stage.find(&query).await.iter().map(|entry| entry.index).collect();
        let expected: Vec<u64> = expected.into_iter().map(|n: usize| places[n]).collect();
        assert_eq!(found, expected, "{query:?}");
    }

    let query = LedgerQuery { kind, ..any() };
    let all = stage.find(&query).await;
    assert!(all.iter().all(|entry| kind_of(entry) == "found"));
    let mut paged: Vec<Entry> = Vec::new();
    for _ in tries(all.len() + 1, "the last page of what was found") {
        let from = paged.last().map_or(0, |entry| entry.index + 1);
        let page = stage.stores.reader().find(&query, Page { from, limit: 2 }).await.unwrap();
        assert!(page.iter().all(|entry| entry.index >= from), "a page begins where it is asked to");
        let full = page.len() == 2;
        paged.extend(page);
        if !full {
            break;
        }
    }
    assert_eq!(paged, all);
}

/// *Time*: the ledger's own clock gives the time of the first append; `since` counts it in, `until` leaves it out.
pub async fn entries_are_found_by_the_ledgers_time<P: GivesEvidence>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "entries are found by the ledger's time").await;
    let mut at = Vec::new();
    for n in 0..3 {
        stage.clock.advance(TimeDelta::minutes(1));
        at.push(stage.clock.now());
        append(&stage, &[stage.draft("timed", n)]).await;
    }
    let kind = Some(EventType::of("timed"));
    for (since, until, expected) in [
        (None, None, vec![0, 1, 2]),
        (Some(at[1]), None, vec![1, 2]),
        (None, Some(at[1]), vec![0]),
        (Some(at[1]), Some(at[2]), vec![1]),
        (Some(at[2] + TimeDelta::seconds(1)), None, vec![]),
    ] {
        let query = LedgerQuery { kind: kind.clone(), since, until, ..LedgerQuery::default() };
        let all = of_type(&stage, "timed").await;
        let expected: Vec<Entry> = expected.into_iter().map(|n: usize| all[n].clone()).collect();
        assert_eq!(stage.find(&query).await, expected, "{query:?}");
    }
}

/// `consistency` refuses what proves nothing: from size 0, backwards, beyond the head.
pub async fn impossible_proofs_are_refused<P: GivesEvidence>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "impossible proofs are refused").await;
    append(&stage, &[1, 2].map(|n| stage.draft("impossible", n))).await;
    let size = stage.caught_up().await.size;
    for (from, to) in [(0, size), (0, 0), (size, size - 1), (1, size + 1_000), (size + 1_000, size + 1_000)] {
        let error = stage.stores.reader().consistency(from, to).await.expect_err("there is no such proof");
        assert_eq!(error.kind(), LedgerErrorKind::Refused, "{from} to {to}");
    }
}
