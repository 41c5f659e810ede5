//! What a list or a tool that shows one post says, read by the profile's pointers.

use chrono::{DateTime, Utc};
use regex_lite::Regex;
use serde_json::Value;

use super::LISTED;
use crate::classify::{is_hidden, is_unfit, plain};
use crate::extract::{exact_id, time};
use crate::normalise::{Answer, text};
use crate::profile::{GetTool, ListTool, Wrap, is_no, is_set, is_yes};
use crate::select::select;

/// Something as a platform shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shown {
    /// `None` where the profile names none, or the item has none.
    pub(crate) id: Option<String>,
    /// The text, without a wrapper that the profile names; `None` where none is shown.
    pub(crate) text: Option<String>,
    pub(crate) target: Option<String>,
    pub(crate) author: Option<String>,
    pub(crate) url: Option<String>,
    pub(crate) created_at: Option<DateTime<Utc>>,
    pub(crate) edited: bool,
    /// Why the item as it is shown tells nothing, where it is marked so.
    pub(crate) mark: Option<Mark>,
}

/// What an item is marked as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// A draft, something scheduled, held, refused or taken away; a request to follow that was not granted.
    NotPublic,
    /// Its text is not what was posted: translated, withheld, cut.
    Changed,
}

impl Mark {
    pub(crate) const fn why(self) -> &'static str {
        match self {
            Self::NotPublic => "it is marked as not public",
            Self::Changed => "its text is marked as changed or withheld",
        }
    }
}

/// One page of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) items: Vec<Shown>,
    /// Whether there are more than are looked at.
    pub(crate) cut: bool,
    /// Pointers of the profile that fit none of the items.
    pub(crate) unfit: Vec<String>,
}

/// The items of a page.
///
/// # Errors
/// With what does not fit.
pub(crate) fn listed(list: &ListTool, target: Option<&str>, answer: &Answer) -> Result<Listed, String> {
    let Some(found) = answer.at(&list.items) else {
        // X leaves `data` out where there is nothing to show.
        let total = list.total.as_ref().and_then(|pointer| answer.at(pointer));
        if total.is_some_and(|total| total.as_u64() == Some(0)) {
            return Ok(Listed::default());
        }
        return Err(format!(
            "`items = \"{}\"` fits nothing in the list, which {}",
            list.items,
            outline(&answer.value)
        ));
    };
    let Some(items) = found.as_array() else {
        // A server that has nothing to show may show nothing.
        return if found.is_null() {
            Ok(Listed::default())
        } else {
            Err(format!(
                "at `items = \"{}\"` stands no list; the answer {}",
                list.items,
                outline(&answer.value)
            ))
        };
    };
    let shown: Vec<Shown> = items.iter().take(LISTED).map(|item| read(list, target, item)).collect();
    let pointers = [
        ("id", &list.id, shown.iter().all(|item| item.id.is_none())),
        ("text", &list.text, shown.iter().all(|item| item.text.is_none())),
        ("target", &list.target, shown.iter().all(|item| item.target.is_none())),
        ("author", &list.author, shown.iter().all(|item| item.author.is_none())),
        ("created_at", &list.created_at, shown.iter().all(|item| item.created_at.is_none())),
    ];
    let unfit = pointers
        .into_iter()
        .filter(|(_, pointer, all_missing)| pointer.is_some() && *all_missing && !shown.is_empty())
        .filter_map(|(name, pointer, _)| Some(format!("`{name} = \"{}\"`", pointer.as_ref()?)))
        .collect();
    Ok(Listed { cut: items.len() > LISTED, items: shown, unfit })
}

/// An item; where the list is about one target, every item is.
fn read(list: &ListTool, target: Option<&str>, item: &Value) -> Shown {
    let at = |pointer: &Option<String>| select(item, pointer.as_ref()?);
    Shown {
        id: at(&list.id).and_then(exact_id),
        text: at(&list.text).and_then(|shown| words(shown, &list.wraps)),
        target: match (&list.target, list.by_target) {
            (None, true) => target.map(str::to_owned),
            (pointer, _) => at(pointer).and_then(text),
        },
        author: at(&list.author).and_then(|author| author_of(author, list.author_pattern.as_ref())),
        url: at(&list.url).and_then(|url| url.as_str().map(str::to_owned)),
        created_at: at(&list.created_at).and_then(time),
        edited: at(&list.edited).is_some_and(is_set) || is_edited(item, MARKS),
        mark: mark(item, MARKS),
    }
}

