//! What a step tells the ledger.

use chimera_audit::Draft;
use chimera_contracts::Money;
use chrono::{DateTime, Utc};

use super::evidence;
use crate::claims::AcceptedClaims;
use crate::journal::{HandSettlement, HandVerdict, Step};
use crate::outcome::UnknownOutcome;
use crate::record::{EffectRecord, Progress, RequestRecord};
use crate::state::EffectState;

/// An event of the ledger that the step leaves; made when the record is whole.
pub(super) enum Told {
    Attempt,
    Success(Option<String>),
    Failure(Option<String>),
    Unknown(String, Option<String>),
    Processing(Option<String>),
    Observed(String),
    Incident,
    ByHand(HandSettlement),
    ClaimsAccepted(AcceptedClaims),
    Overrun { held: Money, spent: Money },
}

impl Told {
    pub(super) fn draft(self, request: &RequestRecord, record: &EffectRecord) -> Draft {
        match self {
            Self::Attempt => evidence::attempt(request, record),
            Self::Success(said) => evidence::success(request, record, &said),
            Self::Failure(said) => evidence::failure(request, record, &said),
            Self::Unknown(reason, said) => evidence::unknown(request, record, &reason, &said),
            Self::Processing(said) => evidence::processing(request, record, &said),
            Self::Observed(what) => evidence::observed(request, record, &what),
            Self::Incident => evidence::incident(request, record),
            Self::ByHand(hand) => evidence::by_hand(request, record, &hand),
            Self::ClaimsAccepted(accepted) => evidence::claims_accepted(request, record, &accepted),
            Self::Overrun { held, spent } => evidence::overrun(request, record, held, spent),
        }
    }
}

pub(super) fn drafts(before: &Progress, next: &Progress, step: &Step) -> Vec<Told> {
    let one = match step {
        Step::Begin { .. } => Told::Attempt,
        Step::Done { evidence, .. } => Told::Success(evidence.said.clone()),
        Step::Accepted(pending) => Told::Processing(pending.said.clone()),
        Step::NotDone(refusal) if next.state == EffectState::Unknown => {
            let reason = "sending it again was refused; the earlier attempt is still open";
            Told::Unknown(reason.to_owned(), refusal.said.clone())
        }
        Step::NotDone(refusal) => Told::Failure(refusal.said.clone()),
        Step::AbsentForGood => Told::Failure(None),
        Step::ClaimsAccepted(accepted) => Told::ClaimsAccepted(accepted.clone()),
        Step::Unknown(UnknownOutcome { reason, said, .. }) => Told::Unknown(reason.clone(), said.clone()),
        // A look that settles nothing is told once, when it ends at a person.
        Step::Looked { report, person: true, .. } if !before.needs_human => {
            Told::Unknown(report.missing.clone().unwrap_or_default(), None)
        }
        Step::SettledByHand(hand) => {
            let told = match hand.verdict {
                HandVerdict::There { .. } => Some(Told::Success(None)),
                HandVerdict::NotThere => Some(Told::Failure(None)),
                HandVerdict::StillUnknown => None,
            };
            return [Told::ByHand(hand.clone())].into_iter().chain(told).collect();
        }
        Step::Looked { .. }
        | Step::Prepare
        | Step::Renew
        | Step::PutOff(_)
        | Step::Uploaded(_)
        | Step::Yield
        | Step::Observed { .. } => return Vec::new(),
    };
    vec![one]
}

/// The end of the invocation, where the step told something and no holder acts on any effect of the request.
pub(super) fn with_complete(
    mut drafts: Vec<Draft>,
    record: &EffectRecord,
    request: &RequestRecord,
    siblings: &[EffectRecord],
    now: DateTime<Utc>,
) -> Vec<Draft> {
    let all: Vec<&EffectRecord> = siblings.iter().chain([record]).collect();
    if !drafts.is_empty() && all.iter().all(|effect| effect.progress.state.at_rest()) {
        drafts.push(evidence::complete(request, &all, now));
    }
    drafts
}
