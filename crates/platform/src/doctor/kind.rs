//! One kind of effect: does the server offer what the profile calls, do the answers of what reads fit.

use std::collections::{BTreeMap, BTreeSet};

use chimera_contracts::PlatformName;
use chimera_effect::{EffectKind, Keys};
use chimera_text::Folded;

use super::ask::{About, Asking, REASON};
use super::list::{self, Listing, Read};
use super::outline::short;
use super::{Absence, KindDiagnosis, Observation};
use crate::check;
use crate::find::{self, Shown};
use crate::profile::{
    ActTool, GetTool, Input, Invocation, ListTool, Naming, PlatformProfile, StateTool, TargetTool,
};
use crate::targets::TargetKind;

/// Examines one kind. The first post that `publish` lists becomes the target of what has none.
pub(super) async fn examine(
    asking: &Asking<'_>,
    kind: EffectKind,
    targets: &mut BTreeMap<TargetKind, String>,
) -> KindDiagnosis {
    let profile = &asking.binding.profile;
    let Some(act) = profile.acts.get(&kind) else { return KindDiagnosis::unread(kind) };
    let mut found = tools(asking, kind);
    let served = found.is_empty();
    if served {
        found.push(Observation::fit("tools", "all that is called is offered, with these arguments"));
    }
    found.extend(untried(profile, act, kind));
    found.extend(handed_over(profile, act, kind));
    found.extend(words_of_the_operator(act));
    found.extend(left_out(profile, act, kind));
    let absence = look(asking, kind, act, targets, &mut found).await;
    if let Some(tool) = act.target.and_then(|target| profile.look_ups.get(&target)) {
        found.push(look_up(asking, tool, act, targets).await);
    }
    KindDiagnosis { kind, served, observations: found, absence, samples: Vec::new() }
}

/// What does not fit of what is called, each fault once, whatever the profile names the tool for.
fn tools(asking: &Asking<'_>, kind: EffectKind) -> Vec<Observation> {
    let mut told: Vec<Observation> = Vec::new();
    for fault in check::misfits(&asking.binding.profile, kind, asking.tools) {
        let fault = Observation::mend("tools", fault.to_string(), fault.fix(asking.tools));
        if !told.contains(&fault) {
            told.push(fault);
        }
    }
    told
}

/// What stands in answers of tools that act, none of which is called: each key that is read in them.
fn untried(profile: &PlatformProfile, act: &ActTool, kind: EffectKind) -> Vec<Observation> {
    let shown = |keys: &[&str], calls: &mut dyn Iterator<Item = &Invocation>| {
        let tools: BTreeSet<&str> = calls.map(|call| call.tool.as_str()).collect();
        let tools = tools.into_iter().collect::<Vec<_>>().join("`, `");
        format!("`{}` in the answer of `{tools}`, which acts and is not called", keys.join("`, `"))
    };
    let (has_id, has_pattern) = match &act.naming {
        Naming::Theirs { id, pattern } => (!id.is_empty(), pattern.is_some()),
        Naming::Ours(_) => (false, false),
    };
    let keys = [
        ("id", has_id),
        ("id_pattern", has_pattern),
        ("confirm", act.confirm.is_some()),
        ("not_published", !act.not_published.is_empty()),
        ("url", act.url.is_some()),
        ("published_at", act.published_at.is_some()),
    ];
    let keys: Vec<&str> = keys.iter().filter(|(_, is_there)| *is_there).map(|(key, _)| *key).collect();
    let first = keys.first().copied().unwrap_or("id");
    let mut found = vec![Observation::untried(
        first,
        shown(&keys, &mut act.calls.all()) + ": try it once in a test account",
    )];
    if let Some(prepare) = &act.prepare {
        found.push(Observation::untried("prepare", shown(&["id"], &mut prepare.calls.all())));
    }
    let uploads = kind == EffectKind::Publish && act.takes_media_ids();
    if let Some(upload) = profile.upload.as_ref().filter(|_| uploads) {
        found.push(Observation::untried("upload", shown(&["id"], &mut std::iter::once(&upload.invocation))));
    }
    found
}

