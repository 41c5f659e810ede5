//! A first profile for a server that has none, guessed from the names and the schemas of its tools.
//!
//! Nothing here is known: the draft says so, names what it could not guess, and claims nothing that would make a look or a
//! retry trust the server (`own`, `sets_state`, enforced keys, `reads_back = false` and `next` are left out). It calls
//! nothing.

mod arguments;
mod choose;
mod write;

use chimera_contracts::PlatformName;

use crate::tool::ToolInfo;
use choose::Tool;

/// No draft can be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SuggestError {
    /// Neither the server's name nor its tools speak of a platform.
    #[error(
        "the names of the server and its tools speak of no platform; name it: `--platform twitter` of the example `profile_doctor`, \
         or the last argument of `suggest`"
    )]
    UnknownPlatform,
}

/// Drafts a profile, as TOML with comments. Where the tools show an act, `Profile::parse` reads the draft as it is; what
/// stands behind `to do` is a guess or a placeholder.
///
/// # Errors
/// When no platform is named and none can be guessed.
///
/// ```
/// use chimera_contracts::PlatformName;
/// use chimera_platform::doctor::suggest;
/// use chimera_platform::{Profile, ToolInfo};
/// use serde_json::json;
///
/// let input_schema = json!({ "properties": { "text": { "type": "string" } }, "required": ["text"] });
/// let tools = [ToolInfo { name: "post_tweet".to_owned(), input_schema }];
/// let draft = suggest("my-server", &tools, None)?;
/// assert!(draft.contains("arguments = { text = \"{text}\" }"));
/// let profile = Profile::parse(&draft)?;
/// assert!(profile.platform(PlatformName::Twitter).is_some());
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
pub fn suggest(
    name: &str,
    tools: &[ToolInfo],
    platform: Option<PlatformName>,
) -> Result<String, SuggestError> {
    let platform = platform.or_else(|| platform_of(name, tools)).ok_or(SuggestError::UnknownPlatform)?;
    let read: Vec<Tool<'_>> = tools.iter().map(Tool::new).collect();
    Ok(write::profile(name, platform, &read))
}

/// The platform that the names speak of most; the server's own name counts more than one tool.
pub(super) fn platform_of(server: &str, tools: &[ToolInfo]) -> Option<PlatformName> {
    let server = words(server);
    let all: Vec<Vec<String>> = tools.iter().map(|tool| words(&tool.name)).collect();
    let speaks = |spoken: &[String], platform| {
        let known = spoken_of(platform);
        spoken.iter().any(|word| known.contains(&word.as_str()))
    };
    let score = |platform| {
        let by_tools = all.iter().filter(|spoken| speaks(spoken, platform)).count();
        by_tools.saturating_add(if speaks(&server, platform) { 100 } else { 0 })
    };
    let scored = PlatformName::ALL.iter().map(|platform| (score(*platform), *platform));
    scored.max_by_key(|(score, _)| *score).filter(|(score, _)| *score > 0).map(|(_, platform)| platform)
}

/// The words that speak of a platform. `post`, `video` and `thread` are everybody's.
const fn spoken_of(platform: PlatformName) -> &'static [&'static str] {
    match platform {
        PlatformName::Twitter => &["twitter", "x", "tweet", "tweets", "retweet"],
        PlatformName::Instagram => &["instagram", "ig", "reel", "reels"],
        PlatformName::LinkedIn => &["linkedin"],
        PlatformName::TikTok => &["tiktok", "duet"],
        PlatformName::YouTube => &["youtube", "yt"],
        PlatformName::Threads => &["threads"],
    }
}

/// The words of a name, in lower case: `getUserPosts`, `get_user_posts` and `get-user-posts` have the same three.
pub(crate) fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut before_lower = false;
    for letter in name.chars() {
        let ends = !letter.is_alphanumeric() || (letter.is_uppercase() && before_lower);
        if ends && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if letter.is_alphanumeric() {
            word.extend(letter.to_lowercase());
        }
        before_lower = letter.is_lowercase() || letter.is_numeric();
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}
