//! Looking for an earlier attempt in what a platform shows of an account.
//!
//! *There* needs something with our text and our target that was made since the first attempt that is not settled, and that
//! no other effect owns. Without words the target alone tells; a like or a follow is a state, so it is *there* even if it
//! was before we began. *Absent* needs a list that is whole from that moment on, seen after the platform can no longer act.

mod fingerprint;
mod sought;

use chimera_effect::{Evidence, ExternalPost, Finding, LookUp};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

pub(crate) use fingerprint::{Fingerprint, Likeness};
pub(crate) use sought::Sought;

use crate::extract::{is_id, link, time};
use crate::normalise::{Answer, text};
use crate::profile::ListTool;

/// How far the platform's clock may be behind ours, its truncation to whole seconds included.
const SKEW: TimeDelta = TimeDelta::seconds(5);

/// How far it may be behind at the worst: a post with our text that is older than the first attempt by no more than this
/// may be ours all the same, and is no proof of absence.
const WORST_SKEW: TimeDelta = TimeDelta::minutes(10);

/// How many items of a list are looked at: ten times what the built-in profile asks for. A longer one proves no absence.
const LISTED: usize = 1_000;

/// Something as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) id: String,
    pub(crate) text: String,
    pub(crate) target: Option<String>,
    pub(crate) url: Option<String>,
    pub(crate) created_at: Option<DateTime<Utc>>,
}

/// A list, as far as it is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    posts: Vec<Shown>,
    /// Whether the tool says that there is nothing older.
    complete: bool,
    /// Whether there are more than are looked at.
    cut: bool,
}

/// What a list says about our post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sight {
    /// It is this one.
    Found(Shown),
    /// It may be one of these; their whole text would tell.
    Perhaps {
        /// The posts in doubt.
        posts: Vec<Shown>,
        /// As for [`Sight::Absent`], should it be none of them.
        whole: bool,
    },
    /// It is not there. `whole`: nothing since the first attempt is hidden.
    Absent {
        /// Whether the list reaches back far enough.
        whole: bool,
    },
    /// A post has our text, and its time does not tell whether it is ours: it has none, or clocks may differ by that much.
    Timeless,
}

impl Shown {
    pub(crate) fn into_finding(self) -> Finding {
        let post = ExternalPost { id: self.id, url: self.url, published_at: self.created_at };
        Finding::There(Evidence { post, said: None })
    }
}

/// The items of an answer; `None` when it is no list. `ours` is the id of whatever we look for, where the platform gives
/// none.
pub(crate) fn items(list: &ListTool, ours: Option<&str>, answer: &Answer) -> Option<Listed> {
    let items = answer.value.pointer(&list.items)?.as_array()?;
    let posts: Option<Vec<_>> = items.iter().take(LISTED).map(|item| shown(list, ours, item)).collect();
    let complete = list.complete.as_ref().and_then(|pointer| answer.value.pointer(pointer));
    Some(Listed { posts: posts?, complete: complete == Some(&Value::Bool(true)), cut: items.len() > LISTED })
}

/// An item whose id, text or target cannot be read makes the list unreadable: it may be ours.
fn shown(list: &ListTool, ours: Option<&str>, item: &Value) -> Option<Shown> {
    let at = |pointer: &Option<String>| item.pointer(pointer.as_ref()?);
    let id = match ours {
        Some(ours) => ours.to_owned(),
        None => at(&list.id).and_then(text).filter(|id| is_id(id))?,
    };
    let text_of = match at(&list.text) {
        // A picture without a caption, a share without words.
        None | Some(Value::Null) => String::new(),
        Some(text) => text.as_str()?.to_owned(),
    };
    let target = match &list.target {
        Some(pointer) => Some(item.pointer(pointer).and_then(text)?),
        None => None,
    };
    Some(Shown {
        id,
        text: text_of,
        target,
        url: at(&list.url).and_then(link),
        created_at: at(&list.created_at).and_then(time),
    })
}

/// What these posts say. The oldest match counts: a later one may be somebody's repetition.
pub(crate) fn sight(look: &LookUp, ours: &Sought<'_>, listed: &Listed) -> Sight {
    let posts = &listed.posts;
    let since = look.since.checked_sub_signed(SKEW).unwrap_or(look.since);
    let in_time = |post: &Shown| ours.is_state() || post.created_at.is_none_or(|at| at >= since);
    let mut alike: Vec<_> = posts
        .iter()
        .filter(|post| !look.not_ours.contains(&post.id) && in_time(post))
        .map(|post| (ours.likeness(post), post))
        .filter(|(likeness, _)| *likeness != Likeness::Other)
        .collect();
    alike.sort_by_key(|(likeness, post)| (*likeness, post.created_at));
    let sure = || alike.iter().filter(|(likeness, _)| *likeness < Likeness::Doubtful);
    let told = |post: &Shown| post.created_at.is_some() || !ours.needs_time();
    if let Some((_, post)) = sure().find(|(_, post)| told(post)) {
        return Sight::Found((*post).clone());
    }
    if sure().next().is_some() {
        return Sight::Timeless;
    }
    let worst = look.since.checked_sub_signed(WORST_SKEW).unwrap_or(look.since);
    let nearly = |post: &&Shown| post.created_at.is_some_and(|at| at >= worst && at < since);
    let strangers = posts.iter().filter(|post| !look.not_ours.contains(&post.id));
    if strangers.filter(nearly).any(|post| ours.likeness(post) < Likeness::Doubtful) {
        return Sight::Timeless;
    }
    // The last one, not the oldest: a pinned post is old, stands first, and says nothing about those between.
    let reaches = posts.last().and_then(|last| last.created_at).is_some_and(|at| at < since);
    let whole = !listed.cut && (listed.complete || reaches);
    if alike.is_empty() {
        return Sight::Absent { whole };
    }
    Sight::Perhaps { posts: alike.into_iter().map(|(_, post)| post.clone()).collect(), whole }
}

/// What an absent post means at the time of the look.
pub(crate) fn absent(look: &LookUp, whole: bool, looked_at: DateTime<Utc>, every: TimeDelta) -> Finding {
    let settled = looked_at >= look.settled_from;
    match (whole, settled) {
        (false, _) => Finding::CannotTell {
            reason: "the platform's list does not reach back to the first attempt, or is too long to be read"
                .to_owned(),
        },
        (true, true) if look.absent_looks >= 1 => Finding::AbsentForGood,
        (true, settled) => Finding::Unsettled { look_again: again(look, looked_at, every), absent: settled },
    }
}

/// When to look again: not before absence can mean something.
pub(crate) fn again(look: &LookUp, looked_at: DateTime<Utc>, every: TimeDelta) -> DateTime<Utc> {
    looked_at.checked_add_signed(every).unwrap_or(looked_at).max(look.settled_from)
}
