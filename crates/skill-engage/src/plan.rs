//! Planning: from a checked engagement to the effect that it makes. Pure: it talks to no port and reads no clock.

use chimera_contracts::ErrorCode;
use chimera_effect::{Effect, EffectV1};

use crate::ask::Ask;
use crate::refuse::Refusal;

/// The effect of an engagement with this text; likes and follows have none.
pub(crate) fn plan(ask: &Ask<'_>, text: Option<&str>) -> Result<Effect, Refusal> {
    fix(EffectV1 {
        namespace: ask.namespace().clone(),
        campaign: ask.campaign,
        kind: ask.kind,
        platform: ask.input.platform,
        account: ask.account.clone(),
        target: Some(ask.input.target.clone()),
        text: text.unwrap_or_default().to_owned(),
        media: Vec::new(),
        disclosure: None,
        not_before: None,
        not_after: None,
    })
}

/// The same effect with another text, as a reviewer edited it.
pub(crate) fn replan(effect: &Effect, text: &str) -> Result<Effect, Refusal> {
    fix(EffectV1 { text: text.to_owned(), ..effect.content().clone() })
}

fn fix(content: EffectV1) -> Result<Effect, Refusal> {
    Effect::new(content).map_err(|error| Refusal::of(ErrorCode::ValidationError, error.to_string()))
}
