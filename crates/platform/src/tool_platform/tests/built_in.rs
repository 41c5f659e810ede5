//! What public reports tell of the servers and platforms behind the built-in profiles: each row says what happened, and what
//! may be told of it.

use super::look::{Owners, look, question, told};
use super::requests::Folder;
use super::*;
use crate::profile::Invocation;

pub(super) fn offered(profile: &Profile) -> Vec<ToolInfo> {
    let calls: Vec<_> = profile.platforms().flat_map(|platform| platform.every_call()).collect();
    let tool = |call: &Invocation| {
        let of_tool = calls.iter().filter(|other| other.tool == call.tool);
        let names = of_tool.flat_map(|call| call.arguments.keys().map(String::as_str));
        let names = names.chain(["pagination_token"]);
        let properties: Map<String, Value> = names.map(|name| (name.to_owned(), json!({}))).collect();
        ToolInfo { name: call.tool.clone(), input_schema: json!({ "properties": properties }) }
    };
    calls.iter().map(|call| tool(call)).collect()
}

pub(super) fn bound(server: &str, bind: impl Fn(Binding) -> Binding, answers: Vec<Called>) -> World {
    let profile = Profile::named(server).unwrap();
    let mut world = world_of(&profile, Ok(offered(&profile)), Ok(b"bytes".to_vec()), answers);
    let client: Arc<dyn ToolClient> = world.server.clone();
    let platform = profile.platforms().next().unwrap().clone();
    let binding = bind(Binding::new(platform, client));
    world.platform =
        ToolPlatform::new([binding], Arc::new(Bytes(Ok(b"bytes".to_vec()))), Arc::new(Stopped(now())))
            .with_media_files(Arc::new(Folder));
    world
}

pub(super) fn platform_of(server: &str) -> PlatformName {
    Profile::named(server).unwrap().platforms().next().unwrap().platform()
}

pub(super) fn post_of(server: &str, account: &str, text: &str, files: &[&str]) -> Effect {
    let media = files.iter().map(|file| Media {
        url: format!("https://cdn.example.com/{file}"),
        identity: MediaIdentity::Sha256(Digest::of(b"bytes")),
    });
    let content = effect(platform_of(server), media.collect()).content().clone();
    Effect::new(EffectV1 { account: account.to_owned(), text: text.to_owned(), ..content }).unwrap()
}

pub(super) fn check(rows: Vec<(String, &str, String)>) {
    let failing: Vec<_> = rows
        .into_iter()
        .filter(|(_, allowed, told)| !allowed.split('|').any(|one| told.starts_with(one)))
        .map(|(row, allowed, told)| format!("{row}\n    allowed: {allowed}; told: {told}"))
        .collect();
    assert!(failing.is_empty(), "{} rows:\n{}", failing.len(), failing.join("\n"));
}

pub(super) fn rfc(seconds: i64) -> String {
    at(seconds).to_rfc3339()
}

pub(super) fn whoami(server: &str) -> Value {
    match server {
        "x-mcp-server" => json!({ "id": "17", "username": "me" }),
        "tiktok-studio-mcp" => {
            json!({ "data": { "creator_username": "me" }, "error": { "code": "ok", "message": "", "log_id": "2026" } })
        }
        "ldraney-linkedin-mcp" => json!({ "personUrn": "me", "name": "Me", "email": "", "pictureUrl": "" }),
        "yt-studio-mcp" => json!({ "id": "me", "title": "Me" }),
        "thenavidm-instagram-mcp" => json!({ "username": "me", "id": "17" }),
        _ => json!({ "success": true, "data": { "username": "me", "id": "17" } }),
    }
}

