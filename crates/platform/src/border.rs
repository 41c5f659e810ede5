//! Where what a server said leaves for a log, a store or a person: here it is redacted, and nowhere before.
//!
//! Matching, extraction and look-ups read byte for byte. A pattern that took an honest id or our own approved words for a
//! credential made one post into twenty-three: so ids are refused only for a secret that is known exactly, and our own words
//! stay as they were approved.

use chimera_audit::{Secrets, redact};
use serde_json::Value;

/// What is taken out of the words of one server about one effect.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Border<'a> {
    /// The secrets that the host gave to the server.
    pub(crate) secrets: &'a Secrets,
    /// Those of its binding: what it is signed in with.
    pub(crate) settings: Option<&'a Secrets>,
    /// Our own text, which stays as it is; empty where there is none.
    pub(crate) ours: &'a str,
}

impl Border<'_> {
    /// At most `most` characters of what may be shown. Redacted first and shortened then: half a credential is one that no
    /// pattern knows.
    pub(crate) fn shown(&self, text: &str, most: usize) -> String {
        let kept = self.redacted(text);
        let mut chars = kept.chars();
        let mut shown: String = chars.by_ref().take(most).collect();
        if chars.next().is_some() {
            shown.push('…');
        }
        shown
    }

    /// The same of a text that ends with what matters most: its beginning and its end are shown, a quarter and the rest.
    pub(crate) fn shown_with_end(&self, text: &str, most: usize) -> String {
        let kept = self.redacted(text);
        let all = kept.chars().count();
        if all <= most {
            return kept;
        }
        let begin = most / 4;
        // One for the sign of what is left out.
        let end = most.saturating_sub(begin).saturating_sub(1);
        let from = all.saturating_sub(end);
        kept.chars().take(begin).chain(['…']).chain(kept.chars().skip(from)).collect()
    }

    fn redacted(&self, text: &str) -> String {
        let text = self.secrets.removed_from(text);
        let text = self
            .settings
            .map_or_else(|| text.clone(), |settings| settings.removed_from(&text).into_owned().into());
        match self.ours {
            "" => redact(&text).into_owned(),
            ours => {
                let quoted = Value::from(ours).to_string();
                let quoted = quoted.trim_matches('"');
                let around = |text: &str, part: &str| {
                    text.split(part).map(|other| redact(other).into_owned()).collect::<Vec<_>>().join(part)
                };
                if text.contains(ours) {
                    around(&text, ours)
                } else if text.contains(quoted) {
                    around(&text, quoted)
                } else {
                    redact(&text).into_owned()
                }
            }
        }
    }

    /// Whether a text holds a secret that is known exactly.
    pub(crate) fn holds_secret(&self, text: &str) -> bool {
        self.secrets.are_in(text) || self.settings.is_some_and(|settings| settings.are_in(text))
    }

    /// A link that may be shown: of the web, and without a secret.
    pub(crate) fn link(&self, value: &Value) -> Option<String> {
        let url = url::Url::parse(value.as_str()?).ok()?;
        let shown = matches!(url.scheme(), "http" | "https") && !self.holds_secret(url.as_str());
        shown.then(|| url.as_str().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(ours: &str, text: &str, expected: &str) {
        let secrets = Secrets::new(["s3cret-of-ours".to_owned()]);
        assert_eq!(Border { secrets: &secrets, settings: None, ours }.shown(text, 40), expected, "{text}");
    }

    #[test]
    fn secrets_go_and_our_words_stay() {
        let ours = "new password: chimera2026, token=SPRING25";
        check("", "it failed with s3cret-of-ours", "it failed with [redacted]");
        check("", "password: hunter2", "password: [redacted]");
        check(ours, "new password: chimera2026, token=SPRING25", "new password: chimera2026, token=SPRING2…");
        check("password: x1", "a password: x1 token=abc", "a password: x1 token=[redacted]");
        check("a \"b\" password: x1", r#"{"t":"a \"b\" password: x1"}"#, r#"{"t":"a \"b\" password: x1"}"#);
        check("", &"x".repeat(41), &format!("{}…", "x".repeat(40)));
    }

    #[test]
    fn a_text_may_be_shown_with_its_end() {
        let secrets = Secrets::new(["s3cret-of-ours".to_owned()]);
        let border = Border { secrets: &secrets, settings: None, ours: "" };
        assert_eq!(border.shown_with_end("short: s3cret-of-ours", 40), "short: [redacted]");
        let long = format!("it exited: {} s3cret-of-ours, KeyError: 'T'", "frame ".repeat(20));
        assert_eq!(border.shown_with_end(&long, 41), "it exited:…ame  [redacted], KeyError: 'T'");
    }

    #[test]
    fn links_are_refused_for_a_known_secret_alone() {
        let secrets = Secrets::new(["s3cret-of-ours".to_owned()]);
        let border = Border { secrets: &secrets, settings: None, ours: "" };
        for (link, shown) in [
            ("https://h.example/p?token=ABC", true),
            ("https://h.example/p?k=s3cret-of-ours", false),
            ("ftp://h.example/p", false),
            ("no link", false),
        ] {
            assert_eq!(border.link(&Value::from(link)).is_some(), shown, "{link}");
        }
    }
}
