//! Undoes what platforms, servers and formats do to the characters of a text.
//!
//! One pass from left to right over a buffer that is always undone already: each character that comes may complete an escape,
//! which is then replaced by what it stands for, and that comes again. So an escape of an escape of an escape costs no more
//! than its length, and nothing that this module knows is left in the result. Every look back is bounded, or ends where the
//! one before it began.

use unicode_normalization::char::decompose_compatible;

use crate::{entity, is_invisible, signs::sign};

/// The longest name of a tag, and of an account or a tag in a mention.
const LONGEST_NAME: usize = 100;
/// The longest tag that is taken out, with its attributes.
const LONGEST_TAG: usize = 2_000;

/// Tags that begin a line or end one.
const BLOCKS: [&str; 17] = [
    "p",
    "br",
    "div",
    "li",
    "ul",
    "ol",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "blockquote",
    "pre",
    "hr",
    "tr",
    "td",
];
/// Tags that change how words look.
const INLINES: [&str; 18] = [
    "a", "b", "i", "u", "s", "em", "strong", "span", "code", "small", "sub", "sup", "mark", "del", "ins",
    "strike", "tt", "wbr",
];

/// The text without compatibility forms, invisible characters, escapes, tags and the marks of mentions; quotes, dashes and
/// white space in one spelling each. Decomposed, its marks in no order.
pub(crate) fn unescaped(text: &str) -> String {
    let mut undone = Undone::default();
    for character in text.chars() {
        undone.take(character);
    }
    undone.buffer.into_iter().collect()
}

#[derive(Default)]
struct Undone {
    buffer: Vec<char>,
    /// What is still to come before the text goes on, last first. A stack of our own: escapes may nest as deep as a text is
    /// long.
    coming: Vec<char>,
    /// A surrogate that was escaped and waits for its second half.
    half: Option<(usize, u32)>,
}

impl Undone {
    fn take(&mut self, character: char) {
        self.coming.push(character);
        let mut parts = Vec::new();
        while let Some(next) = self.coming.pop() {
            let next = sign(next);
            if next.is_ascii() {
                self.put(next);
                continue;
            }
            if is_invisible(next) {
                continue;
            }
            parts.clear();
            decompose_compatible(next, |part| parts.push(part));
            if parts == [next] {
                self.put(next);
            } else {
                self.coming.extend(parts.iter().rev());
            }
        }
    }

    fn again(&mut self, text: &str) {
        self.coming.extend(text.chars().rev());
    }

    /// One character that is decomposed.
    fn put(&mut self, next: char) {
        if is_invisible(next) {
            return;
        }
        match (self.buffer.last(), next) {
            (Some('\\'), 'n' | 'r' | 't' | 'N' | 'R' | 'T') => {
                self.buffer.pop();
                self.coming.push(' ');
                return;
            }
            (Some('\\'), _) if next.is_ascii_punctuation() => {
                self.buffer.pop();
                self.coming.push(next);
                return;
            }
            // Formats double a quote to escape it (CSV, SQL), and two hyphens stand for a dash.
            (None | Some(' '), ' ') | (Some('-'), '-') | (Some('\''), '\'') | (Some('"'), '"') => return,
            _ => self.buffer.push(next),
        }
        match next {
            ';' => self.reference(),
            '>' => self.tag(),
            '}' => self.little_text(),
            ')' => self.mention(),
            '#' => self.spoken_hashtag(),
            '0'..='9' | 'a'..='f' | 'A'..='F' => self.code_unit(),
            _ => {}
        }
    }

    /// The characters from `start` on, as text.
    fn tail(&self, start: usize) -> String {
        self.buffer.get(start..).unwrap_or_default().iter().collect()
    }

    /// Where the last `open` stands, with only characters that `within` takes between it and the last character, and no more
    /// than `most` of them.
    fn opened(&self, open: char, most: usize, within: impl Fn(char) -> bool) -> Option<usize> {
        let end = self.buffer.len().checked_sub(1)?;
        let before = self.buffer.get(..end)?;
        for (at, character) in before.iter().enumerate().rev().take(most.saturating_add(1)) {
            if *character == open {
                return Some(at);
            }
            if !within(*character) {
                return None;
            }
        }
        None
    }

    /// `&amp;`
    fn reference(&mut self) {
        let within = |character: char| character.is_ascii_alphanumeric() || character == '#';
        let Some(start) = self.opened('&', entity::LONGEST, within) else { return };
        let name = self.tail(start);
        let Some(text) = name.get(1..name.len().saturating_sub(1)).and_then(entity::decoded) else { return };
        self.buffer.truncate(start);
        self.again(&text);
    }

