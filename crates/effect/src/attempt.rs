//! One attempt: the right to act once, which exists only after its row is durable.

use chimera_contracts::EffectId;
use chimera_governance::Approved;
use chrono::{DateTime, Utc};

use crate::effect::Effect;
use crate::platform::{Trace, Uploaded};
use crate::record::{CallKey, EffectRecord, RequestRecord};
use crate::state::EffectState;

/// The right to act once. Nothing but the kernel makes one, and only from a record that a journal gave back as `attempting`.
///
/// ```compile_fail
/// // Sealed: neither approved content nor a recorded effect is enough.
/// fn forge(approved: chimera_governance::Approved<chimera_effect::Effect>) -> chimera_effect::Attempt {
///     chimera_effect::Attempt { approved }
/// }
/// ```
#[derive(Debug)]
pub struct Attempt {
    approved: Approved<Effect>,
    effect_id: EffectId,
    call_key: CallKey,
    trace: Trace,
    number: u32,
    send_before: DateTime<Utc>,
    uploads: Vec<Uploaded>,
}

impl Attempt {
    /// INVARIANT: `record` came back from a journal that made it durable, as `attempting`, and the approval is for its digest.
    pub(crate) fn new(
        approved: Approved<Effect>,
        record: &EffectRecord,
        request: &RequestRecord,
    ) -> Option<Self> {
        let fits =
            record.progress.state == EffectState::Attempting && approved.digest() == record.effect.digest();
        let send_before = record.progress.send_before.filter(|_| fits)?;
        Some(Self {
            approved,
            effect_id: record.id,
            call_key: record.call_key.clone(),
            trace: Trace::of(request),
            number: record.progress.attempts,
            send_before,
            uploads: record.progress.uploads.clone(),
        })
    }

    /// What is to become public.
    #[must_use]
    pub fn effect(&self) -> &Effect {
        self.approved.get()
    }

    /// The approval.
    #[must_use]
    pub const fn approved(&self) -> &Approved<Effect> {
        &self.approved
    }

    /// The effect's id in the journal.
    #[must_use]
    pub const fn effect_id(&self) -> EffectId {
        self.effect_id
    }

    /// The key of the call, the same for all attempts of the effect.
    #[must_use]
    pub const fn call_key(&self) -> &CallKey {
        &self.call_key
    }

    /// Whose request it belongs to.
    #[must_use]
    pub const fn trace(&self) -> &Trace {
        &self.trace
    }

    /// Which attempt of the effect this is, from 1.
    #[must_use]
    pub const fn number(&self) -> u32 {
        self.number
    }

    /// Nothing may be written to the wire at or after this.
    #[must_use]
    pub const fn send_before(&self) -> DateTime<Utc> {
        self.send_before
    }

    /// The media, as the platform names them, in the order of the effect's media.
    #[must_use]
    pub fn uploads(&self) -> &[Uploaded] {
        &self.uploads
    }
}
