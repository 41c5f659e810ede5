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
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Line { at_ms, who, what } in &self.lines {
            let (seconds, rest) = (at_ms.div_euclid(1_000), at_ms.rem_euclid(1_000));
            let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
            writeln!(f, "{hours:>4}:{minutes:02}:{seconds:02}.{rest:03}  {who:<8} {what}")?;
        }
        Ok(())
    }
}
