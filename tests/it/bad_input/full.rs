//! A database that runs full at every page: before the admission the request is refused, after a post its outcome is
//! unknown; and with room again the same key settles everything, with no second post.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chimera::Chimera;
use chimera::audit::{Attachment, AuditLedger as _, Draft, EventType, Statement};
use chimera::contracts::publish::{PublishInput, PublishOutput, PublishStatus};
use chimera::contracts::{Clock, ErrorCode, EventId, Namespace, PlatformName, derive_uuid};
use chimera::governance::Budget;
use chimera::store_sqlite::SqliteOptions;
use chimera_testkit::{PRICE, Rules, StrictPlatform, TestClock, block_on, tries};
use chimera_tests::stage::{PLATFORMS, approve, context, database, host, input, open_store, publish, scope};
use chrono::TimeDelta;

use super::{Expected, KEY, holds};

/// The size of a page.
const PAGE: u64 = 4096;

/// How one bound was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answered {
    Refused,
    UnknownUnposted,
    UnknownPosted,
    Success,
}

/// A request that takes several pages.
fn request() -> PublishInput {
    let mut request = input(KEY);
    for variant in &mut request.content_bundle.variants {
        if variant.platform != PlatformName::Twitter {
            variant.text_content = "word ".repeat(400);
        }
    }
    request
}

/// A database with the approval and the budget of the request, closed.
fn prepared(path: &Path) -> PublishInput {
    let clock: Arc<dyn Clock> = Arc::new(TestClock::new());
    let store = open_store(path, &clock);
    let platform = StrictPlatform::everywhere(Arc::clone(&clock), Rules::default());
    let mut request = request();
    let host = host(&store, Arc::new(platform), &clock);
    block_on(approve(&store, &host, &mut request, clock.as_ref()));
    request
}

/// A copy of a closed database, with what is not in its main file yet.
fn copy(from: &Path, to: &Path) -> PathBuf {
    fs::create_dir(to).unwrap();
    let copy = database(to);
    fs::copy(from, &copy).unwrap();
    let log = |path: &Path| path.with_extension("db-wal");
    if log(from).exists() {
        fs::copy(log(from), log(&copy)).unwrap();
    }
    copy
}

/// Publishes in a database of so many pages at most, then once more with room.
fn run(path: &Path, pages: u32, rules: Rules, request: &PublishInput) -> Answered {
    let clock: Arc<dyn Clock> = Arc::new(TestClock::new());
    let platform = StrictPlatform::everywhere(Arc::clone(&clock), rules);
    let options = SqliteOptions::new(path, Arc::clone(&clock)).max_pages(pages);
    let first = {
        let store = Arc::new(options.open().unwrap());
        block_on(publish(&host(&store, Arc::new(platform.clone()), &clock), request))
    };
    let answered = read(&first, &platform, pages);

    let store = open_store(path, &clock);
    let roomy = host(&store, Arc::new(platform.clone()), &clock);
    let status = block_on(roomy.publish().status(&context(), KEY)).unwrap();
    assert_eq!(status.is_none(), answered == Answered::Refused, "{pages} pages");
    let settled = settle(&roomy, request, clock.as_ref());
    assert_eq!(settled.status, PublishStatus::Success, "{pages} pages: {settled:?}");
    assert_eq!(platform.posts().len(), PLATFORMS.len(), "{pages} pages: one post each");
    assert_eq!(platform.violations(), [""; 0], "{pages} pages");
    let balance = block_on(store.balance(&scope(request))).unwrap().unwrap();
    assert_eq!((balance.spent.micros, balance.committed.micros), (3 * PRICE.micros, 0), "{pages} pages");
    answered
}

/// Asks with the same key until nothing is unknown, each time when the answer says that it makes sense.
fn settle(host: &Chimera, request: &PublishInput, clock: &dyn Clock) -> PublishOutput {
    let mut answer = block_on(publish(host, request));
    for _ in 0..4 {
        let next = answer.publications.iter().filter_map(|publication| publication.next_attempt_at).max();
        let Some(next) = next else { break };
        block_on(clock.sleep_until(next));
        answer = block_on(publish(host, request));
    }
    answer
}

fn read(answer: &PublishOutput, platform: &StrictPlatform, pages: u32) -> Answered {
    match answer.error_code {
        Some(ErrorCode::StorageUnavailable) => {
            let says = ["the database is full: make room"];
            let expected =
                Expected { code: ErrorCode::StorageUnavailable, pointers: &[], says: &says, recorded: false };
            holds(&format!("{pages} pages"), answer, &expected);
            assert_eq!(platform.performed(), [], "{pages} pages: nothing was sent");
            Answered::Refused
        }
        Some(ErrorCode::OutcomeUnknown) => {
            assert_eq!(answer.retry_eligible, Some(false), "{pages} pages: {answer:?}");
            let unknown: Vec<_> = answer
                .publications
                .iter()
                .filter(|publication| publication.error_code == Some(ErrorCode::OutcomeUnknown))
                .map(|publication| publication.platform)
                .collect();
            let posted = platform.posts().iter().any(|post| unknown.contains(&post.platform));
            if posted { Answered::UnknownPosted } else { Answered::UnknownUnposted }
        }
        None => Answered::Success,
        other => panic!("{pages} pages: {other:?}: {answer:?}"),
    }
}

/// Appends one event with so many bytes beside it.
fn fill(path: &Path, number: u32, bytes: usize) {
    let clock: Arc<dyn Clock> = Arc::new(TestClock::new());
    let id = EventId::from_uuid(derive_uuid("test", &[&number.to_be_bytes()]));
    let draft = Draft::new(id, EventType::of("test.filler"), Namespace::default(), Statement::new());
    let draft = draft.with_attachment(Attachment::exact(vec![b'x'; bytes]));
    block_on(open_store(path, &clock).append(vec![draft])).unwrap();
}

fn pages(path: &Path) -> u32 {
    u32::try_from(fs::metadata(path).unwrap().len() / PAGE).unwrap()
}

/// Every bound from the size as it is to the first at which everything fits, and as many fillings of the last page.
fn check(rules: Rules) {
    let folder = tempfile::tempdir().unwrap();
    let template = database(folder.path());
    let request = prepared(&template);
    // No page that an earlier schema left is free any more.
    let before = pages(&template);
    let last = tries(1_000, "the file grows").map(u32::try_from).map(Result::unwrap).find(|number| {
        fill(&template, *number, 1_000);
        pages(&template) > before
    });
    let mut seen = Vec::new();
    for filling in 0..24_usize {
        let filled = copy(&template, &folder.path().join(format!("filled {filling}")));
        fill(&filled, last.unwrap() + 1, filling * 300);
        let least = pages(&filled);
        for bound in least..least + 64 {
            let path = copy(&filled, &folder.path().join(format!("{filling} {bound}")));
            let answered = run(&path, bound, rules, &request);
            seen.push(answered);
            if answered == Answered::Success {
                break;
            }
        }
        let refused = seen.iter().rposition(|answered| *answered == Answered::Refused);
        let other = seen.iter().position(|answered| *answered != Answered::Refused);
        assert!(filling > 0 || refused < other, "{seen:?}");
    }
    for wanted in [Answered::Refused, Answered::UnknownPosted, Answered::Success] {
        assert!(seen.contains(&wanted), "{wanted:?} was not met: {seen:?}");
    }
}

#[test]
fn where_keys_are_not_enforced() {
    check(Rules::default());
}

#[test]
fn where_keys_are_enforced() {
    check(Rules::default().enforcing_keys(TimeDelta::days(1)));
}
