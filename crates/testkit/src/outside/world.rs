//! The world outside the host: what is public, what is still under way, and what each call came to.
//!
//! INVARIANT: time goes on only through [`World::advance`], which lets happen what is due in order of time, so that a call
//! whose caller died is done all the same, and what a person does meanwhile stands between.

use std::collections::BTreeMap;

use chimera_effect::EffectKind;
use chrono::{DateTime, TimeDelta, Utc};

use super::fault::{ActFault, Fate, LookFault, Reply};
use super::item::{Item, Maker};
use super::nature::{KeyHandling, Lie, States};
use super::scenario::{DeedKind, KEPT_MS, Says, Scenario};
use super::text::{Text, UNRELATED};
use super::trace::Trace;

/// Seconds since 1970 at which every run begins: that of [`TestClock`](crate::TestClock).
const START: i64 = 1_767_225_600;

/// The world of one run.
#[derive(Debug)]
pub struct World {
    pub(super) scenario: Scenario,
    pub(super) items: Vec<Item>,
    pub(super) calls: Vec<Call>,
    pub(super) acts: Vec<Act>,
    /// The calls of which a late answer was given out.
    pub(super) told_late: Vec<usize>,
    pub(super) sightings: Vec<Sighting>,
    due: BTreeMap<(i64, usize), Due>,
    keys: BTreeMap<String, (i64, usize)>,
    acting: Vec<usize>,
    looking: Vec<usize>,
    trace: Trace,
}

/// An acting call, as it reached the server.
#[derive(Clone, Debug)]
pub struct Call {
    /// Of which wish.
    pub wish: usize,
    /// When it came.
    pub at_ms: i64,
    /// The last moment at which it might have.
    pub send_before_ms: i64,
    /// What becomes of it.
    pub fault: ActFault,
    pub(super) sent: Sent,
    /// What it made, or found there: the last, where it made two.
    pub(super) result: Option<usize>,
    /// Whether what it asked for was there already.
    pub(super) already: bool,
}

/// What an acting call sent.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) kind: EffectKind,
    pub(super) text: String,
    pub(super) target: Option<String>,
    pub(super) key: Option<String>,
}

/// One public act of a call: it made something, or turned a state round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Act {
    /// Of which wish.
    pub wish: usize,
    /// Of which acting call.
    pub call: usize,
    /// When.
    pub at_ms: i64,
    /// What it made or took away.
    pub item: usize,
    /// Whether it is the server's own repetition.
    pub double: bool,
    /// Whether it turned a state back that another act had set.
    pub undoes: bool,
}

/// What a list showed to a look for a wish.
#[derive(Clone, Debug)]
pub struct Sighting {
    /// For which wish.
    pub wish: usize,
    /// When.
    pub at_ms: i64,
    /// Which items.
    pub items: Vec<usize>,
}

#[derive(Clone, Copy, Debug)]
enum Due {
    Makes { call: usize, double: bool },
    Deed(usize),
}

impl World {
    /// The world of a scenario, before anything happened.
    #[must_use]
    pub fn new(scenario: Scenario, trace: Trace) -> Self {
        let wishes = scenario.wishes.len();
        let mut world = Self {
            items: Vec::new(),
            calls: Vec::new(),
            acts: Vec::new(),
            told_late: Vec::new(),
            sightings: Vec::new(),
            due: BTreeMap::new(),
            keys: BTreeMap::new(),
            acting: vec![0; wishes],
            looking: vec![0; wishes],
            scenario,
            trace,
        };
        let mut older = world.scenario.older.clone();
        older.sort_by_key(|older| -older.age_ms);
        for older in older {
            world.person_posts(-older.age_ms, older.says, older.stranger);
        }
        for (number, deed) in world.scenario.deeds.iter().enumerate() {
            world.due.insert((deed.at_ms, number), Due::Deed(number));
        }
        world
    }

    /// A moment of the run.
    #[must_use]
    pub fn time(at_ms: i64) -> DateTime<Utc> {
        let start = DateTime::from_timestamp(START, 0).expect("the start is a time");
        start + TimeDelta::milliseconds(at_ms)
    }

    /// Milliseconds of the run.
    #[must_use]
    pub fn ms(at: DateTime<Utc>) -> i64 {
        at.timestamp_millis() - START * 1_000
    }

    /// The scenario.
    #[must_use]
    pub const fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// Everything that is or was public.
    #[must_use]
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// Every acting call.
    #[must_use]
    pub fn calls(&self) -> &[Call] {
        &self.calls
    }

    /// Every public act of a call.
    #[must_use]
    pub fn acts(&self) -> &[Act] {
        &self.acts
    }

    /// The lines of the run.
    pub const fn trace(&mut self) -> &mut Trace {
        &mut self.trace
    }

    /// The target of a wish, as its tool takes it.
    #[must_use]
    pub fn target(&self, wish: usize) -> Option<String> {
        let wish = &self.scenario.wishes[wish];
        match wish.kind {
            EffectKind::Publish => None,
            EffectKind::Follow => Some(format!("u{}", wish.target)),
            _ => Some(format!("t{}", wish.target)),
        }
    }

