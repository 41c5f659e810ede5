//! What errors mean: tables of answers, each row with the platform or report behind it.

use std::sync::LazyLock;

use chimera_contracts::PlatformName;
use serde_json::{Value, json};

use super::*;
use crate::profile::Profile;

static SEEDS: LazyLock<Profile> = LazyLock::new(|| Profile::seeds().unwrap());

fn profile(platform: PlatformName) -> &'static PlatformProfile {
    SEEDS.platform(platform).unwrap()
}

/// A server's answer in structured form.
fn structured(is_error: bool, value: Value) -> Answer {
    Answer::new(&ToolAnswer { is_error, structured: Some(value), ..ToolAnswer::default() })
}

/// A server's answer in a sentence.
fn sentence(is_error: bool, text: &str) -> Answer {
    Answer::new(&ToolAnswer { is_error, texts: vec![text.to_owned()], ..ToolAnswer::default() })
}

const INVALID: Meaning = Meaning::Refused(ErrorCode::ValidationError);
const POLICY: Meaning = Meaning::Refused(ErrorCode::ContentPolicyViolation);
const LIMITED: Meaning = Meaning::Refused(ErrorCode::PlatformRateLimit);
const AUTH: Meaning = Meaning::Refused(ErrorCode::PlatformAuthInvalid);

#[test]
fn what_a_server_calls_an_error_itself() {
    for (value, error) in [
        (json!({ "id": "P" }), false),
        (json!({ "success": false }), true),
        (json!({ "success": true }), false),
        (json!({ "ok": false }), true),
        (json!({ "isError": true }), true),
        (json!({ "isError": false }), false),
        // Meta and Google repeat the HTTP status; 2xx and 6xx are none of an error.
        (json!({ "status": 400 }), true),
        (json!({ "status_code": 599 }), true),
        (json!({ "statusCode": 600 }), false),
        (json!({ "http_status": 201 }), false),
        (json!({ "status": "error" }), true),
        (json!({ "status": "failed" }), true),
        (json!({ "status": "failure" }), true),
        (json!({ "status": "posted" }), false),
        (json!({ "error": null }), false),
        (json!({ "error": false }), false),
        (json!({ "error": true }), true),
        (json!({ "error": "" }), false),
        (json!({ "error": "rate limit" }), true),
        (json!({ "error": 0 }), false),
        (json!({ "error": 88 }), true),
        (json!({ "error": {} }), false),
        (json!({ "error": { "code": 190 } }), true),
        // TikTok, in every success.
        (json!({ "error": { "code": "ok", "message": "" } }), false),
        (json!({ "error": { "code": "spam_risk", "message": "" } }), true),
        (json!({ "errors": null }), false),
        (json!({ "errors": false }), false),
        (json!({ "errors": [] }), false),
        (json!({ "errors": 0 }), false),
        (json!({ "errors": {} }), false),
        (json!({ "errors": [{ "detail": "x" }] }), true),
        (json!({ "errors": { "text": ["too long"] } }), true),
        (json!({ "errors": "x" }), true),
        (json!("Error: could not post"), true),
        (json!("❌ could not post"), true),
        (json!("Posted without an error"), false),
        (json!([{ "error": "x" }]), false),
    ] {
        assert_eq!(says_error(&value), error, "{value}");
        let answer = structured(false, value.clone());
        assert_eq!(read_failed(profile(PlatformName::Twitter), &answer), error, "{value}");
        assert_eq!(is_error(profile(PlatformName::Twitter), &answer), error, "{value}");
    }
    let flagged = structured(true, json!({ "id": "P" }));
    assert!(read_failed(profile(PlatformName::Twitter), &flagged), "whatever it says else");
}

