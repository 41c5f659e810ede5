//! One kind of effect: does the server offer what the profile calls, do the answers of what reads fit.

use std::collections::{BTreeMap, BTreeSet};

use chimera_effect::{EffectKind, Keys};
use chimera_text::Folded;

use super::ask::{About, Asking, REASON};
use super::list::{self, Listing, Read};
use super::outline::{leaves, short};
use super::{Absence, KindDiagnosis, Observation};
use crate::check;
use crate::find::{self, Shown};
use crate::profile::{ActTool, GetTool, ListTool, StateTool, TargetTool};
use crate::targets::TargetKind;

/// Examines one kind. The first post that `publish` lists becomes the target of what has none.
pub(super) async fn examine(
    asking: &Asking<'_>,
    kind: EffectKind,
    targets: &mut BTreeMap<TargetKind, String>,
) -> KindDiagnosis {
    let profile = &asking.binding.profile;
    let Some(act) = profile.acts.get(&kind) else { return KindDiagnosis::unread(kind) };
    let faults = check::faults(profile, kind, asking.tools);
    let served = faults.is_empty();
    let mut found: Vec<Observation> =
        faults.into_iter().map(|fault| Observation::mend("tools", fault)).collect();
    if served {
        found.push(Observation::fit("tools", "all that is called is offered, with these arguments"));
    }
    found.push(Observation::hint("id", untried(act)));
    found.extend(words_of_the_operator(act, kind));
    let absence = look(asking, kind, act, targets, &mut found).await;
    if let Some(tool) = act.target.and_then(|target| profile.look_ups.get(&target)) {
        found.push(look_up(asking, tool, act, targets).await);
    }
    KindDiagnosis { kind, served, observations: found, absence, samples: Vec::new() }
}

/// What stands in answers of tools that act, none of which is called.
fn untried(act: &ActTool) -> String {
    let tools: BTreeSet<&str> = act.calls.all().map(|call| call.tool.as_str()).collect();
    let tools = tools.into_iter().collect::<Vec<_>>().join("`, `");
    format!(
        "where `{tools}` answers the id and how it confirms is not tried, since it acts: try one in a test account"
    )
}

/// What nothing can check, and what the safe defaults cost.
fn words_of_the_operator(act: &ActTool, kind: EffectKind) -> Vec<Observation> {
    let mut found = Vec::new();
    if let Keys::Enforced { .. } = act.keys {
        found.push(Observation::hint(
            "idempotency",
            "the profile says that the tool enforces keys, and a lost call is sent again because of it; nothing can check that",
        ));
    }
    if act.sets_state {
        found.push(Observation::hint(
            "sets_state",
            "the profile says that the tool sets a state, and a lost call is sent again because of it; never true of a toggle",
        ));
    }
    if act.reads_back {
        found.push(Observation::hint(
            "reads_back",
            "not said to be false: a refusal may be that of a question after the write, and is told once two looks found nothing",
        ));
    }
    if act.delete.is_none() {
        let what = if kind == EffectKind::Publish { "post" } else { kind.as_str() };
        let text = format!("not described: how a {what} is taken back is not known");
        found.push(Observation::hint("delete", text));
    }
    found
}

