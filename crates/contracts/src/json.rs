//! A JSON document as it was sent: every duplicate key is noticed, whatever features of `serde_json` a host turned on.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};

/// The key under which `serde_json` hands over a number when `arbitrary_precision` is on somewhere in the build.
const NUMBER_TOKEN: &str = "$serde_json::private::Number";

/// How deep a document may nest; the same bound as `serde_json`'s own.
const MAX_DEPTH: usize = 128;

/// A JSON value (RFC 8259) whose objects have unique keys (RFC 7493 §2.3).
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// An integer of 64 bits, with a sign or without, exactly as sent.
    Integer(i128),
    /// Any other number, as the nearest double.
    Double(f64),
    /// A string.
    String(String),
    /// An array.
    Array(Vec<Json>),
    /// An object.
    Object(BTreeMap<String, Json>),
}

/// The bytes are not the JSON that we take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonError {
    /// Not JSON at all (RFC 8259), or not UTF-8.
    #[error("not JSON: {0}")]
    Syntax(String),
    /// JSON with keys given more than once; each by its pointer (RFC 6901), in order of appearance.
    #[error("keys given more than once: `{}`", .0.join("`, `"))]
    DuplicateKeys(Vec<String>),
}

impl Json {
    /// Parses a document; every duplicate key is reported at once.
    ///
    /// # Errors
    /// When the bytes are not JSON in UTF-8, or an object holds a key twice.
    pub fn parse(bytes: &[u8]) -> Result<Self, JsonError> {
        let raw: Raw = serde_json::from_slice(bytes).map_err(|error| JsonError::Syntax(error.to_string()))?;
        let mut duplicates = Vec::new();
        let json = raw.into_json(&mut String::new(), &mut duplicates, 0)?;
        if duplicates.is_empty() { Ok(json) } else { Err(JsonError::DuplicateKeys(duplicates)) }
    }

    /// What kind of value this is, in the words of JSON Schema, for messages.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "boolean",
            Self::Integer(_) => "integer",
            Self::Double(_) => "number",
            Self::String(_) => "string",
            Self::Array(_) => "array",
            Self::Object(_) => "object",
        }
    }

    /// The member of an object.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members.get(key),
            _ => None,
        }
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Integer(value) => match (i64::try_from(*value), u64::try_from(*value)) {
                (Ok(small), _) => serializer.serialize_i64(small),
                (_, Ok(large)) => serializer.serialize_u64(large),
                // Beyond 64 bits RFC 8785 speaks of the nearest double.
                _ => serializer.serialize_f64(nearest_double(*value)),
            },
            Self::Double(value) => serializer.serialize_f64(*value),
            Self::String(value) => serializer.serialize_str(value),
            Self::Array(items) => serializer.collect_seq(items),
            Self::Object(members) => serializer.collect_map(members),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "RFC 8785 asks for the nearest double")]
const fn nearest_double(integer: i128) -> f64 {
    integer as f64
}

/// Appends one reference token to a JSON pointer (RFC 6901 §3).
pub(crate) fn push_token(pointer: &mut String, token: &str) {
    pointer.push('/');
    for letter in token.chars() {
        match letter {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            other => pointer.push(other),
        }
    }
}

/// The document with members in order and duplicates kept, so that all of them can be named.
enum Raw {
    Leaf(Json),
    Array(Vec<Raw>),
    Object(Vec<(String, Raw)>),
}

impl Raw {
    fn into_json(
        self,
        pointer: &mut String,
        duplicates: &mut Vec<String>,
        depth: usize,
    ) -> Result<Json, JsonError> {
        if depth > MAX_DEPTH {
            return Err(JsonError::Syntax(format!("nested deeper than {MAX_DEPTH} levels")));
        }
        let length = pointer.len();
        match self {
            Self::Leaf(leaf) => Ok(leaf),
            Self::Array(items) => {
                let mut array = Vec::with_capacity(items.len());
                for (index, item) in items.into_iter().enumerate() {
                    push_token(pointer, &index.to_string());
                    array.push(item.into_json(pointer, duplicates, depth + 1)?);
                    pointer.truncate(length);
                }
                Ok(Json::Array(array))
            }
            Self::Object(members) => {
                let mut object = BTreeMap::new();
                for (key, member) in members {
                    push_token(pointer, &key);
                    let value = member.into_json(pointer, duplicates, depth + 1)?;
                    if object.insert(key, value).is_some() {
                        duplicates.push(pointer.clone());
                    }
                    pointer.truncate(length);
                }
                Ok(Json::Object(object))
            }
        }
    }
}

