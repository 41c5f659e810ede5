//! The effect journal: the rules are [`chimera_effect::step`]'s; here they meet rows and conditions.

mod admission;
mod leases;
mod steps;

use std::sync::Arc;

use async_trait::async_trait;
use chimera_contracts::{Digest, InstanceId, Namespace, StoreError, StoreErrorKind};
use chimera_effect::step::{self, Owner};
use chimera_effect::{
    AccountKey, Admission, Admit, Advance, Advanced, EffectJournal, EffectQuery, EffectRecord, EffectV1,
    LeaseGrant, LeaseScope, OPEN_EFFECTS, Page, Pause, RequestKey, RequestView, Undoes, Watch,
};
use chimera_governance::{Authority, Standing};
use chrono::TimeDelta;

use self::admission::scopes_of;
use crate::backend::Backend;
use crate::loaded::{Loaded, Stop};
use crate::row::{Key, Row, pause_id};
use crate::scan::{Part, Scan};
use crate::store::Store;
use crate::transaction::Condition;
use crate::watchers::Watched;

/// The scan of the effects that stand in the way of an equal one: of a state those that are being attempted, too.
fn in_the_way(content: &EffectV1) -> Scan {
    Scan::Open {
        account: AccountKey::of(content),
        target: Some(content.target.clone()),
        unknown: !content.is_state(),
        limit: OPEN_EFFECTS,
    }
}

/// The scan of the switches that stop an effect with this content.
fn stopping(content: &EffectV1) -> Scan {
    let stopping = Some((content.namespace.clone(), AccountKey::of(content)));
    // Two causes for each of three scopes.
    Scan::Pauses { stopping, limit: 6 }
}

/// The condition that a scan of switches gives what it gave.
fn same_pauses(scan: Scan, pauses: &[Pause]) -> Condition {
    Condition::Rows(scan, pauses.iter().map(|pause| pause_id(&pause.key)).collect())
}

/// The condition that a scan gives what it gave.
fn same(scan: Scan, rows: &[EffectRecord]) -> Condition {
    Condition::Rows(scan, rows.iter().map(|record| *record.id.as_uuid()).collect())
}

/// The conditions that a decision is as it was loaded, and has not run out meanwhile. The rule by which it takes something back
/// does not run out.
fn as_decided(
    loaded: &Loaded,
    namespace: &Namespace,
    standing: Option<&Standing>,
    authority: Authority,
    content: &EffectV1,
) -> Vec<Condition> {
    let revision = standing.map(|standing| {
        let key = Key::Decision(namespace.clone(), standing.decision.id);
        let revision = loaded.revision(&key);
        Condition::Revision(key, revision)
    });
    // An effect may happen up to and including its last moment.
    let last = content.not_after.and_then(|until| until.checked_add_signed(TimeDelta::microseconds(1)));
    let expires = standing.filter(|_| authority.is_listed());
    let ends = [expires.and_then(|standing| standing.decision.expires_at), last];
    revision.into_iter().chain(ends.into_iter().flatten().map(Condition::Before)).collect()
}

/// An effect of another request, as that request has it.
struct Stored<'a> {
    view: &'a RequestView,
    record: EffectRecord,
    siblings: Vec<EffectRecord>,
}

impl Stored<'_> {
    fn owner(&self) -> Owner<'_> {
        Owner { record: &self.record, request: &self.view.request, siblings: &self.siblings }
    }
}

/// The effect that an undo takes back, and the condition that its request is as it was loaded.
fn undone(loaded: &Loaded, undoes: Undoes) -> Result<(Option<Stored<'_>>, Condition), Stop> {
    let view = loaded.request(undoes.request)?;
    let revision = view.map(|view| Part::Request(view).revision());
    let found = view.and_then(|view| {
        let (record, siblings) = apart(view, |record| record.id == undoes.effect)?;
        Some(Stored { view, record, siblings })
    });
    Ok((found, Condition::Revision(Key::Request(undoes.request), revision)))
}

/// The digest that the decision of an effect lists: its own, or that of the post which it takes back.
fn listed(authority: Authority, own: Digest, undone: Option<&Stored<'_>>) -> Digest {
    match (authority, undone) {
        (Authority::TakesBack, Some(post)) => post.record.effect.digest(),
        _ => own,
    }
}

