//! One entry of the ledger, read: what happened, to what, as types.
//!
//! The words are those of `specs/evidence.md`. What does not fit them is told as [`What::Other`]: a later version may have
//! written it, and a follower has to see it all the same.

use std::borrow::Cow;

use chimera_contracts::{
    CorrelationId, Digest, EffectId, ErrorCode, EventId, Namespace, PlatformName, RequestId, ReviewId,
};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::draft::EventType;
use crate::ledger::Entry;
use crate::ledger_error::LedgerError;
use crate::statement::Token;
use crate::subject::Subject;

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its place in the ledger, from 0.
    pub position: u64,
    /// The event.
    pub id: EventId,
    /// When it was recorded, by the store's clock.
    pub at: DateTime<Utc>,
    /// The tenant.
    pub namespace: Namespace,
    /// The trace that it belongs to.
    pub correlation: Option<CorrelationId>,
    /// What it is about. Of an entry of a version before subjects it is read from the statement. `None` where a host's own
    /// draft has none, or this version does not know its form.
    pub subject: Option<Subject>,
    /// The type, as the entry has it.
    pub kind: EventType,
    /// What happened.
    pub what: What,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum What {
    /// To a request as a whole.
    Request(RequestChange),
    /// To one effect.
    Effect(EffectChange),
    /// To a review.
    Review(ReviewChange),
    /// To a proposal.
    Proposal(ProposalChange),
    /// To a switch that keeps attempts from beginning: of an account, of a tenant, of everything, as the subject says.
    Switch(SwitchChange),
    /// The attachment of an entry was erased.
    AttachmentErased {
        /// The place of that entry.
        position: u64,
        /// Its event.
        event: EventId,
    },
    /// Something else: a host's own event, or one that this version does not know.
    Other,
}

/// What happened to a request as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequestChange {
    /// A policy said what is to become of an engagement.
    Routed {
        /// What: `act`, `review` or `refuse`.
        route: Token,
    },
    /// It was admitted; its effects are in the journal.
    Admitted,
    /// It was refused before anything of it was in the journal.
    Refused {
        /// Why; `None` for a code that this version does not know.
        code: Option<ErrorCode>,
    },
    /// No holder acts on any effect of it. It comes again when that changes what is known.
    Rested {
        /// How it stands, as the answer of its skill says.
        status: Token,
    },
}

/// What happened to one effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EffectChange {
    /// What kind of effect it is: `publish`, `like`, `undo` and so on.
    pub kind: Token,
    /// Of an undo: the effect whose post it takes back, where it names one.
    pub undoes: Option<EffectId>,
    /// Where.
    pub platform: PlatformName,
    /// SHA-256 of the account's name, as in [`Subject::Account`].
    pub account: Digest,
    /// How many attempts were recorded by then.
    pub attempt: u32,
    /// What.
    pub step: EffectStep,
}

/// The step of an effect that an event tells of.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EffectStep {
    /// An attempt began; the campaign's budget holds its price.
    Began {
        /// The price, in millionths of the budget's currency.
        held_micros: u64,
    },
    /// It is public; the hold is spent.
    Public {
        /// The price, in millionths of the budget's currency.
        spent_micros: u64,
        /// How that became known, where no answer said so: `look` or `person`.
        found_by: Option<Token>,
    },
    /// It is an undo, and known to be done: what it took back is public no more. Its post is told of by [`TakenBack`](Self::TakenBack).
    Undone {
        /// The price of the undo, in millionths of the budget's currency.
        spent_micros: u64,
        /// How that became known, where no answer said so: `look` or `person`.
        found_by: Option<Token>,
    },
    /// It did not happen.
    Failed {
        /// Why; `None` for a code that this version does not know.
        code: Option<ErrorCode>,
    },
    /// What became of it is not known; the hold stays.
    Unknown {
        /// Whether only a person can tell.
        needs_human: bool,
    },
    /// The platform accepted it for later.
    Processing,
    /// A late answer came that settles nothing, beside a later attempt.
    Observed,
    /// A post is public that should not be; of an undo: the post that it took back may have been another effect's.
    Incident,
    /// The post that a look had given to it is another effect's: it is unknown again, and its spend is held again.
    Corrected,
    /// A person said what became of it, or could not tell.
    SettledByHand {
        /// What the person said: `there`, `not_there` or `still_unknown`.
        verdict: Token,
    },
    /// Its post was taken back by an undo: it is public no more.
    TakenBack {
        /// The effect that took it back.
        undo: EffectId,
    },
    /// A person lets what looks show of it be read by the rules of its profile now.
    ClaimsAccepted,
    /// It cost more than was held for it, or in another currency.
    Overrun {
        /// What was held, in millionths of the budget's currency.
        held_micros: u64,
        /// What it cost, in millionths of the currency in which it was paid.
        cost_micros: u64,
    },
}

