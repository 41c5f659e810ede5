//! From a seed to a scenario: which servers, which faults, which people, and when.
//!
//! Half of the calls are honest, so that what goes wrong meets what goes well. Weights follow one thought: what public
//! reports tell often is drawn often, and nothing that the profile admits is left out. The window that remains (a call done
//! after its platform has settled) is drawn in one of 400 scenarios, and counted apart.

use chimera_contracts::PlatformName;
use chimera_effect::EffectKind;

use super::dice::Dice;
use super::fault::{ActFault, Argument, BadId, Broken, Fate, LookFault, Mixed, Refusal, Reply, Why};
use super::nature::{
    AnswerForm, GetNature, IdForm, KeyHandling, ListNature, Nature, Order, Pages, Scope, States, TimeForm,
    Wraps,
};
use super::scenario::{Deed, DeedKind, Event, EventKind, Older, Person, Says, Scenario, Wish};
use super::show::Show;
use super::text::{BASES, Text, Twist, UNRELATED};

/// Where engagements are served (seed 001); posts are served everywhere.
const ENGAGING: [PlatformName; 4] =
    [PlatformName::Twitter, PlatformName::Instagram, PlatformName::TikTok, PlatformName::Threads];

const ENGAGEMENTS: [EffectKind; 5] =
    [EffectKind::Reply, EffectKind::Comment, EffectKind::Like, EffectKind::Follow, EffectKind::Share];

impl Scenario {
    /// The scenario of a seed.
    #[must_use]
    pub fn of_seed(seed: u64) -> Self {
        let dice = Dice::seeded(seed);
        let kinds = kinds(&dice.fork());
        let nature = nature(&dice.fork(), &kinds);
        let texts = dice.fork();
        let base = texts.below(BASES.len());
        let count = kinds.len();
        let wishes = kinds.iter().map(|kind| wish(&dice.fork(), &nature, *kind, base)).collect::<Vec<_>>();
        let mut scenario = Self {
            seed,
            nature,
            lie: None,
            wishes,
            older: Vec::new(),
            deeds: Vec::new(),
            events: Vec::new(),
            person: dice.pick(&[Person::Soon, Person::Late]),
        };
        scenario.repeat(&texts);
        scenario.older = older(&dice.fork(), &scenario);
        scenario.deeds = deeds(&dice.fork(), &scenario);
        scenario.events = events(&dice.fork(), count);
        scenario
    }

    /// Makes some wishes the same as one before: the same words under another key.
    fn repeat(&mut self, dice: &Dice) {
        for wish in 1..self.wishes.len() {
            let first = &self.wishes[dice.below(wish)];
            if dice.one_in(4) && first.kind == self.wishes[wish].kind {
                let (target, text) = (first.target, first.text);
                self.wishes[wish].target = target;
                self.wishes[wish].text = text;
            }
        }
    }
}

fn kinds(dice: &Dice) -> Vec<EffectKind> {
    let count = dice.weighted(&[(50, 1), (30, 2), (13, 3), (7, 4)]);
    let first = if dice.percent(45) { EffectKind::Publish } else { dice.pick(&ENGAGEMENTS) };
    let mut kinds = vec![first];
    for _ in 1..count {
        let other = if dice.percent(30) { EffectKind::Publish } else { dice.pick(&ENGAGEMENTS) };
        kinds.push(if dice.percent(60) { first } else { other });
    }
    kinds
}

fn nature(dice: &Dice, kinds: &[EffectKind]) -> Nature {
    let engages = kinds.iter().any(|kind| *kind != EffectKind::Publish);
    let platform = if engages { dice.pick(&ENGAGING) } else { dice.pick(PlatformName::ALL) };
    let settle_ms = dice.pick(&[5_000, 15_000, 30_000, 60_000]);
    let states = dice.weighted(&[(4, States::Sets), (4, States::SetsAndRefuses), (3, States::Toggles)]);
    let keys = dice.weighted(&[
        (6, KeyHandling::None),
        (6, KeyHandling::Advisory),
        (3, KeyHandling::Enforced { for_s: 86_400 }),
        (1, KeyHandling::Enforced { for_s: 120 }),
    ]);
    let ids = dice.weighted(&[
        (5, IdForm::Digits),
        (2, IdForm::Integer),
        (2, IdForm::Urn),
        (2, IdForm::Short),
        (1, IdForm::LikeAKey),
        (1, IdForm::LikeAToken),
    ]);
    let answers = dice.weighted(&[
        (4, AnswerForm::Structured),
        (3, AnswerForm::TextJson),
        (2, AnswerForm::Wrapped),
        (2, AnswerForm::Nested),
        (2, AnswerForm::Sentence),
    ]);
    let list = (!dice.one_in(14)).then(|| list(&dice.fork()));
    Nature {
        platform,
        timeout_ms: dice.pick(&[5_000, 10_000, 30_000]),
        settle_ms,
        keys,
        reads_back: dice.pick(&[None, None, Some(true), Some(false)]),
        states,
        says_states: dice.percent(60),
        asks_state: dice.percent(40),
        ids,
        answers,
        echoes: dice.percent(40),
        error_words: dice.percent(20),
        get: dice.percent(60).then(|| GetNature { full: dice.percent(70), whole: dice.percent(70) }),
        list,
        clock_ms: dice.weighted(&[(5, 0), (1, 800), (1, -900), (1, 2_500), (1, -2_500)]),
        lag_ms: dice.weighted(&[(6, 0), (2, 1_500), (1, settle_ms - 1_000)]),
    }
}

