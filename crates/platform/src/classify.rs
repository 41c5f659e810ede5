//! What an error means. After a call was sent only words that are known to be a refusal are one; all else is unknown
//! (MCP-03).
//!
//! Whatever speaks for a lost answer wins over whatever speaks for a refusal: a wrong *unknown* costs a look, a wrong *not
//! done* costs a second post. So dropped connections and 5xx come first, then codes, then phrases, then the other statuses.

mod codes;
mod doubts;
mod missing;
mod retry;
mod status;
#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use chimera_contracts::ErrorCode;
use chimera_effect::EffectKind;
use chrono::{DateTime, TimeDelta, Utc};
use regex_lite::Regex;
use serde_json::Value;

use crate::normalise::Answer;
use crate::profile::{PlatformProfile, is_set, is_yes};
use crate::signs;
use crate::tool::ToolAnswer;

pub(crate) use doubts::{is_hidden, is_unfit, plain};
pub(crate) use missing::is_missing;

/// How deep what stands around the items of a list is read.
const DEPTH: usize = 3;

/// The longest that a rate limit without a time is waited for: the windows of all platforms here are shorter.
const LONGEST_WINDOW: TimeDelta = TimeDelta::days(1);

/// What an error means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// The platform or the server refused, in known words.
    Refused(ErrorCode),
    /// The server found a fault in the call itself, before it asked its platform.
    NotSent(ErrorCode),
    /// It was refused because the same is there already.
    Duplicate,
    /// The state is set already: liked, followed, shared.
    Already,
    /// The platform failed, and may have done it all the same.
    Transient,
    /// It may have been done.
    Unknown,
}

/// Whether an answer of an acting tool reports an error, whatever `isError` says.
pub(crate) fn is_error(profile: &PlatformProfile, answer: &Answer) -> bool {
    read_failed(profile, answer) || profile.errors.iter().any(|rule| rule.pattern.is_match(&answer.words))
}

/// Whether a reading tool failed. Words are no sign: items of a list are other people's words, and hold any of them.
pub(crate) fn read_failed(profile: &PlatformProfile, answer: &Answer) -> bool {
    answer.is_error
        || profile.soft_errors.iter().any(|condition| answer.says(condition))
        || says_error(&answer.value)
}

/// Whether a reading tool failed by what stays so until a person mends it: credentials, a tool that is not there.
pub(crate) fn a_person_mends(profile: &PlatformProfile, answer: &Answer) -> bool {
    let words = answer.words.as_str();
    is_refused_login(profile, answer)
        || (!matches(&UPSTREAM, words) && (matches(&UNKNOWN_TOOL, words) || matches(&BAD_ARGUMENTS, words)))
}

/// Whether a reading tool failed by its credentials.
pub(crate) fn is_refused_login(profile: &PlatformProfile, answer: &Answer) -> bool {
    known(profile, answer) == Meaning::Refused(ErrorCode::PlatformAuthInvalid)
        || matches(&NO_LOGIN, &answer.words)
}

/// The code of a refusal by a step that makes nothing public; `None` where the answer settles nothing.
pub(crate) fn refusal_code(profile: &PlatformProfile, answer: &Answer) -> Option<ErrorCode> {
    match meaning(profile, answer) {
        Meaning::Refused(code) | Meaning::NotSent(code) => Some(code),
        Meaning::Duplicate | Meaning::Already | Meaning::Transient | Meaning::Unknown => None,
    }
}

/// Whether an answer that is no error as a whole speaks of one all the same: beside an id it settles nothing, and alone it is
/// no refusal. A server that wraps its platform's answer reports the error within (`{"id": …, "data": {"errors": […]}}`),
/// and one that answers in sentences says it anywhere.
/// Of one that should be about something public it also speaks where that is a draft, or waits for something.
pub(crate) fn has_doubts(answer: &Answer, public: bool) -> bool {
    answer.blocks().any(|block| doubts::in_value(block, answer, public))
}

/// Whether an answer says, around what stands at `items`, that there is more than it shows.
pub(crate) fn has_more(answer: &Answer, items: Option<&Value>) -> bool {
    answer.blocks().any(|block| doubts::has_more(block, items, DEPTH))
}

