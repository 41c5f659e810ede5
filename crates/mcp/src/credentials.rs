//! Which values of a server's environment are credentials: known exactly, so that they can be taken out of whatever is
//! kept or shown.
//!
//! The name of a variable decides, or a password inside a URL. A wrong guess costs either way: a credential that is
//! taken for none may be shown, and a plain value that is taken for a credential (`COOKIE_DOMAIN=example.com`) is taken
//! out of the addresses of honest posts. So words that stand beside plain settings as often as alone (`TOKEN_URL`,
//! `MAX_TOKENS`) count only where the value may be one; a host that knows better says
//! [`secret_env`](crate::ServerCommand::secret_env).

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
};

use chimera_audit::Secrets;

/// Parts of a name that tell of a credential, whatever stands beside them.
const CERTAIN: [&str; 18] = [
    "secret",
    "secrets",
    "password",
    "passwords",
    "passwd",
    "passphrase",
    "passcode",
    "credential",
    "credentials",
    "creds",
    "bearer",
    "signature",
    "apikey",
    "apitoken",
    "authtoken",
    "accesskey",
    "accesstoken",
    "privatekey",
];

/// Parts that tell of a credential unless the name goes on to say what else is meant.
const LIKELY: [&str; 13] = [
    "token",
    "tokens",
    "key",
    "keys",
    "auth",
    "authorization",
    "cookie",
    "cookies",
    "session",
    "jwt",
    "pat",
    "pass",
    "pwd",
];

/// Last parts after which a likely one tells of a setting: `AUTH_URL`, `SESSION_TIMEOUT`.
const SETTINGS: [&str; 43] = [
    "address",
    "algorithm",
    "bytes",
    "count",
    "dir",
    "directory",
    "disabled",
    "domain",
    "enabled",
    "endpoint",
    "expires",
    "expiry",
    "file",
    "filename",
    "folder",
    "format",
    "host",
    "hostname",
    "interval",
    "length",
    "lifetime",
    "limit",
    "method",
    "mode",
    "name",
    "path",
    "port",
    "prefix",
    "provider",
    "region",
    "scheme",
    "seconds",
    "size",
    "sock",
    "socket",
    "timeout",
    "ttl",
    "type",
    "uri",
    "url",
    "user",
    "username",
    "version",
];

/// Two-part words that name no credential though a part of them does: a language, a layout, a desktop.
const ELSEWHERE: [(&str, &str); 7] = [
    ("xdg", "session"),
    ("desktop", "session"),
    ("dbus", "session"),
    ("session", "manager"),
    ("key", "map"),
    ("pass", "through"),
    ("max", "tokens"),
];

/// A number this short under a likely name counts something.
const SHORT_NUMBER: usize = 12;

/// A line of a secret of several lines (a private key) is a secret of its own from this length on: logs are redacted
/// line by line.
const LONG_LINE: usize = 16;

/// A user's name in a URL without a password is a token from this length on: `https://ghp_…@host`.
const LONG_NAME: usize = 16;

/// The secrets of an environment; `named` are variables that the host called secret.
pub(crate) fn secrets(env: &BTreeMap<OsString, OsString>, named: &BTreeSet<OsString>) -> Secrets {
    Secrets::new(credentials(env, named))
}

/// The same, one by one.
pub(crate) fn credentials(
    env: &BTreeMap<OsString, OsString>,
    named: &BTreeSet<OsString>,
) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (name, value) in env {
        let value = value.to_string_lossy();
        let value = value.trim();
        if named.contains(name) || is_credential(&name.to_string_lossy(), value) {
            found.extend(forms(value));
        }
        found.extend(in_urls(value));
    }
    found
}

