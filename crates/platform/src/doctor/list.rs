//! What a list shows: whether pointers fit, whose the items are, how far back they go.

use chimera_text::without_marks;
use chrono::{DateTime, Utc};
use serde_json::Value;

use super::ask::{Asking, REASON};
use super::outline::{lists, short};
use super::{Absence, Observation, counted};
use crate::border::Border;
use crate::classify;
use crate::find::{self, Authorship, Shown, authorship, is_newest_first};
use crate::normalise::Answer;
use crate::profile::ListTool;
use crate::select::select;

/// A list as it was read.
pub(super) struct Read {
    pub(super) observations: Vec<Observation>,
    pub(super) absence: Absence,
    pub(super) items: Vec<Shown>,
}

/// What is examined of a list.
pub(super) struct Listing<'a> {
    pub(super) list: &'a ListTool,
    pub(super) target: Option<&'a str>,
    /// Whether times say how far back it goes: not of states, and not of shares without words.
    pub(super) has_times: bool,
}

/// Examines the answer of a list.
pub(super) fn read(asking: &Asking<'_>, listing: &Listing<'_>, answer: &Answer) -> Read {
    let list = listing.list;
    let mut told = Told { asking, found: Vec::new() };
    let listed = match find::listed(list, listing.target, answer) {
        Ok(listed) => listed,
        Err(why) => {
            let lists = lists(told.asking.border(), &answer.value);
            let lists = format!("lists stand at: {lists}");
            told.mend(why, asking.mending("name in `items` where the list stands", &lists));
            return Read { observations: told.found, absence: Absence::Unread, items: Vec::new() };
        }
    };
    let against = classify::against(answer, answer.at(&list.items), asking.now());
    if let Some(against) = against {
        let text = format!("it {against}: {}", answer.shown(asking.border(), REASON));
        told.mend(
            text,
            "call a tool, or with arguments, whose answer shows the whole list and says nothing against it",
        );
    }
    let items = listed.items;
    if items.is_empty() {
        told.untried(
            "it shows no item, so that no pointer could be tried; post something in a test account first",
        );
    } else {
        told.fit(format!("`{}` shows {}", list.invocation.tool, counted(items.len(), "item")));
        let raw = answer.at(&list.items).and_then(Value::as_array);
        pointers(&mut told, listing, &items, raw.map(Vec::as_slice).unwrap_or_default());
        authors(&mut told, list, &items);
        texts(&mut told, &items);
        marks(&mut told, list, &items);
    }
    let absence = absence(&mut told, listing, answer, &items);
    Read { observations: told.found, absence, items }
}

/// Observations about the list, as they are collected.
struct Told<'a> {
    asking: &'a Asking<'a>,
    found: Vec<Observation>,
}

impl Told<'_> {
    fn shown(&self, text: &str) -> String {
        self.asking.border().shown(text, REASON.saturating_mul(2))
    }

    fn fit(&mut self, text: impl AsRef<str>) {
        self.found.push(Observation::fit("list", self.shown(text.as_ref())));
    }

    fn hint(&mut self, text: impl AsRef<str>) {
        self.found.push(Observation::hint("list", self.shown(text.as_ref())));
    }

    fn untried(&mut self, text: impl AsRef<str>) {
        self.found.push(Observation::untried("list", self.shown(text.as_ref())));
    }

    fn mend(&mut self, text: impl AsRef<str>, fix: impl AsRef<str>) {
        let (text, fix) = (self.shown(text.as_ref()), self.shown(fix.as_ref()));
        self.found.push(Observation::mend("list", text, fix));
    }
}

