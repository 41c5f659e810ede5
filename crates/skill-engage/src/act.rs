//! Acting: a permit, a decision, the gate, the admission, the platform.

use chimera_audit::{Atom, Attachment, Draft, EventType, Statement, Subject, Token};
use chimera_contracts::engage::EngageOutput;
use chimera_contracts::{Confidence, DecisionId, Digest, ErrorCode, EventId, Namespace, derive_uuid};
use chimera_effect::{Admission, Admit, Effect, ExecutionPlan, RequestView};
use chimera_governance::{
    Approved, Approver, ApproverRole, Decided, Decision, GateError, Policy, Verdict, permits,
};
use chimera_platform::limits::{Permit, RateKey, RateLimit};
use chrono::{DateTime, Utc};

use crate::answer::Engagement;
use crate::ask::Ask;
use crate::engage::{Pace, conflict};
use crate::judge::Judged;
use crate::refuse::Refusal;
use crate::skill::EngageSkill;

/// How often a policy may decide about one engagement again after its decision lapsed.
const DECISIONS: u32 = 8;

impl EngageSkill {
    /// Runs what the policy allows: the policy is the approver, and says so in a decision of its own.
    pub(crate) async fn act(
        &self,
        ask: &Ask<'_>,
        policy: &Policy,
        judged: Judged,
        pace: Pace,
    ) -> Result<EngageOutput, Refusal> {
        let engagement = Engagement::of_ask(ask);
        self.check_ready(&judged.effect).await?;
        self.take_permit(&engagement, &judged.effect, policy.document().pause_near_limit).await?;
        let refusal = match self.act_as_decided(ask, policy, &judged, pace).await {
            Err(refusal) if !refusal.open => refusal,
            answered => return answered,
        };
        // Whoever was first under this key, in the journal or in the queue, has the answer; a composer may have written
        // another draft for each.
        if let Some(answer) = self.recall(ask, pace).await? {
            return Ok(answer);
        }
        self.give_back(&engagement, &judged.effect).await;
        Err(refusal)
    }

    /// Admits it with the policy's decision about exactly this effect, and the reasons for it; one that was recorded before and
    /// lapsed is followed by another.
    async fn act_as_decided(
        &self,
        ask: &Ask<'_>,
        policy: &Policy,
        judged: &Judged,
        pace: Pace,
    ) -> Result<EngageOutput, Refusal> {
        let engagement = Engagement::of_ask(ask);
        for number in 0..DECISIONS {
            let decision = self.decision(ask, policy, judged, number);
            let (approved, decided) = self
                .ports
                .kernel
                .decide(judged.effect.clone(), ask.agent, decision)
                .map_err(|denial| Refusal::of(denial.code(), denial.as_str()))?;
            let grounds =
                Grounds { decisions: vec![decided], reasons: vec![route_draft(ask, policy, judged)] };
            match self.admit(&engagement, approved, grounds, ask.context.deadline, pace).await {
                Err(refusal) if !refusal.open && self.has_lapsed(ask, policy, judged, number).await? => {}
                answered => return answered,
            }
        }
        Err(Refusal::of(ErrorCode::ApprovalExpired, "the policy's decisions about it lapsed or were revoked"))
    }

    /// Admits what is approved, and drives it.
    pub(crate) async fn admit(
        &self,
        engagement: &Engagement,
        approved: Approved<Effect>,
        grounds: Grounds,
        deadline: Option<DateTime<Utc>>,
        pace: Pace,
    ) -> Result<EngageOutput, Refusal> {
        let kernel = &self.ports.kernel;
        let content = approved.get().content();
        let service = kernel.service(content.account_ref(), content.kind).ok_or_else(|| {
            let message =
                format!("no tool is configured to {} as {}", content.kind.as_str(), content.account_ref());
            Refusal::of(ErrorCode::PlatformNotConfigured, message)
        })?;
        let id = engagement.key.effect_id(&approved.digest());
        let new = kernel.new_effect(approved.clone(), &service, pace == Pace::Later);
        let admit = Admit {
            key: engagement.key.clone(),
            former_keys: engagement.former_keys.clone(),
            campaign: engagement.campaign,
            agent: engagement.agent,
            asked_by: engagement.asked_by.clone(),
            correlation: engagement.correlation,
            task: None,
            artifact: engagement.id(),
            review: Some(engagement.review_id()),
            plan: ExecutionPlan::default(),
            named_budgets: Vec::new(),
            decisions: grounds.decisions,
            reasons: grounds.reasons,
            effects: vec![new],
        };
        let (admission, leased) =
            kernel.admit(admit).await.map_err(|error| Refusal::store(&error))?.into_parts();
        match admission {
            Admission::Fresh(view) if pace == Pace::Later => Ok(self.leave(engagement, view).await),
            Admission::Fresh(_) => {
                let carry = self.carry(engagement, [id].into(), deadline);
                let effects = leased.into_iter().map(|leased| (leased, approved.clone())).collect();
                let told = kernel.carry_fresh(effects, &carry).await;
                Ok(self.answer(engagement, self.persist(&carry, told).await))
            }
            Admission::Known(view) if pace == Pace::Later => Ok(self.told(engagement, view)),
            // Under the key under which it is known.
            Admission::Known(view) => Ok(self.carry_on(&Engagement::of_view(&view), deadline, view).await),
            Admission::Conflict { .. } => Err(conflict()),
            Admission::Refused(refused) => Err(refused.into()),
        }
    }