/// Whether a variable of this name and value is a credential.
fn is_credential(name: &str, value: &str) -> bool {
    let parts = parts(name);
    let has = |words: &[&str]| parts.iter().any(|part| words.contains(&part.as_str()));
    if has(&CERTAIN) {
        return true;
    }
    let elsewhere = parts.windows(2).any(|pair| match pair {
        [first, second] => ELSEWHERE.contains(&(first.as_str(), second.as_str())),
        _ => false,
    });
    let a_setting = parts.last().is_some_and(|last| SETTINGS.contains(&last.as_str()));
    let a_count = value.len() < SHORT_NUMBER && value.bytes().all(|byte| byte.is_ascii_digit());
    // The working directory of a shell; `MYSQL_PWD` is none.
    let a_directory = parts.len() == 1 && has(&["pwd"]);
    has(&LIKELY) && !elsewhere && !a_setting && !a_count && !a_directory
}

/// The words of a name, in lower case and without digits: `authToken`, `AUTH_TOKEN`, `auth-token2`, `HTTPAuthToken`.
fn parts(name: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut part = String::new();
    let mut before: Option<char> = None;
    let mut chars = name.chars().filter(|this| !this.is_ascii_digit()).peekable();
    while let Some(this) = chars.next() {
        let follows_capital = before.is_some_and(char::is_uppercase);
        let follows_small = before.is_some_and(char::is_lowercase);
        let small_next = chars.peek().is_some_and(|next| next.is_lowercase());
        if !this.is_alphabetic() || this.is_uppercase() && (follows_small || follows_capital && small_next) {
            parts.push(std::mem::take(&mut part));
        }
        if this.is_alphabetic() {
            part.extend(this.to_lowercase());
        }
        before = Some(this);
    }
    parts.push(part);
    parts.retain(|part| !part.is_empty());
    parts
}

/// A credential as it may be repeated: whole, without its scheme (`Bearer …`), line by line.
fn forms(value: &str) -> Vec<String> {
    let mut forms = vec![value.to_owned()];
    let scheme = value.split_once(' ').filter(|(scheme, _)| {
        ["bearer", "basic", "token"].iter().any(|known| known.eq_ignore_ascii_case(scheme))
    });
    forms.extend(scheme.map(|(_, rest)| rest.trim().to_owned()));
    if value.contains('\n') {
        forms.extend(value.lines().map(str::trim).filter(|line| line.len() >= LONG_LINE).map(str::to_owned));
    }
    forms
}

/// The passwords of the URLs in a value (`postgres://user:password@host`), as they stand there and decoded.
fn in_urls(value: &str) -> Vec<String> {
    let authorities = value.split("://").skip(1).filter_map(|rest| {
        let end =
            rest.find(|end: char| end.is_whitespace() || "/?#\"'<>".contains(end)).unwrap_or(rest.len());
        rest.get(..end)?.rsplit_once('@')
    });
    authorities
        .filter_map(|(user, _)| match user.split_once(':') {
            Some((name, "")) => Some(name).filter(|name| name.len() >= LONG_NAME),
            Some((_, password)) => Some(password),
            None => Some(user).filter(|name| name.len() >= LONG_NAME),
        })
        .flat_map(|secret| [secret.to_owned(), decoded(secret)])
        .collect()
}

