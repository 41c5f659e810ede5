//! Drafts: from tools as they may be, and from those of public servers.

use std::path::PathBuf;

use super::*;
use crate::check;
use crate::doctor::{SuggestError, platform_of, suggest};

fn tool(name: &str, properties: &Value, required: &[&str]) -> ToolInfo {
    let input_schema = json!({ "type": "object", "properties": properties, "required": required });
    ToolInfo { name: name.to_owned(), input_schema }
}

fn string() -> Value {
    json!({ "type": "string" })
}

#[test]
fn the_platform_is_told_by_the_names() {
    let named =
        |names: &[&str]| -> Vec<ToolInfo> { names.iter().map(|name| tool(name, &json!({}), &[])).collect() };
    for (server, tools, platform) in [
        ("linkedin-mcp", &["x_post"][..], Some(PlatformName::LinkedIn)),
        ("social", &["postTweet", "getTweet"], Some(PlatformName::Twitter)),
        ("mcp", &["threads_create_post"], Some(PlatformName::Threads)),
        ("mcp", &["yt-upload"], Some(PlatformName::YouTube)),
        ("mcp", &["create_entities"], None),
        ("mcp", &[], None),
    ] {
        assert_eq!(platform_of(server, &named(tools)), platform, "{server} {tools:?}");
    }
    assert_eq!(suggest("mcp", &named(&["echo"]), None), Err(SuggestError::UnknownPlatform));
}

