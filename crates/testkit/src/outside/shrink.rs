//! Making a scenario that fails smaller, greedily: one thing less at a time, as long as it still fails.
//!
//! INVARIANT: a smaller scenario is as sound as the drawn one ([`Scenario::is_sound`]): the shrinking never blames the host
//! for what the profile does not admit.

use super::fault::{ActFault, LookFault};
use super::nature::{ListNature, Nature};
use super::scenario::{DeedKind, EventKind, Person, Says, Scenario};

/// How many scenarios are tried at most.
const TRIES: usize = 4_000;

/// The smallest scenario found that still fails.
pub fn shrink(scenario: &Scenario, mut fails: impl FnMut(&Scenario) -> bool) -> Scenario {
    let mut smallest = scenario.clone();
    let mut tries = 0;
    'again: loop {
        for smaller in candidates(&smallest) {
            if tries == TRIES {
                return smallest;
            }
            tries += 1;
            if smaller.is_sound() && fails(&smaller) {
                smallest = smaller;
                continue 'again;
            }
        }
        return smallest;
    }
}

/// Scenarios with one thing less, the largest things first.
fn candidates(from: &Scenario) -> Vec<Scenario> {
    let mut found = Vec::new();
    let mut with = |change: &dyn Fn(&mut Scenario)| {
        let mut scenario = from.clone();
        change(&mut scenario);
        if scenario != *from {
            found.push(scenario);
        }
    };
    for wish in 0..from.wishes.len() {
        with(&|scenario| drop_wish(scenario, wish));
    }
    with(&|scenario| scenario.deeds.clear());
    with(&|scenario| scenario.older.clear());
    for deed in 0..from.deeds.len() {
        with(&|scenario| {
            scenario.deeds.remove(deed);
        });
    }
    for older in 0..from.older.len() {
        with(&|scenario| {
            scenario.older.remove(older);
        });
    }
    for event in 0..from.events.len() {
        with(&|scenario| {
            scenario.events.remove(event);
        });
    }
    for wish in 0..from.wishes.len() {
        for act in 0..from.wishes[wish].acts.len() {
            with(&|scenario| {
                scenario.wishes[wish].acts.remove(act);
            });
            with(&|scenario| scenario.wishes[wish].acts[act] = ActFault::NONE);
            with(&|scenario| scenario.wishes[wish].acts[act].after_ms = ActFault::NONE.after_ms);
        }
        for look in 0..from.wishes[wish].looks.len() {
            with(&|scenario| {
                scenario.wishes[wish].looks.remove(look);
            });
            with(&|scenario| scenario.wishes[wish].looks[look] = LookFault::None);
        }
        for show in 0..from.wishes[wish].shown.len() {
            with(&|scenario| {
                scenario.wishes[wish].shown.remove(show);
            });
        }
    }
    for nature in plainer(&from.nature) {
        with(&|scenario| scenario.nature = nature.clone());
    }
    with(&|scenario| scenario.person = Person::Soon);
    for event in 0..from.events.len() {
        with(&|scenario| {
            if let EventKind::Hurry { wish, .. } = scenario.events[event].what {
                scenario.events[event].what = EventKind::Ask { wish };
            }
        });
        with(&|scenario| scenario.events[event].at_ms /= 10);
    }
    for wish in 0..from.wishes.len() {
        with(&|scenario| {
            if let Some(text) = &mut scenario.wishes[wish].text {
                text.twist = super::text::Twist::None;
            }
        });
        with(&|scenario| {
            if let Some(text) = &mut scenario.wishes[wish].text {
                text.base = 0;
            }
        });
    }
    found
}

