//! What our stack tells in the end, and whether it is true by what the outside saw.

use chimera::effect::EffectKind;

use crate::lane::Lane;
use crate::rig::Log;

/// What is told of one post or engagement, once nothing more is found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// It is public, under this id.
    Done(String),
    /// The platform took it, and works on it.
    Accepted,
    /// It is not.
    NotDone(String),
    /// Nobody knows, and a person is asked.
    Person(String),
}

impl Told {
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Done(_) => "done",
            Self::Accepted => "accepted",
            Self::NotDone(_) => "not done",
            Self::Person(_) => "a person",
        }
    }
}

/// What the outside saw of the text with a token.
pub(crate) struct Seen {
    pub(crate) ids: Vec<String>,
    writes: usize,
}

impl Seen {
    /// `earlier` is how many writes there were before, or that a person made.
    pub(crate) fn of(log: &Log, token: &str, earlier: usize) -> Self {
        let posts = log.posts.iter().filter(|post| post.text.contains(token));
        Self {
            ids: posts.map(|post| post.id.clone()).collect(),
            writes: log.writes().saturating_sub(earlier),
        }
    }

    /// What is wrong with what is told. `acts` is how often our stack called the acting tool: a server that sends a write
    /// twice by itself makes a double that nobody here can prevent.
    pub(crate) fn against(&self, told: &Told, acts: usize) -> Option<String> {
        let doubled = self.writes > acts;
        let one = |count: usize| count == 1 || (doubled && count <= self.writes);
        let fault = match told {
            Told::Done(id) if self.ids.is_empty() => Some(format!("told done as {id}, and nothing is there")),
            Told::Done(id) if !self.ids.iter().any(|there| is_id(there, id)) => {
                Some(format!("told done as {id}, and what is there is {:?}", self.ids))
            }
            Told::Done(_) | Told::Accepted if !one(self.ids.len()) => {
                Some(format!("{} posts for one", self.ids.len()))
            }
            Told::NotDone(why) if !self.ids.is_empty() => {
                Some(format!("told not done ({why}), and {:?} is there", self.ids))
            }
            Told::Person(_) if !doubled && self.ids.len() > 1 => {
                Some(format!("{} posts for one", self.ids.len()))
            }
            _ => None,
        };
        fault.map(|fault| format!("{fault}; {acts} calls, {} writes", self.writes))
    }
}

/// LinkedIn names a comment by a URN that ends in the number that the server gives.
fn is_id(there: &str, told: &str) -> bool {
    there == told || there.ends_with(&format!(",{told})"))
}

/// Its begin and its end: what a server said, and why a look settles nothing.
fn told_short(why: &str) -> String {
    let count = why.chars().count();
    if count <= 300 {
        return why.to_owned();
    }
    why.chars().take(100).chain(['…']).chain(why.chars().skip(count - 200)).collect()
}

/// A table of cases for whoever reads the output, with what was wrong.
#[derive(Debug, Default)]
pub(crate) struct Report {
    rows: Vec<String>,
    faults: Vec<String>,
    counts: std::collections::BTreeMap<String, usize>,
}

impl Report {
    pub(crate) fn row(
        &mut self,
        lane: &Lane,
        kind: EffectKind,
        case: &str,
        told: &Told,
        fault: Option<String>,
    ) {
        let case = format!("{} {} {case}", lane.name, kind.as_str());
        *self.counts.entry(told.word().to_owned()).or_default() += 1;
        let why = match told {
            Told::Done(_) | Told::Accepted => String::new(),
            Told::NotDone(why) | Told::Person(why) => {
                format!(": {}", told_short(why))
            }
        };
        let row = format!("{case:<64} {}{why}", told.word());
        println!("{row}{}", fault.as_ref().map(|fault| format!(" <- {fault}")).unwrap_or_default());
        self.rows.push(row);
        self.faults.extend(fault.map(|fault| format!("{case}: {fault}")));
    }

    pub(crate) fn extend(&mut self, other: Self) {
        self.rows.extend(other.rows);
        self.faults.extend(other.faults);
        for (word, count) in other.counts {
            *self.counts.entry(word).or_default() += count;
        }
    }

    /// Prints every case, and fails where something that was told is not so.
    pub(crate) fn judge(self) {
        println!("peers: {} cases, {:?}", self.rows.len(), self.counts);
        assert!(self.faults.is_empty(), "{:#?}", self.faults);
        assert!(!self.rows.is_empty(), "no server was tried");
    }
}
