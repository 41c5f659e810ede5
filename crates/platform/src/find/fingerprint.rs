//! Whether a post that a platform shows is the one that we sent.
//!
//! Never by equality: servers wrap captions in warnings, shorten them, change links and white space, and escape `&`.

use unicode_normalization::UnicodeNormalization;

use crate::text::without_links;

/// A shorter text may be part of any other, so it has to be the whole of what is shown.
const TELLING: usize = 12;
/// How much of a shortened text has to be there to ask for the whole of it.
const BEGINNING: usize = 8;

/// How much a shown text says about ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Likeness {
    /// It is ours and nothing else.
    Same,
    /// It holds ours, whole.
    Holds,
    /// It may be ours, shortened, or hold it by chance.
    Doubtful,
    /// It is another text.
    Other,
}

/// Our text, as it is compared.
#[derive(Debug)]
pub(crate) struct Fingerprint(String);

impl Fingerprint {
    /// `None` for a text that consists of links: platforms replace those, and nothing is left to compare.
    pub(crate) fn new(text: &str) -> Option<Self> {
        let normal = normal(text);
        (!normal.is_empty()).then_some(Self(normal))
    }

    pub(crate) fn likeness(&self, shown: &str) -> Likeness {
        let shown = normal(shown);
        if shown == self.0 {
            Likeness::Same
        } else if self.is_within(&shown) {
            if self.0.chars().count() >= TELLING { Likeness::Holds } else { Likeness::Doubtful }
        } else if self.is_shortened(&shown) {
            Likeness::Doubtful
        } else {
            Likeness::Other
        }
    }

    /// As a whole: not inside a word.
    fn is_within(&self, shown: &str) -> bool {
        shown.match_indices(self.0.as_str()).any(|(at, found)| {
            let before = shown.get(..at).and_then(|before| before.chars().next_back());
            let after = shown.get(at.saturating_add(found.len())..).and_then(|after| after.chars().next());
            ![before, after].into_iter().flatten().any(char::is_alphanumeric)
        })
    }

    /// Begins as ours does and breaks off with dots.
    fn is_shortened(&self, shown: &str) -> bool {
        let beginning: String = self.0.chars().take(BEGINNING).collect();
        shown.match_indices(&beginning).any(|(at, _)| {
            let mut ours = self.0.chars().peekable();
            let rest: String = shown
                .get(at..)
                .unwrap_or_default()
                .chars()
                .skip_while(|character| ours.next_if_eq(character).is_some())
                .collect();
            let rest = rest.trim_start();
            rest.starts_with('…') || rest.starts_with("...")
        })
    }
}

fn normal(text: &str) -> String {
    let unescaped = ["&lt;", "&gt;", "&quot;", "&#39;", "&amp;"]
        .into_iter()
        .zip(["<", ">", "\"", "'", "&"])
        .fold(text.to_owned(), |text, (escaped, plain)| text.replace(escaped, plain));
    let composed: String = unescaped.nfc().collect();
    without_links(&composed).split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ours_is_recognised_as_platforms_show_it() {
        for (ours, shown, expected) in [
            ("Hello world, all", "Hello  world,\nall ", Likeness::Same),
            ("Caf\u{e9} & more", "Cafe\u{301} &amp; more", Likeness::Same),
            ("See https://example.com/long now", "See https://t.co/abc now", Likeness::Same),
            ("See example.com now", "See https://t.co/abc now https://t.co/media", Likeness::Same),
            (
                "Hello world, all",
                "Untrusted!\n<<<BEGIN_UNTRUSTED\nHello world, all\n<<<END_UNTRUSTED",
                Likeness::Holds,
            ),
            ("Hello world, all", "Hello wor…", Likeness::Doubtful),
            ("Hello world, all", "x: Hello world, ... (more)", Likeness::Doubtful),
            ("Hi", "Hi there", Likeness::Doubtful),
            ("Hi", "Hit", Likeness::Other),
            ("Hello world, all", "Hello world, allies", Likeness::Other),
            ("Hello world, all", "Hello world", Likeness::Other),
            ("Hello world, all", "Good-bye …", Likeness::Other),
        ] {
            assert_eq!(Fingerprint::new(ours).unwrap().likeness(shown), expected, "{ours:?} {shown:?}");
        }
        assert!(Fingerprint::new("https://example.com/x").is_none());
    }
}
