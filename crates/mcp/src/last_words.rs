//! What a server writes to its standard error: always drained, so that it never blocks on it; forwarded to the log
//! line by line; and its end kept, because that is what explains a server that does not start.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::{io::AsyncReadExt, process::ChildStderr};

use crate::known::KnownSecrets;

/// How much is kept. More than is shown, so that redaction sees whole lines.
const KEPT: usize = 8 * 1024;
/// How much of it an error shows.
const SHOWN: usize = 1024;
/// The longest line that is logged; a longer one might be cut in the middle of a secret.
const LONGEST_LINE: usize = 4 * 1024;

/// The end of a server's standard error.
#[derive(Clone, Debug, Default)]
pub(crate) struct LastWords {
    secrets: Arc<KnownSecrets>,
    kept: Arc<Mutex<Kept>>,
}

#[derive(Debug, Default)]
struct Kept {
    bytes: VecDeque<u8>,
    /// Something before was dropped.
    cut: bool,
}

impl LastWords {
    /// Of a server that was given these secrets.
    pub(crate) fn new(secrets: Arc<KnownSecrets>) -> Self {
        Self { secrets, kept: Arc::default() }
    }

    /// Reads until the stream ends.
    pub(crate) async fn drain(self, server: String, mut stderr: ChildStderr) {
        let mut chunk = vec![0; 4 * 1024];
        let secrets = Arc::clone(&self.secrets);
        let mut lines = Lines { server, secrets, line: Vec::new(), too_long: false };
        while let Ok(read @ 1..) = stderr.read(&mut chunk).await {
            let bytes = chunk.get(..read).unwrap_or_default();
            self.keep(bytes);
            lines.take(bytes);
        }
        lines.end();
    }

    fn keep(&self, bytes: &[u8]) {
        // Never held across an await; a panic elsewhere leaves bytes that are still bytes.
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.bytes.extend(bytes);
        let over = kept.bytes.len().saturating_sub(KEPT);
        kept.bytes.drain(..over);
        kept.cut |= over > 0;
    }

    /// The last kilobyte of whole lines, redacted; empty when it said nothing.
    pub(crate) fn shown(&self) -> String {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let cut = kept.cut;
        let text = String::from_utf8_lossy(kept.bytes.make_contiguous()).into_owned();
        // The first line may have lost the word that tells a secret.
        let whole = if cut { text.split_once('\n').map_or("", |(_, rest)| rest) } else { &text };
        end_of(self.secrets.now().redact(whole).trim())
    }
}

/// What stands before a text of which something was left out.
const LEFT_OUT: &str = "\u{2026}\n";

/// The last lines that fit into [`SHOWN`] bytes. Where the text is longer, stack frames go first: Node.js and a group of
/// Python's exceptions say why before them, and a deep stack would push that out.
fn end_of(text: &str) -> String {
    if text.len() <= SHOWN {
        return text.to_owned();
    }
    let limit = SHOWN.saturating_sub(LEFT_OUT.len());
    let lines: Vec<&str> = text.lines().filter(|line| !is_frame(line)).collect();
    let mut left = limit;
    let fits = |line: &&&str| {
        let rest = left.checked_sub(line.len().saturating_add(1));
        left = rest.unwrap_or_default();
        rest.is_some()
    };
    let fitting = lines.iter().rev().take_while(fits).count();
    let lines = lines.get(lines.len().saturating_sub(fitting)..).unwrap_or_default().join("\n");
    // The last line alone may be longer than what is shown.
    let shown = if lines.is_empty() { last_bytes(text, limit) } else { lines.as_str() };
    format!("{LEFT_OUT}{shown}")
}

/// A line that says where a program was and not why it ended: `    at f (file.js:1:2)`, `  File "x.py", line 1, in f`, the
/// latter also behind the bar of a group of exceptions.
fn is_frame(line: &str) -> bool {
    let code = line.trim_start_matches(['|', ' ', '\t']);
    code.len() < line.len() && (code.starts_with("at ") || code.starts_with("File \""))
}

/// The last `limit` bytes of a text, or a little less: characters stay whole.
fn last_bytes(text: &str, limit: usize) -> &str {
    let from = text.len().saturating_sub(limit);
    (from..=text.len()).find_map(|from| text.get(from..)).unwrap_or_default()
}

/// Cuts what comes into lines for the log.
struct Lines {
    server: String,
    secrets: Arc<KnownSecrets>,
    line: Vec<u8>,
    too_long: bool,
}

