//! Judging: everything that is found out about an engagement before it is routed.

use chimera_contracts::engage::EngageInput;
use chimera_contracts::{ErrorCode, StoreError};
use chimera_effect::{Effect, EffectKind, EffectQuery, EffectState, Page};
use chimera_governance::route::{Case, Routed, route};
use chimera_governance::{Flags, Policy};
use chimera_platform::text;
use chrono::{DateTime, TimeDelta, Utc};

use crate::ask::Ask;
use crate::check::{check_shared, check_text};
use crate::classify::Findings;
use crate::compose::DraftRequest;
use crate::persona::Persona;
use crate::plan::plan;
use crate::refuse::Refusal;
use crate::score::ScoreRequest;
use crate::skill::EngageSkill;

/// The kinds of effect that are engagements.
pub(crate) const ENGAGEMENTS: [EffectKind; 5] =
    [EffectKind::Reply, EffectKind::Comment, EffectKind::Like, EffectKind::Follow, EffectKind::Share];

/// Where an engagement stands that happened, or may yet.
const HAPPENED: [EffectState; 5] = [
    EffectState::Admitted,
    EffectState::Attempting,
    EffectState::Unknown,
    EffectState::Processing,
    EffectState::Published,
];

/// An engagement with everything that speaks for and against it.
#[derive(Clone, Debug)]
pub(crate) struct Judged {
    pub(crate) effect: Effect,
    pub(crate) thread: Option<String>,
    pub(crate) scored: Option<f64>,
    pub(crate) findings: Findings,
    pub(crate) routed: Routed,
}

impl EngageSkill {
    /// Checks, looks, composes, classifies, scores and routes; `personas` are those that the input names.
    pub(crate) async fn judge(
        &self,
        ask: &Ask<'_>,
        policy: Option<&Policy>,
        personas: &[Persona],
    ) -> Result<Judged, Refusal> {
        let thread = self.thread(ask).await?;
        if ask.kind == EffectKind::Share {
            check_shared(thread.as_deref(), personas)?;
        }
        let content = self.content(ask, thread.as_deref(), personas).await?;
        let effect = plan(ask, content.as_deref())?;
        let findings = self.classify(content.as_deref(), thread.as_deref()).await;
        let scored = match policy {
            Some(_) => self.score_this(ask, content, thread.as_deref(), &findings.flags).await,
            // Nothing a scorer could say would matter.
            None => None,
        };
        let (campaign_actions, platform_actions) = self.actions_so_far(ask, policy).await?;
        let case = Case {
            scored,
            flags: &findings.flags,
            answers: ask.input.action.needs_content(),
            campaign_actions,
            platform_actions,
        };
        let routed = route(policy, &case);
        Ok(Judged { effect, thread, scored, findings, routed })
    }

    /// The text that would become public: the caller's, or a composer's, which passes the same checks.
    async fn content(
        &self,
        ask: &Ask<'_>,
        thread: Option<&str>,
        personas: &[Persona],
    ) -> Result<Option<String>, Refusal> {
        let platform = ask.input.platform;
        if ask.input.content.is_some() || !ask.input.action.needs_content() {
            return Ok(ask.input.content.clone());
        }
        let rules = text::text_rules_for(platform, ask.kind);
        let draft = self.compose(&DraftRequest { input: ask.input, thread, personas, rules }).await;
        let draft = draft.map_err(|error| Refusal::of(ErrorCode::MissingContent, error.to_string()))?;
        Refusal::check(check_text(platform, ask.kind, &draft.text, personas))?;
        Ok(Some(draft.text))
    }

    async fn score_this(
        &self,
        ask: &Ask<'_>,
        content: Option<String>,
        thread: Option<&str>,
        flags: &Flags,
    ) -> Option<f64> {
        let input = EngageInput { content, ..ask.input.clone() };
        let personas = &ask.input.persona_constraints;
        let (agent, campaign) = (ask.agent, ask.campaign);
        self.score(&ScoreRequest { input: &input, agent, campaign, thread, flags, personas }).await
    }

    /// How many engagements the campaign admitted so far, and how many of them here; as many as the warm-up asks for.
    async fn actions_so_far(&self, ask: &Ask<'_>, policy: Option<&Policy>) -> Result<(u32, u32), Refusal> {
        let Some(warm_up) = policy.and_then(|policy| policy.document().warm_up) else { return Ok((0, 0)) };
        let query = EffectQuery {
            namespace: ask.namespace().clone(),
            campaign: Some(ask.campaign),
            kinds: ENGAGEMENTS.to_vec(),
            // What failed warmed nothing up.
            states: HAPPENED.to_vec(),
            ..EffectQuery::default()
        };
        let here = EffectQuery { platform: Some(ask.input.platform), ..query.clone() };
        let campaign = self.count(&query, warm_up.campaign).await;
        let platform = self.count(&here, warm_up.platform).await;
        match (campaign, platform) {
            (Ok(campaign), Ok(platform)) => Ok((campaign, platform)),
            (Err(error), _) | (_, Err(error)) => Err(Refusal::question(&error)),
        }
    }

    async fn count(&self, query: &EffectQuery, most: u32) -> Result<u32, StoreError> {
        let limit = usize::try_from(most).unwrap_or(usize::MAX);
        let found = self.ports.journal.effects(query, Page { after: None, limit }).await?;
        Ok(u32::try_from(found.len()).unwrap_or(u32::MAX))
    }

    /// Until when scorer, classifier, composer and look-up may take, each.
    pub(crate) fn judge_until(&self) -> DateTime<Utc> {
        self.after(self.options.judge_within)
    }

    pub(crate) fn after(&self, span: TimeDelta) -> DateTime<Utc> {
        self.ports.clock.now().checked_add_signed(span).unwrap_or(DateTime::<Utc>::MAX_UTC)
    }
}
