//! What JSON costs in memory once it is read: about, and never much too little.
//!
//! A value takes far more than its text: `{"a":1}` is 7 bytes on the wire and more than 600 in a `serde_json::Value`. So
//! bounds are on the weight. It is counted before a message is read ([`Outline`](crate::outline::Outline)) and for what
//! is kept.

use serde_json::Value;

/// A value beside what it points to.
pub(crate) const VALUE: usize = size_of::<Value>();
/// A node of the tree that holds the members of an object: room for 11 names and values, whatever it holds.
pub(crate) const NODE: usize = 11 * (size_of::<String>() + VALUE) + 16;
/// Members of a node before a further one is needed.
const FULL: usize = 11;
/// Members of a further node: a full one is split in two halves.
const HALF: usize = 6;
/// Values that an array has room for with its first one.
const FIRST: usize = 4;
/// What an allocation costs beside its bytes.
const ALLOCATION: usize = 16;

/// What the `count`th member of an object costs, from 1, without its name and value.
pub(crate) fn member(count: usize) -> usize {
    let opens_a_node = count == 1 || count > FULL && count.is_multiple_of(HALF);
    if opens_a_node { NODE } else { 0 }
}

/// What the `count`th item of an array costs, from 1, without what it points to: room is doubled when it is full.
pub(crate) fn item(count: usize) -> usize {
    match count {
        1 => FIRST * VALUE,
        2..=FIRST => 0,
        _ => 2 * VALUE,
    }
}

/// What a string of so many bytes costs outside of its value.
pub(crate) fn string(bytes: usize) -> usize {
    if bytes == 0 { 0 } else { bytes.saturating_add(ALLOCATION) }
}

/// What a value costs. As deep as JSON that was read: it is bounded.
pub(crate) fn of(value: &Value) -> usize {
    VALUE.saturating_add(inside(value))
}

fn inside(value: &Value) -> usize {
    let sum = |weights: &mut dyn Iterator<Item = usize>| weights.fold(0_usize, usize::saturating_add);
    match value {
        Value::String(text) => string(text.len()),
        Value::Array(items) => {
            sum(&mut items.iter().zip(1..).map(|(value, count)| item(count).saturating_add(inside(value))))
        }
        Value::Object(members) => sum(&mut members.iter().zip(1..).map(|((name, value), count)| {
            member(count).saturating_add(string(name.len())).saturating_add(inside(value))
        })),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn weights_follow_the_shape() {
        for (value, expected) in [
            (json!(null), VALUE),
            (json!(""), VALUE),
            (json!("abc"), VALUE + 3 + ALLOCATION),
            (json!([]), VALUE),
            (json!([1]), VALUE + 4 * VALUE),
            (json!([1, 2, 3, 4, 5]), VALUE + 6 * VALUE),
            (json!({}), VALUE),
            (json!({ "ab": 1 }), VALUE + NODE + 2 + ALLOCATION),
            (json!({ "ab": [1], "": {} }), VALUE + NODE + 2 + ALLOCATION + 4 * VALUE),
        ] {
            assert_eq!(of(&value), expected, "{value}");
        }
        let members = |count: usize| Value::Object((0..count).map(|n| (n.to_string(), 1.into())).collect());
        assert!(of(&members(12)) > of(&members(11)) + NODE);
    }
}
