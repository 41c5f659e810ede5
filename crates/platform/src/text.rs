//! What a platform takes as text: limits as data, one rendering, every fault of a variant at once.
//!
//! Nothing here alters content (PUB-14): what does not fit is named and refused. Rendering only adds what the request
//! gave beside the text, so that what is approved is what is sent.

mod hashtag;
mod invisible;
mod link;

use chimera_contracts::{ErrorCode, PlatformName};
use chimera_effect::{DisclosurePlacement, EffectKind};

pub use chimera_text::{UnsafeCharacter, WeightConfig, unsafe_characters, weighted_length};
pub use hashtag::{hashtags_of, is_hashtag};

/// What one unit of a platform's limit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unit {
    /// X weighted length, configuration version 3 (<https://docs.x.com/fundamentals/counting-characters>).
    XWeight,
    /// Unicode scalar values.
    Characters,
    /// UTF-16 code units.
    Utf16,
    /// Bytes of UTF-8.
    Utf8,
    /// Unicode scalar values, but an emoji as the bytes of its UTF-8.
    CharactersAndEmojiBytes,
}

/// A platform's rules of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TextRules {
    /// What is counted.
    pub unit: Unit,
    /// The most of it.
    pub limit: u32,
    /// The most hashtags of a post, where the platform has a limit.
    pub hashtags: Option<u32>,
    /// The most mentions of a post, where the platform has a limit.
    pub mentions: Option<u32>,
    /// Characters that the platform takes nowhere in the text.
    pub refused: &'static [char],
    /// Where the disclosure label stands. In the text everywhere so far: the seeds' tools have no field for it, and a
    /// label in the text is seen wherever the text is.
    pub disclosure: DisclosurePlacement,
}

/// How much of its limit a text uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TextCount {
    /// What the text uses.
    pub used: u32,
    /// What there is.
    pub limit: u32,
}

/// A text as it is sent, rendered and counted once: [`render`] makes it, [`check`] reads it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rendered {
    /// The platform whose rules it was rendered and counted by.
    pub platform: PlatformName,
    /// Text, hashtags and label.
    pub text: String,
    /// Where the label stands.
    pub placement: DisclosurePlacement,
    /// How much of the limit it uses.
    pub count: TextCount,
}

/// One thing that is wrong with a variant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TextFault {
    /// `CONTENT_TOO_LONG`, `CONTENT_UNSAFE` or `VALIDATION_ERROR`.
    pub code: ErrorCode,
    /// What is wrong and what is allowed, for people.
    pub message: String,
}

impl TextCount {
    /// Whether the text fits.
    #[must_use]
    pub const fn fits(self) -> bool {
        self.used <= self.limit
    }
}

/// The rules of a platform (ENG-10).
///
/// | platform | limit | source |
/// |---|---|---|
/// | twitter | 280 weighted | docs.x.com, *Counting characters*; twitter-text configuration v3 |
/// | instagram | 2,200 characters, 30 hashtags, 20 mentions | Instagram Platform, *IG User Media*, `caption` |
/// | linkedin | 3,000 | LinkedIn Posts API, `commentary`. The unit is not documented; UTF-16 units are never fewer than characters, so what passes here passes either way |
/// | tiktok | 2,200 UTF-16 units | TikTok Content Posting API, `post_info.title` |
/// | youtube | 5,000 bytes, no `<` and no `>` | YouTube Data API, `snippet.description` |
/// | threads | 500 characters, an emoji as its UTF-8 bytes | Threads API, *Posts*, limitations |
#[must_use]
pub const fn text_rules(platform: PlatformName) -> TextRules {
    let rules = TextRules {
        unit: Unit::Characters,
        limit: 0,
        hashtags: None,
        mentions: None,
        refused: &[],
        disclosure: DisclosurePlacement::Text,
    };
    match platform {
        PlatformName::Twitter => TextRules { unit: Unit::XWeight, limit: 280, ..rules },
        PlatformName::Instagram => {
            TextRules { limit: 2_200, hashtags: Some(30), mentions: Some(20), ..rules }
        }
        PlatformName::LinkedIn => TextRules { unit: Unit::Utf16, limit: 3_000, ..rules },
        PlatformName::TikTok => TextRules { unit: Unit::Utf16, limit: 2_200, ..rules },
        PlatformName::YouTube => TextRules { unit: Unit::Utf8, limit: 5_000, refused: &['<', '>'], ..rules },
        PlatformName::Threads => TextRules { unit: Unit::CharactersAndEmojiBytes, limit: 500, ..rules },
    }
}

