//! Ids: what is one, exactly as JSON carried it, and what only stands where one should be.

use regex_lite::Regex;
use serde_json::Value;

use crate::classify;
use crate::normalise::Answer;

/// No platform's id comes near it.
const LONGEST_ID: usize = 500;
/// How many ids are taken from the words of one answer.
const LONGEST_LIST: usize = 100;
/// A longer word in capitals may be a code: YouTube's have eleven characters.
const LONGEST_SHOUT: usize = 8;

/// The first id at one of the pointers.
pub(crate) fn id(pointers: &[String], answer: &Answer) -> Option<String> {
    pointers.iter().find_map(|pointer| exact_id(answer.at(pointer)?))
}

/// An id as JSON carries it: a word, or a whole number that JSON carried exactly. A number beyond 64 bits, with a fraction or
/// an exponent was rounded on its way (codebird-php#107), and is the id of nothing.
pub(crate) fn exact_id(value: &Value) -> Option<String> {
    let id = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.as_u64()?.to_string(),
        _ => return None,
    };
    is_post_id(&id).then_some(id)
}

/// An id of something that was made: no word for how it went, and none that a program filled in for nothing
/// (`urn:li:share:undefined`; postiz-app#1813 kept `undefined` for an empty list of TikTok).
fn is_post_id(id: &str) -> bool {
    let state = [
        "ok",
        "success",
        "successful",
        "done",
        "posted",
        "published",
        "created",
        "sent",
        "error",
        "failed",
        "failure",
        "pending",
        "processing",
        "queued",
        "accepted",
        "draft",
        "unknown",
        "scheduled",
        "skipped",
        "duplicate",
        "preview",
        "mock",
        "dryrun",
        "ratelimited",
        "missing",
        "empty",
        "unavailable",
        "unset",
        "na",
        "promise",
    ];
    let nothing = |part: &str| {
        ["undefined", "null", "none", "nil", "nan"].iter().any(|word| part.eq_ignore_ascii_case(word))
    };
    let went = |part: &str| matches!(part, "error" | "failed");
    is_id(id)
        && !state.contains(&classify::plain(id).as_str())
        && !id.split([':', '/', '_', '~', '-', '.']).any(nothing)
        && !id.split([':', '/', '_']).any(went)
        && !id.rsplit_once(':').is_some_and(|(_, last)| matches!(last, "" | "0"))
        && id.chars().any(char::is_alphanumeric)
        && !id.chars().all(|character| matches!(character, '0' | '-' | 'x' | '.'))
        && !is_template(id)
}

/// What a template or a program left where an id should be: `<nil>`, `{id}`, `%s`, `YOUR_POST_ID`, `b'17'`, `1,755`, `17n`.
fn is_template(id: &str) -> bool {
    // LinkedIn's urns of comments hold both: `urn:li:comment:(urn:li:activity:1,2)`.
    let sign = |sign: char| match sign {
        '(' | ')' | ',' => !id.starts_with("urn:"),
        _ => "<>{}[]\"'$%?*#…\\`|^".contains(sign),
    };
    let shouted = id.contains('_') && id.chars().all(|letter| letter.is_ascii_uppercase() || letter == '_');
    let digits = |id: &str| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
    let grouped = id.contains('.') && id.split('.').all(digits);
    id.contains(sign)
        || id.starts_with([':', '.'])
        || shouted
        || grouped
        || id.strip_suffix('n').is_some_and(digits)
}

/// An id is one word that is not a word for nothing; a sentence where an id should be is none, and so is a number that a
/// program printed after it had rounded it.
pub(crate) fn is_id(id: &str) -> bool {
    let blank = |character: char| {
        character.is_whitespace() || character.is_control() || chimera_text::is_invisible(character)
    };
    let nothing = [
        "null",
        "none",
        "nil",
        "undefined",
        "nan",
        "inf",
        "infinity",
        "-infinity",
        "true",
        "false",
        "n/a",
        "n.a.",
        "-",
    ];
    !id.is_empty()
        && id.len() <= LONGEST_ID
        && !id.contains(blank)
        && !nothing.contains(&id.to_ascii_lowercase().as_str())
        && !is_rounded(id)
}

