//! What this example tells of itself alone.

use chimera::audit::verify::Verdict;
use chimera::contracts::publish::{PublicationResult, PublicationStatus, PublishOutput};
use chimera::governance::Decision;
use chimera_examples::Failure;
use chimera_examples::publish::{post, status};
use chimera_examples::sandbox::Public;
use chimera_examples::screen::{Audit, Screen};
use serde::Serialize;

pub(crate) fn approved(screen: &Screen, decision: &Decision) {
    screen.say(format_args!(
        "approved by {}{}: decision {}",
        decision.approver.id,
        screen.how(),
        decision.id
    ));
}

pub(crate) fn approved_before(screen: &Screen, decision: &Decision) {
    screen.say(format_args!(
        "approved by {} at {}: decision {}",
        decision.approver.id, decision.decided_at, decision.id
    ));
}

pub(crate) fn result(screen: &Screen, output: &PublishOutput, new_posts: usize) {
    screen.table(["platform", "status", "post", "approval", "event"], output.publications.iter().map(row));
    screen.say(format_args!("\n{}: {new_posts} new in public by this run", output.status.as_str()));
}

fn row(result: &PublicationResult) -> [String; 5] {
    let approval = result.approval.as_ref();
    [
        result.platform.to_string(),
        status(result),
        post(result.external_id.as_deref(), result.external_url.as_deref()),
        approval
            .map(|approval| format!("{}\n{}", approval.approved_by.as_str(), approval.decision_id))
            .unwrap_or_default(),
        result.event_id.map(|id| id.to_string()).unwrap_or_default(),
    ]
}

/// The last line: counts from the sandbox's own record and from the final answer.
pub(crate) fn summary(
    screen: &Screen,
    output: &PublishOutput,
    verdict: &Verdict,
    public: Public,
) -> Result<(), Failure> {
    let count = |status| output.publications.iter().filter(|result| result.status == status).count();
    let Public { posts, duplicates, .. } = public;
    let summary = Summary {
        posts,
        duplicates,
        unknown: count(PublicationStatus::Unknown),
        refused: count(PublicationStatus::Failed),
        audit: verdict.into(),
    };
    let words = format!("counted in the sandbox's own record: {posts} posts, {duplicates} duplicates");
    screen.last(&summary, words)
}

/// The line that `--json` prints.
#[derive(Serialize)]
struct Summary {
    posts: usize,
    duplicates: usize,
    unknown: usize,
    refused: usize,
    audit: Audit,
}
