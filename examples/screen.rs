//! What a person sees. With `--json` standard output holds nothing but the last line; what a reviewer has to see before
//! answering then goes to standard error.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line program talks to its user")]

use std::error::Error;
use std::fmt::Display;
use std::io::{BufRead, Write as _};
use std::path::Path;
use std::time::Duration;

use chimera::audit::verify::Verdict;
use comfy_table::{ContentArrangement, Row, Table, presets};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::Failure;

/// Where an example talks to.
#[derive(Clone, Copy, Debug)]
pub struct Screen {
    json: bool,
    yes: bool,
}

/// What a reviewer answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It may happen.
    Yes,
    /// It may not.
    No,
    /// Nothing that counts, so that nothing happens.
    Nothing,
}

/// A line that moves while something is under way.
#[derive(Debug)]
pub struct Progress(Option<ProgressBar>);

impl Progress {
    /// Takes the line away.
    pub fn finish(self) {
        if let Some(bar) = self.0 {
            bar.finish_and_clear();
        }
    }
}

/// Tells what ended the program, with its causes.
pub fn error(error: &(dyn Error + 'static)) {
    eprintln!("error: {error}");
    let mut source = error.source();
    while let Some(cause) = source {
        eprintln!("  because: {cause}");
        source = cause.source();
    }
}

impl Screen {
    /// A screen for somebody who wants one line of JSON or everything, and answers by option or by hand.
    #[must_use]
    pub const fn new(json: bool, yes: bool) -> Self {
        Self { json, yes }
    }

    /// Says something to whoever watches.
    pub fn say(&self, line: impl Display) {
        if !self.json {
            // Nobody may be listening any more (`| head`); that is no reason to stop half-way.
            let _ = writeln!(std::io::stdout(), "{line}");
        }
    }

    /// Says something that a reviewer has to see before answering.
    pub fn show(&self, line: impl Display) {
        match (self.json, self.yes) {
            (false, _) => self.say(line),
            (true, false) => eprintln!("{line}"),
            (true, true) => {}
        }
    }

    /// Which database is in use.
    pub fn opened(&self, db: &Path) {
        self.say(format_args!("database   {}", db.display()));
    }

    /// The ledger holds something, and this signer signed nothing of it: an earlier run was cut off, or its memory was lost.
    pub fn never_signed(&self) {
        eprintln!(
            "note: this key signed no checkpoint of this ledger yet; nothing tells whether it was rolled back before"
        );
    }

    /// What stands in for real parts.
    pub fn parts(&self, media: &Path) {
        self.say(
            "platforms  the sandbox: an MCP server over stdio, started as a child process; no real account is touched",
        );
        self.say(format_args!(
            "media      a probe that maps the bundle's URLs to {}; nothing is fetched",
            media.display()
        ));
    }

    /// Asks the reviewer, unless `--yes` answers.
    ///
    /// # Errors
    /// When nobody can be asked.
    pub fn ask(&self, question: &str) -> Result<Answer, Failure> {
        if self.yes {
            return Ok(Answer::Yes);
        }
        if self.json {
            eprint!("{question} [y/N] ");
        } else {
            print!("{question} [y/N] ");
        }
        std::io::stdout().flush()?;
        let mut answer = String::new();
        std::io::stdin().lock().read_line(&mut answer)?;
        Ok(match answer.trim().to_ascii_lowercase().as_str() {
            "y" | "yes" => Answer::Yes,
            "n" | "no" => Answer::No,
            _ => Answer::Nothing,
        })
    }

    /// How a question was answered, for the line that tells the answer.
    #[must_use]
    pub const fn how(&self) -> &'static str {
        if self.yes { " (answered by --yes)" } else { "" }
    }

    /// Something takes a while.
    #[must_use]
    pub fn progress(&self, what: String) -> Progress {
        if self.json {
            return Progress(None);
        }
        self.say(format_args!("{what} ..."));
        let bar = ProgressBar::new_spinner().with_message(what);
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(100));
        Progress(Some(bar))
    }

    /// A table.
    pub fn table<const N: usize>(&self, header: [&str; N], rows: impl IntoIterator<Item = [String; N]>) {
        let mut table = Table::new();
        table.load_style(presets::UTF8_FULL).set_content_arrangement(ContentArrangement::Dynamic);
        table.set_header(header);
        table.add_rows(rows.into_iter().map(Row::from));
        self.say(format_args!("\n{table}"));
    }

    /// What the verifier found.
    pub fn evidence(&self, verdict: &Verdict, folder: Option<&Path>) {
        self.say(format_args!("ledger verified by recomputation: {verdict}"));
        if let Some(folder) = folder {
            self.say(format_args!("exported to {}: ledger.jsonl, log.pub", folder.display()));
        }
    }

    /// The last line: as JSON where that was asked for, else in words.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn last(&self, summary: &impl Serialize, words: impl Display) -> Result<(), Failure> {
        if self.json {
            writeln!(std::io::stdout(), "{}", serde_json::to_string(summary)?)?;
        } else {
            self.say(words);
        }
        Ok(())
    }
}

/// What the last line tells of the ledger.
#[derive(Clone, Debug, Serialize)]
pub struct Audit {
    events: u64,
    /// Always true: an export that does not verify ends the program with an error.
    verified: bool,
    root: String,
}

impl From<&Verdict> for Audit {
    fn from(verdict: &Verdict) -> Self {
        Self { events: verdict.events, verified: true, root: verdict.root.to_string() }
    }
}
