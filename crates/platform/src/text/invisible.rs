//! Refuses what a screen does not show.
//!
//! A reviewer approves what a screen shows, so what a screen does not show may not be sent (PUB-14). Which characters these
//! are says `chimera-text`.

use chimera_contracts::ErrorCode;
use chimera_text::unsafe_characters;

use super::TextFault;

/// How many of them a message names.
const NAMED: usize = 8;

pub(super) fn faults(text: &str) -> Option<TextFault> {
    let found = unsafe_characters(text);
    if found.is_empty() {
        return None;
    }
    let mut named: Vec<_> = found
        .iter()
        .take(NAMED)
        .map(|found| {
            format!("{} U+{:04X} at character {}", found.name, u32::from(found.character), found.offset)
        })
        .collect();
    if found.len() > NAMED {
        named.push(format!("and {} more", found.len().saturating_sub(NAMED)));
    }
    let message = format!("the text holds characters that are refused: {}", named.join(", "));
    Some(TextFault { code: ErrorCode::ContentUnsafe, message })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_refused_is_named_up_to_a_number() {
        assert_eq!(faults("plain\ntext"), None);
        let fault = faults("a\u{202e}b").unwrap();
        assert_eq!(fault.code, ErrorCode::ContentUnsafe);
        assert!(fault.message.ends_with("direction control U+202E at character 1"), "{}", fault.message);
        assert!(faults(&"\u{200b}".repeat(10)).unwrap().message.ends_with("and 2 more"));
    }

    /// X3 and X7.
    #[test]
    fn what_a_script_needs_is_sent_and_what_shows_as_nothing_is_not() {
        for text in [
            "این API\u{200c}ها",
            "«کتاب»\u{200c}ها",
            "葛\u{e0100}城市",
            "ශ්\u{200d}රී ලංකාව",
            "សួស្តី\u{200b}ពិភពលោក",
            "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467} \u{2764}\u{fe0f}",
        ] {
            assert_eq!(faults(text), None, "{text:?}");
        }
        for (text, named) in [
            ("a\u{1d159}b", "U+1D159 at character 1"),
            ("a\0", "U+0000 at character 1"),
            ("か\u{e0100}", "U+E0100 at character 1"),
            ("pass\u{200c}word", "U+200C at character 4"),
        ] {
            let fault = faults(text).unwrap();
            assert!(fault.message.ends_with(named), "{}", fault.message);
        }
    }
}