    /// Lets happen what is due.
    pub fn advance(&mut self, now_ms: i64) {
        while let Some(entry) = self.due.first_entry().filter(|entry| entry.key().0 <= now_ms) {
            let ((at_ms, _), due) = entry.remove_entry();
            match due {
                Due::Makes { call, double } => self.make(at_ms, call, double),
                Due::Deed(number) => self.deed(at_ms, number),
            }
        }
    }

    /// When the next thing is due by itself.
    #[must_use]
    pub fn next_due(&self) -> Option<i64> {
        self.due.keys().next().map(|(at_ms, _)| *at_ms)
    }

    /// Whether a call of the wish is still to be done, within what the profile admits.
    #[must_use]
    pub fn is_under_way(&self, wish: usize) -> bool {
        self.due.values().any(|due| match due {
            Due::Makes { call, double } => {
                let call = &self.calls[*call];
                call.wish == wish && !double && !matches!(call.fault.fate, Fate::PastSettle { .. })
            }
            Due::Deed(_) => false,
        })
    }

    /// Takes an acting call in, and gives its number.
    pub(super) fn receive(&mut self, now_ms: i64, wish: usize, send_before_ms: i64, sent: Sent) -> usize {
        let faults = &self.scenario.wishes[wish].acts;
        let fault = faults.get(self.acting[wish]).copied().unwrap_or(ActFault::NONE);
        self.acting[wish] += 1;
        let number = self.calls.len();
        let call = Call { wish, at_ms: now_ms, send_before_ms, fault, sent, result: None, already: false };
        let known = call.sent.key.as_ref().and_then(|key| self.remembered(key, now_ms));
        self.calls.push(call);
        if fault.reply == Reply::NotSent {
            return number;
        }
        if let Some(first) = known {
            // The same key again makes nothing new: what the first call is still to do is done now.
            self.hasten(now_ms, first);
            self.calls[number].result = self.calls[first].result;
            if self.calls[first].result.is_some() {
                return number;
            }
        }
        self.plan(now_ms, number);
        number
    }

    /// When a call is done, where it is.
    fn plan(&mut self, now_ms: i64, number: usize) {
        let Call { fault, send_before_ms, .. } = self.calls[number].clone();
        let nature = &self.scenario.nature;
        let settled = send_before_ms + nature.settle_ms;
        // What is made is also seen by then: that is what settling means.
        let last = settled - nature.lag_ms - 1;
        let (first, second) = match fault.fate {
            Fate::Makes => (Some(now_ms), None),
            Fate::Nothing => (None, None),
            Fate::Late { ms } => (Some((now_ms + ms).min(last)), None),
            Fate::Twice { ms } => (Some(now_ms), Some((now_ms + ms).min(last))),
            Fate::PastSettle { ms } => (Some(settled + ms), None),
        };
        if first.is_some()
            && let Some(key) = self.calls[number].sent.key.clone()
            && let KeyHandling::Enforced { for_s } = nature.keys
        {
            self.keys.insert(key, (now_ms + i64::from(for_s) * 1_000, number));
        }
        for (at_ms, double) in [(first, false), (second, true)] {
            match at_ms {
                Some(at_ms) if at_ms <= now_ms => self.make(now_ms, number, double),
                Some(at_ms) => {
                    let place = 1_000 + number * 2 + usize::from(double);
                    self.due.insert((at_ms, place), Due::Makes { call: number, double });
                }
                None => {}
            }
        }
    }

    fn remembered(&self, key: &str, now_ms: i64) -> Option<usize> {
        self.keys.get(key).filter(|(until, _)| now_ms < *until).map(|(_, call)| *call)
    }

    fn hasten(&mut self, now_ms: i64, number: usize) {
        let pending: Vec<_> = self
            .due
            .iter()
            .filter(|(_, due)| matches!(due, Due::Makes { call, double: false } if *call == number))
            .map(|(place, _)| *place)
            .collect();
        for place in pending {
            self.due.remove(&place);
            self.make(now_ms, number, false);
        }
    }

    /// What becomes of the next call that reads for a wish.
    pub(super) fn next_look(&mut self, wish: usize) -> LookFault {
        let taken = self.looking[wish];
        self.looking[wish] += 1;
        self.scenario.wishes[wish].looks.get(taken).copied().unwrap_or(LookFault::None)
    }

    /// What of a kind the host's account has set on a target.
    pub(super) fn state(&self, kind: EffectKind, target: Option<&str>, now_ms: i64) -> Option<usize> {
        let fits = |item: &Item| {
            item.kind == kind
                && !item.stranger
                && item.text.is_empty()
                && item.target.as_deref() == target
                && item.is_there(now_ms)
        };
        self.items.iter().position(fits)
    }

