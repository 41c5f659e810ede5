//! What throwing and ending a switch writes.

use chimera_audit::{Attachment, Draft, EventType, Statement, Subject};
use chimera_contracts::{Digest, ErrorCode, EventId, Namespace, derive_uuid};
use chimera_governance::{Approver, Principal};
use chrono::{DateTime, Utc};

use super::after;
use super::begin::ASK_AGAIN;
use crate::effect::EffectV1;
use crate::journal::{AccountKey, Refused, Step};
use crate::outcome::{Outcome, Refusal};
use crate::pause::{Pause, PauseKey, PauseOrder, PauseScope, Paused};
use crate::record::{EffectRecord, Progress};

/// A switch as it is to be stored, and the event that tells.
#[derive(Debug)]
pub struct PauseChange {
    /// The switch.
    pub pause: Pause,
    /// The event.
    pub draft: Draft,
}

/// Computes a principal's order: to throw the switch where `active` says so, else to end it.
///
/// # Errors
/// With the answer, where nothing is written.
pub fn pause(
    known: Option<&Pause>,
    order: &PauseOrder,
    active: bool,
    now: DateTime<Utc>,
) -> Result<PauseChange, Paused> {
    if Principal::of(&order.by.id).is_nobody() {
        let message = "the principal who throws or ends a switch has to be named".to_owned();
        return Err(Paused::Refused(Refused { code: ErrorCode::AuthzFailure, platform: None, message }));
    }
    if known.is_some_and(|known| known.active) == active {
        return Err(Paused::Already(known.cloned()));
    }
    Ok(change(known, &order.key, active, Some(&order.by), &order.note, now))
}

/// The switch of an account that an outcome throws: its platform does not accept the credentials.
pub fn stopped_account(
    known: Option<&Pause>,
    record: &EffectRecord,
    step: &Step,
    now: DateTime<Utc>,
) -> Option<PauseChange> {
    let refusal = rejected_credentials(record, step)?;
    let account = AccountKey::of(record.effect.content());
    let key = PauseKey::credentials(account);
    let new = !known.is_some_and(|known| known.active);
    new.then(|| change(known, &key, true, None, &refusal.message, now))
}

/// The refusal of a step that says that the platform does not accept the account's credentials: told at once, late, or beside
/// doubts that looks have settled since.
#[must_use]
pub fn rejected_credentials<'a>(record: &'a EffectRecord, step: &'a Step) -> Option<&'a Refusal> {
    let refusal = match step {
        Step::NotDone(refusal) | Step::Observed { outcome: Outcome::NotDone(refusal), .. } => refusal,
        Step::AbsentForGood => record.progress.refusal.as_ref()?,
        _ => return None,
    };
    Some(refusal).filter(|refusal| refusal.code == ErrorCode::PlatformAuthInvalid)
}

fn change(
    known: Option<&Pause>,
    key: &PauseKey,
    active: bool,
    by: Option<&Approver>,
    note: &str,
    now: DateTime<Utc>,
) -> PauseChange {
    let revision = known.map_or(0, |known| known.revision).saturating_add(1);
    let pause = Pause {
        key: key.clone(),
        revision,
        active,
        changed_at: now,
        changed_by: by.cloned(),
        note: chimera_audit::redact(note).into_owned(),
    };
    let draft = draft(&pause);
    PauseChange { pause, draft }
}

fn draft(pause: &Pause) -> Draft {
    let PauseKey { scope, cause } = &pause.key;
    let mut statement = Statement::new().word("scope", scope.kind()).word("cause", cause.as_str());
    let (namespace, about) = match scope {
        PauseScope::All => (Namespace::default(), Subject::All),
        PauseScope::Namespace(namespace) => (namespace.clone(), Subject::Namespace),
        PauseScope::Account(AccountKey { platform, account }) => {
            statement = statement
                .word("platform", platform.as_str())
                .digest("account", Digest::of(account.as_bytes()));
            (Namespace::default(), Subject::account(*platform, account))
        }
    };
    if let Some(by) = &pause.changed_by {
        statement = statement
            .word("principal_role", by.role.as_str())
            .digest("principal", Digest::of(by.id.as_bytes()));
    }
    let kind = EventType::of(if pause.active { "control.paused" } else { "control.resumed" });
    let ((first, second), number) = (scope.subject(), pause.revision.to_be_bytes());
    let named = [scope.kind(), cause.as_str(), first.as_str(), second.as_str()].map(str::as_bytes);
    let parts: Vec<&[u8]> = named.into_iter().chain([number.as_slice()]).collect();
    let id = EventId::from_uuid(derive_uuid("chimera/event/pause/v1", &parts));
    let words = serde_json::json!({
        "principal": pause.changed_by.as_ref().map(|by| &by.id),
        "subject": scope.subject(),
        "note": pause.note,
    });
    Draft::new(id, kind, namespace, statement)
        .about(about)
        .with_attachment(Attachment::redacted(words.to_string()))
}

/// The switch that stops an effect, where one does.
pub(super) fn stops<'a>(content: &EffectV1, pauses: &'a [Pause]) -> Option<&'a Pause> {
    let account = AccountKey::of(content);
    pauses.iter().find(|pause| pause.active && pause.key.scope.stops(&content.namespace, &account))
}

/// The progress of an effect that a switch stops; `aside` is what it is otherwise.
pub(super) fn paused(record: &EffectRecord, aside: Progress, pause: &Pause, now: DateTime<Utc>) -> Progress {
    // What was refused and has no time of its own waits for its caller (PUB-10); the rest asks again by itself.
    let by_itself = !record.progress.state.at_rest() || record.progress.due_at.is_some();
    let due_at = by_itself.then(|| after(now, ASK_AGAIN));
    Progress { paused_by: Some(pause.key.clone()), due_at, ..aside }
}
