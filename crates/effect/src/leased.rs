//! The right to drive an effect: nothing outside this crate makes one.
//!
//! It is made from what the kernel's own journal answered. Were it made by hand, a record that was never admitted and an
//! approval from a store of one's own would be enough to post.

use crate::journal::{Admission, LeaseGrant};
use crate::record::{EffectRecord, RequestRecord};

/// An effect that this kernel's journal leased to it: the right to drive it once.
#[derive(Debug, PartialEq, Eq)]
pub struct Leased {
    grant: LeaseGrant,
    /// Whether it was admitted under this lease: no other holder can have performed its attempt.
    fresh: bool,
}

impl Leased {
    pub(crate) const fn granted(grant: LeaseGrant) -> Self {
        Self { grant, fresh: false }
    }

    pub(crate) const fn is_fresh(&self) -> bool {
        self.fresh
    }

    /// Its request.
    #[must_use]
    pub const fn request(&self) -> &RequestRecord {
        &self.grant.request
    }

    /// The effect, as it was leased.
    #[must_use]
    pub const fn record(&self) -> &EffectRecord {
        &self.grant.record
    }

    pub(crate) fn into_parts(self) -> (RequestRecord, EffectRecord) {
        let LeaseGrant { request, record } = self.grant;
        (request, record)
    }
}

/// What came of an admission, and the right to drive what it admitted.
#[derive(Debug, PartialEq, Eq)]
pub struct Admitted {
    /// What came of it.
    pub admission: Admission,
    leased: Vec<Leased>,
}

impl Admitted {
    pub(crate) fn of(admission: Admission) -> Self {
        let leased = match &admission {
            Admission::Fresh(view) => view
                .effects
                .iter()
                .map(|record| LeaseGrant { request: view.request.clone(), record: record.clone() })
                .map(|grant| Leased { grant, fresh: true })
                .collect(),
            Admission::Known(_) | Admission::Conflict { .. } | Admission::Refused(_) => Vec::new(),
        };
        Self { admission, leased }
    }

    /// What came of it, and the effects by position, where the request is fresh; none otherwise.
    #[must_use]
    pub fn into_parts(self) -> (Admission, Vec<Leased>) {
        (self.admission, self.leased)
    }
}
