//! Whether a post that a platform shows is the one that we sent.
//!
//! Never by equality: servers wrap captions in warnings, shorten them, change links and white space, and escape `&`.
//! Servers may also be hostile: the time of a comparison is in proportion to the length of both texts, and bounded.

use chimera_text::Folded;

/// A shorter text may be part of any other, so it has to be the whole of what is shown.
const TELLING: usize = 12;
/// How much of a shortened text has to be there to ask for the whole of it.
const BEGINNING: usize = 8;
/// How many characters of a shown text are looked at: several times the longest post of any platform here, warnings and
/// escapes included. What stands behind them may be ours.
const LOOKED_AT: usize = 20_000;
/// How many bytes of ours are found again, all its beginnings together, before a text is in doubt unseen. Only a text that
/// repeats its own beginning can be found in more than all that is looked at, and would cost the product of both lengths.
const WALKED: usize = 4 * LOOKED_AT;

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
        let (looked_at, cut) = beginning(shown, LOOKED_AT);
        let shown = normal(looked_at);
        if !cut && shown == self.0 {
            Likeness::Same
        } else if self.is_within(&shown, cut) {
            if self.0.chars().count() >= TELLING { Likeness::Holds } else { Likeness::Doubtful }
        } else if cut || self.is_shortened(&shown) {
            Likeness::Doubtful
        } else {
            Likeness::Other
        }
    }

    /// As a whole: not inside a word. Where the text is cut, nobody knows how a word at its end goes on.
    fn is_within(&self, shown: &str, cut: bool) -> bool {
        shown.match_indices(self.0.as_str()).any(|(at, found)| {
            let before = shown.get(..at).and_then(|before| before.chars().next_back());
            let after = shown.get(at.saturating_add(found.len())..).and_then(|after| after.chars().next());
            let goes_on = after.map_or(cut, char::is_alphanumeric);
            !goes_on && !before.is_some_and(char::is_alphanumeric)
        })
    }

    /// Begins as ours does and breaks off with dots.
    fn is_shortened(&self, shown: &str) -> bool {
        let (begins, _) = beginning(&self.0, BEGINNING);
        let mut walked = 0_usize;
        shown.match_indices(begins).any(|(at, _)| {
            let rest = shown.get(at..).unwrap_or_default();
            let alike = rest.chars().zip(self.0.chars()).take_while(|(theirs, ours)| theirs == ours);
            let length = alike.map(|(theirs, _)| theirs.len_utf8()).sum();
            walked = walked.saturating_add(length);
            // The dots may be alike with dots of our own: those count for breaking off as well.
            let alike = rest.get(..length).unwrap_or_default();
            let kept = alike.trim_end_matches(['.', '…', ' ']).len();
            let rest = rest.get(kept..).unwrap_or_default().trim_start();
            walked > WALKED || rest.starts_with('…') || rest.starts_with("...")
        })
    }
}

/// The first characters of a text, and whether there are more.
fn beginning(text: &str, most: usize) -> (&str, bool) {
    match text.char_indices().nth(most) {
        Some((end, _)) => (text.get(..end).unwrap_or_default(), true),
        None => (text, false),
    }
}

fn normal(text: &str) -> String {
    Folded::new(text).as_str().to_owned()
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
            ("Hello world. More", "Hello world...", Likeness::Doubtful),
            ("Wait for it… now you see", "Wait for it…", Likeness::Doubtful),
            ("Hello world. More", "Hello world. Other", Likeness::Other),
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

    /// With a comparison that takes the square of a length none of these would end.
    #[test]
    fn a_hostile_megabyte_is_looked_at_in_part() {
        let ours = "Hello world, all";
        let periodic = "Hello wo".repeat(2_000);
        for (ours, unit) in [
            (ours, "Hello wo"),
            (ours, "Hello world, al"),
            (ours, "xHello world, all"),
            (ours, "&amp;amp;"),
            (ours, "a\u{301}\u{327}"),
            (ours, "\u{301}"),
            (ours, "a.com."),
            (ours, "http://"),
            (ours, " \n"),
            ("Hi", "Hi"),
            (periodic.as_str(), "Hello wo"),
        ] {
            let shown = unit.repeat(1_000_000 / unit.len());
            let likeness = Fingerprint::new(ours).unwrap().likeness(&shown);
            assert_eq!(likeness, Likeness::Doubtful, "{unit:?}");
        }
    }

    #[test]
    fn a_text_of_ours_that_repeats_itself_is_not_walked_for_ever() {
        let ours = Fingerprint::new(&format!("{}!", "Hello wo".repeat(1_000))).unwrap();
        assert_eq!(ours.likeness(&"Hello wo".repeat(2_000)), Likeness::Doubtful);
        assert_eq!(ours.likeness(&"Hello wo".repeat(4)), Likeness::Other);
    }

    #[test]
    fn what_is_cut_off_leaves_doubt() {
        let ours = Fingerprint::new("Hello world, all").unwrap();
        let filled = |most: usize, text: &str| format!("{} {text}", "x".repeat(most - text.len() - 1));
        for (shown, expected) in [
            // As long as is looked at, and not cut.
            (filled(LOOKED_AT, "Hello world, all"), Likeness::Holds),
            (filled(LOOKED_AT, "Hello world, two"), Likeness::Other),
            // One character too long.
            (filled(LOOKED_AT, "Hello world, two") + "!", Likeness::Doubtful),
            (filled(LOOKED_AT, "Hello world, all") + "ies", Likeness::Doubtful),
            (filled(LOOKED_AT, "Hello world, all") + " of you", Likeness::Doubtful),
            (format!("{} Hello world, all", "x".repeat(LOOKED_AT)), Likeness::Doubtful),
            (format!("Hello world, all{}", " ".repeat(LOOKED_AT)), Likeness::Doubtful),
            (format!("Hello world, all {}", "x".repeat(LOOKED_AT)), Likeness::Holds),
            (format!("Note: Hello world, all. {}", "é".repeat(LOOKED_AT)), Likeness::Holds),
        ] {
            assert_eq!(ours.likeness(&shown), expected, "{} characters", shown.chars().count());
        }
    }
}
