//! Fourth step: engaging, as far as confidence, topics and policy allow.
//!
//! What is not settled is asked about again with the same key: that looks up what may have happened, and never acts twice.

use chimera::contracts::engage::{EngageInput, EngageOutput, EngageStatus};
use chimera::contracts::{CallContext, Skill};
use chimera::effect::Page;
use chimera_examples::Failure;
use chimera_examples::screen::Screen;
use chrono::TimeDelta;
use serde_json::Value;

use crate::host::Host;
use crate::launch::Engagement;
use crate::show;

/// How long this program waits before it tells how an engagement stands; work that is recorded goes on.
const PATIENCE: TimeDelta = TimeDelta::milliseconds(500);

/// How long it waits before it asks again, where nobody says for how long.
const PAUSE: TimeDelta = TimeDelta::milliseconds(250);

/// How often the same key is asked again before the program leaves the rest to a later run.
const ROUNDS: usize = 6;

/// An engagement with what became of it.
pub(crate) struct Engaged<'a> {
    pub(crate) engagement: &'a Engagement,
    pub(crate) answer: EngageOutput,
}

/// How an engagement stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It is public.
    Done,
    /// It waits for a person.
    Waiting,
    /// Somebody is at it.
    UnderWay,
    /// It may be public.
    Unknown,
    /// It is not public.
    Refused,
}

/// Engages with everything that the campaign names.
pub(crate) async fn engage<'a>(
    host: &Host,
    engagements: &'a [Engagement],
    screen: &Screen,
) -> Result<Vec<Engaged<'a>>, Failure> {
    show::step(screen, "4  engage: as far as confidence, topics and policy allow");
    let mut engaged = Vec::with_capacity(engagements.len());
    for engagement in engagements {
        show::engagement(screen, engagement);
        let answer = ask(host, engagement, screen).await?;
        show::answer(screen, &answer);
        engaged.push(Engaged { engagement, answer });
    }
    Ok(engaged)
}

/// Asks, and asks again with the same key for as long as that may change something.
pub(crate) async fn ask(
    host: &Host,
    engagement: &Engagement,
    screen: &Screen,
) -> Result<EngageOutput, Failure> {
    let context = CallContext { key: Some(engagement.key.clone()), ..host.worker().clone() };
    let deadline = host.clock().now().checked_add_signed(PATIENCE);
    let hasty = CallContext { deadline, ..context.clone() };
    let mut answer = call(host, &hasty, &engagement.input).await?;
    for _ in 0..ROUNDS {
        let Some(pause) = open(&answer) else { break };
        if waits_for_person(host, &answer).await? {
            break;
        }
        show::answer(screen, &answer);
        let progress = screen.progress("    asking again with the same key".to_owned());
        let now = host.clock().now();
        host.clock().sleep_until(now.checked_add_signed(pause).unwrap_or(now)).await;
        answer = call(host, &context, &engagement.input).await?;
        progress.finish();
    }
    Ok(answer)
}

/// Whether no look helps any more: asking again changes nothing before a person has settled it.
async fn waits_for_person(host: &Host, answer: &EngageOutput) -> Result<bool, Failure> {
    if standing(answer) != Standing::Unknown {
        return Ok(false);
    }
    let page = Page { after: None, limit: 100 };
    let unknown = host.chimera.outcomes().unknown(&host.worker().namespace, page).await?;
    Ok(unknown.iter().any(|unknown| unknown.needs_person))
}

async fn call(host: &Host, context: &CallContext, input: &EngageInput) -> Result<EngageOutput, Failure> {
    Ok(host.engage()?.call(context, input.clone()).await?)
}

/// After how long asking again may change something; `None` when it may not.
fn open(answer: &EngageOutput) -> Option<TimeDelta> {
    let error = answer.error.as_ref();
    let told = || error?.retry_after.and_then(|seconds| TimeDelta::try_seconds(i64::try_from(seconds).ok()?));
    let open = match standing(answer) {
        Standing::UnderWay | Standing::Unknown => true,
        Standing::Refused => error.is_some_and(|error| error.retryable),
        Standing::Done | Standing::Waiting => false,
    };
    open.then(|| told().unwrap_or(PAUSE))
}

/// How an answer of the contract stands: `pending` says three things.
pub(crate) fn standing(answer: &EngageOutput) -> Standing {
    let said = |name| answer.platform_response.as_ref().and_then(|response| response.get(name));
    match answer.status {
        EngageStatus::Success => Standing::Done,
        EngageStatus::Failed => Standing::Refused,
        EngageStatus::Pending if said("approval_required") == Some(&Value::Bool(true)) => Standing::Waiting,
        EngageStatus::Pending if said("outcome").is_some_and(|outcome| outcome == "unknown") => {
            Standing::Unknown
        }
        EngageStatus::Pending => Standing::UnderWay,
    }
}

#[cfg(test)]
mod tests {
    use chimera::contracts::ErrorCode;
    use chimera::contracts::engage::EngageError;
    use serde_json::json;

    use super::*;

    fn check(answer: &EngageOutput, expected: Standing, again: Option<TimeDelta>) {
        assert_eq!((standing(answer), open(answer)), (expected, again), "{answer:?}");
    }

    #[test]
    fn what_is_open_is_asked_again() {
        let answered = |status: EngageStatus, response: Value| EngageOutput {
            status,
            engagement_id: Some("eng_1".to_owned()),
            platform_response: response.as_object().cloned(),
            error: None,
        };
        let pending = |response| answered(EngageStatus::Pending, response);
        check(&answered(EngageStatus::Success, json!({"liked": true})), Standing::Done, None);
        check(&pending(json!({"approval_required": true})), Standing::Waiting, None);
        check(&pending(json!({"approval_required": false})), Standing::UnderWay, Some(PAUSE));
        let lost = EngageError::new(ErrorCode::Timeout, "no answer");
        check(&EngageOutput::unknown("eng_1", lost), Standing::Unknown, Some(PAUSE));
        for (code, retry_after, again) in [
            (ErrorCode::LowConfidence, None, None),
            (ErrorCode::ReviewRejected, None, None),
            (ErrorCode::PlatformTransientError, None, Some(PAUSE)),
            (ErrorCode::RateLimitExceeded, Some(3), Some(TimeDelta::seconds(3))),
        ] {
            let error = EngageError { retry_after, ..EngageError::new(code, "no") };
            check(&EngageOutput::failed(error), Standing::Refused, again);
        }
    }
}
