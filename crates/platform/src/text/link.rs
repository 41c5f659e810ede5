//! Which links of a text are refused: those to nowhere public.

use chimera_contracts::ErrorCode;
use chimera_text::scheme_links;
use url::Url;

use super::TextFault;
use crate::media::{authority, has_credentials, refused_host};

/// Links that nobody should be sent to (PUB-14): another scheme than http(s), a name and password, an address inside
/// somebody's network.
pub(super) fn faults(text: &str) -> Vec<TextFault> {
    scheme_links(text)
        .into_iter()
        .filter_map(|link| {
            let link = text.get(link)?;
            let reason = reason_against(link)?;
            let message = format!("the link `{}` is refused: {reason}", chimera_audit::redact(link));
            Some(TextFault { code: ErrorCode::ContentUnsafe, message })
        })
        .collect()
}

fn reason_against(link: &str) -> Option<&'static str> {
    let Ok(url) = Url::parse(link) else { return Some("it is no valid URL") };
    if !matches!(url.scheme(), "http" | "https") {
        return Some("only http and https are allowed");
    }
    // Where it leads depends on who reads it: a browser takes the host before the backslash, others the one behind.
    if authority(link).contains('\\') {
        return Some("it holds a backslash");
    }
    if has_credentials(link, &url) {
        return Some("it holds a user name or a password");
    }
    // Their readers have what it takes, and newsrooms publish them.
    let onion = url.host_str().is_some_and(|host| host.trim_end_matches('.').ends_with(".onion"));
    if onion { None } else { refused_host(&url) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_to_nowhere_public_are_refused() {
        for (text, refused) in [
            ("https://example.com and http://example.com", 0),
            ("ftp://example.com", 1),
            ("javascript://x", 1),
            ("https://me:pass@example.com", 1),
            ("http://localhost:8080/ http://10.0.0.1/ http://metadata/", 3),
            ("https://cdn.example.com\\@169.254.169.254/x", 1),
            ("https://@example.com/ http://nas.home/ https://wiki.corp/a", 3),
            (
                "https://example.com/@ann https://example.com/a\\b http://abc.onion/ https://bücher.example/",
                0,
            ),
        ] {
            assert_eq!(faults(text).len(), refused, "{text}");
        }
    }
}
