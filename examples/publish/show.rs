//! What a person sees. With `--json` standard output holds nothing but the last line; what a reviewer has to see before
//! answering then goes to standard error.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line program talks to its user")]

use std::error::Error;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use chimera::audit::verify::Verdict;
use chimera::contracts::publish::{PublicationResult, PublicationStatus, PublishOutput};
use chimera::effect::MediaIdentity;
use chimera::governance::Decision;
use chimera::skill_publish::Preview;
use comfy_table::{ContentArrangement, Table, presets};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::Failure;
use crate::host::PublicPosts;

pub(crate) struct Show {
    json: bool,
}

/// A line that moves while something is under way.
pub(crate) struct Progress(Option<ProgressBar>);

impl Progress {
    pub(crate) fn finish(self) {
        if let Some(bar) = self.0 {
            bar.finish_and_clear();
        }
    }
}

pub(crate) fn error(error: &(dyn Error + 'static)) {
    eprintln!("error: {error}");
    let mut source = error.source();
    while let Some(cause) = source {
        eprintln!("  because: {cause}");
        source = cause.source();
    }
}

impl Show {
    pub(crate) const fn new(json: bool) -> Self {
        Self { json }
    }

    fn say(&self, line: &str) {
        if !self.json {
            // Nobody may be listening any more (`| head`); that is no reason to stop half-way.
            let _ = writeln!(std::io::stdout(), "{line}");
        }
    }

    pub(crate) fn opened(&self, db: &Path) {
        self.say(&format!("database   {}", db.display()));
    }

    /// The ledger holds something, and this signer signed nothing of it: an earlier run was cut off, or its memory was lost.
    pub(crate) fn never_signed(&self) {
        eprintln!(
            "note: this key signed no checkpoint of this ledger yet; nothing tells whether it was rolled back before"
        );
    }

    pub(crate) fn parts(&self, media: &Path) {
        self.say("platforms  the sandbox: an MCP server over stdio, started as a child process; no real account is touched");
        self.say(&format!(
            "media      a probe that maps the bundle's URLs to {}; nothing is fetched",
            media.display()
        ));
    }

    /// Asks without ending the line.
    pub(crate) fn question(&self, question: &str) -> Result<(), Failure> {
        if self.json {
            eprint!("{question}");
        } else {
            print!("{question}");
        }
        Ok(std::io::stdout().flush()?)
    }

    pub(crate) fn previews(&self, previews: &[Preview], answered: bool) {
        let say = |line: &str| match (self.json, answered) {
            (false, _) => self.say(line),
            (true, false) => eprintln!("{line}"),
            (true, true) => {}
        };
        say("\nThe posts, exactly as they are sent:");
        for preview in previews {
            let Preview { platform, account, text, count, media, digest } = preview;
            say(&format!("\n  {platform} as {account} ({} of {})", count.used, count.limit));
            for line in text.lines() {
                say(&format!("  | {line}"));
            }
            for medium in media {
                let bytes = match medium.identity {
                    MediaIdentity::Sha256(digest) => format!("sha256 {digest}"),
                    MediaIdentity::ByReference => {
                        "by reference: whatever is there when the platform pulls it".to_owned()
                    }
                };
                say(&format!("  + {} ({bytes})", medium.url));
            }
            say(&format!("  effect sha256 {digest}"));
        }
        say("");
    }

    pub(crate) fn approved(&self, decision: &Decision, by_option: bool) {
        let how = if by_option { " (answered by --yes)" } else { "" };
        self.say(&format!("approved by {}{how}: decision {}", decision.approver.id, decision.id));
    }

    pub(crate) fn approved_before(&self, decision: &Decision) {
        self.say(&format!(
            "approved by {} at {}: decision {}",
            decision.approver.id, decision.decided_at, decision.id
        ));
    }

    pub(crate) fn progress(&self, what: &'static str) -> Progress {
        if self.json {
            return Progress(None);
        }
        self.say(&format!("{what} ..."));
        let bar = ProgressBar::new_spinner().with_message(what);
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(100));
        Progress(Some(bar))
    }

    /// How it stands between two asks.
    pub(crate) fn round(&self, output: &PublishOutput) {
        for result in &output.publications {
            let state = result.status.as_str();
            match (&result.error_code, result.next_attempt_at) {
                (Some(code), Some(at)) => {
                    self.say(&format!(
                        "  {}: {state}, {code}, may be asked again at {}",
                        result.platform,
                        at.format("%H:%M:%S%.3f")
                    ));
                }
                (Some(code), None) => self.say(&format!("  {}: {state}, {code}", result.platform)),
                _ => self.say(&format!("  {}: {state}", result.platform)),
            }
        }
    }

    pub(crate) fn result(&self, output: &PublishOutput, new_posts: usize) {
        let mut table = Table::new();
        table.load_style(presets::UTF8_FULL).set_content_arrangement(ContentArrangement::Dynamic);
        table.set_header(["platform", "status", "post", "approval", "event"]);
        for result in &output.publications {
            table.add_row([
                result.platform.to_string(),
                status(result),
                post(result),
                result
                    .approval
                    .as_ref()
                    .map(|approval| format!("{}\n{}", approval.approved_by.as_str(), approval.decision_id))
                    .unwrap_or_default(),
                result.event_id.map(|id| id.to_string()).unwrap_or_default(),
            ]);
        }
        self.say(&format!("\n{table}"));
        self.say(&format!("\n{}: {new_posts} new in public by this run", output.status.as_str()));
    }

    pub(crate) fn evidence(&self, verdict: &Verdict, folder: Option<&Path>) {
        self.say(&format!("ledger verified by recomputation: {verdict}"));
        if let Some(folder) = folder {
            self.say(&format!("exported to {}: ledger.jsonl, log.pub", folder.display()));
        }
    }

    /// The last line: counts from the sandbox's own record and from the final answer.
    pub(crate) fn summary(
        &self,
        output: &PublishOutput,
        verdict: &Verdict,
        public: &PublicPosts,
    ) -> Result<(), Failure> {
        let count = |status| output.publications.iter().filter(|result| result.status == status).count();
        let summary = Summary {
            posts: public.posts,
            duplicates: public.duplicates,
            unknown: count(PublicationStatus::Unknown),
            refused: count(PublicationStatus::Failed),
            audit: Audit { events: verdict.events, verified: true, root: verdict.root.to_string() },
        };
        if self.json {
            writeln!(std::io::stdout(), "{}", serde_json::to_string(&summary)?)?;
        } else {
            self.say(&format!(
                "counted in the sandbox's own record: {} posts, {} duplicates",
                summary.posts, summary.duplicates
            ));
        }
        Ok(())
    }
}

fn status(result: &PublicationResult) -> String {
    match (&result.error_code, &result.error_message) {
        (Some(code), Some(message)) => format!("{}\n{code}\n{message}", result.status.as_str()),
        (Some(code), None) => format!("{}\n{code}", result.status.as_str()),
        _ => result.status.as_str().to_owned(),
    }
}

fn post(result: &PublicationResult) -> String {
    let id = result.external_id.as_deref().unwrap_or("-");
    match &result.external_url {
        Some(url) => format!("{id}\n{url}"),
        None => id.to_owned(),
    }
}

/// The line that `--json` prints.
#[derive(Serialize)]
struct Summary {
    posts: usize,
    duplicates: usize,
    unknown: usize,
    refused: usize,
    audit: Audit,
}

#[derive(Serialize)]
struct Audit {
    events: u64,
    /// Always true: an export that does not verify ends the program with an error.
    verified: bool,
    root: String,
}
