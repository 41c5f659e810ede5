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

/// Protocol, host, port, path and query of a candidate; the host is looked at by [`host_end`].
///
/// Letters beyond ASCII are allowed in a host where twitter-text allows them: everything but spaces, punctuation and
/// invisible characters. Paths keep balanced brackets and give up punctuation at their end.
const CANDIDATE: &str = concat!(
    r"(?i)(https?://)?",
    r"([^\x00-\x2c\x2f\x3a-\x40\x5b-\x5e\x60\x7b-\u{a0}\u{ab}\u{bb}\u{bf}\u{1680}\u{2000}-\u{206f}\u{3000}-\u{3003}\u{3008}-\u{3011}\u{feff}\u{fffe}\u{ffff}\u{ff01}-\u{ff0f}\u{ff1a}-\u{ff20}]+)",
);

/// What may follow the host.
const TAIL: &str = concat!(
    r"(?i)^(?::[0-9]+)?",
    r"(?:/(?:(?:[a-z0-9!*';:=+,.$%#\[\]_~@|&/\u{400}-\u{4ff}\u{c0}-\u{24f}-]|\([a-z0-9!*';:=+,.$%#\[\]_~@|&/\u{400}-\u{4ff}\u{c0}-\u{24f}-]*\))*",
    r"(?:[a-z0-9=_#/+\u{400}-\u{4ff}\u{c0}-\u{24f}-]|\([a-z0-9!*';:=+,.$%#\[\]_~@|&/\u{400}-\u{4ff}\u{c0}-\u{24f}-]*\)))?)?",
    r"(?:\?[a-z0-9!?*'@();:&=+$/%#\[\]_.,~|-]*[a-z0-9_&=#/-])?",
);

static CANDIDATES: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(CANDIDATE).ok());
static TAILS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(TAIL).ok());
static SCHEMES: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"(?i)\b[a-z][a-z0-9+.-]*://[^\s<>"]+"#).ok());

/// The links of a text, as byte ranges, in order.
pub(super) fn links(text: &str) -> Vec<Range<usize>> {
    let mut links = Vec::new();
    let mut at = 0;
    let (Some(candidates), Some(tails)) = (CANDIDATES.as_ref(), TAILS.as_ref()) else { return links };
    while let Some(found) = candidates.captures_at(text, at) {
        let (Some(whole), Some(host)) = (found.get(0), found.get(2)) else { break };
        let protocol = found.get(1).is_some();
        at = whole.end();
        if !may_precede(text.get(..whole.start()).unwrap_or_default(), protocol) {
            continue;
        }
        let Some(host) = host_within(host.as_str(), protocol)
            .map(|part| host.start().saturating_add(part.start)..host.start().saturating_add(part.end))
        else {
            continue;
        };
        let tail = text.get(host.end..).and_then(|rest| tails.find(rest));
        let end = host.end.saturating_add(tail.map_or(0, |tail| tail.end()));
        let start = if protocol { whole.start() } else { host.start };
        links.push(start..end);
        at = end;
    }
    links
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
    SCHEMES.as_ref().map_or_else(String::new, |schemes| schemes.replace_all(&rest, " ").into_owned())
}

/// `@`, `#` and `$` make a mention or a tag of what follows; a letter makes it a part of a word.
fn may_precede(before: &str, protocol: bool) -> bool {
    let Some(last) = before.chars().next_back() else { return true };
    let joined = last.is_ascii_alphanumeric()
        || matches!(last, '@' | '＠' | '$' | '#' | '＃' | '\u{fffe}' | '\u{feff}' | '\u{ffff}');
    !joined && (protocol || !matches!(last, '-' | '_' | '.' | '/'))
}

/// The host at the beginning of a run of host characters: the longest that ends in a top-level domain.
///
/// With a protocol the host may be in any script; without one it is the last run of ASCII that makes a host.
fn host_within(run: &str, protocol: bool) -> Option<Range<usize>> {
    if protocol {
        return host_end(run).map(|end| 0..end);
    }
    let mut start = 0;
    for ascii in run.split(|character: char| !character.is_ascii()) {
        if let Some(end) = host_end(ascii) {
            return Some(start..start.saturating_add(end));
        }
        let passed = start.saturating_add(ascii.len());
        let separator = run.get(passed..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        start = passed.saturating_add(separator);
    }
    None
}

fn host_end(run: &str) -> Option<usize> {
    let mut best = None;
    let mut start = 0;
    for (index, label) in run.split('.').enumerate() {
        let top = top_level(label);
        let end = start + top.len();
        if index > 0 && is_top_level(top) && is_host(run.get(..end).unwrap_or_default()) {
            best = Some(end);
        }
        start = start.saturating_add(label.len()).saturating_add(1);
        if label.is_empty() {
            break;
        }
    }
    best
}

/// The part of a label that can be a top-level domain: all of it, or its ASCII beginning where another script follows.
fn top_level(label: &str) -> &str {
    let ascii = label.find(|character: char| !character.is_ascii()).unwrap_or(label.len());
    match label.get(..ascii) {
        Some(begin) if !begin.is_empty() => begin,
        _ => label,
    }
}

fn is_top_level(label: &str) -> bool {
    let label = label.to_lowercase();
    !label.contains('_') && psl::suffix(label.as_bytes()).is_some_and(|suffix| suffix.is_known())
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