/// What happened to a review.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReviewChange {
    /// It waits for a person.
    Queued,
    /// It was refused by a policy, and is only listed.
    Refused,
    /// A reviewer holds it.
    Claimed,
    /// The reviewer let it go.
    Released,
    /// It is handed to reviewers with another role.
    Escalated,
    /// It is put off.
    Deferred,
    /// A reviewer approved it.
    Approved,
    /// A reviewer rejected it.
    Rejected,
    /// No reviewer decided in time.
    Expired,
    /// Its requester cancelled it.
    Cancelled,
    /// What was approved was executed.
    Executed,
}

/// What happened to a proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProposalChange {
    /// It was made.
    Proposed,
    /// The request for it was refused.
    Refused,
    /// A decision permits one of its actions.
    PermitGranted,
    /// None does.
    PermitRefused,
}

/// What happened to a switch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SwitchChange {
    /// Whether it stops attempts from now on; else it was ended.
    pub paused: bool,
    /// Why it exists: `ordered` or `credentials`.
    pub cause: Token,
}

/// An entry as it is read.
#[derive(Deserialize)]
struct Leaf<'a> {
    id: EventId,
    namespace: Namespace,
    correlation: Option<CorrelationId>,
    #[serde(borrow, default)]
    subject: Option<Cow<'a, str>>,
    statement: Map<String, Value>,
    time: DateTime<Utc>,
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
}

/// What an event says, by name.
struct Said(Map<String, Value>);

impl Change {
    /// Reads an entry.
    ///
    /// # Errors
    /// When the entry has no form that a ledger holds.
    pub fn read(entry: &Entry) -> Result<Self, LedgerError> {
        let position = entry.index;
        let corrupt =
            |reason: String| LedgerError::corrupt(format!("entry {position} cannot be read: {reason}"));
        let leaf: Leaf<'_> =
            serde_json::from_slice(&entry.leaf).map_err(|error| corrupt(error.to_string()))?;
        let kind = EventType::parse(&leaf.kind).map_err(|error| corrupt(error.to_string()))?;
        let said = Said(leaf.statement);
        let what = said.what(&leaf.kind).unwrap_or(What::Other);
        let subject = match leaf.subject {
            Some(subject) => subject.parse().ok(),
            None => said.subject(&what),
        };
        let Leaf { id, namespace, correlation, time: at, .. } = leaf;
        Ok(Self { position, id, at, namespace, correlation, subject, kind, what })
    }
}

impl Said {
    fn what(&self, kind: &str) -> Option<What> {
        let (owner, verb) = kind.rsplit_once('.')?;
        match owner {
            "skill.publish_content" | "skill.engagement_manage" => self.of_request(verb),
            "skill.engagement_manager" => proposal(verb).map(What::Proposal),
            "governance.review" => review(verb).map(What::Review),
            "governance.permit" => permit(verb).map(What::Proposal),
            "control" => self.switch(verb).map(What::Switch),
            "audit" if verb == "attachment_erased" => Some(What::AttachmentErased {
                position: self.number("index")?,
                event: EventId::from_uuid(self.id("event_id")?),
            }),
            _ => None,
        }
    }

    fn of_request(&self, verb: &str) -> Option<What> {
        Some(What::Request(match verb {
            "routed" => RequestChange::Routed { route: self.token("route")? },
            "start" => RequestChange::Admitted,
            "refused" => RequestChange::Refused { code: self.code()? },
            "complete" => RequestChange::Rested { status: self.token("status")? },
            _ => return self.of_effect(verb).map(What::Effect),
        }))
    }

