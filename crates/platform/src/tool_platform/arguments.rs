//! The arguments of an acting call, and what has no way to the platform: then nothing is sent, since a post without its
//! media or a share without its words is another one (PUB-22).

use chimera_contracts::ErrorCode;
use chimera_effect::{EffectKind, EffectV1, Refusal, Uploaded};
use serde_json::{Map, Value};

use super::act::Act;
use super::port::refusal;
use crate::extract::is_id;
use crate::profile::{ActTool, Input, Invocation, Naming, PlatformProfile};

/// What the tool of an act is called with.
pub(super) fn of(
    profile: &PlatformProfile,
    tool: &ActTool,
    act: &Act<'_>,
) -> Result<Map<String, Value>, Refusal> {
    let content = act.effect.content();
    check_media(&tool.invocation, content, act.uploads)?;
    check_words(&tool.invocation, content)?;
    check_target(profile, tool, act)?;
    let mut arguments = tool.invocation.arguments(|wanted| input(wanted, content, act.uploads));
    if let Some(name) = &tool.key_argument {
        arguments.insert(name.clone(), act.call_key.as_str().into());
    }
    Ok(arguments)
}

fn check_media(invocation: &Invocation, content: &EffectV1, uploads: &[Uploaded]) -> Result<(), Refusal> {
    let platform = content.platform;
    if !content.media.is_empty() && !invocation.takes_media() {
        let message = format!("the tool for `{platform}` takes no media");
        return Err(refusal(ErrorCode::ValidationError, message));
    }
    if invocation.takes_media_ids() && uploads.len() != content.media.len() {
        let message = format!("not every medium is known to `{platform}` yet; nothing was sent");
        return Err(refusal(ErrorCode::MediaUploadFailed, message));
    }
    let one = invocation.takes(Input::MediaId) || invocation.takes(Input::MediaUrl);
    let several = invocation.takes(Input::MediaIds) || invocation.takes(Input::MediaUrls);
    if one && !several && content.media.len() > 1 {
        let message = format!("the tool for `{platform}` takes one medium");
        return Err(refusal(ErrorCode::ValidationError, message));
    }
    Ok(())
}

fn check_words(invocation: &Invocation, content: &EffectV1) -> Result<(), Refusal> {
    let EffectV1 { platform, kind, .. } = content;
    let kind_is = kind.as_str();
    if !content.text.is_empty() && !invocation.takes(Input::Text) {
        let message = format!("the tool for `{platform}` takes no words with a {kind_is}; nothing was sent");
        return Err(refusal(ErrorCode::ValidationError, message));
    }
    if content.text.is_empty() && matches!(kind, EffectKind::Reply | EffectKind::Comment) {
        let message = format!("a {kind_is} on `{platform}` needs words; nothing was sent");
        return Err(refusal(ErrorCode::ValidationError, message));
    }
    Ok(())
}

/// An engagement has a target, and what it is to be called can be an id: found out after the call it would be too late.
fn check_target(profile: &PlatformProfile, tool: &ActTool, act: &Act<'_>) -> Result<(), Refusal> {
    let Some(wanted) = tool.target else { return Ok(()) };
    let target = act.effect.content().target.as_deref().filter(|target| is_id(target));
    let named = match &tool.naming {
        Naming::Ours(template) => is_id(&act.parts().id(template)),
        Naming::Theirs { .. } => true,
    };
    if target.is_some() && named {
        return Ok(());
    }
    let message =
        format!("the id of a {} on `{}` is needed; nothing was sent", wanted.as_str(), profile.platform);
    Err(refusal(ErrorCode::InvalidTarget, message))
}

fn input(input: Input, content: &EffectV1, uploads: &[Uploaded]) -> Option<Value> {
    let several = |values: Vec<&str>| (!values.is_empty()).then(|| values.into());
    match input {
        // A post may be a picture alone; a share without words has no text.
        Input::Text => {
            let there = content.kind == EffectKind::Publish || !content.text.is_empty();
            there.then(|| content.text.as_str().into())
        }
        Input::Account => Some(content.account.as_str().into()),
        Input::Target => content.target.as_deref().map(Value::from),
        Input::MediaIds => several(uploads.iter().map(|upload| upload.media_id.as_str()).collect()),
        Input::MediaUrls => several(content.media.iter().map(|media| media.url.as_str()).collect()),
        Input::MediaId => uploads.first().map(|upload| upload.media_id.as_str().into()),
        Input::MediaUrl => content.media.first().map(|media| media.url.as_str().into()),
        Input::Data | Input::FileName | Input::Sha256 | Input::Id => None,
    }
}