/// One post, whole.
///
/// # Errors
/// When the answer is about another one, or names it in another form: then nothing is known of the one that was asked for,
/// least of all that it is not there.
pub(crate) fn one(get: &GetTool, id: &str, answer: &Answer) -> Result<Shown, String> {
    let at = |pointer: &Option<String>| answer.at(pointer.as_ref()?);
    let named = at(&get.id).map(exact_id);
    if named.is_some_and(|named| named.as_deref() != Some(id)) {
        return Err(format!("the tool `{}` shows another post than it was asked for", get.invocation.tool));
    }
    Ok(Shown {
        id: Some(id.to_owned()),
        text: at(&get.text).and_then(|shown| words(shown, &get.wraps)),
        target: at(&get.target).and_then(text),
        author: at(&get.author).and_then(|author| author_of(author, get.author_pattern.as_ref())),
        url: at(&get.url).and_then(|url| url.as_str().map(str::to_owned)),
        created_at: at(&get.created_at).and_then(time),
        edited: is_edited(&answer.value, MARKS),
        mark: mark(&answer.value, MARKS),
    })
}

/// A name, or the part of what stands there that is one.
fn author_of(shown: &Value, pattern: Option<&Regex>) -> Option<String> {
    let shown = text(shown)?;
    let Some(pattern) = pattern else { return Some(shown) };
    Some(pattern.captures(&shown)?.get(1)?.as_str().to_owned())
}

/// A text without the wrapper that the profile names.
fn words(shown: &Value, wraps: &[Wrap]) -> Option<String> {
    let shown = shown.as_str()?;
    let within = wraps.iter().find_map(|wrap| wrap.unwrap(shown));
    Some(within.unwrap_or(shown).to_owned())
}

/// How deep in an item its marks are looked for: X keeps them in `edit_controls`, YouTube in `status`.
const MARKS: usize = 2;

/// Whether a server says that a post was edited, whether the profile names the mark or not.
fn is_edited(item: &Value, depth: usize) -> bool {
    let Some(deeper) = depth.checked_sub(1) else { return false };
    let Value::Object(members) = item else { return false };
    members.iter().any(|(name, member)| match plain(name).as_str() {
        "edithistorytweetids" | "edittweetids" => member.as_array().is_some_and(|all| all.len() > 1),
        // X lets a post be edited five times.
        "editsremaining" => {
            member.as_u64().or_else(|| member.as_str()?.parse().ok()).is_some_and(|left| left < 5)
        }
        "editdate" | "editcount" | "lastedit" => is_set(member),
        "modified" | "ismodified" => is_yes(member),
        name if name.contains("edited") => is_set(member),
        _ => is_edited(member, deeper),
    })
}

/// Whether a state was asked for and is not granted: a private account decides who follows it.
pub(crate) fn is_asked_for(value: &Value) -> bool {
    let Some(members) = value.as_object() else { return false };
    members.iter().any(|(name, member)| {
        let name = plain(name);
        let asks = ["pending", "requested", "outgoingrequest", "followrequestsent", "pendingfollow"];
        (asks.contains(&name.as_str()) && is_yes(member)) || (member.is_object() && is_asked_for(member))
    })
}

/// What an item is marked as, by the names that servers use.
fn mark(item: &Value, depth: usize) -> Option<Mark> {
    let deeper = depth.checked_sub(1)?;
    item.as_object()?.iter().find_map(|(name, member)| {
        let name = plain(name);
        let is = |yes: bool, mark| yes.then_some(mark);
        match name.as_str() {
            "published" | "ispublished" => is(is_no(member), Mark::NotPublic),
            "draft" | "isdraft" | "deleted" | "isdeleted" | "removed" | "isremoved" | "pending"
            | "requested" | "outgoingrequest" | "followrequestsent" | "pendingfollow" => {
                is(is_yes(member), Mark::NotPublic)
            }
            "privacy" | "privacystatus" | "privacylevel" | "visibility" => {
                is(is_hidden(member), Mark::NotPublic)
            }
            "removedbycategory" | "removedby" => is(is_set(member), Mark::NotPublic),
            "truncated" | "istruncated" | "translated" | "istranslated" | "withheld" => {
                is(is_yes(member) || member.is_object(), Mark::Changed)
            }
            name if name.ends_with("truncated") => is(is_yes(member), Mark::Changed),
            "errormessage" | "errormsg" => is(is_set(member), Mark::NotPublic),
            "withheldincountries" | "spoilertext" => is(is_set(member), Mark::Changed),
            name if name.ends_with("status") || name.ends_with("state") => {
                let word = member.as_str();
                is(word.is_some_and(|word| is_unfit(word, true)), Mark::NotPublic)
                    .or_else(|| mark(member, deeper))
            }
            _ => None,
        }
    })
}

/// What an answer consists of, for the one who has to mend a pointer.
fn outline(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let names: Vec<_> = members.keys().take(8).map(|name| format!("`{name}`")).collect();
            format!("has the members {}", names.join(", "))
        }
        Value::Array(items) => format!("is a list of {}", items.len()),
        Value::Null => "is empty".to_owned(),
        _ => "is no object and no list".to_owned(),
    }
}
