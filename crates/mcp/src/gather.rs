//! One message of a server, gathered as its bytes come, and bounded while they come.
//!
//! INVARIANT: no more is held than `answer_limit` bytes and half as much again while the buffer grows. What passes a
//! bound is dropped at once and while it comes, and only its [`Outline`] is kept: enough to tell which call it answered.

use crate::outline::{MAX_DEPTH, Outline};

/// How much memory one answer may take, in limits of its bytes: its text, and what it becomes.
pub(crate) const MEMORY: usize = 5;

/// What was gathered.
#[derive(Debug)]
pub(crate) enum Gathered {
    /// A message as bytes: of any validity.
    Whole(Vec<u8>),
    /// What is known of one that was dropped, and why.
    Refused(Outline, Excess),
}

/// Which bound a message passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Excess {
    /// More bytes than this.
    Bytes(usize),
    /// More memory, once read, than this times [`MEMORY`].
    Memory(usize),
    /// Deeper than [`MAX_DEPTH`].
    Depth,
}

impl Excess {
    /// For people, after "its answer".
    pub(crate) fn shown(self) -> String {
        match self {
            Self::Bytes(limit) => format!("is longer than {limit} bytes (`answer_limit`)"),
            Self::Memory(limit) => {
                format!("holds more values than fit {MEMORY} times {limit} bytes (`answer_limit`)")
            }
            Self::Depth => format!("is nested deeper than {MAX_DEPTH} levels"),
        }
    }
}

/// Gathers messages, one after the other.
#[derive(Debug)]
pub(crate) struct Gatherer {
    limit: usize,
    outline: Outline,
    state: State,
}

#[derive(Debug)]
enum State {
    Gathering(Vec<u8>),
    /// It passed a bound, and which request it answers is not known yet.
    Refused(Excess),
    /// Its refusal was given out.
    Skipping,
}

impl Gatherer {
    /// Of messages of at most so many bytes.
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, outline: Outline::default(), state: State::Gathering(Vec::new()) }
    }

    /// Some more of the message. Its refusal, once, as soon as it passed a bound and told which request it answers: the
    /// end of it may never come.
    pub(crate) fn add(&mut self, part: &[u8]) -> Option<Gathered> {
        self.outline.read(part);
        if let State::Gathering(bytes) = &mut self.state {
            let length = bytes.len().saturating_add(part.len());
            match excess(length, &self.outline, self.limit) {
                None => append(bytes, part, self.limit),
                Some(excess) => self.state = State::Refused(excess),
            }
        }
        match self.state {
            State::Refused(excess) if self.outline.id().is_some() => {
                self.state = State::Skipping;
                Some(Gathered::Refused(self.outline.clone(), excess))
            }
            _ => None,
        }
    }

    /// The end of the message. `None` when it was given out already.
    pub(crate) fn finish(&mut self) -> Option<Gathered> {
        // A new buffer for each: a long one must not stay for the life of the server.
        let Self { outline, state, .. } = std::mem::replace(self, Self::new(self.limit));
        match state {
            State::Gathering(bytes) => Some(Gathered::Whole(bytes)),
            State::Refused(excess) => Some(Gathered::Refused(outline, excess)),
            State::Skipping => None,
        }
    }

    /// Whether nothing of a message was gathered yet.
    pub(crate) fn is_empty(&self) -> bool {
        matches!(&self.state, State::Gathering(bytes) if bytes.is_empty())
    }

    /// Whether the outermost container of a message was closed.
    #[cfg(feature = "http")]
    pub(crate) fn is_whole(&self) -> bool {
        matches!(self.state, State::Gathering(_)) && self.outline.is_closed()
    }

    /// The bound that the message passed.
    #[cfg(feature = "http")]
    pub(crate) fn excess(&self) -> Option<Excess> {
        match self.state {
            State::Refused(excess) => Some(excess),
            State::Gathering(_) | State::Skipping => None,
        }
    }

    /// How many bytes it takes now.
    #[cfg(any(test, feature = "http"))]
    pub(crate) fn holds(&self) -> usize {
        match &self.state {
            State::Gathering(bytes) => bytes.capacity(),
            State::Refused(_) | State::Skipping => 0,
        }
    }
}

