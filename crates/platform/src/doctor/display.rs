//! A diagnosis in words. What several kinds of a platform share is said once, at the first of them; what to do stands behind the
//! last of the faults that it is about.

use std::fmt;

use serde_json::Value;

use super::diagnosis::{
    Absence, Diagnosis, Health, KindDiagnosis, Observation, PlatformDiagnosis, SampleCall,
};
use super::to_do::ToDo;

/// How many open lines are told.
const TO_DOS: usize = 30;

impl fmt::Display for Diagnosis {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for platform in &self.platforms {
            writeln!(formatter, "{platform}")?;
        }
        to_dos(formatter, &self.to_dos)?;
        write!(formatter, "{}", self.verdict())
    }
}

fn to_dos(formatter: &mut fmt::Formatter<'_>, to_dos: &[ToDo]) -> fmt::Result {
    if to_dos.is_empty() {
        return Ok(());
    }
    writeln!(formatter, "open in the profile: decide each, then delete its `to do`")?;
    for ToDo { line, text } in to_dos.iter().take(TO_DOS) {
        writeln!(formatter, "  line {line}: {text}")?;
    }
    if to_dos.len() > TO_DOS {
        writeln!(formatter, "  and {} more", to_dos.len().saturating_sub(TO_DOS))?;
    }
    writeln!(formatter)
}

impl fmt::Display for PlatformDiagnosis {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { platform, server, account, .. } = self;
        writeln!(formatter, "{platform} as `{account}`, by the server `{server}`")?;
        let own: Vec<Line<'_>> = self.observations.iter().map(Line::alone).collect();
        lines(formatter, "  ", &own)?;
        for (at, kind) in self.kinds.iter().enumerate() {
            let (before, rest) = self.kinds.split_at_checked(at).unwrap_or_default();
            let after = rest.split_first().map(|(_, after)| after).unwrap_or_default();
            of_kind(formatter, before, kind, after)?;
        }
        Ok(())
    }
}

impl fmt::Display for KindDiagnosis {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        of_kind(formatter, &[], self, &[])
    }
}

/// One kind, without what was said of one before it.
fn of_kind(
    formatter: &mut fmt::Formatter<'_>,
    before: &[KindDiagnosis],
    kind: &KindDiagnosis,
    after: &[KindDiagnosis],
) -> fmt::Result {
    let served = if kind.served { "served" } else { "not served" };
    writeln!(formatter, "\n  {}: {served}", kind.kind.as_str())?;
    let is_said = |found: &Observation| before.iter().any(|kind| kind.shares(found));
    let (said, own): (Vec<&Observation>, Vec<&Observation>) =
        kind.observations.iter().partition(|found| is_said(found));
    if !said.is_empty() {
        let mut about: Vec<String> = said.iter().map(|found| format!("`{}`", found.about)).collect();
        about.dedup();
        writeln!(formatter, "    said above: {}", about.join(", "))?;
    }
    let with = |found| Line {
        found,
        also: after.iter().filter(|kind| kind.shares(found)).map(|kind| kind.kind.as_str()).collect(),
    };
    lines(formatter, "    ", &own.into_iter().map(with).collect::<Vec<_>>())?;
    writeln!(formatter, "    absence is proven {}", kind.absence)?;
    kind.samples.iter().try_for_each(|call| writeln!(formatter, "    would send {call}"))
}

impl KindDiagnosis {
    /// Whether the same was found of it. What fits is told of each kind.
    fn shares(&self, found: &Observation) -> bool {
        found.health != Health::Fit && self.observations.contains(found)
    }
}

/// An observation, with the other kinds of which the same was found.
struct Line<'a> {
    found: &'a Observation,
    also: Vec<&'static str>,
}

impl<'a> Line<'a> {
    fn alone(found: &'a Observation) -> Self {
        Self { found, also: Vec::new() }
    }
}

/// Each observation, and behind the last of those with the same fix what it is.
fn lines(formatter: &mut fmt::Formatter<'_>, indent: &str, lines: &[Line<'_>]) -> fmt::Result {
    for (at, Line { found, also }) in lines.iter().enumerate() {
        let Observation { about, text, fix, .. } = found;
        let also = if also.is_empty() { String::new() } else { format!(" (also {})", also.join(", ")) };
        let text = indented(text, indent);
        writeln!(formatter, "{indent}{} {about}{also}: {text}", found.health)?;
        let again = lines.get(at.saturating_add(1)).is_some_and(|next| next.found.fix == *fix);
        if let Some(fix) = fix.as_ref().filter(|_| !again) {
            writeln!(formatter, "{indent}{NO_HEALTH} fix: {}", indented(fix, indent))?;
        }
    }
    Ok(())
}

/// What stands in the place of a health.
const NO_HEALTH: &str = "       ";

/// A text of several lines, so that what a server wrote is no line of ours.
fn indented(text: &str, indent: &str) -> String {
    text.lines().collect::<Vec<_>>().join(&format!("\n{indent}{NO_HEALTH} | "))
}

impl fmt::Display for Health {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Fit => "ok     ",
            Self::Hint => "hint   ",
            Self::Untried => "untried",
            Self::Mend => "MEND   ",
        })
    }
}

impl fmt::Display for Observation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}: {}", self.health, self.about, self.text)?;
        self.fix.iter().try_for_each(|fix| write!(formatter, "; fix: {fix}"))
    }
}

impl fmt::Display for Absence {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::State => formatter.write_str("by the tool of `state`"),
            Self::Complete => formatter.write_str("by completeness"),
            Self::Reach { shown: true } => formatter.write_str("by reach: the list goes back by its times"),
            Self::Reach { shown: false } => {
                formatter.write_str("by reach once there is an older post: two of different times")
            }
            Self::SentAgain => {
                formatter.write_str("by nothing, and need not be: a lost call is sent again within an hour")
            }
            Self::Never { add } => write!(formatter, "never: a lost answer ends at a person; {add}"),
            Self::Unread => formatter.write_str("by nothing that is known: the list was not read"),
        }
    }
}

impl fmt::Display for SampleCall {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { step, media, tool, arguments } = self;
        let media = media.map(|media| format!(" with {media}")).unwrap_or_default();
        let arguments = Value::Object(arguments.clone());
        write!(formatter, "({step}{media}) {tool} {arguments}")
    }
}
