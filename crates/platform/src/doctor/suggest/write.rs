//! The draft, as TOML with a comment beside each guess.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use chimera_contracts::PlatformName;
use serde_json::{Map, Value};

use super::arguments::{Filled, Handed, fill, media_argument, media_arguments};
use super::choose::{self, Tool};
use crate::profile::Profile;
use crate::targets::TargetKind;

/// What stands at the head of every draft.
const HEAD: &str = "\
# A draft, guessed from the names and schemas of the server's tools. Nothing vouches for it: each line behind `to do` is a guess
# or a placeholder, and the others may be wrong as well. Run the profile doctor with it, put in what it shows, and try one post in a
# test account before anything else. Decide each such line and delete its comment; where an answer to an act holds the new id shows
# only with that post.
#
# Left out on purpose, since nothing but the operator's knowledge can say them: `own`, `sets_state`, enforced keys,
# `reads_back = false`, and `next` of lists, whose absence would be taken for the last page.
";

/// A draft under way.
struct Draft<'t, 'a> {
    platform: PlatformName,
    tools: &'t [Tool<'a>],
    text: String,
    settings: BTreeSet<String>,
    targets: BTreeSet<TargetKind>,
    has_act: bool,
}

/// The whole draft.
pub(super) fn profile(name: &str, platform: PlatformName, tools: &[Tool<'_>]) -> String {
    let mut draft = Draft {
        platform,
        tools,
        text: String::new(),
        settings: BTreeSet::new(),
        targets: BTreeSet::new(),
        has_act: false,
    };
    draft.who_am_i();
    let publishes = draft.publish();
    if publishes {
        draft.look();
    }
    draft.engagements();
    let sections = std::mem::take(&mut draft.text);
    draft.line(HEAD);
    draft.line(format!("name = {}\n", quoted(name)));
    draft.line(format!("[platforms.{platform}]"));
    draft.comment("to do: how long an act may take with its media");
    draft.line("timeout_ms = 30_000");
    draft.comment(
        "to do: how long after that the server or the platform may still act; no look settles anything sooner",
    );
    draft.line("settle_ms = 900_000");
    draft.comment("to do: what an error without `isError` looks like, such as `soft_errors = [{ pointer = \"/success\", equals = false }]`");
    if !draft.settings.is_empty() {
        let settings: Vec<String> =
            draft.settings.iter().map(|name| format!("{} = \"to do: what it is\"", key(name))).collect();
        draft.line(format!("settings = {{ {} }}", settings.join(", ")));
    }
    if !draft.has_act {
        draft.comment(
            "to do: no tool posts, replies, comments, likes, follows or shares by its name. There are:",
        );
        for tool in tools {
            draft.comment(tool.name);
        }
    }
    draft.text.push_str(&sections);
    draft.text
}

impl<'t> Draft<'t, '_> {
    fn line(&mut self, line: impl AsRef<str>) {
        self.text.push_str(line.as_ref());
        self.text.push('\n');
    }

    fn comment(&mut self, text: impl AsRef<str>) {
        for line in text.as_ref().lines() {
            self.line(format!("# {line}"));
        }
    }

    /// A comment that belongs to no section before it.
    fn note(&mut self, text: impl AsRef<str>) {
        self.line("");
        self.comment(text);
    }

    fn section(&mut self, name: &str) {
        let platform = self.platform;
        self.line(format!("\n[platforms.{platform}.{name}]"));
    }

    /// What takes the words of a post.
    const fn words(&self) -> &'static str {
        if matches!(self.platform, PlatformName::LinkedIn) { "{little_text}" } else { "{text}" }
    }

    /// The tool and its arguments.
    fn call(&mut self, tool: &Tool<'_>, filled: Filled) {
        self.line(format!("tool = {}", quoted(tool.name)));
        for comment in &filled.comments {
            self.comment(comment);
        }
        if !filled.arguments.is_empty() {
            self.line(format!("arguments = {}", table(&filled.arguments)));
        }
        let left: Vec<String> = tool
            .properties
            .iter()
            .filter(|property| !filled.arguments.contains_key(property.name))
            .map(|property| format!("`{}`", property.name))
            .collect();
        if !left.is_empty() {
            self.comment(format!("left out: {}", left.join(", ")));
        }
        self.settings.extend(filled.settings);
    }

    fn who_am_i(&mut self) {
        let Some(tool) = choose::who_am_i(self.tools) else {
            self.note("to do: no tool tells the account by its name; without `whoami` it is taken on trust");
            return;
        };
        self.section("whoami");
        self.call(tool, fill(tool, Handed::default()));
        self.comment("to do: where the answer names the account");
        self.line("account = [\"/username\", \"/id\"]");
    }

    /// Whether a tool posts.
    fn publish(&mut self) -> bool {
        let found = choose::publishing(self.tools);
        let Some((tool, others)) = found.split_first() else {
            self.note("to do: no tool posts by its name");
            return false;
        };
        self.section("publish");
        self.has_act = true;
        if self.platform == PlatformName::LinkedIn {
            self.comment("LinkedIn reads signs of its own in a post: `{little_text}` escapes them. Where the tool does so, `{text}`");
        }
        let needs_media = media_argument(tool).is_some_and(|(property, _)| property.required);
        let visual =
            matches!(self.platform, PlatformName::Instagram | PlatformName::TikTok | PlatformName::YouTube);
        if needs_media || visual {
            self.line("media = \"required\"");
        }
        let mut filled = fill(tool, Handed { words: Some(self.words()), media: true, about: None });
        let optional: Vec<_> =
            media_arguments(tool).into_iter().filter(|(property, _)| !property.required).collect();
        // An argument for any media takes them all; one for pictures is told by `by_media`.
        for (property, media) in optional.iter().filter(|(property, _)| property.media_kind().is_none()) {
            filled.arguments.insert(property.name.to_owned(), media.placeholder().into());
        }
        let uploaded = filled
            .arguments
            .values()
            .any(|value| value.as_str().is_some_and(|value| matches!(value, "{media_ids}" | "{media_id}")));
        self.call(tool, filled);
        self.new_id(None);
        for (property, media) in optional {
            let Some(kind) = property.media_kind() else { continue };
            self.section(&format!("publish.by_media.{kind}"));
            let arguments = Map::from_iter([(property.name.to_owned(), Value::from(media.placeholder()))]);
            self.line(format!("arguments = {}", table(&arguments)));
        }
        if !needs_media {
            self.by_media(tool, others);
        }
        if uploaded {
            self.upload();
        }
        true
    }

    /// Other tools that post, each for the media that it requires.
    fn by_media(&mut self, usual: &Tool<'_>, others: &[&'t Tool<'_>]) {
        let mut seen: BTreeSet<&str> =
            media_arguments(usual).iter().filter_map(|(property, _)| property.media_kind()).collect();
        for tool in others {
            let required = media_arguments(tool).into_iter().find(|(property, _)| property.required);
            let Some((property, media)) = required.filter(|(_, media)| !media.is_uploaded()) else {
                continue;
            };
            let Some(kind) = property.media_kind().filter(|kind| seen.insert(kind)) else { continue };
            self.section(&format!("publish.by_media.{kind}"));
            let mut filled = fill(tool, Handed { words: Some(self.words()), media: true, about: None });
            filled.arguments.insert(property.name.to_owned(), media.placeholder().into());
            self.call(tool, filled);
        }
    }

    fn upload(&mut self) {
        let Some(tool) = choose::uploading(self.tools) else {
            self.note(
                "to do: `publish` takes ids of media, and no tool uploads by its name: describe `upload`",
            );
            return;
        };
        self.section("upload");
        let mut filled = fill(tool, Handed::default());
        for property in &tool.properties {
            let value = if property.is_path() {
                "{media_path}"
            } else if property.is_data() {
                "{data}"
            } else if matches!(property.name, "filename" | "file_name" | "name") {
                "{file_name}"
            } else {
                continue;
            };
            filled.arguments.insert(property.name.to_owned(), value.into());
        }
        filled.settings.retain(|setting| {
            let wanted = format!("{{settings.{setting}}}");
            filled.arguments.values().any(|value| value.as_str() == Some(wanted.as_str()))
        });
        self.call(tool, filled);
        self.comment("to do: where the answer names the medium");
        self.line("id = \"/media_id\"\ntimeout_ms = 60_000");
    }

    /// Where the id of what was made stands; `Some` for what has none of its own.
    fn new_id(&mut self, template: Option<&str>) {
        match template {
            None => {
                self.comment(
                    "to do: where the answer holds the new id; no schema tells. The first post shows it: leave this one open until then",
                );
                self.line("id = \"/id\"");
            }
            Some(kind) => {
                self.comment(format!("a {kind} has no id of its own"));
                self.line(format!("id_template = \"{kind}:{{target}}:{{key}}\""));
                self.comment("to do: what a success says");
                self.line("confirm = { pointer = \"/success\", equals = true }");
            }
        }
    }

    /// The tools that a post is looked up with, and the one that takes it back.
    fn look(&mut self) {
        let (text, created_at, author) = self.members();
        match choose::listing(self.tools) {
            Some(tool) => {
                self.section("list");
                self.call(tool, fill(tool, Handed::default()));
                self.comment("to do: where the list stands, and within each item its members");
                self.line(format!("items = \"/data\"\nid = \"/id\"\ntext = \"{text}\""));
                self.line(format!("created_at = \"{created_at}\"\nauthor = \"{author}\""));
                self.comment("to do: what says that the list is whole: `complete`, `total`, or `next` with `next_argument`");
                self.comment("to do: the shortest pause between two looks");
                self.line("look_every_ms = 5_000");
            }
            None => self.note("to do: no tool lists the account's posts by its name; without `list` no lost post is known to be absent"),
        }
        if let Some((tool, id)) = choose::getting(self.tools) {
            self.section("get");
            self.call(tool, fill(tool, Handed { about: Some((id, "{id}")), ..Handed::default() }));
            self.comment("to do: where the answer holds them");
            self.line(format!("id = \"/id\"\ntext = \"{text}\""));
        }
        self.delete("delete", &choose::DELETED);
    }

    fn delete(&mut self, section: &str, nouns: &[&str]) {
        let Some((tool, id)) = choose::deleting(self.tools, nouns) else {
            self.note(format!(
                "to do: no tool takes it back by its name: `[platforms.{}.{section}]` with `never = \"why\"`",
                self.platform
            ));
            return;
        };
        self.section(section);
        self.call(tool, fill(tool, Handed { about: Some((id, "{id}")), ..Handed::default() }));
    }

    /// How the platform itself calls text, time and author of a post.
    const fn members(&self) -> (&'static str, &'static str, &'static str) {
        match self.platform {
            PlatformName::Twitter => ("/text", "/created_at", "/author_id"),
            PlatformName::Instagram => ("/caption", "/timestamp", "/username"),
            PlatformName::LinkedIn => ("/commentary", "/createdAt", "/author"),
            PlatformName::TikTok => ("/title", "/create_time", "/username"),
            PlatformName::YouTube => ("/title", "/publishedAt", "/channelId"),
            PlatformName::Threads => ("/text", "/timestamp", "/username"),
        }
    }

    fn engagements(&mut self) {
        let tools = self.tools;
        if let Some((tool, target)) = choose::replying(tools) {
            let of_comment = target.contains("comment") && !target.contains("post");
            let kind = if of_comment { TargetKind::Comment } else { TargetKind::Post };
            self.engagement("reply", tool, target, kind, None);
        }
        if let Some((tool, target)) = choose::commenting(tools) {
            self.engagement("comment", tool, target, TargetKind::Post, None);
        }
        for (kind, verbs, target_kind) in [
            ("like", &["like", "favorite", "favourite", "reaction", "react"][..], TargetKind::Post),
            ("follow", &["follow"], TargetKind::User),
            ("share", &["retweet", "repost", "reshare", "boost"], TargetKind::Post),
        ] {
            if let Some((tool, target)) = choose::engaging(tools, verbs) {
                self.engagement(kind, tool, target, target_kind, Some(kind));
            }
        }
        self.targets();
    }

    fn engagement(
        &mut self,
        kind: &str,
        tool: &Tool<'_>,
        target: &str,
        of: TargetKind,
        template: Option<&str>,
    ) {
        self.section(kind);
        self.has_act = true;
        let words = template.is_none().then_some("{text}");
        let handed = Handed { words, media: false, about: Some((target, "{target}")) };
        self.call(tool, fill(tool, handed));
        self.line(format!("target_kind = \"{}\"", of.as_str()));
        self.new_id(template);
        let lists = choose::answers(self.tools);
        if template.is_none() && !lists.is_empty() {
            let platform = self.platform;
            self.comment(format!(
                "to do: `[platforms.{platform}.{kind}.list]`; it may be one of {}",
                lists.join(", ")
            ));
        }
        self.targets.insert(of);
    }

    /// The shapes of ids, as the platform writes them.
    fn targets(&mut self) {
        if self.targets.is_empty() {
            return;
        }
        let usual = Profile::seeds().ok().and_then(|seeds| seeds.platform(self.platform).cloned());
        self.section("targets");
        self.comment("to do: the form of ids as the server takes them");
        for kind in std::mem::take(&mut self.targets) {
            let shape = usual.as_ref().and_then(|usual| usual.shapes.get(&kind));
            let shape = shape.map(|shape| without_words(&shape.shown)).filter(|shape| !shape.is_empty());
            let shape = shape.unwrap_or_else(|| "[A-Za-z0-9_.:-]{1,100}".to_owned());
            self.line(format!("{} = {}", kind.as_str(), quoted(&shape)));
        }
    }
}

/// A shape without the forms of the seeds' own tools, such as `comment_[A-Za-z0-9_]{1,64}`.
fn without_words(shape: &str) -> String {
    let other = shape.split('|').filter(|form| !form.ends_with("_[A-Za-z0-9_]{1,64}"));
    other.collect::<Vec<_>>().join("|")
}

/// A string of TOML. JSON's escapes are escapes of TOML as well.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

fn key(name: &str) -> String {
    let bare = !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if bare { name.to_owned() } else { quoted(name) }
}

fn table(members: &Map<String, Value>) -> String {
    if members.is_empty() {
        return "{}".to_owned();
    }
    let mut text = String::from("{");
    for (number, (name, value)) in members.iter().enumerate() {
        let comma = if number == 0 { "" } else { "," };
        let _ = write!(text, "{comma} {} = {}", key(name), written(value));
    }
    text.push_str(" }");
    text
}

fn written(value: &Value) -> String {
    match value {
        Value::Object(members) => table(members),
        Value::Array(items) => format!("[{}]", items.iter().map(written).collect::<Vec<_>>().join(", ")),
        // TOML has none; the tool's own word for nothing is not known.
        Value::Null => "\"\"".to_owned(),
        other => other.to_string(),
    }
}