/// Which pointers fit all, some or none of the items.
fn pointers(told: &mut Told<'_>, listing: &Listing<'_>, items: &[Shown], raw: &[Value]) {
    let list = listing.list;
    let count = |fits: fn(&Shown) -> bool| items.iter().filter(|item| fits(item)).count();
    let pointers = [
        ("id", &list.id, count(|item| item.id.is_some())),
        ("text", &list.text, count(|item| item.text.is_some())),
        ("target", &list.target, count(|item| item.target.is_some())),
        ("author", &list.author, count(|item| item.author.is_some())),
        ("created_at", &list.created_at, count(|item| item.created_at.is_some())),
        ("url", &list.url, count(|item| item.url.is_some())),
    ];
    let mut fitting = Vec::new();
    let outline = raw.first().map(|first| told.asking.leaves(first)).unwrap_or_default();
    let there = format!("an item has {outline}");
    for (name, pointer, fits) in pointers {
        let Some(pointer) = pointer else { continue };
        let all = items.len();
        if fits == all {
            fitting.push(format!("`{name}`"));
            continue;
        }
        let stands = raw.iter().filter_map(|item| select(item, pointer)).find(|value| is_no(name, value));
        let why = stands.map(|value| why(told.asking.border(), name, value)).unwrap_or_default();
        let is_there = why.is_empty() && raw.iter().any(|item| select(item, pointer).is_some());
        if fits > 0 {
            told.hint(format!("`{name} = \"{pointer}\"` fits {fits} of {all} items{why}"));
            continue;
        }
        let text = format!("`{name} = \"{pointer}\"` fits no item{why}");
        match name {
            // A timeline shows what was done to nothing as well, and no look needs a URL.
            "target" => told.hint(format!("{text}; none of them may be of this kind; {there}")),
            "url" => told.hint(format!("{text}; {there}")),
            "author" if is_there => told.mend(text, AUTHOR),
            _ => told.mend(text, told.asking.mending(other_member(name, !why.is_empty()), &there)),
        }
    }
    if !fitting.is_empty() {
        told.fit(format!("{} fit every item", fitting.join(", ")));
    }
    let times: Vec<DateTime<Utc>> = items.iter().filter_map(|item| item.created_at).collect();
    if let (Some(first), Some(last)) = (times.first(), times.last()) {
        told.fit(format!(
            "times are read: the first is {}, the last {}",
            find::short(*first),
            find::short(*last)
        ));
        if !is_newest_first(&times) && first != last {
            told.hint("the times do not stand newest first: the list shows no reach");
        }
    }
    if list.created_at.is_none() && listing.has_times {
        told.hint("no `created_at`: how far back it goes is not known, and our own text is in doubt");
    }
}

/// What to do where an author stands and `author_pattern` does not fit it.
const AUTHOR: &str =
    "mend `author_pattern`: one group holds the name, such as `/@([A-Za-z0-9._]+)/post/` in an address";

/// What to do about a pointer that fits no item; `is_there` where something else stands at it.
fn other_member(name: &str, is_there: bool) -> &'static str {
    match name {
        "id" if is_there => "name in `id` a member that holds it as text",
        "created_at" => {
            "name in `created_at` a member with a time and a zone; where there is none, take it out and name what says that the \
             list is whole (`complete`, `total`, `next`)"
        }
        "author" => "name in `author` a member that tells it; where there is none, take it out",
        _ => "name a member that holds it",
    }
}

/// Whether what stands at a pointer is not read as what it should be.
fn is_no(name: &str, value: &Value) -> bool {
    match name {
        "id" => crate::extract::exact_id(value).is_none(),
        "created_at" => crate::extract::time(value).is_none(),
        _ => !value.is_string() && !value.is_number(),
    }
}

fn why(border: Border<'_>, name: &str, value: &Value) -> String {
    let value = short(border, value);
    match name {
        "id" => format!(": {value} is no id; ids are words, or integers that JSON carries exactly"),
        "created_at" => {
            format!(
                ": {value} is no time; read are RFC 3339 and its like with a zone, and seconds or milliseconds since 1970"
            )
        }
        _ => format!(": there stands {value}"),
    }
}

