//! Which rows a step or a listing asks for, and in what order. [`Scan::wants`] and [`Scan::place`] are the meaning of each
//! scan; a backend may ask its indexes instead, and gives the same rows.

use chimera_audit::LedgerQuery;
use chimera_contracts::{Digest, EffectId, Namespace, ReviewId};
use chimera_effect::{AccountKey, EffectQuery, EffectRecord, EffectState, Pause, RequestView};
use chimera_governance::review::{Review, ReviewQuery, ReviewState};
use chrono::{DateTime, Utc};

use crate::row::{DecisionRow, Row};

/// A set of rows in an order.
#[derive(Clone, Debug, PartialEq)]
pub enum Scan {
    /// The request that has this effect ([`Row::Request`]).
    Holding(EffectId),
    /// Effects, in the order in which their requests were recorded, then by position.
    Effects {
        /// Which.
        query: EffectQuery,
        /// Begin after this effect of the listing.
        after: Option<EffectId>,
        /// At most so many.
        limit: usize,
    },
    /// Effects of an account that are being attempted or unknown, of every tenant.
    Open {
        /// The account.
        account: AccountKey,
        /// Only those with this target; `Some(None)`: without one.
        target: Option<Option<String>>,
        /// Only those that are unknown.
        unknown: bool,
        /// At most so many.
        limit: usize,
    },
    /// The effects that own these posts of an account.
    Owners {
        /// The account.
        account: AccountKey,
        /// The platform's ids of the posts.
        posts: Vec<String>,
    },
    /// Effects that are due, the first due first.
    Due {
        /// Due at or before this.
        by: DateTime<Utc>,
        /// Begin after this effect of the listing.
        after: Option<EffectId>,
        /// At most so many.
        limit: usize,
    },
    /// Decisions that list a digest, the oldest first, then by id.
    Deciding {
        /// The tenant.
        namespace: Namespace,
        /// The effect's digest.
        digest: Digest,
    },
    /// A decision about an artifact; one is enough.
    Artifact {
        /// The tenant.
        namespace: Namespace,
        /// The artifact.
        artifact: String,
    },
    /// Reviews, by priority, highest first, then by age, then by id.
    Reviews {
        /// Which.
        query: ReviewQuery,
        /// Begin after this review of the listing.
        after: Option<ReviewId>,
        /// At most so many.
        limit: usize,
    },
    /// Reviews of every tenant that are approved and not executed, or open and over; by id.
    Unsettled {
        /// Over at or before this.
        by: DateTime<Utc>,
        /// Begin after this review.
        after: Option<ReviewId>,
        /// At most so many.
        limit: usize,
    },
    /// Switches that stop something now, those changed first coming first ([`Row::Pause`]).
    Pauses {
        /// Only those that stop effects of this tenant in this account.
        stopping: Option<(Namespace, AccountKey)>,
        /// At most so many.
        limit: usize,
    },
    /// Entries of the ledger, by position ([`Row::Entry`]).
    Entries {
        /// Which.
        query: LedgerQuery,
        /// The smallest position to look at.
        from: u64,
        /// At most so many.
        limit: usize,
        /// Whether what is kept beside them is asked for. Where not, a backend may give anything for it.
        attachments: bool,
    },
}

