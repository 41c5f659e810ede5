//! Restarts between request, decision and execution, in every order: exactly one execution (GOV-08).

use chimera::Chimera;
use chimera::contracts::engage::{EngageAction, EngageStatus};
use chimera::governance::Terms;
use chimera_tests::engage_stage::{engage, engage_context, engagement, reviewer, skill};
use chimera_tests::stage::work;
use chrono::TimeDelta;

use super::World;

/// Something that one process does before it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doing {
    Request,
    Claim,
    /// The decision is written down, and nobody runs it.
    Decide,
    /// The worker comes by.
    Work,
    /// Nothing: only a restart.
    Nothing,
}

async fn act(host: &Chimera, action: EngageAction, doing: Doing) {
    let namespace = engage_context().namespace;
    let ann = reviewer("ann");
    let waiting = skill(host).waiting(&namespace, 10).await.unwrap();
    match doing {
        Doing::Request => {
            engage(host, &engagement(action)).await;
        }
        Doing::Claim => {
            for review in waiting {
                let _ = host.desk().claim(&namespace, review.id, &ann, TimeDelta::minutes(10)).await;
            }
        }
        Doing::Decide => {
            for review in waiting {
                let terms =
                    Terms { also: Default::default(), holds: TimeDelta::hours(1), spec_version: None };
                let _ = host.desk().approve(&namespace, review.id, &ann, terms).await;
            }
        }
        Doing::Work => {
            work(host).await;
        }
        Doing::Nothing => {}
    }
}

/// Every order of five doings, each in a process of its own: whatever came first, it runs once in the end.
#[tokio::test]
async fn in_every_order_it_runs_once() {
    let doings = [Doing::Request, Doing::Claim, Doing::Decide, Doing::Work, Doing::Nothing];
    for (number, order) in permutations(&doings).into_iter().enumerate() {
        let action = EngageAction::ALL[number % EngageAction::ALL.len()];
        let world = World::new(0.8).await;
        for doing in &order {
            let (_store, host) = world.host();
            act(&host, action, *doing).await;
        }
        let decided = order.iter().filter(|doing| **doing != Doing::Nothing && **doing != Doing::Work);
        let in_order = decided.eq(&[Doing::Request, Doing::Claim, Doing::Decide]);
        let worked = order.iter().position(|doing| *doing == Doing::Work);
        let approved = order.iter().position(|doing| *doing == Doing::Decide);
        let expected = usize::from(in_order && worked > approved);
        assert_eq!(world.platform.posts().len(), expected, "{order:?}");

        for doing in [Doing::Request, Doing::Claim, Doing::Decide, Doing::Work, Doing::Request, Doing::Work] {
            let (_store, host) = world.host();
            act(&host, action, doing).await;
        }
        let (_store, host) = world.host();
        assert_eq!(engage(&host, &engagement(action)).await.status, EngageStatus::Success, "{order:?}");
        assert_eq!(world.platform.posts().len(), 1, "{order:?}");
        assert_eq!(world.platform.violations(), Vec::<String>::new());
    }
}

fn permutations<T: Copy>(items: &[T]) -> Vec<Vec<T>> {
    let Some((first, rest)) = items.split_first() else { return vec![Vec::new()] };
    let mut all = Vec::new();
    for shorter in permutations(rest) {
        for place in 0..=shorter.len() {
            let mut longer = shorter.clone();
            longer.insert(place, *first);
            all.push(longer);
        }
    }
    all
}