#[test]
fn arguments_are_guessed_by_their_names() {
    let enumerated = json!({ "type": "string", "enum": ["PRIVATE", "PUBLIC"] });
    let boolean = json!({ "type": "boolean" });
    for (properties, required, expected) in [
        (json!({ "caption": string() }), &["caption"][..], r#"{ caption = "{text}" }"#),
        (json!({ "postText": string() }), &["postText"], r#"{ postText = "{text}" }"#),
        (
            json!({ "text": string(), "dry_run": boolean, "confirm": boolean }),
            &["text"],
            r#"{ confirm = true, dry_run = false, text = "{text}" }"#,
        ),
        (
            json!({ "text": string(), "username": string(), "privacy": enumerated }),
            &["text", "username"],
            r#"{ privacy = "PUBLIC", text = "{text}", username = "{account}" }"#,
        ),
        (
            json!({ "title": string(), "body": string() }),
            &["title", "body"],
            r#"{ body = "{text}", title = "{first_line}" }"#,
        ),
        (
            json!({ "text": string(), "workspace": string(), "count": { "type": "integer", "minimum": 3 } }),
            &["text", "workspace"],
            r#"{ text = "{text}", workspace = "{settings.workspace}" }"#,
        ),
        (
            json!({ "text": string(), "media_urls": { "type": "array" } }),
            &["text"],
            r#"{ media_urls = "{media_urls}", text = "{text}" }"#,
        ),
    ] {
        let tools = [tool("create_post", &properties, required)];
        let draft = suggest("mine", &tools, Some(PlatformName::Twitter)).unwrap();
        assert!(draft.contains(&format!("arguments = {expected}\n")), "{expected} in\n{draft}");
        Profile::parse(&draft).unwrap_or_else(|error| panic!("{error}\n{draft}"));
    }
}

/// LinkedIn reads signs of its own in posts, and not in comments.
#[test]
fn words_are_escaped_where_the_platform_reads_signs_in_them() {
    let tools = [
        tool("create_post", &json!({ "commentary": string() }), &["commentary"]),
        tool("add_comment", &json!({ "post_urn": string(), "text": string() }), &["post_urn", "text"]),
    ];
    let draft = suggest("linkedin", &tools, None).unwrap();
    assert!(draft.contains("arguments = { commentary = \"{little_text}\" }\n"), "{draft}");
    assert!(draft.contains("text = \"{text}\" }\n"), "{draft}");
    Profile::parse(&draft).unwrap_or_else(|error| panic!("{error}\n{draft}"));
}

/// The shapes of a draft are the platform's, and none of the seeds' own.
#[test]
fn the_shapes_of_a_draft_are_those_of_the_platform() {
    let comment = json!({ "comment_id": string(), "message": string() });
    let tools = [tool("reply_to_comment", &comment, &["comment_id", "message"])];
    let draft = suggest("mine", &tools, Some(PlatformName::Instagram)).unwrap();
    assert!(draft.contains("\ncomment = \"[0-9]{1,20}\"\n"), "{draft}");
}

#[test]
fn a_draft_claims_nothing_that_only_the_operator_knows() {
    let id = json!({ "post_id": string() });
    let tools = [
        tool("create_post", &json!({ "text": string(), "idempotency_key": string() }), &["text"]),
        tool(
            "list_my_posts",
            &json!({ "limit": { "type": "integer", "maximum": 50 }, "cursor": string() }),
            &[],
        ),
        tool("get_post", &id, &["post_id"]),
        tool("delete_post", &id, &["post_id"]),
        tool("like_post", &id, &["post_id"]),
    ];
    let draft = suggest("mine", &tools, Some(PlatformName::Threads)).unwrap();
    let said: Vec<&str> = draft.lines().filter(|line| !line.starts_with('#')).collect();
    for word in
        ["own", "sets_state", "enforced", "idempotency", "reads_back", "next", "cursor", "complete", "total"]
    {
        assert!(!said.iter().any(|line| line.contains(word)), "{word} in\n{draft}");
    }
    assert!(draft.starts_with("# A draft") && draft.contains("Nothing vouches for it"), "{draft}");
    assert!(draft.contains("arguments = { limit = 50 }\n"), "{draft}");
    let profile = Profile::parse(&draft).unwrap_or_else(|error| panic!("{error}\n{draft}"));
    let served: Vec<_> = profile.platform(PlatformName::Threads).unwrap().served().collect();
    assert_eq!(served, [EffectKind::Publish, EffectKind::Like]);
}

#[test]
fn a_server_without_acts_gets_a_draft_that_names_its_tools() {
    let draft = suggest("mine", &[tool("echo", &json!({}), &[])], Some(PlatformName::Twitter)).unwrap();
    assert!(draft.contains("# echo\n"), "{draft}");
    assert!(Profile::parse(&draft).is_err(), "there is nothing to be served");
}

fn recorded(server: &str) -> Option<Vec<ToolInfo>> {
    let folder = std::env::var_os("CHIMERA_PEERS_RIG").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/peers"),
        PathBuf::from,
    );
    let file = folder.join(format!("tools/{server}.json"));
    if !file.exists() {
        println!("skipped: recorded answers not found at {}", file.display());
        return None;
    }
    let recorded: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let list = &recorded["tools_list"];
    let tools = list.get("tools").unwrap_or(list).as_array().unwrap().iter();
    let info = |tool: &Value| ToolInfo {
        name: tool["name"].as_str().unwrap().to_owned(),
        input_schema: tool["inputSchema"].clone(),
    };
    Some(tools.map(info).collect())
}

/// A draft is read as it is, fits the server's tools, and finds what the built-in profile of the server knows.
#[test]
fn peers_drafts_are_read_and_call_what_is_offered() {
    use EffectKind::{Comment, Follow, Like, Publish, Reply, Share};
    for (server, kinds, publish, list) in [
        ("x-mcp-server", &[Publish, Reply, Like, Follow, Share][..], "x_post_tweet", "x_get_user_tweets"),
        ("thenavidm-instagram-mcp", &[Publish, Reply], "post", "get_media"),
        ("meta-threads-mcp", &[Publish, Reply], "threads_create_post", "threads_get_user_posts"),
        ("ldraney-linkedin-mcp", &[Publish, Comment, Like], "create_post", "get_my_posts"),
        ("yt-studio-mcp", &[Publish, Reply], "upload_video", "list_videos"),
        ("tiktok-studio-mcp", &[Publish], "post_video", "list_videos"),
    ] {
        let Some(tools) = recorded(server) else { return };
        let built_in = Profile::named(server).unwrap();
        let platform = built_in.platforms().next().unwrap().platform();
        let draft = suggest(server, &tools, Some(platform)).unwrap();
        let profile = Profile::parse(&draft).unwrap_or_else(|error| panic!("{server}: {error}\n{draft}"));
        let drafted = profile.platform(platform).unwrap();
        assert_eq!(drafted.served().collect::<Vec<_>>(), kinds, "{server}\n{draft}");
        assert!(drafted.who_am_i.is_some(), "{server}\n{draft}");
        for kind in drafted.served() {
            let faults = check::faults(drafted, kind, &tools);
            assert!(faults.is_empty(), "{server} {kind:?}: {faults:#?}\n{draft}");
        }
        let act = &drafted.acts[&Publish];
        assert_eq!(act.calls.usual.tool, publish, "{server}\n{draft}");
        assert_eq!(act.list.as_ref().unwrap().invocation.tool, list, "{server}\n{draft}");
        assert!(act.reads_back && !act.list.as_ref().unwrap().own, "{server}\n{draft}");
    }
}

/// Servers for something else.
#[test]
fn peers_of_no_platform_get_no_draft() {
    for server in ["server-everything", "server-memory"] {
        let Some(tools) = recorded(server) else { return };
        assert_eq!(suggest(server, &tools, None), Err(SuggestError::UnknownPlatform), "{server}");
    }
}