/// What an answer that shows something says against it, around what stands at `items`: that it could not be read, or is not
/// all there is. Absence beside such words is none.
pub(crate) fn against(answer: &Answer, items: Option<&Value>, until: DateTime<Utc>) -> Option<&'static str> {
    let empty = items.is_none_or(|items| items.as_array().is_none_or(Vec::is_empty));
    let text = |block: &Value| {
        block.as_str().is_some_and(|text| {
            // Beside items it may be the items in words, which are other people's.
            matches(&ERROR_TEXT, text) || (empty && (matches(&LOST, text) || doubts::speaks_of_failure(text)))
        })
    };
    answer.blocks().find_map(|block| {
        if text(block) { Some("says that it failed") } else { doubts::around(block, items, until, DEPTH) }
    })
}

/// Whether words of ours would be read as a refusal, if a server showed them in an error.
pub(crate) fn reads_as_refusal(profile: &PlatformProfile, ours: &str) -> bool {
    let shown = ToolAnswer { is_error: true, texts: vec![ours.to_owned()], ..ToolAnswer::default() };
    matches!(
        meaning(profile, &Answer::new(&shown)),
        Meaning::Refused(_) | Meaning::NotSent(_) | Meaning::Duplicate | Meaning::Already
    )
}

/// Whether *already* is said of the state of this kind and of us: neither asked for (*accounts that you already follow*),
/// counted (*already following the maximum*), nor of somebody else (*is already following you*). A platform's number for it
/// needs no words; beside a limit it is no state.
pub(crate) fn is_already(kind: EffectKind, target: Option<&str>, answer: &Answer) -> bool {
    let Some(pattern) = ALREADY.as_ref() else { return false };
    let mut said = false;
    let fits = pattern.find_iter(&answer.words).any(|found| {
        said = true;
        let verb = found.as_str().to_ascii_lowercase();
        let verbs: &[&str] = match kind {
            EffectKind::Like => &["lik", "favo", "react"],
            EffectKind::Follow => &["follow"],
            _ => &["retweet", "repost", "shared"],
        };
        let before = answer.words.get(..found.start()).unwrap_or_default();
        let after = answer.words.get(found.end()..).unwrap_or_default();
        let meant = verbs.iter().any(|verb_of| verb.contains(verb_of));
        meant && is_of_the_target(after, target) && !signs::is_denied(before) && !asked_for(before)
    });
    (fits || !said) && !matches(&RATE, &answer.words) && !matches(&LIMITED, &answer.words)
}

/// Whether what follows *already liked* is the end of the clause, or the target.
fn is_of_the_target(after: &str, target: Option<&str>) -> bool {
    let plain = |word: &str| word.trim_matches(|c: char| !c.is_alphanumeric() && c != '_').to_lowercase();
    let after = after.trim_start_matches([' ', '\t']);
    let mut words = after.split_whitespace();
    let Some(first) = words.next() else { return true };
    if first.starts_with(|c: char| !c.is_alphanumeric() && c != '@') {
        return true;
    }
    let first = plain(first);
    let second = words.next().map(plain).unwrap_or_default();
    match first.as_str() {
        "this" | "it" | "that" | "them" | "her" | "him" | "to" | "target" | "user" | "status" => true,
        "the" => {
            ["post", "tweet", "status", "comment", "reply", "video", "thread", "user", "account", "target"]
                .contains(&second.as_str())
        }
        first => target.is_some_and(|target| plain(target.trim_start_matches('@')) == first),
    }
}

/// *accounts that you already follow*
fn asked_for(before: &str) -> bool {
    let words: Vec<&str> = before.split_whitespace().rev().take(3).collect();
    words.iter().any(|word| matches!(*word, "that" | "who" | "whom" | "which" | "only" | "author"))
}

/// Whether a refusal may say that a state is there, or is asked for: of a like that is there already, of a request to follow
/// that waits (mastodon#23095, mastodon#258).
pub(crate) fn may_be_set(answer: &Answer) -> bool {
    matches(&MAY_BE_SET, &answer.words)
}

