//! The route of an engagement: act, ask a person, refuse. A pure, total function with its reasons (GOV-02).
//!
//! It is monotone: more confidence never makes a route stricter, one more flag never makes it looser.

use chimera_contracts::{Confidence, ErrorCode};

use crate::flag::{Flag, Flags};
use crate::policy::Policy;

/// What is to become of an engagement.
///
/// Not `#[non_exhaustive]`: whoever matches on it must look again when a case is added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Route {
    /// It may run at once; the policy is the approver.
    Act,
    /// A person decides.
    Review,
    /// It does not run.
    Refuse(ErrorCode),
}

impl Route {
    /// The route's name in evidence.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Act => "act",
            Self::Review => "review",
            Self::Refuse(_) => "refuse",
        }
    }

    /// How strict it is; refusing is the strictest.
    const fn strictness(self) -> u8 {
        match self {
            Self::Act => 0,
            Self::Review => 1,
            Self::Refuse(_) => 2,
        }
    }
}

/// Why a route was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The confidence is above the policy's `act_above`.
    Confident,
    /// The confidence is within the policy's span for a person.
    Unsure,
    /// The confidence is below the policy's `review_from`.
    NotConfident,
    /// There is no usable confidence.
    NotScored,
    /// There is no policy.
    NoPolicy,
    /// A flag of the content. A question of our own is told and asks for nothing.
    Content(Flag),
    /// A flag of the thread.
    Thread(Flag),
    /// Among the first actions of the campaign.
    CampaignWarmUp,
    /// Among the first actions of the campaign on this platform.
    PlatformWarmUp,
}

impl Reason {
    /// The reason as a token for evidence and reviewers, such as `content:health`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        macro_rules! flags {
            ($flag:expr, $prefix:literal) => {
                match $flag {
                    Flag::Political => concat!($prefix, "political"),
                    Flag::Health => concat!($prefix, "health"),
                    Flag::Financial => concat!($prefix, "financial"),
                    Flag::Legal => concat!($prefix, "legal"),
                    Flag::Minors => concat!($prefix, "minors"),
                    Flag::Crisis => concat!($prefix, "crisis"),
                    Flag::Impersonation => concat!($prefix, "impersonation"),
                    Flag::UnclearIntent => concat!($prefix, "unclear_intent"),
                    Flag::Harassment => concat!($prefix, "harassment"),
                    Flag::Question => concat!($prefix, "question"),
                    Flag::Instruction => concat!($prefix, "instruction"),
                    Flag::Unclassified => concat!($prefix, "unclassified"),
                }
            };
        }
        match self {
            Self::Confident => "confident",
            Self::Unsure => "unsure",
            Self::NotConfident => "not_confident",
            Self::NotScored => "not_scored",
            Self::NoPolicy => "no_policy",
            Self::Content(flag) => flags!(flag, "content:"),
            Self::Thread(flag) => flags!(flag, "thread:"),
            Self::CampaignWarmUp => "campaign_warm_up",
            Self::PlatformWarmUp => "platform_warm_up",
        }
    }
}

/// What the route is decided on.
#[derive(Clone, Debug, PartialEq)]
pub struct Case<'a> {
    /// What the scorer said, as it said it; `None` when it failed or did not answer in time.
    pub scored: Option<f64>,
    /// What the classifier found.
    pub flags: &'a Flags,
    /// Whether the action answers somebody in words.
    pub answers: bool,
    /// Actions of the campaign so far.
    pub campaign_actions: u32,
    /// Actions of the campaign on this platform so far.
    pub platform_actions: u32,
}

/// A route with everything that spoke for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Routed {
    /// The route.
    pub route: Route,
    /// Why, in order; never empty.
    pub reasons: Vec<Reason>,
}

/// Decides the route: the strictest that any rule asks for.
#[must_use]
pub fn route(policy: Option<&Policy>, case: &Case<'_>) -> Routed {
    let Some(policy) = policy else {
        return Routed { route: Route::Refuse(ErrorCode::PolicyMissing), reasons: vec![Reason::NoPolicy] };
    };
    let mut asked = vec![by_confidence(policy, case.scored)];
    asked.extend(by_flags(policy, case));
    asked.extend(by_warm_up(policy, case));
    // The first of the strictest: confidence goes before flags, so a refusal names the confidence.
    let route = asked.iter().map(|(route, _)| *route).fold(Route::Act, |strictest, route| {
        if route.strictness() > strictest.strictness() { route } else { strictest }
    });
    Routed { route, reasons: asked.into_iter().map(|(_, reason)| reason).collect() }
}

fn by_confidence(policy: &Policy, scored: Option<f64>) -> (Route, Reason) {
    match scored.map(Confidence::try_from) {
        Some(Ok(confidence)) if confidence > policy.act_above() => (Route::Act, Reason::Confident),
        Some(Ok(confidence)) if confidence >= policy.review_from() => (Route::Review, Reason::Unsure),
        Some(Ok(_)) => (Route::Refuse(ErrorCode::LowConfidence), Reason::NotConfident),
        Some(Err(_)) | None => (Route::Refuse(ErrorCode::ScorerUnavailable), Reason::NotScored),
    }
}

fn by_flags(policy: &Policy, case: &Case<'_>) -> Vec<(Route, Reason)> {
    let document = policy.document();
    let thread = case.flags.thread.iter().map(|flag| {
        let never = case.answers && document.never_answer.contains(flag);
        let reviewed = document.always_review.contains(flag) || document.never_answer.contains(flag);
        let route = match (never, reviewed) {
            (true, _) => Route::Refuse(ErrorCode::NeverAnswered),
            (false, true) => Route::Review,
            (false, false) => Route::Act,
        };
        (route, Reason::Thread(*flag))
    });
    let content = case.flags.content.iter().map(|flag| {
        // Somebody's question wants a source or a person (ENG-06); one that we ask wants an answer from them.
        let ours = *flag == Flag::Question;
        let reviewed = document.always_review.contains(flag) || document.never_answer.contains(flag);
        (if reviewed && !ours { Route::Review } else { Route::Act }, Reason::Content(*flag))
    });
    content.chain(thread).collect()
}

fn by_warm_up(policy: &Policy, case: &Case<'_>) -> Vec<(Route, Reason)> {
    let Some(warm_up) = policy.document().warm_up else { return Vec::new() };
    let campaign = case.campaign_actions < warm_up.campaign;
    let platform = case.platform_actions < warm_up.platform;
    [(campaign, Reason::CampaignWarmUp), (platform, Reason::PlatformWarmUp)]
        .into_iter()
        .filter_map(|(warming, reason)| warming.then_some((Route::Review, reason)))
        .collect()
}
