//! Which parts of a text are links, as X recognises them (twitter-text, `extractUrlsWithIndices`), and as any scheme makes them.
//!
//! Top-level domains come from the Public Suffix List: without one, `end.And` would be a link. Ours, because what other crates
//! take for a link is not what X weighs; it is held to the published cases.

use std::ops::Range;

use url::Host;

/// No host is longer: 253 bytes once encoded (RFC 1035, 2.3.4), and no script takes more than four times that as UTF-8. Without
/// a bound a text of dots and letters would cost the square of its length.
const LONGEST_HOST: usize = 1_012;

/// The links of a text, as byte ranges, in order.
#[must_use]
pub fn links(text: &str) -> Vec<Range<usize>> {
    let mut links = Vec::new();
    if !holds_dotted(text) {
        return links;
    }
    let mut at = 0;
    // The end of the run of host characters that `at` is in; a run may hold more than one link.
    let mut run_end = 0_usize;
    while let Some(start) = text.get(at..).and_then(|rest| rest.find(is_host_character)) {
        let start = at.saturating_add(start);
        let host = protocol(text, start).map_or(start, |length| start.saturating_add(length));
        if host >= run_end {
            let rest = text.get(host..).unwrap_or_default();
            let length = rest.find(|next| !is_host_character(next)).unwrap_or(rest.len());
            run_end = host.saturating_add(length);
        }
        let link = link_at(text, (host > start).then_some(start), host..run_end);
        at = match &link {
            Some(link) => link.end,
            None => next_protocol(text, start..run_end).unwrap_or(run_end),
        };
        links.extend(link);
    }
    links
}

/// Everything with a scheme (`ftp://…`, `javascript://…`), up to white space, a quote or an angle bracket, as byte ranges.
#[must_use]
pub fn scheme_links(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0_usize;
    while let Some(colon) = text.get(at..).and_then(|rest| rest.find("://")) {
        let colon = at.saturating_add(colon);
        let body = colon.saturating_add(3);
        let rest = text.get(body..).unwrap_or_default();
        let ends = |next: char| next.is_whitespace() || matches!(next, '<' | '>' | '"');
        let length = rest.find(ends).unwrap_or(rest.len());
        let scheme = scheme_before(text.get(at..colon).unwrap_or_default());
        match scheme {
            Some(scheme) if length > 0 => {
                let end = body.saturating_add(length);
                found.push(colon.saturating_sub(scheme)..end);
                at = end;
            }
            _ => at = body,
        }
    }
    found
}

/// How long the scheme is that ends a text: from the first letter on that no word goes before.
fn scheme_before(text: &str) -> Option<usize> {
    let is_scheme = |character: char| character.is_ascii_alphanumeric() || "+.-".contains(character);
    let run = text.len().saturating_sub(text.trim_end_matches(is_scheme).len());
    let scheme = text.get(text.len().saturating_sub(run)..)?;
    let mut before = text.get(..text.len().saturating_sub(run))?.chars().next_back();
    for (at, character) in scheme.char_indices() {
        let within = before.is_some_and(|before| before.is_ascii_alphanumeric() || before == '_');
        if character.is_ascii_alphabetic() && !within {
            return Some(scheme.len().saturating_sub(at));
        }
        before = Some(character);
    }
    None
}

/// A text with a space in place of each link: platforms put others there.
#[must_use]
pub fn without_links(text: &str) -> String {
    without_schemes(without(text, &links(text)))
}

/// As [`without_links`], for a text whose links as X recognises them are gone already.
pub(crate) fn without_schemes(text: String) -> String {
    if text.contains("://") { without(&text, &scheme_links(&text)) } else { text }
}

fn without(text: &str, links: &[Range<usize>]) -> String {
    let mut rest = String::with_capacity(text.len());
    let mut at = 0;
    for link in links {
        rest.push_str(text.get(at..link.start).unwrap_or_default());
        rest.push(' ');
        at = link.end;
    }
    rest.push_str(text.get(at..).unwrap_or_default());
    rest
}