/// The rules of a platform for the words of one kind of effect (ENG-10): those of its posts, but for these.
///
/// | platform | kind | limit | source |
/// |---|---|---|---|
/// | youtube | reply, comment | `<` and `>` may be written | YouTube Data API, `comments`, `snippet.textOriginal`: the rule of titles and descriptions is not there |
/// | tiktok | reply, comment | 150 UTF-16 units | TikTok's app takes 150 characters; no interface of TikTok's documents it. UTF-16 units are never fewer than characters, so what passes here passes either way |
#[must_use]
pub const fn text_rules_for(platform: PlatformName, kind: EffectKind) -> TextRules {
    let post = text_rules(platform);
    match (platform, kind) {
        (PlatformName::TikTok, EffectKind::Reply | EffectKind::Comment) => TextRules { limit: 150, ..post },
        (PlatformName::YouTube, EffectKind::Reply | EffectKind::Comment) => {
            TextRules { refused: &[], ..post }
        }
        _ => post,
    }
}

/// Whether a text holds a link, as X recognises one.
#[must_use]
pub fn has_link(text: &str) -> bool {
    !chimera_text::links(text).is_empty()
}

/// Counts a text the way its platform does.
#[must_use]
pub fn count(platform: PlatformName, text: &str) -> TextCount {
    count_by(text_rules(platform), text)
}

/// Counts the words of one kind of effect the way its platform does.
#[must_use]
pub fn count_for(platform: PlatformName, kind: EffectKind, text: &str) -> TextCount {
    count_by(text_rules_for(platform, kind), text)
}

fn count_by(rules: TextRules, text: &str) -> TextCount {
    let used = match rules.unit {
        Unit::XWeight => weighted_length(text, WeightConfig::V3),
        Unit::Characters => units(text.chars().count()),
        Unit::Utf16 => units(text.encode_utf16().count()),
        Unit::Utf8 => units(text.len()),
        Unit::CharactersAndEmojiBytes => chimera_text::characters_and_emoji_bytes(text),
    };
    TextCount { used, limit: rules.limit }
}

/// The text as it is sent: the text, then the hashtags that are not in it yet, then the disclosure label, each part
/// separated from the one before by an empty line. The same input always gives the same bytes.
///
/// Hashtags may come with or without `#`. Without a label (`None`) nothing is added; whether that is allowed is the
/// caller's rule (PUB-13).
#[must_use]
pub fn render(platform: PlatformName, text: &str, hashtags: &[String], label: Option<&str>) -> Rendered {
    let placement = text_rules(platform).disclosure;
    let mut parts = vec![text.to_owned()];
    parts.push(hashtag::missing_from(text, hashtags).join(" "));
    if placement == DisclosurePlacement::Text {
        parts.extend(label.map(str::to_owned));
    }
    parts.retain(|part| !part.is_empty());
    let text = parts.join("\n\n");
    let count = count(platform, &text);
    Rendered { platform, text, placement, count }
}

/// Everything that is wrong with a variant on its platform, before anything is sent (PUB-14, ENG-10): with its rendering, and with
/// the hashtags that it was rendered from. Empty when it may go.
///
/// The whole rendering is looked at, and not its parts: what is dangerous may arise only where they meet.
#[must_use]
pub fn check(rendered: &Rendered, hashtags: &[String]) -> Vec<TextFault> {
    let Rendered { platform, text, count, .. } = rendered;
    let mut faults = hashtag::faults(hashtags);
    let names = ["post", "text with hashtags and label"];
    faults.extend(faults_of(text_rules(*platform), *platform, names, text, *count));
    faults
}

/// Everything that is wrong with the words of an engagement, which go as they are: nothing is added to them (ENG-10).
#[must_use]
pub fn check_for(platform: PlatformName, kind: EffectKind, text: &str) -> Vec<TextFault> {
    let rules = text_rules_for(platform, kind);
    faults_of(rules, platform, [kind.as_str(); 2], text, count_by(rules, text))
}

/// `names`: what people call the whole, and what is counted of it.
fn faults_of(
    rules: TextRules,
    platform: PlatformName,
    names: [&str; 2],
    text: &str,
    count: TextCount,
) -> Vec<TextFault> {
    let [whole, counted] = names;
    let mut faults = Vec::new();
    if text.trim().is_empty() {
        faults.push(invalid("the text is empty".to_owned()));
    }
    faults.extend(too_long(platform, counted, count));
    faults.extend(too_many(rules, platform, whole, text));
    faults.extend(refused(rules, platform, text));
    faults.extend(invisible::faults(text));
    faults.extend(link::faults(text));
    faults
}

