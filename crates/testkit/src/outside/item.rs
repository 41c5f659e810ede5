//! What is public outside: items, who made them, and their ids.

use chimera_effect::EffectKind;

use super::nature::IdForm;
use super::scenario::Says;
use super::show::Show;

/// Something public: a post, a comment, a like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The platform's id.
    pub id: String,
    /// What kind of thing it is.
    pub kind: EffectKind,
    /// Who made it.
    pub maker: Maker,
    /// Whether another account made it.
    pub stranger: bool,
    /// What it is about, for engagements.
    pub target: Option<String>,
    /// What was sent.
    pub text: String,
    /// When it was made, in milliseconds.
    pub made_ms: i64,
    /// From when on it is shown.
    pub seen_ms: i64,
    /// When it was taken away.
    pub gone_ms: Option<i64>,
    /// How its text is shown.
    pub shown: Vec<Show>,
    /// Whether no list ever shows it.
    pub hidden: bool,
}

/// Who made an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Maker {
    /// A person, by hand, before the run or during it.
    Person(Says),
    /// A person who set a state by hand.
    PersonSets,
    /// A call of the host.
    Call {
        /// Of which wish.
        wish: usize,
        /// Which of all acting calls.
        call: usize,
        /// Whether it is the server's own repetition.
        double: bool,
    },
}

impl Item {
    /// Whether it is public at a time.
    #[must_use]
    pub fn is_there(&self, now_ms: i64) -> bool {
        self.made_ms <= now_ms && self.gone_ms.is_none_or(|gone| now_ms < gone)
    }

    /// Whether a list of its kind shows it at a time.
    #[must_use]
    pub fn is_shown(&self, now_ms: i64) -> bool {
        !self.hidden && self.seen_ms <= now_ms && self.gone_ms.is_none_or(|gone| now_ms < gone)
    }
}

impl IdForm {
    /// The id of the `number`-th item of a run.
    pub(super) fn id(self, number: u64) -> String {
        // An odd step, so that no id is the beginning of another.
        let large = 1_876_543_210_123_456_789 + number * 7_919;
        match self {
            Self::Digits | Self::Integer => large.to_string(),
            Self::Urn => format!("urn:li:share:{large}"),
            Self::Short => letters(large, 11),
            Self::LikeAKey => format!("sk-{}", letters(large, 24)),
            Self::LikeAToken => format!("token={}", letters(large, 16)),
        }
    }
}

fn letters(mut seed: u64, count: usize) -> String {
    const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    (0..count)
        .map(|_| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            char::from(ALPHABET[usize::try_from(seed >> 33).unwrap_or_default() % ALPHABET.len()])
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_item_has_an_id_of_its_own() {
        let forms = [
            IdForm::Digits,
            IdForm::Integer,
            IdForm::Urn,
            IdForm::Short,
            IdForm::LikeAKey,
            IdForm::LikeAToken,
        ];
        for form in forms {
            let ids: BTreeSet<String> = (0..500).map(|number| form.id(number)).collect();
            assert_eq!(ids.len(), 500, "{form:?}");
            assert!(ids.iter().all(|id| !id.contains(char::is_whitespace)));
        }
        assert!(IdForm::Integer.id(500).parse::<u64>().is_ok());
    }
}
