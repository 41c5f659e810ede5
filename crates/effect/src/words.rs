//! What is told of an effect that is not settled: what came, why it settles nothing, what happens next and when, and what a
//! person can do. That *the answer was lost* is said only when none came.

use std::fmt::Write as _;

use chrono::{DateTime, SecondsFormat, Utc};

use crate::record::EffectRecord;
use crate::state::EffectState;

impl EffectRecord {
    /// Where an unknown effect stands, or why an admitted one waits; `None` when nothing is open about it.
    #[must_use]
    pub fn open_words(&self) -> Option<String> {
        match self.progress.state {
            EffectState::Unknown => Some(self.unknown_words()),
            _ => self.progress.waits_for.map(|other| {
                let mut words = format!(
                    "it waits: the outcome of effect {other}, whose text is equal, is not known, and two posts alike \
                     could not be told apart"
                );
                if self.progress.needs_human {
                    words.push_str("; a person has to settle that effect first");
                }
                words
            }),
        }
    }

    fn unknown_words(&self) -> String {
        let progress = &self.progress;
        let mut words = progress.open_reason.clone().unwrap_or_else(|| "the outcome is not known".to_owned());
        for candidate in progress.candidates.iter().rev().take(1) {
            let _ = write!(words, "; the answer names `{}`, which is looked up", candidate.id);
        }
        if let Some(look) = &progress.latest_look {
            let _ = write!(words, "; look {} at {}", progress.looks, short(look.at));
            if !look.report.saw.is_empty() {
                let _ = write!(words, " saw {}", look.report.saw);
            }
            if let Some(missing) = &look.report.missing {
                let _ = write!(words, ": {missing}");
            }
        }
        let next = progress.due_at.map(short);
        words.push_str(&match (progress.needs_human, next) {
            (true, Some(next)) => {
                format!("; a person can settle it now, and it is looked for again at {next}")
            }
            (true, None) => "; only a person can settle it".to_owned(),
            (false, Some(next)) => format!("; it is looked for at {next}, and never sent again blindly"),
            (false, None) => "; it is never sent again blindly".to_owned(),
        });
        words
    }
}

fn short(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
