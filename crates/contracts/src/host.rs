//! Mistakes of the host, which no input of a caller can mend.

use std::fmt;

/// Why a host's call is no call. Told to the host and never to a model: there is no answer.
///
/// All but [`HostError::Unwritable`] are found before anything is read or written, so nothing happened and nothing is
/// recorded. What a caller can mend by another input, and what a decision or a store says, is an answer with a code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HostError {
    /// The host names a skill that it did not configure.
    #[error("this host has no skill `{id}`; it has {}", list(.configured))]
    NoSuchSkill {
        /// The contract id that was asked for.
        id: String,
        /// The contract ids that there are.
        configured: Vec<&'static str>,
    },
    /// The call context lacks what the skill needs; everything that is wrong with it.
    #[error("the call context cannot be used: {}", list(.0))]
    Context(Vec<ContextFault>),
    /// The skill's answer has no JSON form: a mistake in the type of its output. The skill has run; what became of it is
    /// known under the key of the call.
    #[error(
        "the answer of `{skill}` cannot be written as JSON, ask by key what became of the call: {reason}"
    )]
    Unwritable {
        /// The contract id.
        skill: &'static str,
        /// Why.
        reason: String,
    },
}

/// What is wrong with a call context.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ContextFault {
    /// `actor` is empty. The evidence needs a caller, and the gate compares the caller with the approver.
    NoActor,
    /// `agent` is missing, and the contract's input names none.
    NoAgent,
    /// `campaign` is missing, and the contract's input names none.
    NoCampaign,
    /// `key` holds a control character, which no store, header or log has to keep.
    Key {
        /// Its place, in characters from 0.
        place: usize,
        /// The character.
        character: char,
    },
}

impl fmt::Display for ContextFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoActor => f.write_str("`actor` is empty"),
            Self::NoAgent => f.write_str("`agent` is missing"),
            Self::NoCampaign => f.write_str("`campaign` is missing"),
            Self::Key { place, character } => {
                let code = u32::from(*character);
                write!(f, "`key` holds the control character U+{code:04X} at character {place}")
            }
        }
    }
}

fn list<T: fmt::Display>(items: &[T]) -> String {
    match items {
        [] => "none".to_owned(),
        items => items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_says_what_the_host_has_to_mend() {
        let faults = vec![ContextFault::NoAgent, ContextFault::Key { place: 1, character: '\0' }];
        for (error, expected) in [
            (
                HostError::NoSuchSkill { id: "x".to_owned(), configured: vec!["a", "b"] },
                "this host has no skill `x`; it has a, b",
            ),
            (
                HostError::NoSuchSkill { id: "x".to_owned(), configured: Vec::new() },
                "this host has no skill `x`; it has none",
            ),
            (
                HostError::Context(faults),
                "the call context cannot be used: `agent` is missing, `key` holds the control character U+0000 at character 1",
            ),
        ] {
            assert_eq!(error.to_string(), expected);
        }
    }
}
