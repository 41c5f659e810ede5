//! A profile against what its server offers: every fault in one message, before anything is sent (PUB-18).

use std::fmt;

use chimera_effect::EffectKind;
use serde_json::Value;

use crate::near::near;
use crate::profile::{Invocation, PlatformProfile, Template};
use crate::tool::ToolInfo;

/// How many of the names that are offered are told where none is near.
const NAMES: usize = 8;

/// One thing of a profile that does not fit what its server offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) tool: String,
    /// The key of the profile that names the tool: `publish`, `list`, `get`.
    operation: &'static str,
    what: Misfit,
}

/// What does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Misfit {
    /// There is no such tool.
    Tool,
    /// An argument that the tool does not declare.
    Undeclared(String),
    /// An argument that it requires and does not get.
    Unsupplied(String),
    /// A constant that its schema does not allow, and why.
    Constant { argument: String, value: Value, reason: String },
}

impl Fault {
    /// What is to be done about it, by what the server offers. The names in it are the server's words.
    pub(crate) fn fix(&self, tools: &[ToolInfo]) -> String {
        match &self.what {
            Misfit::Tool => {
                let offered = choice(&self.tool, offered(tools));
                format!("name one that it offers: {offered}; or take out what calls it")
            }
            Misfit::Undeclared(argument) => match choice(argument, declared(&self.tool, tools)) {
                none if none.is_empty() => "take it out: the tool takes no argument".to_owned(),
                offered => format!("use one that it declares: {offered}; or take it out"),
            },
            Misfit::Unsupplied(argument) => {
                format!(
                    "give it in `arguments`: `{argument} = \"…\"`, a constant, a name in braces such as `{{text}}`, or \
                     `{{settings.NAME}}` for what the host gives"
                )
            }
            Misfit::Constant { argument, .. } => {
                format!("give `{argument}` a value that the tool's schema allows")
            }
        }
    }
}

fn offered(tools: &[ToolInfo]) -> impl Iterator<Item = &str> + Clone {
    tools.iter().map(|tool| tool.name.as_str())
}

/// The arguments that a tool declares.
fn declared<'a>(tool: &str, tools: &'a [ToolInfo]) -> impl Iterator<Item = &'a str> + Clone {
    let tool = tools.iter().find(|offered| offered.name == tool);
    let properties = tool.and_then(|tool| tool.input_schema.get("properties")?.as_object());
    properties.into_iter().flat_map(serde_json::Map::keys).map(String::as_str)
}

fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// The names that are near one, if any.
fn nearest<'a>(name: &str, offered: impl Iterator<Item = &'a str>) -> Option<String> {
    let near = near(name, offered);
    (!near.is_empty()).then(|| format!("near: {}", quoted(&near)))
}

/// The same; where none is, the first of all.
fn choice<'a>(name: &str, offered: impl Iterator<Item = &'a str> + Clone) -> String {
    if let Some(near) = nearest(name, offered.clone()) {
        return near;
    }
    let more = offered.clone().nth(NAMES).is_some();
    let first: Vec<&str> = offered.take(NAMES).collect();
    quoted(&first) + if more { ", …" } else { "" }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tool = &self.tool;
        match &self.what {
            Misfit::Tool => write!(formatter, "the server offers no tool `{tool}`"),
            // Servers with strict schemas refuse what they do not declare, the others drop it silently.
            Misfit::Undeclared(name) => write!(formatter, "tool `{tool}`: it declares no argument `{name}`"),
            Misfit::Unsupplied(name) => write!(
                formatter,
                "tool `{tool}`: it requires the argument `{name}`, which the profile does not supply"
            ),
            Misfit::Constant { argument, value, reason } => {
                write!(formatter, "tool `{tool}`: the argument `{argument} = {value}` does not fit: {reason}")
            }
        }
    }
}

