//! What is looked for: something with words of ours, a share without any, or a state.

use chimera_contracts::PlatformName;
use chimera_effect::{EffectKind, EffectV1};
use chimera_text::{Folded, is_clearly_other, is_garbled, is_placeholder, is_shortened, without_marks};

use super::{Shown, name};
use crate::profile::ActTool;
use crate::targets::TargetKind;

/// How an earlier attempt is recognised.
#[derive(Debug)]
pub(crate) struct Sought {
    platform: PlatformName,
    /// What the account is called, by us and by the server.
    names: Vec<String>,
    target: Option<(String, TargetKind)>,
    by: By,
}

#[derive(Debug)]
enum By {
    /// A post, a reply, a comment, a share with words.
    Words {
        /// Our text, as it is sent.
        sent: String,
        /// The same, as it is compared.
        ours: Folded,
        /// Its disclosure label, which posts of one account share and which tells none from another.
        label: Folded,
    },
    /// A share without words. One that shows some may be another one of the same target.
    NoWords,
    /// A like or a follow. Whether it was there before we began makes no difference: it is there.
    State,
}

/// What an item's words say about ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Words {
    /// The same text.
    Same,
    /// Clearly another text.
    Other,
    /// It may be a form of ours; why.
    Doubt(&'static str),
}

/// Whose an item is, by its author.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Authorship {
    Ours,
    Others,
    Unclear,
}

impl Sought {
    /// What an effect is recognised by.
    pub(crate) fn of<'a>(
        content: &EffectV1,
        act: &ActTool,
        names: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let by = match content.kind {
            EffectKind::Like | EffectKind::Follow | EffectKind::Undo => By::State,
            EffectKind::Share if content.text.is_empty() => By::NoWords,
            EffectKind::Publish | EffectKind::Reply | EffectKind::Comment | EffectKind::Share => By::Words {
                sent: content.text.clone(),
                ours: Folded::new(&content.text),
                label: Folded::new(content.disclosure.as_ref().map_or("", |disclosure| &disclosure.label)),
            },
        };
        let target = act.target.zip(content.target.clone()).map(|(kind, target)| (target, kind));
        Self { platform: content.platform, names: names.into_iter().map(str::to_owned).collect(), target, by }
    }

    /// Whether it is a state, which has no time of its own: times of liked posts are not times of likes.
    pub(crate) const fn is_state(&self) -> bool {
        matches!(self.by, By::State)
    }

    /// Whether absence is proven by a complete list alone.
    pub(crate) const fn needs_complete(&self) -> bool {
        matches!(self.by, By::State | By::NoWords)
    }

    /// Whether an item is about our target; `None` where it does not say, in a form that can be compared.
    pub(crate) fn is_target(&self, shown: Option<&str>) -> Option<bool> {
        let Some((target, kind)) = &self.target else { return Some(true) };
        let shown = shown.filter(|shown| !name::stands_for_none(shown))?;
        // Handles are the same with and without `@`, in any case of letters; ids are not.
        let (shown, target) = match kind {
            TargetKind::User => return name::same(shown, target, self.platform),
            TargetKind::Post | TargetKind::Comment => (shown, target.as_str()),
        };
        // A share and an activity of LinkedIn are one post under two numbers.
        if shown == target {
            Some(true)
        } else {
            (name::form(shown) == name::form(target) && !name::may_be_one(shown, target)).then_some(false)
        }
    }

    /// Whose an item is by the author that it shows. Forms that cannot be compared (a number and a handle) tell nothing.
    pub(crate) fn authorship(&self, author: Option<&str>) -> Authorship {
        authorship(self.names.iter().map(String::as_str), author, self.platform)
    }

    /// What an item's text says.
    pub(crate) fn words(&self, item: &Shown) -> Words {
        let text = item.text.as_deref().unwrap_or_default();
        match &self.by {
            By::State => Words::Same,
            By::NoWords if text.trim().is_empty() => Words::Same,
            By::NoWords => Words::Doubt("it is a share of the same target with words"),
            By::Words { sent, ours, label } => match compare(ours, label, text, item.edited) {
                Words::Other if is_cut_off_in(sent, text) => {
                    Words::Doubt("a line of it breaks off within a word of ours")
                }
                words => words,
            },
        }
    }

    /// Whether a text could be ours, cut off at its end: it begins as ours does.
    pub(crate) fn begins_like_ours(&self, text: &str) -> bool {
        let By::Words { ours, .. } = &self.by else { return false };
        let shown = beginning(text);
        shown.chars().filter(|letter| letter.is_alphanumeric()).count() >= BEGINNING
            && ours.as_str().starts_with(&shown)
    }

    /// Whether another effect's text is the same as ours.
    pub(crate) fn is_our_text(&self, text: &str) -> bool {
        match &self.by {
            By::Words { ours, .. } => ours.is_same(&Folded::new(text)),
            By::NoWords | By::State => text.is_empty(),
        }
    }
}

