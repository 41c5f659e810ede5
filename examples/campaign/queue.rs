//! Fourth step, second part: a person works through what waits.
//!
//! This reviewer decides where confidence alone was missing. What waits because of its topic is left to a colleague who
//! knows the topic; it stays in the queue, and nothing happens until somebody decides.

use chimera::governance::review::Review;
use chimera::skill_engage::{EngageSkill, EngagementDocument};
use chimera_examples::Failure;
use chimera_examples::screen::{Answer, Screen};

use crate::engage::{self, Engaged};
use crate::host::Host;
use crate::reviewer::{LEASE, reviewer};
use crate::show;

/// How many reviews are looked at.
const PAGE: usize = 100;

/// Works through those of these engagements that wait.
pub(crate) async fn work_through(
    host: &Host,
    engaged: &mut [Engaged<'_>],
    screen: &Screen,
) -> Result<(), Failure> {
    let skill = host.engage()?;
    let waiting = skill.waiting(&host.worker().namespace, PAGE).await?;
    show::queue(screen, waiting.len());
    for review in waiting {
        let ours = |engaged: &&mut Engaged<'_>| {
            engaged.answer.engagement_id.as_deref() == Some(review.artifact.as_str())
        };
        let Some(engaged) = engaged.iter_mut().find(ours) else { continue };
        show::waiting(screen, &review, &EngagementDocument::from_json(review.current_document())?);
        if is_about_a_topic(&review) {
            show::left(screen, "left to a colleague who knows the topic");
            continue;
        }
        decide(host, skill, &review, screen).await?;
        engaged.answer = engage::ask(host, engaged.engagement, screen).await?;
        show::answer(screen, &engaged.answer);
    }
    Ok(())
}

/// Whether something about the words made a person necessary, and not a want of confidence alone.
fn is_about_a_topic(review: &Review) -> bool {
    review.reasons.iter().any(|reason| reason.starts_with("content:") || reason.starts_with("thread:"))
}

/// Asks, claims the review and decides. An approval runs the engagement.
async fn decide(host: &Host, skill: &EngageSkill, review: &Review, screen: &Screen) -> Result<(), Failure> {
    let (desk, namespace, reviewer) = (host.chimera.desk(), &host.worker().namespace, reviewer());
    let answer = screen.ask("Let exactly this happen?")?;
    if answer == Answer::Nothing {
        show::left(screen, "nobody decided");
        return Ok(());
    }
    desk.claim(namespace, review.id, &reviewer, LEASE).await?;
    if answer == Answer::Yes {
        skill.approve(namespace, &review.artifact, &reviewer).await?;
        show::decided(screen, "approved", &reviewer);
    } else {
        desk.reject(namespace, review.id, &reviewer).await?;
        show::decided(screen, "rejected", &reviewer);
    }
    Ok(())
}