/// What does not fit for a kind of effect, in words for whoever mends the profile or the server. What other kinds need is
/// not asked for: a server that publishes need not like. The near names are the server's words.
pub(crate) fn faults(profile: &PlatformProfile, kind: EffectKind, tools: &[ToolInfo]) -> Vec<String> {
    let told = |fault: &Fault| {
        let (told, near) = match &fault.what {
            Misfit::Tool => {
                (format!("{fault} for `{}`", fault.operation), nearest(&fault.tool, offered(tools)))
            }
            Misfit::Undeclared(argument) => {
                (fault.to_string(), nearest(argument, declared(&fault.tool, tools)))
            }
            _ => (fault.to_string(), None),
        };
        near.map_or_else(|| told.clone(), |near| format!("{told} ({near})"))
    };
    let mut faults: Vec<String> = misfits(profile, kind, tools).iter().map(told).collect();
    faults.dedup();
    faults
}

/// The same as data, the tools in the order in which they are called.
pub(crate) fn misfits(profile: &PlatformProfile, kind: EffectKind, tools: &[ToolInfo]) -> Vec<Fault> {
    let key = profile.acts.get(&kind).and_then(|act| act.key_argument.as_deref());
    let mut faults = Vec::new();
    for (operation, invocation) in profile.invocations(kind) {
        let Some(tool) = tools.iter().find(|tool| tool.name == invocation.tool) else {
            faults.push(Fault { tool: invocation.tool.clone(), operation, what: Misfit::Tool });
            continue;
        };
        let key = key.filter(|_| operation == kind.as_str());
        let found = tool_faults(invocation, key, &tool.input_schema);
        faults.extend(found.into_iter().map(|what| Fault { tool: invocation.tool.clone(), operation, what }));
    }
    faults
}

/// Whether a call fits.
pub(crate) fn call_fits(invocation: &Invocation, tools: &[ToolInfo]) -> bool {
    let tool = tools.iter().find(|tool| tool.name == invocation.tool);
    tool.is_some_and(|tool| tool_faults(invocation, None, &tool.input_schema).is_empty())
}

fn tool_faults(invocation: &Invocation, key: Option<&str>, schema: &Value) -> Vec<Misfit> {
    let names: Vec<&str> = invocation.arguments.keys().map(String::as_str).chain(key).collect();
    let property = |name: &str| schema.get("properties").and_then(|properties| properties.get(name));
    let undeclared = names
        .iter()
        .filter(|name| property(name).is_none())
        .map(|name| Misfit::Undeclared((*name).to_owned()));
    let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
    let unsupplied = required
        .filter_map(Value::as_str)
        .filter(|name| !names.contains(name))
        .map(|name| Misfit::Unsupplied(name.to_owned()));
    let misfits = invocation.arguments.iter().filter_map(|(name, argument)| {
        let Template::Constant(value) = &argument.value else { return None };
        let reason = misfit(property(name)?, value)?;
        Some(Misfit::Constant { argument: name.clone(), value: value.clone(), reason })
    });
    undeclared.chain(unsupplied).chain(misfits).collect()
}

fn misfit(schema: &Value, value: &Value) -> Option<String> {
    if let Some(allowed) =
        schema.get("enum").and_then(Value::as_array).filter(|allowed| !allowed.contains(value))
    {
        return Some(format!("allowed are {}", Value::from(allowed.clone())));
    }
    if let Some(only) = schema.get("const").filter(|only| *only != value) {
        return Some(format!("allowed is {only}"));
    }
    let kind = schema.get("type")?.as_str()?;
    let fits = match kind {
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => true,
    };
    (!fits).then(|| format!("expected is a {kind}"))
}

#[cfg(test)]
mod tests {
    use chimera_contracts::PlatformName;
    use serde_json::json;

    use super::*;
    use crate::profile::Profile;

    fn tool(name: &str, input_schema: Value) -> ToolInfo {
        ToolInfo { name: name.to_owned(), input_schema }
    }

    fn twitter() -> PlatformProfile {
        Profile::seeds().unwrap().platform(PlatformName::Twitter).unwrap().clone()
    }

