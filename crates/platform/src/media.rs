//! Media: where they may be, and the port that fetches them.
//!
//! A URL is checked by its spelling here, once, into a [`MediaUrl`]. What its name resolves to and where redirects lead is
//! known only to whoever connects, so the contract of [`MediaProbe`] asks for [`is_public_address`] again there.
//!
//! INVARIANT: what is handed on is the parsed form. Two parsers may find two hosts in one text, so what one of them accepted says
//! nothing about where another one goes (vllm#34743, OWASP/CheatSheetSeries#2401).

mod host;

use std::fmt;
use std::fmt::Debug;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use async_trait::async_trait;
use chimera_contracts::{Digest, ErrorCode};
use chrono::{DateTime, Utc};
use url::{Host, Url};

/// The URL of a medium: https, no credentials, no address inside somebody's network (PUB-12).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MediaUrl(Url);

/// The text is no URL that media may have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the media URL is refused: {reason}")]
pub struct MediaUrlError {
    /// Why.
    pub reason: &'static str,
}

/// What is at a URL.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Probed {
    /// SHA-256 of the bytes.
    pub sha256: Digest,
    /// How many bytes.
    pub bytes: u64,
    /// The media type, such as `image/png`.
    pub media_type: String,
    /// A file name, from the URL or the answer.
    pub file_name: String,
}

/// A medium cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct MediaError {
    /// `MEDIA_NOT_ACCESSIBLE`.
    pub code: ErrorCode,
    /// Why, for people; redacted.
    pub message: String,
}

/// Fetches media.
///
/// # Contract
/// - Nothing becomes public by it; both methods may be repeated.
/// - It connects only to addresses that [`is_public_address`] accepts, checked on the address that it connects to and after
///   every redirect; it follows redirects only to a URL that [`MediaUrl::parse`] accepts.
/// - `probe` and `read` look at all bytes, within a bound of size that the host sets, and answer by the deadline.
/// - The bytes of `read` need not be those that `probe` saw: the caller hashes them again and refuses others.
/// - Safe to call concurrently. Messages are redacted.
#[async_trait]
pub trait MediaProbe: Debug + Send + Sync + 'static {
    /// What is at the URL.
    ///
    /// # Errors
    /// When it cannot be reached by the deadline, or is larger than the host allows.
    async fn probe(&self, url: &MediaUrl, deadline: DateTime<Utc>) -> Result<Probed, MediaError>;

    /// The bytes at the URL.
    ///
    /// # Errors
    /// As [`MediaProbe::probe`].
    async fn read(&self, url: &MediaUrl, deadline: DateTime<Utc>) -> Result<Vec<u8>, MediaError>;
}

/// Keeps media in files, for servers on the same machine that take a path.
///
/// # Contract
/// - The path is absolute and of a file that holds these bytes and nothing else; it is there whole or not at all.
/// - The file stays for an hour at least: a server may still read it after its call was given up.
/// - The same bytes may give the same path. Old files are removed, so that the place they take is bounded.
/// - Safe to call concurrently. Messages are redacted.
#[async_trait]
pub trait MediaFiles: Debug + Send + Sync + 'static {
    /// Keeps bytes with this SHA-256. The name is a URL's last segment, or what a server calls the medium: an ending is all
    /// that may be taken from it.
    ///
    /// # Errors
    /// When they cannot be kept.
    async fn keep(&self, sha256: Digest, file_name: &str, bytes: Vec<u8>) -> Result<String, MediaError>;
}

impl MediaUrl {
    /// Checks a URL.
    ///
    /// Addresses are refused in every spelling that a URL parser understands (`127.1`, `0x7f.1`, `[::ffff:7f00:1]`), and so
    /// are names that mean a machine nearby or are kept for special uses (`localhost`, `*.internal`, `*.svc`, `*.onion`, names
    /// without a dot), and texts in which parsers find different hosts.
    ///
    /// # Errors
    /// With the first rule that the URL breaks.
    ///
    /// ```
    /// use chimera_platform::media::MediaUrl;
    ///
    /// assert!(MediaUrl::parse("https://cdn.example.com/cat.png").is_ok());
    /// assert!(MediaUrl::parse("https://169.254.169.254/latest").is_err());
    /// ```
    pub fn parse(text: &str) -> Result<Self, MediaUrlError> {
        let refused = |reason| Err(MediaUrlError { reason });
        // A URL parser drops tabs and line feeds silently; what was approved must be what is fetched.
        if text.contains(|character: char| character.is_control() || character.is_whitespace()) {
            return refused("it holds spaces or control characters");
        }
        // To a browser a separator of the path, to others a part of what stands before `@` (open-webui#24534). No valid URL
        // holds one.
        if text.contains('\\') {
            return refused("it holds a backslash");
        }
        let Ok(url) = Url::parse(text) else { return refused("it is no valid URL") };
        let begins = text.get(..8).is_some_and(|begin| begin.eq_ignore_ascii_case("https://"));
        // A browser skips further slashes, others find no host.
        if url.scheme() != "https" || !begins || text.get(8..).is_some_and(|rest| rest.starts_with('/')) {
            return refused("only `https://` is allowed");
        }
        if has_credentials(text, &url) {
            return refused("it holds a user name or a password");
        }
        match refused_host(&url) {
            Some(reason) => refused(reason),
            None => Ok(Self(url)),
        }
    }

