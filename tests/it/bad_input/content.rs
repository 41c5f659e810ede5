//! Requests that can be read and ask for what cannot be: content, media, platforms, callers, fields not served.

use std::sync::Arc;

use async_trait::async_trait;
use chimera::contracts::publish::PublishInput;
use chimera::contracts::{CallContext, CallerRole, ErrorCode, PlatformName};
use chimera::platform::Accounts;
use chimera::platform::media::{MediaError, MediaProbe, MediaUrl, Probed};
use chimera_testkit::{Rules, block_on};
use chimera_tests::stage::{ACCOUNT, PLATFORMS, claimed, context, only};
use chrono::{DateTime, TimeDelta, Utc};

use super::{Bench, Expected, json};

/// A change of an approved request.
type Edit = fn(&mut PublishInput);

fn check(code: ErrorCode, pointers: &[&str], says: &[&str], edit: Edit) {
    let bench = Bench::new();
    let mut input = bench.good();
    edit(&mut input);
    let what = format!("{code} at {pointers:?}");
    bench.check(&what, &context(), &json(&input), &Expected { code, pointers, says, recorded: true });
}

fn text(input: &mut PublishInput, variant: usize, text: &str) {
    input.content_bundle.variants[variant].text_content = text.to_owned();
}

#[test]
fn unsafe_text() {
    let place = ["/content_bundle/variants/2/text_content"];
    check(ErrorCode::ContentUnsafe, &place, &["U+202E"], |input| text(input, 2, "pay \u{202e}eciruoy"));
    check(ErrorCode::ContentUnsafe, &place, &["U+200B"], |input| text(input, 2, "he\u{200b}llo"));
    check(ErrorCode::ContentUnsafe, &place, &["U+0000"], |input| text(input, 2, "he\u{0}llo"));
    check(ErrorCode::ContentUnsafe, &place, &[], |input| text(input, 2, "see http://127.0.0.1/admin"));
    check(ErrorCode::ContentUnsafe, &place, &[], |input| text(input, 2, "see javascript://x%0aalert(1)"));
    check(ErrorCode::ContentUnsafe, &place, &["U+202E"], |input| {
        input.content_bundle.variants[2].disclosure_label = "AI \u{202e}".to_owned();
    });
}

#[test]
fn limits_of_a_platform() {
    let first = ["/content_bundle/variants/0/text_content"];
    check(ErrorCode::ContentTooLong, &first, &["`twitter`", "280"], |input| text(input, 0, &"a".repeat(281)));
    // The label counts: the text alone would fit.
    check(ErrorCode::ContentTooLong, &first, &["`twitter`", "280"], |input| text(input, 0, &"a".repeat(270)));
    check(ErrorCode::ValidationError, &["/content_bundle/variants/1/text_content"], &["30"], |input| {
        input.content_bundle.variants[1].hashtags = (0..31).map(|n| format!("tag{n}")).collect();
    });
}

#[test]
fn the_disclosure_label() {
    let place = ["/content_bundle/variants/1/disclosure_label"];
    check(ErrorCode::ValidationError, &place, &["a disclosure label"], |input| {
        input.content_bundle.variants[1].disclosure_label.clear();
    });
    check(ErrorCode::ValidationError, &place, &["a disclosure label"], |input| {
        input.content_bundle.variants[1].disclosure_label = " \n".to_owned();
    });
}

#[test]
fn private_media_urls() {
    for url in [
        "https://127.0.0.1/a.png",
        "https://0x7f.1/a.png",
        "https://[::1]/a.png",
        "https://10.0.0.8/a.png",
        "https://169.254.169.254/latest/meta-data",
        "https://localhost/a.png",
        "https://printer.local/a.png",
        "http://media.example.com/a.png",
        "file:///etc/passwd",
        "https://user:secret@media.example.com/a.png",
        "not a url",
        "https://cdn.example.com\\@169.254.169.254/x",
        "https://@media.example.com/a.png",
        "https://app.default.svc/a.png",
        "https://db.service.consul/a.png",
        "https://files.corp/a.png",
        "https://nas.home/a.png",
        "https://abc.onion/a.png",
        "https://a.test/a.png",
        "https://a.invalid/a.png",
        "https://1.0.0.10.in-addr.arpa/a.png",
        "https://1.0.ip6.arpa/a.png",
        "https://./a.png",
    ] {
        let bench = Bench::new();
        let mut input = bench.good();
        input.content_bundle.variants[1].media_refs = vec![url.to_owned()];
        let place = ["/content_bundle/variants/1/media_refs/0"];
        let code = ErrorCode::ValidationError;
        let expected = Expected { code, pointers: &place, says: &["a public https URL"], recorded: true };
        bench.check(url, &context(), &json(&input), &expected);
    }
}

/// X6: what a reviewer approves is what is sent, and names one host to every parser.
#[test]
fn media_are_approved_by_their_parsed_urls() {
    let bench = Bench::new();
    let preview = |url: &str| {
        let mut input = bench.good();
        input.content_bundle.variants[1].media_refs = vec![url.to_owned()];
        block_on(bench.host.publish().preview(&context(), &input)).unwrap()[1].clone()
    };
    let plain = preview("https://media.example.com/a.png");
    let other = preview("HTTPS://Media.Example.com:443/x/../a.png");
    assert_eq!(other.media[0].url, "https://media.example.com/a.png");
    assert_eq!((other.digest, other.media), (plain.digest, plain.media));
}

