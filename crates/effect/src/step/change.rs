//! What a step is given, and what it writes.

use chimera_audit::Draft;
use chimera_contracts::InstanceId;
use chimera_governance::{Balance, BudgetScope, Standing};
use chrono::{DateTime, Utc};

use super::budget::BudgetMove;
use crate::journal::Refused;
use crate::pause::Pause;
use crate::record::{EffectRecord, RequestRecord};

/// What is stored around the effect that moves.
#[derive(Debug)]
pub struct Context<'a> {
    /// Its request.
    pub request: &'a RequestRecord,
    /// The other effects of the request.
    pub siblings: &'a [EffectRecord],
    /// The decision that allows it, towards the digest that it lists: its own, or that of the post which it takes back. Needed
    /// for `Begin` and `SettledByHand`.
    pub standing: Option<&'a Standing>,
    /// The budgets of its request; needed for a `Begin` of what holds nothing.
    pub balances: &'a [(BudgetScope, Option<Balance>)],
    /// Effects of its account that are being attempted or unknown; needed for `Begin`.
    pub open: &'a [EffectRecord],
    /// The switches that stop effects of its account and tenant; needed for `Begin`.
    pub pauses: &'a [Pause],
    /// The effect that owns the post of [`claimed_post`](super::claimed_post), where there is one.
    pub owner: Option<Owner<'a>>,
    /// The effect that it takes back, where [`undone_request`](super::undone_request) names its request.
    pub undone: Option<Owner<'a>>,
    /// The effects that own the post of [`unnamed_post`](super::unnamed_post); `None` where they were not asked for.
    pub owners: Option<&'a [EffectRecord]>,
    /// The opener that takes the step.
    pub instance: InstanceId,
    /// The store's clock.
    pub now: DateTime<Utc>,
}

/// An effect that owns a post, and what is stored around it.
#[derive(Clone, Copy, Debug)]
pub struct Owner<'a> {
    /// The effect.
    pub record: &'a EffectRecord,
    /// Its request.
    pub request: &'a RequestRecord,
    /// The other effects of its request.
    pub siblings: &'a [EffectRecord],
}

/// Everything that a step writes.
#[derive(Debug)]
pub struct Change {
    /// The effect after the step.
    pub record: EffectRecord,
    /// What happens to the budget.
    pub budget: Option<BudgetMove>,
    /// The evidence, in order.
    pub drafts: Vec<Draft>,
    /// Other effects of the request whose turn it is now: they are due, and their version is as it was.
    pub released: Vec<EffectRecord>,
    /// What happens to the effect that a look had given the post to; its budget is that of its own request. It is written
    /// first, so that the post is free.
    pub disowned: Option<Box<Change>>,
    /// What happens to the post that an undo took back, by the step that knows it: of another request, written after.
    pub taken_back: Option<Box<Change>>,
}

/// What comes of a step.
#[derive(Debug)]
pub enum Verdict {
    /// Write this.
    Apply(Box<Change>),
    /// It was applied before, or says nothing new; write nothing.
    Already,
    /// The caller's view is past; write nothing.
    Fenced,
    /// The approval does not hold any more, or the person may not; write nothing.
    Refused(Refused),
    /// The post belongs to another effect, or was taken back; write nothing.
    Taken {
        /// The platform's id of that post.
        external_id: String,
    },
}