fn too_long(platform: PlatformName, what: &str, count: TextCount) -> Option<TextFault> {
    if count.fits() {
        return None;
    }
    let TextCount { used, limit } = count;
    let message = format!("the {what} counts {used} on `{platform}`, the limit is {limit}");
    Some(TextFault { code: ErrorCode::ContentTooLong, message })
}

/// What the platform takes nowhere: YouTube answers *invalid description* and names no character (VodBot#46).
fn refused(rules: TextRules, platform: PlatformName, text: &str) -> Option<TextFault> {
    if rules.refused.is_empty() {
        return None;
    }
    let mut found = Vec::new();
    for (offset, character) in text.chars().enumerate() {
        if rules.refused.contains(&character) && !found.iter().any(|(known, _)| *known == character) {
            found.push((character, offset));
        }
    }
    let named: Vec<_> =
        found.iter().map(|(character, offset)| format!("`{character}` (at character {offset})")).collect();
    let message = format!("`{platform}` takes no {}", named.join(" and no "));
    (!found.is_empty()).then(|| invalid(message))
}

fn too_many(rules: TextRules, platform: PlatformName, whole: &str, text: &str) -> Vec<TextFault> {
    // Counted only where there is a limit.
    let over = |what: &str, limit: Option<u32>, count: &dyn Fn() -> usize| {
        let limit = limit?;
        let used = units(count());
        let message = || format!("the {whole} has {used} {what}, `{platform}` takes at most {limit}");
        (used > limit).then(|| invalid(message()))
    };
    let hashtags = over("hashtags", rules.hashtags, &|| hashtags_of(text).len());
    let mentions = over("mentions", rules.mentions, &|| hashtag::mentions_of(text));
    hashtags.into_iter().chain(mentions).collect()
}

fn invalid(message: String) -> TextFault {
    TextFault { code: ErrorCode::ValidationError, message }
}

