//! What happened in a run, as a person reads it: when, who, what.

use std::fmt;

/// The lines of one run. Off by default: a run of many writes nothing down.
#[derive(Debug, Default)]
pub struct Trace {
    on: bool,
    lines: Vec<Line>,
}

#[derive(Debug)]
struct Line {
    at_ms: i64,
    who: &'static str,
    what: String,
}

impl Trace {
    /// A trace that is written.
    #[must_use]
    pub const fn on() -> Self {
        Self { on: true, lines: Vec::new() }
    }

    /// Writes a line, where the trace is on.
    pub fn line(&mut self, at_ms: i64, who: &'static str, what: impl FnOnce() -> String) {
        if self.on {
            self.lines.push(Line { at_ms, who, what: what() });
        }
    }
}

impl fmt::Display for Trace {
    /// What is said again and again in the same words stands there once, with how often.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for lines in self.lines.chunk_by(|one, next| one.who == next.who && one.what == next.what) {
            let [Line { at_ms, who, what }, rest @ ..] = lines else { continue };
            let sign = if *at_ms < 0 { '-' } else { ' ' };
            let (seconds, millis) = (at_ms.unsigned_abs() / 1_000, at_ms.unsigned_abs() % 1_000);
            let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
            write!(f, "{sign}{hours:>3}:{minutes:02}:{seconds:02}.{millis:03}  {who:<8} {what}")?;
            match rest.last() {
                Some(last) => {
                    let span = (last.at_ms - at_ms) / 1_000;
                    writeln!(f, "  (and {} times more in {span} s)", rest.len())?;
                }
                None => writeln!(f)?,
            }
        }
        Ok(())
    }
}
