//! Signs in an answer that something was made. Beside a sign of an error they mean that nothing is known: an error word is not
//! a refusal beside a sign of success (postiz-app#1568: the id of the post stands beside `error.status = 429`).

use regex_lite::Regex;
use serde_json::Value;

use crate::classify::{Pattern, patterns, plain};
use crate::extract::{Call, exact_id, time};
use crate::normalise::Answer;
use crate::profile::{ActTool, Naming, is_yes};

/// How deep members are read.
const DEPTH: usize = 8;

/// Of a shorter text of ours an answer that repeats it is not told from one that says the same by itself.
const SHORT: usize = 12;

/// How many words before a word like *posted* may deny it, within its clause.
const DENIED_WITHIN: usize = 6;

/// What an answer shows of something made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Made {
    /// The id that it names, which is none that we sent.
    pub(crate) id: Option<String>,
    /// Whether it says in words or by a member that something was made.
    pub(crate) said: bool,
}

impl Made {
    /// Whether there is any sign.
    pub(crate) const fn any(&self) -> bool {
        self.id.is_some() || self.said
    }
}

/// The signs of an answer to the call of an acting tool.
pub(crate) fn made(act: &ActTool, call: &Call<'_>, answer: &Answer) -> Made {
    let id = match &act.naming {
        Naming::Theirs { .. } => call.id_in(act, answer),
        Naming::Ours(_) => None,
    };
    // A like has no id: that the profile's own word for it stands there is the sign.
    let confirmed = act.confirm.as_ref().is_some_and(|confirm| answer.says(confirm));
    let said = confirmed
        || shows_post(act, answer)
        || says_made(&answer.words)
        // Taking a text of ours out of the words may have taken the sign: the post `Posted`, or the post `o`.
        || ((call.content.text.chars().count() < SHORT || says_made(&call.content.text)) && says_made(&answer.heard))
        || answer.blocks().any(|block| members(block, &|id| call.was_sent(id), DEPTH));
    Made { id, said }
}

/// Whether the link or the time of a post stands where the profile says that they stand. A time that every error has (Spring
/// names it `timestamp`) is no time of a post.
fn shows_post(act: &ActTool, answer: &Answer) -> bool {
    let at = |pointer: &Option<String>| answer.at(pointer.as_ref()?);
    let of_any_answer =
        |pointer: &String| ["/timestamp", "/time", "/date"].iter().any(|end| pointer.ends_with(end));
    let published_at = act.published_at.as_ref().filter(|pointer| !of_any_answer(pointer));
    at(&act.url).is_some_and(is_link) || published_at.and_then(|at| time(answer.at(at)?)).is_some()
}

fn is_link(value: &Value) -> bool {
    value.as_str().is_some_and(|link| link.starts_with("https://") || link.starts_with("http://"))
}

/// Members that say so, `"published": true`, or that name a post under another name than the profile's: `"post_id": "17"`.
fn members(value: &Value, was_sent: &dyn Fn(&str) -> bool, depth: usize) -> bool {
    let Some(deeper) = depth.checked_sub(1) else { return false };
    match value {
        Value::Object(object) => object.iter().any(|(name, member)| {
            is_made_member(name, member)
                || names_post(name, member, was_sent)
                || (is_post_member(name) && holds_id(member, was_sent))
                || members(member, was_sent, deeper)
        }),
        Value::Array(items) => items.iter().any(|item| members(item, was_sent, deeper)),
        _ => false,
    }
}

/// Whether a member names a post by its name (a request or an account has an id as well), or by an address that only posts
/// have.
fn names_post(name: &str, member: &Value, was_sent: &dyn Fn(&str) -> bool) -> bool {
    let Some(id) = exact_id(member) else { return false };
    let name: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    let of_a_post = matches!(
        name.to_ascii_lowercase().as_str(),
        "postid"
            | "tweetid"
            | "replyid"
            | "commentid"
            | "threadid"
            | "shareid"
            | "videoid"
            | "reelid"
            | "publishid"
            | "releaseid"
            | "statusid"
            | "idstr"
            | "messageid"
            | "shortcode"
            | "posturn"
            | "shareurn"
            | "posturi"
            | "posturl"
            | "tweeturl"
            | "releaseurl"
            | "permalink"
            | "permalinkurl"
    );
    let addresses = ["urn:li:share:", "urn:li:ugcPost:", "urn:li:activity:", "urn:li:comment:", "at://"];
    let of_a_post = of_a_post || links_to_post(&id) || addresses.iter().any(|begin| id.starts_with(begin));
    of_a_post && !was_sent(&id)
}

