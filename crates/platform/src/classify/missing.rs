//! Whether an error says that what it is about is not there. Anything else that it may mean speaks against it: who is told
//! that a target is missing gives up on it.

use regex_lite::Regex;

use super::{LOST, Pattern, UNKNOWN_TOOL, by_phrase, codes, matches, patterns, status};
use crate::normalise::Answer;
use crate::profile::PlatformProfile;

/// Whether the answer, which reports an error, says so in known words.
pub(crate) fn is_missing(profile: &PlatformProfile, answer: &Answer) -> bool {
    let words = answer.words.as_str();
    let other = matches(&LOST, words)
        || matches(&UNKNOWN_TOOL, words)
        || codes::by_number(profile.platform, answer).is_some()
        || codes::by_name(words).is_some()
        || by_phrase(words).is_some();
    let statuses = status::statuses(profile.platform, answer);
    if other || !statuses.iter().all(|status| matches!(status, 400 | 404 | 410)) {
        return false;
    }
    statuses.iter().any(|status| matches!(status, 404 | 410)) || matches(&MISSING, words)
}

patterns! {
    // No word about accounts: one that is not found may be our own.
    MISSING concat!(
        r"(?i)\bno such (?:post|tweet|status|video|thread|media|comment|user)\b|",
        r"\bno (?:post|tweet|status|video|thread|media|comment|user) (?:was )?found\b|",
        r"\b(?:post|tweet|status|video|thread|media|comment|user|object|resource)(?: with [^\n]{1,80}?)?",
        r"(?: was| is)?[ _-]?(?:not[ _-]?found|does(?: not|n't) exist)|",
        r"could not find (?:the |a )?(?:post|tweet|status|video|thread|media|comment|user)\b",
    );
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use chimera_contracts::PlatformName;
    use serde_json::{Value, json};

    use super::*;
    use crate::profile::Profile;
    use crate::tool::ToolAnswer;

    static SEEDS: LazyLock<Profile> = LazyLock::new(|| Profile::seeds().unwrap());

    fn check(platform: PlatformName, error: &Value, text: &str, expected: bool) {
        let answer = ToolAnswer {
            is_error: true,
            structured: (!error.is_null()).then(|| json!({ "error": error.clone() })),
            texts: vec![text.to_owned()],
            ..ToolAnswer::default()
        };
        let found = is_missing(SEEDS.platform(platform).unwrap(), &Answer::new(&answer));
        assert_eq!(found, expected, "{platform} {error} {text}");
    }

    #[test]
    fn only_words_about_the_target_say_that_it_is_missing() {
        let x = PlatformName::Twitter;
        let status = |status: u16, code: i64| json!({ "status": status, "code": code });
        check(x, &status(404, 144), "HTTP 404 Not Found: No status found with that ID.", true);
        check(x, &Value::Null, "Could not find tweet with id: [1].", true);
        check(x, &Value::Null, "no such post", true);
        check(x, &Value::Null, "User not found: [gone]", true);
        check(PlatformName::YouTube, &Value::Null, "videoNotFound", true);
        check(x, &Value::Null, "410 Gone", true);
        let meta = "Unsupported get request. Object with ID '1' does not exist, cannot be loaded";
        check(PlatformName::Instagram, &status(400, 100), meta, true);
        check(PlatformName::Instagram, &status(400, 190), meta, false);
        check(x, &status(401, 89), "HTTP 401: user not found", false);
        check(x, &status(503, 130), "HTTP 503: tweet not found", false);
        check(x, &status(429, 88), "HTTP 404", false);
        check(x, &Value::Null, "Connection reset by peer: 404 Not Found", false);
        check(x, &Value::Null, "Unknown tool: tool `get_target` not found", false);
        check(x, &Value::Null, "Unknown tool get_tweet, HTTP 404", false);
        check(x, &Value::Null, "quotaExceeded, HTTP 404", false);
        check(x, &Value::Null, "Too many requests, HTTP 404", false);
        check(x, &Value::Null, "API key not found", false);
        check(x, &Value::Null, "account `me` not found", false);
        check(x, &Value::Null, "404 likes", false);
        check(x, &Value::Null, "An unknown error has occurred.", false);
    }
}