/// What an answer of an act means that reports an error; the profile's own patterns come first.
pub(crate) fn meaning(profile: &PlatformProfile, answer: &Answer) -> Meaning {
    let words = answer.words.as_str();
    if let Some(rule) = profile.errors.iter().find(|rule| rule.pattern.is_match(words)) {
        return match rule.code {
            ErrorCode::OutcomeUnknown => Meaning::Unknown,
            code => Meaning::Refused(code),
        };
    }
    known(profile, answer)
}

/// The same by what is known of the platform, without the profile's patterns: those are about acts.
fn known(profile: &PlatformProfile, answer: &Answer) -> Meaning {
    let words = answer.words.as_str();
    let statuses = status::statuses(profile.platform, answer);
    if matches(&LOST, words) || matches(&AGAIN, words) {
        return Meaning::Unknown;
    }
    if statuses.iter().any(|status| (500..600).contains(status)) {
        return Meaning::Transient;
    }
    codes::by_number(profile.platform, answer)
        .or_else(|| codes::by_name(words))
        .or_else(|| by_phrase(words))
        .or_else(|| answer.is_error.then(|| before_sending(profile, words)).flatten())
        .or_else(|| {
            let open = statuses.iter().any(|status| matches!(status, 408 | 409 | 425 | 499));
            if open { None } else { statuses.iter().find_map(|status| by_status(*status)) }
        })
        .map(|meaning| if is_passing(meaning, answer) { Meaning::Transient } else { meaning })
        .map(|meaning| if is_repetition(meaning, words) { Meaning::Duplicate } else { meaning })
        .unwrap_or(Meaning::Unknown)
}

/// Whether what looks like a fault of the call is one of the platform by its own word: the Graph APIs send their internal
/// errors as 400, with `is_transient` or the codes -1 and -2, and may have done what was asked.
fn is_passing(meaning: Meaning, answer: &Answer) -> bool {
    meaning == Meaning::Refused(ErrorCode::ValidationError)
        && (matches(&PASSING, &answer.words) || answer.blocks().any(|block| says_passing(block, 8)))
}

/// Whether a refusal under a wide code (Meta's 368, a bare 400) is one as a duplicate by its words: a library that repeats a call
/// whose answer was lost is told so about our own post (koala#422).
fn is_repetition(meaning: Meaning, words: &str) -> bool {
    let wide = [ErrorCode::ContentPolicyViolation, ErrorCode::ValidationError].map(Meaning::Refused);
    wide.contains(&meaning) && (matches(&DUPLICATE, words) || matches(&REPEATED, words))
}

fn says_passing(value: &Value, depth: usize) -> bool {
    let Some(deeper) = depth.checked_sub(1) else { return false };
    match value {
        Value::Object(members) => members.iter().any(|(name, member)| match name.as_str() {
            "is_transient" | "isTransient" => is_yes(member),
            "code" => matches!(member.as_i64(), Some(-2 | -1)),
            _ => says_passing(member, deeper),
        }),
        Value::Array(items) => items.iter().any(|item| says_passing(item, deeper)),
        _ => false,
    }
}

/// When it may be tried again: as the answer says, else, for a rate limit, after the platform's usual window, twice as long
/// after each further attempt. A limit that gives no time was asked about four times in five seconds.
pub(crate) fn retry_at(
    profile: &PlatformProfile,
    code: ErrorCode,
    answer: &Answer,
    attempt: u32,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    if !code.retryable() {
        return None;
    }
    let said = retry::retry_at(answer, now);
    if said.is_some() || code != ErrorCode::PlatformRateLimit {
        return said;
    }
    let times = 1_i32.checked_shl(attempt.saturating_sub(1).min(30)).unwrap_or(i32::MAX);
    let window = profile.rate_window.checked_mul(times).unwrap_or(LONGEST_WINDOW).min(LONGEST_WINDOW);
    now.checked_add_signed(window)
}

/// The post that a refusal as a duplicate names.
pub(crate) fn named_duplicate(answer: &Answer) -> Option<String> {
    let found = NAMED_DUPLICATE.as_ref()?.captures(&answer.words)?;
    found.iter().skip(1).flatten().next().map(|id| id.as_str().trim_end_matches(['.', ',']).to_owned())
}