    fn of_effect(&self, verb: &str) -> Option<EffectChange> {
        let kind = self.token("kind")?;
        let step = match verb {
            "attempt" => EffectStep::Began { held_micros: self.number("held_micros")? },
            "success" => {
                let (spent_micros, found_by) = (self.number("spent_micros")?, self.token("found_by"));
                match kind.as_str() {
                    "undo" => EffectStep::Undone { spent_micros, found_by },
                    _ => EffectStep::Public { spent_micros, found_by },
                }
            }
            "failure" => EffectStep::Failed { code: self.code()? },
            "unknown" => EffectStep::Unknown { needs_human: self.text("needs_human")? == "yes" },
            "processing" => EffectStep::Processing,
            "observed" => EffectStep::Observed,
            "incident" => EffectStep::Incident,
            "corrected" => EffectStep::Corrected,
            "settled_by_hand" => EffectStep::SettledByHand { verdict: self.token("verdict")? },
            "taken_back" => EffectStep::TakenBack { undo: EffectId::from_uuid(self.id("undo")?) },
            "claims_accepted" => EffectStep::ClaimsAccepted,
            "overrun" => EffectStep::Overrun {
                held_micros: self.number("held_micros")?,
                cost_micros: self.number("cost_micros")?,
            },
            _ => return None,
        };
        Some(EffectChange {
            kind,
            undoes: self.id("undoes").map(EffectId::from_uuid),
            platform: self.text("platform")?.parse().ok()?,
            account: self.digest("account")?,
            attempt: u32::try_from(self.number("attempt")?).ok()?,
            step,
        })
    }

    fn switch(&self, verb: &str) -> Option<SwitchChange> {
        let paused = match verb {
            "paused" => true,
            "resumed" => false,
            _ => return None,
        };
        Some(SwitchChange { paused, cause: self.token("cause")? })
    }

