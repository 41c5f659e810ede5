//! Every code of the table (ERR-01) is met by somebody: each row here makes one happen through a public door, and what the
//! caller is told agrees with the table. A code that nobody produces fails, and so does a row for a skill that the table
//! does not name.

mod engage;
mod permit;
mod propose;
mod publish;
mod tools;

use std::collections::BTreeSet;
use std::sync::Arc;

use chimera::contracts::engage::EngageOutput;
use chimera::contracts::propose::ErrorObject;
use chimera::contracts::publish::PublishOutput;
use chimera::contracts::{Clock, ErrorCode, Known, SkillName};
use chimera_testkit::{Memory, MemoryStore, TestEntropy, within};
use futures_util::future::LocalBoxFuture;

/// What a caller was told, and whether something became public while it asked.
#[derive(Debug)]
struct Told {
    code: Option<ErrorCode>,
    retryable: bool,
    acted: bool,
}

impl Told {
    fn published(answer: &PublishOutput, acted: bool) -> Self {
        Self { code: answer.error_code, retryable: answer.retry_eligible == Some(true), acted }
    }

    fn engaged(answer: &EngageOutput, acted: bool) -> Self {
        let error = answer.error.as_ref();
        Self {
            code: error.map(|error| error.code),
            retryable: error.is_some_and(|error| error.retryable),
            acted,
        }
    }

    /// A transient error says when to ask again, a permanent one why not (PRO-12).
    fn proposed(error: &ErrorObject) -> Self {
        let wait = error.details.as_ref().and_then(|details| details.retry_after_seconds);
        Self { code: Some(error.error_code), retryable: wait.is_some(), acted: false }
    }
}

/// Makes a code happen, in a world of its own.
type Produce = fn() -> LocalBoxFuture<'static, Told>;

/// A code, and what makes it happen.
type Row = (ErrorCode, Produce);

/// Every row, by the skill that answers; `None` where governance does, which the table does not name.
fn rows() -> impl Iterator<Item = (Option<SkillName>, &'static Row)> {
    let tables = [
        (Some(SkillName::Propose), propose::ROWS),
        (Some(SkillName::Engage), engage::ROWS),
        (Some(SkillName::Engage), tools::ENGAGE),
        (Some(SkillName::Publish), publish::ROWS),
        (Some(SkillName::Publish), tools::PUBLISH),
        (None, permit::ROWS),
    ];
    tables.into_iter().flat_map(|(skill, rows)| rows.iter().map(move |row| (skill, row)))
}

/// A store that dies with its test.
fn memory(clock: &Arc<dyn Clock>) -> Arc<MemoryStore> {
    Arc::new(Memory::new(Arc::clone(clock), Arc::new(TestEntropy::seeded(1))).open())
}

/// What is wrong with the answer of a row.
fn wrong(skill: Option<SkillName>, code: ErrorCode, told: &Told) -> Vec<String> {
    let nothing_happened = code.known() == Known::NothingHappened;
    let checks = [
        (told.code == Some(code), "it was told another code"),
        (skill.is_none_or(|skill| code.skills().contains(&skill)), "the table does not name the skill"),
        (told.retryable == code.retryable(), "the table says otherwise about asking again"),
        (!(nothing_happened && told.acted), "the table says that nothing happened"),
    ];
    let failed = checks.into_iter().filter(|(holds, _)| !holds);
    let who = skill.map_or("governance", SkillName::as_str);
    failed.map(|(_, what)| format!("{who}, {code}: {what}: {told:?}")).collect()
}

#[test]
fn every_code_of_the_table_has_a_producer() {
    let produced: BTreeSet<ErrorCode> = rows().map(|(_, (code, _))| *code).collect();
    let table: BTreeSet<ErrorCode> = ErrorCode::ALL.iter().copied().collect();
    assert_eq!(produced, table);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_producer_is_told_what_the_table_says() {
    let mut faults = Vec::new();
    for (skill, (code, produce)) in rows() {
        let told = within(format!("what makes {code} happen"), produce()).await;
        faults.extend(wrong(skill, *code, &told));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
