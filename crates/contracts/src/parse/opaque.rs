//! Keys and ids, which are the caller's words and mean nothing here.

use serde_json::Value;

use crate::fault::Fault;

/// The first control character of a text, with its place in characters from 0.
///
/// A key goes into a store, into the arguments and headers of a call, and into a log. PostgreSQL takes no NUL in a text, SQLite's
/// readers end at it (cockroach#167287, knowl#167), a line feed begins another header; and a key that reads alike is another one.
///
/// ```
/// use chimera_contracts::parse::control_character;
///
/// assert_eq!(control_character("Ann's key no. 7 é日🎉"), None);
/// assert_eq!(control_character("a\0b"), Some((1, '\0')));
/// ```
#[must_use]
pub fn control_character(text: &str) -> Option<(usize, char)> {
    text.chars().enumerate().find(|(_, character)| character.is_control())
}

/// A fault where a key or an id holds a control character.
pub(crate) fn opaque(pointer: impl Into<String>, text: &str) -> Option<Fault> {
    let (place, character) = control_character(text)?;
    let found = format!("U+{:04X} at character {place}", u32::from(character));
    Some(Fault::new(pointer, "a text without control characters", found))
}

/// The same for the members of a document that may hold other faults.
pub(crate) fn opaque_members(document: &Value, pointers: &[&str]) -> Vec<Fault> {
    let fault = |pointer: &&str| opaque(*pointer, document.pointer(pointer)?.as_str()?);
    pointers.iter().filter_map(fault).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_found() {
        for (text, found) in [
            ("", None),
            ("publish-1", None),
            ("Ann's key: no. 7 / é日🎉 می\u{200c}خواهم", None),
            ("a\0", Some((1, '\0'))),
            ("\u{0}", Some((0, '\0'))),
            ("a\r\nX-Injected: 1", Some((1, '\r'))),
            ("é\t", Some((1, '\t'))),
            ("a\u{7f}", Some((1, '\u{7f}'))),
            ("a\u{85}b\0", Some((1, '\u{85}'))),
            ("\u{1b}[31m", Some((0, '\u{1b}'))),
        ] {
            assert_eq!(control_character(text), found, "{text:?}");
        }
    }
}
