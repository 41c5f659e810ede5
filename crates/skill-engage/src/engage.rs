//! The flow: parse -> recall -> check -> target -> compose -> classify -> score -> route -> refuse | queue | act -> answer.
//!
//! The first answer counts: what was refused for want of confidence, queued or admitted under a key is not judged again.

use chimera_contracts::engage::{EngageInput, EngageOutput};
use chimera_contracts::{CallContext, ErrorCode, HostError};
use chimera_effect::{RequestKey, RequestView};
use chimera_governance::review::Review;
use chimera_governance::route::Route;
use futures_util::future::{try_join, try_join_all};

use crate::answer::Engagement;
use crate::ask::{Ask, review_id, same_target, same_words};
use crate::document::EngagementDocument;
use crate::refuse::{Refusal, unasked};
use crate::skill::EngageSkill;

/// Whether a caller waits for the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// It waits for the answer.
    Wait,
    /// The background worker acts.
    Later,
}

/// What is known about a key.
#[derive(Debug)]
struct Recalled {
    /// Its request.
    view: Option<RequestView>,
    /// Its review.
    review: Option<Review>,
}

impl Recalled {
    const fn is_known(&self) -> bool {
        self.view.is_some() || self.review.is_some()
    }
}

impl EngageSkill {
    pub(crate) async fn engage(
        &self,
        context: &CallContext,
        input: &EngageInput,
    ) -> Result<EngageOutput, HostError> {
        self.paced(context, input, Pace::Wait).await
    }

    /// Answers at once: what may act is admitted and left to the background worker; [`EngageSkill::status`] tells the end.
    ///
    /// # Errors
    /// When the host called wrongly, as [`Skill::call`](chimera_contracts::Skill::call).
    pub async fn submit(
        &self,
        context: &CallContext,
        input: &EngageInput,
    ) -> Result<EngageOutput, HostError> {
        self.paced(context, input, Pace::Later).await
    }

    async fn paced(
        &self,
        context: &CallContext,
        input: &EngageInput,
        pace: Pace,
    ) -> Result<EngageOutput, HostError> {
        let whose = context.check_named()?;
        let mut ask = match Ask::new(&self.ports.accounts, context, whose, input) {
            Ok(ask) => ask,
            Err(refusal) => return Ok(unasked(refusal)),
        };
        let mut digests = Vec::new();
        Ok(match self.flow(&mut ask, pace, &mut digests).await {
            Ok(answer) => answer,
            Err(refusal) => self.refused(&ask, &digests, refusal).await,
        })
    }

    async fn flow(
        &self,
        ask: &mut Ask<'_>,
        pace: Pace,
        digests: &mut Vec<chimera_contracts::Digest>,
    ) -> Result<EngageOutput, Refusal> {
        let known = self.adopt_former_key(ask).await?;
        let ask = &*ask;
        if let Some(answer) = self.recalled(ask, known, pace).await? {
            return Ok(answer);
        }
        self.check_served(ask)?;
        let personas = self.check_input(ask)?;
        let policy = self.ports.policies.policy(ask.campaign);
        let judged = self.judge(ask, policy, &personas).await?;
        digests.push(judged.effect.digest());
        match (judged.routed.route, policy) {
            (Route::Act, Some(policy)) => self.act(ask, policy, judged, pace).await,
            (Route::Review, Some(policy)) => self.queue(ask, policy, &judged, None, pace).await,
            (Route::Refuse(code @ (ErrorCode::LowConfidence | ErrorCode::NeverAnswered)), Some(policy)) => {
                self.queue(ask, policy, &judged, Some(code), pace).await
            }
            (Route::Refuse(code), _) => Err(Refusal::of(code, unroutable(code))),
            (_, None) => Err(Refusal::of(ErrorCode::PolicyMissing, unroutable(ErrorCode::PolicyMissing))),
        }
    }

    /// Goes on under the key of an earlier version where the same engagement is known under it, so that an upgraded host
    /// repeats nothing; gives what is known of the key. The admission asks again, in its own step.
    async fn adopt_former_key(&self, ask: &mut Ask<'_>) -> Result<Recalled, Refusal> {
        let former = ask.former_keys.iter().map(|key| self.known(ask, key));
        let (known, former) = try_join(self.known(ask, &ask.key), try_join_all(former)).await?;
        let Some(place) = former.iter().position(Recalled::is_known) else { return Ok(known) };
        ask.key = ask.former_keys.remove(place);
        // Those after it are not asked for any more, as if it had been the key all along.
        ask.former_keys.truncate(place);
        Ok(former.into_iter().nth(place).unwrap_or(known))
    }