/// No text that anything accepts comes near the bound.
fn units(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(tags: &[&str]) -> Vec<String> {
        tags.iter().map(|tag| (*tag).to_owned()).collect()
    }

    /// What is wrong with a variant.
    fn check(platform: PlatformName, text: &str, hashtags: &[String], label: Option<&str>) -> Vec<TextFault> {
        super::check(&render(platform, text, hashtags, label), hashtags)
    }

    #[test]
    fn rendering_adds_what_is_missing_in_order() {
        for (text, hashtags, label, expected) in [
            ("Hello", tags(&[]), None, "Hello"),
            ("Hello", tags(&["ai", "#news"]), Some("AI-generated"), "Hello\n\n#ai #news\n\nAI-generated"),
            ("Hello #AI!", tags(&["ai", "#ai", "aid"]), None, "Hello #AI!\n\n#aid"),
            ("", tags(&["a"]), Some("l"), "#a\n\nl"),
        ] {
            for platform in PlatformName::ALL {
                let rendered = render(*platform, text, &hashtags, label);
                assert_eq!(rendered.text, expected, "{platform}");
                assert_eq!(rendered.count, count(*platform, expected), "{platform}");
            }
        }
    }

    #[test]
    fn each_platform_counts_its_own_way() {
        let text = "é 日本 😀";
        for (platform, used) in [
            (PlatformName::Twitter, 9),
            (PlatformName::Instagram, 6),
            (PlatformName::LinkedIn, 7),
            (PlatformName::TikTok, 7),
            (PlatformName::YouTube, 14),
            (PlatformName::Threads, 9),
        ] {
            assert_eq!(count(platform, text).used, used, "{platform}");
        }
    }

    #[test]
    fn every_fault_is_named_at_once() {
        let text = format!("{}\u{202e} https://127.0.0.1/x", "日".repeat(150));
        let faults = check(PlatformName::Twitter, &text, &tags(&["1", "a b"]), Some("AI"));
        let codes: Vec<_> = faults.iter().map(|fault| fault.code).collect();
        assert_eq!(
            codes,
            [
                ErrorCode::ValidationError,
                ErrorCode::ValidationError,
                ErrorCode::ContentTooLong,
                ErrorCode::ContentUnsafe,
                ErrorCode::ContentUnsafe,
            ],
            "{faults:?}"
        );
    }

    /// X4.
    #[test]
    fn youtube_takes_no_angle_brackets() {
        for (text, named) in [
            ("a < b", "`<` (at character 2)"),
            ("<b>bold</b>", "`<` (at character 0) and no `>` (at character 2)"),
            ("-> here", "`>` (at character 1)"),
            // TournamentStreamHelper#817, SidWizPlus#40, wubloader#219.
            ("ice <3", "`<` (at character 4)"),
            ("日本 >_<", "`>` (at character 3) and no `<` (at character 5)"),
        ] {
            let faults = check(PlatformName::YouTube, text, &[], None);
            let [fault] = faults.as_slice() else { panic!("{text} {faults:?}") };
            assert_eq!(fault.code, ErrorCode::ValidationError, "{text}");
            assert!(fault.message.ends_with(&format!("takes no {named}")), "{}", fault.message);
            assert_eq!(check(PlatformName::Twitter, text, &[], None), [], "{text}");
            assert_eq!(check_for(PlatformName::YouTube, EffectKind::Comment, text), [], "{text}");
        }
        // claudiob/yt#55: what looks like them is taken; so are the others that a page would escape.
        for text in ["‹b› 〈b〉 ＜b＞ « » ≤ → ♥", "a & b 'd' [e] {f}", "&lt;b&gt;"] {
            assert_eq!(check(PlatformName::YouTube, text, &[], None), [], "{text}");
        }
        assert_eq!(check(PlatformName::YouTube, "ok", &[], Some("AI <generated>")).len(), 1);
    }

    #[test]
    fn instagram_limits_hashtags_and_mentions() {
        let hashtags: Vec<_> = (0..31).map(|n| format!("tag{n}")).collect();
        let mentions: String = (0..21).map(|n| format!("@user{n} ")).collect();
        assert_eq!(check(PlatformName::Instagram, "x", &hashtags, None).len(), 1);
        assert_eq!(check(PlatformName::Instagram, &mentions, &[], None).len(), 1);
        assert_eq!(check(PlatformName::LinkedIn, &mentions, &hashtags, None), []);
    }

    #[test]
    fn an_empty_post_is_refused() {
        assert_eq!(check(PlatformName::Twitter, " \n", &[], None).len(), 1);
    }

    #[test]
    fn engagements_are_counted_as_their_platform_does() {
        use EffectKind::{Comment, Reply, Share};

        let tags = |count: usize| "#a1 ".repeat(count);
        let link = "https://example.com/a/path/that/is/much/longer/than/twenty/three";
        for (platform, kind, text, used, faults) in [
            (PlatformName::Twitter, Reply, "a".repeat(280), 280, 0),
            (PlatformName::Twitter, Comment, "a".repeat(281), 281, 1),
            (PlatformName::Twitter, Share, format!("{} {link}", "a".repeat(256)), 280, 0),
            (PlatformName::Twitter, Reply, format!("{} {link}", "a".repeat(257)), 281, 1),
            (PlatformName::Twitter, Reply, "日".repeat(141), 282, 1),
            (PlatformName::Instagram, Comment, "a".repeat(2_200), 2_200, 0),
            (PlatformName::Instagram, Reply, "a".repeat(2_201), 2_201, 1),
            (PlatformName::Instagram, Comment, tags(30), 120, 0),
            (PlatformName::Instagram, Comment, tags(31), 124, 1),
            (PlatformName::Threads, Reply, "a".repeat(500), 500, 0),
            (PlatformName::Threads, Reply, "a".repeat(501), 501, 1),
            (PlatformName::Threads, Comment, "😀".repeat(126), 504, 1),
            (PlatformName::TikTok, Comment, "a".repeat(150), 150, 0),
            (PlatformName::TikTok, Comment, "a".repeat(151), 151, 1),
            (PlatformName::TikTok, Reply, "😀".repeat(76), 152, 1),
            (PlatformName::TikTok, Share, "a".repeat(2_200), 2_200, 0),
            (PlatformName::TikTok, Share, "a".repeat(2_201), 2_201, 1),
        ] {
            assert_eq!(count_for(platform, kind, &text).used, used, "{platform} {kind:?}");
            assert_eq!(check_for(platform, kind, &text).len(), faults, "{platform} {kind:?} {used}");
        }
    }

    #[test]
    fn a_post_is_counted_and_checked_as_before() {
        for platform in PlatformName::ALL {
            assert_eq!(text_rules_for(*platform, EffectKind::Publish), text_rules(*platform));
        }
        let faults = check_for(PlatformName::Twitter, EffectKind::Reply, "\u{202e} https://127.0.0.1/x");
        let codes: Vec<_> = faults.iter().map(|fault| fault.code).collect();
        assert_eq!(codes, [ErrorCode::ContentUnsafe, ErrorCode::ContentUnsafe], "{faults:?}");
    }
}
