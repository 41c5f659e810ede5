//! How platforms change a text that they show: each transformation with the platform or the report behind it.
//!
//! A transformation is applied to what was sent, so that a look has to recognise ours in it, or to say that it cannot.

use unicode_normalization::UnicodeNormalization as _;

/// One change of a shown text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Show {
    /// `&#039;` for `'` and the like: PHP's `htmlspecialchars`.
    DecimalEntities,
    /// `&#x27;` for `'`, `&#x2F;` for `/`: Django, the escaping rules of OWASP.
    HexEntities,
    /// `&apos;` for `'`: XML, YouTube's feeds.
    NamedEntities,
    /// `&amp;amp;` for `&`, `&amp;#039;` for `'`: escaped by the store and again by the view (pixelfed#347).
    TwiceEscaped,
    /// `\(` for `(`: the escapes of LinkedIn's little text format, shown as they were sent (postiz-app#1847).
    LittleText,
    /// `{hashtag|\#|tag}` for `#tag`: the template that LinkedIn gives back (little text format; brightbean-studio#121).
    HashtagTemplate,
    /// `@[alice](urn:li:person:…)` for `@alice`: a mention in LinkedIn's format.
    MentionTemplate,
    /// The name without its `@`: a mention that the platform resolved and shows as a name.
    MentionName,
    /// `@alice@example.social`: a mention with its server (Mastodon, Threads).
    MentionServer,
    /// Curly quotes for straight ones: smart punctuation of editors and of phones.
    CurlyQuotes,
    /// Guillemets for quotes: the same in other languages.
    Guillemets,
    /// An em dash for two hyphens, an ellipsis for three dots.
    Dashes,
    /// Without U+FE0F: stores that drop variation selectors.
    NoVariation,
    /// Without U+200D: an emoji family falls into its members.
    NoJoiners,
    /// Decomposed: what went through an Apple file name or an old editor.
    Decomposed,
    /// Composed.
    Composed,
    /// Compatibility forms: full-width letters and digits become plain ones, ligatures fall apart.
    Compatible,
    /// White space reduced to single blanks.
    OneLine,
    /// Lines end in CR LF.
    CrLf,
    /// Each blank doubled: an editor that turns blanks into non-breaking pairs.
    DoubleBlanks,
    /// Links replaced by `https://t.co/…` (X).
    ShortLinks,
    /// The same, and a link of the platform's own behind the text, for media or a card (X).
    LinkBehind,
    /// Tracking parameters on each link: schedulers that shorten and tag links.
    Tracking,
    /// `Sent via …` behind the text: clients and schedulers that sign.
    Signed,
    /// The first characters and `…` (X, `truncated`).
    CutEllipsis(u8),
    /// The first characters and `...`: servers that spare their model's context.
    CutDots(u8),
    /// The first characters and ` [...]`: the same (`WordPress` excerpts).
    CutBrackets(u8),
    /// The first characters and nothing: a column of a fixed width.
    CutBare(u8),
    /// Up to the first parenthesis: LinkedIn drops the rest of a text whose reserved characters are not escaped (n8n#10179,
    /// activepieces#3058).
    CutAtParenthesis,
    /// Upper case: a view's style that a scraper reads.
    UpperCase,
    /// Without hashtags: TikTok and Instagram keep them apart from the caption in some answers.
    NoHashtags,
    /// Without any text: the caption is another field than the one that the profile names.
    Empty,
    /// What stands in the place of a text that a moderator took away.
    Placeholder(Placeholder),
    /// A typo mended by a person.
    Mended,
    /// Another text altogether, by a person; the item says that it was edited. Only where the list has a mark for it.
    Rewritten,
    /// Each character beyond the first plane as U+FFFD: half a surrogate pair, repaired (open-knowledge#472).
    Repaired,
}

/// What platforms show for a text that they took away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Placeholder {
    /// `[removed]` (Reddit, by a moderator)
    Removed,
    /// `[deleted]` (Reddit, by its author)
    Deleted,
    /// `This content isn't available right now` (Facebook, Instagram, Threads)
    NotAvailable,
    /// `This Post violated the X Rules.` (X, code 422)
    Violated,
    /// `This comment has been removed by a moderator.`
    ByModerator,
}