#[test]
fn what_an_error_means() {
    use PlatformName::{Instagram, LinkedIn, Twitter, YouTube};
    let error = |value: Value| structured(true, json!({ "error": value }));
    let by_status = |status: u16| error(json!({ "status": status }));
    let said = |text: &str| sentence(true, text);
    for (platform, answer, expected) in [
        (Twitter, by_status(400), INVALID),
        (Twitter, by_status(401), AUTH),
        (Twitter, by_status(402), INVALID),
        (Twitter, by_status(403), POLICY),
        (Twitter, by_status(404), INVALID),
        // What came before may have been done: a request that timed out, a conflict with itself, one that is replayed.
        (Twitter, by_status(408), Meaning::Unknown),
        (Twitter, by_status(409), Meaning::Unknown),
        (Twitter, by_status(410), INVALID),
        (Twitter, by_status(424), INVALID),
        (Twitter, by_status(425), Meaning::Unknown),
        (Twitter, by_status(426), INVALID),
        (Twitter, by_status(429), LIMITED),
        (Twitter, by_status(431), INVALID),
        (Twitter, by_status(451), POLICY),
        (Twitter, by_status(499), Meaning::Unknown),
        (Twitter, by_status(500), Meaning::Transient),
        (Twitter, by_status(599), Meaning::Transient),
        // A lost connection wins over whatever stands beside it.
        (Twitter, said("HTTP 403 Forbidden: connection reset by peer"), Meaning::Unknown),
        (Twitter, said("HTTP 429, then HTTP 503"), Meaning::Transient),
        // A number says more than the status: X 187 comes as 403.
        (Twitter, error(json!({ "status": 403, "code": 187 })), Meaning::Duplicate),
        (Twitter, error(json!({ "status": 403, "code": 139 })), Meaning::Already),
        // Meta's 506 and 368, and its own errors, which it sends as 400.
        (Instagram, error(json!({ "status": 400, "code": 506 })), Meaning::Duplicate),
        (Instagram, error(json!({ "status": 400, "code": 368, "message": "blocked" })), POLICY),
        (
            Instagram,
            error(json!({ "status": 400, "code": 368, "message": "identical to your last post" })),
            Meaning::Duplicate,
        ),
        (Instagram, error(json!({ "status": 400, "code": 100 })), INVALID),
        (Instagram, error(json!({ "status": 400, "code": 100, "is_transient": true })), Meaning::Transient),
        (Instagram, error(json!({ "status": 400, "code": 100, "is_transient": false })), INVALID),
        (Instagram, error(json!({ "status": 400, "code": -1 })), Meaning::Transient),
        (Instagram, error(json!({ "status": 400, "code": -2 })), Meaning::Transient),
        (Instagram, error(json!({ "status": 400, "code": -3 })), INVALID),
        (
            Instagram,
            structured(true, json!({ "errors": [{ "status": 400, "code": -1 }] })),
            Meaning::Transient,
        ),
        (
            Instagram,
            error(json!({ "status": 400, "message": "An unexpected error has occurred" })),
            Meaning::Transient,
        ),
        // Only a fault of the call may be one of the platform: a limit that asks to try again later is a limit.
        (Twitter, said("HTTP 429: please try again later"), LIMITED),
        // Names of errors (LinkedIn, YouTube), then phrases.
        (LinkedIn, said("DUPLICATE_POST"), Meaning::Duplicate),
        (YouTube, said("quotaExceeded"), LIMITED),
        // `code` is a status at Google, and a number of its own elsewhere.
        (YouTube, error(json!({ "code": 401 })), AUTH),
        (LinkedIn, error(json!({ "code": 401 })), Meaning::Unknown),
        (YouTube, error(json!({ "retries": 401 })), Meaning::Unknown),
        (YouTube, structured(true, json!({ "errors": [{ "code": "429" }] })), LIMITED),
        (LinkedIn, error(json!({ "httpStatus": "422" })), INVALID),
        (Twitter, said("You have already retweeted this"), Meaning::Already),
        (Twitter, said("Status is a duplicate of 17"), Meaning::Duplicate),
        (Twitter, said("Too many requests"), LIMITED),
        (Twitter, said("Your access token has expired"), AUTH),
        (Twitter, said("This violates our community guidelines"), POLICY),
        // What a server says of the call before it asks its platform, and only where it claims an error itself.
        (
            Twitter,
            said("2 validation errors for call[post_tweet]"),
            Meaning::NotSent(ErrorCode::ValidationError),
        ),
        (Twitter, said("Invalid arguments: `text` is missing"), Meaning::NotSent(ErrorCode::ValidationError)),
        (Twitter, said("Error executing tool post: invalid arguments"), Meaning::Unknown),
        (
            Twitter,
            said("Error executing tool post_tweet: 1 validation error for post_tweetArguments"),
            Meaning::NotSent(ErrorCode::ValidationError),
        ),
        (Twitter, said("Unknown tool: post_tweet"), Meaning::NotSent(ErrorCode::PlatformNotConfigured)),
        (
            Twitter,
            said("Call it again with confirm=true"),
            Meaning::NotSent(ErrorCode::PlatformNotConfigured),
        ),
        (Twitter, sentence(false, "Error: unknown tool: post"), Meaning::Unknown),
        (Twitter, said("Something nobody knows"), Meaning::Unknown),
    ] {
        assert_eq!(meaning(profile(platform), &answer), expected, "{platform}: {}", answer.words);
    }
}