/// Whether a dot stands before something that a label may begin with: without one there is no host, and most texts have none.
fn holds_dotted(text: &str) -> bool {
    let begins_label = |next: char| next.is_ascii_alphanumeric() || !next.is_ascii();
    text.split('.').skip(1).any(|after| after.chars().next().is_some_and(begins_label))
}

/// Letters beyond ASCII are allowed in a host where twitter-text allows them: everything but spaces, punctuation and
/// invisible characters.
const fn is_host_character(character: char) -> bool {
    match character {
        '-' | '.' | '0'..='9' | 'A'..='Z' | '_' | 'a'..='z' => true,
        '\0'..='\u{a0}' | '\u{ab}' | '\u{bb}' | '\u{bf}' | '\u{1680}' | '\u{2000}'..='\u{206f}' => false,
        '\u{3000}'..='\u{3003}' | '\u{3008}'..='\u{3011}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => false,
        '\u{ff01}'..='\u{ff0f}' | '\u{ff1a}'..='\u{ff20}' => false,
        _ => true,
    }
}

/// How long the protocol is that stands at `start`, before a host character.
fn protocol(text: &str, start: usize) -> Option<usize> {
    let rest = text.get(start..)?;
    let length = ["https://", "http://"]
        .into_iter()
        .find(|protocol| {
            rest.get(..protocol.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(protocol))
        })?
        .len();
    rest.get(length..)?.starts_with(is_host_character).then_some(length)
}

/// The link that begins within a run of host characters.
fn link_at(text: &str, protocol: Option<usize>, run: Range<usize>) -> Option<Range<usize>> {
    let host = host_within(text, run, protocol.is_some())?;
    let start = protocol.unwrap_or(host.start);
    let before = text.get(..start).and_then(|before| before.chars().next_back());
    let rest = text.get(host.end..)?;
    let after = rest.chars().next();
    // What goes on like an address of mail is none.
    let goes_on = |next: char| next.is_ascii_alphanumeric() || matches!(next, '@' | '+' | '-');
    if !may_precede(before, protocol.is_some()) || after.is_some_and(goes_on) {
        return None;
    }
    let short = text.get(host.clone()).is_some_and(|host| host.eq_ignore_ascii_case("t.co"));
    let tail = if short && protocol.is_some() { short_tail(rest) } else { tail(rest) };
    Some(start..host.end.saturating_add(tail))
}

/// Where a protocol begins that a run of letters swallowed: `中国語http://t.co`.
fn next_protocol(text: &str, run: Range<usize>) -> Option<usize> {
    if !text.get(run.end..)?.starts_with("://") {
        return None;
    }
    let letters = text.get(run.clone())?;
    let ends = |scheme: &&str| {
        let start = letters.len().checked_sub(scheme.len());
        start.and_then(|start| letters.get(start..)).is_some_and(|end| end.eq_ignore_ascii_case(scheme))
    };
    let length = ["https", "http"].into_iter().find(ends)?.len();
    run.end.checked_sub(length).filter(|at| *at > run.start)
}

/// What may follow the host of X's own short links: one part of letters and digits, and a query.
fn short_tail(rest: &str) -> usize {
    let part = rest.strip_prefix('/').map_or(0, |path| taken(path, |next| next.is_ascii_alphanumeric()));
    if part == 0 { 0 } else { with_query(rest, part.saturating_add(1)) }
}

/// How long port, path and query are. A path keeps balanced brackets and gives up punctuation at its end.
fn tail(rest: &str) -> usize {
    let digits = rest.strip_prefix(':').map_or(0, |port| taken(port, |next| next.is_ascii_digit()));
    let mut end = if digits == 0 { 0 } else { digits.saturating_add(1) };
    if let Some(path) = rest.get(end..).and_then(|rest| rest.strip_prefix('/')) {
        end = end.saturating_add(1).saturating_add(path_length(path));
    }
    with_query(rest, end)
}