    /// What journal and queue know of a key.
    async fn known(&self, ask: &Ask<'_>, key: &RequestKey) -> Result<Recalled, Refusal> {
        let review = review_id(key.request_id());
        let (view, review) =
            try_join(self.ports.kernel.request(key), self.ports.reviews.review(ask.namespace(), review))
                .await
                .map_err(|error| Refusal::question(&error))?;
        Ok(Recalled { view, review })
    }

    /// What is known about this key already.
    pub(crate) async fn recall(&self, ask: &Ask<'_>, pace: Pace) -> Result<Option<EngageOutput>, Refusal> {
        let known = self.known(ask, &ask.key).await?;
        self.recalled(ask, known, pace).await
    }

    async fn recalled(
        &self,
        ask: &Ask<'_>,
        Recalled { view, review }: Recalled,
        pace: Pace,
    ) -> Result<Option<EngageOutput>, Refusal> {
        let composes = self.ports.composer.is_some();
        check_same(ask, view.as_ref(), review.as_ref(), composes)?;
        if let Some(view) = view {
            let engagement = Engagement::of_ask(ask);
            return Ok(Some(match pace {
                Pace::Wait => self.carry_on(&engagement, ask.context.deadline, view).await,
                Pace::Later => self.told(&engagement, view),
            }));
        }
        match review {
            Some(review) => self.reviewed(&review, ask.context.deadline, pace).await.map(Some),
            None => Ok(None),
        }
    }
}

fn unroutable(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::PolicyMissing => "no policy counts for the campaign, so nothing may act",
        ErrorCode::ScorerUnavailable => "there is no usable confidence, so nothing may act",
        _ => "the policy refuses it",
    }
}

/// Whether what has this key is what is asked for now.
///
/// What is admitted counts before what is queued: the journal alone makes a key one request. A review speaks for an
/// admitted engagement only where a reviewer changed the text.
fn check_same(
    ask: &Ask<'_>,
    view: Option<&RequestView>,
    review: Option<&Review>,
    composes: bool,
) -> Result<(), Refusal> {
    match (view, review) {
        (None, None) => Ok(()),
        (Some(view), _) if admitted_is(ask, view, composes) => Ok(()),
        (Some(_), Some(review)) if review.edit.is_some() => check_queued(ask, review),
        (Some(_), _) => Err(conflict()),
        (None, Some(review)) => check_queued(ask, review),
    }
}

/// Whether a review is about what is asked for now.
pub(crate) fn check_queued(ask: &Ask<'_>, review: &Review) -> Result<(), Refusal> {
    let Ok(document) = EngagementDocument::from_json(&review.document) else {
        return Err(Refusal::unreadable("the stored review cannot be read"));
    };
    let same = document.action == ask.input.action
        && document.platform == ask.input.platform
        && same_target(document.action, &document.target) == same_target(ask.input.action, &ask.input.target)
        && same_words(document.asked.as_deref(), ask.input.content.as_deref())
        && document.effect.account == ask.account
        && document.agent == ask.agent
        && document.campaign == ask.campaign;
    if same { Ok(()) } else { Err(conflict()) }
}

fn admitted_is(ask: &Ask<'_>, view: &RequestView, composes: bool) -> bool {
    let whose = view.request.agent == ask.agent && view.request.campaign == ask.campaign;
    whose
        && view.effects.iter().any(|record| {
            let content = record.effect.content();
            content.kind == ask.kind
                && content.platform == ask.input.platform
                && content.account == ask.account
                && content.target.as_ref().is_some_and(|target| {
                    same_target(ask.input.action, target) == same_target(ask.input.action, &ask.input.target)
                })
                && match &ask.input.content {
                    Some(text) => same_words(Some(text), Some(&content.text)),
                    // What a composer wrote is part of no input.
                    None => (composes && ask.input.action.needs_content()) || content.text.is_empty(),
                }
        })
}

/// The answer to a key that stands for something else.
pub(crate) fn conflict() -> Refusal {
    let message = "the key belongs to another engagement: other content, target, account, agent or campaign";
    Refusal::of(ErrorCode::IdempotencyConflict, message)
}
