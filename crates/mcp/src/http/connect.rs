//! From an address to a connection. The host decides what lies between: nothing, TLS, a proxy.

use std::{fmt::Debug, io};

use async_trait::async_trait;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};

/// Where a connection goes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpAddress {
    /// A name or an IP address, without brackets.
    pub host: String,
    /// The port; 80 or 443 where the URL names none.
    pub port: u16,
    /// Whether the URL says `https`.
    pub tls: bool,
}

/// What HTTP/1.1 is spoken over.
pub trait HttpConnection: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> HttpConnection for T {}

/// Connects to servers. Asked for each request, because a connection that is kept may have been closed by the server in
/// the moment in which a call is written to it, and such a call is lost.
///
/// # Contract
/// - For `tls`, the connection is encrypted and the name of the server was verified. HTTP/2 is not offered (ALPN).
/// - It writes nothing of a request: a failure here means not sent.
/// - It may be dropped at any await; it is given up after the endpoint's `start_timeout`.
#[async_trait]
pub trait HttpConnector: Debug + Send + Sync + 'static {
    /// Connects.
    ///
    /// # Errors
    /// Why not. [`io::ErrorKind::Unsupported`] is a fault that lasts until the host changes something.
    async fn connect(&self, address: &HttpAddress) -> io::Result<Box<dyn HttpConnection>>;
}

/// Plain TCP, for `http` only. The library enables no TLS stack: a host that needs `https` gives a connector of its own,
/// some ten lines over the one that it has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TcpConnector;

#[async_trait]
impl HttpConnector for TcpConnector {
    async fn connect(&self, address: &HttpAddress) -> io::Result<Box<dyn HttpConnection>> {
        if address.tls {
            let reason = "`https` needs a connector that speaks TLS; give one with `HttpEndpoint::connector`";
            return Err(io::Error::new(io::ErrorKind::Unsupported, reason));
        }
        let stream = TcpStream::connect((address.host.as_str(), address.port)).await?;
        stream.set_nodelay(true)?;
        Ok(Box::new(stream))
    }
}
