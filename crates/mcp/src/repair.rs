//! Makes JSON of what servers write in its place: what is wrong in one string of a line must not cost the line.
//!
//! A list of posts is one line. Where an old post was cut in the middle of an emoji, JavaScript writes half of it as
//! `\ud83d`, which is no JSON (RFC 8259 leaves it open, `serde_json` refuses it; open-knowledge#472, playwright-mcp#1410),
//! and without the list a lost answer stays unknown for ever. Nothing that is JSON is changed.

use std::ops::Range;

/// Half a surrogate pair, escaped.
const HALF: &str = r"\ufffd";

/// A line as text that JSON can be read from, if it was meant to be any.
///
/// - The ends go: byte order mark, carriage return, white space, NUL.
/// - Bytes that are no UTF-8 become U+FFFD.
/// - Inside strings: escapes of lone surrogates become U+FFFD, raw control characters are escaped.
/// - Outside of strings: `NaN` and `Infinity`, which Python's `json` writes, become `null`.
pub(crate) fn repaired(line: Vec<u8>) -> String {
    let text = match String::from_utf8(line) {
        Ok(text) => text,
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    };
    let ends = |end: char| end == '\u{feff}' || end == '\0' || end.is_ascii_whitespace();
    let trimmed = text.trim_matches(ends);
    let trimmed = if trimmed.len() == text.len() { text } else { trimmed.to_owned() };
    if trimmed.starts_with('{') { mended(trimmed) } else { trimmed }
}

fn mended(text: String) -> String {
    let mut mended = String::new();
    let mut kept = 0;
    let mut at = 0;
    let mut in_string = false;
    while let Some(byte) = text.as_bytes().get(at) {
        let (length, instead) = if in_string {
            match byte {
                b'"' => {
                    in_string = false;
                    (1, None)
                }
                b'\\' => escape(text.as_bytes(), at),
                0x00..=0x1f => (1, Some(format!("\\u{byte:04x}"))),
                _ => (1, None),
            }
        } else {
            in_string = *byte == b'"';
            match not_a_number(text.as_bytes(), at) {
                Some(length) => (length, Some("null".to_owned())),
                None => (1, None),
            }
        };
        let next = at.saturating_add(length);
        if let Some(instead) = instead {
            mended.push_str(part(&text, kept..at));
            mended.push_str(&instead);
            kept = next;
        }
        at = next;
    }
    if kept == 0 {
        return text;
    }
    mended.push_str(part(&text, kept..text.len()));
    mended
}

/// A part between bytes that are ASCII, so that no character is cut.
fn part(text: &str, range: Range<usize>) -> &str {
    text.get(range).unwrap_or_default()
}

/// How long the escape at `at` is, and what belongs in its place.
fn escape(bytes: &[u8], at: usize) -> (usize, Option<String>) {
    match code_unit(bytes, at) {
        Some(0xd800..=0xdbff) => match code_unit(bytes, at.saturating_add(6)) {
            Some(0xdc00..=0xdfff) => (12, None),
            _ => (6, Some(HALF.to_owned())),
        },
        Some(0xdc00..=0xdfff) => (6, Some(HALF.to_owned())),
        Some(_) => (6, None),
        // A short escape: both bytes, so that an escaped backslash is not taken for the beginning of another escape.
        None => (2, None),
    }
}

/// The UTF-16 code unit of a `\uXXXX` at `at`.
fn code_unit(bytes: &[u8], at: usize) -> Option<u16> {
    let digits = bytes.get(at..)?.strip_prefix(b"\\u")?.get(..4)?;
    let digits =
        std::str::from_utf8(digits).ok().filter(|digits| digits.bytes().all(|d| d.is_ascii_hexdigit()))?;
    u16::from_str_radix(digits, 16).ok()
}