/// What can never be sent is refused before anybody is asked to approve it, beside whatever else is wrong.
#[test]
fn what_the_tools_cannot_carry() {
    let bench = Bench::of(Rules { needs_media: true, ..Rules::default() }, |builder| builder);
    let mut input = claimed(super::KEY, bench.clock.as_ref());
    // The only one without media.
    text(&mut input, 2, &"a".repeat(10_000));
    let pointers = ["/content_bundle/variants/2/media_refs", "/content_bundle/variants/2/text_content"];
    let says = ["needs media", "the limit is"];
    let code = ErrorCode::ValidationError;
    let expected = Expected { code, pointers: &pointers, says: &says, recorded: true };
    bench.check("posts without media", &context(), &json(&input), &expected);
    let refused = block_on(bench.host.publish().preview(&context(), &input)).unwrap_err();
    assert_eq!(refused.faults.unwrap().len(), pointers.len());
}

#[test]
fn every_fault_of_the_content_is_named_at_once() {
    let places = [
        "/content_bundle/variants/0/text_content",
        "/content_bundle/variants/1/text_content",
        "/content_bundle/variants/2/disclosure_label",
    ];
    check(ErrorCode::ValidationError, &places, &["U+202E", "280"], |input| {
        text(input, 0, &"a".repeat(281));
        text(input, 1, "\u{202e}");
        input.content_bundle.variants[2].disclosure_label.clear();
    });
}

#[test]
fn fields_that_are_not_served_yet_are_refused_by_name() {
    fn schedule(input: &mut PublishInput) {
        let approved = input.content_bundle.approval_record.as_ref().unwrap();
        input.schedule_time = Some(approved.approved_at + TimeDelta::hours(1));
    }
    let code = ErrorCode::ValidationError;
    check(code, &["/schedule_time"], &["not built yet"], schedule);
    check(code, &["/dry_run"], &["not built yet"], |input| input.dry_run = true);
    check(code, &["/partial_success_allowed"], &["not built yet"], |input| {
        input.partial_success_allowed = false;
    });
    check(code, &["/dry_run", "/partial_success_allowed", "/schedule_time"], &[], |input| {
        schedule(input);
        input.dry_run = true;
        input.partial_success_allowed = false;
    });
}

/// Media of which one is not there.
#[derive(Debug)]
struct OneMissing;

#[async_trait]
impl MediaProbe for OneMissing {
    async fn probe(&self, url: &MediaUrl, at: DateTime<Utc>) -> Result<Probed, MediaError> {
        if url.file_name().starts_with("missing") {
            return Err(MediaError::new("404 Not Found, api_key=hunter2"));
        }
        chimera_tests::stage::EchoMedia.probe(url, at).await
    }

    async fn read(&self, url: &MediaUrl, at: DateTime<Utc>) -> Result<Vec<u8>, MediaError> {
        chimera_tests::stage::EchoMedia.read(url, at).await
    }
}

#[test]
fn media_that_are_not_there() {
    let bench = Bench::with(|builder| builder.media(Arc::new(OneMissing)));
    let mut input = bench.good();
    let media = ["a", "missing-1", "b", "missing-2"];
    input.content_bundle.variants[1].media_refs =
        media.iter().map(|name| format!("https://media.example.com/{name}.png")).collect();
    let code = ErrorCode::MediaNotAccessible;
    let pointers = ["/content_bundle/variants/1/media_refs/1", "/content_bundle/variants/1/media_refs/3"];
    let expected = Expected { code, pointers: &pointers, says: &["404 Not Found"], recorded: true };
    bench.check("missing", &context(), &json(&input), &expected);
    let answer = bench.ask(&context(), &json(&input));
    assert!(!answer.error_message.unwrap().contains("hunter2"));
}

/// The request for TikTok alone, with the text of the one for LinkedIn.
fn for_tiktok(bench: &Bench) -> PublishInput {
    let mut input = only(bench.good(), PlatformName::LinkedIn);
    input.target_platforms = vec![PlatformName::TikTok];
    input.content_bundle.variants[0].platform = PlatformName::TikTok;
    input
}

#[test]
fn a_platform_that_nothing_serves() {
    let code = ErrorCode::PlatformNotConfigured;
    let pointers = ["/target_platforms/0"];

    let accounts = || {
        let all = PLATFORMS.into_iter().chain([PlatformName::TikTok]);
        all.fold(Accounts::new(), |accounts, platform| accounts.shared(platform, ACCOUNT))
    };
    let bench = Bench::with(|builder| builder.accounts(accounts()));
    let says = ["tiktok", "a tool is configured"];
    let expected = Expected { code, pointers: &pointers, says: &says, recorded: true };
    bench.check("no tool", &context(), &json(&for_tiktok(&bench)), &expected);

    let bench = Bench::with(|builder| builder.accounts(Accounts::new()));
    let input = only(claimed(super::KEY, bench.clock.as_ref()), PlatformName::LinkedIn);
    let expected =
        Expected { code, pointers: &pointers, says: &["linkedin", "has an account"], recorded: true };
    bench.check("no account", &context(), &json(&input), &expected);
}

#[test]
fn a_caller_that_is_no_worker() {
    for role in [CallerRole::Planner, CallerRole::Judge, CallerRole::Reviewer] {
        let bench = Bench::new();
        let caller = CallContext { role, ..context() };
        let says = ["only a worker", role.as_str()];
        let code = ErrorCode::AuthzFailure;
        let expected = Expected { code, pointers: &[], says: &says, recorded: true };
        bench.check(role.as_str(), &caller, &json(&bench.good()), &expected);
    }
}