/// Lists that claim to be whole, or reach back, while our own post may be there.
#[test]
fn lists_that_lack_our_own_post() {
    let x = |id: &str, seconds: i64| {
        json!({ "id": id, "text": "Something else altogether, about cats", "author_id": "17",
            "created_at": rfc(seconds), "author": { "id": "17", "username": "me" } })
    };
    let tiktok = |videos: Value| {
        json!({ "data": { "videos": videos, "cursor": 0, "has_more": false },
            "error": { "code": "ok", "message": "", "log_id": "2026" } })
    };
    let yt = |id: &str, title: &str, privacy: &str, seconds: i64| json!({ "id": id, "title": title, "published": rfc(seconds), "privacy": privacy });
    let mut rows = Vec::new();
    for (why, server, answers, allowed) in [
        // node-twitter-api-v2#145, tweepy#2070: 200, `errors` and no `data` for a protected account; the server drops the errors.
        (
            "X: a protected account, read by the bearer token",
            "x-mcp-server",
            vec![json!({ "tweets": [], "count": 0 })],
            "doubt|open",
        ),
        // twarc#604: an empty page without a token where there is more.
        (
            "X: an empty second page without a token",
            "x-mcp-server",
            vec![
                json!({ "tweets": [x("5", -10), x("4", -20)], "count": 2, "next_token": "n" }),
                json!({ "tweets": [], "count": 0 }),
            ],
            "doubt|open",
        ),
        // A last page, by X's documentation.
        (
            "X: one item, newer than the attempt, and no token",
            "x-mcp-server",
            vec![json!({ "tweets": [x("5", -10)], "count": 1 })],
            "doubt|open|absent",
        ),
        // TikTok, *List Videos*: public videos alone; what an application without an audit posted is private.
        ("TikTok: public videos alone, none", "tiktok-studio-mcp", vec![tiktok(json!([]))], "doubt|open"),
        (
            "TikTok: public videos alone, one",
            "tiktok-studio-mcp",
            vec![tiktok(
                json!([{ "id": "7", "title": "Something else altogether, about cats", "create_time": 1_700_000_000 }]),
            )],
            "doubt|open",
        ),
        // youtube-dl#26116, api-samples#231: the uploads playlist lacks new videos for hours.
        (
            "YouTube: the uploads playlist lags",
            "yt-studio-mcp",
            vec![
                json!({ "result": [yt("bbbbbbbbbbb", "Something else altogether", "public", -500), yt("aaaaaaaaaaa", "Another thing entirely", "public", -600)] }),
            ],
            "doubt|open",
        ),
        // api-samples#364, youtube-upload#306: a project without an audit uploads private videos, whatever it asked for.
        (
            "YouTube: ours is there and private",
            "yt-studio-mcp",
            vec![
                json!({ "result": [yt("bbbbbbbbbbb", "Hello world, this is a post #ai", "private", -30), yt("aaaaaaaaaaa", "Another thing entirely", "public", -600)] }),
                json!({ "id": "bbbbbbbbbbb", "title": "Hello world, this is a post #ai", "published": rfc(-30), "privacy": "private", "description": TEXT }),
            ],
            "doubt|open",
        ),
        // community-ruby-linkedin-orbit#18: the total of a finder is not of all posts; a video is not listed while it is made ready.
        (
            "LinkedIn: a total of nothing",
            "ldraney-linkedin-mcp",
            vec![json!({ "elements": [], "paging": { "start": 0, "count": 100, "links": [], "total": 0 } })],
            "doubt|open|absent",
        ),
        // LinkedIn shows hashtags as templates and signs escaped (*little text format*).
        (
            "LinkedIn: ours as little text",
            "ldraney-linkedin-mcp",
            vec![
                json!({ "elements": [{ "id": "urn:li:share:7", "author": "me", "createdAt": at(-30).timestamp_millis(),
                "commentary": r"Hello world, this is a post {hashtag|\#|ai}

AI-generated" }], "paging": { "start": 0, "count": 100, "links": [], "total": 1 } }),
            ],
            "there urn:li:share:7|doubt",
        ),
        // Threads: a repost has no text.
        (
            "Threads: a repost between",
            "meta-threads-mcp",
            vec![json!({ "success": true, "data": { "posts": [
                { "id": "9", "text": null, "media_type": "REPOST_FACADE", "permalink": "https://www.threads.net/@ann/post/x", "timestamp": rfc(-20) },
                { "id": "8", "text": TEXT, "media_type": "TEXT_POST", "permalink": "https://www.threads.net/@me/post/y", "timestamp": rfc(-30) },
                { "id": "7", "text": "Something else altogether, about cats", "timestamp": rfc(-900) }] } })],
            "there 8|doubt",
        ),
        // The Graph API gives short pages; Instagram's server ends at the first one without a row.
        (
            "Instagram: no rows",
            "thenavidm-instagram-mcp",
            vec![json!({ "account": "me", "count": 0, "media": [] })],
            "doubt|open",
        ),
    ] {
        let answers = [whoami(server)].into_iter().chain(answers).map(|answer| said(false, answer));
        let failing = || said(true, json!({ "error": "503" }));
        let answers = answers.chain([failing(), failing(), failing()]);
        let world = bound(server, |binding| binding, answers.collect());
        let asked = question(&post_of(server, "me", TEXT, &[]));
        rows.push((why.to_owned(), allowed, told(&look(&world, &asked, &Owners::default()))));
    }
    check(rows);
}

/// LinkedIn reads `commentary` as *little text*: what is not escaped ends the post there, or becomes a mention
/// (n8n#10179, activepieces#3058, pipedream#17353, Composio#3185).
#[test]
fn linkedin_is_given_the_text_that_was_approved() {
    let mut rows = Vec::new();
    for text in [
        "We ship (today) at noon",
        "a_b and *c*",
        "@[Ann](urn:li:person:x) says hi",
        "{hashtag|\\#|x} 1 < 2 [ok] ~",
    ] {
        let answers = vec![
            said(false, whoami("ldraney-linkedin-mcp")),
            said(false, json!({ "postUrn": "urn:li:share:1", "statusCode": 201 })),
        ];
        let world = bound("ldraney-linkedin-mcp", |binding| binding, answers);
        let outcome = act_at(&world, &post_of("ldraney-linkedin-mcp", "me", text, &[]), &[], at(100));
        let calls = world.server.calls.lock().unwrap();
        let sent = calls
            .iter()
            .find(|call| call.tool == "create_post")
            .map(|call| call.arguments["commentary"].clone());
        let told = match (&outcome, sent) {
            (Outcome::NotDone(_), None) => "refused".to_owned(),
            (_, Some(sent)) if sent != text => "escaped".to_owned(),
            (outcome, sent) => format!("sent raw {sent:?}, {outcome:?}"),
        };
        rows.push((text.to_owned(), "refused|escaped", told));
    }
    check(rows);
}

/// Names of one account, and of two.
#[test]
fn the_account_that_is_bound_is_meant() {
    let mut rows = Vec::new();
    for (why, server, account, named, answer, allowed) in [
        (
            "ids of LinkedIn differ by case",
            "ldraney-linkedin-mcp",
            "acme",
            Some("urn:li:person:AbC1xYz"),
            json!({ "personUrn": "urn:li:person:aBc1XyZ" }),
            "not done",
        ),
        (
            "channels of YouTube differ by case",
            "yt-studio-mcp",
            "acme",
            Some("UCabcdefghijklmnopqrstuv"),
            json!({ "id": "UCABCDEFGHIJKLMNOPQRSTUV" }),
            "not done",
        ),
        (
            "a binding for every account with a name of one",
            "x-mcp-server",
            "somebody_else",
            Some("17"),
            json!({ "id": "17", "username": "me" }),
            "not done",
        ),
        (
            "a name that begins as ours",
            "x-mcp-server",
            "me",
            None,
            json!({ "id": "17", "username": "me_too" }),
            "not done",
        ),
        ("no name at all", "x-mcp-server", "me", None, json!({ "id": null, "username": "" }), "not done"),
        (
            "an account of nothing",
            "ldraney-linkedin-mcp",
            "acme",
            Some("urn:li:person:"),
            json!({ "personUrn": "urn:li:person:" }),
            "not done",
        ),
        (
            "an error beside a name",
            "x-mcp-server",
            "me",
            None,
            json!({ "error": "401", "username": "me" }),
            "not done",
        ),
        (
            "two names at odds",
            "x-mcp-server",
            "me",
            Some("18"),
            json!({ "id": "17", "username": "me" }),
            "not done|done",
        ),
    ] {
        let files: &[&str] = if server == "yt-studio-mcp" { &["a.mp4"] } else { &[] };
        let done = match server {
            "yt-studio-mcp" => json!({ "uploaded": "abcdefghijk", "title": "t", "privacy": "public" }),
            "x-mcp-server" => json!({ "id": "1755", "text": TEXT }),
            _ => json!({ "postUrn": "urn:li:share:1", "statusCode": 201 }),
        };
        let bind = |binding: Binding| named.map_or(binding.clone(), |named| binding.named_by_server(named));
        let world = bound(server, bind, vec![said(false, answer), said(false, done)]);
        let outcome = act_at(&world, &post_of(server, account, TEXT, files), &[], at(100));
        let told = match outcome {
            Outcome::NotDone(_) => "not done".to_owned(),
            Outcome::Done(_) => "done".to_owned(),
            other => format!("{other:?}"),
        };
        rows.push((why.to_owned(), allowed, told));
    }
    check(rows);
}

/// While the media are fetched, the server is started anew (an HTTP session ends with 404 after an idle time).
#[derive(Debug)]
struct Restarting(Arc<Scripted>);

#[async_trait]
impl MediaProbe for Restarting {
    async fn probe(&self, url: &MediaUrl, deadline: DateTime<Utc>) -> Result<Probed, MediaError> {
        Bytes(Ok(b"bytes".to_vec())).probe(url, deadline).await
    }

    async fn read(&self, _: &MediaUrl, _: DateTime<Utc>) -> Result<Vec<u8>, MediaError> {
        self.0.life.store(2, Ordering::SeqCst);
        Ok(b"bytes".to_vec())
    }
}

#[test]
fn a_server_that_is_started_anew_before_the_act_is_asked_who_it_is() {
    let answers = vec![
        said(false, json!({ "id": "17", "username": "me" })),
        said(false, json!({ "id": "18", "username": "somebody_else" })),
        said(false, json!({ "id": "1755", "text": TEXT })),
    ];
    let mut world = bound("x-mcp-server", |binding| binding, answers);
    let client: Arc<dyn ToolClient> = world.server.clone();
    let twitter = Profile::named("x-mcp-server").unwrap().platforms().next().unwrap().clone();
    world.platform = ToolPlatform::new(
        [Binding::new(twitter, client)],
        Arc::new(Restarting(world.server.clone())),
        Arc::new(Stopped(now())),
    )
    .with_media_files(Arc::new(Folder));
    let outcome = act_at(&world, &post_of("x-mcp-server", "me", TEXT, &["a.png"]), &[], at(100));
    let calls: Vec<_> = world.server.calls.lock().unwrap().iter().map(|call| call.tool.clone()).collect();
    assert_eq!(calls, ["x_get_me"], "{outcome:?}");
    assert!(matches!(outcome, Outcome::NotDone(_)), "{outcome:?}");
}

/// Titles that YouTube takes from nobody (LiveStreamDVR#483, youtube-upload#25: 100 characters), and answers that echo.
#[test]
fn youtube_titles_and_echoes() {
    let mut rows = Vec::new();
    let long = "x".repeat(101);
    for (text, allowed) in [
        (long.as_str(), "not sent"),
        ("\nbegins with an empty line", "not sent|sent begins"),
        ("one\u{2028}two", "not sent|sent one\u{2028}two|sent one"),
    ] {
        let answers = vec![
            said(false, whoami("yt-studio-mcp")),
            said(false, json!({ "uploaded": "abcdefghijk", "title": "t", "privacy": "public" })),
        ];
        let world = bound("yt-studio-mcp", |binding| binding, answers);
        act_at(&world, &post_of("yt-studio-mcp", "me", text, &["a.mp4"]), &[], at(100));
        let calls = world.server.calls.lock().unwrap();
        let told =
            calls.iter().find(|call| call.tool == "upload_video").map_or("not sent".to_owned(), |call| {
                format!("sent {}", call.arguments.get("title").and_then(Value::as_str).unwrap_or("no title"))
            });
        rows.push((text.to_owned(), allowed, told));
    }
    check(rows);
}
