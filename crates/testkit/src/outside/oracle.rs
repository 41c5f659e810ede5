//! The strict counting oracle: what is public against what was told, call by call.
//!
//! It knows which call made what, which no host can know, and so needs no likeness: it counts. Two effects that are equal
//! in kind, target and text are one class: what one of them made may be told of the other, as nothing outside tells them
//! apart, but never more of them than were made. The same holds of what a person posted by hand with the very same text
//! within the window of an attempt: it is counted apart as a *twin*.

use super::item::{Item, Maker};
use super::world::{Act, World};
use chimera_effect::EffectKind;

/// How far before its first call and behind its last moment a person's equal post is a twin, in milliseconds: what clocks
/// may differ, and a margin.
const TWIN_MS: i64 = 15_000;

/// What a caller was told about an effect, or the journal holds at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// It is public, with this id where it has one.
    Published(Option<String>),
    /// It did not happen; asking again may help or not.
    NotDone,
    /// It may have happened.
    Unknown,
    /// It is under way, or was never asked for.
    Open,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// When it was found.
    pub at_ms: i64,
    /// Which wish.
    pub wish: usize,
    /// What.
    pub kind: BreachKind,
    /// The same in words.
    pub words: String,
}

/// The ways in which a host can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum BreachKind {
    /// More is public than was asked for.
    Duplicate,
    /// Told as public, and not with an id that is this effect's.
    FalsePublished,
    /// Told as not done while it is public, or about to be.
    FalseFailed,
    /// Neither resolved nor shown to a person with a reason.
    Unresolved,
    /// A late answer named a second post that the server made, and nothing tells of it.
    Untold,
    /// The budget does not fit what is public.
    Books,
    /// What the run must not do: a future that never ends, a store that refuses a step.
    Stuck,
}

impl BreachKind {
    /// Whether it is an answer that is not so.
    #[must_use]
    pub const fn is_false_answer(self) -> bool {
        matches!(self, Self::FalsePublished | Self::FalseFailed)
    }
}

/// Compares what is told with what is so.
#[derive(Debug)]
pub struct Oracle {
    /// The class of each wish: the first wish that equals it.
    classes: Vec<usize>,
    /// What was told of each wish last, and when.
    told: Vec<(Claim, i64)>,
    breaches: Vec<Breach>,
    twins: usize,
}

impl Oracle {
    /// The oracle of a world.
    #[must_use]
    pub fn new(world: &World) -> Self {
        let wishes = &world.scenario().wishes;
        let class = |wish: usize| {
            let same = |other: &usize| {
                let (one, other) = (&wishes[wish], &wishes[*other]);
                let target = one.kind == EffectKind::Publish || one.target == other.target;
                one.kind == other.kind && target && one.text == other.text
            };
            (0..wish).find(same).unwrap_or(wish)
        };
        let count = wishes.len();
        Self {
            classes: (0..count).map(class).collect(),
            told: vec![(Claim::Open, i64::MIN); count],
            breaches: Vec::new(),
            twins: 0,
        }
    }

    /// What was found so far.
    #[must_use]
    pub fn breaches(&self) -> &[Breach] {
        &self.breaches
    }

    /// How often a person's equal post was told as an effect's.
    #[must_use]
    pub const fn twins(&self) -> usize {
        self.twins
    }

    /// Writes down something that is wrong.
    pub fn found(&mut self, at_ms: i64, wish: usize, kind: BreachKind, words: String) {
        let known = |breach: &Breach| breach.wish == wish && breach.kind == kind;
        if !self.breaches.iter().any(known) {
            self.breaches.push(Breach { at_ms, wish, kind, words });
        }
    }

    /// Compares what was told about a wish with the world as it is now.
    pub fn told(&mut self, world: &World, now_ms: i64, wish: usize, claim: &Claim) {
        self.told[wish] = (claim.clone(), now_ms);
        match claim {
            Claim::Published(id) => self.published(world, now_ms, wish, id.as_deref()),
            Claim::NotDone => self.not_done(world, now_ms, wish),
            Claim::Unknown | Claim::Open => {}
        }
    }

    fn published(&mut self, world: &World, now_ms: i64, wish: usize, id: Option<&str>) {
        let found =
            id.and_then(|id| world.items().iter().position(|item| item.id == id && item.made_ms <= now_ms));
        if found.is_none() && is_state(world, wish) {
            // A state has no id of its own, or one that the host made.
            let kind = world.scenario().wishes[wish].kind;
            if world.state(kind, world.target(wish).as_deref(), now_ms).is_none()
                && !self.taken_away(world, wish)
            {
                let words = format!("told as done; the account has no such {} there", kind.as_str());
                self.found(now_ms, wish, BreachKind::FalsePublished, words);
            }
            return;
        }
        let (Some(id), Some(number)) = (id, found) else {
            let words = format!("told as public with {id:?}, which names nothing");
            self.found(now_ms, wish, BreachKind::FalsePublished, words);
            return;
        };
        if let Some(words) = self.wrong_item(world, wish, &world.items()[number]) {
            let words = format!("told as public with `{id}`, {words}");
            self.found(now_ms, wish, BreachKind::FalsePublished, words);
        }
    }

