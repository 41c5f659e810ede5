//! Replies to requests of a server: `ping` is answered, everything else refused.
//!
//! Bounded: a server that asks and does not read its answers must not fill our memory.

use serde_json::value::RawValue;
use tokio::sync::mpsc;

/// The most answers that wait to be written.
pub(crate) const MAX: usize = 16;
/// The longest name of a request that is given back.
const MAX_ID: usize = 256;

/// Where answers are put.
#[derive(Clone, Debug)]
pub(crate) struct Replies(mpsc::Sender<Vec<u8>>);

impl Replies {
    /// With the other end, from which they are written, each as it is.
    pub(crate) fn new() -> (Self, mpsc::Receiver<Vec<u8>>) {
        let (sender, receiver) = mpsc::channel(MAX);
        (Self(sender), receiver)
    }

    /// Answers a request. `false` where it cannot be answered.
    pub(crate) fn answer(&self, method: &str, id: &RawValue) -> bool {
        let id = id.get();
        let names_it = id.starts_with(['"', '-']) || id.starts_with(|first: char| first.is_ascii_digit());
        if !names_it || id.len() > MAX_ID {
            return false;
        }
        // The SDK would decline what it cannot do, which a tool takes for a person's answer.
        let answer = match method {
            r#""ping""# => r#""result":{}"#,
            _ => r#""error":{"code":-32601,"message":"this client answers no requests"}"#,
        };
        self.0.try_send(format!(r#"{{"jsonrpc":"2.0","id":{id},{answer}}}"#).into_bytes()).is_ok()
    }
}
