//! Texts whose letters were lost or changed on the way: what they were before is not seen.

/// How much of a text is looked at, in characters.
const LOOKED_AT: usize = 20_000;
/// More of its visible characters than so many of a hundred are what letters turn into.
const MOST: usize = 40;

/// Whether the letters of a shown text were lost or changed: question marks and boxes for them (webmention.io#203), bytes of
/// UTF-8 shown one by one (xibo#19), `%D0%9D`, the names of emoji. Then it may be a form of any text.
///
/// ```
/// assert!(chimera_text::is_garbled("????? ??? #sale"));
/// assert!(!chimera_text::is_garbled("Really? Yes."));
/// ```
#[must_use]
pub fn is_garbled(text: &str) -> bool {
    let seen: Vec<char> =
        text.chars().take(LOOKED_AT).filter(|character| !character.is_whitespace()).collect();
    let mostly = |count: usize| count.saturating_mul(100) > seen.len().saturating_mul(MOST);
    mostly(seen.iter().filter(|character| is_lost(**character)).count())
        || mostly(bytes(&seen).saturating_mul(2))
        || mostly(escapes(&seen).saturating_mul(3))
        || is_names(text)
}

/// What stands for a letter that could not be shown.
fn is_lost(character: char) -> bool {
    matches!(character, '?' | '_' | '\u{fffd}' | '\u{25a1}' | '\u{25af}')
}

/// How often a byte that begins a character of UTF-8 is followed by one that goes on with it, both read as Windows-1252 or
/// Latin-1.
fn bytes(seen: &[char]) -> usize {
    let pair = |pair: &&[char]| matches!(pair, ['\u{c2}'..='\u{f4}', next] if goes_on(*next));
    seen.windows(2).filter(pair).count()
}

/// What Windows-1252 shows for the bytes 0x80 to 0x9f lies elsewhere.
fn goes_on(character: char) -> bool {
    matches!(character, '\u{80}'..='\u{bf}') || "€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ".contains(character)
}

fn escapes(seen: &[char]) -> usize {
    // `%D0`, `=D0` (quoted-printable), `%u0`, `&#1`, `U+1`.
    let escape = |part: &&[char]| match part {
        ['%' | '=', high, low] => (*high == 'u' || high.is_ascii_hexdigit()) && low.is_ascii_hexdigit(),
        ['\\', 'u', digit] | ['U', '+', digit] => digit.is_ascii_hexdigit(),
        ['&', '#', digit] => digit.is_ascii_digit() || *digit == 'x',
        _ => false,
    };
    let wide = |part: &&[char]| matches!(part, ['%' | '\\', 'u', _] | ['U', '+', _] | ['&', '#', _]);
    let found = seen.windows(3).filter(escape);
    // Those that carry more digits weigh twice.
    found.map(|part| if wide(&part) { 2 } else { 1 }).sum()
}

/// Whether it is names of emoji alone: `:fire: :heart_eyes:`.
fn is_names(text: &str) -> bool {
    // `[fire][fire]`, `(fire)`: the same of other servers.
    let text = text.trim().replace(['[', ']', '(', ')'], ":");
    let text = text.as_str();
    let name = |name: &str| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+'))
    };
    let Some(inside) = text.strip_prefix(':').and_then(|text| text.strip_suffix(':')) else { return false };
    let mut parts = inside.split(':').enumerate();
    parts.all(|(at, part)| if at % 2 == 0 { name(part) } else { part.trim().is_empty() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_of_letters() {
        let russian = "Наша весенняя распродажа";
        let bytes: String = russian.bytes().map(char::from).collect();
        let escaped: String = russian.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let lost: String = russian.chars().map(|c| if c == ' ' { c } else { '?' }).collect();
        for (text, garbled) in [
            (bytes.as_str(), true),
            (&escaped, true),
            (&lost, true),
            ("???", true),
            ("\u{fffd}\u{fffd}", true),
            ("ðŸ”¥ðŸ”¥", true),
            (":fire:", true),
            (":fire: :heart_eyes::+1:", true),
            (russian, false),
            ("", false),
            ("?", true),
            ("Really? Why?", false),
            ("L'été dernier à Béziers, «CAFÉ»", false),
            ("50% off, 30% more", false),
            ("note: this: that", false),
            ("::", false),
            (":)", false),
            ("🔥🔥", false),
        ] {
            assert_eq!(is_garbled(text), garbled, "{text:?}");
        }
        assert!(is_garbled(&"?".repeat(1_000_000)));
    }
}