impl Lines {
    fn take(&mut self, bytes: &[u8]) {
        if !tracing::enabled!(tracing::Level::DEBUG) {
            return;
        }
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.too_long |= self.line.len().saturating_add(part.len()) > LONGEST_LINE;
            if self.too_long {
                self.line.clear();
            } else {
                self.line.extend_from_slice(part);
            }
            if part.ends_with(b"\n") {
                self.end();
            }
        }
    }

    fn end(&mut self) {
        if self.too_long {
            tracing::debug!(server = self.server, "stderr: a line too long to be shown");
        } else if !self.line.is_empty() {
            let text = String::from_utf8_lossy(&self.line);
            tracing::debug!(server = self.server, "stderr: {}", self.secrets.now().redact(text.trim_end()));
        }
        self.line.clear();
        self.too_long = false;
    }
}

#[cfg(test)]
mod tests {
    use chimera_audit::Secrets;

    use super::*;
    use crate::logged::logged;

    /// Reported: a server logs the key that it was given (metabase-mcp#33, tripadvisor-mcp#2), and a host repeats it.
    #[test]
    fn a_secret_is_not_logged_wherever_a_read_ends() {
        let text = b"X-Odd-Header=swordfish\nagain swordfish";
        for cut in 0..=text.len() {
            let log = logged(|| {
                let secrets = Arc::new(KnownSecrets::new(Secrets::new(["swordfish".to_owned()])));
                let mut lines = Lines { server: "x".to_owned(), secrets, line: Vec::new(), too_long: false };
                let (first, second) = text.split_at(cut);
                lines.take(first);
                lines.take(second);
                lines.end();
            });
            assert_eq!(log.matches("[redacted]").count(), 2, "cut at {cut}: {log}");
            assert!(!log.contains("sword") && !log.contains("fish"), "cut at {cut}: {log}");
        }
    }

    #[test]
    fn the_end_is_shown_and_redacted() {
        let words = LastWords::new(Arc::new(KnownSecrets::new(Secrets::new(["swordfish".to_owned()]))));
        assert_eq!(words.shown(), "");
        words.keep(b"swordfish is no API key: api_key=abcdef\n");
        assert_eq!(words.shown(), "[redacted] is no API key: api_key=[redacted]");
    }

    #[test]
    fn a_line_that_was_cut_is_not_shown() {
        let words = LastWords::default();
        words.keep(b"api_key=");
        words.keep(&[b's'; KEPT]);
        assert_eq!(words.shown(), "");
        words.keep("\nthe end, \u{e4}".as_bytes());
        assert_eq!(words.shown(), "the end, \u{e4}");
    }

    #[test]
    fn no_more_than_a_kilobyte_is_shown() {
        let words = LastWords::default();
        words.keep("\u{20ac}".repeat(1_000).as_bytes());
        let shown = words.shown();
        assert!(shown.len() <= SHOWN && shown.len() > SHOWN - 3, "{}", shown.len());
        let shown = shown.strip_prefix(LEFT_OUT).unwrap();
        assert!(shown.chars().all(|character| character == '\u{20ac}'));
    }

    /// Why a program ended stands in the last lines of Python, and in Node.js before its stack.
    #[test]
    fn the_reason_is_shown_behind_or_before_a_long_stack() {
        let frames = |form: &dyn Fn(usize) -> String| (0..40).map(form).collect::<String>();
        let python =
            frames(&|at| format!("  File \"/site-packages/run.py\", line {at}, in run\n    run({at})\n"));
        let group = frames(&|at| format!("    |   File \"/site-packages/anyio.py\", line {at}, in wait\n"));
        let node =
            frames(&|at| format!("    at run (file:///usr/lib/node_modules/server/index.js:{at}:7)\n"));
        for (said, reason) in [
            (format!("Traceback (most recent call last):\n{python}KeyError: 'TOKEN'\n"), "KeyError: 'TOKEN'"),
            (
                format!("    | KeyError: 'TOKEN'\n{group}    +------------\n"),
                "KeyError: 'TOKEN'\n    +------------",
            ),
            (
                format!("Error: no TOKEN is set\n{node}\nNode.js v20.20.2\n"),
                "Error: no TOKEN is set\n\nNode.js v20.20.2",
            ),
        ] {
            let words = LastWords::default();
            words.keep(said.as_bytes());
            let shown = words.shown();
            assert!(shown.ends_with(reason), "{shown}");
            assert!(shown.starts_with(LEFT_OUT) && shown.len() <= SHOWN, "{shown}");
            assert!(!shown.contains("File \""), "{shown}");
        }
    }
}
