//! What a reviewer does: an approval runs the engagement once, an edit is checked again before it can be approved (ENG-07).
//!
//! The decision is written down first, in the queue; running it is the normal path and can be done by whoever comes next.

use std::collections::BTreeSet;

use chimera_contracts::engage::EngageOutput;
use chimera_contracts::{ErrorCode, Fault, Faults, Namespace, SkillName, StoreError};
use chimera_effect::{Effect, EffectV1};
use chimera_governance::review::{Edit, Review, ReviewPage, ReviewQuery, ReviewState};
use chimera_governance::{Approver, Claim, DeskError, ReviewDesk, Terms};
use chimera_platform::text;
use chrono::{DateTime, TimeDelta, Utc};

use crate::act::{Grounds, denied};
use crate::answer::{Engagement, held_up, not_to_be};
use crate::ask::{kind, request_of, review_id};
use crate::check::check_text;
use crate::document::EngagementDocument;
use crate::engage::Pace;
use crate::plan::replan;
use crate::queue::queued;
use crate::refuse::Refusal;
use crate::skill::EngageSkill;

/// How long an approval holds where the campaign has no policy any more.
const HOLDS: TimeDelta = TimeDelta::hours(1);

/// What a reviewer makes of an engagement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditRequest {
    /// The text that is to become public.
    pub content: String,
}

/// A reviewer's step that did not count. Nothing was run.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum DecideError {
    /// The text of the edit breaks a rule.
    #[error("the edit cannot be approved: {faults}")]
    Edit {
        /// The code on the wire.
        code: ErrorCode,
        /// Everything that is wrong with it.
        faults: Faults,
    },
    /// The queue did not take the step.
    #[error(transparent)]
    Desk(#[from] DeskError),
    /// The text is no engagement id, or nothing waits under it.
    #[error("no engagement with this id waits for a decision")]
    Missing,
    /// What is stored of the engagement cannot be read.
    #[error("the stored engagement cannot be read: {0}")]
    Unreadable(String),
}

impl EngageSkill {
    /// The desk of the review queue: claim, release, defer, escalate, reject, list.
    #[must_use]
    pub fn desk(&self) -> ReviewDesk {
        ReviewDesk::new(self.ports.reviews.clone(), self.ports.approvals.clone(), self.ports.clock.clone())
    }