/// One effect of a request, and the others.
fn apart(
    view: &RequestView,
    is_it: impl Fn(&EffectRecord) -> bool,
) -> Option<(EffectRecord, Vec<EffectRecord>)> {
    let record = view.effects.iter().find(|record| is_it(record))?;
    let others = view.effects.iter().filter(|other| other.id != record.id);
    Some((record.clone(), others.cloned().collect()))
}

/// Puts an effect in the place of the one that has its id.
fn replace(view: &mut RequestView, record: EffectRecord) {
    if let Some(known) = view.effects.iter_mut().find(|known| known.id == record.id) {
        *known = record;
    }
}

fn misuse(message: String) -> StoreError {
    StoreError::not_applied(StoreErrorKind::Misuse, message)
}

fn corrupt(message: &str) -> StoreError {
    StoreError::not_applied(StoreErrorKind::Corrupt, message)
}

#[async_trait]
impl<B: Backend> EffectJournal for Store<B> {
    fn instance(&self) -> InstanceId {
        self.planner.instance
    }

    async fn admit(&self, admit: Admit) -> Result<Admission, StoreError> {
        let planner = self.planner.clone();
        let loaded = self.expected(&admit);
        let recent = Arc::clone(&self.recent);
        let step = move |loaded: &Loaded| {
            for scope in scopes_of(&admit) {
                if let Ok(Some(balance)) = loaded.balance(&scope) {
                    recent.keep_balance(&scope, balance);
                }
            }
            planner.plan_admission(&admit, loaded)
        };
        let (admission, applied) = self.run(loaded, step).await?;
        if let (Admission::Fresh(view), Some(_)) = (&admission, applied) {
            self.recent.keep(Arc::new(view.clone()));
        }
        Ok(admission)
    }

    async fn advance(&self, advance: Advance) -> Result<Advanced, StoreError> {
        let planner = self.planner.clone();
        let mut loaded = Loaded::at(self.backend.now());
        let known = self.recent.holding(advance.effect);
        if let Some(view) = &known {
            let content = view
                .effects
                .iter()
                .find(|record| record.id == advance.effect)
                .map(|record| record.effect.content());
            loaded.assume(Key::Request(view.request.id), Some(Row::Request(Arc::clone(view))));
            let claims = |content: &EffectV1| {
                let claimed = step::claimed_post(content.kind, &advance.step)?;
                Some((AccountKey::of(content), claimed))
            };
            if let Some((account, claimed)) = content.and_then(claims) {
                loaded.assume_none(Scan::Owners { account, posts: vec![claimed.to_owned()] });
            }
        }
        let known = known.map(|view| view.request.id);
        let step = move |loaded: &Loaded| planner.plan_advance(&advance, known, loaded);
        let ((advanced, after), applied) = self.run(loaded, step).await?;
        if let (Some(after), Some(_)) = (after, applied) {
            self.recent.keep(after);
        }
        Ok(advanced)
    }

    async fn lease(
        &self,
        scope: LeaseScope,
        limit: usize,
        ttl: TimeDelta,
    ) -> Result<Vec<LeaseGrant>, StoreError> {
        let planner = self.planner.clone();
        let step = move |loaded: &Loaded| planner.plan_lease(&scope, limit, ttl, loaded);
        Ok(self.transact(step).await?.0)
    }

    async fn request(&self, key: &RequestKey) -> Result<Option<RequestView>, StoreError> {
        let id = key.request_id();
        self.read(|loaded| Ok(loaded.request(id)?.cloned())).await
    }

    async fn effects(&self, query: &EffectQuery, page: Page) -> Result<Vec<EffectRecord>, StoreError> {
        let scan = Scan::Effects { query: query.clone(), after: page.after, limit: page.limit };
        self.read(|loaded| loaded.effects(&scan)).await
    }

    async fn open_effects(&self, account: &AccountKey) -> Result<Vec<EffectRecord>, StoreError> {
        let scan = Scan::Open { account: account.clone(), target: None, unknown: false, limit: OPEN_EFFECTS };
        self.read(|loaded| loaded.effects(&scan)).await
    }

    async fn owners(&self, account: &AccountKey, ids: &[String]) -> Result<Vec<EffectRecord>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let scan = Scan::Owners { account: account.clone(), posts: ids.to_vec() };
        self.read(|loaded| loaded.effects(&scan)).await
    }

    fn watch(&self, key: &RequestKey) -> Watch {
        Box::pin(Self::watch(self, Watched::Request(key.request_id())))
    }
}