    /// `<br>`, `</p>`, `<a href="…">`
    fn tag(&mut self) {
        let Some(start) = self.opened('<', LONGEST_TAG, |character| character != '>') else { return };
        let inside = self.buffer.get(start.saturating_add(1)..).unwrap_or_default();
        let name: String = inside
            .iter()
            .skip(usize::from(inside.first() == Some(&'/')))
            .take(LONGEST_NAME)
            .take_while(|character| character.is_ascii_alphanumeric())
            .map(char::to_ascii_lowercase)
            .collect();
        let after = inside.get(name.len().saturating_add(usize::from(inside.first() == Some(&'/'))));
        if !matches!(after, Some(' ' | '/' | '>')) {
            return;
        }
        if BLOCKS.contains(&name.as_str()) {
            self.buffer.truncate(start);
            self.coming.push(' ');
        } else if INLINES.contains(&name.as_str()) {
            self.buffer.truncate(start);
        }
    }

    /// `{hashtag|\#|launch}` and `{mention|…}` of LinkedIn's *little text*, its backslash undone already.
    fn little_text(&mut self) {
        let within = |character: char| character != '}' && character != '<' && character != '>';
        let Some(start) = self.opened('{', LONGEST_NAME.saturating_mul(2), within) else { return };
        let text = self.tail(start);
        let inside = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or_default();
        let Some((kind, fields)) = inside.split_once('|') else { return };
        let sign = match kind.trim().to_ascii_lowercase().as_str() {
            "hashtag" => "#",
            "mention" => "@",
            _ => return,
        };
        let is_name = |field: &&str| {
            let urn = field.get(..4).is_some_and(|field| field.eq_ignore_ascii_case("urn:"));
            !urn && !field.is_empty() && !matches!(*field, "#" | "@")
        };
        let named: Vec<&str> = fields.split('|').map(str::trim).filter(is_name).collect();
        let text = named.join(" ");
        let sign = if text.starts_with(sign) { "" } else { sign };
        self.buffer.truncate(start);
        self.again(&format!("{sign}{text}"));
    }

    /// `hashtag#launch`: LinkedIn's pages hold the word for those who hear them.
    fn spoken_hashtag(&mut self) {
        const WORD: &str = "hashtag";
        let Some(start) = self.buffer.len().checked_sub(WORD.len().saturating_add(1)) else { return };
        let within = start.checked_sub(1).and_then(|at| self.buffer.get(at));
        let spoken =
            self.buffer.iter().skip(start).zip(WORD.chars()).all(|(a, b)| a.eq_ignore_ascii_case(&b));
        if spoken && !within.is_some_and(|before| before.is_alphanumeric()) {
            self.buffer.truncate(start);
            self.coming.push('#');
        }
    }

    /// `@[Name](urn:li:person:…)`
    fn mention(&mut self) {
        let urn = |character: char| character.is_ascii_alphanumeric() || ":_-.,=".contains(character);
        let Some(open) = self.opened('(', LONGEST_NAME, urn) else { return };
        let is_urn = self.tail(open).get(1..5).is_some_and(|urn| urn.eq_ignore_ascii_case("urn:"));
        let Some(named) = open.checked_sub(1).filter(|at| is_urn && self.buffer.get(*at) == Some(&']'))
        else {
            return;
        };
        let before = self.buffer.get(..named).unwrap_or_default();
        let start = before.iter().enumerate().rev().take(LONGEST_NAME).find(|(_, c)| **c == '[');
        let Some(start) = start.and_then(|(at, _)| at.checked_sub(1)) else { return };
        if self.buffer.get(start) != Some(&'@') {
            return;
        }
        let name: String = before.get(start.saturating_add(2)..).unwrap_or_default().iter().collect();
        self.buffer.truncate(start);
        let sign = if name.starts_with('@') { "" } else { "@" };
        self.again(&format!("{sign}{name}"));
    }