impl Show {
    /// Those that any server may do: all but the edits, which a list has to mark.
    pub const ALL: &'static [Self] = &[
        Self::DecimalEntities,
        Self::HexEntities,
        Self::NamedEntities,
        Self::TwiceEscaped,
        Self::LittleText,
        Self::HashtagTemplate,
        Self::MentionTemplate,
        Self::MentionName,
        Self::MentionServer,
        Self::CurlyQuotes,
        Self::Guillemets,
        Self::Dashes,
        Self::NoVariation,
        Self::NoJoiners,
        Self::Decomposed,
        Self::Composed,
        Self::Compatible,
        Self::OneLine,
        Self::CrLf,
        Self::DoubleBlanks,
        Self::ShortLinks,
        Self::LinkBehind,
        Self::Tracking,
        Self::Signed,
        Self::CutEllipsis(40),
        Self::CutEllipsis(15),
        Self::CutDots(40),
        Self::CutDots(10),
        Self::CutBrackets(40),
        Self::CutBrackets(20),
        Self::CutBare(40),
        Self::CutBare(12),
        Self::CutAtParenthesis,
        Self::UpperCase,
        Self::NoHashtags,
        Self::Empty,
        Self::Placeholder(Placeholder::Removed),
        Self::Placeholder(Placeholder::Deleted),
        Self::Placeholder(Placeholder::NotAvailable),
        Self::Placeholder(Placeholder::Violated),
        Self::Placeholder(Placeholder::ByModerator),
        Self::Mended,
        Self::Repaired,
    ];

    /// Whether it shortens, so that a tool for one item may show the whole.
    #[must_use]
    pub const fn shortens(self) -> bool {
        matches!(
            self,
            Self::CutEllipsis(_) | Self::CutDots(_) | Self::CutBrackets(_) | Self::CutBare(_) | Self::Empty
        )
    }

    /// Whether nothing of the text is left.
    #[must_use]
    pub const fn leaves_nothing(self) -> bool {
        matches!(self, Self::Empty | Self::Placeholder(_) | Self::Rewritten)
    }

    /// Whether the text is still the same to a reader: other characters for the same words.
    #[must_use]
    pub const fn keeps(self) -> bool {
        !(self.shortens()
            || matches!(
                self,
                Self::LinkBehind
                    | Self::Tracking
                    | Self::Signed
                    | Self::CutAtParenthesis
                    | Self::UpperCase
                    | Self::NoHashtags
                    | Self::MentionName
                    | Self::MentionServer
                    | Self::Placeholder(_)
                    | Self::Mended
                    | Self::Rewritten
                    | Self::Repaired
            ))
    }

    /// The text as it is shown.
    #[must_use]
    pub fn apply(self, text: &str) -> String {
        match self {
            Self::DecimalEntities => escaped(text, "&#039;", "&quot;", false),
            Self::HexEntities => escaped(text, "&#x27;", "&quot;", true),
            Self::NamedEntities => escaped(text, "&apos;", "&quot;", false),
            Self::TwiceEscaped => escaped(text, "&#039;", "&quot;", false).replace('&', "&amp;"),
            Self::LittleText => text
                .chars()
                .flat_map(|character| {
                    let reserved = "\\|{}@[]()<>#*_~".contains(character);
                    reserved.then_some('\\').into_iter().chain([character])
                })
                .collect(),
            Self::HashtagTemplate => {
                each_word(text, |word| word.strip_prefix('#').map(|tag| format!("{{hashtag|\\#|{tag}}}")))
            }
            Self::MentionTemplate => each_word(text, |word| {
                word.strip_prefix('@').map(|name| format!("@[{name}](urn:li:person:x{name}1)"))
            }),
            Self::MentionName => each_word(text, |word| word.strip_prefix('@').map(str::to_owned)),
            Self::MentionServer => {
                each_word(text, |word| word.starts_with('@').then(|| format!("{word}@example.social")))
            }
            Self::CurlyQuotes => quoted(text, ['\u{201c}', '\u{201d}']).replace('\'', "\u{2019}"),
            Self::Guillemets => quoted(text, ['\u{ab}', '\u{bb}']).replace('\'', "\u{2019}"),
            Self::Dashes => text.replace("--", "\u{2014}").replace("...", "\u{2026}"),
            Self::NoVariation => text.replace('\u{fe0f}', ""),
            Self::NoJoiners => text.replace('\u{200d}', ""),
            Self::Decomposed => text.nfd().collect(),
            Self::Composed => text.nfc().collect(),
            Self::Compatible => text.nfkc().collect(),
            Self::OneLine => text.split_whitespace().collect::<Vec<_>>().join(" "),
            Self::CrLf => text.replace('\n', "\r\n"),
            Self::DoubleBlanks => text.replace(' ', "\u{a0} "),
            Self::ShortLinks => linked(text, |_| "https://t.co/a1B2c3D4e5".to_owned()),
            Self::LinkBehind => {
                format!("{} https://t.co/z9Y8x7W6v5", linked(text, |_| "https://t.co/a1B2c3D4e5".to_owned()))
            }
            Self::Tracking => linked(text, |link| {
                let joined = if link.contains('?') { '&' } else { '?' };
                format!("{link}{joined}utm_source=app&utm_medium=social")
            }),
            Self::Signed => format!("{text}\n\nSent via PostBuddy"),
            Self::CutEllipsis(most) => cut(text, most, "\u{2026}"),
            Self::CutDots(most) => cut(text, most, "..."),
            Self::CutBrackets(most) => cut(text, most, " [...]"),
            Self::CutBare(most) => cut(text, most, ""),
            Self::CutAtParenthesis => text.split('(').next().unwrap_or_default().to_owned(),
            Self::UpperCase => text.to_uppercase(),
            Self::NoHashtags => each_word(text, |word| word.starts_with('#').then(String::new)),
            Self::Empty => String::new(),
            Self::Placeholder(placeholder) => placeholder.words().to_owned(),
            Self::Mended => mended(text),
            Self::Rewritten => "We changed our mind about this one, see you in autumn".to_owned(),
            Self::Repaired => text
                .chars()
                .map(|character| if character.len_utf16() > 1 { '\u{fffd}' } else { character })
                .collect(),
        }
    }
}

