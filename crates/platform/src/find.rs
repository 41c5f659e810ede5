//! What a platform's list proves about an earlier attempt (outside.md, 2).
//!
//! *There* needs an item that is ours. *Absent* needs a whole list of which every newcomer is explained: another author's,
//! another effect's, another target's, or clearly another text. Everything between is in doubt, and ends at a person unless
//! a later look explains it. Likeness is not proof; absence is not proof while anything stands unexplained.

mod name;
mod shown;
mod sought;
mod weigh;
mod whole;

use std::collections::{BTreeMap, BTreeSet};

use chimera_effect::{
    Candidate, DoubtfulItem, Evidence, ExternalPost, Finding, LookReport, LookUp, OwnedPost,
};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

pub(crate) use name::{is_account, is_same_handle};
pub(crate) use shown::{Mark, Shown, is_asked_for, listed, one};

pub(crate) use sought::{Authorship, Sought, authorship, goes_on};
use weigh::Weight;
pub(crate) use weigh::weigh;
pub(crate) use whole::{complete, is_cursor, is_newest_first, missing_of_whole, reaches, says_complete};

use crate::border::Border;

/// How far the platform's clock may be off ours, its truncation to whole seconds included.
pub(crate) const SKEW: TimeDelta = TimeDelta::seconds(5);

/// By how much a time in whole seconds may be before what it is the time of.
const WHOLE_SECOND: TimeDelta = TimeDelta::seconds(1);

/// How many items of a list are looked at: ten times what the built-in profile asks for. A longer one proves no absence.
pub(crate) const LISTED: usize = 1_000;

/// How much of an item's text a person is shown.
const ITEM: usize = 280;

/// Everything that items are weighed against.
#[derive(Debug)]
pub(crate) struct Case<'a> {
    pub(crate) look: &'a LookUp,
    pub(crate) sought: &'a Sought,
    /// Whether the list is the account's own by the profile's word.
    pub(crate) own: bool,
    /// Whether the items have ids: one without could not be told as the effect's.
    pub(crate) ids: bool,
    /// The owners of the items' posts, by id.
    pub(crate) owners: &'a BTreeMap<String, OwnedPost>,
}

/// An item that stands unexplained, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Doubt {
    pub(crate) item: Shown,
    pub(crate) why: String,
}

/// What the items say together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sight {
    /// This one is the effect's.
    Found(Shown),
    /// Nothing in sight is the effect's; these stand unexplained.
    NotFound(Vec<Doubt>),
}