    /// Lets go of what was admitted for the worker, which takes it when it is free.
    async fn leave(&self, engagement: &Engagement, view: RequestView) -> EngageOutput {
        for record in &view.effects {
            if let Err(error) = self.ports.kernel.let_go(record).await {
                // The lease runs out by itself, later.
                tracing::warn!(effect = %record.id, %error, "an admitted engagement waits for its lease");
            }
        }
        self.told(engagement, view)
    }

    /// Whether the platform can be reached: its server starts and offers the tools (PUB-18).
    pub(crate) async fn check_ready(&self, effect: &Effect) -> Result<(), Refusal> {
        let content = effect.content();
        let not_ready = self.ports.kernel.ready(&[content.account_ref()], content.kind).await;
        match not_ready.into_iter().next() {
            Some(not) => Err(Refusal::of(not.code, not.message)),
            None => Ok(()),
        }
    }

    /// Takes a permit under the account's rate limit, the same one however often the engagement asks (ENG-13).
    pub(crate) async fn take_permit(
        &self,
        engagement: &Engagement,
        effect: &Effect,
        pause_near_limit: bool,
    ) -> Result<(), Refusal> {
        let content = effect.content();
        let Some(limit) = self.ports.targets.limit(content.account_ref(), content.kind) else {
            return Ok(());
        };
        let limit = if pause_near_limit { near(limit) } else { limit };
        let by = *engagement.key.request_id().as_uuid();
        let permit = self.ports.limits.take(&rate_key(effect), limit, by).await;
        match permit.map_err(|error| Refusal::question(&error))? {
            Permit::Taken { .. } => Ok(()),
            Permit::Wait { until } => {
                let wait = until.signed_duration_since(self.ports.clock.now());
                let seconds =
                    u64::try_from(wait.num_milliseconds().max(0)).unwrap_or(0).div_ceil(1_000).max(1);
                let message = format!(
                    "`{}` may {} on `{}` again in {seconds} seconds: {} in {} seconds are used up",
                    content.account,
                    content.kind.as_str(),
                    content.platform,
                    limit.count,
                    limit.window.num_seconds(),
                );
                let refusal = Refusal::of(ErrorCode::RateLimitExceeded, message);
                Err(Refusal { retry_after: Some(seconds), ..refusal })
            }
        }
    }

    /// Gives the permit of an engagement back that was not admitted, so that refused ones use nothing up.
    pub(crate) async fn give_back(&self, engagement: &Engagement, effect: &Effect) {
        let by = *engagement.key.request_id().as_uuid();
        if let Err(error) = self.ports.limits.give_back(&rate_key(effect), by).await {
            // It ends by itself, later.
            tracing::warn!(%error, "a permit that was not used still counts");
        }
    }

    /// The policy's decision about exactly this effect.
    fn decision(&self, ask: &Ask<'_>, policy: &Policy, judged: &Judged, number: u32) -> Decision {
        let now = self.ports.clock.now();
        let digest = judged.effect.digest();
        Decision {
            id: decision_id(ask, policy, &digest, number),
            namespace: ask.namespace().clone(),
            artifact: ask.engagement_id(),
            verdict: Verdict::Approve,
            approver: Approver { id: policy.id(), role: ApproverRole::Policy },
            requested_by: Some(ask.context.actor.clone()),
            agent: Some(ask.agent),
            decided_at: now,
            expires_at: now.checked_add_signed(policy.approval_holds()),
            revoked_at: None,
            effects: [digest].into(),
            confidence: judged.scored.and_then(|scored| Confidence::try_from(scored).ok()),
            spec_version: None,
            takes_back: false,
        }
    }

