//! What stands at a pointer of a profile: RFC 6901, and one thing more. In a list, `[name=value]` is its first member of
//! which `name` is `value`: X tells what a post answers in a list, where what it quotes may stand first.

use serde_json::Value;

/// What stands at a pointer.
pub(crate) fn select<'v>(value: &'v Value, pointer: &str) -> Option<&'v Value> {
    if !pointer.contains("/[") {
        return value.pointer(pointer);
    }
    let mut steps = pointer.split('/');
    if steps.next() != Some("") {
        return None;
    }
    steps.try_fold(value, |value, step| match (value, chosen(step)) {
        (Value::Array(items), Some((name, wanted))) => {
            items.iter().find(|item| item.get(name).and_then(Value::as_str) == Some(wanted))
        }
        _ => value.pointer(&format!("/{step}")),
    })
}

/// The parts of `[name=value]`.
fn chosen(step: &str) -> Option<(&str, &str)> {
    step.strip_prefix('[')?.strip_suffix(']')?.split_once('=')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_member_of_a_list_is_chosen_by_what_it_says() {
        let tweet = json!({
            "referenced": [{ "type": "quoted", "id": "1" }, { "type": "replied_to", "id": "2" }],
            "[type=quoted]": "a key",
            "a/b": [{ "k": "v" }],
        });
        for (pointer, found) in [
            ("/referenced/[type=replied_to]/id", Some(json!("2"))),
            ("/referenced/[type=quoted]/id", Some(json!("1"))),
            ("/referenced/[type=retweeted]/id", None),
            ("/referenced/[type]/id", None),
            ("/referenced/1/id", Some(json!("2"))),
            // In an object it is a key as any other.
            ("/[type=quoted]", Some(json!("a key"))),
            ("/a~1b/[k=v]/k", Some(json!("v"))),
            ("referenced/[type=quoted]/id", None),
            ("", Some(tweet.clone())),
        ] {
            assert_eq!(select(&tweet, pointer), found.as_ref(), "{pointer}");
        }
    }
}