/// Each group of codes, with its first, its last and its neighbours; all under a status that says something else.
#[test]
fn what_the_platforms_own_numbers_mean() {
    use PlatformName::{Instagram, LinkedIn, Threads, Twitter};
    let coded = |code: u64| structured(true, json!({ "error": { "status": 424, "code": code } }));
    for (codes, meaning_of_them) in [
        (vec![1, 2], Meaning::Transient),
        (vec![4, 17, 32, 613], LIMITED),
        (vec![10, 102, 190, 200, 299], AUTH),
        (vec![368], POLICY),
        (vec![506], Meaning::Duplicate),
        (vec![0, 3, 5, 100, 199, 300, 505], INVALID),
    ] {
        for code in codes {
            for platform in [Instagram, Threads] {
                assert_eq!(meaning(profile(platform), &coded(code)), meaning_of_them, "{platform} {code}");
            }
        }
    }
    for (codes, meaning_of_them) in [
        (vec![32, 64, 89, 99, 135, 215, 326], AUTH),
        (vec![88, 185], LIMITED),
        (vec![130, 131], Meaning::Transient),
        (vec![139, 327], Meaning::Already),
        (vec![186], Meaning::Refused(ErrorCode::ContentTooLong)),
        (vec![187], Meaning::Duplicate),
        (vec![226], POLICY),
        (vec![4, 17, 144, 190, 506], INVALID),
    ] {
        for code in codes {
            assert_eq!(meaning(profile(Twitter), &coded(code)), meaning_of_them, "X {code}");
        }
    }
    // X 324 is a fault of media, whatever the status says; elsewhere a number is no code.
    let under_403 = |code: u64| structured(true, json!({ "error": { "status": 403, "code": code } }));
    assert_eq!(meaning(profile(Twitter), &under_403(324)), INVALID);
    assert_eq!(meaning(profile(LinkedIn), &under_403(187)), POLICY);
    for (platform, answer, expected) in [
        // In words, as Meta's and X's libraries print them.
        (Instagram, sentence(true, "(#4) Application request limit"), LIMITED),
        (Instagram, sentence(true, "failed, error_code=190"), AUTH),
        (Instagram, structured(true, json!({ "error_code": 506 })), Meaning::Duplicate),
        (Instagram, structured(true, json!({ "errorCode": 506 })), Meaning::Duplicate),
        (Instagram, structured(true, json!({ "errors": [{ "code": 506 }] })), Meaning::Duplicate),
        // Of several codes one that settles nothing settles the matter.
        (
            Twitter,
            structured(true, json!({ "errors": [{ "code": 187 }, { "code": 131 }] })),
            Meaning::Transient,
        ),
        (
            Twitter,
            structured(true, json!({ "errors": [{ "code": 187 }, { "code": 226 }] })),
            Meaning::Duplicate,
        ),
    ] {
        assert_eq!(meaning(profile(platform), &answer), expected, "{platform}: {}", answer.words);
    }
}

#[test]
fn what_names_of_codes_mean() {
    for (name, expected) in [
        ("backendError", Meaning::Transient),
        ("duplicate_content", Meaning::Duplicate),
        ("spam_risk_too_many_posts", LIMITED),
        ("access_token_invalid", AUTH),
        ("spam_risk_text", POLICY),
        ("FIELD_LENGTH_TOO_LONG", Meaning::Refused(ErrorCode::ContentTooLong)),
        // The tool got this very effect before.
        ("idempotency_key_reused", Meaning::Unknown),
        ("INVALID_MEDIA", INVALID),
        ("INVALID_MEDIA_OF_ANOTHER_NAME", Meaning::Unknown),
    ] {
        let answer = structured(true, json!({ "error": { "code": name } }));
        assert_eq!(meaning(profile(PlatformName::TikTok), &answer), expected, "{name}");
    }
}

#[test]
fn the_profile_s_own_words_come_first() {
    let profile = Profile::parse(
        r#"
        name = "own words"
        [platforms.twitter]
        timeout_ms = 9_000
        settle_ms = 9_000
        price = { micros = 0, currency = "USD" }
        errors = [
            { pattern = "(?i)try later", code = "OUTCOME_UNKNOWN" },
            { pattern = "(?i)forbidden word", code = "CONTENT_POLICY_VIOLATION" },
            { pattern = "(?i)is a ghost", code = "INVALID_TARGET" },
        ]
        soft_errors = [{ pointer = "/went_wrong" }]
        [platforms.twitter.publish]
        tool = "post"
        arguments = { text = "{text}" }
        id = "/id"
        "#,
    )
    .unwrap();
    let profile = profile.platform(PlatformName::Twitter).unwrap();
    for (text, expected) in [
        ("HTTP 400: forbidden word", POLICY),
        ("HTTP 403: try later", Meaning::Unknown),
        ("HTTP 403", POLICY),
    ] {
        assert_eq!(meaning(profile, &sentence(true, text)), expected, "{text}");
    }
    // They are about acts: an answer of a tool that reads holds other people's words.
    assert!(!is_missing(profile, &sentence(true, "that tweet is a ghost")));
    assert!(is_missing(profile, &sentence(true, "no such tweet, try later")));
    // In words of an act they are an error without `isError`; of a list they are other people's words.
    let unflagged = sentence(false, "That is a forbidden word");
    assert!(is_error(profile, &unflagged) && !read_failed(profile, &unflagged));
    let soft = structured(false, json!({ "went_wrong": true }));
    assert!(is_error(profile, &soft) && read_failed(profile, &soft));
}

