//! From an answer to an outcome: only unmixed signs settle (outside.md, 1).
//!
//! *Done* needs an id, the confirmation of the profile and no sign of an error. *Not done* needs a refusal without any sign of
//! a post, through a tool that asks nothing after its write, or a fault that shows that no request left. All else is unknown,
//! and carries what it says: the post that it names, and the refusal that is told once absence is known.

mod id;
mod time;

use chimera_contracts::ErrorCode;
use chimera_effect::{
    Candidate, EffectKind, EffectV1, Evidence, ExternalPost, Outcome, Pending, Refusal, UnknownOutcome,
};
use chrono::{DateTime, Utc};

pub(crate) use id::{exact_id, id, is_id};
pub(crate) use time::time;

use self::id::within;
use crate::border::Border;
use crate::classify::{self, Meaning};
use crate::normalise::Answer;
use crate::profile::{ActTool, IdKind, Naming, Parts, PlatformProfile, is_yes};
use crate::select::select;
use crate::signs::{self, Made};

/// How much of what was said stands in a reason.
const REASON: usize = 300;

/// The call that an answer is about.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) content: &'a EffectV1,
    pub(crate) parts: Parts<'a>,
    /// Ids that went out with the call: where one comes back it names nothing that was made.
    pub(crate) sent: Vec<&'a str>,
    /// Which attempt of the effect it is, from 1.
    pub(crate) attempt: u32,
    pub(crate) border: Border<'a>,
    pub(crate) now: DateTime<Utc>,
}

impl Call<'_> {
    /// The id that an answer names.
    pub(crate) fn id_in(&self, act: &ActTool, answer: &Answer) -> Option<String> {
        match &act.naming {
            Naming::Ours(template) => Some(self.parts.id(template)).filter(|id| is_id(id)),
            Naming::Theirs { id: pointers, pattern } => {
                let at = pointers.iter().filter_map(|pointer| exact_id(answer.at(pointer)?));
                let within = pattern.iter().flat_map(|pattern| within(pattern, &answer.naming));
                let mut named = at.chain(within);
                // An echo of what the post is about comes before the post's own id in many a sentence.
                named.find(|id| !self.was_sent(id) && !self.border.holds_secret(id))
            }
        }
    }

    /// Whether an answer names different posts: its blocks do, or its words where no block names one.
    pub(crate) fn ids_differ(&self, act: &ActTool, answer: &Answer) -> bool {
        let Naming::Theirs { id: pointers, pattern } = &act.naming else { return false };
        let differ =
            |ids: Vec<String>| ids.windows(2).any(|pair| matches!(pair, [one, other] if one != other));
        let blocks = |pointer: &String| {
            let ids = answer.blocks().filter_map(|block| exact_id(select(block, pointer)?));
            ids.collect::<Vec<_>>()
        };
        if pointers.iter().any(|pointer| differ(blocks(pointer))) {
            return true;
        }
        let named = pointers.iter().any(|pointer| answer.at(pointer).and_then(exact_id).is_some());
        let words = pattern.iter().flat_map(|pattern| within(pattern, &answer.naming));
        !named && differ(words.filter(|id| !self.was_sent(id)).collect())
    }

    /// Whether an id is one that we sent. Handles are the same with and without `@`, in any case of letters.
    pub(crate) fn was_sent(&self, id: &str) -> bool {
        let plain = |id: &str| id.trim_start_matches('@').to_lowercase();
        self.sent.iter().any(|sent| plain(sent) == plain(id))
    }

    /// Whether the effect is a state, and not a thing with words.
    fn is_state(&self) -> bool {
        match self.content.kind {
            EffectKind::Like | EffectKind::Follow | EffectKind::Undo => true,
            EffectKind::Share => self.content.text.is_empty(),
            EffectKind::Publish | EffectKind::Reply | EffectKind::Comment => false,
        }
    }
}

