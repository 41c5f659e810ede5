//! What a person can do about an unknown effect: see all that is known of it, and settle it (ERR-04).

use chimera_contracts::{EffectId, ErrorCode, Namespace, StoreError};
use chimera_governance::Approver;
use chrono::{DateTime, Utc};

use crate::claims::AcceptedClaims;
use crate::journal::{Advanced, EffectQuery, HandSettlement, HandVerdict, Page, Refused, Step};
use crate::kernel::Kernel;
use crate::record::EffectRecord;
use crate::state::EffectState;

/// How often a settlement is given to the journal again when its effect moved meanwhile.
const TRIES: u32 = 8;

/// What came of settling by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It is recorded; the effect as it is now.
    Recorded(Box<EffectRecord>),
    /// This person may not.
    Refused(Refused),
    /// The named post belongs to another effect.
    Taken {
        /// The platform's id of that post.
        external_id: String,
    },
    /// The outcome is known already: the effect as it is.
    NotUnknown(Box<EffectRecord>),
    /// It is too early to say that nothing is public: the platform may still act, or its server answer.
    TooEarly {
        /// From when on it may be said.
        from: DateTime<Utc>,
    },
    /// There is no such effect.
    Missing,
}

impl Kernel {
    /// What waits because its outcome is unknown, in the order in which it was admitted: with candidates, the latest look and what it missed.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn unknown_effects(
        &self,
        namespace: &Namespace,
        page: Page,
    ) -> Result<Vec<EffectRecord>, StoreError> {
        let query = EffectQuery {
            namespace: namespace.clone(),
            states: vec![EffectState::Unknown],
            ..EffectQuery::default()
        };
        self.journal.effects(&query, page).await
    }

    /// Settles an unknown effect by a person's word, audited.
    ///
    /// `NotThere` is refused before the platform has settled and while the server may still answer. After it the effect may be
    /// attempted again when its caller asks, under the same approval. It does not matter who holds the effect: the
    /// holder finds it settled.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn settle_by_hand(
        &self,
        namespace: &Namespace,
        effect: EffectId,
        settlement: &HandSettlement,
    ) -> Result<Settled, StoreError> {
        // What came late may settle it without anybody.
        self.record_late().await?;
        self.by_a_person(namespace, effect, |record| {
            let early = self.too_early(record).filter(|_| settlement.verdict == HandVerdict::NotThere);
            early.map_or_else(
                || Ok(Step::SettledByHand(settlement.clone())),
                |from| Err(Settled::TooEarly { from }),
            )
        })
        .await
    }

    /// Lets what looks show of an unknown effect be read by the rules of its profile now, where those are other than when it
    /// was attempted: by a person's word, audited. It is due as soon as a look means something. What the profile claimed of
    /// keys and states then stays: a call that took no key is not sent again.
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
        self.by_a_person(namespace, effect, |record| {
            let content = record.effect.content();
            let Some(service) = self.platform.service(content.account_ref(), content.kind) else {
                let message = "no tool of this host serves it".to_owned();
                let code = ErrorCode::PlatformNotConfigured;
                return Err(Settled::Refused(Refused { code, platform: Some(content.platform), message }));
            };
            let (claims, principal, note) = (service.claims(), principal.clone(), note.to_owned());
            Ok(Step::ClaimsAccepted(AcceptedClaims { claims, principal, note }))
        })
        .await
    }

    /// Takes the step of a person for an unknown effect, whoever holds it; again where it moved meanwhile.
    async fn by_a_person(
        &self,
        namespace: &Namespace,
        effect: EffectId,
        step: impl Fn(&EffectRecord) -> Result<Step, Settled>,
    ) -> Result<Settled, StoreError> {
        let mut found = None;
        for _ in 0..TRIES {
            let Some(record) = self.effect(namespace, effect).await? else { return Ok(Settled::Missing) };
            if record.progress.state != EffectState::Unknown {
                return Ok(Settled::NotUnknown(Box::new(record)));
            }
            let step = match step(&record) {
                Ok(step) => step,
                Err(answer) => return Ok(answer),
            };
            match self.advance(&record, step, false).await? {
                Advanced::Applied(record) | Advanced::Already(record) => {
                    return Ok(Settled::Recorded(record));
                }
                Advanced::Refused(refused) => return Ok(Settled::Refused(refused)),
                Advanced::Taken { external_id } => return Ok(Settled::Taken { external_id }),
                Advanced::Fenced => found = Some(record),
            }
        }
        Ok(found.map_or(Settled::Missing, |record| Settled::NotUnknown(Box::new(record))))
    }

    /// From when on absence may be claimed, where that is still to come.
    fn too_early(&self, record: &EffectRecord) -> Option<DateTime<Utc>> {
        let content = record.effect.content();
        let progress = &record.progress;
        let grace = self.platform.service(content.account_ref(), content.kind).map(|service| service.grace);
        let answers =
            progress.send_before.zip(grace).and_then(|(sent, grace)| sent.checked_add_signed(grace));
        let from = progress.settled_from.max(answers)?;
        (self.clock.now() < from).then_some(from)
    }
}
