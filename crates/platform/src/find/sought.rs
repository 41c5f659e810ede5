//! What is looked for in a list: something with words of ours, a share without any, or a state.

use chimera_effect::{EffectKind, EffectV1};

use super::{Fingerprint, Likeness, Shown};
use crate::profile::ActTool;
use crate::targets::TargetKind;

/// How an earlier attempt is recognised.
#[derive(Debug)]
pub(crate) struct Sought<'a> {
    target: Option<Target<'a>>,
    by: By,
}

#[derive(Debug)]
enum By {
    /// A post, a reply, a comment, a share with words.
    Words(Fingerprint),
    /// A share without words. One that shows some may be another one of the same target.
    NoWords,
    /// A like or a follow. Whether it was there before we began makes no difference: it is there.
    State,
}

#[derive(Debug)]
struct Target<'a> {
    id: &'a str,
    kind: TargetKind,
}

impl<'a> Sought<'a> {
    /// What an effect is recognised by.
    ///
    /// # Errors
    /// With the reason why nothing tells it apart.
    pub(crate) fn of(content: &'a EffectV1, act: &ActTool) -> Result<Self, &'static str> {
        let target = match (act.target, content.target.as_deref()) {
            (None, _) => None,
            (Some(kind), Some(id)) => Some(Target { id, kind }),
            (Some(_), None) => return Err("the effect has no target"),
        };
        let by = match content.kind {
            EffectKind::Like | EffectKind::Follow => By::State,
            EffectKind::Share if content.text.is_empty() => By::NoWords,
            EffectKind::Publish | EffectKind::Reply | EffectKind::Comment | EffectKind::Share => {
                let ours = Fingerprint::new(&content.text);
                By::Words(ours.ok_or("the text consists of links, which platforms replace")?)
            }
        };
        Ok(Self { target, by })
    }

    /// How much something that is shown is like it.
    pub(super) fn likeness(&self, shown: &Shown) -> Likeness {
        let other = |target: &Target<'_>| !target.is(shown.target.as_deref());
        if self.target.as_ref().is_some_and(other) {
            return Likeness::Other;
        }
        match &self.by {
            By::Words(ours) => ours.likeness(&shown.text),
            By::NoWords if !shown.text.is_empty() => Likeness::Doubtful,
            By::NoWords | By::State => Likeness::Same,
        }
    }

    /// The words that tell, where there are any.
    pub(crate) fn words(&self) -> Option<&Fingerprint> {
        match &self.by {
            By::Words(ours) => Some(ours),
            By::NoWords | By::State => None,
        }
    }

    /// Whether only its time tells ours from somebody's repetition.
    pub(super) fn needs_time(&self) -> bool {
        matches!(self.by, By::Words(_))
    }

    /// Whether it is ours however old it is.
    pub(super) fn is_state(&self) -> bool {
        matches!(self.by, By::State)
    }
}

impl Target<'_> {
    /// Handles are the same with and without `@`, in any case of letters; ids are not.
    fn is(&self, shown: Option<&str>) -> bool {
        let handle = |id: &str| id.trim_start_matches('@').to_ascii_lowercase();
        shown.is_some_and(|shown| match self.kind {
            TargetKind::User => handle(shown) == handle(self.id),
            TargetKind::Post | TargetKind::Comment => shown == self.id,
        })
    }
}