/// What became of the call of an acting tool that was answered.
pub(crate) fn outcome(profile: &PlatformProfile, act: &ActTool, call: &Call<'_>, answer: &Answer) -> Outcome {
    let unknown = Unknown { profile, act, call, answer };
    if !answer.whole {
        return unknown
            .because("asks for something before it answers; a person has to look", &Made::default());
    }
    let made = signs::made(act, call, answer);
    if classify::is_error(profile, answer) {
        return error(&unknown, &made);
    }
    if let Some(condition) = act.not_published.iter().find(|condition| answer.says(condition)) {
        // A card with a picture is called a preview as well.
        let plain = condition.equals.is_some() || answer.at(&condition.pointer).is_some_and(is_yes);
        return if made.said || (made.id.is_some() && !plain) {
            unknown.because("calls it a draft or a preview and says that it was made", &made)
        } else {
            Outcome::NotDone(not_published(&unknown))
        };
    }
    if act.confirm.as_ref().is_some_and(|condition| !answer.says(condition)) {
        return unknown.because("does not confirm that it was done", &made);
    }
    let Some(id) = call.id_in(act, answer) else {
        return unknown.because("names nothing that it made", &made);
    };
    if call.ids_differ(act, answer) {
        return unknown.because("names two different posts", &made);
    }
    if classify::has_doubts(answer, act.id_kind == IdKind::Platform) {
        return unknown.because("names what it made beside words of an error", &made);
    }
    let said = answer.said(call.border);
    match act.id_kind {
        IdKind::Pending => Outcome::Accepted(Pending { pending_id: id, said }),
        IdKind::Platform => Outcome::Done(Evidence { post: post(act, call, answer, id), said, cost: None }),
    }
}

/// An answer that reports an error.
fn error(unknown: &Unknown<'_>, made: &Made) -> Outcome {
    let Unknown { profile, act, call, answer } = unknown;
    let meaning = classify::meaning(profile, answer);
    if meaning == Meaning::Already
        && call.is_state()
        && classify::is_already(call.content.kind, call.content.target.as_deref(), answer)
    {
        // The state is what was asked for, whoever set it: it has no id of its own then.
        let id = match &act.naming {
            Naming::Ours(template) => call.parts.id(template),
            Naming::Theirs { .. } => {
                call.parts.id(&format!("{}:{{target}}:{{key}}", call.content.kind.as_str()))
            }
        };
        let post = ExternalPost { id, url: None, published_at: None };
        return Outcome::Done(Evidence { post, said: answer.said(call.border), cost: None });
    }
    if made.any() {
        let outcome = unknown.with(
            "reports an error beside signs that it was made",
            made,
            refusal_of(unknown, meaning),
        );
        return of_meaning(meaning, outcome);
    }
    match meaning {
        Meaning::NotSent(code) => {
            Outcome::NotDone(refusal(unknown, code, "was asked in a way that it refuses"))
        }
        Meaning::Refused(_) if call.is_state() && classify::may_be_set(answer) => unknown.with(
            "reports a refusal, and may say that it is there already",
            made,
            refusal_of(unknown, meaning),
        ),
        Meaning::Refused(_) if act.reads_back => unknown.with(
            "reports a refusal, and its tool may ask the platform again after its write",
            made,
            refusal_of(unknown, meaning),
        ),
        Meaning::Refused(code) => Outcome::NotDone(refusal(unknown, target_code(unknown, code), "refused")),
        Meaning::Duplicate | Meaning::Already => {
            let named = classify::named_duplicate(answer).filter(|id| is_id(id) && !call.was_sent(id));
            let made = Made { id: named, ..Made::default() };
            let refusal = refusal_of(unknown, Meaning::Duplicate);
            let outcome =
                unknown.with("refuses it as a duplicate of something that is there", &made, refusal);
            of_meaning(meaning, outcome)
        }
        Meaning::Transient | Meaning::Unknown => {
            unknown.with("settles nothing", made, refusal_of(unknown, meaning))
        }
    }
}