/// Members that say that something was made: by a yes, a count, or what was made; by a word for how it went.
fn is_made_member(name: &str, member: &Value) -> bool {
    let name = plain(name);
    let bare = ["is", "was", "has"].iter().find_map(|verb| name.strip_prefix(verb)).unwrap_or(&name);
    let made = [
        "success",
        "ok",
        "published",
        "posted",
        "created",
        "sent",
        "live",
        "liked",
        "followed",
        "following",
        "shared",
        "reposted",
        "retweeted",
        "replied",
        "commented",
        "succeeded",
        "completed",
        "partial",
    ];
    let counts = bare.strip_suffix("count").is_some_and(|rest| made.contains(&rest));
    let some = match member {
        Value::Array(items) => !items.is_empty(),
        Value::Number(number) => counts && number.as_u64().is_some_and(|count| count > 0),
        _ => false,
    };
    let went = ["status", "state"].iter().any(|end| bare.ends_with(end))
        && member.as_str().is_some_and(|word| {
            let word = plain(word);
            ["published", "posted", "publishcomplete", "publiclyavailable", "live", "public"]
                .contains(&word.as_str())
        });
    went || ((made.contains(&bare) || counts) && (is_yes(member) || some))
}

/// Members that hold a post, of which an id is the id of a post.
fn is_post_member(name: &str) -> bool {
    matches!(
        plain(name).as_str(),
        "data"
            | "post"
            | "posts"
            | "tweet"
            | "tweets"
            | "status"
            | "reply"
            | "comment"
            | "postids"
            | "publishedids"
            | "tweetids"
    )
}

fn holds_id(member: &Value, was_sent: &dyn Fn(&str) -> bool) -> bool {
    let id = |value: &Value| exact_id(value).is_some_and(|id| !was_sent(&id));
    match member {
        Value::Object(members) => {
            ["id", "id_str", "idStr"].iter().filter_map(|name| members.get(*name)).any(id)
        }
        Value::Array(items) => {
            items.iter().any(|item| id(item) || (item.is_object() && holds_id(item, was_sent)))
        }
        _ => false,
    }
}

/// Words that something was made, not denied within their clause: *the reply was posted*, and not *cannot be posted*.
pub(crate) fn says_made(words: &str) -> bool {
    let Some(pattern) = MADE.as_ref() else { return true };
    if links_to_post(words) {
        return true;
    }
    pattern.find_iter(words).any(|found| {
        let before = words.get(..found.start()).unwrap_or_default();
        let after = words.get(found.end()..).unwrap_or_default();
        is_of_something(before, after) || !is_denied(before)
    })
}

/// Whether there is the address of a post: none of a page about errors (`developer.mozilla.org/…/Status/401`), nor of the request
/// that failed.
fn links_to_post(words: &str) -> bool {
    let of_programs =
        ["developer", "docs.", "api.", "apis.", "graph.", "/api/", "/rest/", "/http/", "/v1/", "/v2/"];
    POST_LINK.as_ref().is_some_and(|pattern| {
        pattern.find_iter(words).any(|link| {
            let link = link.as_str().to_lowercase();
            !of_programs.iter().any(|part| link.contains(part))
        })
    })
}

/// *Failed to pin the published post*: what failed was done to something that is there.
fn is_of_something(before: &str, after: &str) -> bool {
    let noun = after
        .split_whitespace()
        .next()
        .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase());
    let nouns = [
        "post", "tweet", "reply", "comment", "reel", "video", "thread", "message", "story", "status", "media",
    ];
    let last = before.split_whitespace().next_back().unwrap_or_default().to_lowercase();
    let named = matches!(last.as_str(), "the" | "your" | "our" | "this" | "a" | "its" | "of" | "followers");
    named && after.starts_with(' ') && noun.is_some_and(|noun| nouns.contains(&noun.as_str()))
}