    /// The URL, normalised.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The last segment of the path, or `media` where there is none.
    #[must_use]
    pub fn file_name(&self) -> &str {
        let last = self.0.path_segments().and_then(|mut segments| segments.next_back());
        last.filter(|name| !name.is_empty()).unwrap_or("media")
    }
}

impl fmt::Display for MediaUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl MediaError {
    /// `MEDIA_NOT_ACCESSIBLE`, with a reason; credentials are taken out of it.
    #[must_use]
    pub fn new(message: &str) -> Self {
        Self { code: ErrorCode::MediaNotAccessible, message: chimera_audit::redact(message).into_owned() }
    }
}

/// Why the host of a URL is refused; `None` when it may be public.
pub(crate) fn refused_host(url: &Url) -> Option<&'static str> {
    match url.host() {
        None => Some("it has no host"),
        Some(Host::Ipv4(address)) => refused_address(address.into()),
        Some(Host::Ipv6(address)) => refused_address(address.into()),
        Some(Host::Domain(name)) => host::refused_name(name),
    }
}

/// Whether there is a user name or a password before the host, also an empty one, which a parser forgets.
pub(crate) fn has_credentials(text: &str, url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some() || authority(text).contains('@')
}

/// What stands between the scheme and the path, as it is written. To some parsers a backslash ends it.
pub(crate) fn authority(text: &str) -> &str {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}

fn refused_address(address: IpAddr) -> Option<&'static str> {
    (!is_public_address(address)).then_some("its host is a private, local or reserved address")
}

