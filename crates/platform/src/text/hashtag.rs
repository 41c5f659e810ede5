//! Hashtags and mentions: their syntax, and which of them a text holds already.

use unicode_normalization::char::is_combining_mark;

use super::{TextFault, invalid};

/// Whether it is a hashtag: `#`, then letters, digits and underscores, at least one of them no digit.
///
/// Marks count as letters: without them Hindi or Thai could not be written. All platforms here share the rule, with
/// small differences beyond it.
#[must_use]
pub fn is_hashtag(tag: &str) -> bool {
    let body = tag.strip_prefix('#').unwrap_or_default();
    body.chars().all(is_word) && body.chars().any(|character| is_word(character) && !character.is_numeric())
}

/// The hashtags in a text, in order, as they are written.
#[must_use]
pub fn hashtags_of(text: &str) -> Vec<&str> {
    marked(text, '#').filter(|tag| is_hashtag(tag)).collect()
}

/// How many accounts a text mentions.
pub(super) fn mentions_of(text: &str) -> usize {
    marked(text, '@').filter(|mention| mention.len() > 1).count()
}

/// What is wrong with the hashtags that were given.
pub(super) fn faults(hashtags: &[String]) -> Vec<TextFault> {
    hashtags
        .iter()
        .filter(|tag| !is_hashtag(&with_sign(tag)))
        .map(|tag| {
            invalid(format!(
                "`{tag}` is no hashtag: letters, digits and `_` are allowed, and not digits alone"
            ))
        })
        .collect()
}

/// The hashtags, each with its sign, that a text does not hold yet; letter case makes no difference.
pub(super) fn missing_from(text: &str, hashtags: &[String]) -> Vec<String> {
    let mut known: Vec<String> = hashtags_of(text).into_iter().map(str::to_lowercase).collect();
    let mut missing = Vec::new();
    for tag in hashtags.iter().map(|tag| with_sign(tag)) {
        let folded = tag.to_lowercase();
        if !known.contains(&folded) {
            known.push(folded);
            missing.push(tag);
        }
    }
    missing
}

fn with_sign(tag: &str) -> String {
    if tag.starts_with('#') { tag.to_owned() } else { format!("#{tag}") }
}

/// Every word that begins with `sign` where no word stood before it, the sign included.
fn marked(text: &str, sign: char) -> impl Iterator<Item = &str> {
    text.match_indices(sign).filter_map(move |(at, _)| {
        let before = text.get(..at)?.chars().next_back();
        let rest = text.get(at..)?;
        let length: usize = rest.chars().skip(1).take_while(|next| is_word(*next)).map(char::len_utf8).sum();
        let free = before.is_none_or(|before| !is_word(before) && before != '&' && before != '/');
        free.then(|| rest.get(..length.saturating_add(1))).flatten()
    })
}

fn is_word(character: char) -> bool {
    character == '_' || character.is_alphanumeric() || is_combining_mark(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashtag_syntax() {
        for (tag, expected) in [
            ("#ai", true),
            ("#ai_2", true),
            ("#日本", true),
            ("#हिन्दी", true),
            ("#_", true),
            ("#2024", false),
            ("#", false),
            ("ai", false),
            ("#a b", false),
            ("#a-b", false),
            ("##a", false),
        ] {
            assert_eq!(is_hashtag(tag), expected, "{tag}");
        }
    }

    #[test]
    fn hashtags_in_a_text() {
        assert_eq!(hashtags_of("#a x#b (#c) #1 https://h.example/#d"), ["#a", "#c"]);
        assert_eq!(mentions_of("@a b@c.example (@d) @"), 2);
    }
}