    /// What an entry of an earlier version is about, which says so in its statement alone. Of a proposal it holds the id in
    /// another form for each event, so that nothing is said of it.
    fn subject(&self, what: &What) -> Option<Subject> {
        let request = || self.id("request_id").map(RequestId::from_uuid);
        match what {
            What::Request(_) => request().map(Subject::Request),
            What::Effect(_) => {
                let effect = EffectId::from_uuid(self.id("effect_id")?);
                Some(Subject::Effect { request: request()?, effect })
            }
            What::Review(_) => self.id("review_id").map(ReviewId::from_uuid).map(Subject::Review),
            What::Switch(_) => match self.text("scope")? {
                "all" => Some(Subject::All),
                "namespace" => Some(Subject::Namespace),
                "account" => {
                    let platform = self.text("platform")?.parse().ok()?;
                    Some(Subject::Account { platform, account: self.digest("account")? })
                }
                _ => None,
            },
            What::Proposal(_) | What::AttachmentErased { .. } | What::Other => None,
        }
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    fn token(&self, name: &str) -> Option<Token> {
        Token::parse(self.text(name)?).ok()
    }

    fn number(&self, name: &str) -> Option<u64> {
        self.0.get(name)?.as_u64()
    }

    fn id(&self, name: &str) -> Option<Uuid> {
        self.text(name)?.parse().ok()
    }

    fn digest(&self, name: &str) -> Option<Digest> {
        self.text(name)?.parse().ok()
    }

    /// The code under `error_code`, where one stands there: `Some(None)` for one that is not known.
    fn code(&self) -> Option<Option<ErrorCode>> {
        let code = self.0.get("error_code")?;
        Some(serde_json::from_value(code.clone()).ok())
    }
}

fn review(verb: &str) -> Option<ReviewChange> {
    Some(match verb {
        "queued" => ReviewChange::Queued,
        "refused" => ReviewChange::Refused,
        "claimed" => ReviewChange::Claimed,
        "released" => ReviewChange::Released,
        "escalated" => ReviewChange::Escalated,
        "deferred" => ReviewChange::Deferred,
        "approved" => ReviewChange::Approved,
        "rejected" => ReviewChange::Rejected,
        "expired" => ReviewChange::Expired,
        "cancelled" => ReviewChange::Cancelled,
        "executed" => ReviewChange::Executed,
        _ => return None,
    })
}

fn proposal(verb: &str) -> Option<ProposalChange> {
    Some(match verb {
        "proposed" => ProposalChange::Proposed,
        "refused" => ProposalChange::Refused,
        _ => return None,
    })
}

fn permit(verb: &str) -> Option<ProposalChange> {
    Some(match verb {
        "granted" => ProposalChange::PermitGranted,
        "refused" => ProposalChange::PermitRefused,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draft::Draft;
    use crate::ledger::Kept;
    use crate::statement::Statement;

    const ID: Uuid = Uuid::from_u128(10);

    fn entry(draft: &Draft) -> Entry {
        let leaf = draft.leaf(DateTime::UNIX_EPOCH, [0; 32]).unwrap();
        Entry { index: 7, leaf: leaf.bytes, attachment: Kept::None }
    }

    fn draft(kind: &'static str, statement: Statement) -> Draft {
        Draft::new(EventId::from_uuid(ID), EventType::of(kind), "tenant".parse().unwrap(), statement)
    }

    fn read(draft: &Draft) -> Change {
        Change::read(&entry(draft)).unwrap()
    }

    fn about() -> Statement {
        Statement::new()
            .id("request_id", ID)
            .id("effect_id", Uuid::from_u128(11))
            .word("platform", "twitter")
            .word("kind", "publish")
            .digest("account", Digest::of(b"@us"))
            .integer("attempt", 2_u32)
    }

    fn token(text: &'static str) -> Token {
        Token::word(text)
    }

    /// What is told, in the words of the specification, and what is read.
    fn told() -> Vec<(&'static str, Statement, What)> {
        let effect = |step| {
            let account = Digest::of(b"@us");
            let (kind, platform) = (token("publish"), PlatformName::Twitter);
            What::Effect(EffectChange { kind, undoes: None, platform, account, attempt: 2, step })
        };
        let code = ErrorCode::Timeout;
        let failed = about().word("error_code", code.as_str());
        let request = || Statement::new().id("request_id", ID);
        let review = || Statement::new().id("review_id", ID).id("request_id", Uuid::from_u128(9));
        let control = || Statement::new().word("scope", "all").word("cause", "ordered");
        let erased = Statement::new().integer("index", 3_u32).id("event_id", ID);
        let public = |found_by| EffectStep::Public { spent_micros: 5, found_by };
        let mut told = vec![
            ("skill.publish_content.start", request(), What::Request(RequestChange::Admitted)),
            (
                "skill.publish_content.complete",
                request().word("status", "success"),
                What::Request(RequestChange::Rested { status: token("success") }),
            ),
            (
                "skill.engagement_manage.refused",
                request().word("error_code", code.as_str()),
                What::Request(RequestChange::Refused { code: Some(code) }),
            ),
            (
                "skill.engagement_manage.routed",
                request().word("route", "act"),
                What::Request(RequestChange::Routed { route: token("act") }),
            ),
            (
                "skill.publish_content.attempt",
                about().micros("held_micros", 5),
                effect(EffectStep::Began { held_micros: 5 }),
            ),
            ("skill.publish_content.success", about().micros("spent_micros", 5), effect(public(None))),
            (
                "skill.engagement_manage.success",
                about().micros("spent_micros", 5).word("found_by", "look"),
                effect(public(Some(token("look")))),
            ),
            ("skill.publish_content.failure", failed, effect(EffectStep::Failed { code: Some(code) })),
            (
                "skill.publish_content.failure",
                about().word("error_code", "OF_A_LATER_VERSION"),
                effect(EffectStep::Failed { code: None }),
            ),
            (
                "skill.publish_content.unknown",
                about().word("needs_human", "yes"),
                effect(EffectStep::Unknown { needs_human: true }),
            ),
            ("skill.publish_content.processing", about(), effect(EffectStep::Processing)),
            ("skill.publish_content.observed", about(), effect(EffectStep::Observed)),
            ("skill.publish_content.incident", about(), effect(EffectStep::Incident)),
            ("skill.publish_content.corrected", about(), effect(EffectStep::Corrected)),
            (
                "skill.publish_content.settled_by_hand",
                about().word("verdict", "there"),
                effect(EffectStep::SettledByHand { verdict: token("there") }),
            ),
            ("skill.publish_content.claims_accepted", about(), effect(EffectStep::ClaimsAccepted)),
            (
                "skill.publish_content.overrun",
                about().micros("held_micros", 5).micros("cost_micros", 9),
                effect(EffectStep::Overrun { held_micros: 5, cost_micros: 9 }),
            ),
            (
                "skill.publish_content.taken_back",
                about().id("undo", Uuid::from_u128(12)).word("authority", "takes_back"),
                effect(EffectStep::TakenBack { undo: EffectId::from_uuid(Uuid::from_u128(12)) }),
            ),
            (
                "control.paused",
                control(),
                What::Switch(SwitchChange { paused: true, cause: token("ordered") }),
            ),
            (
                "control.resumed",
                control(),
                What::Switch(SwitchChange { paused: false, cause: token("ordered") }),
            ),
            (
                "audit.attachment_erased",
                erased,
                What::AttachmentErased { position: 3, event: EventId::from_uuid(ID) },
            ),
        ];
        for (kind, change) in [
            ("governance.review.queued", ReviewChange::Queued),
            ("governance.review.refused", ReviewChange::Refused),
            ("governance.review.claimed", ReviewChange::Claimed),
            ("governance.review.released", ReviewChange::Released),
            ("governance.review.escalated", ReviewChange::Escalated),
            ("governance.review.deferred", ReviewChange::Deferred),
            ("governance.review.approved", ReviewChange::Approved),
            ("governance.review.rejected", ReviewChange::Rejected),
            ("governance.review.expired", ReviewChange::Expired),
            ("governance.review.cancelled", ReviewChange::Cancelled),
            ("governance.review.executed", ReviewChange::Executed),
        ] {
            told.push((kind, review(), What::Review(change)));
        }
        for (kind, change) in [
            ("skill.engagement_manager.proposed", ProposalChange::Proposed),
            ("skill.engagement_manager.refused", ProposalChange::Refused),
            ("governance.permit.granted", ProposalChange::PermitGranted),
            ("governance.permit.refused", ProposalChange::PermitRefused),
        ] {
            told.push((kind, Statement::new(), What::Proposal(change)));
        }
        told
    }

    #[test]
    fn every_event_of_ours_is_read() {
        let subject = Subject::Review(ReviewId::from_uuid(ID));
        for (kind, statement, what) in told() {
            let change = read(&draft(kind, statement).about(subject));
            assert_eq!((change.what, change.subject), (what, Some(subject)), "{kind}");
            assert_eq!(change.kind.as_str(), kind);
            assert_eq!((change.position, change.id), (7, EventId::from_uuid(ID)));
            assert_eq!((change.at, change.namespace.as_str()), (DateTime::UNIX_EPOCH, "tenant"));
        }
    }

    #[test]
    fn an_undo_is_told_as_one() {
        let undoes = EffectId::from_uuid(Uuid::from_u128(12));
        let said = about().word("kind", "undo").id("undoes", *undoes.as_uuid()).micros("spent_micros", 5);
        let What::Effect(change) = read(&draft("skill.publish_content.success", said)).what else {
            panic!("it is about an effect")
        };
        assert_eq!((change.kind, change.undoes), (token("undo"), Some(undoes)));
        assert_eq!(change.step, EffectStep::Undone { spent_micros: 5, found_by: None });
    }

    #[test]
    fn entries_of_earlier_versions_say_it_in_their_statement() {
        let request = RequestId::from_uuid(ID);
        let effect = EffectId::from_uuid(Uuid::from_u128(11));
        for (kind, statement, what) in told() {
            let expected = match what {
                What::Request(_) => Some(Subject::Request(request)),
                What::Effect(_) => Some(Subject::Effect { request, effect }),
                What::Review(_) => Some(Subject::Review(ReviewId::from_uuid(ID))),
                What::Switch(_) => Some(Subject::All),
                _ => None,
            };
            assert_eq!(read(&draft(kind, statement)).subject, expected, "{kind}");
        }
        let account = about().word("scope", "account").word("cause", "credentials");
        let expected = Some(Subject::account(PlatformName::Twitter, "@us"));
        assert_eq!(read(&draft("control.paused", account)).subject, expected);
    }

    #[test]
    fn what_is_not_known_is_told_as_it_is() {
        for (kind, statement) in [
            ("a_hosts_own", Statement::new()),
            ("skill.publish_content.undone", about()),
            ("governance.review.lost", Statement::new()),
            ("skill.other.start", Statement::new()),
            // Known, in words that are not.
            ("skill.publish_content.attempt", Statement::new()),
            ("skill.publish_content.processing", about().word("platform", "mastodon")),
            ("audit.attachment_erased", Statement::new()),
        ] {
            let change = read(&draft(kind, statement).about(Subject::Namespace));
            assert_eq!((change.what, change.kind.as_str()), (What::Other, kind));
            assert_eq!(change.subject, Some(Subject::Namespace), "{kind}");
        }
        let known = entry(&draft("a_hosts_own", Statement::new()).about(Subject::All));
        let leaf = String::from_utf8(known.leaf.clone()).unwrap().replace("\"all\"", "\"planet:x\"");
        let strange = Entry { leaf: leaf.into_bytes(), ..known };
        assert_eq!(Change::read(&strange).unwrap().subject, None, "a subject of a later version");
    }

    #[test]
    fn what_is_no_entry_is_an_error() {
        let entry = entry(&draft("x", Statement::new()));
        for leaf in ["", "{}", "null", "[1]"] {
            assert!(Change::read(&Entry { leaf: leaf.into(), ..entry.clone() }).is_err(), "{leaf}");
        }
    }
}