fn excess(length: usize, outline: &Outline, limit: usize) -> Option<Excess> {
    if length > limit {
        Some(Excess::Bytes(limit))
    } else if outline.depth() > MAX_DEPTH {
        Some(Excess::Depth)
    } else if length.saturating_add(outline.weight()) > budget(limit) {
        Some(Excess::Memory(limit))
    } else {
        None
    }
}

/// The memory of one answer. Small limits are for small answers, and a few objects fit all the same.
fn budget(limit: usize) -> usize {
    limit.saturating_mul(MEMORY).max(64 * 1024)
}

/// Grows by halves and never past the limit; a buffer that is doubled would take three times what it holds.
fn append(bytes: &mut Vec<u8>, part: &[u8], limit: usize) {
    let needed = bytes.len().saturating_add(part.len());
    if needed > bytes.capacity() {
        let roomy = needed.saturating_add(needed / 2).min(limit).max(needed);
        bytes.reserve_exact(roomy.saturating_sub(bytes.len()));
    }
    bytes.extend_from_slice(part);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(gathered: Option<Gathered>) -> (Option<i64>, Excess) {
        match gathered {
            Some(Gathered::Refused(outline, excess)) => (outline.id(), excess),
            other => panic!("not refused: {other:?}"),
        }
    }

    #[test]
    fn a_message_is_refused_as_soon_as_it_is_known_whose_it_is() {
        let mut gatherer = Gatherer::new(16);
        assert!(gatherer.add(br#"{"id":7,"result""#).is_none(), "the bound itself is allowed");
        assert_eq!(refused(gatherer.add(b":")), (Some(7), Excess::Bytes(16)));
        assert!(gatherer.add(&[b'x'; 1024]).is_none() && gatherer.finish().is_none());
        assert!(gatherer.add(br#"{"result":"abcdefgh"#).is_none());
        assert_eq!(gatherer.holds(), 0, "nothing of it is held");
        assert_eq!(refused(gatherer.add(br#"","id":8,"#)), (Some(8), Excess::Bytes(16)));
        assert!(gatherer.finish().is_none());
        assert!(gatherer.add(&[b'x'; 17]).is_none());
        assert_eq!(refused(gatherer.finish()), (None, Excess::Bytes(16)));
        assert!(gatherer.is_empty());
    }

    #[test]
    fn what_would_take_too_much_memory_is_refused_whatever_its_bytes() {
        let limit = 1024 * 1024;
        let mut gatherer = Gatherer::new(limit);
        assert!(gatherer.add(br#"{"id":1,"result":["#).is_none());
        let objects = (0..limit).find_map(|_| gatherer.add(br#"{"a":1},"#).map(Some)).flatten();
        assert_eq!(refused(objects), (Some(1), Excess::Memory(limit)));
    }

    #[test]
    fn what_is_nested_too_deep_is_refused() {
        let mut gatherer = Gatherer::new(1024);
        assert!(gatherer.add(br#"{"id":1,"result":"#).is_none());
        assert!(gatherer.add(&[b'['; MAX_DEPTH - 1]).is_none());
        assert_eq!(refused(gatherer.add(b"[")), (Some(1), Excess::Depth));
    }

    /// Reported of readers whose buffer keeps the size of the longest line (leantoken#269).
    #[test]
    fn the_buffer_grows_within_the_limit_and_is_given_back() {
        let mut gatherer = Gatherer::new(1000);
        (0..10).for_each(|_| assert!(gatherer.add(&[b'x'; 100]).is_none()));
        assert_eq!(gatherer.holds(), 1000);
        assert!(matches!(gatherer.finish(), Some(Gathered::Whole(bytes)) if bytes.len() == 1000));
        assert_eq!(gatherer.holds(), 0);
    }
}
