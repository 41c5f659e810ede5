//! Character references of HTML: named, decimal and hexadecimal, as a browser reads them.

use html_escape::NAMED_ENTITIES;

/// The most characters between `&` and `;`: the longest name has 31, and numbers come with zeros in front.
pub(crate) const LONGEST: usize = 33;

/// What browsers show for the references 128 to 159: the characters of Windows-1252 (HTML, *numeric character reference
/// end state*). Old software writes its curly quotes and dashes so.
const WINDOWS_1252: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}',
    '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// What a reference stands for, without its `&` and `;`. `None` where it is none.
pub(crate) fn decoded(name: &str) -> Option<String> {
    match name.strip_prefix('#') {
        Some(number) => numbered(number).map(String::from),
        None => named(name).map(str::to_owned),
    }
}

/// Names differ by case (`&Eacute;`); where there is no such name, one that was shown in capitals is read in small letters.
fn named(name: &str) -> Option<&'static str> {
    let find = |name: &str| {
        let at = NAMED_ENTITIES.binary_search_by(|(known, _)| (*known).cmp(name.as_bytes())).ok()?;
        NAMED_ENTITIES.get(at).map(|(_, text)| *text)
    };
    find(name).or_else(|| find(&name.to_ascii_lowercase()))
}

fn numbered(number: &str) -> Option<char> {
    let (digits, radix) = match number.strip_prefix(['x', 'X']) {
        Some(digits) => (digits, 16),
        None => (number, 10),
    };
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
        return None;
    }
    match u32::from_str_radix(digits, radix).ok()? {
        0 => None,
        code @ 0x80..=0x9f => {
            usize::try_from(code).ok().and_then(|code| WINDOWS_1252.get(code.checked_sub(0x80)?)).copied()
        }
        code => char::from_u32(code),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references() {
        for (name, expected) in [
            ("amp", Some("&")),
            ("AMP", Some("&")),
            ("Amp", Some("&")),
            ("apos", Some("'")),
            ("nbsp", Some("\u{a0}")),
            ("eacute", Some("é")),
            ("Eacute", Some("É")),
            ("hellip", Some("…")),
            ("CounterClockwiseContourIntegral", Some("∳")),
            ("#39", Some("'")),
            ("#039", Some("'")),
            ("#x27", Some("'")),
            ("#X27", Some("'")),
            ("#128512", Some("😀")),
            ("#146", Some("’")),
            ("#151", Some("—")),
            ("#0", None),
            ("#", None),
            ("#x", None),
            ("#+39", None),
            ("#xd83d", None),
            ("#1114112", None),
            ("#99999999999", None),
            ("", None),
            ("nothing", None),
        ] {
            assert_eq!(decoded(name).as_deref(), expected, "{name}");
        }
    }
}
