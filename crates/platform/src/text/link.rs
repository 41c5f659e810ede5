//! Which parts of a text X takes for links (twitter-text, `extractUrlsWithIndices`), and which links are refused.
//!
//! Top-level domains come from the Public Suffix List: without one, `end.And` would be a link and weigh 23.

use std::ops::Range;
use std::sync::LazyLock;

use chimera_contracts::ErrorCode;
use regex_lite::Regex;
use url::{Host, Url};

use super::TextFault;
use crate::media::refused_host;

/// The protocol of a candidate and a run of host characters; which part of it is the host says [`host_end`].
///
/// Letters beyond ASCII are allowed in a host where twitter-text allows them: everything but spaces, punctuation and
/// invisible characters.
const CANDIDATE: &str = concat!(
    r"(?i)(https?://)?",
    r"([^\x00-\x2c\x2f\x3a-\x40\x5b-\x5e\x60\x7b-\u{a0}\u{ab}\u{bb}\u{bf}\u{1680}\u{2000}-\u{206f}\u{3000}-\u{3003}\u{3008}-\u{3011}\u{feff}\u{fffe}\u{ffff}\u{ff01}-\u{ff0f}\u{ff1a}-\u{ff20}]+)",
);

/// Port, path and query. A path keeps balanced brackets and gives up punctuation at its end.
const TAIL: &str = concat!(
    r"(?i)^(?::[0-9]+)?",
    r"(?:/(?:(?:[a-z0-9!*';:=+,.$%#\[\]_~@|&/\u{2013}\u{400}-\u{4ff}\u{c0}-\u{24f}-]|\([a-z0-9!*';:=+,.$%#\[\]_~@|&/\u{400}-\u{4ff}\u{c0}-\u{24f}-]*\))*",
    r"(?:[a-z0-9=_#/+\u{400}-\u{4ff}\u{c0}-\u{24f}-]|\([a-z0-9!*';:=+,.$%#\[\]_~@|&/\u{400}-\u{4ff}\u{c0}-\u{24f}-]*\)))?)?",
    r"(?:\?[a-z0-9!?*'@();:&=+$/%#\[\]_.,~|-]*[a-z0-9_&=#/-])?",
);

/// No host is longer: 253 bytes once encoded (RFC 1035, 2.3.4), and no script takes more than four times that as UTF-8. Without
/// a bound a text of dots and letters would cost the square of its length.
const LONGEST_HOST: usize = 1_012;

/// What may follow the host of X's own short links.
const SHORT_TAIL: &str = r"^/[A-Za-z0-9]+";

static SHORT_TAILS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(SHORT_TAIL).ok());
static CANDIDATES: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(CANDIDATE).ok());
static TAILS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(TAIL).ok());
static SCHEMES: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"(?i)\b[a-z][a-z0-9+.-]*://[^\s<>"]+"#).ok());

/// The links of a text, as byte ranges, in order.
pub(super) fn links(text: &str) -> Vec<Range<usize>> {
    let mut links = Vec::new();
    let mut at = 0;
    if !holds_dotted(text) {
        return links;
    }
    let Some(candidates) = CANDIDATES.as_ref() else { return links };
    while let Some(found) = candidates.captures_at(text, at) {
        let (Some(whole), Some(run)) = (found.get(0), found.get(2)) else { break };
        let protocol = found.get(1).map(|protocol| protocol.start());
        let link = link_at(text, protocol, run.range());
        at = match &link {
            Some(link) => link.end,
            None => next_protocol(text, whole.range()).unwrap_or_else(|| whole.end()),
        };
        links.extend(link);
    }
    links
}

