//! Takes credentials out of text, by pattern, before the text is kept or shown.
//!
//! The second line of defence: no type of ours can hold a credential, but what a platform or a tool says back can.
//! A pattern that matches too much costs a word of a message, one that matches too little costs a secret, so the
//! patterns lean to the first. Redacting twice changes nothing more.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex_lite::Regex;

/// What stands where a secret stood.
const MARK: &str = "[redacted]";

/// Names under which a secret is sent as a parameter, a form field or a JSON member.
const NAME: &str = r"[\w.-]*(?:token|secret|passw(?:or)?d|passphrase|api[_.-]?key|access[_.-]?key|private[_.-]?key|signature|credentials?|session[_-]?id|authorization|cookie)";

/// What a text has to hold, in lower case, for [`NAME`] to match in it.
const NAMES: &[&str] = &[
    "token",
    "secret",
    "passw",
    "passphrase",
    "key",
    "signature",
    "credential",
    "session",
    "authorization",
    "cookie",
];

/// The same at the end of a JSON member's name.
const MEMBERS: &[&str] = &[
    "token\"",
    "secret\"",
    "password\"",
    "passwd\"",
    "passphrase\"",
    "key\"",
    "signature\"",
    "credential\"",
    "credentials\"",
    "session_id\"",
    "session-id\"",
    "sessionid\"",
    "authorization\"",
    "cookie\"",
];

/// The beginnings of tokens that are known by their shape, in lower case.
const SHAPES: &[&str] = &[
    "eyj",
    "sk-",
    "sk_",
    "pk-",
    "pk_",
    "rk-",
    "rk_",
    "xox",
    "xapp-",
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "akia",
    "asia",
    "aiza",
    "ya29.",
    "eaa",
];

/// For each rule, what has to be in a text for it to match: one of each list, in lower case. Almost every text holds none
/// of it and is passed over without running a pattern.
const MARKS: [&[&[&str]]; 10] = [
    &[&["private key"]],
    &[MEMBERS],
    &[NAMES, &["\\\""]],
    &[&["authorization", "x-"], &[":"]],
    &[&["cookie"], &[":"]],
    &[NAMES, &["="]],
    &[&["passw", "apikey", "api_key", "api-key", "api.key", "token", "secret"], &[":"]],
    &[&["://"], &["@"]],
    &[&["bearer"]],
    &[SHAPES],
];