/// Whose an item is by the author that it shows, of an account with these names.
pub(crate) fn authorship<'a>(
    names: impl IntoIterator<Item = &'a str>,
    author: Option<&str>,
    platform: PlatformName,
) -> Authorship {
    let Some(author) = author else { return Authorship::Unclear };
    let told: Vec<_> = names.into_iter().map(|name| name::same(author, name, platform)).collect();
    if told.contains(&Some(true)) {
        Authorship::Ours
    } else if !told.is_empty() && told.iter().all(|told| *told == Some(false)) {
        Authorship::Others
    } else {
        Authorship::Unclear
    }
}

/// How many letters of a beginning tell whose it is, beside an answer that names the post.
const BEGINNING: usize = 12;

/// Whether a text goes on as another one began, which may have been cut off at its end.
pub(crate) fn goes_on(began: Option<&str>, whole: Option<&str>) -> bool {
    let (Some(began), Some(whole)) = (began, whole) else { return true };
    Folded::new(whole).as_str().starts_with(&beginning(began))
}

/// A text as it is compared, without what stands for its end.
fn beginning(text: &str) -> String {
    Folded::new(text).as_str().trim_end_matches(['…', '.', ' ', '[', ']']).to_owned()
}

/// Whether a line of a text is the beginning of ours, broken off within a word or before a mark that says so: what a server cuts
/// by characters, and signs. Within a link such a mark is taken for the link's end (`Read https://ex…`).
fn is_cut_off_in(sent: &str, text: &str) -> bool {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let unmarked = line.trim_end_matches(['…', '⋯', '‥', '.', ' ', '[', ']', '(', ')', '\\']);
    let begins = |line: &str, is_marked: bool| {
        let rest = sent.trim_start().strip_prefix(line).unwrap_or_default();
        line.chars().count() >= SHORTEST_LINE
            && rest.starts_with(|next: char| is_marked || !next.is_whitespace())
    };
    begins(line, false) || (unmarked != line && begins(unmarked, true))
}

/// Fewer characters at the beginning of a line are anybody's.
const SHORTEST_LINE: usize = 8;

/// Whether one of two texts is in Latin letters and the other is not: what was transcribed, translated or encoded on the way
/// has no letter in common with what it was.
fn is_of_another_script(ours: &Folded, theirs: &Folded) -> bool {
    let latin = |text: &Folded| {
        let letters: Vec<char> = text.as_str().chars().filter(|letter| letter.is_alphabetic()).collect();
        let plain = letters.iter().filter(|letter| letter.is_ascii()).count();
        (letters.len() >= SHORTEST_WORD).then(|| plain.saturating_mul(10) / letters.len())
    };
    matches!((latin(ours), latin(theirs)), (Some(..=3), Some(9..)) | (Some(9..), Some(..=3)))
}

/// Fewer letters are of no script.
const SHORTEST_WORD: usize = 3;

fn compare(ours: &Folded, label: &Folded, text: &str, edited: bool) -> Words {
    let theirs = Folded::new(text);
    if ours.is_same(&theirs) {
        return Words::Same;
    }
    if theirs.is_empty() || ours.is_empty() {
        return Words::Doubt("it shows no text that could be compared");
    }
    if edited {
        return Words::Doubt("it was edited");
    }
    if is_placeholder(text) {
        return Words::Doubt("its text was taken down");
    }
    if is_garbled(text) {
        return Words::Doubt("letters of its text were lost or changed on the way");
    }
    if is_shortened(text) || theirs.is_cut() {
        return Words::Doubt("its text is not shown whole");
    }
    if is_of_another_script(ours, &theirs) {
        return Words::Doubt("it is in another script, and may be ours transcribed or translated");
    }
    let bare = ours.without_end(label);
    // Between the marks of a server that the profile does not name, there may be ours as it is.
    let inside = without_marks(text);
    let other = |theirs: &Folded| is_clearly_other(&bare, &theirs.without_end(label));
    // Behind the place where a server cut it may stand its own line: `…a&b [...]`, then `Sent via…`.
    if inside.lines().any(is_shortened) {
        Words::Doubt("its text is not shown whole")
    } else if other(&theirs) && (inside == text || other(&Folded::new(&inside))) {
        Words::Other
    } else {
        Words::Doubt("its text is like ours and not the same")
    }
}