/// The end of a link whose path ends at `end`, its query included.
fn with_query(rest: &str, end: usize) -> usize {
    let query = rest.get(end..).and_then(|rest| rest.strip_prefix('?'));
    match query.map_or(0, query_length) {
        0 => end,
        length => end.saturating_add(1).saturating_add(length),
    }
}

fn path_length(path: &str) -> usize {
    let (mut at, mut kept) = (0_usize, 0_usize);
    while let Some(next) = path.get(at..).and_then(|rest| rest.chars().next()) {
        let (length, may_end) = match next {
            '(' => {
                let inside = path.get(at.saturating_add(1)..).unwrap_or_default();
                let length = taken(inside, |next| is_path(next) && next != '\u{2013}');
                if !inside.get(length..).is_some_and(|rest| rest.starts_with(')')) {
                    break;
                }
                (length.saturating_add(2), true)
            }
            _ if is_path(next) => (next.len_utf8(), ends_path(next)),
            _ => break,
        };
        at = at.saturating_add(length);
        kept = if may_end { at } else { kept };
    }
    kept
}

fn query_length(query: &str) -> usize {
    let allowed = |next: char| next.is_ascii_alphanumeric() || "!?*'@();:&=+$/%#[]_.,~|-".contains(next);
    let query = query.get(..taken(query, allowed)).unwrap_or_default();
    query.trim_end_matches(|next: char| !next.is_ascii_alphanumeric() && !"_&=#/-".contains(next)).len()
}

fn is_path(character: char) -> bool {
    ends_path(character) || "!*';:,.$%[]~@|&\u{2013}".contains(character)
}

fn ends_path(character: char) -> bool {
    let letter = matches!(character, '\u{400}'..='\u{4ff}' | '\u{c0}'..='\u{24f}');
    letter || character.is_ascii_alphanumeric() || "=_#/+-".contains(character)
}

/// How many bytes at the beginning are characters of a kind.
fn taken(text: &str, kind: impl Fn(char) -> bool) -> usize {
    text.find(|next| !kind(next)).unwrap_or(text.len())
}

/// `@`, `#` and `$` make a mention or a tag of what follows; a letter makes it a part of a word.
fn may_precede(before: Option<char>, protocol: bool) -> bool {
    let Some(last) = before else { return true };
    let joined = last.is_ascii_alphanumeric()
        || matches!(last, '@' | '＠' | '$' | '#' | '＃' | '\u{fffe}' | '\u{feff}' | '\u{ffff}');
    !joined && (protocol || !matches!(last, '-' | '_' | '.' | '/'))
}

/// The host in a run of host characters. With a protocol it begins the run and may be in any script; without one it is the
/// first stretch of ASCII that makes a host.
fn host_within(text: &str, run: Range<usize>, protocol: bool) -> Option<Range<usize>> {
    let letters = text.get(run.clone())?;
    let host = |offset: usize, part: &str| {
        let start = run.start.checked_add(offset)?;
        Some(start..start.checked_add(host_end(part)?)?)
    };
    if protocol {
        return host(0, letters);
    }
    let mut offset = 0;
    for part in letters.split_inclusive(|character: char| !character.is_ascii()) {
        let ascii = part.trim_end_matches(|character: char| !character.is_ascii());
        if let Some(found) = host(offset, ascii) {
            return Some(found);
        }
        offset = offset.checked_add(part.len())?;
    }
    None
}

/// Where the longest host ends that begins `run`.
fn host_end(run: &str) -> Option<usize> {
    let mut best = None;
    let mut start = 0_usize;
    for label in run.split('.') {
        let ends = |top: &str| {
            let end = start.saturating_add(top.len());
            (start > 0 && is_top_level(top) && run.get(..end).is_some_and(is_host)).then_some(end)
        };
        best = ends(label).or_else(|| ends(ascii_beginning(label))).or(best);
        start = start.saturating_add(label.len()).saturating_add(1);
        if label.is_empty() || start > LONGEST_HOST {
            break;
        }
    }
    best
}