impl Placeholder {
    const fn words(self) -> &'static str {
        match self {
            Self::Removed => "[removed]",
            Self::Deleted => "[deleted]",
            Self::NotAvailable => "This content isn't available right now",
            Self::Violated => "This Post violated the X Rules.",
            Self::ByModerator => "This comment has been removed by a moderator.",
        }
    }
}

/// A text after several changes, in order.
#[must_use]
pub fn shown(text: &str, changes: impl IntoIterator<Item = Show>) -> String {
    changes.into_iter().fold(text.to_owned(), |text, change| change.apply(&text))
}

fn escaped(text: &str, apostrophe: &str, quote: &str, slashes: bool) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let escaped = escaped.replace('\'', apostrophe).replace('"', quote);
    if slashes { escaped.replace('/', "&#x2F;") } else { escaped }
}

/// A text with some of its words replaced; its white space stays.
fn each_word(text: &str, replace: impl Fn(&str) -> Option<String>) -> String {
    text.split_inclusive(char::is_whitespace)
        .map(|part| {
            let word = part.trim_end_matches(char::is_whitespace);
            let space = part.strip_prefix(word).unwrap_or_default();
            format!("{}{space}", replace(word).unwrap_or_else(|| word.to_owned()))
        })
        .collect()
}

fn linked(text: &str, replace: impl Fn(&str) -> String) -> String {
    each_word(text, |word| word.starts_with("https://").then(|| replace(word)))
}

/// The straight double quotes in turn as opening and closing ones.
fn quoted(text: &str, [open, close]: [char; 2]) -> String {
    let mut opening = false;
    let turned = text.chars().map(|character| {
        if character != '"' {
            return character;
        }
        opening = !opening;
        if opening { open } else { close }
    });
    turned.collect()
}