/// Whether the last words of a clause deny what follows, or put it off. What could not be *read* was not denied to be there:
/// *could not verify that it was posted*.
pub(crate) fn is_denied(before: &str) -> bool {
    let clause = before.rsplit(is_end_of_clause).next().unwrap_or_default();
    let words = clause.split_whitespace().map(str::to_lowercase).rev().take(DENIED_WITHIN);
    words
        .map(|word| word.trim_matches(|letter: char| !letter.is_alphanumeric()).to_owned())
        .take_while(|word| !begins_a_clause(word) && !reads(word))
        .any(|word| denies(&word))
}

fn is_end_of_clause(character: char) -> bool {
    !character.is_alphanumeric() && !character.is_whitespace() && !"'\u{2019}-_@#%&+*=".contains(character)
        || character == '\n'
}

/// Words that begin a clause of their own, and dashes between blanks, of which nothing is left.
fn begins_a_clause(word: &str) -> bool {
    matches!(
        word,
        "" | "but"
            | "because"
            | "since"
            | "as"
            | "after"
            | "once"
            | "although"
            | "though"
            | "however"
            | "yet"
            | "while"
    )
}

/// What is done to something that is there.
fn reads(word: &str) -> bool {
    matches!(
        word,
        "verify"
            | "confirm"
            | "check"
            | "determine"
            | "tell"
            | "know"
            | "read"
            | "fetch"
            | "load"
            | "retrieve"
            | "refresh"
            | "list"
            | "show"
            | "see"
    )
}

fn denies(word: &str) -> bool {
    matches!(
        word,
        "not"
            | "no"
            | "never"
            | "nothing"
            | "none"
            | "nor"
            | "cannot"
            | "cant"
            | "unable"
            | "fail"
            | "fails"
            | "failed"
            | "failure"
            | "failing"
            | "without"
            | "must"
            | "should"
            | "can"
            | "if"
            | "unless"
            | "denied"
            | "refused"
            | "rejected"
            | "prevented"
            | "blocked"
            | "many"
            | "nicht"
            | "kein"
            | "keine"
            | "pas"
            | "nunca"
            | "non"
            | "niet"
    ) || word.ends_with("n't")
        || word.ends_with("n\u{2019}t")
}