/// Percent-encoded bytes decoded; what is none stays.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let escaped = tail
            .get(..2)
            .filter(|_| *first == b'%')
            .and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { tail.get(2..).unwrap_or_default() } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_credentials() {
        let value = "a-value-of-some-length";
        for name in [
            "API_KEY",
            "X_API_KEY",
            "apiKey",
            "APIKEY",
            "OPENAI_APIKEY",
            "ACCESS_TOKEN",
            "accessToken",
            "access-token",
            "HTTPAuthToken",
            "GITHUB_PAT",
            "TOKEN2",
            "CLIENT_SECRET",
            "client.secret",
            "WEBHOOK_SECRET_URL",
            "DB_PASSWORD",
            "PASSWD",
            "MYSQL_PWD",
            "SSH_PASSPHRASE",
            "GOOGLE_CREDENTIALS",
            "REDISCLI_AUTH",
            "AUTHORIZATION",
            "SESSION_ID",
            "COOKIE",
            "X_BEARER",
            "REQUEST_SIGNATURE",
            "API_KEYS",
            "token",
            "key",
        ] {
            assert!(is_credential(name, value), "{name}");
        }
    }

    #[test]
    fn other_names_tell_none() {
        let value = "a-value-of-some-length";
        for name in [
            "",
            "_",
            "PATH",
            "HOME",
            "KEYBOARD",
            "KEYBOARD_LAYOUT",
            "MONKEY",
            "TOKENIZER",
            "AUTHOR",
            "AUTHORITY",
            "SECRETARY",
            "PASSENGER",
            "COMPASS",
            "PATTERN",
            "PWD",
            "OLDPWD",
            "LANG",
            "TOKEN_URL",
            "AUTH_ENDPOINT",
            "COOKIE_DOMAIN",
            "SESSION_TIMEOUT",
            "SSH_AUTH_SOCK",
            "KEY_FILE",
            "XDG_SESSION_TYPE",
            "XDG_SESSION_DESKTOP",
            "DESKTOP_SESSION",
            "DBUS_SESSION_BUS_ADDRESS",
            "SESSIONNAME",
        ] {
            assert!(!is_credential(name, value), "{name}");
        }
        for (name, value, expected) in [
            ("MAX_TOKENS", "100000", false),
            ("TOKENS", "100000", false),
            ("RATE_KEY", "123456", false),
            ("API_KEY", "123456789012345678", true),
            ("DB_PASSWORD", "123456", true),
        ] {
            assert_eq!(is_credential(name, value), expected, "{name}={value}");
        }
    }

    /// What is taken out of a text that repeats the value and more.
    fn check(name: &str, value: &str, shown: &str, expected: &str) {
        let env = BTreeMap::from([(OsString::from(name), OsString::from(value))]);
        assert_eq!(secrets(&env, &BTreeSet::new()).removed_from(shown), expected, "{name}={value}");
    }

    #[test]
    fn values_are_known_in_the_forms_that_servers_repeat() {
        check("API_KEY", "abcdef123\n", "key abcdef123 refused", "key [redacted] refused");
        check("AUTHORIZATION", "Bearer abc.def.ghi", "token abc.def.ghi", "token [redacted]");
        check("PLAIN", "abcdef123", "abcdef123", "abcdef123");
        check("API_KEY", "short", "short", "short");
        let key = "-----BEGIN KEY-----\nMIIEvQIBADANBgkq\nhkiG9w0BAQEFAASC\n-----END KEY-----";
        check("PRIVATE_KEY", key, "line hkiG9w0BAQEFAASC", "line [redacted]");
    }

    #[test]
    fn urls_give_their_passwords() {
        for (value, shown, expected) in [
            ("postgres://user:hunter2@host/db", "hunter2 user host", "[redacted] user host"),
            ("redis://:hunter2@host", "hunter2", "[redacted]"),
            ("mongodb://u:p%40ssword@a,b/?x=1", "p@ssword p%40ssword", "[redacted] [redacted]"),
            ("a=http://a.example b=http://u:hunter2@b.example", "hunter2 a.example", "[redacted] a.example"),
            ("https://u:pass@word@h.example/", "pass@word", "[redacted]"),
            ("https://ghp_abcdefghijklmnop@h.example/r", "ghp_abcdefghijklmnop", "[redacted]"),
            ("https://ghp_abcdefghijklmnop:@h.example", "ghp_abcdefghijklmnop", "[redacted]"),
            ("https://someone@h.example/", "someone h.example", "someone h.example"),
            ("https://h.example/a:secret@c", "secret", "secret"),
            ("hunter2@host", "hunter2", "hunter2"),
        ] {
            check("DATABASE", value, shown, expected);
        }
    }

    #[test]
    fn what_the_host_calls_secret_is_one() {
        let env = BTreeMap::from([(OsString::from("PLAIN"), OsString::from("abcdef123"))]);
        let named = BTreeSet::from([OsString::from("PLAIN")]);
        assert!(secrets(&env, &named).are_in("it said abcdef123"));
    }
}