fn drop_wish(scenario: &mut Scenario, gone: usize) {
    if scenario.wishes.len() == 1 {
        return;
    }
    scenario.wishes.remove(gone);
    let moved = |wish: usize| if wish > gone { wish - 1 } else { wish };
    scenario.events.retain_mut(|event| match &mut event.what {
        EventKind::Ask { wish } | EventKind::Hurry { wish, .. } | EventKind::Status { wish } => {
            let stays = *wish != gone;
            *wish = moved(*wish);
            stays
        }
        EventKind::Round | EventKind::Crash | EventKind::Pause { .. } => true,
    });
    let said = |says: &mut Says| match says {
        Says::Unrelated { like, .. } => {
            let stays = *like != gone;
            *like = moved(*like);
            stays
        }
        Says::Alike { wish, .. } | Says::Equal { wish } => {
            let stays = *wish != gone;
            *wish = moved(*wish);
            stays
        }
    };
    scenario.older.retain_mut(|older| said(&mut older.says));
    scenario.deeds.retain_mut(|deed| match &mut deed.what {
        DeedKind::Posts { says, .. } => said(says),
        DeedKind::Sets { wish } | DeedKind::Removes { wish } => {
            let stays = *wish != gone;
            *wish = moved(*wish);
            stays
        }
    });
}

/// The same server with one oddity less.
fn plainer(from: &Nature) -> Vec<Nature> {
    let plain = Nature::plain(from.platform);
    let mut found = Vec::new();
    let mut with = |change: &dyn Fn(&mut Nature)| {
        let mut nature = from.clone();
        change(&mut nature);
        if nature != *from {
            found.push(nature);
        }
    };
    with(&|nature| nature.keys = plain.keys);
    with(&|nature| nature.reads_back = plain.reads_back);
    with(&|nature| nature.ids = plain.ids);
    with(&|nature| nature.answers = plain.answers);
    with(&|nature| nature.echoes = plain.echoes);
    with(&|nature| nature.error_words = plain.error_words);
    with(&|nature| nature.get = plain.get.clone());
    with(&|nature| nature.clock_ms = plain.clock_ms);
    with(&|nature| nature.lag_ms = plain.lag_ms);
    with(&|nature| nature.states = plain.states);
    with(&|nature| nature.says_states = plain.says_states);
    with(&|nature| nature.asks_state = plain.asks_state);
    with(&|nature| nature.timeout_ms = plain.timeout_ms);
    with(&|nature| nature.settle_ms = plain.settle_ms);
    with(&|nature| nature.list = plain.list.clone());
    if let Some(list) = &from.list {
        for list in plainer_lists(list) {
            with(&|nature| nature.list = Some(list.clone()));
        }
    }
    found
}

fn plainer_lists(from: &ListNature) -> Vec<ListNature> {
    let plain = ListNature::plain();
    let changes: [&dyn Fn(&mut ListNature); 14] = [
        &|list| list.scope = plain.scope,
        &|list| list.by_target = plain.by_target,
        &|list| list.page = plain.page,
        &|list| list.pages = plain.pages,
        &|list| list.complete = plain.complete,
        &|list| list.total = plain.total,
        &|list| list.times = plain.times,
        &|list| list.order = plain.order,
        &|list| list.wraps = plain.wraps,
        &|list| list.lone = plain.lone,
        &|list| list.edited = plain.edited,
        &|list| list.mixed = plain.mixed,
        &|list| list.hides = plain.hides,
        &|list| (list.broken, list.item_errors) = (plain.broken, plain.item_errors),
    ];
    changes
        .iter()
        .map(|change| {
            let mut list = from.clone();
            change(&mut list);
            list
        })
        .filter(|list| list != from)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_matters_is_left() {
        let crash = |scenario: &Scenario| scenario.events.iter().any(|event| event.what == EventKind::Crash);
        let seed = (0..).find(|seed| {
            let scenario = Scenario::of_seed(*seed);
            crash(&scenario) && scenario.wishes.len() > 2 && !scenario.deeds.is_empty()
        });
        let large = Scenario::of_seed(seed.unwrap());
        let small = shrink(&large, crash);
        assert_eq!(small.events.len(), 1);
        assert_eq!((small.wishes.len(), small.deeds.len(), small.older.len()), (1, 0, 0));
        assert_eq!(small.nature, Nature::plain(large.nature.platform));
        assert!(small.is_sound());
    }
}