impl Case<'_> {
    /// From when on an item may be the attempt's.
    pub(crate) fn from(&self) -> DateTime<Utc> {
        self.look.since.checked_sub_signed(SKEW).unwrap_or(self.look.since)
    }

    /// Until when an item may be the attempt's.
    pub(crate) fn until(&self) -> DateTime<Utc> {
        self.look.until.checked_add_signed(SKEW).unwrap_or(self.look.until)
    }

    /// What these items say together. Of several effects with equal texts each has the post of its place, if there is one for
    /// each; else no item says whose it is. Nor does one while another newcomer stands unexplained, or one that an earlier
    /// look left unexplained is shown no longer: ours may be that one, and the one with our text be made by hand. Nor while
    /// another effect is unknown whose post may show the same words.
    pub(crate) fn sight(&self, items: &[Shown]) -> Sight {
        let mut ours: Vec<&Shown> = Vec::new();
        let mut doubts = Vec::new();
        // A post stands in a list twice when it is pinned, or when something new moved it to the next page: it is one post.
        let mut seen = BTreeSet::new();
        for item in items.iter().filter(|item| item.id.as_ref().is_none_or(|id| seen.insert(id))) {
            match weigh(self, item) {
                Weight::Ours => ours.push(item),
                Weight::Explained => {}
                Weight::Doubt(why) => doubts.push(Doubt { item: item.clone(), why }),
            }
        }
        ours.sort_by(|one, other| (one.created_at, &one.id).cmp(&(other.created_at, &other.id)));
        let named = |item: &&&Shown| self.is_candidate(item);
        if self.sought.is_state() {
            if let Some(first) = ours.first() {
                return Sight::Found((*first).clone());
            }
        } else if let (Some(named), 1) = (ours.iter().find(named), ours.iter().filter(named).count()) {
            return Sight::Found((*named).clone());
        } else if let Some(found) = ours.get(self.look.place).filter(|_| ours.len() == self.look.equals)
            && !self.look.has_lookalike
            && (self.look.equals == 1 || ours.iter().all(|item| self.is_of_the_attempt(item)))
            && self.lost(items).next().is_none()
            && (self.sought.needs_complete() || !doubts.iter().any(|doubt| self.may_be_newcomer(&doubt.item)))
        {
            return Sight::Found((*found).clone());
        }
        let why = match (ours.len(), self.look.equals) {
            (1, 1) => "it shows our text, and another newcomer stands unexplained".to_owned(),
            (seen, wanted) => format!("it shows our text; {seen} posts do, and {wanted} are looked for"),
        };
        doubts.extend(ours.into_iter().map(|item| Doubt { item: item.clone(), why: why.clone() }));
        Sight::NotFound(doubts)
    }

    /// Whether an item is no older than the attempt by its own time, the whole seconds of lists allowed for. Of several posts alike
    /// one that is older may be a person's, and the one of another effect not be there at all; a platform's clock that is off
    /// makes this a question for a person.
    fn is_of_the_attempt(&self, item: &Shown) -> bool {
        let from = self.look.since.checked_sub_signed(WHOLE_SECOND).unwrap_or(self.look.since);
        item.created_at.is_some_and(|at| at > from)
    }

    /// What an earlier look left in doubt and these items do not show: pushed off the page, or removed since.
    pub(crate) fn lost<'b>(&'b self, items: &'b [Shown]) -> impl Iterator<Item = &'b DoubtfulItem> {
        let inside = |at: DateTime<Utc>| at >= self.from() && at <= self.until();
        let doubted = self.look.doubted.iter().filter(move |item| item.created_at.is_none_or(inside));
        doubted.filter(|doubted| doubted.id.is_some() && !items.iter().any(|item| item.id == doubted.id))
    }

    /// Whether an item may have been made while the attempt was open.
    fn may_be_newcomer(&self, item: &Shown) -> bool {
        item.created_at.is_none_or(|at| at >= self.from() && at <= self.until())
    }

    /// Whether an item shows our text already, so that its whole text would tell no more.
    pub(crate) fn has_our_text(&self, item: &Shown) -> bool {
        self.sought.words(item) == sought::Words::Same
    }

    /// Whether an answer named the item.
    pub(crate) fn is_candidate(&self, item: &Shown) -> bool {
        self.named(item).next().is_some()
    }

    /// Whether the item was named as what ours is a duplicate of, and by no other answer.
    pub(crate) fn may_be_older(&self, item: &Shown) -> bool {
        self.is_candidate(item) && self.named(item).all(|candidate| candidate.may_be_older)
    }

    fn named<'b>(&'b self, item: &'b Shown) -> impl Iterator<Item = &'b Candidate> {
        self.look.candidates.iter().filter(|candidate| item.id.as_ref() == Some(&candidate.id))
    }
}

impl Shown {
    /// The item as proof; `id` where the platform gives none.
    pub(crate) fn into_finding(self, id: Option<String>, border: Border<'_>) -> Finding {
        let Some(id) = self.id.or(id) else {
            return Finding::Open(LookReport::missing("", "the item that is ours has no id"));
        };
        let url = self.url.and_then(|url| border.link(&url.into()));
        let post = ExternalPost { id, url, published_at: self.created_at };
        Finding::There(Evidence { post, said: None, cost: None })
    }
}

impl Doubt {
    /// The item as a person is shown it.
    pub(crate) fn shown(&self, border: Border<'_>) -> DoubtfulItem {
        let url = self.item.url.as_ref().and_then(|url| border.link(&url.as_str().into()));
        DoubtfulItem {
            id: self.item.id.clone().filter(|id| !border.holds_secret(id)),
            url,
            text: border.shown(self.item.text.as_deref().unwrap_or_default(), ITEM),
            created_at: self.item.created_at,
            why: self.why.clone(),
        }
    }
}

pub(crate) fn short(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
