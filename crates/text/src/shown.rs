//! What a platform shows instead of a text, or instead of its end.

use std::borrow::Cow;

use crate::{Folded, link::without_links, unescape::unescaped};

/// No placeholder is longer; a text that tells of removed posts may be.
const LONGEST_PLACEHOLDER: usize = 200;
/// How much of a text's end is looked at, in characters.
const END: usize = 400;

/// What stands for a text that was taken away, whole.
const WHOLE: &[&str] = &[
    "removed",
    "deleted",
    "unavailable",
    "hidden",
    "withheld",
    "removed by moderator",
    "removed by reddit",
    "removed by moderators",
    "deleted by user",
    "content removed",
    "content deleted",
    "this post is unavailable",
    "post unavailable",
    "tweet unavailable",
    "not available",
    "deleted post",
    "deleted tweet",
    "deleted comment",
    "post hidden",
    "post deleted",
    "post removed",
    "blocked post",
    "post not found",
    "comment not found",
    "hidden by the author",
    "sensitive content",
    "taken down",
    "redacted",
    "filtered",
    "censored",
    "no text",
    "no caption",
    "no content",
    "no title",
    "untitled",
    "image",
    "video",
    "photo",
    "media",
    "error loading post",
    "content warning",
    "pending approval",
    "under review",
    "media omitted",
    "object object",
];

/// What a program writes where there is no text.
const NOTHING: [&str; 8] = ["null", "undefined", "none", "nil", "nan", "n/a", "[object object]", "-"];

/// What it is that was taken away.
const THINGS: &[&str] = &[
    "post",
    "tweet",
    "comment",
    "reply",
    "message",
    "video",
    "photo",
    "content",
    "media",
    "account",
    "thread",
    "page",
    "status",
    "story",
    // The same in languages that servers of the platforms' users speak.
    "beitrag",
    "kommentar",
    "tweet",
    "publicación",
    "publicacion",
    "comentario",
    "publication",
    "commentaire",
    "publicação",
    "rule",
    "rules",
    "投稿",
    "ポスト",
    "ツイート",
    "微博",
    "内容",
    "评论",
    "帖子",
    "게시물",
];

/// What was done to it.
const DONE: &[&str] = &[
    "has been removed",
    "was removed",
    "been removed",
    "has been deleted",
    "was deleted",
    "been deleted",
    "has been hidden",
    "was hidden",
    "is hidden",
    "has been withheld",
    "withheld in",
    "is withheld",
    "is unavailable",
    "isn't available",
    "is not available",
    "not available",
    "is no longer available",
    "no longer available",
    "no longer exists",
    "violated",
    "has been suspended",
    "unable to view",
    "suspended account",
    "can't be displayed",
    "cannot be displayed",
    "not be displayed",
    "could not be displayed",
    "age-restricted",
    "awaiting moderation",
    "held for review",
    "for violating",
    "removed for",
    "not found",
    "entfernt",
    "gelöscht",
    "nicht verfügbar",
    "eliminad",
    "no está disponible",
    "supprimé",
    "plus disponible",
    "removid",
    "excluíd",
    "削除され",
    "删除",
    "无法查看",
    "违规",
    "cannot be shown",
    "can't be shown",
    "sensitive content",
    "刪除",
    "삭제",
];

/// Where a shown text was broken off.
const ENDS: [&str; 21] = [
    "...",
    "…",
    "⋯",
    "‥",
    "(more)",
    "[more]",
    "see more",
    "show more",
    "read more",
    "view more",
    "…more",
    "... more",
    "… more",
    "continue reading",
    "mehr anzeigen",
    "mehr ansehen",
    "ver más",
    "voir plus",
    "もっと見る",
    "展开",
    "더 보기",
];

/// Whether a text is a placeholder of a moderator or of the platform: `[removed]`, *This post has been removed…*. Short texts
/// only. A person may write such words, too: then as well nothing is known of what the platform would show of another text.
#[must_use]
pub fn is_placeholder(text: &str) -> bool {
    let inside = without_marks(text);
    let is_short = inside.chars().nth(LONGEST_PLACEHOLDER).is_none();
    // As it came, and without what servers do to it (`isn&apos;t available`).
    (inside.trim().is_empty() && !text.trim().is_empty())
        || (is_short && (stands_for_a_text(&inside) || stands_for_a_text(Folded::new(&inside).as_str())))
}

/// A text without its lines that are in brackets from end to end, where other lines are among them: servers put other people's
/// words between such lines (`[content of other people follows]`).
#[must_use]
pub fn without_marks(text: &str) -> Cow<'_, str> {
    let is_mark = |line: &str| {
        let line = line.trim();
        [('[', ']'), ('<', '>'), ('{', '}'), ('(', ')')]
            .iter()
            .any(|(open, close)| line.starts_with(*open) && line.ends_with(*close))
    };
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
    if lines().filter(|line| is_mark(line)).count() < 2 {
        return Cow::Borrowed(text);
    }
    Cow::Owned(lines().filter(|line| !is_mark(line)).collect::<Vec<_>>().join("\n"))
}

