//! Where a server is, and what is told to it with each request.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    fmt,
    sync::Arc,
    time::Duration,
};

use hyper::{
    Uri,
    header::{HeaderName, HeaderValue},
};

use super::{HttpAddress, HttpConnector, TcpConnector, TokenProvider};
use crate::{command::ANSWER_LIMIT, credentials::credentials, known::KnownSecrets};

/// Headers that are the protocol's.
const OURS: [&str; 9] = [
    "accept",
    "authorization",
    "connection",
    "content-length",
    "content-type",
    "host",
    "last-event-id",
    "mcp-protocol-version",
    "mcp-session-id",
];

/// An address, or a header, that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct EndpointError(String);

/// A server at a URL.
///
/// Credentials are known and taken out of whatever is kept or shown: tokens of the [provider](Self::tokens), values of
/// [`secret_header`](Self::secret_header), and values of headers and of the URL's query whose names tell so (`key`,
/// `token`, `secret` and their like as a part of it).
///
/// ```
/// use std::time::Duration;
/// use chimera_mcp::HttpEndpoint;
///
/// let endpoint = HttpEndpoint::new("x", "http://127.0.0.1:8080/mcp")?
///     .secret_header("X-Api-Key", "hunter2")?
///     .start_timeout(Duration::from_secs(30));
/// assert!(!format!("{endpoint:?}").contains("hunter2"));
/// # Ok::<(), chimera_mcp::EndpointError>(())
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct HttpEndpoint {
    /// The server's name in the configuration, as errors show it.
    pub name: String,
    pub(crate) address: HttpAddress,
    pub(crate) authority: String,
    /// Path and query, as they are asked for.
    pub(crate) target: String,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    secret: Vec<String>,
    pub(crate) tokens: Option<Arc<dyn TokenProvider>>,
    pub(crate) connector: Arc<dyn HttpConnector>,
    /// How long the beginning of a session, a page of tools, or connecting may take. 20 s unless given.
    pub start_timeout: Duration,
    /// How long a call whose deadline has passed may still be answered (`ToolClient::late`). 60 s unless given.
    /// After it the server is told that the call is cancelled, and the answer is waited for once more as long.
    pub grace: Duration,
    /// The longest message that is read, in bytes: one answer, one page of tools. 4 MiB unless given. A longer one, and
    /// one that would take more than five times as much memory, is dropped while it comes, and its call is lost.
    pub answer_limit: usize,
}

impl HttpEndpoint {
    /// A server at this URL, over plain TCP and without a token.
    ///
    /// # Errors
    /// When the URL is not one of `http` or `https`, or names a user or a password: those are a header or a token.
    pub fn new(name: impl Into<String>, url: &str) -> Result<Self, EndpointError> {
        // Without the URL: it may hold a credential.
        let fault = |why: &str| EndpointError(format!("the URL of the server cannot be used: {why}"));
        let uri: Uri = url.parse().map_err(|_| fault("it is none"))?;
        let tls = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(fault("it must begin with `http://` or `https://`")),
        };
        let authority = uri.authority().ok_or_else(|| fault("it names no host"))?;
        if authority.as_str().contains('@') {
            return Err(fault("it names a user; give a header or a token instead"));
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = authority.port_u16().unwrap_or(if tls { 443 } else { 80 });
        let query = uri.query().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
        Ok(Self {
            name: name.into(),
            address: HttpAddress { host, port, tls },
            authority: authority.as_str().to_owned(),
            target: uri.path_and_query().map_or_else(|| "/".to_owned(), |target| target.as_str().to_owned()),
            headers: Vec::new(),
            secret: query.flat_map(|(name, value)| by_name(name, value)).collect(),
            tokens: None,
            connector: Arc::new(TcpConnector),
            start_timeout: Duration::from_secs(20),
            grace: Duration::from_secs(60),
            answer_limit: ANSWER_LIMIT,
        })
    }