    #[test]
    fn all_faults_are_named() {
        let tools = [
            tool(
                "post_tweet",
                json!({ "properties": { "text": {}, "who": {} }, "required": ["text", "who"] }),
            ),
            tool(
                "upload_media",
                json!({ "properties": { "platform": { "enum": ["x"] }, "filename": {}, "data": {}, "sha256": {} } }),
            ),
            tool(
                "list_posts",
                json!({ "properties": { "platform": {}, "account": {}, "limit": { "type": "string" } } }),
            ),
        ];
        assert_eq!(
            faults(&twitter(), EffectKind::Publish, &tools),
            [
                "tool `post_tweet`: it declares no argument `account`",
                "tool `post_tweet`: it declares no argument `media_ids`",
                "tool `post_tweet`: it declares no argument `idempotency_key`",
                "tool `post_tweet`: it requires the argument `who`, which the profile does not supply",
                "tool `upload_media`: the argument `platform = \"twitter\"` does not fit: allowed are [\"x\"]",
                "tool `list_posts`: the argument `limit = 100` does not fit: expected is a string",
                "the server offers no tool `get_post` for `get` (near: `list_posts`)",
            ]
        );
    }

    #[test]
    fn each_fault_says_what_to_do_about_it() {
        let properties =
            json!({ "properties": { "text": {}, "user_name": {}, "who": {} }, "required": ["who"] });
        let tools = [
            tool("postTweet", properties),
            tool("upload_medium", json!({})),
            tool("list_posts", json!({ "properties": { "platform": { "enum": ["x"] } } })),
        ];
        let profile = r#"
            name = "one"
            [platforms.twitter.publish]
            tool = "post_tweets"
            arguments = { text = "{text}" }
            id = "/id"
            [platforms.twitter.publish.by_media.image]
            tool = "postTweet"
            arguments = { text = "{text}", username = "{account}", zzz = 1, media = "{media_ids}" }
            [platforms.twitter.upload]
            tool = "upload_medium"
            arguments = { data = "{data}" }
            id = "/id"
            timeout_ms = 1_000
            [platforms.twitter.list]
            tool = "list_posts"
            arguments = { platform = "twitter" }
            items = ""
            id = "/id"
            text = "/text"
        "#;
        let profile = Profile::parse(profile).unwrap();
        let profile = profile.platform(PlatformName::Twitter).unwrap();
        let told = misfits(profile, EffectKind::Publish, &tools);
        let told: Vec<_> = told.iter().map(|fault| format!("{fault} -> {}", fault.fix(&tools))).collect();
        assert_eq!(
            told,
            [
                "the server offers no tool `post_tweets` -> name one that it offers: near: `postTweet`; or take out what calls it",
                "tool `postTweet`: it declares no argument `media` -> use one that it declares: `text`, `user_name`, `who`; or take it out",
                "tool `postTweet`: it declares no argument `username` -> use one that it declares: near: `user_name`; or take it out",
                "tool `postTweet`: it declares no argument `zzz` -> use one that it declares: `text`, `user_name`, `who`; or take it out",
                "tool `postTweet`: it requires the argument `who`, which the profile does not supply -> give it in `arguments`: \
                 `who = \"…\"`, a constant, a name in braces such as `{text}`, or `{settings.NAME}` for what the host gives",
                "tool `upload_medium`: it declares no argument `data` -> take it out: the tool takes no argument",
                "tool `list_posts`: the argument `platform = \"twitter\"` does not fit: allowed are [\"x\"] -> give `platform` a value \
                 that the tool's schema allows",
            ]
        );
    }

    #[test]
    fn each_kind_asks_for_its_own_tools() {
        let missing: Vec<_> = [
            ("reply_to_tweet", "reply"),
            ("list_comments", "list"),
            ("get_tweet", "get"),
            ("get_tweet", "look_up"),
        ]
        .map(|(tool, operation)| format!("the server offers no tool `{tool}` for `{operation}`"))
        .into();
        assert_eq!(faults(&twitter(), EffectKind::Reply, &[]), missing);
        let like = tool("like_tweet", json!({ "properties": { "tweet_id": {}, "account": {} } }));
        let found = faults(&twitter(), EffectKind::Like, &[like]);
        assert_eq!(found[0], "tool `like_tweet`: it declares no argument `idempotency_key`");
    }
}
