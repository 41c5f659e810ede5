//! What ends at a person, who sees what is public and settles it.

use chimera::contracts::{Clock, ErrorCode};
use chimera::effect::{
    EffectRecord, EffectState, HandSettlement, HandVerdict, PauseOrder, Paused, Pauses as _, Settled,
};
use chimera::governance::{Approver, ApproverRole};
use chimera_testkit::block_on;
use chimera_testkit::outside::{BreachKind, GRACE_MS};
use chrono::TimeDelta;

use super::{Run, waits_for_person};
use crate::stage::context;

fn person() -> Approver {
    Approver { id: "settler@example.com".to_owned(), role: ApproverRole::HitlReviewer }
}

impl Run<'_> {
    /// What ended at a person, with the reason that the status shows.
    pub(super) fn at_a_person(&mut self) -> Vec<String> {
        let mut reasons = Vec::new();
        for record in self.records() {
            let unknown = record.progress.state == EffectState::Unknown;
            let waits = (unknown && record.progress.needs_human) || waits_for_person(&record);
            let open = unknown || !record.progress.state.at_rest();
            let Some(wish) = self.wish_of(&record) else { continue };
            let told = block_on(self.stage.status(&self.host, wish));
            let words = told.map(|told| told.words).unwrap_or_default();
            if waits && !words.is_empty() {
                reasons.push(words);
            } else if open {
                let words =
                    format!("in the end it is {} and no person is asked: {words}", record.progress.state);
                self.breach(wish, BreachKind::Unresolved, words);
            }
        }
        reasons
    }

    /// A person renews the credentials that the platform did not accept, and ends the switches that this threw.
    pub(super) fn clear_accounts(&self) {
        block_on(async {
            for stopped in self.host.store.pauses(100).await.expect("the store works") {
                let order = PauseOrder { key: stopped.key, by: person(), note: "renewed".to_owned() };
                let ended = self.host.store.resume(order).await.expect("the store works");
                assert!(matches!(ended, Paused::Changed(_)), "{ended:?}");
            }
        });
    }

    /// A person who sees what is public settles what waits; then callers ask again.
    pub(super) fn person_settles(&mut self) {
        let asked = self.calls();
        let mut not_there = Vec::new();
        // Nothing is said before the server can no longer answer.
        self.stage.outside.clock.advance(TimeDelta::milliseconds(GRACE_MS));
        for record in self.records() {
            if record.progress.state == EffectState::Unknown
                && let Some(wish) = self.wish_of(&record)
                && self.settle_by_hand(wish, &record) == Some(HandVerdict::NotThere)
            {
                not_there.push(wish);
            }
        }
        self.ask_again();
        let calls = self.calls();
        for wish in not_there {
            if calls[wish] == asked[wish] && !self.has_to_wait(wish) {
                let words =
                    "a person said that it is not there; asked for again, it was not attempted".to_owned();
                self.breach(wish, BreachKind::Unresolved, words);
            }
        }
    }

    /// Whether an effect may not be attempted now, for a reason that is told: its approval has expired meanwhile, or its
    /// platform said when to come back.
    fn has_to_wait(&self, wish: usize) -> bool {
        let Some(record) = self.records().into_iter().find(|record| self.wish_of(record) == Some(wish))
        else {
            return false;
        };
        // Another effect with the same text became unknown meanwhile.
        let behind = record.progress.waits_for.is_some();
        behind
            || record.progress.refusal.is_some_and(|refusal| {
                let later = refusal.retry_at.is_some_and(|at| at > self.stage.outside.clock.now());
                later || refusal.code == ErrorCode::ApprovalExpired
            })
    }

    fn settle_by_hand(&mut self, wish: usize, record: &EffectRecord) -> Option<HandVerdict> {
        let mut verdicts = {
            let (world, now_ms) = self.stage.outside.world();
            self.stage.oracle.borrow().verdicts(&world, now_ms, wish)
        };
        verdicts.push(None);
        for verdict in verdicts {
            let verdict = match verdict {
                Some(id) => HandVerdict::There { id, url: None },
                None => HandVerdict::NotThere,
            };
            self.line(|| format!("a person settles wish {wish}: {verdict:?}"));
            let settlement = HandSettlement {
                verdict: verdict.clone(),
                principal: person(),
                note: "looked at the account".to_owned(),
            };
            let mut settled = self.settled(record, &settlement);
            if let Settled::TooEarly { from } = settled {
                self.stage.outside.clock.set(from);
                settled = self.settled(record, &settlement);
            }
            match settled {
                Settled::Recorded(_) => return Some(verdict),
                // A late answer settled it in this moment.
                Settled::NotUnknown(_) => return None,
                // Another effect with the same text has it; the person names the next one.
                Settled::Taken { .. } => {}
                other => {
                    let words = format!("a person could not settle it: {other:?}");
                    self.breach(wish, BreachKind::Unresolved, words);
                    return None;
                }
            }
        }
        None
    }

    fn settled(&self, record: &EffectRecord, settlement: &HandSettlement) -> Settled {
        let outcomes = self.host.chimera.outcomes();
        let settled = block_on(outcomes.settle_by_hand(&context().namespace, record.id, settlement));
        settled.expect("the store works")
    }

    /// How many acting calls each wish had.
    fn calls(&self) -> Vec<usize> {
        let (world, _) = self.stage.outside.world();
        let count = |wish| world.calls().iter().filter(|call| call.wish == wish).count();
        (0..self.stage.scenario.wishes.len()).map(count).collect()
    }
}