    /// Why an item is not what a wish made.
    fn wrong_item(&self, world: &World, wish: usize, item: &Item) -> Option<String> {
        match item.maker {
            Maker::Call { wish: maker, .. } if self.classes[maker] == self.classes[wish] => None,
            Maker::Call { wish: maker, .. } => Some(format!("which wish {maker} made")),
            Maker::PersonSets => (!is_state(world, wish)).then(|| "which a person made".to_owned()),
            // Whether anything told it from ours is weighed at the end, when it is known what is told of the others.
            Maker::Person(_) if is_twin(world, wish, item) => None,
            Maker::Person(_) => Some("which a person made".to_owned()),
        }
    }

    fn not_done(&mut self, world: &World, now_ms: i64, wish: usize) {
        let members = self.members(self.classes[wish]);
        let made = members.iter().map(|member| ours(world, *member).count()).sum::<usize>();
        let coming = members.iter().filter(|member| world.is_under_way(**member)).count();
        let owed = members.iter().filter(|member| **member != wish && self.may_own(world, **member)).count();
        if made + coming > owed {
            let ids: Vec<&str> = members
                .iter()
                .flat_map(|member| ours(world, *member))
                .map(|act| world.items()[act.item].id.as_str())
                .collect();
            let words = if ids.is_empty() {
                "told as not done while a call of it is still to be done".to_owned()
            } else {
                format!("told as not done while {} is public", ids.join(", "))
            };
            self.found(now_ms, wish, BreachKind::FalseFailed, words);
        }
    }

    /// Whether something that is public may be told of another wish: it was asked for, and not told as not done since.
    fn may_own(&self, world: &World, wish: usize) -> bool {
        let (claim, told_ms) = &self.told[wish];
        let acted = ours(world, wish).any(|act| act.at_ms > *told_ms);
        let mut calls = world.calls().iter().filter(|call| call.wish == wish);
        // Asked for again since: what comes of that call is not told yet.
        let asked_again = calls.clone().any(|call| call.at_ms > *told_ms);
        calls.next().is_some() && (*claim != Claim::NotDone || acted || asked_again)
    }

    /// The wishes of a class.
    fn members(&self, class: usize) -> Vec<usize> {
        (0..self.classes.len()).filter(|wish| self.classes[*wish] == class).collect()
    }

    fn taken_away(&self, world: &World, wish: usize) -> bool {
        let class = self.classes[wish];
        world.acts().iter().any(|act| self.classes[act.wish] == class)
    }

    /// What a person who sees the account would say of a wish that is unknown, in order of preference: that it is there,
    /// with an id where it has one. Nothing where nothing of it was made.
    #[must_use]
    pub fn verdicts(&self, world: &World, now_ms: i64, wish: usize) -> Vec<Option<Option<String>>> {
        if is_state(world, wish) {
            let kind = world.scenario().wishes[wish].kind;
            let set = world.state(kind, world.target(wish).as_deref(), now_ms).is_some();
            return if set || ours(world, wish).next().is_some() { vec![Some(None)] } else { Vec::new() };
        }
        let own = ours(world, wish).map(|act| act.item);
        let others = self.members(self.classes[wish]).into_iter().filter(|other| *other != wish);
        let others: Vec<usize> = others.flat_map(|other| ours(world, other)).map(|act| act.item).collect();
        // What another effect with the same text made is named only where ours was given to that one.
        let mut found: Vec<usize> = own.collect();
        if !found.is_empty() {
            found.extend(others);
        }
        found.into_iter().map(|item| Some(Some(world.items()[item].id.clone()))).collect()
    }

    /// Counts what is public of each class, at the end, and weighs together what is told of its members.
    pub fn count(&mut self, world: &World, now_ms: i64) {
        for class in 0..self.classes.len() {
            let members = self.members(class);
            let asked = |wish: &&usize| world.calls().iter().any(|call| call.wish == **wish);
            let most = members.iter().filter(asked).count();
            let acts: Vec<&Act> = members.iter().flat_map(|wish| ours(world, *wish)).collect();
            if acts.len() > most {
                let ids: Vec<&str> = acts.iter().map(|act| world.items()[act.item].id.as_str()).collect();
                let words = format!("{} public for {most}: {}", acts.len(), ids.join(", "));
                self.found(now_ms, class, BreachKind::Duplicate, words);
            }
        }
        for wish in 0..self.classes.len() {
            if let Some(item) = self.told_item(world, wish) {
                self.weigh(world, now_ms, wish, item);
            }
        }
    }