/// The length of a word for no number at `at`.
fn not_a_number(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = bytes.get(at..)?;
    ["NaN", "Infinity", "-Infinity"]
        .iter()
        .find(|word| rest.starts_with(word.as_bytes()))
        .map(|word| word.len())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// A string as it stands in a line of the server, and as it is read.
    fn check(written: &[u8], expected: &str) {
        let line = [b"{\"a\":\"", written, b"\",\"b\":1}"].concat();
        let line = repaired(line);
        let value: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{line}: {error}"));
        assert_eq!((value["a"].as_str(), value["b"].as_i64()), (Some(expected), Some(1)), "{line}");
    }

    #[test]
    fn lone_surrogates_become_the_replacement_character() {
        for (written, expected) in [
            // Whole pairs stay.
            (r"\ud83d\ude00", "\u{1f600}"),
            (r"\uD83D\uDE00", "\u{1f600}"),
            (r"\uD83d\uDe00\ud83d\ude00", "\u{1f600}\u{1f600}"),
            // Halves.
            (r"cut \ud83d", "cut \u{fffd}"),
            (r"\ud83d cut", "\u{fffd} cut"),
            (r"\uD83D", "\u{fffd}"),
            (r"\ude00", "\u{fffd}"),
            (r"\uDE00\uD83D", "\u{fffd}\u{fffd}"),
            (r"\ud83d\ud83d\ude00", "\u{fffd}\u{1f600}"),
            (r"\ud83d\ude00\ude00", "\u{1f600}\u{fffd}"),
            (r"\ud83dA\ude00", "\u{fffd}A\u{fffd}"),
            (r"\ud83d\u0041", "\u{fffd}A"),
            (r"\ud83d\n\ude00", "\u{fffd}\n\u{fffd}"),
            (r"\udbff", "\u{fffd}"),
            (r"\udfff", "\u{fffd}"),
            (r"\ud7ff\ue000", "\u{d7ff}\u{e000}"),
            // A backslash that is itself escaped begins nothing.
            (r"\\ud83d", r"\ud83d"),
            (r"\\\ud83d", "\\\u{fffd}"),
            (r"\\\\ud83d", r"\\ud83d"),
            (r"\ud83d\\ude00", "\u{fffd}\\ude00"),
            (r#"\"\ud83d\""#, "\"\u{fffd}\""),
        ] {
            check(written.as_bytes(), expected);
        }
    }

    #[test]
    fn bytes_that_are_no_text_become_the_replacement_character() {
        for (written, expected) in [
            (&b"caf\xe9"[..], "caf\u{fffd}"),
            (b"\xff\xfe", "\u{fffd}\u{fffd}"),
            // Half a character, cut by a program that counts bytes.
            (b"\xf0\x9f\x98", "\u{fffd}"),
            (b"\xe2\x80 and more", "\u{fffd} and more"),
            (b"\xf0\x9f\x98\x80", "\u{1f600}"),
            (b"\xe9 \\ud83d", "\u{fffd} \u{fffd}"),
        ] {
            check(written, expected);
        }
    }

    #[test]
    fn raw_control_characters_are_kept() {
        check(b"a\tb\x00c\x1b[0m\rd", "a\tb\0c\u{1b}[0m\rd");
        check("\u{7f}\u{85}".as_bytes(), "\u{7f}\u{85}");
    }

    /// Reported: a byte order mark ends the connection (rust-sdk#825), so does a carriage return (go-sdk#664).
    #[test]
    fn the_ends_of_a_line_go() {
        for line in
            ["\u{feff}{\"a\":1}", "{\"a\":1}\r", " \u{feff}{\"a\":1} \r\r", "\0{\"a\":1}\0\0", "{\"a\":1}"]
        {
            assert_eq!(repaired(line.as_bytes().to_vec()), "{\"a\":1}");
        }
        for empty in ["", "\r", "\u{feff}", " \t"] {
            assert_eq!(repaired(empty.as_bytes().to_vec()), "");
        }
    }

    /// What is no number in Python's `json` is no reason to lose a list.
    #[test]
    fn words_for_no_number_become_null() {
        for (line, expected) in [
            (r#"{"a":NaN,"b":[Infinity,-Infinity,-1]}"#, r#"{"a":null,"b":[null,null,-1]}"#),
            (r#"{"NaN":"-Infinity NaN"}"#, r#"{"NaN":"-Infinity NaN"}"#),
        ] {
            assert_eq!(repaired(line.as_bytes().to_vec()), expected);
        }
    }

    #[test]
    fn what_is_json_is_not_changed_and_what_is_none_is_left() {
        for line in [
            r#"{"jsonrpc":"2.0","id":1,"result":{"text":"\u00e9\\\"\/\b\f\n\r\t\ud83d\ude00","n":[1,-2.5e3,null,true]}}"#,
            "{\"a\":\"\u{e9}\u{1f600}\u{2028}\"}",
            "[1,2]",
            "INFO server started \\ud83d",
            r#"{"a":"\u12"#,
            r#"{"a":"\"#,
            r#"{"a":"\ud83"#,
        ] {
            assert_eq!(repaired(line.as_bytes().to_vec()), line);
        }
    }
}