patterns! {
    /// The address of a post.
    POST_LINK r"https?://[^\s?#]+/(?:status|statuses|p|reel|posts|video|shorts)/[\w-]*[0-9][\w-]*";
    /// What servers say of something that they made. `sent` and `live` only as sentences say them: *requests sent* is a
    /// count, *live video* a kind of post.
    MADE concat!(
        r"(?i)\b(?:posted|published|created|tweeted|retweeted|reposted|replied|commented|uploaded|submitted|delivered)\b|",
        r"\b(?:was|were|is|been|successfully|message|post|reply|comment) sent\b|\bsent successfully\b|",
        r"\b(?:is|are|now|went|gone|goes) (?:live|up)\b|\bwent through\b|\bdone\b[!.]|\bupload complete|\b(?:awaiting|held for) moderation\b|\bpending review\b|",
        r"\b(?:tweet|post|status|reply|comment) ?id ?[=:]|\bafter posting\b|\bsuccess(?:ful|fully)?\b|",
        r"\b(?:liked|followed|favou?rited|reacted|quoted|boosted)\b|\bnow following\b|",
        r"\b(?:was|were|been|successfully|post|tweet|reply|comment|like|reaction|video|reel) (?:shared|added)\b|",
        r"\b(?:shared|added) successfully\b|",
        // The same in languages that servers of the platforms' users speak.
        r"\bpublicad[oa]s?\b|\bpubblicat[oa]\b|\bpubli[\x{e9}]|ver[\x{f6}]ffentlicht|\bgepostet\b|\berstellt\b|\bgeplaatst\b|",
        r"r[\x{e9}]ussie?|\benviad[oa]\b|\bcom sucesso\b|",
        r"[\x{41e}\x{43e}]публикован|投稿(?:し|され|完了|済み)|公開(?:し|され|済み)|(?:发布|發布|发表|發表|发帖|發帖)成功|已(?:发布|發布|发送|發送|发表)|게시(?:됨|되|했)",
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_something_was_made() {
        for (words, made) in [
            ("Reply 17 was posted, but reading it back failed: HTTP 429 Too Many Requests", true),
            ("Published. Could not fetch permalink", true),
            ("Your post is live; analytics failed (503)", true),
            ("message sent, receipt timed out", true),
            ("Successfully created; error while reading insights", true),
            ("failed, but the tweet was created", true),
            ("The post cannot be created", false),
            ("could not be posted", false),
            ("Nothing was posted", false),
            ("it wasn't published", false),
            ("the video must be uploaded first", false),
            ("failed to get the post created", false),
            ("Media can only be published by a business account", false),
            ("Too many requests sent", false),
            ("Live video is not supported", false),
            ("it will be published shortly", true),
            ("Comment added, but reading it back failed: HTTP 429", true),
            ("Followed; could not load the profile: 429", true),
            ("Liked the post, then 429", true),
            ("the limit of posts that may be liked was reached", true),
            ("Failed after the post was created: 429", true),
            ("Could not verify that it was posted: 429", true),
            ("Unable to fetch the created post: 429", true),
            ("Read failed - reply posted - 429", true),
            ("Permalink failed \u{2014} tweet posted \u{2014} 429", true),
            ("failed \"tweet\" posted", true),
            ("Publicado, pero la lectura fall\u{f3}: 429", true),
            ("Ver\u{f6}ffentlicht, aber 429", true),
            ("\u{53d1}\u{5e03}\u{6210}\u{529f}, 429", true),
            ("Опубликовано, 429", true),
            ("Der Beitrag wurde nicht ver\u{f6}ffentlicht", false),
            ("the reply couldn\u{2019}t be posted", false),
            ("media could not be shared", false),
            ("rate limit exceeded", false),
            ("it is not the published version", false),
            ("Failed to pin the published post", true),
            ("", false),
        ] {
            assert_eq!(says_made(words), made, "{words}");
        }
    }

    #[test]
    fn members_that_say_so() {
        for (value, said) in [
            (serde_json::json!({ "data": { "published": true } }), true),
            (serde_json::json!({ "success": true, "error": "x" }), true),
            (serde_json::json!({ "published": false, "ok": "true" }), true),
            (serde_json::json!({ "posted": 1 }), true),
            (serde_json::json!({ "posted": "false", "ok": 0 }), false),
            (serde_json::json!({ "post": { "post_id": "17" } }), true),
            (serde_json::json!({ "postUrn": "urn:li:share:7" }), true),
            (serde_json::json!({ "permalink": "https://threads.net/t/17" }), true),
            (serde_json::json!({ "uri": "at://did:plc:x/app.bsky.feed.post/3k" }), true),
            (serde_json::json!({ "request_id": "17", "id": "17", "post_id": null }), false),
            (serde_json::json!({ "tweet_id": "sent", "creation_id": "17" }), false),
            (serde_json::json!([{ "liked": true }]), true),
            (serde_json::json!({ "publishedCount": 2 }), true),
            (serde_json::json!({ "published_count": 0, "retry_count": 2 }), false),
            // A time is no count.
            (serde_json::json!({ "created": 1_767_225_600 }), false),
            (serde_json::json!({ "data": { "id": "17" } }), true),
            (serde_json::json!({ "data": [{ "id": "17" }] }), true),
            (serde_json::json!({ "data": ["17"] }), true),
            (serde_json::json!({ "data": [{ "code": "x" }] }), false),
            (serde_json::json!({ "user": { "id": "17" }, "data": [{ "id": "sent" }] }), false),
            (serde_json::json!(null), false),
        ] {
            assert_eq!(members(&value, &|id| id == "sent", DEPTH), said, "{value}");
        }
    }
}