fn list(dice: &Dice) -> ListNature {
    let pages = dice.weighted(&[
        (8, Pages::None),
        (4, Pages::Cursor),
        (1, Pages::CursorThenNothing),
        (2, Pages::CursorShort),
        (1, Pages::CursorStuck),
    ]);
    let times = dice.weighted(&[
        (5, TimeForm::Rfc3339),
        (2, TimeForm::Millis),
        (2, TimeForm::Offset),
        (2, TimeForm::Twitter),
        (2, TimeForm::Seconds),
        (1, TimeForm::Float),
        (1, TimeForm::SecondsText),
        (1, TimeForm::EpochMillis),
        (1, TimeForm::Zoneless),
        (1, TimeForm::Missing),
        (2, TimeForm::None),
    ]);
    let lone = pages == Pages::None && dice.one_in(10);
    let mut list = ListNature {
        scope: dice.weighted(&[(5, Scope::Own), (3, Scope::Authors), (1, Scope::Unsaid)]),
        by_target: dice.percent(40),
        page: dice.pick(&[3, 5, 20, 20]),
        pages,
        complete: !lone && dice.percent(40),
        total: !lone && dice.percent(15),
        times,
        order: dice.weighted(&[(7, Order::Newest), (2, Order::Pinned), (1, Order::Oldest)]),
        wraps: dice.weighted(&[(8, Wraps::None), (2, Wraps::Named), (1, Wraps::Unnamed)]),
        lone,
        edited: dice.percent(20),
        mixed: dice.percent(15),
        hides: false,
        broken: dice.one_in(40),
        item_errors: dice.one_in(12),
    };
    list.hides = !list.promises() && dice.percent(50);
    list
}

fn wish(dice: &Dice, nature: &Nature, kind: EffectKind, base: usize) -> Wish {
    let words = match kind {
        EffectKind::Like | EffectKind::Follow => false,
        EffectKind::Share => dice.percent(60),
        _ => true,
    };
    let base = if dice.percent(70) { base } else { dice.below(BASES.len()) };
    let twist = if dice.percent(55) { Twist::None } else { dice.pick(&Twist::ALL) };
    let faults = dice.fork();
    let count = faults.weighted(&[(3, 0), (8, 1), (4, 2), (2, 3)]);
    let looks = dice.fork();
    let failing = looks.weighted(&[(7, 0), (2, 1), (1, 2), (1, 4)]);
    Wish {
        kind,
        target: dice.pick(&[1, 1, 2]),
        text: words.then_some(Text { base, twist }),
        acts: (0..count).map(|_| act(&faults, nature, kind)).collect(),
        looks: (0..failing).map(|_| look(&looks)).collect(),
        shown: shows(&dice.fork(), nature),
    }
}

/// A fault that the profile admits: drawn until one is.
fn act(dice: &Dice, nature: &Nature, kind: EffectKind) -> ActFault {
    for _ in 0..64 {
        let fault = any_act(dice, nature);
        if fault.admitted(nature, kind) {
            return fault;
        }
    }
    ActFault::NONE
}

fn any_act(dice: &Dice, nature: &Nature) -> ActFault {
    let timeout = nature.timeout_ms;
    if dice.one_in(600) {
        let fate = Fate::PastSettle { ms: dice.between(1_000, 40_000) };
        return ActFault { fate, reply: Reply::Lost, after_ms: timeout };
    }
    let late = || timeout + dice.between(500, nature.settle_ms + 60_000);
    let (fate, after_ms) = dice.weighted(&[
        (10, (Fate::Makes, dice.between(100, timeout - 500))),
        (6, (Fate::Nothing, dice.between(100, timeout - 500))),
        (3, (Fate::Makes, late())),
        (1, (Fate::Nothing, late())),
        (4, (Fate::Late { ms: dice.between(500, timeout + nature.settle_ms) }, late())),
        (1, (Fate::Twice { ms: dice.between(500, timeout) }, late())),
    ]);
    ActFault { fate, reply: reply(dice), after_ms }
}

