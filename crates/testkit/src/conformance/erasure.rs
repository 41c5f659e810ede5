//! `AttachmentEraser`: one step, told once, refused by name.

use chimera_audit::{
    Appended, Attachment, Entry, Erasure, EventType, Kept, LedgerErrorKind, LedgerQuery, Token,
};
use futures_util::future::join_all;

use super::StoreFactory;
use super::case::port_suite;
use super::ports::GivesEraser;
use super::stage::{Stage, openers};

port_suite! {
    GivesEraser:
    an_erased_attachment_is_gone_and_told
    an_erasure_is_told_once
    what_cannot_be_erased_is_refused
}

fn reason() -> Token {
    Token::parse("gdpr.article_17").unwrap()
}

/// An event of the scene with an attachment.
async fn attached<P: GivesEraser>(stage: &Stage<'_, P>, number: u64) -> u64 {
    let draft = stage.draft("to_erase", number).with_attachment(Attachment::redacted("a person's words"));
    match stage.stores.ledger().append(vec![draft]).await.unwrap().as_slice() {
        [Appended::New { index }] => *index,
        other => panic!("the event is new: {other:?}"),
    }
}

async fn entry<P: GivesEraser>(stage: &Stage<'_, P>, index: u64) -> Entry {
    stage.caught_up().await;
    stage.stores.reader().entries(index, 1).await.unwrap().remove(0)
}

/// *One step*, *Read with its event*: the attachment is gone, its entry is as it was, and an event tells of it, also after a
/// crash.
pub async fn an_erased_attachment_is_gone_and_told<P: GivesEraser>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "an erased attachment is gone and told").await;
    let (erased, other) = (attached(&stage, 1).await, attached(&stage, 2).await);
    let before = entry(&stage, erased).await;
    let Erasure::Erased { event } = stage.stores.eraser().erase(erased, "ann", &reason()).await.unwrap()
    else {
        panic!("it was not erased before");
    };
    let stage = stage.crashed().await;
    let after = entry(&stage, erased).await;
    assert_eq!((after.leaf, after.attachment), (before.leaf, Kept::Erased));
    assert!(matches!(entry(&stage, other).await.attachment, Kept::Present { .. }), "no other is touched");
    let told = String::from_utf8(entry(&stage, event).await.leaf).unwrap();
    assert!(told.contains(&format!("\"index\":{erased},")) && told.contains("gdpr.article_17"), "{told}");
    let query = LedgerQuery { kind: Some(EventType::attachment_erased()), ..LedgerQuery::default() };
    assert!(stage.find(&query).await.iter().any(|entry| entry.index == event));
}

/// *Idempotent*, *Concurrency*: one event tells of it, whoever asks, and however many at one time.
pub async fn an_erasure_is_told_once<P: GivesEraser>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "an erasure is told once").await;
    let erased = attached(&stage, 1).await;
    let openers = openers(factory, 4).await;
    let reason = reason();
    let calls = openers.iter().map(|stores| stores.eraser().erase(erased, "ann", &reason));
    let answers: Vec<Erasure> = join_all(calls).await.into_iter().map(Result::unwrap).collect();
    let first: Vec<u64> = answers
        .iter()
        .filter_map(|answer| match answer {
            Erasure::Erased { event } => Some(*event),
            Erasure::Already { .. } => None,
        })
        .collect();
    let [event] = first.as_slice() else { panic!("one of them erased it: {answers:?}") };
    let other = Token::parse("asked.again").unwrap();
    let again = stage.stores.eraser().erase(erased, "bob", &other).await.unwrap();
    assert_eq!(again, Erasure::Already { event: *event });
}

/// *Refused*: what is not there, what never had an attachment, and nobody.
pub async fn what_cannot_be_erased_is_refused<P: GivesEraser>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "what cannot be erased is refused").await;
    let bare = match stage.stores.ledger().append(vec![stage.draft("bare", 1)]).await.unwrap().as_slice() {
        [appended] => appended.index(),
        other => panic!("one event: {other:?}"),
    };
    let erased = attached(&stage, 2).await;
    for (index, by) in
        [(bare, "ann"), (u64::MAX, "ann"), (1 << 40, "ann"), (erased, ""), (erased, "\u{200b} ")]
    {
        let refused = stage.stores.eraser().erase(index, by, &reason()).await.unwrap_err();
        assert_eq!(refused.kind(), LedgerErrorKind::Refused, "{index} by {by:?}: {refused}");
    }
    assert!(matches!(entry(&stage, erased).await.attachment, Kept::Present { .. }));
}