    /// One more header of each request.
    ///
    /// # Errors
    /// When it is no header, or one of the protocol's own.
    pub fn header(mut self, name: &str, value: &str) -> Result<Self, EndpointError> {
        self.secret.extend(by_name(name, value));
        let fault = |why: &str| EndpointError(format!("the header `{name}` cannot be sent: {why}"));
        let header = HeaderName::try_from(name).map_err(|_| fault("its name is none"))?;
        if OURS.contains(&header.as_str()) {
            return Err(fault("it is the protocol's own; tokens come from a `TokenProvider`"));
        }
        let mut value = HeaderValue::try_from(value)
            .map_err(|_| fault("its value has characters that headers cannot hold"))?;
        value.set_sensitive(true);
        self.headers.push((header, value));
        Ok(self)
    }

    /// One more header, whose value is a secret whatever its name says.
    ///
    /// # Errors
    /// As [`header`](Self::header).
    pub fn secret_header(mut self, name: &str, value: &str) -> Result<Self, EndpointError> {
        self.secret.push(value.to_owned());
        self.header(name, value)
    }

    /// Where bearer tokens come from.
    #[must_use]
    pub fn tokens(mut self, tokens: Arc<dyn TokenProvider>) -> Self {
        self.tokens = Some(tokens);
        self
    }

    /// What connects to the server: TLS, a proxy.
    #[must_use]
    pub fn connector(mut self, connector: Arc<dyn HttpConnector>) -> Self {
        self.connector = connector;
        self
    }

    /// How long the beginning of a session may take.
    #[must_use]
    pub fn start_timeout(mut self, start_timeout: Duration) -> Self {
        self.start_timeout = start_timeout;
        self
    }

    /// How long late answers are waited for.
    #[must_use]
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// How long an answer may be, in bytes.
    #[must_use]
    pub fn answer_limit(mut self, bytes: usize) -> Self {
        self.answer_limit = bytes;
        self
    }

    /// What is secret from the beginning on.
    pub(crate) fn secrets(&self) -> KnownSecrets {
        KnownSecrets::growing(self.secret.clone())
    }
}

/// A value that its name tells to be a credential.
fn by_name(name: &str, value: &str) -> Vec<String> {
    let one = BTreeMap::from([(OsString::from(name), OsString::from(value))]);
    credentials(&one, &BTreeSet::new()).into_iter().collect()
}

impl fmt::Debug for HttpEndpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secrets = self.secrets();
        formatter
            .debug_struct("HttpEndpoint")
            .field("name", &self.name)
            .field("address", &self.address)
            .field("target", &secrets.now().redact(&self.target))
            .field("headers", &self.headers.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>())
            .field("connector", &self.connector)
            .field("start_timeout", &self.start_timeout)
            .field("grace", &self.grace)
            .field("answer_limit", &self.answer_limit)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read_and_wrong_ones_are_not_repeated() {
        for (url, host, port, tls, target) in [
            ("http://h/mcp", "h", 80, false, "/mcp"),
            ("https://h.example:8443", "h.example", 8443, true, "/"),
            ("http://[::1]:9/mcp?a=b", "::1", 9, false, "/mcp?a=b"),
        ] {
            let endpoint = HttpEndpoint::new("x", url).unwrap();
            assert_eq!(endpoint.address, HttpAddress { host: host.to_owned(), port, tls });
            assert_eq!(endpoint.target, target);
        }
        for url in ["", "/mcp", "ftp://h/swordfish", "http://user:swordfish@h/", "http://h h/swordfish"] {
            let error = HttpEndpoint::new("x", url).unwrap_err().to_string();
            assert!(!error.contains("swordfish"), "{error}");
        }
    }

    #[test]
    fn secrets_are_known_and_not_shown() {
        let endpoint = HttpEndpoint::new("x", "http://h/mcp?api_key=opensesame&tenant=acme-corp")
            .unwrap()
            .header("X-Api-Key", "hunter2-secret")
            .unwrap()
            .secret_header("X-Plain", "swordfish")
            .unwrap()
            .header("X-Tenant", "acme-corp")
            .unwrap();
        let shown = format!("{endpoint:?}");
        for secret in ["opensesame", "hunter2-secret", "swordfish"] {
            assert!(!shown.contains(secret), "{shown}");
            assert!(endpoint.secrets().now().are_in(secret), "{secret}");
        }
        assert!(!endpoint.secrets().now().are_in("acme-corp"));
        for (name, value) in
            [("Authorization", "Bearer x"), ("mcp-session-id", "1"), ("a b", ""), ("a", "\n")]
        {
            assert!(endpoint.clone().header(name, value).is_err(), "{name}");
        }
    }
}
