//! One item: ours, explained, or in doubt and why.

use super::sought::{Authorship, Words};
use super::{Case, Shown};

/// What an item is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    /// The effect's.
    Ours,
    /// Not the effect's, and it is known why.
    Explained,
    /// Nobody can say yet.
    Doubt(String),
}

/// Weighs an item.
pub(crate) fn weigh(case: &Case<'_>, item: &Shown) -> Weight {
    let authorship = if case.own { Authorship::Ours } else { case.sought.authorship(item.author.as_deref()) };
    let is_target = case.sought.is_target(item.target.as_deref());
    if authorship == Authorship::Others || is_target == Some(false) {
        return Weight::Explained;
    }
    let words = case.sought.words(item);
    if case.ids && item.id.is_none() && words != Words::Other {
        return Weight::Doubt("it has no id".to_owned());
    }
    match ownership(case, item, &words) {
        Ownership::Explains => return Weight::Explained,
        Ownership::Contradicts => {
            let why = "it has our text, and belongs to another effect whose text is another";
            return Weight::Doubt(why.to_owned());
        }
        Ownership::Silent => {}
    }
    // What is marked tells nothing, whatever it shows, unless it is another text of another time.
    if let Some(mark) = item.mark
        && (words == Words::Same || !matches!(when(case, item), When::Outside))
    {
        return Weight::Doubt(mark.why().to_owned());
    }
    let named = case.is_candidate(item);
    // What an answer named needs less of its own: each sign where there is one.
    let clear = named || (authorship == Authorship::Ours && is_target == Some(true));
    let time = when(case, item);
    match (words, time) {
        (Words::Same, When::Inside) if clear => Weight::Ours,
        (Words::Same, When::Unknown) if named && !case.may_be_older(item) => Weight::Ours,
        (Words::Same, When::Inside) => {
            Weight::Doubt("it has our text, and does not show whose it is".to_owned())
        }
        (Words::Same, When::Unknown) => {
            Weight::Doubt("it has our text, and its time is not shown".to_owned())
        }
        (Words::Same, When::Outside) => {
            Weight::Doubt("it has our text, and was not made while the attempt was open".to_owned())
        }
        (Words::Doubt(_), When::Inside) if named && begins(case, item) => Weight::Ours,
        (Words::Doubt(_), When::Unknown) if named && begins(case, item) && !case.may_be_older(item) => {
            Weight::Ours
        }
        (Words::Doubt(why), When::Inside | When::Unknown) => Weight::Doubt(why.to_owned()),
        (Words::Other, When::Inside | When::Unknown) if named => {
            Weight::Doubt("an answer named it, and it shows another text".to_owned())
        }
        // Coarse times and clocks that are off: what begins as ours does is ours, cut off.
        (Words::Doubt(why), When::Outside) if begins(case, item) => Weight::Doubt(why.to_owned()),
        (Words::Other, _) | (Words::Doubt(_), When::Outside) => Weight::Explained,
    }
}

fn begins(case: &Case<'_>, item: &Shown) -> bool {
    item.text.as_deref().is_some_and(|text| case.sought.begins_like_ours(text))
}

/// What another effect's ownership of an item says.
enum Ownership {
    /// It is that effect's.
    Explains,
    /// It shows our text and belongs to an effect with another text: a look had once given a post so.
    Contradicts,
    /// No other effect owns it, or its text says nothing about that.
    Silent,
}

fn ownership(case: &Case<'_>, item: &Shown, words: &Words) -> Ownership {
    let owner = item.id.as_ref().and_then(|id| case.owners.get(id));
    let Some(owner) = owner.filter(|owner| owner.effect != case.look.effect_id) else {
        return Ownership::Silent;
    };
    match words {
        Words::Same if case.sought.is_our_text(&owner.text) => Ownership::Explains,
        Words::Same => Ownership::Contradicts,
        Words::Other => Ownership::Explains,
        Words::Doubt(_) if shows(item, &owner.text) => Ownership::Explains,
        Words::Doubt(_) => Ownership::Silent,
    }
}

/// Whether an item shows a text, or a form of it.
fn shows(item: &Shown, text: &str) -> bool {
    use chimera_text::{Folded, is_clearly_other};
    let shown = item.text.as_deref().map(Folded::new).unwrap_or_else(|| Folded::new(""));
    let text = Folded::new(text);
    shown.is_same(&text) || (!shown.is_empty() && !text.is_empty() && !is_clearly_other(&shown, &text))
}

enum When {
    /// It may have been made by the attempt.
    Inside,
    /// It was made before or after.
    Outside,
    /// Its time is not shown.
    Unknown,
}

fn when(case: &Case<'_>, item: &Shown) -> When {
    match item.created_at {
        // A state has no time of its own.
        _ if case.sought.is_state() => When::Inside,
        None => When::Unknown,
        Some(at) if at >= case.from() && at <= case.until() => When::Inside,
        Some(_) => When::Outside,
    }
}