/// A domain that another script follows without a space: `example.comです`.
fn ascii_beginning(label: &str) -> &str {
    let end = label.find(|character: char| !character.is_ascii()).unwrap_or(label.len());
    label.get(..end).unwrap_or_default()
}

/// Whether the list knows it, be it for the names below it only, as with `*.ck`.
fn is_top_level(label: &str) -> bool {
    let label = label.to_lowercase();
    let known = |name: &str| psl::suffix(name.as_bytes()).is_some_and(|suffix| suffix.is_known());
    !label.is_empty() && !label.contains('_') && (known(&label) || known(&format!("any.{label}")))
}

/// Whether a resolver could take it: labels of at most 63 bytes once encoded, no hyphen at their ends, an underscore
/// only in front of the registered name.
fn is_host(host: &str) -> bool {
    let labels: Vec<_> = host.split('.').collect();
    let registered = labels.len().saturating_sub(2);
    let shaped = labels.iter().enumerate().all(|(index, label)| {
        let ends = |side: Option<char>| side.is_some_and(|end| end != '-' && end != '_');
        ends(label.chars().next())
            && ends(label.chars().next_back())
            && (index < registered || !label.contains('_'))
    });
    let encoded = Host::parse(host).map(|host| host.to_string()).unwrap_or_default();
    shaped && !encoded.is_empty() && encoded.split('.').all(|label| label.len() <= 63)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::published::published;

    fn check(text: &str, expected: &[&str]) {
        let found: Vec<_> = links(text).into_iter().filter_map(|link| text.get(link)).collect();
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn links_end_where_x_ends_them() {
        check(
            "see example.com, or (https://example.com/a_(b)).",
            &["example.com", "https://example.com/a_(b)"],
        );
        check("http://http:// http", &[]);
        check("a.b.c ... http://. me@example.com #example.com", &[]);
        check("https://t.co/abc's", &["https://t.co/abc"]);
        check("中国語http://example.com/x中", &["http://example.com/x"]);
        check("site.ck site.nothingsuch", &["site.ck"]);
    }

    #[test]
    fn an_endless_host_is_cut_off() {
        assert_eq!(links(&"a.com.".repeat(20_000)).len(), 1);
    }

    #[test]
    fn schemes_of_any_kind() {
        for (text, expected) in [
            ("ftp://a javascript://b", &["ftp://a", "javascript://b"][..]),
            ("see <git+ssh://a.b/c>, \"x://y\"", &["git+ssh://a.b/c", "x://y"]),
            ("1http://a _ftp://b é-ws://c", &["ws://c"]),
            ("http:// ://a 1://b", &[]),
            ("a://b://c d", &["a://b://c"]),
        ] {
            let found: Vec<_> = scheme_links(text).into_iter().filter_map(|link| text.get(link)).collect();
            assert_eq!(found, expected, "{text:?}");
        }
    }

    #[test]
    fn a_text_without_its_links() {
        assert_eq!(
            without_links("See example.com/a, ftp://b.example and end.And so"),
            "See  ,   and end.And so"
        );
    }

    /// `extract.yml` of twitter-text: every group of links.
    #[test]
    fn published_links() {
        for (path, file) in published("platform-text/twitter-text", "extract", ".json") {
            let cases: Value = serde_json::from_str(&file).unwrap();
            let mut seen = 0;
            for (group, cases) in cases["tests"].as_object().unwrap() {
                let of_links = group.contains("urls");
                for case in cases.as_array().unwrap().iter().filter(|_| of_links) {
                    let text = case["text"].as_str().unwrap();
                    // The only case with a top-level domain in another script and no protocol.
                    if text.contains("twitter.みんな") {
                        continue;
                    }
                    let expected = case["expected"].as_array().unwrap().iter();
                    let expected: Vec<_> =
                        expected.map(|link| link.get("url").unwrap_or(link).as_str().unwrap()).collect();
                    check(text, &expected);
                    seen += 1;
                }
            }
            assert!(seen > 0, "{}", path.display());
        }
    }
}