    /// Whether a decision of the policy was recorded and permits nothing any more.
    async fn has_lapsed(
        &self,
        ask: &Ask<'_>,
        policy: &Policy,
        judged: &Judged,
        number: u32,
    ) -> Result<bool, Refusal> {
        let digest = judged.effect.digest();
        let id = decision_id(ask, policy, &digest, number);
        let known = self.ports.approvals.decision(ask.namespace(), id, &digest).await;
        let now = self.ports.clock.now();
        Ok(known.map_err(|error| Refusal::question(&error))?.is_some_and(|standing| {
            permits(&standing.decision, ask.namespace(), &digest, Some(ask.agent), now).is_err()
        }))
    }
}

fn rate_key(effect: &Effect) -> RateKey {
    let content = effect.content();
    RateKey {
        namespace: content.namespace.clone(),
        platform: content.platform,
        account: content.account.clone(),
        kind: content.kind,
    }
}

fn decision_id(ask: &Ask<'_>, policy: &Policy, digest: &Digest, number: u32) -> DecisionId {
    let request = ask.key.request_id();
    let policy = policy.id();
    let parts: [&[u8]; 4] =
        [request.as_uuid().as_bytes(), digest.as_bytes(), policy.as_bytes(), &number.to_be_bytes()];
    DecisionId::from_uuid(derive_uuid("chimera/policy-decision/v1", &parts))
}

/// Four fifths of a limit, where a policy pauses.
fn near(limit: RateLimit) -> RateLimit {
    let count = u32::try_from(u64::from(limit.count).saturating_mul(4).div_ceil(5)).unwrap_or(limit.count);
    RateLimit { count, ..limit }
}

/// What an admission is given along.
#[derive(Debug, Default)]
pub(crate) struct Grounds {
    /// Decisions that are made with it.
    decisions: Vec<Decided>,
    /// Why nobody was asked.
    reasons: Vec<Draft>,
}

pub(crate) fn denied(error: GateError) -> Refusal {
    match error {
        GateError::Store(error) => Refusal::question(&error),
        denied => Refusal::of(denied.code(), denied.to_string()),
    }
}

fn route_draft(ask: &Ask<'_>, policy: &Policy, judged: &Judged) -> Draft {
    let request = ask.key.request_id();
    let confidence = judged.scored.map(|scored| scored.to_string()).unwrap_or_default();
    let policy_id = policy.id();
    let digest = judged.effect.digest();
    let reasons: Vec<&'static str> = judged.routed.reasons.iter().map(|reason| reason.as_str()).collect();
    let mut parts: Vec<&[u8]> =
        vec![request.as_uuid().as_bytes(), digest.as_bytes(), confidence.as_bytes(), policy_id.as_bytes()];
    parts.extend(reasons.iter().map(|reason| reason.as_bytes()));
    // Whatever the statement tells is in the id, so that two routes with one id are the same event.
    parts.extend([
        ask.context.actor.as_bytes(),
        ask.agent.as_uuid().as_bytes().as_slice(),
        ask.correlation.as_uuid().as_bytes().as_slice(),
        judged.findings.sentiment.as_str().as_bytes(),
    ]);
    let id = EventId::from_uuid(derive_uuid("chimera/engage-route/v1", &parts));
    let mut statement = Statement::new()
        .id("request_id", *request.as_uuid())
        .id("agent_id", *ask.agent.as_uuid())
        .id("campaign_id", *ask.campaign.as_uuid())
        .digest("actor", Digest::of(ask.context.actor.as_bytes()))
        .word("route", judged.routed.route.as_str())
        .word("action", ask.input.action.as_str())
        .word("platform", ask.input.platform.as_str())
        .word("sentiment", judged.findings.sentiment.as_str())
        .digest("target", Digest::of(ask.input.target.as_bytes()))
        .digest("effect", digest)
        .list("reasons", reasons.into_iter().map(Atom::word).collect());
    for (name, text) in [("confidence", confidence), ("policy", policy_id)] {
        if let Ok(token) = Token::parse(&text) {
            statement = statement.token(name, &token);
        }
    }
    let words = serde_json::json!({
        "target": ask.input.target,
        "content": judged.effect.content().text,
        "thread": judged.thread,
        "persona_constraints": ask.input.persona_constraints,
    });
    let namespace: Namespace = ask.namespace().clone();
    Draft::new(id, EventType::of("skill.engagement_manage.routed"), namespace, statement)
        .about(Subject::Request(request))
        .with_correlation(Some(ask.correlation))
        .with_attachment(Attachment::redacted(words.to_string()))
}
