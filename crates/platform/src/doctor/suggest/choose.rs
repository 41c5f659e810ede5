//! Which tool does what, by the words of its name and the names of its arguments.

use serde_json::Value;

use super::arguments::{Property, id_argument, media_argument, text_argument};
use super::words;
use crate::tool::ToolInfo;

/// A tool, taken apart.
#[derive(Clone, Debug)]
pub(super) struct Tool<'a> {
    pub(super) name: &'a str,
    words: Vec<String>,
    pub(super) properties: Vec<Property<'a>>,
}

impl<'a> Tool<'a> {
    pub(super) fn new(tool: &'a ToolInfo) -> Self {
        let schema = &tool.input_schema;
        let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
        let required: Vec<&str> = required.filter_map(Value::as_str).collect();
        let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
        let properties = properties
            .map(|(name, schema)| Property::new(name, schema, required.contains(&name.as_str())))
            .collect();
        Self { name: &tool.name, words: words(&tool.name), properties }
    }

    fn has(&self, words: &[&str]) -> bool {
        self.words.iter().any(|word| words.contains(&word.as_str()))
    }

    fn needs_nothing(&self) -> bool {
        self.properties.iter().all(|property| !property.required || property.is_account())
    }
}

/// What an account makes.
const POST: [&str; 14] = [
    "post", "tweet", "status", "thread", "threads", "toot", "video", "media", "photo", "image", "reel",
    "carousel", "update", "share",
];
const POSTS: [&str; 10] =
    ["posts", "tweets", "statuses", "videos", "media", "feed", "timeline", "threads", "photos", "reels"];
/// Words of what is no plain post.
const NO_POST: [&str; 44] = [
    "reply",
    "replies",
    "comment",
    "comments",
    "delete",
    "remove",
    "edit",
    "schedule",
    "scheduled",
    "draft",
    "poll",
    "dm",
    "message",
    "chat",
    "get",
    "list",
    "search",
    "find",
    "read",
    "show",
    "fetch",
    "story",
    "stories",
    "document",
    "link",
    "playlist",
    "caption",
    "broadcast",
    "like",
    "unlike",
    "follow",
    "retweet",
    "repost",
    "hide",
    "question",
    "container",
    "digest",
    "insights",
    "status",
    "analytics",
    "stats",
    "batch",
    "thumbnail",
    "winner",
];

/// The tools that post, the plainest first.
pub(super) fn publishing<'t, 'a>(tools: &'t [Tool<'a>]) -> Vec<&'t Tool<'a>> {
    let verbs = ["post", "publish", "create", "share", "upload", "send", "add", "tweet", "submit"];
    let posts = |tool: &&Tool<'_>| {
        let plain = tool.has(&verbs) && tool.has(&POST) && !tool.has(&NO_POST);
        plain && text_argument(tool).is_some()
    };
    let mut found: Vec<&Tool<'a>> = tools.iter().filter(posts).collect();
    found.sort_by_key(|tool| {
        let needs_media = media_argument(tool).is_some_and(|(property, _)| property.required);
        let unfilled = tool.properties.iter().filter(|property| property.required).count();
        (needs_media, unfilled, tool.words.len())
    });
    found
}

/// The tool that takes media before a post.
pub(super) fn uploading<'t, 'a>(tools: &'t [Tool<'a>]) -> Option<&'t Tool<'a>> {
    let uploads = |tool: &&Tool<'_>| {
        let takes = tool.properties.iter().any(|property| property.is_data() || property.is_path());
        tool.has(&["upload"]) && takes && text_argument(tool).is_none()
    };
    tools.iter().find(uploads)
}

/// The tool of a reply, and the argument that takes what is answered.
pub(super) fn replying<'t, 'a>(tools: &'t [Tool<'a>]) -> Option<(&'t Tool<'a>, &'t str)> {
    let no = ["private", "dm", "message", "hide", "unhide", "delete", "winner", "get", "list", "check"];
    let by_name = tools.iter().filter(|tool| tool.has(&["reply"]) && !tool.has(&no));
    let by_name = by_name.filter(|tool| text_argument(tool).is_some());
    let mut by_name = by_name.filter_map(|tool| Some((tool, id_argument(tool)?.name)));
    let by_argument = || {
        publishing(tools).into_iter().find_map(|tool| {
            let answers = |property: &&Property<'_>| {
                let words = words(property.name);
                words.iter().any(|word| word == "reply") && words.iter().any(|word| word == "to")
            };
            Some((tool, tool.properties.iter().find(answers)?.name))
        })
    };
    by_name.next().or_else(by_argument)
}

/// The tool of a comment, and the argument that takes what is commented on.
pub(super) fn commenting<'t, 'a>(tools: &'t [Tool<'a>]) -> Option<(&'t Tool<'a>, &'t str)> {
    let no = ["delete", "remove", "hide", "get", "list", "reply", "moderate", "read", "scan", "like", "edit"];
    let found = tools.iter().filter(|tool| tool.has(&["comment"]) && !tool.has(&no));
    let found = found.filter(|tool| text_argument(tool).is_some());
    found.filter_map(|tool| Some((tool, id_argument(tool)?.name))).next()
}

