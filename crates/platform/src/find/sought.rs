//! What is looked for: something with words of ours, a share without any, or a state.

use chimera_effect::{EffectKind, EffectV1};
use chimera_text::{Folded, is_clearly_other, is_garbled, is_placeholder, is_shortened, without_marks};

use super::Shown;
use crate::profile::ActTool;
use crate::targets::TargetKind;

/// How an earlier attempt is recognised.
#[derive(Debug)]
pub(crate) struct Sought {
    account: String,
    target: Option<(String, TargetKind)>,
    by: By,
}

#[derive(Debug)]
enum By {
    /// A post, a reply, a comment, a share with words.
    Words {
        /// Our text, as it is compared.
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
    pub(crate) fn of(content: &EffectV1, act: &ActTool) -> Self {
        let by = match content.kind {
            EffectKind::Like | EffectKind::Follow => By::State,
            EffectKind::Share if content.text.is_empty() => By::NoWords,
            EffectKind::Publish | EffectKind::Reply | EffectKind::Comment | EffectKind::Share => By::Words {
                ours: Folded::new(&content.text),
                label: Folded::new(content.disclosure.as_ref().map_or("", |disclosure| &disclosure.label)),
            },
        };
        let target = act.target.zip(content.target.clone()).map(|(kind, target)| (target, kind));
        Self { account: content.account.clone(), target, by }
    }

    /// Whether it is a state, which has no time of its own: times of liked posts are not times of likes.
    pub(crate) const fn is_state(&self) -> bool {
        matches!(self.by, By::State)
    }

    /// Whether absence is proven by a complete list alone.
    pub(crate) const fn needs_complete(&self) -> bool {
        matches!(self.by, By::State | By::NoWords)
    }

    /// Whether an item is about our target; `None` where it does not say.
    pub(crate) fn is_target(&self, shown: Option<&str>) -> Option<bool> {
        let Some((target, kind)) = &self.target else { return Some(true) };
        let shown = shown?;
        // Handles are the same with and without `@`, in any case of letters; ids are not.
        let (shown, target) = match kind {
            TargetKind::User => (handle(shown), handle(target)),
            TargetKind::Post | TargetKind::Comment => (shown.to_owned(), target.clone()),
        };
        // A share and an activity of LinkedIn are one post under two numbers.
        if shown == target { Some(true) } else { (form(&shown) == form(&target)).then_some(false) }
    }

    /// Whose an item is by the author that it shows. Forms that cannot be compared (a number and a handle) tell nothing.
    pub(crate) fn authorship(&self, author: Option<&str>) -> Authorship {
        let Some(author) = author else { return Authorship::Unclear };
        let (shown, ours) = (handle(author), handle(&self.account));
        if shown == ours {
            Authorship::Ours
        } else if form(&shown) == form(&ours) {
            Authorship::Others
        } else {
            Authorship::Unclear
        }
    }

    /// What an item's text says.
    pub(crate) fn words(&self, item: &Shown) -> Words {
        let text = item.text.as_deref().unwrap_or_default();
        match &self.by {
            By::State => Words::Same,
            By::NoWords if text.trim().is_empty() => Words::Same,
            By::NoWords => Words::Doubt("it is a share of the same target with words"),
            By::Words { ours, label } => compare(ours, label, text, item.edited),
        }
    }

    /// Whether a text could be ours, cut off at its end: it begins as ours does.
    pub(crate) fn begins_like_ours(&self, text: &str) -> bool {
        let By::Words { ours, .. } = &self.by else { return false };
        let shown = Folded::new(text);
        let shown = shown.as_str().trim_end_matches(['…', '.', ' ', '[', ']']);
        shown.chars().filter(|letter| letter.is_alphanumeric()).count() >= BEGINNING
            && ours.as_str().starts_with(shown)
    }

    /// Whether another effect's text is the same as ours.
    pub(crate) fn is_our_text(&self, text: &str) -> bool {
        match &self.by {
            By::Words { ours, .. } => ours.is_same(&Folded::new(text)),
            By::NoWords | By::State => text.is_empty(),
        }
    }
}

/// How many letters of a beginning tell whose it is, beside an answer that names the post.
const BEGINNING: usize = 12;

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

/// A handle in one form: without `@`, of a profile's address the last part, in lower case.
fn handle(name: &str) -> String {
    let name = name.trim().trim_end_matches('/');
    let last = if name.contains("://") { name.rsplit('/').next().unwrap_or(name) } else { name };
    last.trim_start_matches('@').to_lowercase()
}

/// The form of a name. Only names of one form can be told apart: a platform that calls an account or a post by a number, an
/// urn or an address in one place and by something else in another does not say that there are two.
#[derive(Debug, PartialEq, Eq)]
enum Form<'a> {
    Number,
    /// `2288929313783118989_33440291058`
    Numbers,
    /// With what stands before the last part: `urn:li:share`.
    Urn(&'a str),
    /// A link, or the last part of one.
    Address,
    Uuid,
    /// `UC…` of YouTube
    Channel,
    /// `ann@host.example`
    AtHost,
    Sentence,
    /// A handle, a code, `tweet_17`.
    Word,
}

fn form(name: &str) -> Form<'_> {
    let digits = |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
    if digits(name) {
        Form::Number
    } else if name.contains('/') && !name.starts_with("at://") {
        Form::Address
    } else if let Some((kind, _)) = name.rsplit_once([':', '/']) {
        Form::Urn(kind)
    } else if name.contains(char::is_whitespace) {
        Form::Sentence
    } else if name.contains('@') {
        Form::AtHost
    } else if name.len() == 36 && name.bytes().filter(|byte| *byte == b'-').count() == 4 {
        Form::Uuid
    } else if name.len() == 24 && (name.starts_with("UC") || name.starts_with("uc")) {
        Form::Channel
    } else if name.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_') {
        Form::Numbers
    } else {
        Form::Word
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_one_form_can_be_told_apart() {
        for (one, other, same) in [
            ("17", "18", true),
            ("17", "tweet_17", false),
            ("tweet_17", "tweet_18", true),
            ("tweet_17", "elsewhere", true),
            ("urn:li:share:1", "urn:li:share:2", true),
            ("urn:li:share:1", "urn:li:activity:2", false),
            ("urn:li:share:1", "1", false),
            ("at://did:plc:x/app.bsky.feed.post/3k", "at://did:plc:x/app.bsky.feed.post/3l", true),
            ("at://did:plc:x/app.bsky.feed.post/3k", "3k", false),
            ("https://x.com/a/status/17", "17", false),
            ("https://x.com/a/status/17", "https://x.com/b/status/18", true),
            ("ann@host.example", "bob@other.example", true),
            ("Ann Lee", "Bob Ray", true),
            ("17_18", "19_20", true),
            ("17_18", "17_b", false),
            // Thirty-six letters are no UUID, and neither are four hyphens; 24 are no channel, and neither is `uc` before.
            ("ann", "abcdefghijklmnopqrstuvwxyzabcdefghij", true),
            ("ann", "a-b-c-d-e", true),
            ("ann", "abcdefghijklmnopqrstuvwx", true),
            ("ann", "ucabc", true),
            ("UCabcdefghijklmnopqrstuv", "ucabcdefghijklmnopqrstuw", true),
            ("B_D6RVoBXyN", "2288929313783118989_33440291058", false),
            ("ann", "bob", true),
            ("ann", "ann@host.example", false),
            ("ann", "Ann Lee", false),
            ("ann", "ucabcdefghijklmnopqrstuv", false),
            ("ann", "723f24d7-e717-40f8-a2b6-cb8464cd23b4", false),
        ] {
            assert_eq!(form(one) == form(other), same, "{one} {other}");
            assert_eq!(form(other) == form(one), same, "{other} {one}");
        }
    }
}