/// The ways in which servers say *error* in an answer that claims to be none.
fn says_error(value: &Value) -> bool {
    let Value::Object(members) = value else {
        return value.as_str().is_some_and(|text| matches(&ERROR_TEXT, text));
    };
    let fails = |name: &str| members.get(name) == Some(&Value::Bool(false));
    let status = ["status_code", "statusCode", "status", "http_status"]
        .iter()
        .filter_map(|name| members.get(*name))
        .any(|status| match status {
            Value::Number(number) => number.as_u64().is_some_and(|status| (400..600).contains(&status)),
            Value::String(word) => matches!(word.as_str(), "error" | "failed" | "failure"),
            _ => false,
        });
    let error = match members.get("error") {
        None | Some(Value::Null | Value::Bool(false)) => false,
        Some(none) if !is_set(none) => false,
        // TikTok puts an error object with the code `ok` into every success.
        Some(Value::Object(error)) => error.get("code").and_then(Value::as_str) != Some("ok"),
        Some(_) => true,
    };
    let errors = match members.get("errors") {
        None | Some(Value::Null | Value::Bool(false)) => false,
        Some(Value::Array(errors)) => !errors.is_empty(),
        Some(none) if !is_set(none) => false,
        Some(_) => true,
    };
    let flagged = members.get("isError") == Some(&Value::Bool(true));
    fails("success") || fails("ok") || status || error || errors || flagged
}

fn by_phrase(words: &str) -> Option<Meaning> {
    [
        (&ALREADY, Meaning::Already),
        (&DUPLICATE, Meaning::Duplicate),
        (&RATE, Meaning::Refused(ErrorCode::PlatformRateLimit)),
        (&AUTH, Meaning::Refused(ErrorCode::PlatformAuthInvalid)),
        (&POLICY, Meaning::Refused(ErrorCode::ContentPolicyViolation)),
    ]
    .into_iter()
    .find_map(|(pattern, meaning)| matches(pattern, words).then_some(meaning))
}

/// Statuses that are a refusal by themselves. 408, 409, 425 and 499 are none: they may follow upon something that was done.
fn by_status(status: u16) -> Option<Meaning> {
    let code = match status {
        401 => ErrorCode::PlatformAuthInvalid,
        403 | 451 => ErrorCode::ContentPolicyViolation,
        429 => ErrorCode::PlatformRateLimit,
        400 | 402 | 404..=406 | 410..=424 | 426 | 428 | 431 => ErrorCode::ValidationError,
        _ => return None,
    };
    Some(Meaning::Refused(code))
}

/// What a server says before it asks its platform. Only where the server itself claims an error: the same words about an
/// *answer* of the platform would prove nothing, so the patterns name arguments. Words about another tool than those that
/// act are about something that was called after the write, and so is what names a request or a code of the transport.
fn before_sending(profile: &PlatformProfile, words: &str) -> Option<Meaning> {
    if matches(&UPSTREAM, words) || names_another(profile, words) {
        return None;
    }
    // A library's words for what a tool threw: it ran, and only its model of the arguments is checked before.
    let refusals: &[(&Pattern, ErrorCode)] = if matches(&TOOL_RAN, words) {
        &[(&BAD_MODEL, ErrorCode::ValidationError), (&WANTS_CONFIRMATION, ErrorCode::PlatformNotConfigured)]
    } else {
        &[
            (&BAD_ARGUMENTS, ErrorCode::ValidationError),
            (&UNKNOWN_TOOL, ErrorCode::PlatformNotConfigured),
            (&WANTS_CONFIRMATION, ErrorCode::PlatformNotConfigured),
        ]
    };
    refusals.iter().find_map(|(pattern, code)| matches(pattern, words).then_some(Meaning::NotSent(*code)))
}

