//! What an answer consists of, as pointers that a profile could name. Values are redacted before they are shortened: half a
//! secret is one that nothing knows.

use serde_json::Value;

use crate::border::Border;

/// How deep an answer is outlined.
const DEPTH: usize = 4;
/// How many pointers are told.
const TOLD: usize = 16;
/// How much of a value is told, where nothing asks for more.
pub(super) const VALUE: usize = 40;

/// The pointers within a value, each with what stands there, in so many characters.
pub(super) fn leaves(border: Border<'_>, value: &Value, most: usize) -> String {
    let mut found = Vec::new();
    walk(value, "", DEPTH, &mut |pointer, value| {
        if !matches!(value, Value::Object(_)) {
            found.push(format!("`{pointer}` {}", shortened(border, value, most)));
        }
    });
    told(found, "nothing")
}

/// The pointers of the lists within a value, and what the first item has that stands in one.
pub(super) fn lists(border: Border<'_>, value: &Value) -> String {
    let mut found = Vec::new();
    let mut item = None;
    walk(value, "", DEPTH, &mut |pointer, value| {
        let Value::Array(items) = value else { return };
        found.push(format!("`{pointer}` ({})", items.len()));
        if let (None, Some(first)) = (&item, items.iter().find(|item| item.is_object())) {
            item = Some(format!("; an item of `{pointer}` has {}", leaves(border, first, VALUE)));
        }
    });
    told(found, "nowhere") + &item.unwrap_or_default()
}

fn told(mut found: Vec<String>, none: &str) -> String {
    if found.is_empty() {
        return none.to_owned();
    }
    let more = found.len() > TOLD;
    found.truncate(TOLD);
    let found = found.join(", ");
    if more { format!("{found}, …") } else { found }
}

fn walk(value: &Value, pointer: &str, depth: usize, found: &mut impl FnMut(&str, &Value)) {
    found(pointer, value);
    let (Value::Object(members), Some(deeper)) = (value, depth.checked_sub(1)) else { return };
    for (name, member) in members {
        let name = name.replace('~', "~0").replace('/', "~1");
        walk(member, &format!("{pointer}/{name}"), deeper, found);
    }
}

/// A value in few characters.
pub(super) fn short(border: Border<'_>, value: &Value) -> String {
    shortened(border, value, VALUE)
}

/// A value in so many characters, the end of a longer one among them: what a server says of a fault may stand there.
fn shortened(border: Border<'_>, value: &Value, most: usize) -> String {
    match value {
        Value::Array(items) => format!("(a list of {})", items.len()),
        Value::Object(_) => "(an object)".to_owned(),
        Value::String(text) if holds_json(text) => "(a text that holds JSON)".to_owned(),
        Value::String(text) => {
            let shown =
                if most > VALUE { border.shown_with_end(text, most) } else { border.shown(text, most) };
            Value::from(shown).to_string()
        }
        other => other.to_string(),
    }
}

fn holds_json(text: &str) -> bool {
    let opens = text.trim_start().starts_with(['{', '[']);
    opens && serde_json::from_str::<Value>(text).is_ok()
}

#[cfg(test)]
mod tests {
    use chimera_audit::Secrets;
    use serde_json::json;

    use super::*;

    #[test]
    fn an_outline_names_pointers_as_a_profile_writes_them() {
        let answer = json!({
            "data": { "id": "17", "a/b": true, "posts": [1, 2] },
            "raw": "{\"id\":1}",
            "deep": { "er": { "and": { "so": { "on": 1 } } } },
        });
        let secrets = Secrets::new(["swordfish".to_owned()]);
        let border = Border { secrets: &secrets, settings: None, ours: "" };
        let told = leaves(border, &answer, VALUE);
        for part in ["`/data/id` \"17\"", "`/data/a~1b` true", "`/raw` (a text that holds JSON)"] {
            assert!(told.contains(part), "{told}");
        }
        assert!(!told.contains("/so/on"), "{told}");
        assert_eq!(lists(border, &answer), "`/data/posts` (2)");
        assert_eq!(lists(border, &json!([{ "id": 1 }])), "`` (1); an item of `` has `/id` 1");
        assert_eq!(lists(border, &json!("text")), "nowhere");
        assert_eq!(short(border, &json!("x".repeat(60))), format!("\"{}…\"", "x".repeat(VALUE)));
        let cut = short(border, &json!(format!("{}swordfish", "x".repeat(VALUE - 4))));
        assert!(!cut.contains("swor"), "{cut}");
        let told = leaves(border, &json!({ "hint": format!("{}set MODE", "x ".repeat(200)) }), 100);
        assert!(told.contains("set MODE") && told.len() < 140, "{told}");
    }
}
