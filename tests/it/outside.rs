//! Whole skills against the model of the outside, and the model against hosts and servers that are known to be wrong.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use chimera::audit::Secrets;
use chimera::platform::{Called, LateAnswer, ServerError, ToolAnswer, ToolCall, ToolClient, ToolInfo};
use chimera_testkit::outside::fault::{ActFault, Fate, Reply};
use chimera_testkit::outside::nature::{KeyHandling, Lie, ListNature, Nature, States};
use chimera_testkit::outside::{BreachKind, Scenario};
use chimera_tests::outside::{Hunt, Options, Progress, explained, hunt, run};
use chrono::{DateTime, TimeDelta, Utc};

/// How many seeds each `cargo test` runs.
const SEEDS: u64 = 2_000;

/// Each effect is public once, what is told is so, and what stays unknown waits for a person.
#[test]
fn whatever_the_outside_does_one_effect_is_public_once_and_told_so() {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let failing = Mutex::new(BTreeSet::new());
    let totals = hunt(Hunt { from: 0, seeds: SEEDS, threads, stops: true }, |progress| {
        if let Progress::Fails { seed, .. } = progress {
            failing.lock().unwrap_or_else(PoisonError::into_inner).insert(seed);
        }
    });
    let failing = failing.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let Some(seed) = failing.first() {
        panic!("{}", explained(&Scenario::of_seed(*seed), Options::default()).1);
    }
    assert_eq!((totals.runs, totals.failing), (SEEDS, 0), "{totals}");
    assert!(totals.posts > SEEDS && totals.at_a_person < totals.effects / 2, "{totals}");
}

/// A scenario without anything that goes wrong with a call, for any server that sets states, and with all that people do.
fn honest(seed: u64) -> Scenario {
    let mut scenario = Scenario::of_seed(seed);
    scenario.nature.states = States::Sets;
    for (number, wish) in scenario.wishes.iter_mut().enumerate() {
        wish.acts.clear();
        wish.looks.clear();
        // What is set already belongs to the wish that set it.
        wish.target = number;
    }
    scenario.events.retain(|event| {
        use chimera_testkit::outside::EventKind as E;
        matches!(event.what, E::Ask { .. } | E::Status { .. } | E::Round)
    });
    scenario
}

#[test]
fn an_honest_server_leaves_nothing_unknown() {
    for seed in 0..300 {
        let scenario = honest(seed);
        let report = run(&scenario, Options::default());
        assert!(!report.fails(), "{:?}\n{scenario}", report.breaches);
        assert_eq!(report.at_a_person, Vec::<String>::new(), "{scenario}");
    }
}

#[test]
fn the_same_seed_is_the_same_run() {
    for seed in 0..60 {
        let scenario = Scenario::of_seed(seed);
        let lines = || run(&scenario, Options { trace: true, ..Options::default() }).trace;
        let first = lines();
        assert!(first.contains("wish 0"), "{first}");
        assert_eq!(first, lines(), "seed {seed}");
    }
}

/// The scenario of a seed whose profile says more than the server does.
fn lying(seed: u64, lie: Lie) -> Scenario {
    let mut scenario = Scenario::of_seed(seed);
    scenario.lie = Some(lie);
    let nature = Nature { settle_ms: 60_000, ..Nature::plain(scenario.nature.platform) };
    scenario.nature = match lie {
        Lie::Complete | Lie::Settled => nature,
        Lie::Keys => Nature { keys: KeyHandling::Advisory, ..nature },
        Lie::ReadsBack => Nature { reads_back: Some(true), list: Some(ListNature::plain()), ..nature },
    };
    scenario
}

/// What a lying profile leads to is found within a few seeds, and made so small that a person sees it.
fn finds(lie: Lie) {
    let fails = |scenario: &Scenario| {
        let kinds = run(scenario, Options::default()).kinds();
        kinds.iter().any(|kind| *kind == BreachKind::Duplicate || kind.is_false_answer())
    };
    let found = (0..400).map(|seed| lying(seed, lie)).find(fails);
    let found = found.unwrap_or_else(|| panic!("no seed shows what {lie:?} leads to"));
    let (small, words) = explained(&found, Options::default());
    assert_eq!((small.wishes.len(), small.older.len(), small.deeds.len()), (1, 0, 0), "{words}");
    assert!(small.wishes[0].acts.len() <= 2 && small.events.len() <= 3, "{words}");
    assert!(words.contains("PUBLIC") && words.contains("WRONG"), "{words}");
}

#[test]
fn a_list_that_hides_and_says_complete_is_found() {
    finds(Lie::Complete);
}

#[test]
fn keys_that_are_not_enforced_are_found() {
    finds(Lie::Keys);
}

#[test]
fn a_platform_that_acts_after_it_settled_is_found() {
    finds(Lie::Settled);
}

#[test]
fn a_tool_that_reads_back_and_does_not_say_so_is_found() {
    finds(Lie::ReadsBack);
}

/// A client that takes each error for a refusal, as many a host does.
#[derive(Debug)]
struct Simple(Arc<dyn ToolClient>);

#[async_trait]
impl ToolClient for Simple {
    fn server(&self) -> &str {
        self.0.server()
    }

    fn secrets(&self) -> &Secrets {
        self.0.secrets()
    }

    fn life(&self) -> u64 {
        0
    }

    fn grace(&self) -> TimeDelta {
        self.0.grace()
    }

    async fn tools(&self, deadline: DateTime<Utc>) -> Result<Vec<ToolInfo>, ServerError> {
        self.0.tools(deadline).await
    }

    async fn call(&self, call: ToolCall) -> Called {
        match self.0.call(call).await {
            Called::Lost { reason } | Called::Failed { reason } => Called::NotSent { reason },
            Called::Answered(answer) if answer.is_error => Called::Answered(ToolAnswer {
                texts: vec!["Unknown tool: none".to_owned()],
                structured: None,
                ..answer
            }),
            called => called,
        }
    }

    fn late(&self) -> Vec<LateAnswer> {
        self.0.late()
    }
}

#[test]
fn a_client_that_takes_each_error_for_a_refusal_is_found() {
    let options = Options { wrap: Some(|client| Arc::new(Simple(client))), ..Options::default() };
    let wrong = (0..40).map(Scenario::of_seed).filter(|scenario| {
        let kinds = run(scenario, options).kinds();
        kinds.contains(&BreachKind::Duplicate) || kinds.contains(&BreachKind::FalseFailed)
    });
    let found: Vec<Scenario> = wrong.collect();
    assert!(found.len() > 4, "{} of 40 seeds show it", found.len());
    let (small, words) = explained(&found[0], options);
    assert_eq!(small.wishes.len(), 1, "{words}");
}

/// A call that is done after its platform has settled is counted apart, and nothing else is wrong then.
#[test]
fn the_window_that_remains_is_counted_apart() {
    let mut scenario = honest(0);
    scenario.nature = Nature::plain(scenario.nature.platform);
    scenario.wishes.truncate(1);
    scenario.older.clear();
    scenario.deeds.clear();
    scenario.events.retain(|event| event.at_ms == 0);
    scenario.wishes[0].acts =
        vec![ActFault { fate: Fate::PastSettle { ms: 600_000 }, reply: Reply::Lost, after_ms: 300 }];
    let report = run(&scenario, Options { trace: true, ..Options::default() });
    assert!(report.is_window && !report.fails(), "{}", report.trace);
    assert!(!report.window.is_empty(), "{}", report.trace);
}