/// Whether a dot stands before something that a label may begin with: without one there is no host, and most texts have none.
fn holds_dotted(text: &str) -> bool {
    let begins_label = |next: char| next.is_ascii_alphanumeric() || !next.is_ascii();
    text.split('.').skip(1).any(|after| after.chars().next().is_some_and(begins_label))
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
    let tails = if short && protocol.is_some() { &SHORT_TAILS } else { &TAILS };
    let tail = tails.as_ref().and_then(|tails| tails.find(rest)).map_or(0, |tail| tail.end());
    Some(start..host.end.saturating_add(tail))
}

/// Where a protocol begins that a run of letters swallowed: `中国語http://t.co`.
fn next_protocol(text: &str, run: Range<usize>) -> Option<usize> {
    if !text.get(run.end..)?.starts_with("://") {
        return None;
    }
    let letters = text.get(run.clone())?.to_ascii_lowercase();
    let length = ["https", "http"].into_iter().find(|scheme| letters.ends_with(scheme))?.len();
    run.end.checked_sub(length).filter(|at| *at > run.start)
}

/// A text without its links: platforms put others in their place.
pub(crate) fn without_links(text: &str) -> String {
    let mut rest = String::with_capacity(text.len());
    let mut at = 0;
    for link in links(text) {
        rest.push_str(text.get(at..link.start).unwrap_or_default());
        rest.push(' ');
        at = link.end;
    }
    rest.push_str(text.get(at..).unwrap_or_default());
    if !rest.contains("://") {
        return rest;
    }
    SCHEMES.as_ref().map_or_else(String::new, |schemes| schemes.replace_all(&rest, " ").into_owned())
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

/// Links that nobody should be sent to (PUB-14): another scheme than http(s), a name and password, an address inside
/// somebody's network.
pub(super) fn faults(text: &str) -> Vec<TextFault> {
    if !text.contains("://") {
        return Vec::new();
    }
    let found = SCHEMES.as_ref().map(|schemes| schemes.find_iter(text).collect::<Vec<_>>());
    found
        .unwrap_or_default()
        .into_iter()
        .filter_map(|link| {
            let reason = reason_against(link.as_str())?;
            let message = format!("the link `{}` is refused: {reason}", chimera_audit::redact(link.as_str()));
            Some(TextFault { code: ErrorCode::ContentUnsafe, message })
        })
        .collect()
}

fn reason_against(link: &str) -> Option<&'static str> {
    let Ok(url) = Url::parse(link) else { return Some("it is no valid URL") };
    if !matches!(url.scheme(), "http" | "https") {
        return Some("only http and https are allowed");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Some("it holds a user name or a password");
    }
    refused_host(&url)
}
#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use serde_json::Value;

    use super::*;

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

    /// `extract.yml` of twitter-text.
    #[test]
    fn published_links() {
        let folder = std::env::var_os("CHIMERA_CONFORMANCE").map_or_else(
            || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance"),
            PathBuf::from,
        );
        let file = folder.join("platform-text/twitter-text/json/extract.json");
        if !file.exists() {
            println!("skipped: published cases not found at {}", file.display());
            return;
        }
        let cases: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        for group in ["urls", "urls_with_indices", "urls_with_directional_markers"] {
            for case in cases["tests"][group].as_array().unwrap() {
                let text = case["text"].as_str().unwrap();
                // The only case with a top-level domain in another script and no protocol.
                if text.contains("twitter.みんな") {
                    continue;
                }
                let expected = case["expected"].as_array().unwrap().iter();
                let expected: Vec<_> =
                    expected.map(|link| link.get("url").unwrap_or(link).as_str().unwrap()).collect();
                check(text, &expected);
            }
        }
    }

    #[test]
    fn links_to_nowhere_public_are_refused() {
        for (text, refused) in [
            ("https://example.com and http://example.com", 0),
            ("ftp://example.com", 1),
            ("javascript://x", 1),
            ("https://me:pass@example.com", 1),
            ("http://localhost:8080/ http://10.0.0.1/ http://metadata/", 3),
        ] {
            assert_eq!(faults(text).len(), refused, "{text}");
        }
    }
}