/// Pattern and replacement, applied in order: the wider ones first, so that a narrow one does not split their match.
const RULES: [(&str, &str); 10] = [
    // A private key in PEM; a cut-off block is taken to the end.
    (r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|\z)", "[redacted]"),
    // A member of a JSON document, also of one quoted inside another.
    (r#"(?i)("NAME"\s*:\s*)"(?:[^"\\]|\\[\s\S])*"?"#, r#"$1"[redacted]""#),
    (r#"(?i)(\\"NAME\\"\s*:\s*\\")[^"\\]+"#, "${1}[redacted]"),
    // A header to the end of its line, written out or as `\n`, or of the string that quotes it.
    (
        r#"(?i)\b((?:proxy-)?authorization|x-[\w-]*(?:key|token|secret))(\\?["']?\s*:\s*)(?:[^\r\n"\\]|\\[^nr])+"#,
        "${1}${2}[redacted]",
    ),
    // Cookies are sweet as well; the header's have a name and a value.
    (r#"(?i)\b((?:set-)?cookie\\?["']?\s*:\s*["']?)[\w.-]+=(?:[^\r\n"\\]|\\[^nr])*"#, "${1}[redacted]"),
    // A parameter of a URL or a form.
    (r#"(?i)\b(NAME\s*=\s*["']?)[^\s&"'<>;,()\[\]{}\\]+"#, "${1}[redacted]"),
    (
        r"(?i)\b((?:passw(?:or)?d|api[_.-]?key|(?:access|refresh|id)[_.-]?token|client[_.-]?secret)\s*:\s*)[^\s\x22',;\[\]{}\\]+",
        "${1}[redacted]",
    ),
    // Name and password in a URL.
    (r#"(://)[^\s/?#@"'<>]+:[^\s/?#@"'<>]*@"#, "${1}[redacted]@"),
    (r"(?i)\b(bearer\s+)[A-Za-z0-9._~+/=-]{6,}", "${1}[redacted]"),
    // Tokens known by their shape: JSON web tokens and the prefixes that issuers give theirs.
    (
        r"\b(?:eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*)?|[spr]k[-_][A-Za-z0-9_-]{8,}|xox[a-z]-[A-Za-z0-9-]{8,}|xapp-[A-Za-z0-9-]{8,}|gh[pousr]_[A-Za-z0-9]{16,}|github_pat_\w{16,}|glpat-[\w-]{16,}|A[KS]IA[0-9A-Z]{16}|AIza[\w-]{30,}|ya29\.[\w-]{8,}|EAA[A-Za-z0-9]{20,})",
        "[redacted]",
    ),
];

/// The rules, compiled. `None` when one of them is no pattern, which a test rules out.
static COMPILED: LazyLock<Option<Vec<(Regex, &str)>>> = LazyLock::new(|| {
    RULES
        .iter()
        .map(|(pattern, with)| Regex::new(&pattern.replace("NAME", NAME)).ok().map(|regex| (regex, *with)))
        .collect()
});

/// Replaces what looks like a credential by `[redacted]`.
///
/// Known shapes: `Authorization` and cookie headers, bearer tokens, `access_token=…` and its like in URLs, forms and
/// JSON, a password in a URL, `sk-…` and other issuers' prefixes, JSON web tokens, private keys in PEM.
///
/// ```
/// let shown = chimera_audit::redact("GET /me?access_token=EAAB12&fields=id failed");
/// assert_eq!(shown, "GET /me?access_token=[redacted]&fields=id failed");
/// ```
#[must_use]
pub fn redact(text: &str) -> Cow<'_, str> {
    // Without the rules nothing is safe to show.
    let Some(rules) = COMPILED.as_ref() else { return Cow::Borrowed(MARK) };
    let lower = text.to_ascii_lowercase();
    let mut shown = Cow::Borrowed(text);
    for ((pattern, with), marks) in rules.iter().zip(MARKS) {
        // Asked of the text as it came: taking something out brings no mark in.
        if !marks.iter().all(|any| any.iter().any(|mark| lower.contains(mark))) {
            continue;
        }
        if let Cow::Owned(changed) = pattern.replace_all(&shown, *with) {
            shown = Cow::Owned(changed);
        }
    }
    shown
}

/// As [`redact`], for bytes that need not be UTF-8: the parts that are text are redacted, the others kept.
pub(crate) fn redact_bytes(bytes: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        kept.extend_from_slice(redact(chunk.valid()).as_bytes());
        kept.extend_from_slice(chunk.invalid());
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_compiles() {
        assert!(COMPILED.is_some());
    }

    #[test]
    fn credentials_are_taken_out() {
        for (text, expected) in [
            ("Authorization: Bearer abc.def", "Authorization: [redacted]"),
            ("a\nauthorization: Basic dTpw\nb", "a\nauthorization: [redacted]\nb"),
            (
                r#"{"headers":{"Authorization":"Bearer x"},"a":1}"#,
                r#"{"headers":{"Authorization":"[redacted]"},"a":1}"#,
            ),
            (
                r#"{"m":"give Authorization: x\n- or TOKEN in the environment"}"#,
                r#"{"m":"give Authorization: [redacted]\n- or TOKEN in the environment"}"#,
            ),
            (r#"{"m":"Authorization: Bearer \"x\" y","a":1}"#, r#"{"m":"Authorization: [redacted]","a":1}"#),
            ("sent with bearer abcdef123", "sent with bearer [redacted]"),
            ("https://h.example/p?access_token=A1&x=1", "https://h.example/p?access_token=[redacted]&x=1"),
            ("https://h.example/p?api_key=A1#f", "https://h.example/p?api_key=[redacted]"),
            ("https://user:pass@h.example/", "https://[redacted]@h.example/"),
            ("client_secret='abc'", "client_secret='[redacted]'"),
            ("password: hunter2!", "password: [redacted]"),
            (r#"{"access_token": "a\"b", "n":1}"#, r#"{"access_token": "[redacted]", "n":1}"#),
            (r#"{"body":"{\"refresh_token\":\"abc\"}"}"#, r#"{"body":"{\"refresh_token\":\"[redacted]\"}"}"#),
            ("key sk-abcdefgh1234 here", "key [redacted] here"),
            ("key sk_live_abcdefgh1234 here", "key [redacted] here"),
            ("eyJhbGciOi.eyJzdWIiOi.c2ln end", "[redacted] end"),
            ("Set-Cookie: sid=abc; Path=/", "Set-Cookie: [redacted]"),
            ("x-api-key: 123", "x-api-key: [redacted]"),
            ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\nb", "[redacted]\nb"),
            ("-----BEGIN EC PRIVATE KEY-----\nAAAA", "[redacted]"),
        ] {
            assert_eq!(redact(text), expected);
            assert_eq!(redact(expected), expected, "redacting twice");
        }
    }

    #[test]
    fn ordinary_text_is_left_alone() {
        for text in [
            "",
            "a task-list, risk-free",
            "max_tokens=100",
            "Our secret: be kind",
            "My favourite cookie: chocolate",
            "see https://h.example/a:b@c",
        ] {
            assert!(matches!(redact(text), Cow::Borrowed(same) if same == text), "{text}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_kept() {
        assert_eq!(redact_bytes(b"\xff\xfeapi_key=abc\xff"), b"\xff\xfeapi_key=[redacted]\xff");
    }

    /// What the rules alone do, whatever the marks say.
    fn by_rules_alone(text: &str) -> String {
        let rules = COMPILED.as_ref().unwrap();
        rules
            .iter()
            .fold(text.to_owned(), |text, (pattern, with)| pattern.replace_all(&text, *with).into_owned())
    }

    proptest::proptest! {
        #[test]
        fn marks_pass_over_nothing_that_matches(text in r#"(?:api_?key=|[Tt]oken|: |"|\\|[Bb]earer |[sp]k-|[a-z0-9]{3,9}|Authorization|x-secret|set-cookie|\[|\]|&|://|@|eyJ|\.|=|password|-----BEGIN PRIVATE KEY-----|ghp_|AKIA|[A-Z0-9]{16}|session-id){0,14}"#) {
            let _guard = chimera_harness::guard("one case");
            proptest::prop_assert_eq!(redact(&text).into_owned(), by_rules_alone(&text));
        }

        #[test]
        fn redacting_twice_changes_nothing_more(text in r#"(?:api_key=|token|: |"|\\|Bearer |sk-|[a-z0-9]{3,9}|authorization|\[|\]|&|://|@|eyJ|\.){0,12}"#) {
            let _guard = chimera_harness::guard("one case");
            let once = redact(&text).into_owned();
            proptest::prop_assert_eq!(&redact(&once), &once);
        }
    }
}
