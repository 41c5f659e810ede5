//! The lines of a server's standard output, each bounded.
//!
//! A server may write a line without an end, by a bug or to exhaust us; see [`Gatherer`].
//!
//! INVARIANT: no more is held than one message up to its bound and one buffer of the reader. Reading can be broken off at
//! any await and goes on where it was, because the SDK polls for messages inside a `select!`.

use std::io;

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

use crate::gather::{Gathered, Gatherer};

/// As much as a pipe holds.
const BUFFER: usize = 64 * 1024;

/// Reads lines.
#[derive(Debug)]
pub(crate) struct Lines<R> {
    reader: BufReader<R>,
    line: Gatherer,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    /// Of at most so many bytes each.
    pub(crate) fn new(reader: R, limit: usize) -> Self {
        Self { reader: BufReader::with_capacity(BUFFER, reader), line: Gatherer::new(limit) }
    }

    /// The next line. `None` at the end; what stands before it without a line end is a line as well, because a server
    /// that ends after its last answer need not write one.
    ///
    /// # Errors
    /// When the pipe cannot be read.
    pub(crate) async fn next(&mut self) -> io::Result<Option<Gathered>> {
        loop {
            let available = self.reader.fill_buf().await?;
            if available.is_empty() {
                return Ok(if self.line.is_empty() { None } else { self.line.finish() });
            }
            let end = available.iter().position(|byte| *byte == b'\n');
            let part = available.get(..end.unwrap_or(available.len())).unwrap_or_default();
            let read = part.len().saturating_add(usize::from(end.is_some()));
            let refused = self.line.add(part);
            self.reader.consume(read);
            let finished = if end.is_some() { self.line.finish() } else { None };
            if let Some(gathered) = refused.or(finished) {
                return Ok(Some(gathered));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;

    use super::*;
    use crate::gather::Excess;

    /// The lines of what is read in these parts: text, or the id of one that was too long.
    async fn lines(parts: &[&[u8]], max_bytes: usize) -> Vec<Result<String, Option<i64>>> {
        let (theirs, mut ours) = tokio::io::duplex(1);
        let parts: Vec<_> = parts.iter().map(|part| part.to_vec()).collect();
        let writing = tokio::spawn(async move {
            for part in parts {
                ours.write_all(&part).await.unwrap();
                ours.flush().await.unwrap();
            }
        });
        let mut lines = Lines::new(theirs, max_bytes);
        let mut read = Vec::new();
        while let Some(line) = lines.next().await.unwrap() {
            read.push(match line {
                Gathered::Whole(bytes) => Ok(String::from_utf8(bytes).unwrap()),
                Gathered::Refused(outline, excess) => {
                    assert_eq!(excess, Excess::Bytes(max_bytes));
                    Err(outline.id())
                }
            });
        }
        assert!(lines.next().await.unwrap().is_none(), "the end stays the end");
        writing.await.unwrap();
        read
    }

    fn whole(text: &str) -> Result<String, Option<i64>> {
        Ok(text.to_owned())
    }

    /// Reported of readers that decode each chunk by itself (typescript-sdk#2038, mcp-proxy#89): a character of several
    /// bytes is broken where a read ends inside it. Here through a pipe that holds one byte, and cut at every place.
    #[tokio::test]
    async fn it_does_not_matter_where_a_read_ends() {
        let text = "{\"a\":\"\u{2014}\u{1f600}\"}\n\n{\"b\":\"\u{e9}\"}\nend";
        let expected =
            [whole("{\"a\":\"\u{2014}\u{1f600}\"}"), whole(""), whole("{\"b\":\"\u{e9}\"}"), whole("end")];
        for cut in 0..=text.len() {
            let (first, second) = text.as_bytes().split_at(cut);
            assert_eq!(lines(&[first, second], 64).await, expected, "cut at {cut}");
        }
    }

    /// Reported of readers that close the connection on a long line, or lose the message before it (codex#31805).
    #[tokio::test]
    async fn a_line_past_the_bound_costs_no_other() {
        let long = format!("{{\"id\":7,\"a\":\"{}\"}}", "x".repeat(64));
        let text = format!("before\n{long}\n{}\n{long}", "y".repeat(16));
        let expected = [whole("before"), Err(Some(7)), whole(&"y".repeat(16)), Err(Some(7))];
        for cut in 0..=text.len() {
            let (first, second) = text.as_bytes().split_at(cut);
            assert_eq!(lines(&[first, second], 16).await, expected, "cut at {cut}");
        }
    }

    #[tokio::test]
    async fn the_bound_itself_is_allowed() {
        assert_eq!(lines(&[b"12345678\n123456789\n"], 8).await, [whole("12345678"), Err(None)]);
    }

    /// Reported of readers whose buffer keeps the size of the longest line (leantoken#269), or grows without end
    /// (vllm-studio#238).
    #[tokio::test]
    async fn what_is_held_is_bounded_and_given_back() {
        let endless = tokio::io::AsyncReadExt::take(tokio::io::repeat(b'x'), 4 * 1024 * 1024);
        let mut lines = Lines::new(endless, 1024);
        assert!(matches!(lines.next().await.unwrap(), Some(Gathered::Refused(..))));
        assert_eq!(lines.line.holds(), 0);
        assert!(lines.next().await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_read_that_is_broken_off_goes_on_where_it_was() {
        let (theirs, mut ours) = tokio::io::duplex(64);
        let mut lines = Lines::new(theirs, 64);
        for part in ["{\"a\"", ":1}"] {
            ours.write_all(part.as_bytes()).await.unwrap();
            tokio::select! {
                biased;
                _ = lines.next() => panic!("the line has no end yet"),
                () = std::future::ready(()) => {}
            }
        }
        ours.write_all(b"\n").await.unwrap();
        let Some(Gathered::Whole(line)) = lines.next().await.unwrap() else { panic!("no line") };
        assert_eq!(line, b"{\"a\":1}");
    }
}
