//! Templates of URLs and ids. What is filled in comes from outside, so each name is replaced once, and never within what
//! was filled in.

use chimera_effect::{CallKey, EffectV1};

/// How much of a call's key stands in an id: enough that no two calls of one account share it.
const KEY: usize = 16;

/// What templates are filled with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parts<'a> {
    pub(crate) account: &'a str,
    pub(crate) target: &'a str,
    pub(crate) key: &'a str,
}

impl<'a> Parts<'a> {
    /// The parts of one call.
    pub(crate) fn of(content: &'a EffectV1, call_key: &'a CallKey) -> Self {
        let key = call_key.as_str();
        Self {
            account: &content.account,
            target: content.target.as_deref().unwrap_or_default(),
            key: key.get(..KEY).unwrap_or(key),
        }
    }

    /// The id of what the platform gives none to.
    pub(crate) fn id(&self, template: &str) -> String {
        expand(template, |name| Some(self.part(name)?.to_owned()))
    }

    /// The URL of something; what has a meaning in a URL is encoded.
    pub(crate) fn url(&self, template: &str, id: &str) -> String {
        expand(template, |name| Some(encoded(if name == "id" { id } else { self.part(name)? })))
    }

    fn part(&self, name: &str) -> Option<&'a str> {
        match name {
            "account" => Some(self.account),
            "target" => Some(self.target),
            "key" => Some(self.key),
            _ => None,
        }
    }
}

/// A piece of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Braced<'a> {
    /// What stands for itself: what is in no braces, and braces that hold no name.
    Text(&'a str),
    /// A name that stood in braces.
    Name(&'a str),
}

impl<'a> Braced<'a> {
    /// The pieces of a template, in order; texts are never empty.
    pub(crate) fn split(template: &'a str) -> Vec<Self> {
        let mut pieces = Vec::new();
        let mut text = 0;
        let mut from = 0;
        while let Some((open, name)) = next_name(template, from) {
            let close = open.saturating_add(name.len()).saturating_add(2);
            pieces.extend(template.get(text..open).filter(|text| !text.is_empty()).map(Self::Text));
            pieces.push(Self::Name(name));
            (text, from) = (close, close);
        }
        pieces.extend(template.get(text..).filter(|text| !text.is_empty()).map(Self::Text));
        pieces
    }
}

/// The next name in braces at or after a place, and where its brace opens.
fn next_name(template: &str, from: usize) -> Option<(usize, &str)> {
    let rest = template.get(from..)?;
    rest.match_indices('{').find_map(|(at, _)| {
        let (name, _) = rest.get(at.checked_add(1)?..)?.split_once('}')?;
        let is_name = name.starts_with(|first: char| first.is_ascii_lowercase())
            && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'.'));
        is_name.then_some((from.checked_add(at)?, name))
    })
}

/// Replaces every `{name}` that is known, in one pass.
fn expand(template: &str, part: impl Fn(&str) -> Option<String>) -> String {
    let pieces = Braced::split(template).into_iter().map(|piece| match piece {
        Braced::Text(text) => text.to_owned(),
        Braced::Name(name) => part(name).unwrap_or_else(|| format!("{{{name}}}")),
    });
    pieces.collect()
}

/// The names in a template, whether anything is known for them or not.
pub(crate) fn names(template: &str) -> impl Iterator<Item = &str> {
    Braced::split(template).into_iter().filter_map(|piece| match piece {
        Braced::Name(name) => Some(name),
        Braced::Text(_) => None,
    })
}

/// Percent-encodes everything that is neither unreserved (RFC 3986, 2.3) nor `:`, which LinkedIn's ids hold.
fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b':' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_is_filled_in_once() {
        let parts = Parts { account: "me/x", target: "{key}", key: "k" };
        for (template, expected) in [
            ("like:{target}:{key}", "like:{key}:k"),
            ("{key}{key}", "kk"),
            ("{other} {key", "{other} {key"),
            ("{{key}}", "{k}"),
            ("", ""),
        ] {
            assert_eq!(parts.id(template), expected, "{template}");
        }
        assert_eq!(parts.url("https://h/{account}/{id}", "urn:a?b"), "https://h/me%2Fx/urn:a%3Fb");
    }
}
