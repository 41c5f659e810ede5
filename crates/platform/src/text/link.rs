//! Which links of a text are refused: those to nowhere public.

use chimera_contracts::ErrorCode;
use chimera_text::scheme_links;
use url::Url;

use super::TextFault;
use crate::media::refused_host;

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
    if !url.username().is_empty() || url.password().is_some() {
        return Some("it holds a user name or a password");
    }
    refused_host(&url)
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
        ] {
            assert_eq!(faults(text).len(), refused, "{text}");
        }
    }
}
