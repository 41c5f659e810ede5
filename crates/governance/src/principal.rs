//! Identities in one canonical form, so that two spellings of one person compare as equal.
//!
//! INVARIANT: governance and the kernel compare principals by [`Principal`] alone. An identity provider gives one person's name in
//! several spellings; were they compared as text, an asker could approve their own request under another one (GOV-05).

use std::fmt;

use chimera_contracts::AgentId;
use chimera_text::{canonical, is_invisible, skeleton};

/// A principal as it is compared: neither case, width, blanks, invisible and look-alike characters, nor the form of a UUID
/// make another one.
///
/// What is seen and means something stays: two persons may differ in a sign, in an accent, in a link alone. Look-alikes are
/// those of Unicode's confusables (UTS #39) and so hold `1` and `l`, or `rn` and `m`, for one. Two people whose names a reader
/// cannot tell apart are taken for one: neither approves what the other asked for, and either may go on with a review that the
/// other claimed, in their own name.
///
/// It is for comparing and is neither stored nor shown: evidence holds the id as the host gave it.
///
/// ```
/// use chimera_governance::Principal;
///
/// assert_eq!(Principal::of("ann@example.com"), Principal::of(" ANN@Example.com\u{200b}"));
/// assert_ne!(Principal::of("ann@example.com"), Principal::of("anna@example.com"));
/// assert!(Principal::of(" \u{feff}").is_nobody());
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Principal(String);

impl Principal {
    /// The principal that the host calls `id`.
    #[must_use]
    pub fn of(id: &str) -> Self {
        let mut spelled = canonical(id);
        spelled.retain(|letter| !is_invisible(letter));
        // Every agent's id is a UUID; its forms are read by one parser.
        let agent: Result<AgentId, _> = spelled.trim().to_lowercase().parse();
        Self(agent.map_or_else(|_| skeleton(&spelled), |agent| skeleton(&agent.to_string())))
    }

    /// Whether the id has no visible character.
    #[must_use]
    pub const fn is_nobody(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Principal {
    // It is a name, often an e-mail address.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_nobody() { "Principal(nobody)" } else { "Principal(..)" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spelling_makes_no_other_person() {
        let agent = "0192d3b4-5a6b-7c8d-9e0f-a1b2c3d4e5f6";
        for (one, other, same) in [
            (agent, "0192D3B4-5A6B-7C8D-9E0F-A1B2C3D4E5F6", true),
            (agent, "0192d3b45a6b7c8d9e0fa1b2c3d4e5f6", true),
            (agent, "urn:uuid:0192d3b4-5a6b-7c8d-9e0f-a1b2c3d4e5f6", true),
            (agent, "URN:UUID:0192D3B4-5A6B-7C8D-9E0F-A1B2C3D4E5F6", true),
            (agent, "{0192d3b4-5a6b-7c8d-9e0f-a1b2c3d4e5f6}", true),
            (agent, " 0192d3b4-5a6b-7c8d-9e0f-a1b2c3d4e5f6\u{200b}", true),
            (agent, "0192d3b4-5\u{430}6b-7c8d-9e0f-a1b2c3d4e5f6", true),
            (agent, "0192d3b4-5a6b-7c8d-9e0f-a1b2c3d4e5f7", false),
            ("ann@example.com", "ANN@Example.COM", true),
            ("ann@example.com", "ann@example.com ", true),
            ("ann@example.com", "\u{430}nn@example.com", true),
            ("ann@example.com", "an\u{200d}n@example.com", true),
            ("ann@example.com", "\u{ff41}nn@example.com", true),
            ("ann@example.com", "anna@example.com", false),
            ("ann@example.com", "ann@example.org", false),
            ("ann@example.com", "ann+review@example.com", false),
            ("ann@example.com", "zoe@example.com", false),
            ("Zo\u{eb}", "Zoe\u{308}", true),
            ("Zo\u{eb}", "Zoe", false),
            ("https://id.example.com/users/ann", "https://id.example.com/users/bob", false),
            ("agent-7", "agent-8", false),
        ] {
            assert_eq!(Principal::of(one) == Principal::of(other), same, "{one:?} and {other:?}");
        }
    }

    #[test]
    fn nobody_is_named_by_what_is_not_seen() {
        for id in ["", " ", "\n\t", "\u{200b}", "\u{feff} "] {
            assert!(Principal::of(id).is_nobody(), "{id:?}");
        }
        assert!(!Principal::of("-").is_nobody());
    }
}