/// Whose the items are.
fn authors(told: &mut Told<'_>, list: &ListTool, items: &[Shown]) {
    if list.own {
        told.fit("`own`: every item is taken for the account's, by the profile's word");
    }
    if list.author.is_none() {
        if !list.own {
            told.hint(
                "neither `own` nor `author`: what was posted is found only where an answer named it; else a person is asked",
            );
        }
        return;
    }
    let names: Vec<&str> = told.asking.binding.names(told.asking.account).collect();
    let platform = told.asking.binding.profile.platform();
    let (mut ours, mut others, mut unclear) = (0_usize, 0_usize, None);
    for item in items.iter().filter(|item| item.author.is_some()) {
        match authorship(names.iter().copied(), item.author.as_deref(), platform) {
            Authorship::Ours => ours = ours.saturating_add(1),
            Authorship::Others => others = others.saturating_add(1),
            Authorship::Unclear => unclear = item.author.as_deref(),
        }
    }
    let account = told.asking.account;
    match unclear {
        _ if list.own && others > 0 => told.mend(
            format!(
                "`own` says that the list holds nothing but the account's, and of other authors it holds {}",
                counted(others, "item")
            ),
            "take `own` out, or name a tool that lists the account's own alone",
        ),
        Some(shown) if !list.own => told.hint(format!(
            "the author `{shown}` and the account `{account}` cannot be compared: give the binding of `{account}` the name that \
             the list shows (`Binding::account` with `named_by_server`, `--account` with `--named-by-server`), or an `author_pattern` that takes the name from it"
        )),
        _ if ours == 0 && others > 0 && !list.own => told.hint(format!(
            "all {others} authors are other accounts than `{account}`: it may be another account's list"
        )),
        _ if ours > 0 || others > 0 => told.fit(format!("authors: {ours} are `{account}`, {others} are others")),
        _ => {}
    }
}

/// Words of the server around the texts that the profile does not name.
fn texts(told: &mut Told<'_>, items: &[Shown]) {
    let border = told.asking.border();
    let texts: Vec<String> =
        items.iter().filter_map(|item| Some(border.shown(item.text.as_deref()?, REASON))).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let marked = texts.iter().filter(|text| without_marks(text) != **text).count();
    if marked > 0 {
        told.hint(format!(
            "{marked} of {} texts stand between lines in brackets: where those are the server's, name them in `wraps`",
            texts.len()
        ));
    } else if let Some((begin, end)) = around(&texts) {
        told.hint(format!(
            "all texts begin with `{begin}` and end with `{end}`: where those are the server's words, name them in `wraps`"
        ));
    }
}

/// What several different texts begin and end with; `None` where they share too little to be a wrapper.
fn around(texts: &[&str]) -> Option<(String, String)> {
    /// As many equal characters at an end may be chance, or the account's own habit.
    const SHORTEST: usize = 10;
    let (first, rest) = texts.split_first()?;
    if rest.iter().all(|text| text == first) {
        return None;
    }
    let mut begin: Vec<char> = first.chars().collect();
    let mut end: Vec<char> = first.chars().rev().collect();
    for text in rest {
        let shared = begin.iter().zip(text.chars()).take_while(|(one, other)| *one == other).count();
        begin.truncate(shared);
        let shared = end.iter().zip(text.chars().rev()).take_while(|(one, other)| *one == other).count();
        end.truncate(shared);
    }
    // An account's own habit begins and ends in words; a server's mark has signs.
    let sign =
        |letter: &char| !letter.is_alphanumeric() && !letter.is_whitespace() && !",.!?'\"".contains(*letter);
    let is_mark = |shared: &[char]| shared.len() >= SHORTEST && shared.iter().any(sign);
    let wraps = is_mark(&begin) && is_mark(&end);
    wraps.then(|| (begin.into_iter().collect(), end.into_iter().rev().collect()))
}

/// Items that are marked, so that a look leaves them in doubt.
fn marks(told: &mut Told<'_>, list: &ListTool, items: &[Shown]) {
    for mark in [find::Mark::NotPublic, find::Mark::Changed] {
        let marked = items.iter().filter(|item| item.mark == Some(mark)).count();
        if marked > 0 {
            told.hint(format!(
                "{marked} of {} items: {}; a look leaves them in doubt",
                items.len(),
                mark.why()
            ));
        }
    }
    let edited = items.iter().filter(|item| item.edited).count();
    if edited > 0 {
        told.hint(format!("{edited} of {} items are marked as edited", items.len()));
    } else if let Some(pointer) = &list.edited {
        told.fit(format!("`edited = \"{pointer}\"` marks no item"));
    }
}

