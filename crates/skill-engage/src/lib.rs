#![doc = include_str!("../README.md")]

mod act;
mod answer;
mod ask;
mod cancel;
mod check;
mod classify;
mod compose;
mod decide;
mod document;
mod engage;
mod judge;
mod persona;
mod plan;
mod queue;
mod refuse;
mod retry;
mod score;
mod skill;
mod status;
mod target;
mod within;

pub use compose::{Composer, ComposerError, Draft, DraftRequest};
pub use decide::{DecideError, EditRequest};
pub use document::EngagementDocument;
pub use persona::{Persona, PersonaRules, Personas, PersonasError, RuleBroken};
pub use score::{ConfidenceScorer, ScoreRequest, ScorerError};
pub use skill::{EngageOptions, EngagePorts, EngageSkill};
