//! What is told of an effect that is not settled: what came, why it settles nothing, what happens next and when, and what a
//! person can do. That *the answer was lost* is said only when none came.

use std::fmt::Write as _;

use chrono::{DateTime, SecondsFormat, Utc};

use crate::effect::EffectKind;
use crate::journal::AccountKey;
use crate::pause::{PauseCause, PauseKey, PauseScope};
use crate::record::EffectRecord;
use crate::state::EffectState;

impl EffectRecord {
    /// Where an unknown effect stands, or why an admitted one waits; `None` when nothing is open about it.
    #[must_use]
    pub fn open_words(&self) -> Option<String> {
        match self.progress.state {
            EffectState::Unknown => Some(self.unknown_words()),
            _ if self.progress.paused_by.is_some() => self.progress.paused_by.as_ref().map(held_words),
            _ => self.progress.waits_for.map(|other| {
                let mut words = format!(
                    "it waits: the outcome of effect {other}, whose text is or may be equal, is not known, and two posts \
                     alike could not be told apart"
                );
                if self.progress.needs_human {
                    words.push_str("; a person has to settle that effect first");
                }
                words
            }),
        }
    }

    /// What is public of this effect that should not be; `None` when nothing is.
    #[must_use]
    pub fn incident_words(&self) -> Option<String> {
        let latest = self.progress.incidents.last()?;
        let named = latest.post.url.as_ref().unwrap_or(&latest.post.id);
        let others = self.progress.incidents.len().saturating_sub(1);
        let more = if others > 0 { format!(", and {others} more before it") } else { String::new() };
        Some(format!("incident: {} (`{named}`, answer to attempt {}){more}", latest.what, latest.attempt))
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
            (false, Some(next)) => {
                format!(
                    "; it is looked for at {next}, and a person who sees the account can settle it before"
                )
            }
            (false, None) => "; a person who sees the account can settle it".to_owned(),
        });
        if self.kind() == EffectKind::Undo {
            words.push_str("; it is *there* once the post is gone");
        }
        words
    }
}

/// What stops an effect, and who ends that.
fn held_words(pause: &PauseKey) -> String {
    let what = match &pause.scope {
        PauseScope::All => "everything".to_owned(),
        PauseScope::Namespace(namespace) => format!("the namespace `{}`", namespace.as_str()),
        PauseScope::Account(AccountKey { platform, account }) => {
            format!("the account `{account}` on {platform}")
        }
    };
    match pause.cause {
        PauseCause::Ordered => format!("it waits: {what} is paused until a principal resumes it"),
        PauseCause::Credentials => format!(
            "it waits: {what} is stopped because the platform does not accept its credentials; renew them, then \
             a principal resumes it"
        ),
    }
}

