//! A profile against what its server offers: every fault in one message, before anything is sent (PUB-18).

use chimera_effect::EffectKind;
use serde_json::Value;

use crate::profile::{Invocation, PlatformProfile, Template};
use crate::tool::ToolInfo;

/// What does not fit for a kind of effect, in words for whoever mends the profile or the server. What other kinds need is
/// not asked for: a server that publishes need not like.
pub(crate) fn faults(profile: &PlatformProfile, kind: EffectKind, tools: &[ToolInfo]) -> Vec<String> {
    let key = profile.acts.get(&kind).and_then(|act| act.key_argument.as_deref());
    let mut faults = Vec::new();
    for (operation, invocation) in profile.invocations(kind) {
        let Some(tool) = tools.iter().find(|tool| tool.name == invocation.tool) else {
            faults.push(format!("the server offers no tool `{}` for `{operation}`", invocation.tool));
            continue;
        };
        let key = key.filter(|_| operation == kind.as_str());
        let found = tool_faults(invocation, key, &tool.input_schema);
        faults.extend(found.into_iter().map(|fault| format!("tool `{}`: {fault}", invocation.tool)));
    }
    faults.dedup();
    faults
}

/// What does not fit in one call.
pub(crate) fn call_faults(invocation: &Invocation, tools: &[ToolInfo]) -> Vec<String> {
    match tools.iter().find(|tool| tool.name == invocation.tool) {
        Some(tool) => tool_faults(invocation, None, &tool.input_schema),
        None => vec![format!("the server offers no tool `{}`", invocation.tool)],
    }
}

fn tool_faults(invocation: &Invocation, key: Option<&str>, schema: &Value) -> Vec<String> {
    let names: Vec<&str> = invocation.arguments.keys().map(String::as_str).chain(key).collect();
    let property = |name: &str| schema.get("properties").and_then(|properties| properties.get(name));
    let undeclared = names.iter().filter(|name| property(name).is_none()).map(|name| missing(name));
    let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
    let unsupplied = required
        .filter_map(Value::as_str)
        .filter(|name| !names.contains(name))
        .map(|name| format!("it requires the argument `{name}`, which the profile does not supply"));
    let misfits = invocation.arguments.iter().filter_map(|(name, argument)| {
        let Template::Constant(value) = &argument.value else { return None };
        let reason = misfit(property(name)?, value)?;
        Some(format!("the argument `{name} = {value}` does not fit: {reason}"))
    });
    undeclared.chain(unsupplied).chain(misfits).collect()
}

fn missing(name: &str) -> String {
    // A third of the servers refuse what they do not declare, the others drop it silently.
    format!("it declares no argument `{name}`")
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
                "the server offers no tool `get_post` for `get`",
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