/// What a look would do, as far as it is done without an attempt.
async fn look(
    asking: &Asking<'_>,
    kind: EffectKind,
    act: &ActTool,
    targets: &mut BTreeMap<TargetKind, String>,
    found: &mut Vec<Observation>,
) -> Absence {
    if let Some(tool) = &act.state {
        found.push(state(asking, tool, act, targets).await);
    }
    let read = match &act.list {
        Some(tool) => Some(read_list(asking, kind, act, tool, targets).await),
        None => None,
    };
    let items = read.as_ref().map(|read| read.items.as_slice()).unwrap_or_default();
    // Of a list that shows other things as well, only what has a target is of this kind.
    let by_item = act.list.as_ref().is_some_and(|list| list.target.is_some());
    let is_of_kind = |item: &&Shown| item.id.is_some() && (!by_item || item.target.is_some());
    let first = items.iter().find(is_of_kind).cloned();
    let absence = match read {
        Some(read) => {
            found.extend(read.observations);
            read.absence
        }
        None if act.sets_state => Absence::SentAgain,
        None => Absence::Never { add: "there is no `list` that could show that it is absent".to_owned() },
    };
    if kind == EffectKind::Publish
        && let Some(id) = first.as_ref().and_then(|item| item.id.clone())
    {
        targets.entry(TargetKind::Post).or_insert(id);
    }
    if let Some(tool) = &act.get {
        found.push(get(asking, tool, act, first.as_ref(), targets).await);
    }
    if act.state.is_some() { Absence::State } else { absence }
}

async fn read_list(
    asking: &Asking<'_>,
    kind: EffectKind,
    act: &ActTool,
    tool: &ListTool,
    targets: &BTreeMap<TargetKind, String>,
) -> Read {
    let unread = |why| Read { observations: vec![why], absence: Absence::Unread, items: Vec::new() };
    let target = match Asking::target("list", &tool.invocation, act.target, targets) {
        Ok(target) => target,
        Err(why) => return unread(why),
    };
    match asking.ask("list", &tool.invocation, About { target, id: None }).await {
        Ok(answer) => {
            let states = matches!(kind, EffectKind::Like | EffectKind::Follow);
            let has_times = !states && (kind != EffectKind::Share || act.takes_text());
            list::read(asking, &Listing { list: tool, target, has_times }, &answer)
        }
        Err(why) => unread(why),
    }
}

/// The first listed one, shown by itself.
async fn get(
    asking: &Asking<'_>,
    tool: &GetTool,
    act: &ActTool,
    first: Option<&Shown>,
    targets: &BTreeMap<TargetKind, String>,
) -> Observation {
    let id = first.and_then(|item| item.id.as_deref());
    let target = match Asking::target("get", &tool.invocation, act.target, targets) {
        Ok(target) => target,
        Err(why) => return why,
    };
    let answer = match asking.ask("get", &tool.invocation, About { target, id }).await {
        Ok(answer) => answer,
        Err(why) => return why,
    };
    let name = &tool.invocation.tool;
    let shown = |text: String| asking.border().shown(&text, REASON.saturating_mul(2));
    let whole = match find::one(tool, id.unwrap_or_default(), &answer) {
        Ok(whole) => whole,
        Err(_) => {
            let at = tool.id.as_deref().unwrap_or_default();
            let stands = answer.at(at).map(|value| short(asking.border(), value)).unwrap_or_default();
            let asked = id.unwrap_or_default();
            let text = format!("asked for `{asked}`, `{name}` shows {stands} at `id = \"{at}\"`");
            return Observation::mend("get", shown(text));
        }
    };
    let read = [
        ("id", &tool.id, tool.id.as_ref().is_some_and(|pointer| answer.at(pointer).is_some())),
        ("text", &tool.text, whole.text.is_some()),
        ("author", &tool.author, whole.author.is_some()),
        ("target", &tool.target, whole.target.is_some()),
        ("url", &tool.url, whole.url.is_some()),
        ("created_at", &tool.created_at, whole.created_at.is_some()),
    ];
    let unfit: Vec<String> = read
        .iter()
        .filter(|(_, _, fits)| !fits)
        .filter_map(|(name, pointer, _)| Some(format!("`{name} = \"{}\"`", pointer.as_ref()?)))
        .collect();
    if !unfit.is_empty() {
        let (unfit, has) = (unfit.join(", "), leaves(asking.border(), &answer.value));
        return Observation::mend(
            "get",
            shown(format!("in `{name}` nothing fits {unfit}; the answer has {has}")),
        );
    }
    texts(name, first.and_then(|item| item.text.as_deref()), whole.text.as_deref(), shown)
}