fn short(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests {
    use chimera_contracts::{
        CampaignId, DecisionId, EffectId, Money, Namespace, PlatformName, RequestId, SkillName, derive_uuid,
    };
    use chimera_governance::{Approver, ApproverRole, Authority};
    use chrono::TimeDelta;

    use super::*;
    use crate::effect::{Effect, EffectV1};
    use crate::look::LookReport;
    use crate::outcome::{Candidate, FoundBy};
    use crate::record::{CallKey, LatestLook, Progress, RequestKey};

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_767_225_600 + seconds, 0).unwrap()
    }

    fn unknown(reason: Option<&str>) -> Progress {
        Progress {
            v: 1,
            state: EffectState::Unknown,
            epoch: 1,
            version: 2,
            attempts: 1,
            began_at: Some(at(0)),
            send_before: Some(at(10)),
            settled_from: Some(at(15)),
            unsettled_since: Some(at(0)),
            claims: None,
            resend_refused: false,
            absent_looks: 0,
            needs_human: false,
            due_at: Some(at(15)),
            lease: None,
            uploads: Vec::new(),
            post: None,
            refusal: None,
            cost: None,
            spent: None,
            held: true,
            changed_at: at(0),
            last_step: None,
            pending_id: None,
            said: None,
            found_by: FoundBy::Answer,
            open_reason: reason.map(str::to_owned),
            candidates: Vec::new(),
            looks: 0,
            latest_look: None,
            waits_for: None,
            paused_by: None,
            incidents: Vec::new(),
            taken_back: Vec::new(),
        }
    }

    fn record(progress: Progress) -> EffectRecord {
        let id = |what: &str| derive_uuid("test", &[what.as_bytes()]);
        let key =
            RequestKey { namespace: Namespace::default(), skill: SkillName::Publish, key: "k".to_owned() };
        let effect = Effect::new(EffectV1 {
            namespace: Namespace::default(),
            campaign: CampaignId::from_uuid(id("campaign")),
            kind: EffectKind::Publish,
            platform: PlatformName::Twitter,
            account: "us".to_owned(),
            target: None,
            text: "a text".to_owned(),
            media: Vec::new(),
            disclosure: None,
            not_before: None,
            not_after: None,
        })
        .unwrap();
        EffectRecord {
            id: EffectId::from_uuid(id("effect")),
            request: RequestId::from_uuid(id("request")),
            position: 0,
            call_key: CallKey::of(&key, &effect),
            decision: DecisionId::from_uuid(id("decision")),
            approver: Approver { id: "ann".to_owned(), role: ApproverRole::HitlReviewer },
            authority: Authority::Listed,
            undoes: None,
            price: Money::usd_micros(1),
            effect,
            progress,
        }
    }

    fn check(progress: Progress, expected: &str) {
        assert_eq!(record(progress).open_words().as_deref(), Some(expected));
    }

    const LOST: Option<&str> = Some("no answer came from `twitter`: the connection broke");
    const NAMED: Option<&str> = Some("the answer of `twitter` names a post beside an error: HTTP 429");

    fn looked(saw: &str, missing: Option<&str>) -> LatestLook {
        let report = LookReport {
            asked: "publish by `us` on twitter".to_owned(),
            saw: saw.to_owned(),
            missing: missing.map(str::to_owned),
            in_doubt: Vec::new(),
        };
        LatestLook { at: at(16), report }
    }

    #[test]
    fn of_an_undo_there_means_gone() {
        let post = record(unknown(LOST));
        let undo = chimera_governance::Reversible::undo(&post.effect, "17").unwrap();
        let words = EffectRecord { effect: undo, ..post }.open_words().unwrap();
        assert!(words.ends_with("can settle it before; it is *there* once the post is gone"), "{words}");
    }

    #[test]
    fn what_is_said_of_what_is_unknown() {
        check(
            unknown(LOST),
            "no answer came from `twitter`: the connection broke; it is looked for at 2026-01-01T00:00:15Z, and a person \
             who sees the account can settle it before",
        );
        let first = Candidate { id: "1".to_owned(), url: None, may_be_older: false };
        let named = Candidate { id: "2".to_owned(), url: None, may_be_older: false };
        check(
            Progress { candidates: vec![first, named], ..unknown(NAMED) },
            "the answer of `twitter` names a post beside an error: HTTP 429; the answer names `2`, which is looked up; \
             it is looked for at 2026-01-01T00:00:15Z, and a person who sees the account can settle it before",
        );
        let saw = "3 items in 1 pages, the last of 2025-12-31T00:00:00Z";
        check(
            Progress {
                looks: 1,
                latest_look: Some(looked(saw, None)),
                due_at: Some(at(18)),
                ..unknown(LOST)
            },
            "no answer came from `twitter`: the connection broke; look 1 at 2026-01-01T00:00:16Z saw 3 items in 1 \
             pages, the last of 2025-12-31T00:00:00Z; it is looked for at 2026-01-01T00:00:18Z, and a person who \
             sees the account can settle it before",
        );
        check(
            Progress {
                looks: 2,
                latest_look: Some(looked("", Some("the tool `list_posts` failed: HTTP 500"))),
                due_at: Some(at(20)),
                ..unknown(LOST)
            },
            "no answer came from `twitter`: the connection broke; look 2 at 2026-01-01T00:00:16Z: the tool \
             `list_posts` failed: HTTP 500; it is looked for at 2026-01-01T00:00:20Z, and a person who \
             sees the account can settle it before",
        );
        check(
            Progress {
                looks: 9,
                latest_look: Some(looked(saw, Some("1 item is in doubt"))),
                due_at: Some(at(600)),
                needs_human: true,
                ..unknown(LOST)
            },
            "no answer came from `twitter`: the connection broke; look 9 at 2026-01-01T00:00:16Z saw 3 items in 1 \
             pages, the last of 2025-12-31T00:00:00Z: 1 item is in doubt; a person can settle it now, and it is looked \
             for again at 2026-01-01T00:10:00Z",
        );
        check(
            Progress { needs_human: true, due_at: None, ..unknown(None) },
            "the outcome is not known; only a person can settle it",
        );
        check(
            Progress { due_at: None, ..unknown(None) },
            "the outcome is not known; a person who sees the account can settle it",
        );
    }

    /// That an answer was lost, or none came, is said by the one who knows it alone.
    #[test]
    fn nothing_is_called_lost_that_came() {
        let reasons = [None, NAMED, Some("the server failed, and does not tell how far it came: exit 1")];
        let looks = [None, Some(looked("3 items", Some("1 item is in doubt")))];
        for reason in reasons {
            for latest_look in looks.clone() {
                for needs_human in [false, true] {
                    for due_at in [None, Some(at(20))] {
                        let latest_look = latest_look.clone();
                        let progress = Progress { latest_look, needs_human, due_at, ..unknown(reason) };
                        let said = record(progress).open_words().unwrap();
                        assert!(!said.contains("lost") && !said.contains("no answer"), "{said}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_said_of_what_waits() {
        let other = EffectId::from_uuid(derive_uuid("test", &[b"other"]));
        let admitted = Progress { state: EffectState::Admitted, waits_for: Some(other), ..unknown(None) };
        let waits = format!(
            "it waits: the outcome of effect {other}, whose text is or may be equal, is not known, and two posts alike \
             could not be told apart"
        );
        check(admitted.clone(), &waits);
        check(
            Progress { needs_human: true, ..admitted },
            &format!("{waits}; a person has to settle that effect first"),
        );
    }

    #[test]
    fn nothing_is_said_of_what_is_known() {
        for state in EffectState::ALL.into_iter().filter(|state| *state != EffectState::Unknown) {
            let progress = Progress { state, due_at: Some(at(15) + TimeDelta::days(1)), ..unknown(LOST) };
            assert_eq!(record(progress).open_words(), None, "{state}");
        }
    }
}
