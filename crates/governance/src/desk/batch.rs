//! Many reviews at one word of a reviewer: each gets a decision of its own (GOV-07).

use chimera_contracts::{Namespace, ReviewId};
use chrono::TimeDelta;

use super::{DeskError, ReviewDesk, Terms};
use crate::decision::Approver;
use crate::review::Review;

/// For how long each review of a batch is claimed; it is decided right away.
const LEASE: TimeDelta = TimeDelta::minutes(1);

/// What a reviewer says about each review of a batch. Digests beside the subject, and edits, belong to one review.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// Yes to exactly what was shown.
    Approve {
        /// How long the approvals hold.
        holds: TimeDelta,
        /// The version of the spec under which it is decided, where the artifacts are proposals.
        spec_version: Option<String>,
    },
    /// No.
    Reject,
}

/// What came of a ruling for one review of a batch.
#[derive(Debug)]
pub struct Ruled {
    /// The review.
    pub id: ReviewId,
    /// The review as it was decided, or why the decision did not count.
    pub decided: Result<Review, DeskError>,
}

impl ReviewDesk {
    /// Claims and decides many reviews, one after the other, in the order in which they are given. A decision that
    /// does not count fails its review and no other.
    pub async fn rule(
        &self,
        namespace: &Namespace,
        ids: &[ReviewId],
        reviewer: &Approver,
        ruling: &Ruling,
    ) -> Vec<Ruled> {
        let mut ruled = Vec::with_capacity(ids.len());
        for id in ids {
            let decided = self.rule_one(namespace, *id, reviewer, ruling).await;
            ruled.push(Ruled { id: *id, decided });
        }
        ruled
    }

    async fn rule_one(
        &self,
        namespace: &Namespace,
        id: ReviewId,
        reviewer: &Approver,
        ruling: &Ruling,
    ) -> Result<Review, DeskError> {
        self.claim(namespace, id, reviewer, LEASE).await?;
        match ruling {
            Ruling::Approve { holds, spec_version } => {
                let terms = Terms { also: [].into(), holds: *holds, spec_version: spec_version.clone() };
                self.approve(namespace, id, reviewer, terms).await
            }
            Ruling::Reject => self.reject(namespace, id, reviewer).await,
        }
    }
}