fn reply(dice: &Dice) -> Reply {
    let whys = [
        Why::TooMany,
        Why::BadRequest,
        Why::Unauthorized,
        Why::Forbidden,
        Why::NotFound,
        Why::Tool,
        Why::Confirm,
    ];
    let bad = [
        BadId::Exponent,
        BadId::Huge,
        BadId::Float,
        BadId::Zero,
        BadId::Null,
        BadId::None,
        BadId::Undefined,
        BadId::Nan,
        BadId::Empty,
        BadId::Words,
    ];
    let mixed = [
        Mixed::PublishedAndError,
        Mixed::SuccessFalse,
        Mixed::ErrorText,
        Mixed::Errors,
        Mixed::Status,
        Mixed::Flag,
        Mixed::RequestId,
    ];
    let refusals = [
        Refusal::RateLimit { after_s: None },
        Refusal::RateLimit { after_s: Some(2) },
        Refusal::RateLimit { after_s: Some(900) },
        Refusal::Auth,
        Refusal::Policy,
        Refusal::Duplicate { named: false },
        Refusal::Duplicate { named: true },
        Refusal::Forbidden,
        Refusal::Invalid,
    ];
    let broken = [Broken::Gateway, Broken::Internal, Broken::Reset, Broken::TimedOut];
    let arguments = [Argument::Missing, Argument::Tool, Argument::Confirm];
    dice.weighted(&[
        (4, Reply::Done),
        (2, Reply::NoId),
        (3, Reply::BadId(dice.pick(&bad))),
        (4, Reply::ReadBack(dice.pick(&whys))),
        (5, Reply::Mixed(dice.pick(&mixed))),
        (8, Reply::Refused(dice.pick(&refusals))),
        (1, Reply::Arguments(dice.pick(&arguments))),
        (4, Reply::Broken(dice.pick(&broken))),
        (3, Reply::Rpc(dice.pick(&[-32_603, -32_602, -32_601, -32_001]))),
        (8, Reply::Lost),
        (1, Reply::NotSent),
        (1, Reply::Draft),
        (1, Reply::Asks),
        (2, Reply::Garbled),
    ])
}

fn look(dice: &Dice) -> LookFault {
    dice.weighted(&[
        (3, LookFault::None),
        (3, LookFault::TooMany),
        (2, LookFault::Internal),
        (1, LookFault::Rpc),
        (2, LookFault::Lost),
        (1, LookFault::NotSent),
        (1, LookFault::EmptyWithError),
        (1, LookFault::Garbled),
    ])
}

fn shows(dice: &Dice, nature: &Nature) -> Vec<Show> {
    let rewrites = nature.list.as_ref().is_some_and(|list| list.edited && list.wraps != Wraps::Unnamed);
    if rewrites && dice.one_in(6) {
        return vec![Show::Rewritten];
    }
    let count = dice.weighted(&[(5, 0), (6, 1), (2, 2)]);
    let mut shows: Vec<Show> = (0..count).map(|_| dice.pick(Show::ALL)).collect();
    // A platform's notice, or nothing, stands for the text: no server is known that shortens or signs one.
    if let Some(at) = shows.iter().position(|show| show.leaves_nothing()) {
        shows.truncate(at.saturating_add(1));
    }
    if nature.list.as_ref().is_some_and(|list| list.wraps == Wraps::Unnamed) {
        shows.retain(|show| !show.leaves_nothing());
    }
    shows
}

fn says(dice: &Dice, scenario: &Scenario) -> Says {
    let wish = dice.below(scenario.wishes.len());
    let unrelated = Says::Unrelated { which: dice.below(UNRELATED.len()), like: wish };
    if scenario.wishes[wish].text.is_none() {
        return unrelated;
    }
    dice.weighted(&[
        (8, unrelated),
        (3, Says::Alike { wish, twist: dice.pick(&Twist::ALL) }),
        (1, Says::Equal { wish }),
    ])
}

fn older(dice: &Dice, scenario: &Scenario) -> Vec<Older> {
    // A new account shows nothing.
    let count = dice.weighted(&[(3, 0), (3, 1), (3, 3), (2, 8)]);
    let everybodys = scenario.nature.list.as_ref().is_some_and(|list| list.scope != Scope::Own);
    (0..count)
        .map(|_| Older {
            age_ms: dice.pick(&[1_500, 20_000, 300_000, 3_600_000, 86_400_000]) + dice.between(0, 900),
            says: says(dice, scenario),
            stranger: everybodys && dice.percent(40),
        })
        .collect()
}

