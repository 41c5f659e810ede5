//! What makes a person look, whatever the confidence (ENG-06).

use std::collections::BTreeSet;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Something about a text, its thread or its target that a person should see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Flag {
    /// Parties, elections, government.
    Political,
    /// Illness, medicine, bodies, minds.
    Health,
    /// Investment, credit, prices of assets.
    Financial,
    /// Law, liability, courts.
    Legal,
    /// Children and youths.
    Minors,
    /// Disaster, death, violence, self-harm.
    Crisis,
    /// Somebody speaks, or is to speak, as somebody else.
    Impersonation,
    /// Nobody can tell what is meant.
    UnclearIntent,
    /// Abuse, threats, hate.
    Harassment,
    /// A question, which wants a source or a person. One that we ask ourselves wants neither.
    Question,
    /// The text tries to instruct whoever reads it (ENG-08).
    Instruction,
    /// The classifier failed: nothing is known, so a person looks.
    Unclassified,
}

impl Flag {
    /// Every flag.
    pub const ALL: &'static [Self] = &[
        Self::Political,
        Self::Health,
        Self::Financial,
        Self::Legal,
        Self::Minors,
        Self::Crisis,
        Self::Impersonation,
        Self::UnclearIntent,
        Self::Harassment,
        Self::Question,
        Self::Instruction,
        Self::Unclassified,
    ];

    /// The flag's name in policies, reasons and evidence.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Political => "political",
            Self::Health => "health",
            Self::Financial => "financial",
            Self::Legal => "legal",
            Self::Minors => "minors",
            Self::Crisis => "crisis",
            Self::Impersonation => "impersonation",
            Self::UnclearIntent => "unclear_intent",
            Self::Harassment => "harassment",
            Self::Question => "question",
            Self::Instruction => "instruction",
            Self::Unclassified => "unclassified",
        }
    }
}

impl fmt::Display for Flag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The flags of what we would say and of what we would answer, apart: abuse that we receive is not abuse that we send.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Flags {
    /// About the text that would become public.
    pub content: BTreeSet<Flag>,
    /// About what it answers, likes or shares.
    pub thread: BTreeSet<Flag>,
}

impl Flags {
    /// Every flag, wherever it was raised.
    pub fn all(&self) -> impl Iterator<Item = Flag> {
        self.content.union(&self.thread).copied()
    }
}
