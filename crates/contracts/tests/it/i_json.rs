//! What I-JSON (RFC 7493) is, told by another reader than ours: JSON in UTF-8 (§2.1), without lone surrogates (§2.1), with
//! each key once in its object (§2.3).

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value};

/// Any JSON in which no object gives a key twice; `serde_json` refuses what is no UTF-8 and lone surrogates by itself.
struct EachKeyOnce;

/// Whether these bytes are I-JSON.
pub(crate) fn is_i_json(bytes: &[u8]) -> bool {
    serde_json::from_slice::<EachKeyOnce>(bytes).is_ok()
}

/// The same value with every number as the double that it is in JSON.
pub(crate) fn as_doubles(value: &Value) -> Value {
    match value {
        Value::Number(number) => Value::Number(number.as_f64().and_then(Number::from_f64).unwrap()),
        Value::Array(items) => items.iter().map(as_doubles).collect(),
        Value::Object(members) => {
            Value::Object(members.iter().map(|(name, value)| (name.clone(), as_doubles(value))).collect())
        }
        other => other.clone(),
    }
}

impl<'de> Deserialize<'de> for EachKeyOnce {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for EachKeyOnce {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self, A::Error> {
        while items.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self, A::Error> {
        let mut names = BTreeSet::new();
        while let Some((name, _)) = members.next_entry::<String, Self>()? {
            if !names.insert(name) {
                return Err(A::Error::custom("a key is given twice"));
            }
        }
        Ok(self)
    }
}

#[test]
fn i_json_is_told_from_json() {
    for (text, expected) in [
        (&br#"{"a": [1, -1, 1.5, "\ud83d\ude00", null, true], "b": {"a": {}}}"#[..], true),
        (br#"{"a": 1, "a": 1}"#, false),
        (br#"[{"b": {"a": 1, "\u0061": 2}}]"#, false),
        (br#"["\ud83d"]"#, false),
        (b"[\"\xff\"]", false),
        (b"[1,]", false),
    ] {
        assert_eq!(is_i_json(text), expected, "{}", String::from_utf8_lossy(text));
    }
}
