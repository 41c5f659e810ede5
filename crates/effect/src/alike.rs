//! Which effects of one account a look could take for one another.

use chimera_text::{Folded, is_clearly_other};

use crate::effect::{EffectKind, EffectV1};

/// Whether two effects would show the same: equal target and folded text, or the same state of the same target. While one
/// of them is unknown the other does not begin: of two equal posts a look could not tell whose the one is that it sees.
#[must_use]
pub fn are_equal(one: &EffectV1, other: &EffectV1) -> bool {
    if !share_a_list(one, other) {
        return false;
    }
    let (text, theirs) = (Folded::new(&one.text), Folded::new(&other.text));
    if text.is_empty() && theirs.is_empty() {
        // Links only, or no words at all: nothing but the bytes tells them apart.
        return one.kind == other.kind && one.text == other.text && one.media == other.media;
    }
    text.is_same(&theirs)
}

/// Whether one could be taken for a form of the other (shortened, reworded by the platform): a look settles nothing while
/// such an effect is being attempted.
#[must_use]
pub fn are_alike(one: &EffectV1, other: &EffectV1) -> bool {
    if !share_a_list(one, other) {
        return false;
    }
    let (text, theirs) = (Folded::new(&one.text), Folded::new(&other.text));
    text.is_empty() || theirs.is_empty() || !is_clearly_other(&text, &theirs)
}

/// Whether one list may show both: the same account and target. A reply and a comment are one thing on some platforms;
/// a like is never taken for anything with words.
fn share_a_list(one: &EffectV1, other: &EffectV1) -> bool {
    let has_words = |kind| !matches!(kind, EffectKind::Like | EffectKind::Follow);
    one.platform == other.platform
        && one.account == other.account
        && one.target == other.target
        && (one.kind == other.kind || (has_words(one.kind) && has_words(other.kind)))
}
