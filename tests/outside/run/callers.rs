//! What callers ask, and what they are told, against the world at that moment.

use chimera::contracts::{CallContext, Clock, Skill};
use chimera_testkit::outside::{Claim, key_of};
use chrono::TimeDelta;

use super::super::host::{Host, context_of, engage_input};
use super::super::told::Told;
use super::Stage;
use crate::engage_stage::skill;
use crate::stage::context;

impl Stage {
    /// A caller asks for a wish, and is told something.
    pub(super) async fn ask(&self, host: &Host, wish: usize, within_ms: Option<i64>) {
        let deadline = within_ms.map(|within| self.outside.clock.now() + TimeDelta::milliseconds(within));
        let told = if let Some(input) = self.inputs.get(&wish) {
            let context = CallContext { deadline, ..context() };
            let answer =
                host.chimera.publish().call(&context, input.clone()).await.expect("the context is complete");
            Told::of_publish(&answer)
        } else {
            let target = self.outside.world().0.target(wish).unwrap_or_default();
            let input = engage_input(&self.scenario, wish, target);
            let context = CallContext { deadline, ..context_of(wish) };
            let answer = skill(&host.chimera).call(&context, input).await.expect("the context is complete");
            Told::of_engage(&answer)
        };
        self.note(wish, "caller", &told);
    }

    /// What the status of a wish says; `None` when it was never asked for.
    pub(super) async fn status(&self, host: &Host, wish: usize) -> Option<Told> {
        let told = if self.inputs.contains_key(&wish) {
            let status = host.chimera.publish().status(&context(), &key_of(wish)).await;
            status.expect("the store works").map(|output| Told::of_publish(&output))
        } else {
            let namespace = context_of(wish).namespace;
            let status = skill(&host.chimera).status_of_key(&namespace, &key_of(wish)).await;
            status.expect("the store works").map(|output| Told::of_engage(&output))
        };
        if let Some(told) = &told {
            self.note(wish, "status", told);
        }
        told
    }

    /// Compares what was told with the world at this moment.
    pub(super) fn note(&self, wish: usize, who: &'static str, told: &Told) {
        let (mut world, now_ms) = self.outside.world();
        world.trace().line(now_ms, who, || {
            let id = match &told.claim {
                Claim::Published(Some(id)) => format!(" as {id}"),
                _ => String::new(),
            };
            format!("is told of wish {wish}: {}{id}", told.words)
        });
        self.oracle.borrow_mut().told(&world, now_ms, wish, &told.claim);
    }
}
