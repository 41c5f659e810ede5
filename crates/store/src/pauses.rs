//! Switches that keep attempts from beginning: the rules are [`chimera_effect::step`]'s.

use async_trait::async_trait;
use chimera_contracts::StoreError;
use chimera_effect::step::{self, PauseChange};
use chimera_effect::{Pause, PauseOrder, Paused, Pauses};

use crate::backend::Backend;
use crate::loaded::Loaded;
use crate::row::{Key, Row};
use crate::scan::Scan;
use crate::store::{Outcome, Planned, Planner, Store};
use crate::transaction::{Condition, Transaction, Write};

impl Planner {
    fn plan_pause(&self, order: &PauseOrder, active: bool, loaded: &Loaded) -> Planned<Paused> {
        let known = loaded.pause(&order.key)?;
        let PauseChange { pause, draft } = match step::pause(known, order, active, loaded.now()) {
            Ok(change) => change,
            Err(answer) => return Ok(Outcome::Answer(answer)),
        };
        let transaction = Transaction {
            conditions: vec![Condition::Revision(
                Key::Pause(order.key.clone()),
                known.map(|known| known.revision),
            )],
            writes: vec![Write::put(Row::Pause(pause.clone()))],
            events: self.events([draft])?,
        };
        Ok(Outcome::Write(Box::new(transaction), Paused::Changed(pause)))
    }
}

impl<B: Backend> Store<B> {
    async fn order(&self, order: PauseOrder, active: bool) -> Result<Paused, StoreError> {
        let planner = self.planner.clone();
        let step = move |loaded: &Loaded| planner.plan_pause(&order, active, loaded);
        Ok(self.run(Loaded::at(self.backend.now()), step).await?.0)
    }
}

#[async_trait]
impl<B: Backend> Pauses for Store<B> {
    async fn pause(&self, order: PauseOrder) -> Result<Paused, StoreError> {
        self.order(order, true).await
    }

    async fn resume(&self, order: PauseOrder) -> Result<Paused, StoreError> {
        self.order(order, false).await
    }

    async fn pauses(&self, limit: usize) -> Result<Vec<Pause>, StoreError> {
        let scan = Scan::Pauses { stopping: None, limit };
        self.read(|loaded| loaded.pauses(&scan)).await
    }
}