/// What the list could prove, by this answer.
fn absence(told: &mut Told<'_>, listing: &Listing<'_>, answer: &Answer, items: &[Shown]) -> Absence {
    let list = listing.list;
    let complete = find::complete(list, answer, items);
    let goes_on = completeness(told, list, answer, complete, items.is_empty());
    let never = |add: &str| Absence::Never { add: add.to_owned() };
    if list.leaves_out_held {
        return never("`leaves_out_held` says that the list does not show what waits for approval");
    }
    if complete || goes_on {
        return Absence::Complete;
    }
    if !listing.has_times {
        return never(
            "times tell nothing about it: the list has to say that it is whole (`complete`, `total`, `next`), or a tool of \
             `state` has to tell",
        );
    }
    if list.created_at.is_none() {
        return never(
            "name `created_at` in `list`, or what says that it is whole: `complete`, `total`, `next`",
        );
    }
    let times: Vec<DateTime<Utc>> = items.iter().filter_map(|item| item.created_at).collect();
    if times.len() < items.len() {
        return never(
            "items without a time show no reach: mend `created_at`, or name `complete`, `total` or `next`",
        );
    }
    let same = times.windows(2).all(|pair| matches!(pair, [one, other] if one == other));
    if is_newest_first(&times) {
        Absence::Reach { shown: true }
    } else if same {
        Absence::Reach { shown: false }
    } else {
        never("the list has to stand newest first, or to say that it is whole: `complete`, `total`, `next`")
    }
}

/// What the list says of its completeness; whether pages can be followed to their end.
fn completeness(
    told: &mut Told<'_>,
    list: &ListTool,
    answer: &Answer,
    complete: bool,
    is_empty: bool,
) -> bool {
    let border = told.asking.border();
    let unfit = |told: &mut Told<'_>, name: &str, pointer: &str| {
        let has = format!("the answer has {}", told.asking.leaves(&answer.value));
        let fix = told.asking.mending("name what says so in this answer, or take the key out", &has);
        told.mend(format!("`{name} = \"{pointer}\"` fits nothing"), fix);
    };
    if let Some(condition) = &list.complete {
        let pointer = &condition.pointer;
        match answer.at(pointer).map(|value| short(border, value)) {
            None => unfit(told, "complete", pointer),
            Some(value) if find::says_complete(condition, answer) => {
                told.fit(format!("`complete`: at `{pointer}` stands {value}"));
            }
            Some(value) => told.hint(format!("`complete`: at `{pointer}` stands {value}: not complete")),
        }
    }
    if let Some(pointer) = &list.total {
        match answer.at(pointer) {
            None => unfit(told, "total", pointer),
            Some(value) => {
                told.fit(format!("`total = \"{pointer}\"` says {}", short(border, value)));
            }
        }
    }
    let Some(next) = &list.next else { return false };
    let pointer = &next.pointer;
    match answer.at(pointer) {
        Some(cursor) if find::is_cursor(cursor) => {
            if next.argument.is_some() {
                told.fit(format!("`next = \"{pointer}\"` leads to a further page; looks follow 20 of them"));
                return true;
            }
            told.hint(format!(
                "`next = \"{pointer}\"` leads to a further page; without `next_argument` it is not followed"
            ));
        }
        _ if complete => told.hint(format!(
            "at `next = \"{pointer}\"` stands no cursor, which is taken for the last page: make sure of it with an account \
             whose list has several pages"
        )),
        // Servers give an empty page without it, whatever else they do.
        _ if is_empty => told.untried(format!("`next = \"{pointer}\"` could not be tried on a page without items")),
        _ => unfit(told, "next", pointer),
    }
    false
}