/// The tool of a like, a follow or a share by its verb, and the argument that takes its target.
pub(super) fn engaging<'t, 'a>(tools: &'t [Tool<'a>], verbs: &[&str]) -> Option<(&'t Tool<'a>, &'t str)> {
    let no = ["get", "list", "delete", "remove", "is", "check", "followers", "following", "likes", "undo"];
    let user = verbs.contains(&"follow");
    let found = tools.iter().filter(|tool| tool.has(verbs) && !tool.has(&no));
    found
        .filter_map(|tool| {
            let target = match user {
                true => tool
                    .properties
                    .iter()
                    .find(|property| property.is_account())
                    .or_else(|| id_argument(tool))?,
                false => id_argument(tool)?,
            };
            Some((tool, target.name))
        })
        .next()
}

/// The tool that lists the account's own posts.
pub(super) fn listing<'t, 'a>(tools: &'t [Tool<'a>]) -> Option<&'t Tool<'a>> {
    let no = [
        "scheduled",
        "mentions",
        "home",
        "tagged",
        "search",
        "insights",
        "stories",
        "story",
        "comments",
        "replies",
        "liked",
        "likes",
        "hashtag",
        "unofficial",
        "top",
        "stats",
        "report",
        "comment",
        "drafts",
        "trending",
        "id",
        "delete",
        "upload",
        "create",
        "followers",
        "conversation",
        "analytics",
    ];
    let lists = |tool: &&Tool<'_>| {
        let verb = tool.has(&["list", "get", "my", "recent", "fetch", "read", "show", "timeline"]);
        verb && tool.has(&POSTS) && !tool.has(&no) && tool.needs_nothing()
    };
    // Of `threads_get_user_posts` and `threads_get_profile` only one has a word for posts beside the platform's name.
    let plain = |tool: &&Tool<'_>| tool.words.iter().skip(1).any(|word| POSTS.contains(&word.as_str()));
    let own = |tool: &&Tool<'_>| !tool.has(&["my", "user", "own", "me"]);
    let mut found: Vec<&Tool<'a>> = tools.iter().filter(lists).filter(plain).collect();
    found.sort_by_key(|tool| {
        (own(tool), tool.has(&["all", "list"]) && tool.words.len() > 2, tool.words.len())
    });
    found.first().copied()
}

/// The tool that shows one post, and the argument that takes its id.
pub(super) fn getting<'t, 'a>(tools: &'t [Tool<'a>]) -> Option<(&'t Tool<'a>, &'t str)> {
    let no = [
        "scheduled",
        "insights",
        "replies",
        "comments",
        "comment",
        "conversation",
        "user",
        "stats",
        "status",
        "delete",
        "list",
        "lists",
        "transcript",
        "analytics",
        "likes",
        "profile",
        "report",
    ];
    let shows =
        tools.iter().filter(|tool| tool.has(&["get", "show", "fetch", "read", "lookup"]) && !tool.has(&no));
    let shows = shows.filter(|tool| tool.has(&["post", "tweet", "video", "media", "thread", "photo"]));
    shows
        .filter(|tool| tool.properties.iter().filter(|property| property.required).count() <= 1)
        .filter_map(|tool| Some((tool, id_argument(tool).filter(|id| id.required)?.name)))
        .next()
}

/// The tool that tells the account.
pub(super) fn who_am_i<'t, 'a>(tools: &'t [Tool<'a>]) -> Option<&'t Tool<'a>> {
    let no =
        ["delete", "update", "set", "list", "posts", "insights", "report", "unofficial", "twitch", "compare"];
    let known: [&[&str]; 5] = [&["whoami"], &["me"], &["profile"], &["creator", "info"], &["info"]];
    let asks = |tool: &&Tool<'_>| !tool.has(&no) && tool.properties.iter().all(|property| !property.required);
    known.into_iter().find_map(|words| {
        let mut asking = tools.iter().filter(asks);
        asking.find(|tool| {
            let info = words != ["info"] || tool.has(&["user", "account", "channel", "my"]);
            info && words.iter().all(|word| tool.has(&[word]))
        })
    })
}

/// The tool that takes a post back, and the argument that takes its id.
pub(super) fn deleting<'t, 'a>(tools: &'t [Tool<'a>], nouns: &[&str]) -> Option<(&'t Tool<'a>, &'t str)> {
    let found = tools.iter().filter(|tool| tool.has(&["delete", "remove"]) && tool.has(nouns));
    found.filter_map(|tool| Some((tool, id_argument(tool)?.name))).next()
}

/// The words of what is deleted as a post.
pub(super) const DELETED: [&str; 6] = ["post", "tweet", "video", "media", "thread", "status"];

/// The tools that may list replies and comments, for a person to choose from.
pub(super) fn answers<'t>(tools: &'t [Tool<'_>]) -> Vec<&'t str> {
    let lists = tools.iter().filter(|tool| tool.has(&["get", "list", "read"]));
    lists.filter(|tool| tool.has(&["replies", "comments", "conversation"])).map(|tool| tool.name).collect()
}
