//! The arguments of an acting call, and what has no way to the platform: then nothing is sent.

use chimera_contracts::ErrorCode;
use chimera_effect::{EffectKind, Refusal, Unfit};
use serde_json::{Map, Value};

use super::act::Act;
use super::binding::Binding;
use super::fit;
use super::media::Handed;
use super::port::refusal;
use crate::extract::is_id;
use crate::media::MediaUrl;
use crate::profile::{ActTool, Input, Invocation, Naming};

/// Whether an act can be said to its tools at all.
///
/// # Errors
/// With what has no way to the platform.
pub(super) fn check(
    binding: &Binding,
    tool: &ActTool,
    act: &Act<'_>,
    handed: &Handed,
) -> Result<(), Refusal> {
    if let Some(fault) = fit::faults(tool, act.effect.content(), handed.kind).into_iter().next() {
        return Err(unfit(&fault));
    }
    check_media(tool.taking(handed.kind), act)?;
    check_target(binding, tool, act)
}

/// A content that the tools cannot carry, as it is told where it should have acted.
pub(super) fn unfit(fault: &Unfit) -> Refusal {
    refusal(fault.code, format!("{}; nothing was sent", fault.message))
}

/// What the tool of an act is called with.
pub(super) fn of(
    binding: &Binding,
    tool: &ActTool,
    act: &Act<'_>,
    handed: &Handed,
    prepared: Option<&str>,
) -> Map<String, Value> {
    let invocation = tool.calls.with(handed.kind);
    let mut arguments = filled(binding, invocation, act, handed, prepared);
    if let Some(name) = &tool.key_argument {
        arguments.insert(name.clone(), act.call_key.as_str().into());
    }
    arguments
}

/// The arguments of one call.
pub(super) fn filled(
    binding: &Binding,
    invocation: &Invocation,
    act: &Act<'_>,
    handed: &Handed,
    prepared: Option<&str>,
) -> Map<String, Value> {
    let content = act.effect.content();
    invocation.arguments(|part| {
        binding.part(part, &content.account, |wanted| match wanted {
            Input::Prepared => prepared.map(Value::from),
            wanted => input(wanted, act, handed),
        })
    })
}

fn check_media(taking: &Invocation, act: &Act<'_>) -> Result<(), Refusal> {
    let content = act.effect.content();
    let platform = content.platform;
    if taking.takes_media_ids() && act.uploads.len() != content.media.len() {
        let message = format!("not every medium is known to `{platform}` yet; nothing was sent");
        return Err(refusal(ErrorCode::MediaUploadFailed, message));
    }
    // The platform reads it with a parser of its own: only the parsed form is sent.
    if let Some(error) = content.media.iter().find_map(|media| MediaUrl::parse(&media.url).err()) {
        return Err(refusal(ErrorCode::ValidationError, format!("{error}; nothing was sent")));
    }
    Ok(())
}

/// An engagement has a target, and what it is to be called can be an id: found out after the call it would be too late.
fn check_target(binding: &Binding, tool: &ActTool, act: &Act<'_>) -> Result<(), Refusal> {
    let Some(wanted) = tool.target else { return Ok(()) };
    let target = act.effect.content().target.as_deref().filter(|target| is_id(target));
    // Servers put targets into paths: what has not the shape of one goes nowhere.
    if let Some(target) = target
        && let Err(fault) = binding.profile.check_target(act.effect.content().kind, target)
    {
        return Err(refusal(ErrorCode::InvalidTarget, format!("{fault}; nothing was sent")));
    }
    let named = match &tool.naming {
        Naming::Ours(template) => is_id(&act.parts().id(template)),
        Naming::Theirs { .. } => true,
    };
    if target.is_some() && named {
        return Ok(());
    }
    let message =
        format!("the id of a {} on `{}` is needed; nothing was sent", wanted.as_str(), binding.platform());
    Err(refusal(ErrorCode::InvalidTarget, message))
}

/// A text in which LinkedIn reads no signs of its own (*Little Text Format*, reserved characters): an unescaped `(` cuts a post
/// silently. A hashtag stays one.
fn little_text(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let tag = character == '#' && characters.peek().is_some_and(|next| next.is_alphanumeric());
        if !tag && r"\|{}@[]()<>#*_~".contains(character) {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

fn input(input: Input, act: &Act<'_>, handed: &Handed) -> Option<Value> {
    let content = act.effect.content();
    let several = |values: Vec<&str>| (!values.is_empty()).then(|| values.into());
    match input {
        // A post may be a picture alone; a share without words has no text.
        Input::Text => {
            let there = content.kind == EffectKind::Publish || !content.text.is_empty();
            there.then(|| content.text.as_str().into())
        }
        Input::Target => content.target.as_deref().map(Value::from),
        Input::MediaIds => several(act.uploads.iter().map(|upload| upload.media_id.as_str()).collect()),
        Input::MediaUrls => {
            let urls: Vec<_> =
                content.media.iter().filter_map(|media| MediaUrl::parse(&media.url).ok()).collect();
            several(urls.iter().map(MediaUrl::as_str).collect())
        }
        Input::MediaPaths => several(handed.paths.iter().map(String::as_str).collect()),
        Input::MediaId => act.uploads.first().map(|upload| upload.media_id.as_str().into()),
        Input::MediaUrl => {
            content.media.first().and_then(|media| Some(MediaUrl::parse(&media.url).ok()?.as_str().into()))
        }
        Input::MediaPath => handed.paths.first().map(|path| path.as_str().into()),
        Input::Data => handed.data.as_deref().map(Value::from),
        Input::FileName => handed.file_name.as_deref().map(Value::from),
        Input::Sha256 => handed.sha256.map(|sha256| sha256.to_string().into()),
        Input::LittleText => {
            let there = content.kind == EffectKind::Publish || !content.text.is_empty();
            there.then(|| little_text(&content.text).into())
        }
        Input::FirstLine => content.text.lines().next().map(Value::from),
        Input::Account | Input::Id | Input::Prepared => None,
    }
}
