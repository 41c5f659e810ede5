//! What the tools of an account cannot carry, whoever approves it: a post without its media or a share without its words is
//! another one (PUB-22). Told before an approval is asked for, and held to once more when it acts.

use chimera_contracts::ErrorCode;
use chimera_effect::{ContentPart, EffectKind, EffectV1, Unfit};

use crate::profile::{ActTool, Input, MediaKind};

/// How long a title may be (YouTube Data API, `snippet.title`).
const TITLE: usize = 100;

/// Everything that the tool of an act cannot carry, before the types of the media are known to fit.
pub(super) fn before_approval(tool: &ActTool, content: &EffectV1, media_types: &[String]) -> Vec<Unfit> {
    if !tool.goes_by_media(content) {
        return faults(tool, content, None);
    }
    match MediaKind::of(media_types.iter().map(String::as_str)) {
        Some(kind) => faults(tool, content, Some(kind)),
        None => vec![other_media(content, media_types)],
    }
}

/// Media that are neither pictures nor videos.
pub(super) fn other_media(content: &EffectV1, media_types: &[String]) -> Unfit {
    let types = media_types.join("`, `");
    media(format!("media on `{}` are pictures or videos, these are `{types}`", content.platform))
}

/// Everything that the tool of an act cannot carry; `kind` is that of the media, where it decides what is called.
pub(super) fn faults(tool: &ActTool, content: &EffectV1, kind: Option<MediaKind>) -> Vec<Unfit> {
    let taking = tool.taking(kind);
    let EffectV1 { platform, kind: act, .. } = content;
    let kind_is = act.as_str();
    let mut faults = Vec::new();
    if tool.needs_media && content.media.is_empty() {
        faults.push(media(format!("a {kind_is} on `{platform}` needs media")));
    }
    if !content.media.is_empty() && !taking.takes_media() {
        faults.push(media(format!("the tool `{}` for `{platform}` takes no such media", taking.tool)));
    } else if content.media.len() > 1 && !taking.takes_several_media() {
        faults.push(media(format!("the tool `{}` for `{platform}` takes one medium", taking.tool)));
    }
    let title = content.text.lines().next().unwrap_or_default().trim().chars().count();
    if taking.takes(Input::FirstLine) && !(1..=TITLE).contains(&title) {
        let message =
            format!("the first line is the title on `{platform}`: 1 to {TITLE} characters, this has {title}");
        let code = if title == 0 { ErrorCode::ValidationError } else { ErrorCode::ContentTooLong };
        faults.push(Unfit { code, ..text(message) });
    }
    if !content.text.is_empty() && !taking.takes_words() {
        faults.push(text(format!("the tool for `{platform}` takes no words with a {kind_is}")));
    }
    if content.text.is_empty() && matches!(act, EffectKind::Reply | EffectKind::Comment) {
        faults.push(text(format!("a {kind_is} on `{platform}` needs words")));
    }
    faults
}

fn media(message: String) -> Unfit {
    Unfit { part: ContentPart::Media, code: ErrorCode::ValidationError, message }
}

fn text(message: String) -> Unfit {
    Unfit { part: ContentPart::Text, code: ErrorCode::ValidationError, message }
}