    fn make(&mut self, now_ms: i64, number: usize, double: bool) {
        let Call { wish, sent, .. } = self.calls[number].clone();
        let maker = Maker::Call { wish, call: number, double };
        let stateful = match sent.kind {
            EffectKind::Like | EffectKind::Follow => true,
            EffectKind::Share => sent.text.is_empty() && self.scenario.nature.states != States::Toggles,
            _ => false,
        };
        let there = stateful.then(|| self.state(sent.kind, sent.target.as_deref(), now_ms)).flatten();
        let undoes = there.is_some() && self.scenario.nature.states == States::Toggles;
        let item = match (there, self.scenario.nature.states) {
            (Some(item), States::Toggles) => {
                self.items[item].gone_ms = Some(now_ms);
                self.trace.line(now_ms, "platform", || format!("takes back {}", self.items[item].id));
                item
            }
            (Some(item), States::Sets | States::SetsAndRefuses) => {
                self.calls[number].already = true;
                self.calls[number].result = Some(item);
                self.trace.line(now_ms, "platform", || format!("has {} already", self.items[item].id));
                return;
            }
            (None, _) => self.add(now_ms, maker, false, &sent),
        };
        self.calls[number].result = Some(item);
        self.acts.push(Act { wish, call: number, at_ms: now_ms, item, double, undoes });
    }

    /// Puts an item there.
    fn add(&mut self, now_ms: i64, maker: Maker, stranger: bool, sent: &Sent) -> usize {
        let number = self.items.len();
        let nature = &self.scenario.nature;
        let id = nature.ids.id(u64::try_from(number).unwrap_or_default());
        let (shown, hidden) = match maker {
            Maker::Call { wish, .. } => {
                let hides = nature.list.as_ref().is_some_and(|list| list.hides);
                (self.scenario.wishes[wish].shown.clone(), hides || self.scenario.lie == Some(Lie::Complete))
            }
            Maker::Person(_) | Maker::PersonSets => (Vec::new(), false),
        };
        let item = Item {
            id,
            kind: sent.kind,
            maker,
            stranger,
            target: sent.target.clone(),
            text: sent.text.clone(),
            made_ms: now_ms,
            seen_ms: if now_ms < 0 { now_ms } else { now_ms + nature.lag_ms },
            gone_ms: None,
            shown,
            hidden,
        };
        self.trace.line(now_ms, "platform", || {
            let by = match maker {
                Maker::Call { wish, double: false, .. } => format!("wish {wish}"),
                Maker::Call { wish, double: true, .. } => format!("the server's repetition for wish {wish}"),
                Maker::Person(_) if stranger => "another account".to_owned(),
                Maker::Person(_) | Maker::PersonSets => "a person".to_owned(),
            };
            let target = item.target.as_deref().map(|target| format!(" on {target}")).unwrap_or_default();
            format!("PUBLIC {} {}{target} by {by}: {:?}", item.kind.as_str(), item.id, item.text)
        });
        self.items.push(item);
        number
    }

    fn deed(&mut self, now_ms: i64, number: usize) {
        match self.scenario.deeds[number].what {
            DeedKind::Posts { says, stranger } => self.person_posts(now_ms, says, stranger),
            DeedKind::Sets { wish } => {
                let (kind, target) = (self.scenario.wishes[wish].kind, self.target(wish));
                if self.state(kind, target.as_deref(), now_ms).is_none() {
                    let sent = Sent { kind, text: String::new(), target, key: None };
                    self.add(now_ms, Maker::PersonSets, false, &sent);
                }
            }
            DeedKind::Removes { wish } => self.remove(now_ms, wish),
        }
    }

    fn remove(&mut self, now_ms: i64, wish: usize) {
        let settle = self.scenario.nature.settle_ms;
        let recent = |call: &Call| call.wish == wish && now_ms < call.send_before_ms + settle + KEPT_MS;
        if self.calls.iter().any(recent) {
            return;
        }
        for item in &mut self.items {
            if matches!(item.maker, Maker::Call { wish: maker, .. } if maker == wish) && item.is_there(now_ms)
            {
                item.gone_ms = Some(now_ms);
                self.trace.line(now_ms, "person", || format!("takes away {}", item.id));
            }
        }
    }

    fn person_posts(&mut self, now_ms: i64, says: Says, stranger: bool) {
        let (like, text) = match says {
            Says::Unrelated { which, like } => (like, UNRELATED[which % UNRELATED.len()].to_owned()),
            Says::Alike { wish, twist } => {
                let base = self.scenario.wishes[wish].text.map_or(0, |text| text.base);
                (wish, Text { base, twist }.words())
            }
            Says::Equal { wish } => (wish, self.scenario.sent(wish)),
        };
        let kind = self.scenario.wishes[like].kind;
        // A person's like says nothing; of a post there is always one to be made.
        let kind = if text.is_empty() { EffectKind::Publish } else { kind };
        let kind = if super::fault::makes_items(kind) { kind } else { EffectKind::Publish };
        let target = if kind == EffectKind::Publish { None } else { self.target(like) };
        let sent = Sent { kind, text, target, key: None };
        self.add(now_ms, Maker::Person(says), stranger, &sent);
    }
}