    /// The engagements that a person can decide about now, those first that should be decided first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn waiting(&self, namespace: &Namespace, limit: usize) -> Result<Vec<Review>, StoreError> {
        let query = ReviewQuery {
            namespace: namespace.clone(),
            states: vec![ReviewState::Waiting, ReviewState::Claimed, ReviewState::Deferred],
            skill: Some(SkillName::Engage),
            ready_at: Some(self.ports.clock.now()),
            ..ReviewQuery::default()
        };
        self.ports.reviews.list(&query, ReviewPage { after: None, limit }).await
    }

    /// Approves an engagement as it is, and runs it. The reviewer has to have claimed it.
    ///
    /// # Errors
    /// When the decision did not count. What comes of running it is in the answer.
    pub async fn approve(
        &self,
        namespace: &Namespace,
        engagement_id: &str,
        reviewer: &Approver,
    ) -> Result<EngageOutput, DecideError> {
        let review = self.stored(namespace, engagement_id).await?;
        let document = read(&review)?;
        let decided = self.desk().approve(namespace, review.id, reviewer, self.terms(&document)).await?;
        Ok(self.run(&decided, None, Pace::Wait).await)
    }

    /// Approves an engagement with another text, and runs that. The text passes the checks that the first one passed; what
    /// was asked for at first is not approved by it.
    ///
    /// # Errors
    /// When the text breaks a rule, or the decision did not count. What comes of running it is in the answer.
    pub async fn approve_edited(
        &self,
        namespace: &Namespace,
        engagement_id: &str,
        reviewer: &Approver,
        edit: &EditRequest,
    ) -> Result<EngageOutput, DecideError> {
        let review = self.stored(namespace, engagement_id).await?;
        let document = read(&review)?;
        let (edited, effect) = self.edit(&document, edit)?;
        let before = &document.effect.text;
        let edit = Edit {
            subject: effect.digest(),
            document: edited.to_json().map_err(|error| DecideError::Unreadable(error.to_string()))?,
            diff: similar::TextDiff::from_lines(before.as_str(), &edit.content).unified_diff().to_string(),
        };
        let decided =
            self.desk().approve_edited(namespace, review.id, reviewer, edit, self.terms(&document)).await?;
        Ok(self.run(&decided, None, Pace::Wait).await)
    }

    /// Runs what was approved and not handed over yet: after a crash between decision and execution, or in the background.
    /// Does nothing to a review in another state.
    pub async fn settle(&self, review: &Review) -> EngageOutput {
        self.run(review, None, Pace::Later).await
    }

    /// The answer about a review, after running it where it is approved.
    pub(crate) async fn reviewed(
        &self,
        review: &Review,
        deadline: Option<DateTime<Utc>>,
        pace: Pace,
    ) -> Result<EngageOutput, Refusal> {
        match review.state {
            ReviewState::Approved => match self.execute(review, deadline, pace).await {
                // It is approved and stays so: it runs when it can.
                Err(refusal) if holds_up(refusal.code) && !refusal.open => Ok(held_up(review, refusal)),
                ran => ran,
            },
            _ => queued(review, self.ports.clock.now()),
        }
    }

    async fn run(&self, review: &Review, deadline: Option<DateTime<Utc>>, pace: Pace) -> EngageOutput {
        match self.reviewed(review, deadline, pace).await {
            Ok(answer) => answer,
            Err(refusal) if refusal.open => EngageOutput::unknown(
                review.artifact.clone(),
                chimera_contracts::engage::EngageError::new(refusal.code, refusal.message),
            ),
            Err(refusal) => not_to_be(review, refusal),
        }
    }

    /// Runs an approved engagement: exactly once, however often and by whomever it is run.
    async fn execute(
        &self,
        review: &Review,
        deadline: Option<DateTime<Utc>>,
        pace: Pace,
    ) -> Result<EngageOutput, Refusal> {
        let unreadable = |why: String| Refusal::unreadable(why);
        let decision =
            review.decision.as_ref().ok_or_else(|| unreadable("an approval without decision".into()))?;
        let (document, effect) = self.approved(review)?;
        let engagement = Engagement::of_document(&document);
        // It may have run already, and its approval have lapsed since: the journal knows.
        let known =
            self.ports.kernel.request(&engagement.key).await.map_err(|error| Refusal::store(&error))?;
        if let Some(view) = known {
            self.hand_over(review).await;
            return Ok(match pace {
                Pace::Wait => self.carry_on(&engagement, deadline, view).await,
                Pace::Later => self.told(&engagement, view),
            });
        }
        self.desk()
            .settle(review)
            .await
            .map_err(|error| Refusal::of(ErrorCode::StorageUnavailable, error.to_string()))?;
        self.check_ready(&effect).await?;
        let pause =
            self.ports.policies.policy(document.campaign).is_some_and(|p| p.document().pause_near_limit);
        self.take_permit(&engagement, &effect, pause).await?;
        let claim = Claim {
            artifact: review.artifact.clone(),
            role: decision.approver.role,
            decision: Some(decision.id),
        };
        let id = engagement.key.effect_id(&effect.digest());
        let approved = self.ports.kernel.approve(effect.clone(), id, engagement.agent, &claim).await;
        let admitted = match approved.map_err(denied) {
            Ok(approved) => self.admit(&engagement, approved, Grounds::default(), deadline, pace).await,
            Err(refusal) => Err(refusal),
        };
        let answer = match admitted {
            Ok(answer) => answer,
            Err(refusal) => {
                let admitted = self.ports.kernel.request(&engagement.key).await;
                if !refusal.open && matches!(admitted, Ok(None)) {
                    self.give_back(&engagement, &effect).await;
                }
                return Err(refusal);
            }
        };
        self.hand_over(review).await;
        Ok(answer)
    }

    /// Notes that the journal has it. Where that fails, whoever runs it again finds it admitted.
    async fn hand_over(&self, review: &Review) {
        if let Err(error) = self.desk().hand_over(review).await {
            tracing::warn!(review = %review.id, %error, "an executed review could not be closed yet");
        }
    }

    /// What was approved, read back: an edit changed nothing but the text, whoever wrote it into the queue, and the text
    /// passes every check.
    fn approved(&self, review: &Review) -> Result<(EngagementDocument, Effect), Refusal> {
        let unreadable = |why: String| Refusal::unreadable(why);
        let first =
            EngagementDocument::from_json(&review.document).map_err(|error| unreadable(error.to_string()))?;
        let current = EngagementDocument::from_json(review.current_document())
            .map_err(|error| unreadable(error.to_string()))?;
        let effect = current.fixed_effect().map_err(|error| unreadable(error.to_string()))?;
        let retold = EngagementDocument {
            count: first.count.clone(),
            effect: EffectV1 { text: first.effect.text.clone(), ..current.effect.clone() },
            ..current.clone()
        };
        let fits = retold == first
            && effect.digest() == review.current_subject()
            && Some(first.key.request_id()) == review.request;
        if !fits {
            let message = "what was approved is not the engagement that was asked for with another text";
            return Err(Refusal::known(ErrorCode::ApprovalContentMismatch, message));
        }
        if review.edit.is_some() {
            let personas =
                self.personas(&current.personas).map_err(|faults| match Refusal::check(faults) {
                    Err(refusal) => refusal,
                    Ok(()) => unreadable("an unknown persona".to_owned()),
                })?;
            let text = &current.effect.text;
            Refusal::check(check_text(current.platform, kind(current.action), text, &personas))?;
        }
        Ok((current, effect))
    }

    async fn stored(&self, namespace: &Namespace, engagement_id: &str) -> Result<Review, DecideError> {
        let id = request_of(engagement_id).map(review_id).ok_or(DecideError::Missing)?;
        let found = self.ports.reviews.review(namespace, id).await.map_err(DeskError::from)?;
        found.ok_or(DecideError::Missing)
    }

    fn terms(&self, document: &EngagementDocument) -> Terms {
        let policy = self.ports.policies.policy(document.campaign);
        let holds = policy.map_or(HOLDS, chimera_governance::Policy::approval_holds);
        Terms { also: BTreeSet::new(), holds, spec_version: None }
    }

    /// The engagement with another text, checked like the first one.
    fn edit(
        &self,
        document: &EngagementDocument,
        edit: &EditRequest,
    ) -> Result<(EngagementDocument, Effect), DecideError> {
        let kind = kind(document.action);
        let mut faults = Vec::new();
        if !self.ports.targets.takes_text(document.effect.account_ref(), kind) {
            let expected = format!("no text: nothing takes words to {} there", document.action);
            faults.push((ErrorCode::ValidationError, Fault::new("/content", expected, "a text")));
        }
        match self.personas(&document.personas) {
            Ok(personas) => faults.extend(check_text(document.platform, kind, &edit.content, &personas)),
            Err(unknown) => faults.extend(unknown),
        }
        if let Some(code) = faults.iter().map(|(code, _)| *code).min() {
            let faults = Faults::check(faults.into_iter().map(|(_, fault)| fault).collect());
            return match faults {
                Err(faults) => Err(DecideError::Edit { code, faults }),
                Ok(()) => Err(DecideError::Missing),
            };
        }
        let effect = document.fixed_effect().map_err(|error| DecideError::Unreadable(error.to_string()))?;
        let effect =
            replan(&effect, &edit.content).map_err(|refusal| DecideError::Unreadable(refusal.message))?;
        let count = text::count_for(document.platform, kind, &edit.content);
        let edited = EngagementDocument {
            count: Some(format!("{}/{}", count.used, count.limit)),
            effect: effect.content().clone(),
            ..document.clone()
        };
        Ok((edited, effect))
    }
}

/// Whether an approved engagement only has to wait: for a limit, a server, a budget, the store.
const fn holds_up(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::RateLimitExceeded
            | ErrorCode::PlatformUnavailable
            | ErrorCode::PlatformNotConfigured
            | ErrorCode::PlatformTransientError
            | ErrorCode::BudgetExceeded
            | ErrorCode::StorageUnavailable
    )
}

fn read(review: &Review) -> Result<EngagementDocument, DecideError> {
    EngagementDocument::from_json(&review.document)
        .map_err(|error| DecideError::Unreadable(error.to_string()))
}
