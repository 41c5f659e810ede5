//! What a run came to, and what many came to.

use std::collections::BTreeMap;
use std::fmt;

use chimera_testkit::outside::{Breach, BreachKind};

/// What one run came to.
#[derive(Debug, Default)]
pub struct Report {
    /// What is wrong. Empty in a run of the window that remains: there it is counted apart.
    pub breaches: Vec<Breach>,
    /// How many effects were asked for.
    pub effects: usize,
    /// What the host's calls made public.
    pub posts: usize,
    /// Effects that ended at a person, each with the reason that was shown.
    pub at_a_person: Vec<String>,
    /// What is wrong in a run in which a call was done after its platform had settled.
    pub window: Vec<Breach>,
    /// Whether a call was done after its platform had settled.
    pub is_window: bool,
    /// Second posts that the server made by itself.
    pub doubles: usize,
    /// How often a person's equal post was told as an effect's.
    pub twins: usize,
    /// The lines of the run, where they were asked for.
    pub trace: String,
}

impl Report {
    /// Whether anything is wrong.
    #[must_use]
    pub fn fails(&self) -> bool {
        !self.breaches.is_empty()
    }

    /// The kinds of what is wrong, the worst first.
    #[must_use]
    pub fn kinds(&self) -> Vec<BreachKind> {
        let mut kinds: Vec<_> = self.breaches.iter().map(|breach| breach.kind).collect();
        kinds.sort_unstable();
        kinds.dedup();
        kinds
    }
}

/// What many runs came to.
#[derive(Debug, Default)]
pub struct Totals {
    /// How many.
    pub runs: u64,
    /// How many of them fail.
    pub failing: u64,
    /// Effects that were asked for.
    pub effects: u64,
    /// What is public of them.
    pub posts: u64,
    /// Breaches of each kind.
    pub breaches: BTreeMap<BreachKind, u64>,
    /// Effects that ended at a person.
    pub at_a_person: u64,
    /// The reasons that were shown, with how often.
    pub reasons: BTreeMap<String, u64>,
    /// Runs in which a call was done after its platform had settled.
    pub window_runs: u64,
    /// Breaches in them.
    pub window: u64,
    /// Second posts that the server made by itself.
    pub doubles: u64,
    /// How often a person's equal post was told as an effect's.
    pub twins: u64,
}

impl Totals {
    /// Counts a run in.
    pub fn add(&mut self, report: &Report) {
        let count = |items: usize| u64::try_from(items).unwrap_or(u64::MAX);
        self.runs += 1;
        self.failing += u64::from(report.fails());
        self.effects += count(report.effects);
        self.posts += count(report.posts);
        for breach in &report.breaches {
            *self.breaches.entry(breach.kind).or_default() += 1;
        }
        self.at_a_person += count(report.at_a_person.len());
        for reason in &report.at_a_person {
            *self.reasons.entry(reason.clone()).or_default() += 1;
        }
        self.window_runs += u64::from(report.is_window);
        self.window += count(report.window.len());
        self.doubles += count(report.doubles);
        self.twins += count(report.twins);
    }

    /// How many posts are more than were asked for.
    #[must_use]
    pub fn duplicates(&self) -> u64 {
        self.of(BreachKind::Duplicate)
    }

    /// How many answers are not so.
    #[must_use]
    pub fn false_answers(&self) -> u64 {
        self.of(BreachKind::FalsePublished) + self.of(BreachKind::FalseFailed)
    }

    /// How many breaches of one kind there are.
    #[must_use]
    pub fn of(&self, kind: BreachKind) -> u64 {
        self.breaches.get(&kind).copied().unwrap_or_default()
    }
}

/// The one line that sums it up.
impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        #[expect(clippy::cast_precision_loss, reason = "a share is shown with one digit behind the point")]
        let share = self.at_a_person as f64 * 100.0 / self.effects.max(1) as f64;
        write!(
            f,
            "runs={} effects={} posts={} duplicates={} false_answers={} unresolved={} other={} \
             unknown_at_person={} ({share:.1} %) window={}/{} server_doubles={} twins={}",
            self.runs,
            self.effects,
            self.posts,
            self.duplicates(),
            self.false_answers(),
            self.of(BreachKind::Unresolved),
            self.of(BreachKind::Untold) + self.of(BreachKind::Books) + self.of(BreachKind::Stuck),
            self.at_a_person,
            self.window,
            self.window_runs,
            self.doubles,
            self.twins,
        )
    }
}
