//! What is not known, and what a person can do about it.

use chimera_contracts::{EffectId, Namespace, PlatformName, StoreError};
use chimera_effect::{
    Candidate, EffectKind, EffectRecord, HandSettlement, Kernel, LatestLook, Page, Refusal, RequestKey,
    RequestView, Settled,
};
use chimera_governance::Approver;
use chrono::{DateTime, Utc};

/// The outcomes that wait: listed with all that is known, settled by hand where no look can.
#[derive(Clone, Debug)]
pub struct Outcomes {
    kernel: Kernel,
}

/// An effect whose outcome is unknown, with all that is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownEffect {
    /// The effect; named when it is settled.
    pub effect: EffectId,
    /// Where.
    pub platform: PlatformName,
    /// In whose account.
    pub account: String,
    /// What kind of thing it is.
    pub kind: EffectKind,
    /// What it is about, for kinds that have a target.
    pub target: Option<String>,
    /// The text as it was sent.
    pub text: String,
    /// When the first attempt began whose outcome is not known.
    pub since: Option<DateTime<Utc>>,
    /// What came, why it settles nothing, what happens next and when.
    pub why: String,
    /// Posts that answers named.
    pub candidates: Vec<Candidate>,
    /// The latest look: what it asked, saw and missed, with the items in doubt.
    pub latest_look: Option<LatestLook>,
    /// How many looks there were since the latest attempt.
    pub looks: u32,
    /// When it is looked for again; `None` when only a person can tell.
    pub look_again: Option<DateTime<Utc>>,
    /// Whether a person is asked.
    pub needs_person: bool,
    /// What is told if it turns out that nothing happened.
    pub refusal: Option<Refusal>,
}

impl Outcomes {
    pub(crate) const fn new(kernel: Kernel) -> Self {
        Self { kernel }
    }

    /// The effects of a tenant whose outcome is unknown, by id.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn unknown(&self, namespace: &Namespace, page: Page) -> Result<Vec<UnknownEffect>, StoreError> {
        let found = self.kernel.unknown_effects(namespace, page).await?;
        Ok(found.into_iter().map(UnknownEffect::from).collect())
    }

    /// Waits until no holder acts on any effect of a request, at most until `until`, and returns the request as it stands then;
    /// `None` for an unknown key. See [`Kernel::wait`].
    ///
    /// # Errors
    /// When the store fails.
    pub async fn wait(
        &self,
        key: &RequestKey,
        until: DateTime<Utc>,
    ) -> Result<Option<RequestView>, StoreError> {
        self.kernel.wait(key, until).await
    }

    /// Settles an unknown effect by a person's word, audited. See [`Kernel::settle_by_hand`].
    ///
    /// # Errors
    /// When the store fails.
    pub async fn settle_by_hand(
        &self,
        namespace: &Namespace,
        effect: EffectId,
        settlement: &HandSettlement,
    ) -> Result<Settled, StoreError> {
        self.kernel.settle_by_hand(namespace, effect, settlement).await
    }

    /// Lets what looks show of an unknown effect be read by the rules of its profile now, audited. See [`Kernel::accept_profile`].
    ///
    /// # Errors
    /// When the store fails.
    pub async fn accept_profile(
        &self,
        namespace: &Namespace,
        effect: EffectId,
        principal: &Approver,
        note: &str,
    ) -> Result<Settled, StoreError> {
        self.kernel.accept_profile(namespace, effect, principal, note).await
    }
}

impl From<EffectRecord> for UnknownEffect {
    fn from(record: EffectRecord) -> Self {
        let why = record.open_words().unwrap_or_default();
        let content = record.effect.content();
        let progress = record.progress;
        Self {
            effect: record.id,
            platform: content.platform,
            account: content.account.clone(),
            kind: content.kind,
            target: content.target.clone(),
            text: content.text.clone(),
            since: progress.unsettled_since.or(progress.began_at),
            why,
            candidates: progress.candidates,
            latest_look: progress.latest_look,
            looks: progress.looks,
            look_again: progress.due_at,
            needs_person: progress.needs_human,
            refusal: progress.refusal,
        }
    }
}