/// The first characters with what a server puts behind them; a text that is short enough is left as it is.
fn cut(text: &str, most: u8, behind: &str) -> String {
    if text.chars().count() <= usize::from(most) {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.into()).collect();
    format!("{}{behind}", kept.trim_end())
}

/// One letter more in the longest word.
fn mended(text: &str) -> String {
    let longest = text.split_whitespace().max_by_key(|word| word.chars().count()).unwrap_or_default();
    text.replacen(longest, &format!("{longest}s"), 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(show: Show, text: &str, expected: &str) {
        assert_eq!(show.apply(text), expected, "{show:?}");
    }

    #[test]
    fn texts_are_changed_as_platforms_change_them() {
        check(Show::DecimalEntities, "it's <b> & \"c\"", "it&#039;s &lt;b&gt; &amp; &quot;c&quot;");
        check(Show::HexEntities, "it's a/b", "it&#x27;s a&#x2F;b");
        check(Show::NamedEntities, "it's", "it&apos;s");
        check(Show::TwiceEscaped, "R&D it's", "R&amp;amp;D it&amp;#039;s");
        check(Show::LittleText, "2.4 (stable) #a_b", "2.4 \\(stable\\) \\#a\\_b");
        check(Show::HashtagTemplate, "at last\n#launch #b", "at last\n{hashtag|\\#|launch} {hashtag|\\#|b}");
        check(Show::MentionTemplate, "by @alice now", "by @[alice](urn:li:person:xalice1) now");
        check(Show::MentionName, "by @alice now", "by alice now");
        check(Show::MentionServer, "by @alice now", "by @alice@example.social now");
        check(Show::CurlyQuotes, "it's \"so\"", "it\u{2019}s \u{201c}so\u{201d}");
        check(Show::Guillemets, "\"so\"", "\u{ab}so\u{bb}");
        check(Show::Dashes, "a -- b...", "a \u{2014} b\u{2026}");
        check(Show::NoVariation, "\u{2764}\u{fe0f}", "\u{2764}");
        check(Show::NoJoiners, "\u{1f468}\u{200d}\u{1f469}", "\u{1f468}\u{1f469}");
        check(Show::Decomposed, "\u{e9}", "e\u{301}");
        check(Show::Composed, "e\u{301}", "\u{e9}");
        check(Show::Compatible, "\u{ff11}", "1");
        check(Show::OneLine, "a\n\nb  c", "a b c");
        check(Show::CrLf, "a\nb", "a\r\nb");
        check(Show::DoubleBlanks, "a b", "a\u{a0} b");
        check(Show::ShortLinks, "see https://a.example/b now", "see https://t.co/a1B2c3D4e5 now");
        check(Show::LinkBehind, "see", "see https://t.co/z9Y8x7W6v5");
        check(
            Show::Tracking,
            "https://a.example/?b=1",
            "https://a.example/?b=1&utm_source=app&utm_medium=social",
        );
        check(Show::Signed, "a", "a\n\nSent via PostBuddy");
        check(Show::CutEllipsis(3), "abc def", "abc\u{2026}");
        check(Show::CutDots(4), "abc def", "abc...");
        check(Show::CutBrackets(3), "abc def", "abc [...]");
        check(Show::CutBare(3), "abc def", "abc");
        check(Show::CutBare(9), "abc def", "abc def");
        check(Show::CutAtParenthesis, "a test (of it)", "a test ");
        check(Show::UpperCase, "stra\u{df}e", "STRASSE");
        check(Show::NoHashtags, "now #a #b!", "now  ");
        check(Show::Empty, "a", "");
        check(Show::Placeholder(Placeholder::Removed), "a", "[removed]");
        check(Show::Mended, "the great sale", "the greats sale");
        check(Show::Repaired, "a \u{1f600}", "a \u{fffd}");
        assert_eq!(shown("a  'b'", [Show::OneLine, Show::NamedEntities]), "a &apos;b&apos;");
    }
}