/// What a call takes that the host has to make possible, or in another form than the platform shows.
fn handed_over(profile: &PlatformProfile, act: &ActTool, kind: EffectKind) -> Vec<Observation> {
    let mut found = Vec::new();
    let upload = profile.upload.as_ref().filter(|_| kind == EffectKind::Publish && act.takes_media_ids());
    let mut calls = act.every_call().chain(upload.map(|upload| &upload.invocation));
    let takes_files = |call: &&Invocation| call.takes(Input::MediaPath) || call.takes(Input::MediaPaths);
    if let Some(call) = calls.find(takes_files) {
        found.push(Observation::hint(
            "media",
            format!(
                "`{}` takes media as files: a host has to give the platform a place for them \
                 (`ToolPlatform::with_media_files`), else a post with media is refused",
                call.tool
            ),
        ));
    }
    // LinkedIn reads signs of its own in the text of a post, not in that of a comment.
    let is_post = matches!(kind, EffectKind::Publish | EffectKind::Share);
    if profile.platform() == PlatformName::LinkedIn
        && is_post
        && let Some(call) = act.every_call().find(|call| call.takes(Input::Text))
    {
        found.push(Observation::hint(
            "text",
            format!(
                "`{}` takes `{{text}}`: LinkedIn reads signs of its own in a post (brackets, `@`, `_` and others), and shows \
                 another text than was approved; `{{little_text}}` escapes them, unless the tool does",
                call.tool
            ),
        ));
    }
    found
}

/// What the profile leaves out, and what that costs.
fn left_out(profile: &PlatformProfile, act: &ActTool, kind: EffectKind) -> Vec<Observation> {
    let mut found = Vec::new();
    if kind == EffectKind::Publish && act.url.is_none() && act.url_template.is_none() {
        found.push(Observation::hint(
            "url",
            "neither `url` nor `url_template`: a publication is told with the id of the post and without a link to it \
             (`external_url`), unless a look finds one",
        ));
    }
    if let Some(target) = act.target.filter(|target| !profile.look_ups.contains_key(target)) {
        let target = target.as_str();
        found.push(Observation::hint(
            "look_up",
            format!(
                "no `look_up.{target}`: whether the {target} is there is not asked before an engagement is sent, and \
                 reviewer, composer and classifier see nothing of it"
            ),
        ));
    }
    found
}

/// What nothing can check, and what the safe defaults cost.
fn words_of_the_operator(act: &ActTool) -> Vec<Observation> {
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
        found.push(Observation::hint("delete", "not described: how it is taken back is not known"));
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
            let has = format!("the answer has {}", asking.leaves(&answer.value));
            let fix = asking.mending("name in `id` what holds the id that was asked for", &has);
            return Observation::mend("get", shown(text), shown(fix));
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
        let (unfit, has) = (unfit.join(", "), format!("the answer has {}", asking.leaves(&answer.value)));
        return Observation::mend(
            "get",
            shown(format!("in `{name}` nothing fits {unfit}")),
            shown(asking.mending("name what holds it, or take the key out", &has)),
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
            shown(format!("`{tool}` puts words around the text: {whole}")),
            "name them in `wraps`: `wraps = [{ begin = \"…\", end = \"…\" }]`",
        )
    } else {
        let text = format!("`{tool}` shows another text than the list: {whole}; the list shows: {listed}");
        let fix = "name in `text`, here and in `list`, the member that holds the words as they were posted";
        Observation::mend("get", shown(text), fix)
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
        None => format!("`confirm = \"{pointer}\"` fits nothing"),
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
    let has = format!("the answer has {}", asking.leaves(&answer.value));
    let fix = asking.mending("name in `confirm` what tells whether it is set", &has);
    let shown = |text: &str| asking.border().shown(text, REASON.saturating_mul(2));
    Observation::mend("state", shown(&text), shown(&fix))
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
    let has = || format!("the answer has {}", asking.leaves(&answer.value));
    let (text, fix) = if answer.says(&tool.confirm) {
        let texts = [("text", &tool.text), ("author", &tool.author)];
        let mut unfit = texts
            .into_iter()
            .filter_map(|(name, pointer)| Some((name, pointer.as_ref()?)))
            .filter(|(_, pointer)| answer.at(pointer).is_none())
            .map(|(name, pointer)| format!("`{name} = \"{pointer}\"` fits nothing"));
        match unfit.next() {
            None => return Observation::fit("look_up", format!("`{target}` is there")),
            Some(unfit) => {
                let fix = asking.mending("name what holds it, or take the key out", &has());
                (format!("`{target}` is there, and {unfit}"), fix)
            }
        }
    } else if tool.missing.iter().any(|missing| answer.says(missing)) {
        return Observation::hint("look_up", format!("it tells that `{target}` is not there"));
    } else {
        let fix = "name in `confirm` what an answer has about something that is there, in `missing` what it has otherwise";
        let fix = asking.mending(fix, &has());
        (format!("`confirm = \"{pointer}\"` does not hold for `{target}`"), fix)
    };
    let shown = |text: &str| asking.border().shown(text, REASON.saturating_mul(2));
    Observation::mend("look_up", shown(&text), shown(&fix))
}
