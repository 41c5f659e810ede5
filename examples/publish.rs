//! Publishing: asking once, asking again with the same key for as long as that may change something, and telling of it.

use chimera::Chimera;
use chimera::contracts::publish::{PublicationResult, PublicationStatus, PublishInput, PublishOutput};
use chimera::contracts::{CallContext, Clock, HostError, Skill, SkillOutput as _};
use chimera::effect::MediaIdentity;
use chimera::skill_publish::{Preview, PublishSkill};
use chrono::{DateTime, Utc};

use crate::Failure;
use crate::screen::Screen;

/// How often the same key is asked again before the program leaves the rest to a later run.
const ROUNDS: usize = 6;

/// What would be sent, for a reviewer.
///
/// # Errors
/// When it could not be published as it is.
pub async fn preview(
    chimera: &Chimera,
    context: &CallContext,
    input: &PublishInput,
) -> Result<Vec<Preview>, Failure> {
    let previews = chimera.publish().preview(context, input).await;
    previews.map_err(|failure| refused(&failure).into())
}

/// Shows what would be sent.
pub fn show(previews: &[Preview], screen: &Screen) {
    screen.show("\nThe posts, exactly as they are sent:");
    for preview in previews {
        let Preview { platform, account, text, count, media, digest } = preview;
        screen.show(format_args!("\n  {platform} as {account} ({} of {})", count.used, count.limit));
        for line in text.lines() {
            screen.show(format_args!("  | {line}"));
        }
        for medium in media {
            let bytes = match medium.identity {
                MediaIdentity::Sha256(digest) => format!("sha256 {digest}"),
                MediaIdentity::ByReference => {
                    "by reference: whatever is there when the platform pulls it".to_owned()
                }
            };
            screen.show(format_args!("  + {} ({bytes})", medium.url));
        }
        screen.show(format_args!("  effect sha256 {digest}"));
    }
    screen.show("");
}

/// Asks, and asks again with the same key for as long as that may change something.
///
/// # Errors
/// When the request was refused as a whole: there is nothing to show of single platforms. When the context is wrong.
pub async fn publish(
    chimera: &Chimera,
    clock: &dyn Clock,
    context: &CallContext,
    input: &PublishInput,
    screen: &Screen,
) -> Result<PublishOutput, Failure> {
    let skill = chimera.publish();
    let mut answer = ask(skill, context, input, screen, "publishing").await?;
    for _ in 0..ROUNDS {
        if refused_whole(&answer) {
            break;
        }
        let Some(open) = open(&answer) else { break };
        tell(&answer, screen);
        clock.sleep_until(open.max(clock.now())).await;
        answer = ask(skill, context, input, screen, "asking again with the same key").await?;
    }
    if refused_whole(&answer) { Err(refused(&answer).into()) } else { Ok(answer) }
}

/// Whether nothing of the request was recorded: no platform's result names the decision that allowed it.
fn refused_whole(answer: &PublishOutput) -> bool {
    answer.is_error() && answer.publications.iter().all(|result| result.approval.is_none())
}

async fn ask(
    skill: &PublishSkill,
    context: &CallContext,
    input: &PublishInput,
    screen: &Screen,
    what: &str,
) -> Result<PublishOutput, HostError> {
    let progress = screen.progress(what.to_owned());
    let answer = skill.call(context, input.clone()).await;
    progress.finish();
    answer
}

/// When asking again may change something; `None` when it may not.
fn open(output: &PublishOutput) -> Option<DateTime<Utc>> {
    let now = DateTime::<Utc>::MIN_UTC;
    output
        .publications
        .iter()
        .filter(|result| match result.status {
            PublicationStatus::Failed => result.retry_eligible == Some(true),
            PublicationStatus::Unknown => result.next_attempt_at.is_some(),
            PublicationStatus::Processing => true,
            _ => false,
        })
        .map(|result| result.next_attempt_at.unwrap_or(now))
        .min()
}

fn refused(output: &PublishOutput) -> String {
    let code = output.error_code.map(|code| code.to_string()).unwrap_or_default();
    format!("{code}: {}", output.error_message.as_deref().unwrap_or_default())
}

/// How it stands between two asks.
fn tell(output: &PublishOutput, screen: &Screen) {
    for result in &output.publications {
        let (platform, state) = (result.platform, result.status.as_str());
        match (&result.error_code, result.next_attempt_at) {
            (Some(code), Some(at)) => screen.say(format_args!(
                "  {platform}: {state}, {code}, may be asked again at {}",
                at.format("%H:%M:%S%.3f")
            )),
            (Some(code), None) => screen.say(format_args!("  {platform}: {state}, {code}")),
            _ => screen.say(format_args!("  {platform}: {state}")),
        }
    }
}

/// A result's status, with what went wrong, for a table.
#[must_use]
pub fn status(result: &PublicationResult) -> String {
    match (&result.error_code, &result.error_message) {
        (Some(code), Some(message)) => format!("{}\n{code}\n{message}", result.status.as_str()),
        (Some(code), None) => format!("{}\n{code}", result.status.as_str()),
        _ => result.status.as_str().to_owned(),
    }
}

/// A post's id and URL, for a table.
#[must_use]
pub fn post(id: Option<&str>, url: Option<&str>) -> String {
    let id = id.unwrap_or("-");
    url.map_or_else(|| id.to_owned(), |url| format!("{id}\n{url}"))
}