/// What a refusal as a duplicate names may be older than the attempt.
fn of_meaning(meaning: Meaning, mut outcome: Outcome) -> Outcome {
    if let Outcome::Unknown(UnknownOutcome { candidate: Some(candidate), .. }) = &mut outcome {
        candidate.may_be_older = matches!(meaning, Meaning::Duplicate | Meaning::Already);
    }
    outcome
}

/// What is told if a look finds that nothing happened.
fn refusal_of(unknown: &Unknown<'_>, meaning: Meaning) -> Option<Refusal> {
    match meaning {
        Meaning::Refused(code) | Meaning::NotSent(code) => {
            Some(refusal(unknown, target_code(unknown, code), "refused"))
        }
        Meaning::Duplicate => {
            Some(refusal(unknown, ErrorCode::ContentPolicyViolation, "refused it as a duplicate"))
        }
        Meaning::Transient => Some(refusal(unknown, ErrorCode::PlatformTransientError, "failed")),
        Meaning::Already | Meaning::Unknown => None,
    }
}

/// What is refused as not found is the target's fault, where there is one.
fn target_code(unknown: &Unknown<'_>, code: ErrorCode) -> ErrorCode {
    let missing = unknown.act.target.is_some() && classify::is_missing(unknown.profile, unknown.answer);
    if missing && code == ErrorCode::ValidationError { ErrorCode::InvalidTarget } else { code }
}

fn refusal(unknown: &Unknown<'_>, code: ErrorCode, verb: &str) -> Refusal {
    let Unknown { profile, call, answer, .. } = unknown;
    Refusal {
        code,
        message: format!("`{}` {verb}: {}", profile.platform, answer.shown(call.border, REASON)),
        retry_at: classify::retry_at(profile, code, answer, call.attempt, call.now),
        said: answer.said(call.border),
    }
}

fn not_published(unknown: &Unknown<'_>) -> Refusal {
    let platform = unknown.profile.platform;
    let message = format!(
        "the server of `{platform}` made a draft or a preview and nothing public; configure it to publish"
    );
    let said = unknown.answer.said(unknown.call.border);
    Refusal { code: ErrorCode::PlatformNotConfigured, message, retry_at: None, said }
}

/// Everything that an unknown outcome is worded from.
struct Unknown<'a> {
    profile: &'a PlatformProfile,
    act: &'a ActTool,
    call: &'a Call<'a>,
    answer: &'a Answer,
}

impl Unknown<'_> {
    fn because(&self, why: &str, made: &Made) -> Outcome {
        self.with(why, made, None)
    }

    fn with(&self, why: &str, made: &Made, refusal: Option<Refusal>) -> Outcome {
        let Self { profile, act, call, answer } = self;
        let shown = answer.shown(call.border, REASON);
        let candidate = made.id.as_ref().filter(|_| act.id_kind == IdKind::Platform).map(|id| Candidate {
            id: id.clone(),
            url: url(act, call, answer, id),
            may_be_older: false,
        });
        Outcome::Unknown(UnknownOutcome {
            reason: format!("the answer of `{}` {why}: {shown}", profile.platform),
            said: answer.said(call.border),
            candidate,
            refusal,
        })
    }
}

fn post(act: &ActTool, call: &Call<'_>, answer: &Answer, id: String) -> ExternalPost {
    let published_at = act.published_at.as_ref().and_then(|at| time(answer.at(at)?));
    ExternalPost { url: url(act, call, answer, &id), id, published_at }
}

fn url(act: &ActTool, call: &Call<'_>, answer: &Answer, id: &str) -> Option<String> {
    let given = act.url.as_ref().and_then(|pointer| call.border.link(answer.at(pointer)?));
    given.or_else(|| act.url_template.as_ref().map(|template| call.parts.url(template, id)))
}
