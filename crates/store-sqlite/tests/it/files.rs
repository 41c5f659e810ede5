//! What stands in the files: nothing of what was erased, and nothing at all where the file is not ours any more.

use std::fs;

use chimera_audit::{
    Attachment, AttachmentEraser as _, AuditLedger as _, Draft, EventType, LedgerReader as _, Statement,
    Token,
};
use chimera_contracts::{EventId, Namespace, StoreErrorKind, derive_uuid};
use chimera_governance::{Budget as _, BudgetScope};
use chimera_testkit::{Scene, block_on};

use crate::factory::Sqlite;

const WORDS: &str = "the words of a person who wants them gone";

fn draft(number: u8) -> Draft {
    let id = EventId::from_uuid(derive_uuid("test", &[&[number]]));
    Draft::new(id, EventType::of("test.event"), Namespace::default(), Statement::new())
        .with_attachment(Attachment::redacted(format!("{WORDS} {number}")))
}

/// Whether the words stand anywhere in the folder of the database.
fn stands(sqlite: &Sqlite, words: &str) -> bool {
    let folder = sqlite.path().parent().unwrap().to_owned();
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).filter(|path| path.is_file());
    let found = |bytes: Vec<u8>| bytes.windows(words.len()).any(|window| window == words.as_bytes());
    files.into_iter().any(|path| found(fs::read(path).unwrap()))
}

#[test]
fn what_was_erased_stands_in_no_file() {
    let sqlite = Sqlite::new();
    let store = sqlite.store();
    let reason = Token::parse("gdpr.article_17").unwrap();
    block_on(async {
        // The first two in one step, so that one of them stands beside the row.
        store.append(vec![draft(1), draft(2)]).await.unwrap();
        store.append(vec![draft(3)]).await.unwrap();
        assert!(stands(&sqlite, WORDS));
        for index in [0, 1] {
            store.erase(index, "ann", &reason).await.unwrap();
            assert!(!stands(&sqlite, &format!("{WORDS} {}", index + 1)), "entry {index}");
        }
        assert!(stands(&sqlite, &format!("{WORDS} 3")), "the others stay");
        assert_eq!(store.head().await.unwrap().size, 5);
    });
}

/// A process that writes into a file that nobody finds does everything again after its restart (S1).
#[test]
fn a_database_that_was_deleted_or_replaced_is_not_written() {
    let scene = Scene::named("replaced");
    let scope: BudgetScope = scene.scope();
    let limit = chimera_contracts::Money::usd_micros(1);
    for replaced in [false, true] {
        let sqlite = Sqlite::new();
        let store = sqlite.store();
        block_on(store.set_limit(&scope, limit)).unwrap();
        let aside = sqlite.path().with_extension("aside");
        fs::rename(sqlite.path(), &aside).unwrap();
        if replaced {
            fs::copy(&aside, sqlite.path()).unwrap();
        }
        let refused = block_on(store.set_limit(&scope, limit)).unwrap_err();
        assert_eq!(refused.kind, StoreErrorKind::Corrupt, "{refused}");
        let what = if replaced { "was replaced" } else { "is not there any more" };
        assert!(refused.message.contains(what), "{refused}");
        // Put back, it is the one that was opened.
        fs::rename(&aside, sqlite.path()).unwrap();
        block_on(store.set_limit(&scope, limit)).unwrap();
    }
}
