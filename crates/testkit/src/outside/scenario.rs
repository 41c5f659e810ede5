//! One run as plain data: what is asked for, what the server is like, what goes wrong, what other people do, and when.
//!
//! A scenario follows from its seed ([`Scenario::of_seed`](super::Scenario::of_seed)), and can be made smaller afterwards
//! ([`shrink`](super::shrink)), so it holds no more than names and numbers. Times are milliseconds from the start of the run.

use std::collections::BTreeSet;

use chimera_effect::EffectKind;

use super::fault::{ActFault, LookFault};
use super::nature::{Lie, Nature, Wraps};
use super::show::Show;
use super::text::Text;

/// Everything that one run is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// The seed that it was drawn from.
    pub seed: u64,
    /// What kind of server stands outside.
    pub nature: Nature,
    /// What its profile says though it is not so; only in tests of the model itself.
    pub lie: Option<Lie>,
    /// What is asked for: each a request of its own, with one effect.
    pub wishes: Vec<Wish>,
    /// What the account showed before the run, and others in the same lists.
    pub older: Vec<Older>,
    /// What other people do meanwhile.
    pub deeds: Vec<Deed>,
    /// What the host does, in order of time.
    pub events: Vec<Event>,
    /// When a person settles what waits.
    pub person: Person,
}

/// When a person settles what waits for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Person {
    /// Within the hour after one is asked for, while looks go on.
    Soon,
    /// When nothing looks for it any more. By then an approval may have expired.
    Late,
}

/// One effect that is asked for, and what becomes of its calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// The kind of effect.
    pub kind: EffectKind,
    /// Which target, for engagements.
    pub target: usize,
    /// What it says; `None` for likes, follows and shares without words.
    pub text: Option<Text>,
    /// What becomes of its acting calls, one after the other; later ones are honest.
    pub acts: Vec<ActFault>,
    /// What becomes of its calls that read; later ones are honest.
    pub looks: Vec<LookFault>,
    /// How the platform shows what it makes.
    pub shown: Vec<Show>,
}

/// Something that was there before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Older {
    /// How long before the run it was made, in milliseconds.
    pub age_ms: i64,
    /// What it says.
    pub says: Says,
    /// Whether another account made it, in a list that shows everybody's.
    pub stranger: bool,
}

/// What something that another person made says, and what kind of thing it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    /// Something else: one of [`UNRELATED`](super::text::UNRELATED), of the kind and target of a wish.
    Unrelated {
        /// Which of them.
        which: usize,
        /// The wish whose kind and target it has.
        like: usize,
    },
    /// Nearly the same as a wish.
    Alike {
        /// The wish.
        wish: usize,
        /// How it differs.
        twist: super::text::Twist,
    },
    /// The very same as a wish.
    Equal {
        /// The wish.
        wish: usize,
    },
}

/// What a person does by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deed {
    /// When.
    pub at_ms: i64,
    /// What.
    pub what: DeedKind,
}

/// The kinds of deeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeedKind {
    /// Posts, in the host's own account or in another one.
    Posts {
        /// What.
        says: Says,
        /// Whether in another account.
        stranger: bool,
    },
    /// Likes, follows or shares the target of a wish in the host's account.
    Sets {
        /// The wish.
        wish: usize,
    },
    /// Takes away what a wish made: a person, or a moderator. Nothing of the kind happens within an hour of the last moment
    /// at which it could be made, since absence counts for so long; earlier ones are the model's to leave out.
    Removes {
        /// The wish.
        wish: usize,
    },
}

/// Something that happens to the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub at_ms: i64,
    /// What.
    pub what: EventKind,
}

/// What happens to the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// A caller asks, and waits for the answer as long as the skill lets it.
    Ask {
        /// For which wish.
        wish: usize,
    },
    /// A caller asks and goes away after so long.
    Hurry {
        /// For which wish.
        wish: usize,
        /// How long it waits.
        within_ms: i64,
    },
    /// A caller asks for the status alone.
    Status {
        /// Of which wish.
        wish: usize,
    },
    /// The background worker makes a round.
    Round,
    /// The process dies in the middle of everything and is started again.
    Crash,
    /// The process stands still for so long: a suspended machine, a paused container. Another one over the same store does
    /// what happens meanwhile; then the first goes on where it stood.
    Pause {
        /// How long.
        for_ms: i64,
    },
}

/// The disclosure label of every post.
pub const LABEL: &str = "Made with AI";

/// How long after the last moment at which something could be made nobody takes it away.
pub const KEPT_MS: i64 = 3_600_000 + 600_000;

impl Scenario {
    /// Whether everything in it is within what the profile admits and names only what is there. The drawing keeps to it,
    /// and so does the shrinking.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let wishes = self.wishes.len();
        let says = |says: Says| match says {
            Says::Unrelated { like, .. } => like < wishes,
            Says::Alike { wish, .. } | Says::Equal { wish } => {
                self.wishes.get(wish).is_some_and(|wish| wish.text.is_some())
            }
        };
        let deed = |deed: &Deed| match deed.what {
            DeedKind::Posts { says: said, .. } => says(said),
            DeedKind::Sets { wish } => self.wishes.get(wish).is_some_and(|wish| wish.text.is_none()),
            DeedKind::Removes { wish } => wish < wishes,
        };
        let event = |event: &Event| match event.what {
            EventKind::Ask { wish } | EventKind::Hurry { wish, .. } | EventKind::Status { wish } => {
                wish < wishes
            }
            EventKind::Round | EventKind::Crash | EventKind::Pause { .. } => true,
        };
        let list = self.nature.list.as_ref();
        let rewrites = list.is_some_and(|list| list.edited);
        // A wrapper that the profile does not name around nothing of the text: then the text is not what the profile says
        // that it is.
        let hollow = list.is_some_and(|list| list.wraps == Wraps::Unnamed);
        let wish = |wish: &Wish| {
            wish.acts.iter().all(|act| self.lie.is_some() || act.admitted(&self.nature, wish.kind))
                && (rewrites || !wish.shown.contains(&Show::Rewritten))
                && !(hollow && wish.shown.iter().any(|show| show.leaves_nothing()))
                && wish.shown.iter().rev().skip(1).all(|show| !show.leaves_nothing())
        };
        wishes > 0
            && self.nature.list.as_ref().is_none_or(super::nature::ListNature::is_sound)
            && self.wishes.iter().all(wish)
            && self.older.iter().all(|older| says(older.says))
            && self.deeds.iter().all(deed)
            && self.events.iter().all(event)
    }

    /// The text that is asked for; empty without words.
    #[must_use]
    pub fn words(&self, wish: usize) -> String {
        self.wishes[wish].text.map(Text::words).unwrap_or_default()
    }

    /// The text as it is sent: a post with its label.
    #[must_use]
    pub fn sent(&self, wish: usize) -> String {
        let words = self.words(wish);
        if self.wishes[wish].kind == EffectKind::Publish { format!("{words}\n\n{LABEL}") } else { words }
    }

    /// The kinds of effect that are asked for, each once.
    #[must_use]
    pub fn kinds(&self) -> Vec<EffectKind> {
        let kinds: BTreeSet<_> = self.wishes.iter().map(|wish| wish.kind).collect();
        kinds.into_iter().collect()
    }
}