#[test]
fn already_is_said_of_the_state_of_the_kind() {
    use EffectKind::{Follow, Like, Share};
    for (kind, text, already) in [
        (Like, "You have already liked this post", true),
        (Like, "already favorited", true),
        (Like, "You have already reacted to it", true),
        (Like, "You have already liked the post", true),
        (Like, "You have already liked the author's other post", false),
        (Like, "already following", false),
        (Follow, "You already follow this account", true),
        (Follow, "already liked", false),
        (Share, "You have already retweeted this", true),
        (Share, "already been shared", true),
        (Share, "already liked", false),
        // Counted, asked for or denied, it tells of no state.
        (Follow, "You are already following the maximum number of accounts", false),
        (Follow, "already following 5000 accounts", false),
        (Follow, "already following too many accounts", false),
        (Like, "Only accounts that already liked it may reply", false),
        (Follow, "Accounts you already follow", true),
        (Follow, "Accounts that you already follow are left out", false),
        (Like, "The post was not already liked", false),
        // One that fits is enough; a platform's number for it needs no words.
        (Like, "already following; already liked", true),
        (Like, "(#139)", true),
    ] {
        assert_eq!(is_already(kind, Some("@ann"), &sentence(true, text)), already, "{kind:?}: {text}");
    }
}

#[test]
fn the_post_that_a_duplicate_repeats() {
    for (text, named) in [
        ("Duplicate of urn:li:share:7123", Some("urn:li:share:7123")),
        ("Content is a duplicate of urn:li:ugcPost:7123, posted before", Some("urn:li:ugcPost:7123")),
        ("Status is a duplicate of tweet 17.", Some("17")),
        ("already posted as 3k2la", Some("3k2la")),
        ("already published with id p_1, see there", Some("p_1")),
        ("Status is a duplicate.", None),
        ("is a duplicate of an earlier post", None),
    ] {
        assert_eq!(named_duplicate(&sentence(true, text)).as_deref(), named, "{text}");
    }
}

#[test]
fn our_own_words_that_would_be_read_as_a_refusal() {
    for (ours, reads) in [
        ("Too many requests? Our new API has no limits", true),
        ("Nothing of it is already liked by everybody", true),
        ("Invalid arguments in politics", true),
        ("Unknown tool found in a drawer", false),
        ("Our spring sale starts today", false),
        // What settles nothing refuses nothing.
        ("Connection reset: a podcast", false),
        ("HTTP 503, the song", false),
    ] {
        assert_eq!(reads_as_refusal(profile(PlatformName::Twitter), ours), reads, "{ours}");
    }
}

#[test]
fn when_it_may_be_tried_again() {
    use ErrorCode::{ContentPolicyViolation, PlatformRateLimit, PlatformTransientError};
    let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
    let window = profile(PlatformName::Twitter).rate_window.num_seconds();
    let day = 86_400;
    assert!(window > 0 && window * 2 < day, "the rows below need it");
    let silent = || sentence(true, "HTTP 429");
    let told = || sentence(true, "HTTP 429: retry after 30 seconds");
    for (code, answer, attempt, seconds) in [
        (PlatformRateLimit, told(), 1, Some(30)),
        (PlatformRateLimit, told(), 5, Some(30)),
        (PlatformRateLimit, silent(), 0, Some(window)),
        (PlatformRateLimit, silent(), 1, Some(window)),
        (PlatformRateLimit, silent(), 2, Some(window * 2)),
        (PlatformRateLimit, silent(), 30, Some(day)),
        (PlatformRateLimit, silent(), u32::MAX, Some(day)),
        (PlatformTransientError, told(), 1, Some(30)),
        (PlatformTransientError, silent(), 1, None),
        (ContentPolicyViolation, told(), 1, None),
    ] {
        let found = retry_at(profile(PlatformName::Twitter), code, &answer, attempt, now);
        let found = found.map(|at| at.signed_duration_since(now).num_seconds());
        assert_eq!(found, seconds, "{code:?}, attempt {attempt}: {}", answer.words);
    }
}
