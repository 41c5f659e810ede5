//! Canonical bytes: the one form of a JSON document that is hashed and signed.
//!
//! Two functions, because they promise different things:
//! - [`canonicalize`] and [`to_canonical`] are RFC 8785 in full, floats included;
//! - [`to_statement`] is the restricted form that evidence and effects are hashed in: no floats and no integer beyond
//!   2^53 - 1, because RFC 8785 prints numbers as doubles and so gives 2^53 and 2^53 + 1 the same bytes.
//!
//! INVARIANT: nothing here goes through `serde_json::Value`, whose number and key handling a host can change under us
//! by turning on features of `serde_json`.

use serde::Serialize;

use crate::json::{Json, JsonError};

/// The bytes could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CanonicalError {
    /// The value is not JSON: a map key that is no string, a number that is not finite.
    #[error("the value has no canonical JSON form: {0}")]
    NotJson(String),
    /// The document is not I-JSON (RFC 7493).
    #[error(transparent)]
    Document(#[from] JsonError),
    /// A hashed statement may hold no fraction and no exponent.
    #[error("a statement holds a number that is no plain integer: `{0}`")]
    Fraction(String),
    /// A hashed statement may hold no integer that a double cannot carry.
    #[error("a statement holds an integer beyond 2^53 - 1: `{0}`")]
    IntegerRange(String),
}

/// RFC 8785 bytes of a value.
///
/// # Errors
/// When the value is not JSON.
pub fn to_canonical<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, CanonicalError> {
    serde_json_canonicalizer::to_vec(&value).map_err(|error| CanonicalError::NotJson(error.to_string()))
}

/// RFC 8785 bytes of a JSON text; duplicate keys and lone surrogates are refused (RFC 7493).
///
/// # Errors
/// When the text is not I-JSON.
pub fn canonicalize(text: &[u8]) -> Result<Vec<u8>, CanonicalError> {
    to_canonical(&Json::parse(text)?)
}

/// Canonical bytes in the restricted statement form: no fraction, no exponent, no integer beyond 2^53 - 1.
///
/// # Errors
/// When the value is not JSON or holds such a number.
pub fn to_statement<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, CanonicalError> {
    let bytes = to_canonical(value)?;
    numbers(&bytes).try_for_each(check_number)?;
    Ok(bytes)
}

fn check_number(number: &[u8]) -> Result<(), CanonicalError> {
    let shown = || String::from_utf8_lossy(number).into_owned();
    if !number.iter().all(|byte| byte.is_ascii_digit() || *byte == b'-') {
        return Err(CanonicalError::Fraction(shown()));
    }
    let exact = shown().parse::<i64>().is_ok_and(|n| n.unsigned_abs() <= crate::money::Money::MAX_MICROS);
    if exact { Ok(()) } else { Err(CanonicalError::IntegerRange(shown())) }
}

/// The number tokens of canonical JSON: maximal runs outside strings that begin with a digit or a minus.
fn numbers(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut in_string = false;
    let mut escaped = false;
    bytes
        .split(move |byte| {
            let inside = in_string;
            match (in_string, escaped, byte) {
                (true, true, _) => escaped = false,
                (true, false, b'\\') => escaped = true,
                (true, false, b'"') => in_string = false,
                (false, _, b'"') => in_string = true,
                _ => {}
            }
            inside || matches!(byte, b'"' | b',' | b':' | b'[' | b']' | b'{' | b'}')
        })
        .filter(|token| token.first().is_some_and(|byte| byte.is_ascii_digit() || *byte == b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keys_are_sorted_by_utf16_and_numbers_are_shortest() {
        let bytes = canonicalize(br#"{"b":1.0,"a":[1e2,"\u20ac"]}"#).unwrap();
        assert_eq!(bytes, "{\"a\":[100,\"€\"],\"b\":1}".as_bytes());
    }

    #[test]
    fn statements_hold_small_integers_only() {
        assert!(to_statement(&json!({"a": 9_007_199_254_740_991_u64, "b": -1, "s": "1.5 \" 2e9"})).is_ok());
        for (bad, expected) in [
            (json!([1.5]), CanonicalError::Fraction("1.5".into())),
            (
                json!({"a": 9_007_199_254_740_993_u64}),
                CanonicalError::IntegerRange("9007199254740992".into()),
            ),
            (json!(1e30), CanonicalError::Fraction("1e+30".into())),
        ] {
            assert_eq!(to_statement(&bad), Err(expected));
        }
    }

    #[test]
    fn duplicate_keys_are_refused() {
        assert!(canonicalize(br#"{"a":1,"a":1}"#).is_err());
        assert!(canonicalize(br#"{"a":{"b":1,"\u0062":2}}"#).is_err());
    }
}