fn deeds(dice: &Dice, scenario: &Scenario) -> Vec<Deed> {
    let count = dice.weighted(&[(5, 0), (3, 1), (2, 3), (1, 6)]);
    let everybodys = scenario.nature.list.as_ref().is_some_and(|list| list.scope != Scope::Own);
    let states: Vec<usize> =
        (0..scenario.wishes.len()).filter(|wish| scenario.wishes[*wish].text.is_none()).collect();
    let one = |_| {
        let posts = DeedKind::Posts { says: says(dice, scenario), stranger: everybodys && dice.percent(50) };
        let removes = DeedKind::Removes { wish: dice.below(scenario.wishes.len()) };
        let sets = states.first().map_or(posts, |wish| DeedKind::Sets { wish: *wish });
        let what = dice.weighted(&[(8, posts), (1, removes), (2, sets)]);
        let at_ms = match what {
            // Not before it could be kept from counting as absent.
            DeedKind::Removes { .. } => dice.between(4_500_000, 90_000_000),
            _ => dice.weighted(&[
                (6, dice.between(0, 60_000)),
                (3, dice.between(0, 600_000)),
                (1, dice.between(0, 50_000_000)),
            ]),
        };
        Deed { at_ms, what }
    };
    (0..count).map(one).collect()
}

fn events(dice: &Dice, wishes: usize) -> Vec<Event> {
    let mut events = Vec::new();
    let mut at_ms = 0;
    for wish in 0..wishes {
        let what = dice.weighted(&[
            (8, EventKind::Ask { wish }),
            (2, EventKind::Hurry { wish, within_ms: dice.between(1, 8_000) }),
        ]);
        events.push(Event { at_ms, what });
        at_ms += dice.pick(&[0, 0, 5, 700, 9_000, 40_000]);
    }
    let more = dice.weighted(&[(3, 0), (3, 2), (3, 5), (1, 9)]);
    for _ in 0..more {
        let wish = dice.below(wishes);
        let what = dice.weighted(&[
            (4, EventKind::Ask { wish }),
            (2, EventKind::Hurry { wish, within_ms: dice.between(1, 20_000) }),
            (1, EventKind::Status { wish }),
            (5, EventKind::Round),
            (2, EventKind::Crash),
            (1, EventKind::Pause { for_ms: dice.pick(&[2_000, 30_000, 200_000]) }),
        ]);
        let at_ms = dice.weighted(&[
            (4, dice.between(0, 3_000)),
            (4, dice.between(0, 90_000)),
            (2, dice.between(0, 900_000)),
            (1, dice.between(0, 20_000_000)),
        ]);
        events.push(Event { at_ms, what });
    }
    events.sort_by_key(|event| event.at_ms);
    events
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_a_scenario_and_a_sound_one() {
        for seed in 0..2_000 {
            let scenario = Scenario::of_seed(seed);
            assert_eq!(scenario, Scenario::of_seed(seed));
            assert!(scenario.is_sound(), "{scenario:#?}");
        }
    }

    /// Everything that the model can do is drawn: a fault that no seed draws tests nothing.
    #[test]
    fn everything_is_drawn() {
        let mut drawn = String::new();
        for seed in 0..4_000 {
            drawn.push_str(&format!("{:?}", Scenario::of_seed(seed)));
        }
        for wanted in [
            "Publish",
            "Reply",
            "Comment",
            "Like",
            "Follow",
            "Share",
            "Makes",
            "Nothing",
            "Late {",
            "Twice",
            "PastSettle",
            "NoId",
            "Exponent",
            "Huge",
            "Undefined",
            "ReadBack(Tool)",
            "PublishedAndError",
            "SuccessFalse",
            "ErrorText",
            "Errors",
            "RequestId",
            "Duplicate { named: true }",
            "RateLimit { after_s: Some(900) }",
            "Arguments(Confirm)",
            "Gateway",
            "Rpc(-32601)",
            "Lost",
            "NotSent",
            "Draft",
            "Asks",
            "Garbled",
            "EmptyWithError",
            "Rewritten",
            "Placeholder(Violated)",
            "CutAtParenthesis",
            "HashtagTemplate",
            "Toggles",
            "SetsAndRefuses",
            "CursorShort",
            "CursorStuck",
            "Zoneless",
            "Twitter",
            "Oldest",
            "Pinned",
            "Unnamed",
            "lone: true",
            "hides: true",
            "broken: true",
            "Unsaid",
            "stranger: true",
            "Equal",
            "Alike",
            "Removes",
            "Sets {",
            "Crash",
            "Pause",
            "Hurry",
            "Status",
            "list: None",
            "lag_ms: 59000",
            "LikeAKey",
            "Sentence",
            "Wrapped",
            "reads_back: Some(false)",
        ] {
            assert!(drawn.contains(wanted), "no seed draws {wanted}");
        }
    }
}
