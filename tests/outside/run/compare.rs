//! What the journal and the books hold in the end, against the world.

use chimera::effect::{EffectKind, EffectRecord, EffectState};
use chimera::governance::{Budget, BudgetScope};
use chimera_testkit::block_on;
use chimera_testkit::outside::{BreachKind, PRICE_MICROS};

use super::super::report::Report;
use super::super::told::Told;
use super::Run;
use crate::engage_stage::engage_scope;
use crate::stage::scope;

impl Run<'_> {
    pub(super) fn report(mut self, at_a_person: Vec<String>) -> Report {
        self.compare_journal();
        self.check_doubles();
        if let Some(words) = self.stuck.take() {
            self.breach(0, BreachKind::Stuck, words);
        }
        let (mut world, now_ms) = self.stage.outside.world();
        let mut oracle = self.stage.oracle.borrow_mut();
        oracle.count(&world, now_ms);
        let breaches = oracle.breaches().to_vec();
        for breach in &breaches {
            let words = format!("{:?} wish {}: {}", breach.kind, breach.wish, breach.words);
            world.trace().line(breach.at_ms, "WRONG", || words);
        }
        let is_window = world.is_window();
        let (breaches, window) = if is_window { (Vec::new(), breaches) } else { (breaches, Vec::new()) };
        Report {
            breaches,
            effects: self.stage.scenario.wishes.len(),
            posts: world.acts().iter().filter(|act| !act.double).count(),
            at_a_person,
            window,
            is_window,
            doubles: world.doubles().count(),
            twins: oracle.twins(),
            trace: world.trace().to_string(),
        }
    }

    /// Second posts of the server that a late answer named have to be told: as the effect's post, or as an incident.
    fn check_doubles(&mut self) {
        let records = self.records();
        let named: Vec<(usize, String)> = {
            let (world, _) = self.stage.outside.world();
            let named = world.doubles().filter(|(_, named)| *named);
            named.map(|(act, _)| (act.wish, world.items()[act.item].id.clone())).collect()
        };
        for (wish, id) in named {
            let record = records.iter().find(|record| self.wish_of(record) == Some(wish));
            let told = record.is_some_and(|record| {
                let post = record.progress.post.as_ref().map(|post| post.id.as_str());
                post == Some(id.as_str()) || !record.progress.incidents.is_empty()
            });
            if !told {
                let words = format!("a late answer named `{id}`, a second post, and nothing tells of it");
                self.breach(wish, BreachKind::Untold, words);
            }
        }
    }

    /// What the journal holds in the end, and the books, against the world.
    fn compare_journal(&mut self) {
        let records = self.records();
        for record in &records {
            let Some(wish) = self.wish_of(record) else { continue };
            let told = Told::of_record(record);
            self.stage.note(wish, "journal", &told);
        }
        let publish = self.stage.inputs.values().next().map(scope);
        let scopes = [(publish, true), (Some(engage_scope()), false)];
        for (scope, publishes) in scopes {
            if let Some(scope) = scope {
                self.compare_books(
                    &scope,
                    records.iter().filter(|record| (record.kind() == EffectKind::Publish) == publishes),
                );
            }
        }
    }

    fn compare_books<'r>(&mut self, scope: &BudgetScope, records: impl Iterator<Item = &'r EffectRecord>) {
        let (mut spent, mut held, mut wish) = (0, 0, 0);
        for record in records {
            wish = self.wish_of(record).unwrap_or_default();
            spent += u64::from(record.progress.state == EffectState::Published) * PRICE_MICROS;
            held += u64::from(record.progress.held) * PRICE_MICROS;
        }
        let balance = block_on(Budget::balance(self.host.store.as_ref(), scope)).expect("the store works");
        let Some(balance) = balance else { return };
        if (balance.spent.micros, balance.committed.micros) != (spent, held) {
            let words = format!(
                "spent {} and holds {}; by its effects it is {spent} and {held}",
                balance.spent.micros, balance.committed.micros
            );
            self.breach(wish, BreachKind::Books, words);
        }
    }
}
