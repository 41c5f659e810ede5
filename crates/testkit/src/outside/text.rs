//! What the effects of a run say, and how other people's words come near it.
//!
//! The texts are short and each holds something that platforms are known to change, or that readers of answers are known to
//! take for something else. A text is named by numbers, so that a scenario stays plain data that can be made smaller.

/// A text of a run: one of [`BASES`], with a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Text {
    /// Which of the texts.
    pub base: usize,
    /// What is changed about it.
    pub twist: Twist,
}

/// How one text differs from another that is nearly the same: the pairs that a likeness takes for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Twist {
    /// Nothing is changed.
    None,
    /// The other text stands whole within this one, after a word.
    Reminder,
    /// The other text stands whole within this one, before a word.
    Tomorrow,
    /// A number more.
    Part(u8),
    /// One word more in front, another behind.
    Both,
}

impl Twist {
    /// Every change.
    pub const ALL: [Self; 6] =
        [Self::None, Self::Reminder, Self::Tomorrow, Self::Part(1), Self::Part(2), Self::Both];
}

/// The texts. Each line says what it is there for.
pub const BASES: [&str; 24] = [
    // Nothing special.
    "Our spring sale starts today",
    // An apostrophe, an ampersand and parentheses: entities, LinkedIn's reserved characters.
    "It's here: release 2.4 (stable) & the notes",
    // Straight quotes and two hyphens: typographic ones.
    "We said \"soon\" -- and it's out now",
    // A variation selector and joiners.
    "Big news \u{2764}\u{fe0f} from the whole family \u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}",
    // Accents, composed.
    "Caf\u{e9} cr\u{e8}me \u{e0} la carte, d\u{e9}j\u{e0} vu",
    // Accents, decomposed.
    "Nai\u{308}ve re\u{301}sume\u{301} of the week",
    // A link that X replaces by one of its own.
    "Read https://example.com/long/path?a=1&b=2 before Monday",
    // Mentions and hashtags.
    "Thanks @alice and @bob for the talk #rustlang #mcp",
    // What a pattern takes for a credential inside a text that was approved.
    "Wifi at the meetup: password: chimera2026",
    "Use token=SPRING25 at the checkout",
    "The ring bearer Alexander speaks on Friday",
    // What a reader of answers takes for an error.
    "HTTP 429 rate limited? Our new queue fixes that",
    "Error: the post was not found, and other 404 stories",
    "Duplicate content is already posted twice, they said",
    "Access token expired? We renew it for you",
    // Short ones, of which any text may hold one.
    "Yes!",
    "OK",
    "Thank you so much",
    // No letters of the Latin alphabet.
    "\u{65b0}\u{3057}\u{3044}\u{8a18}\u{4e8b}\u{3092}\u{516c}\u{958b}\u{3057}\u{307e}\u{3057}\u{305f}",
    // A link and nothing else.
    "https://example.com/only/a/link",
    // Everything that LinkedIn's format reserves, but for angle brackets, which YouTube takes nowhere.
    "50% off; use {code} | today_only *really* ~ now [1] (2)",
    // It repeats itself.
    "ha ha ha ha ha ha ha ha ha ha",
    // Lines.
    "Step 1: open\nStep 2: read\n\nStep 3: done",
    // Hashtags alone.
    "#spring #sale #offers",
];

/// What other people say that is about something else.
pub const UNRELATED: [&str; 12] = [
    "Lunch is served in the garden, come over",
    "Congratulations to Maria for ten years with us!",
    "We are hiring two electricians in Porto",
    "Traffic alert: the bridge is closed until noon",
    "New opening hours from next week: 8 to 18",
    "Which colour should the new van have?",
    "Sunset over the harbour, no filter",
    "Quarterly results: revenue up by 4 percent",
    "Lost and found: a green umbrella",
    "Happy birthday, little museum",
    "gm",
    "",
];

impl Text {
    /// The text as it is asked for.
    #[must_use]
    pub fn words(self) -> String {
        let base = BASES[self.base % BASES.len()];
        match self.twist {
            Twist::None => base.to_owned(),
            Twist::Reminder => format!("Reminder: {base}"),
            Twist::Tomorrow => format!("{base} tomorrow"),
            Twist::Part(number) => format!("{base} (part {number})"),
            Twist::Both => format!("And now {base}, at last"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn different_names_are_different_texts() {
        let texts = (0..BASES.len())
            .flat_map(|base| Twist::ALL.map(|twist| Text { base, twist }.words()))
            .collect::<BTreeSet<_>>();
        assert_eq!(texts.len(), BASES.len() * Twist::ALL.len());
    }
}