/// Whether one post shows the text that the list shows.
fn texts(
    tool: &str,
    listed: Option<&str>,
    whole: Option<&str>,
    shown: impl Fn(String) -> String,
) -> Observation {
    let (Some(listed), Some(whole)) = (listed, whole) else {
        return Observation::fit(
            "get",
            format!("`{tool}` shows the post; there are no two texts to compare"),
        );
    };
    let (one, other) = (Folded::new(listed), Folded::new(whole));
    if one.is_same(&other) {
        Observation::fit("get", format!("`{tool}` shows the first listed post with the same text"))
    } else if find::goes_on(Some(listed), Some(whole)) {
        Observation::fit(
            "get",
            format!("`{tool}` shows the first listed post, and more of its text than the list"),
        )
    } else if !one.is_empty() && other.as_str().contains(one.as_str()) {
        Observation::mend(
            "get",
            shown(format!("`{tool}` puts words around the text: name them in `wraps`: {whole}")),
        )
    } else {
        let text = format!("`{tool}` shows another text than the list: {whole}; the list shows: {listed}");
        Observation::mend("get", shown(text))
    }
}

async fn state(
    asking: &Asking<'_>,
    tool: &StateTool,
    act: &ActTool,
    targets: &BTreeMap<TargetKind, String>,
) -> Observation {
    let target = match Asking::target("state", &tool.invocation, act.target, targets) {
        Ok(target) => target,
        Err(why) => return why,
    };
    let answer = match asking.ask("state", &tool.invocation, About { target, id: None }).await {
        Ok(answer) => answer,
        Err(why) => return why,
    };
    let pointer = &tool.confirm.pointer;
    let text = match answer.at(pointer) {
        None => format!(
            "`confirm = \"{pointer}\"` fits nothing; the answer has {}",
            leaves(asking.border(), &answer.value)
        ),
        Some(found) => match tool.confirm.tells(found) {
            Some(true) => return Observation::fit("state", "it tells that it is set"),
            Some(false) => return Observation::fit("state", "it tells that it is not set"),
            None => {
                format!(
                    "at `confirm = \"{pointer}\"` stands {}, which is neither yes nor no",
                    short(asking.border(), found)
                )
            }
        },
    };
    Observation::mend("state", asking.border().shown(&text, REASON))
}

async fn look_up(
    asking: &Asking<'_>,
    tool: &TargetTool,
    act: &ActTool,
    targets: &BTreeMap<TargetKind, String>,
) -> Observation {
    let target = match Asking::target("look_up", &tool.invocation, act.target, targets) {
        Ok(target) => target,
        Err(why) => return why,
    };
    let answer = match asking.ask("look_up", &tool.invocation, About { target, id: None }).await {
        Ok(answer) => answer,
        Err(why) => return why,
    };
    let target = target.unwrap_or_default();
    let pointer = &tool.confirm.pointer;
    let text = if answer.says(&tool.confirm) {
        let texts = [("text", &tool.text), ("author", &tool.author)];
        let mut unfit = texts
            .into_iter()
            .filter_map(|(name, pointer)| Some((name, pointer.as_ref()?)))
            .filter(|(_, pointer)| answer.at(pointer).is_none())
            .map(|(name, pointer)| format!("`{name} = \"{pointer}\"` fits nothing"));
        match unfit.next() {
            None => return Observation::fit("look_up", format!("`{target}` is there")),
            Some(unfit) => {
                format!(
                    "`{target}` is there, and {unfit}; the answer has {}",
                    leaves(asking.border(), &answer.value)
                )
            }
        }
    } else if tool.missing.iter().any(|missing| answer.says(missing)) {
        return Observation::hint("look_up", format!("it tells that `{target}` is not there"));
    } else {
        let has = leaves(asking.border(), &answer.value);
        format!("`confirm = \"{pointer}\"` does not hold for `{target}`; the answer has {has}")
    };
    Observation::mend("look_up", asking.border().shown(&text, REASON.saturating_mul(2)))
}