/// A word of a sentence, as a pattern takes it where the sentence names no id: *live with the id see the app*, *Tweet ID:*.
fn is_plain_word(id: &str) -> bool {
    let rest = id.strip_prefix(|first: char| first.is_alphabetic()).unwrap_or(id);
    let shouted = id.chars().all(|letter| letter.is_ascii_uppercase());
    rest.chars().all(char::is_lowercase) || (shouted && id.len() <= LONGEST_SHOUT)
}

/// A number that is no positive integer of 64 bits.
fn is_rounded(id: &str) -> bool {
    let digits = id.bytes().all(|byte| byte.is_ascii_digit());
    if digits {
        return id.parse::<u64>().is_ok_and(|number| number == 0) || id.parse::<u64>().is_err();
    }
    let numeric =
        id.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'+' | b'-' | b'e' | b'E'));
    numeric && id.parse::<f64>().is_ok()
}

/// The ids that a pattern takes from words. What it takes and is none may stand before the id: of *Tweet ID: 17* `ID`.
pub(super) fn within(pattern: &Regex, words: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(captures) = pattern.captures_at(words, from) {
        let (Some(whole), Some(id)) = (captures.get(0), captures.get(1)) else { break };
        let after = words.get(id.end()..).unwrap_or_default();
        // *tweet 1 of 3* counts, and *2027-01-15* is a day.
        let counts = after.trim_start().starts_with("of ") || after.starts_with('-');
        if is_post_id(id.as_str()) && !is_plain_word(id.as_str()) && !counts {
            found.push(id.as_str().to_owned());
            from = whole.end().max(from.saturating_add(1));
        } else {
            from = id.start().max(from.saturating_add(1));
        }
        while !words.is_char_boundary(from) {
            from = from.saturating_add(1);
        }
        if from > words.len() || found.len() >= LONGEST_LIST {
            break;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A6: what a JSON decoder or a template of a server left of an id.
    #[test]
    fn ids_that_were_carried_exactly() {
        for (value, id) in [
            (json!("1755123456789012345"), Some("1755123456789012345")),
            (json!(1_755_123_456_789_012_345_u64), Some("1755123456789012345")),
            (json!(u64::MAX), Some("18446744073709551615")),
            (json!("urn:li:share:7"), Some("urn:li:share:7")),
            (json!("sk-AbCdEfGhIjKl"), Some("sk-AbCdEfGhIjKl")),
            (json!("token=AbC"), Some("token=AbC")),
            (json!("at://did:plc:x/app.bsky.feed.post/3k"), Some("at://did:plc:x/app.bsky.feed.post/3k")),
            (json!("1e"), Some("1e")),
            (json!(5.876_538_894_925_5E17), None),
            (serde_json::from_str("18446744073709551617").unwrap(), None),
            (json!("18446744073709551617"), None),
            (json!("5.8765388949255E+17"), None),
            (json!(1.5), None),
            (json!("1.5"), None),
            (json!(0), None),
            (json!("0"), None),
            (json!("000"), None),
            (json!(-7), None),
            (json!("-7"), None),
            (json!(null), None),
            (json!("undefined"), None),
            (json!("None"), None),
            (json!("NaN"), None),
            (json!(true), None),
            (json!(["1"]), None),
            (json!({ "id": "1" }), None),
            (json!(""), None),
            (json!("a sentence"), None),
            (json!("urn:li:share:undefined"), None),
            (json!("undefined_17"), None),
            (json!("17_null"), None),
            (json!("nullable_17"), Some("nullable_17")),
            (json!("success"), None),
            (json!("Posted"), None),
            (json!("00000000-0000-0000-0000-000000000000"), None),
            (json!("12\u{200b}3"), None),
        ] {
            assert_eq!(exact_id(&value).as_deref(), id, "{value}");
        }
    }

    /// An answer may be a list of everything that ever was.
    #[test]
    fn words_without_end_name_so_many_posts_and_no_more() {
        let pattern = Regex::new(r"(?i)\btweet ([0-9]+)").unwrap();
        let words =
            |count: usize| -> String { (1..=count).map(|number| format!("tweet {number}; ")).collect() };
        for (count, found) in [(0, 0), (1, 1), (LONGEST_LIST, LONGEST_LIST), (1_000, LONGEST_LIST)] {
            assert_eq!(within(&pattern, &words(count)).len(), found, "{count}");
        }
    }
}