/// Whether an address is on the public internet: the special-purpose registries of IANA (RFC 6890), multicast, and the
/// metadata services of cloud providers are not. An IPv6 address that carries an IPv4 address is judged by both.
#[must_use]
pub fn is_public_address(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let reserved = match address.octets() {
        [0 | 10 | 127 | 224..=255, ..]
        // Shared space of carriers; 100.100.100.200 is a metadata service.
        | [100, 64..=127, ..]
        | [169, 254, ..]
        | [172, 16..=31, ..]
        | [192, 168, ..]
        // Protocol assignments (192.0.0.192 is a metadata service), documentation, the former 6to4 relay.
        | [192, 0, 0 | 2, _]
        | [192, 88, 99, _]
        | [198, 18 | 19, ..]
        | [198, 51, 100, _]
        | [203, 0, 113, _]
        // A metadata and control address of a cloud provider, in public space.
        | [168, 63, 129, 16] => true,
        _ => false,
    };
    !reserved
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    match address.segments() {
        // NAT64 and 6to4 carry an IPv4 address.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => is_public_v4(v4(high, low)),
        // Teredo, benchmarking, ORCHID and all else of 2001::/23; documentation twice.
        [0x2001, 0..=0x1ff, ..] | [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => false,
        // Everything global is in 2000::/3: so mapped, compatible, unique local (fd00:ec2::254), link-local, site-local,
        // local NAT64, discard-only and multicast addresses are not.
        [0x2000..=0x3fff, ..] => true,
        _ => false,
    }
}

fn v4(high: u16, low: u16) -> Ipv4Addr {
    let [a, b] = high.to_be_bytes();
    let [c, d] = low.to_be_bytes();
    Ipv4Addr::new(a, b, c, d)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn which_urls_media_may_have() {
        for (url, accepted) in [
            ("https://cdn.example.com/a.png?x=1", true),
            ("HTTPS://CDN.Example.com:8443/a.png", true),
            ("https://8.8.8.8/a", true),
            ("https://[2606:4700:4700::1111]/a", true),
            ("https://[64:ff9b::808:808]/a", true),
            ("http://cdn.example.com/a.png", false),
            ("https:cdn.example.com/a.png", false),
            ("https:/\\cdn.example.com/a.png", false),
            ("https://cdn.example.com/a b", false),
            ("https://user@cdn.example.com/", false),
            ("https://:pass@cdn.example.com/", false),
            ("https://localhost/", false),
            ("https://localhost./", false),
            ("https://a.localhost/", false),
            ("https://printer.local/", false),
            ("https://metadata.google.internal/", false),
            ("https://metadata/", false),
            ("https://127.1/", false),
            ("https://0x7f000001/", false),
            ("https://0177.0.0.1/", false),
            ("https://2130706433/", false),
            ("https://%31%32%37.0.0.1/", false),
            ("https://①②⑦.0.0.1/", false),
            ("https://10.0.0.1/", false),
            ("https://100.100.100.200/", false),
            ("https://192.0.0.192/", false),
            ("https://169.254.169.254/", false),
            ("https://[::1]/", false),
            ("https://[::ffff:8.8.8.8]/", false),
            ("https://[::ffff:7f00:1]/", false),
            ("https://[64:ff9b::7f00:1]/", false),
            ("https://[2002:7f00:1::]/", false),
            ("https://[fd00:ec2::254]/", false),
            ("https://[fe80::1]/", false),
            ("https://[fec0::1]/", false),
            // X6 and its kind: vllm#34743, claude-ads#44, AutoResearchClaw#254, oneuptime#3172, onefilellm#79.
            ("https://cdn.example.com\\@169.254.169.254/x", false),
            ("https://169.254.169.254\\@cdn.example.com/x", false),
            ("https://cdn.example.com\\.evil.example/x", false),
            ("https://cdn.example.com/a\\b.png", false),
            ("https://cdn.example.com/?a\\b", false),
            ("https://cdn.example.com:443@169.254.169.254/", false),
            ("https://cdn.example.com@169.254.169.254/", false),
            ("https://@cdn.example.com/", false),
            ("https://:@cdn.example.com/", false),
            ("https:///cdn.example.com/", false),
            ("https:////169.254.169.254/", false),
            ("https://cdn.example.com%2f@169.254.169.254/", false),
            ("https://169.254.169.%32%35%34/", false),
            ("https://cdn.example.com%00.evil.example/", false),
            ("https://cdn.example.com /", false),
            ("https://169。254。169。254/", false),
            ("https://./", false),
            ("https://a..example.com/", false),
            ("https://.example.com/", false),
            ("https://nas.home/a", false),
            ("https://abc.onion/a", false),
            // What must stay.
            ("https://cdn.example.com/@ann/cat.png", true),
            ("https://cdn.example.com/a?to=ann@example.com", true),
            ("https://cdn.example.com/a%5Cb.png", true),
            ("https://cdn.example.com?x=1#f", true),
            ("https://cdn.example.com./a.png", true),
            ("https://bücher.example/ä.png", true),
            ("https://my_bucket.s3.amazonaws.com/a", true),
        ] {
            assert_eq!(MediaUrl::parse(url).is_ok(), accepted, "{url}");
        }
    }

    /// What is handed on names one host to every parser.
    #[test]
    fn the_parsed_form_is_plain() {
        for (url, parsed) in [
            (
                "HTTPS://CDN.Example.com:443/a/../b c.png".replace(' ', "%20").as_str(),
                "https://cdn.example.com/b%20c.png",
            ),
            ("https://bücher.example/ä.png", "https://xn--bcher-kva.example/%C3%A4.png"),
            ("https://%63dn.example.com", "https://cdn.example.com/"),
            ("https://cdn.example.com?x=ann@example.com", "https://cdn.example.com/?x=ann@example.com"),
            ("https://cdn.example.com/a/b.png?x=1", "https://cdn.example.com/a/b.png?x=1"),
        ] {
            let once = MediaUrl::parse(url).unwrap();
            assert_eq!(once.as_str(), parsed, "{url}");
            assert_eq!(MediaUrl::parse(once.as_str()), Ok(once), "{url}");
        }
    }

    #[test]
    fn a_file_name_is_always_there() {
        for (url, name) in [("https://h.example/a/b.png?x", "b.png"), ("https://h.example/", "media")] {
            assert_eq!(MediaUrl::parse(url).unwrap().file_name(), name);
        }
    }
}