    /// The item that is told of a wish in the end.
    fn told_item(&self, world: &World, wish: usize) -> Option<usize> {
        let Claim::Published(Some(id)) = &self.told[wish].0 else { return None };
        world.items().iter().position(|item| item.id == *id)
    }

    /// No item is told of two wishes; a person's is told only where no look saw one of ours beside it that is told of none.
    fn weigh(&mut self, world: &World, now_ms: i64, wish: usize, told: usize) {
        let others = || (0..self.classes.len()).filter(|other| *other != wish);
        let id = &world.items()[told].id;
        if let Some(other) = others().find(|other| self.told_item(world, *other) == Some(told))
            && !is_state(world, wish)
        {
            let words = format!("told as public with `{id}`, which is told of wish {other} as well");
            self.found(now_ms, wish, BreachKind::FalsePublished, words);
        }
        if !matches!(world.items()[told].maker, Maker::Person(_)) {
            return;
        }
        let members = self.members(self.classes[wish]);
        // Of two posts that a server made of one call it names either: the other one is told of nobody by no fault of a look.
        let doubled = |act: &&Act| world.acts().iter().any(|other| other.call == act.call && other.double);
        let ours = members.iter().flat_map(|member| ours(world, *member));
        let mut ours = ours.filter(|act| !doubled(act)).map(|act| act.item);
        let beside = ours.find(|item| {
            world.items()[*item].shown.iter().all(|show| show.keeps())
                && world.was_shown(wish, *item, now_ms)
                && members.iter().all(|member| self.told_item(world, *member) != Some(*item))
        });
        match beside {
            Some(item) => {
                let ours = &world.items()[item].id;
                let words = format!(
                    "told as public with `{id}`, which a person made, though `{ours}` stood beside it"
                );
                self.found(now_ms, wish, BreachKind::FalsePublished, words);
            }
            None => self.twins += 1,
        }
    }
}

/// What the host's own calls for a wish did in public.
///
/// Of states: to turn back what another wish or a person had set is none of it, and neither is what another turned back
/// since; to turn back its own is, since only a call that was sent again does so.
fn ours(world: &World, wish: usize) -> impl Iterator<Item = &Act> {
    let own = move |item: usize| matches!(world.items()[item].maker, Maker::Call { wish: maker, .. } if maker == wish);
    let undone = move |act: &Act| {
        let undoes = |other: &&Act| other.undoes && other.item == act.item && other.wish != wish;
        world.acts().iter().any(|other| undoes(&other))
    };
    let counts = move |act: &&Act| if act.undoes { own(act.item) } else { !undone(act) };
    world.acts().iter().filter(move |act| act.wish == wish && !act.double).filter(counts)
}

/// Whether a wish is a state: a like, a follow, a share without words.
fn is_state(world: &World, wish: usize) -> bool {
    world.scenario().wishes[wish].text.is_none()
}

/// Whether a person's item is the very same thing as the wish's, in the window of its attempts.
fn is_twin(world: &World, wish: usize, item: &Item) -> bool {
    let same = item.kind == world.scenario().wishes[wish].kind
        && item.target == world.target(wish)
        && item.text == world.scenario().sent(wish)
        && !item.stranger;
    let calls = || world.calls().iter().filter(|call| call.wish == wish);
    let settle = world.scenario().nature.settle_ms;
    let first = calls().map(|call| call.at_ms).min();
    let last = calls().map(|call| call.send_before_ms + settle).max();
    let inside = first
        .zip(last)
        .is_some_and(|(first, last)| (first - TWIN_MS..=last + TWIN_MS).contains(&item.made_ms));
    same && inside
}

impl World {
    /// Whether a call was done after its platform had settled by the profile's word, so that this run is counted apart.
    #[must_use]
    pub fn is_window(&self) -> bool {
        let settle = self.scenario().nature.settle_ms;
        let late = |act: &&Act| !act.double && act.at_ms > self.calls()[act.call].send_before_ms + settle;
        self.acts().iter().any(|act| late(&act))
    }

    /// The second posts that the server made by itself, each with whether a late answer named it to the host.
    pub fn doubles(&self) -> impl Iterator<Item = (&Act, bool)> {
        let doubles = self.acts().iter().filter(|act| act.double);
        doubles.map(|act| (act, self.told_late.contains(&act.call)))
    }
}
