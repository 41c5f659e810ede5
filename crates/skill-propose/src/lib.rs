#![doc = include_str!("../README.md")]

mod audience;
mod brief;
mod campaign;
mod check;
mod evidence;
mod identify;
mod input;
mod insights;
mod journal;
mod propose;
mod question;
mod refuse;
mod show;
mod skill;
mod strategy;

pub use audience::{Audience, Hours, ParseHoursError, Zone, constraint};
pub use brief::Brief;
pub use campaign::CampaignStrategy;
pub use insights::{
    Insights, InsightsError, InsightsQuery, InsightsSnapshot, ParseSnapshotIdError, PlatformInsights, Rate,
    RateError, SnapshotId,
};
pub use journal::{AdmitProposal, ProposalAdmission, ProposalJournal, ProposalKey, StoredProposal};
pub use skill::{ProposeOptions, ProposePorts, ProposeSkill};
pub use strategy::{ActionType, PlannedAction, ProposalStrategy, StrategyError};
