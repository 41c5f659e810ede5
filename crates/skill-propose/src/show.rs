//! How what was sent is shown in a fault.

/// How many characters of a value are shown.
const SHOWN: usize = 60;

/// A value, quoted and shortened; never a whole text.
pub(crate) fn shown(text: &str) -> String {
    let start: String = text.chars().take(SHOWN).collect();
    let more = if start.len() < text.len() { "…" } else { "" };
    format!("{}{more}", serde_json::Value::from(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(shown("22-7\""), r#""22-7\"""#);
        let found = shown(&"ä".repeat(500));
        assert_eq!(found.chars().count(), SHOWN + 3);
        assert!(found.ends_with("\"…"));
    }
}