/// Whether words name a tool that is none of those that act: a tool may call others (fastmcp, *Composition*), and it did so after
/// it had begun.
fn names_another(profile: &PlatformProfile, words: &str) -> bool {
    let Some(pattern) = NAMED_TOOL.as_ref() else { return true };
    let acts = |name: &str| {
        profile.acts.values().any(|act| act.every_call().any(|call| call.tool.eq_ignore_ascii_case(name)))
            || profile.upload.as_ref().is_some_and(|upload| upload.invocation.tool.eq_ignore_ascii_case(name))
    };
    let mut named = pattern.captures_iter(words).filter_map(|found| found.iter().skip(1).flatten().next());
    named.any(|name| !acts(name.as_str()))
}

pub(crate) type Pattern = LazyLock<Option<Regex>>;

/// A pattern that is none matches nothing, so that everything becomes unknown; a test keeps them all patterns.
fn matches(pattern: &Pattern, words: &str) -> bool {
    pattern.as_ref().is_some_and(|pattern| pattern.is_match(words))
}

macro_rules! patterns {
    ($($(#[$doc:meta])* $name:ident $pattern:expr;)*) => {
        $($(#[$doc])* static $name: Pattern = std::sync::LazyLock::new(|| Regex::new($pattern).ok());)*

        #[cfg(test)]
        #[test]
        fn every_pattern_compiles() {
            $(assert!($name.is_some(), stringify!($name));)*
        }
    };
}
pub(crate) use patterns;

patterns! {
    /// The answer of the platform was lost on its way to the server. "Unable to connect" too: behind a proxy it is said
    /// after the post was made.
    LOST concat!(
        r"(?i)connection (?:was |has been )?(?:aborted|reset|closed|dropped|refused|lost|error)|remote end closed|",
        r"remotedisconnected|disconnected without|\btimed[ -]?out\b|\btime[ -]?out\b|could not reach|unable to connect|",
        r"failed to (?:connect|fetch)|fetch failed|network (?:error|is unreachable)|broken pipe|eof occurred|socket hang up|",
        r"\beconn[a-z]+|\bepipe\b|\be(?:socket)?timedout\b|incomplete ?read|proxyerror|connecterror|readerror|remoteprotocolerror|",
        r"readtimeout|deadline[ _]exceeded|(?:context|request|operation|http2_stream)[ _](?:was )?(?:cancel|abort)|aborterror|",
        r"typeerror: terminated|premature close|und_err_|other side closed|(?:socket|stream|server) closed|closed the stream|",
        r"max retries exceeded|unexpected (?:end of|token)|\bgoaway\b|unexpected_eof|empty reply|no response received|",
        r"i/o timeout|was killed|\binterrupted\b|\bstatus 0\b",
    );
    /// A refusal of a second send: how the first one ended is not told.
    AGAIN concat!(
        r"(?i)\bon (?:the |a )?(?:(?:first|second|third|last|[0-9]+\w*) )?retry\b|\bretried\b|\bafter (?:[0-9]+|several|all) (?:retries|attempts|tries)\b|",
        r"\battempt (?:[2-9]|[1-9][0-9]+) ?(?:of|/)|\b(?:first|earlier|previous) attempt\b|\bno reply\b|",
        r"\bmay (?:already )?have been (?:processed|posted|published|created|sent|made)\b",
    );
    /// What platforms say of a fault of their own, whatever status they send with it.
    PASSING concat!(
        r"(?i)\b(?:unexpected|unknown|internal(?: server)?) error\b|something went wrong|temporarily unavailable|",
        r"please (?:re)?try (?:again|your request) later|\bretry your request later\b",
    );
    /// The state is what was asked for. X: 139 *already favorited*, 327 *already retweeted*.
    ALREADY concat!(
        r"(?i)already (?:been )?(?:liked|favou?rited|followed|following|retweeted|reposted|shared|reacted)|",
        r"already (?:like|follow)\b",
    );
    MAY_BE_SET r"(?i)\balready|already_|\bexists?\b|been taken|duplicat|\bpending\b|\brequested\b";
    LIMITED r"(?i)\b429\b|slow down|\blimit\b";
    /// The earlier post that a refusal as a duplicate names: LinkedIn's urn, or an id after a word for a post.
    NAMED_DUPLICATE concat!(
        r"(?i)duplicate of (urn:li:[a-z]+:[0-9]+)|(urn:li:(?:share|ugcpost|activity|comment):[^\s,;'\x22]+)|",
        r"duplicate of (?:post |tweet |status |media |comment |id |#)*([A-Za-z0-9_:.-]*[0-9][A-Za-z0-9_:.-]*)|",
        r"already (?:been )?(?:posted|published|tweeted) (?:as|with id|in|at) (?:post |tweet |id |#)*([A-Za-z0-9_:.-]*[0-9][A-Za-z0-9_:.-]*)",
    );
    DUPLICATE r"(?i)duplicate content|is a duplicate of|duplicate status|already (?:been )?(?:posted|published|tweeted|said that)";
    RATE r"(?i)\brate[ _-]?limit|too many requests|request limit reached|quota (?:has been )?exceeded|exceeded your quota";
    AUTH concat!(
        r"(?i)invalid or expired token|access token (?:is|has|was) (?:invalid|expired|revoked)|",
        r"invalid (?:oauth )?access token|token (?:\w+ ){0,4}has expired|invalid (?:authentication )?credentials|",
        r"session has expired|token refresh failed|insufficient (?:permissions?|scopes?)",
    );
    /// What a server says that was started without credentials. Of an act it would be no refusal: the words may be about a second call.
    NO_LOGIN concat!(
        r"(?i)\bmissing (?:credentials?|access[ _]token)\b|\b(?:credentials?|access[ _]token) (?:is|are) (?:missing|not (?:set|configured))\b|",
        r"\bno (?:credentials|access[ _]token)\b|\bnot (?:logged|signed) in\b",
    );
    POLICY r"(?i)content policy|community (?:guidelines|standards)|violates (?:\w+ ){0,3}(?:polic(?:y|ies)|rules|terms)|deemed abusive";
    BAD_ARGUMENTS concat!(
        r"(?i)validation errors? for (?:call\[|\w+arguments\b)|missing required argument|\[type=unexpected_keyword_argument|",
        r"bad arguments|invalid arguments|input validation error",
    );
    BAD_MODEL r"(?i)validation errors? for (?:call\[|\w+arguments\b)";
    TOOL_RAN r"(?i)\berror (?:executing|calling|running|in) tool\b";
    /// The tool that words about arguments or a missing tool name.
    NAMED_TOOL concat!(
        r"(?i)\bcall\[([\w./-]+)\]|validation errors? for ([\w.-]+)arguments\b|(?:unknown|no such) tool:? [`'\x22]?([\w./-]+)|",
        r"\btool [`'\x22]?([\w./-]+)[`'\x22]? (?:was |is |does )?not (?:be )?(?:found|exist)|\bfor tool [`'\x22]?([\w./-]+)|",
        r"\bcall (?:it|this|([\w./-]+)) again with confirm",
    );
    /// A request that the server made, or what came back of it.
    UPSTREAM r"(?i)\bhttp[ /:]*[1-5]|\b(?:GET|HEAD) /|-326[0-9]{2}\b|\bupstream\b|\bgraph api\b|\(read\)";
    /// Of the tool itself: *error executing tool `post`: 404 Not Found* tells of what it asked its platform.
    UNKNOWN_TOOL r"(?i)unknown tool|no such tool|\btool (?:was |is )?not found|\btool [`'\x22]?[\w./-]+[`'\x22]? (?:was |is |does )?not (?:be )?(?:found|exist)";
    /// Beside a wide code, any word for something that is there already.
    REPEATED concat!(
        r"(?i)duplicat|duplicad|doppelt|\bidentical\b|too similar|same (?:content|link)|same (?:text|status|comment) (?:again|twice|repeatedly)|",
        r"repetiti|repeat(?:ed)? content|not unique|already (?:exists?|said|submitted|sent|been (?:taken|sent|submitted))|already_sub|",
        r"\bposted this (?:recently|before|already)|with this text was made|重复|重複|중복",
    );
    WANTS_CONFIRMATION r"(?i)again with confirm\s*=\s*true";
    ERROR_TEXT r"(?i)^\s*(?:❌|\[?error\b|failed\b|failure\b|exception\b|traceback\b)";
}