/// What a scan looks at.
#[derive(Clone, Copy, Debug)]
pub enum Part<'a> {
    /// A request with its effects.
    Request(&'a RequestView),
    /// One effect.
    Effect(&'a EffectRecord),
    /// A decision.
    Decision(&'a DecisionRow),
    /// A review.
    Review(&'a Review),
    /// A switch.
    Pause(&'a Pause),
}

impl Part<'_> {
    /// Its id.
    #[must_use]
    pub fn id(self) -> uuid::Uuid {
        match self {
            Self::Request(view) => *view.request.id.as_uuid(),
            Self::Effect(record) => *record.id.as_uuid(),
            Self::Decision(row) => *row.decision.id.as_uuid(),
            Self::Review(review) => *review.id.as_uuid(),
            Self::Pause(pause) => crate::row::pause_id(&pause.key),
        }
    }

    /// A number that every write of it raises, as [`Row::revision`].
    #[must_use]
    pub fn revision(self) -> u64 {
        match self {
            Self::Request(view) => revision(&view.effects),
            Self::Effect(record) => revision(std::slice::from_ref(record)),
            Self::Decision(row) => row.revision(),
            Self::Review(review) => review.version,
            Self::Pause(pause) => pause.revision,
        }
    }

    /// A row of its own.
    #[must_use]
    pub fn to_row(self) -> Row {
        match self {
            Self::Request(view) => Row::Request(view.clone().into()),
            Self::Effect(record) => Row::Effect(Box::new(record.clone())),
            Self::Decision(row) => Row::Decision(row.clone()),
            Self::Review(review) => Row::Review(Box::new(review.clone())),
            Self::Pause(pause) => Row::Pause(pause.clone()),
        }
    }
}

/// A place in the order of a scan: compared part by part, and then by arrival.
pub type Place = (i64, i64, uuid::Uuid);

impl Scan {
    /// At most so many rows.
    #[must_use]
    pub const fn limit(&self) -> usize {
        match self {
            Self::Holding(_) | Self::Artifact { .. } => 1,
            Self::Effects { limit, .. }
            | Self::Open { limit, .. }
            | Self::Due { limit, .. }
            | Self::Reviews { limit, .. }
            | Self::Unsettled { limit, .. }
            | Self::Pauses { limit, .. }
            | Self::Entries { limit, .. } => *limit,
            Self::Owners { .. } | Self::Deciding { .. } => usize::MAX,
        }
    }

    /// The row after which the listing begins, by its id.
    #[must_use]
    pub fn after(&self) -> Option<uuid::Uuid> {
        match self {
            Self::Effects { after, .. } | Self::Due { after, .. } => after.map(|id| *id.as_uuid()),
            Self::Reviews { after, .. } | Self::Unsettled { after, .. } => after.map(|id| *id.as_uuid()),
            _ => None,
        }
    }

    /// The rows that the scan gives out of all rows, in order of arrival: what a backend without indexes answers. Entries of
    /// the ledger are not among them.
    #[must_use]
    pub fn select(&self, rows: &[Row]) -> Vec<Row> {
        let parts = || rows.iter().flat_map(|row| self.parts(row)).enumerate();
        let mut wanted: Vec<((Place, usize), Part<'_>)> = parts()
            .filter(|(_, part)| self.wants(*part))
            .map(|(arrival, part)| ((self.place(part), arrival), part))
            .collect();
        wanted.sort_by_key(|(place, _)| *place);
        // It may not be wanted itself by now.
        let after = self.after().and_then(|id| parts().find(|(_, part)| part.id() == id));
        let after = after.map(|(arrival, part)| (self.place(part), arrival));
        let rest = wanted.into_iter().filter(|(place, _)| after.is_none_or(|after| *place > after));
        rest.map(|(_, part)| part.to_row()).take(self.limit()).collect()
    }

    /// The parts of a row that the scan looks at: the effects of a request one by one, apart from the scan for the request.
    pub fn parts<'a>(&self, row: &'a Row) -> impl Iterator<Item = Part<'a>> + use<'a> {
        let (whole, effects) = match row {
            Row::Request(view) if matches!(self, Self::Holding(_)) => {
                (Some(Part::Request(view)), [].as_slice())
            }
            Row::Request(view) => (None, view.effects.as_slice()),
            Row::Decision(row) => (Some(Part::Decision(row)), [].as_slice()),
            Row::Review(review) => (Some(Part::Review(review)), [].as_slice()),
            Row::Pause(pause) => (Some(Part::Pause(pause)), [].as_slice()),
            _ => (None, [].as_slice()),
        };
        whole.into_iter().chain(effects.iter().map(Part::Effect))
    }

    /// Whether the scan asks for this part, wherever the listing begins.
    #[must_use]
    pub fn wants(&self, part: Part<'_>) -> bool {
        match (self, part) {
            (Self::Holding(id), Part::Request(view)) => view.effects.iter().any(|record| record.id == *id),
            (Self::Effects { query, .. }, Part::Effect(record)) => listed(query, record),
            (Self::Open { account, target, unknown, .. }, Part::Effect(record)) => {
                let content = record.effect.content();
                let open = match record.progress.state {
                    EffectState::Unknown => true,
                    EffectState::Attempting => !unknown,
                    _ => false,
                };
                open && AccountKey::of(content) == *account
                    && target.as_ref().is_none_or(|target| content.target == *target)
            }
            (Self::Owners { account, posts }, Part::Effect(record)) => {
                let post = record.progress.post.as_ref();
                post.is_some_and(|post| posts.contains(&post.id))
                    && AccountKey::of(record.effect.content()) == *account
            }
            (Self::Due { by, .. }, Part::Effect(record)) => {
                record.progress.due_at.is_some_and(|due| due <= *by)
            }
            (Self::Deciding { namespace, digest }, Part::Decision(row)) => {
                row.decision.namespace == *namespace && row.decision.effects.contains(digest)
            }
            (Self::Artifact { namespace, artifact }, Part::Decision(row)) => {
                row.decision.namespace == *namespace && row.decision.artifact == *artifact
            }
            (Self::Reviews { query, .. }, Part::Review(review)) => shown(query, review),
            (Self::Unsettled { by, .. }, Part::Review(review)) => {
                review.state == ReviewState::Approved || (review.state.open() && review.expires_at <= *by)
            }
            (Self::Pauses { stopping, .. }, Part::Pause(pause)) => {
                let stops = |(namespace, account)| pause.key.scope.stops(namespace, account);
                pause.active
                    && stopping.as_ref().is_none_or(|(namespace, account)| stops((namespace, account)))
            }
            _ => false,
        }
    }

    /// Where a wanted row stands in the order of the scan; rows with equal places stand in the order of arrival.
    #[must_use]
    pub fn place(&self, part: Part<'_>) -> Place {
        let none = uuid::Uuid::nil();
        match (self, part) {
            (Self::Due { .. }, Part::Effect(record)) => {
                let due = record.progress.due_at.map_or(i64::MAX, |due| due.timestamp_micros());
                (due, 0, none)
            }
            (Self::Deciding { .. }, Part::Decision(decision)) => {
                (decision.decision.decided_at.timestamp_micros(), 0, part.id())
            }
            (Self::Reviews { .. }, Part::Review(review)) => {
                (-i64::from(review.priority), review.created_at.timestamp_micros(), part.id())
            }
            (Self::Unsettled { .. }, _) => (0, 0, part.id()),
            (Self::Pauses { .. }, Part::Pause(pause)) => (pause.changed_at.timestamp_micros(), 0, part.id()),
            _ => (0, 0, none),
        }
    }
}

/// The sum that every step and lease of these effects raises.
pub(crate) fn revision(effects: &[EffectRecord]) -> u64 {
    effects.iter().fold(0, |sum, EffectRecord { progress, .. }| {
        sum.saturating_add(progress.epoch).saturating_add(progress.version)
    })
}

fn listed(query: &EffectQuery, record: &EffectRecord) -> bool {
    let content = record.effect.content();
    content.namespace == query.namespace
        && query.request.is_none_or(|request| record.request == request)
        && query.campaign.is_none_or(|campaign| content.campaign == campaign)
        && query.platform.is_none_or(|platform| content.platform == platform)
        && (query.kinds.is_empty() || query.kinds.contains(&content.kind))
        && (query.states.is_empty() || query.states.contains(&record.progress.state))
        && (query.ids.is_empty() || query.ids.contains(&record.id))
}

fn shown(query: &ReviewQuery, review: &Review) -> bool {
    let ready = |at: DateTime<Utc>| {
        review.state.open() && review.expires_at > at && review.deferred_until.is_none_or(|until| until <= at)
    };
    review.namespace == query.namespace
        && (query.states.is_empty() || query.states.contains(&review.state))
        && query.skill.is_none_or(|skill| review.skill == skill)
        && query.campaign.is_none_or(|campaign| review.campaign == Some(campaign))
        && query.ready_at.is_none_or(ready)
}