fn stands_for_a_text(text: &str) -> bool {
    let text = text.trim().to_lowercase().replace(['’', '`'], "'");
    let bare = text.trim_matches(|character: char| !character.is_alphanumeric());
    let marked = text.starts_with(['[', '(', '<', '{', '*', '_']) || bare.contains(' ');
    let masked = text.chars().all(|c| c.is_whitespace() || matches!(c, '*' | '█' | '▇' | '■' | '•' | '_'));
    if NOTHING.contains(&text.as_str()) || (masked && !text.is_empty()) {
        return true;
    }
    if marked && WHOLE.contains(&bare) {
        return true;
    }
    // `[deleted]` with words of the platform or of a server behind it: `[removed] by the moderators, see rule 4`.
    let in_brackets =
        text.strip_prefix('[').and_then(|text| text.split_once(']')).map(|(inside, _)| inside.trim());
    if in_brackets.is_some_and(|inside| WHOLE.contains(&inside)) {
        return true;
    }
    let mut words = text.split(|character: char| !character.is_alphanumeric());
    let unspaced = |thing: &&&str| !thing.is_ascii() && text.contains(**thing);
    DONE.iter().any(|done| text.contains(done))
        && (words.any(|word| THINGS.contains(&word)) || THINGS.iter().any(|thing| unspaced(&thing)))
}

/// Whether a shown text says of itself that it was shortened: by dots, by `(more)`, `See more` and the like at its end. Quotes,
/// brackets and links behind them count for nothing: X shows `… https://t.co/…`. Neither do escapes: LinkedIn's *little text*
/// shows `\[...\]`, HTML `&hellip;`.
#[must_use]
pub fn is_shortened(text: &str) -> bool {
    let start = text.char_indices().rev().nth(END.saturating_sub(1)).map_or(0, |(at, _)| at);
    let end = text.get(start..).unwrap_or_default();
    ends_broken_off(end) || ends_broken_off(&unescaped(end))
}

fn ends_broken_off(end: &str) -> bool {
    let end = without_links(end).to_lowercase();
    let quoted = |character: char| character.is_whitespace() || "\"'“”„‘’«»‹›`*_]>".contains(character);
    let end = end.trim_end_matches(quoted);
    let open = end.strip_suffix(')').unwrap_or(end).trim_end_matches(quoted);
    ENDS.iter().any(|mark| end.ends_with(mark) || open.ends_with(mark))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_the_place_of_a_text() {
        for (text, expected) in [
            ("[removed]", true),
            ("[removed] by the moderators, see rule 4", true),
            ("[Update] by the organisers, see you at four", false),
            ("<p>[deleted]</p>", true),
            ("This content isn&apos;t available right now", true),
            ("This content isn&#8217;t available right now", true),
            ("[deleted]", true),
            (" [ Removed by reddit ] ", true),
            ("[content of other people follows]\n[deleted]\n[end of the content]", true),
            ("[content of other people follows]\n\n[end of the content]", true),
            ("<untrusted>\nThis post has been removed.\n</untrusted>", true),
            ("<untrusted>\nTomorrow at noon\n</untrusted>", false),
            ("[Update]\nTomorrow at noon", false),
            ("_deleted by user_", true),
            ("This post has been removed by the moderators.", true),
            ("This Tweet was deleted by the Tweet author. Learn more", true),
            ("This Post is from an account that no longer exists.", true),
            ("This content isn’t available right now", true),
            ("This content is not available", true),
            ("This post violated the X Rules", true),
            ("@someone's account has been withheld in Germany in response to a legal demand", true),
            ("This post from @a has been withheld in FR", true),
            ("You're unable to view this Post", true),
            ("removed", false),
            ("", false),
            ("Our spring sale starts today", false),
            ("The stain was removed in a minute", false),
            (&format!("This post has been removed {}", "x".repeat(200)), false),
        ] {
            assert_eq!(is_placeholder(text), expected, "{text:?}");
        }
    }

    #[test]
    fn what_was_broken_off() {
        for (text, expected) in [
            ("Our spring sale…", true),
            ("Our spring sale...", true),
            ("Our spring sale [...]", true),
            ("Our spring sale […] ", true),
            ("Our spring sale (more)", true),
            ("Our spring sale See more", true),
            ("Our spring sale\nShow more", true),
            ("Our spring sale ... more", true),
            ("Our spring sale…more", true),
            ("“Our spring sale…”", true),
            ("> 'Our spring sale...'", true),
            ("RT @a: Our spring sale… https://t.co/abc", true),
            (r"Our spring sale \[...\]", true),
            (r"https://example.com/ \[...\]", true),
            (r"Our spring sale \(more\)", true),
            ("Our spring sale&hellip;", true),
            ("<p>Our spring sale &#8230;</p>", true),
            (r"Our spring sale\u2026", true),
            (r"Our spring sale \[1\]", false),
            ("Our spring sale ⋯", true),
            ("Unser Verkauf Mehr anzeigen", true),
            (&format!("{}…", "x".repeat(100_000)), true),
            (&format!("…{}", "x".repeat(100_000)), false),
            ("Our spring sale.", false),
            ("Wait… now", false),
            ("", false),
        ] {
            assert_eq!(is_shortened(text), expected, "{text:?}");
        }
    }
}