struct RawVisitor;

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Leaf(Json::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Leaf(Json::Bool(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Leaf(Json::Integer(value.into())))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
        Ok(Raw::Leaf(Json::Integer(value.into())))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Raw, E> {
        if value.is_finite() {
            Ok(Raw::Leaf(Json::Double(value)))
        } else {
            Err(E::custom("number out of range"))
        }
    }

    fn visit_str<E>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw::Leaf(Json::String(value.to_owned())))
    }

    fn visit_string<E>(self, value: String) -> Result<Raw, E> {
        Ok(Raw::Leaf(Json::String(value)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Raw::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
        let mut members = Vec::new();
        while let Some(key) = access.next_key::<String>()? {
            if key == NUMBER_TOKEN {
                return access.next_value::<NumberText>().and_then(|NumberText(text)| number(&text));
            }
            members.push((key, access.next_value()?));
        }
        Ok(Raw::Object(members))
    }
}

/// The decimal text of a number, from `serde_json` itself and from nowhere else.
///
/// INVARIANT: a document that spells the private key is refused, with `arbitrary_precision` and without it; else an object
/// could pass for a number and two documents for one. `serde_json` hands its own text over as an owned string, a
/// document's strings only ever by reference; were that to change, numbers would be refused and the tests would say so.
struct NumberText(String);

impl<'de> Deserialize<'de> for NumberText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberTextVisitor)
    }
}

struct NumberTextVisitor;

impl Visitor<'_> for NumberTextVisitor {
    type Value = NumberText;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no member `{NUMBER_TOKEN}`, which is reserved")
    }

    fn visit_str<E: serde::de::Error>(self, _: &str) -> Result<NumberText, E> {
        Err(E::custom(format_args!("the key `{NUMBER_TOKEN}` is reserved")))
    }

    fn visit_string<E>(self, value: String) -> Result<NumberText, E> {
        Ok(NumberText(value))
    }
}

fn number<E: serde::de::Error>(text: &str) -> Result<Raw, E> {
    let integer =
        || text.parse::<i64>().map(i128::from).or_else(|_| text.parse::<u64>().map(i128::from)).ok();
    // Negative zero is a double, as `serde_json` has it without `arbitrary_precision`.
    if let Some(integer) = integer().filter(|_| text != "-0") {
        return Ok(Raw::Leaf(Json::Integer(integer)));
    }
    match text.parse::<f64>() {
        Ok(double) if double.is_finite() => Ok(Raw::Leaf(Json::Double(double))),
        _ => Err(E::custom("number out of range")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_duplicate_key_is_named_by_pointer() {
        let text = br#"{"a":1,"a":2,"b":[{"c~/d":1,"c~/d":2}]}"#;
        let expected = vec!["/a".to_owned(), "/b/0/c~0~1d".to_owned()];
        assert_eq!(Json::parse(text), Err(JsonError::DuplicateKeys(expected)));
    }

    #[test]
    fn numbers_keep_their_kind() {
        let parsed = Json::parse(b"[1, -2, 18446744073709551615, 18446744073709551616, 1.5, 1e2]").unwrap();
        let expected = vec![
            Json::Integer(1),
            Json::Integer(-2),
            Json::Integer(u64::MAX.into()),
            Json::Double(18_446_744_073_709_551_616.0),
            Json::Double(1.5),
            Json::Double(100.0),
        ];
        assert_eq!(parsed, Json::Array(expected));
    }

    #[test]
    fn no_object_passes_for_a_number() {
        for text in [
            r#"{"$serde_json::private::Number":"1"}"#,
            r#"{"\u0024serde_json::private::Number":"\u0031"}"#,
            r#"{"$serde_json::private::Number":1}"#,
            r#"{"a":0,"$serde_json::private::Number":"1"}"#,
        ] {
            assert!(matches!(Json::parse(text.as_bytes()), Err(JsonError::Syntax(_))), "{text}");
        }
    }

    #[test]
    fn negative_zero_stays_a_double() {
        let parsed = Json::parse(b"-0").unwrap();
        assert!(matches!(parsed, Json::Double(zero) if zero == 0.0 && zero.is_sign_negative()), "{parsed:?}");
    }
}