    /// `\u00e9`, and the two halves of `\ud83d\ude00`.
    fn code_unit(&mut self) {
        let start = self.buffer.len().checked_sub(6).filter(|start| self.buffer.get(*start) == Some(&'\\'));
        let Some(start) = start else { return };
        let escape = self.tail(start);
        let Some(digits) = escape.strip_prefix("\\u").or_else(|| escape.strip_prefix("\\U")) else { return };
        let Ok(unit) = u32::from_str_radix(digits, 16) else { return };
        let first = self.half.take().filter(|(end, _)| *end == start);
        match (unit, first) {
            (0xd800..=0xdbff, _) => self.half = Some((self.buffer.len(), unit)),
            (0xdc00..=0xdfff, Some((end, first))) => {
                let code = (first & 0x3ff) << 10 | (unit & 0x3ff);
                self.buffer.truncate(end.saturating_sub(6));
                self.coming.extend(char::from_u32(code.saturating_add(0x1_0000)));
            }
            (0xdc00..=0xdfff, None) => {}
            _ => {
                if let Some(character) = char::from_u32(unit) {
                    self.buffer.truncate(start);
                    self.coming.push(character);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use unicode_normalization::UnicodeNormalization as _;

    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(unescaped(text).nfc().collect::<String>(), expected, "{text:?}");
    }

    #[test]
    fn references_are_undone_however_often_they_were_escaped() {
        check("it&#039;s it&#x27;s it&apos;s it’s", "it's it's it's it's");
        check("a &amp;amp;amp; b &amp;lt;3", "a & b <3");
        check("&amp&#59; &#38;#38;lt; &AMP;", "& < &");
        check("&nothing; & ; &; &#; AT&T;", "&nothing; & ; &; &#; AT&T;");
        check("a&nbsp;b&#160;&#xa0;c", "a b c");
        check(&format!("{}{}", "&#59".repeat(4_000), ";"), ";");
    }

    #[test]
    fn backslashes_are_undone() {
        check(r"release \(version 2\) 1\. \_x\_ \*y\*", "release (version 2) 1. _x_ *y*");
        check(r"a\\\\(b", "a(b");
        check(r"one\ntwo\r\n\tthree", "one two three");
        check(r"caf\u00e9 \ud83d\ude00 \uD83D\uDE00", "café 😀 😀");
        check(r"\ud83d x \ude00", r"\ud83d x \ude00");
        check(r#"\"so\" https:\/\/a.example\/b"#, r#""so" https://a.example/b"#);
        check(r"trailing \ and \x", r"trailing \ and \x");
    }

    #[test]
    fn little_text_is_undone() {
        check(r"see {hashtag|\#|launch} now", "see #launch now");
        check(r"{hashtag|#|launch}{hashtag|＃|新作}", "#launch#新作");
        check(
            "hi @[Ann Lee](urn:li:person:a_B-1), and @[ACME](urn:li:organization:1)!",
            "hi @Ann Lee, and @ACME!",
        );
        check("hashtag#launch, Hashtag#x xhashtag#y hashtag #z", "#launch, #x xhashtag#y hashtag #z");
        check(r"\@\[Ann\]\(urn:li:person:1\)", "@Ann");
        check("{mention|urn:li:person:1|Ann} {mention|@|Ann}", "@Ann @Ann");
        check(
            "[text](https://a.example) {a|b} @[x](y) {hashtag}",
            "[text](https://a.example) {a|b} @[x](y) {hashtag}",
        );
    }

    #[test]
    fn tags_are_undone() {
        check("<p>One</p><p>two<br/>three<br >four</p>", "One two three four ");
        check(
            r#"<a href="https://a.example/?a=b" class="x">#<span>launch</span></a> <3 a < b > c"#,
            "#launch <3 a < b > c",
        );
        check("&lt;p&gt;One&lt;/p&gt;", "One ");
        check("<<b>b>x <script>y</script> <unknown>", "x <script>y</script> <unknown>");
    }

    #[test]
    fn signs_and_forms_are_one() {
        check("“a” „b‟ «c» ″d″ \"\"e\"\"", r#""a" "b" "c" "d" "e""#);
        check("‘a’ `b` ´c´ ‹d› it''s", "'a' 'b' 'c' 'd' it's");
        check("a -- b --- c – d — e − f ― g", "a - b - c - d - e - f - g");
        check("so… so... ½ ＃ｔａｇ ﬁ", "so... so... 1/2 #tag fi");
        check("  a \u{a0}\n\tb\u{3000}c\u{2028}d", "a b c d");
        check(
            "❤\u{fe0f} 👨\u{200d}👩\u{200d}👧 so\u{ad}ft \u{202e}x\u{3164}y\u{2800}z \u{e0041}",
            "❤ 👨👩👧 soft xyz ",
        );
    }
}
