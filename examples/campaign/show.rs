//! What this example tells on its way.

use chimera::UnknownEffect;
use chimera::contracts::engage::{EngageInput, EngageOutput};
use chimera::contracts::propose::{ProposeOutput, ProposedAction};
use chimera::governance::review::Review;
use chimera::governance::{ActionPermit, Approver};
use chimera::skill_engage::EngagementDocument;
use chimera::skill_propose::{Zone, constraint};
use chimera_examples::sandbox::Public;
use chimera_examples::screen::Screen;

use crate::engage::{Standing, standing};
use crate::launch::{Campaign, Engagement};

/// What decides, and what of it is no real part.
pub(crate) fn judges(screen: &Screen, scorer: &str, classifier: &str) {
    screen.say(
        "figures    RecordedInsights, which hands in what the campaign file records; no platform is asked",
    );
    screen.say(format_args!(
        "confidence a RecordedScorer ({scorer}), which says what the campaign file records; no model is asked"
    ));
    screen.say(format_args!("topics     {classifier}, the rules that chimera-governance comes with"));
}

pub(crate) fn step(screen: &Screen, title: &str) {
    screen.say(format_args!("\n{title}"));
}

pub(crate) fn proposal(screen: &Screen, proposal: &ProposeOutput, campaign: &Campaign) {
    for action in &proposal.proposed_actions {
        let impact = action.estimated_impact.iter();
        let impact: Vec<_> =
            impact.map(|(metric, estimate)| format!("{metric} {}", estimate.get())).collect();
        screen.say(format_args!(
            "  {:<9} {:<10} {}  {}",
            action.action_type,
            action.target,
            time(action, campaign),
            impact.join(", ")
        ));
    }
    screen.say(format_args!("  proposal {}; the same whenever it is asked for again", proposal.proposal_id));
}

/// When, by the audience's clock.
pub(crate) fn time(action: &ProposedAction, campaign: &Campaign) -> String {
    let Some(at) = action.scheduled_time else { return "at any time".to_owned() };
    let name = campaign.launch.propose.audience_constraints.get(constraint::TIMEZONE);
    match name.and_then(|name| Zone::named(name).map(|zone| (zone, name))) {
        Some((zone, name)) => format!("{} {name}", zone.local(at).format("%a %F %R")),
        None => at.format("%a %F %R UTC").to_string(),
    }
}

/// What an engagement does, in a few words.
pub(crate) fn what(input: &EngageInput) -> String {
    let EngageInput { action, target, .. } = input;
    match action.needs_content() {
        true => format!("{action} to {target}"),
        false => format!("{action} {target}"),
    }
}

pub(crate) fn engagement(screen: &Screen, engagement: &Engagement) {
    let Engagement { input, confidence, .. } = engagement;
    screen.say(format_args!("  {} on {}, confidence {confidence}", what(input), input.platform));
    for line in input.content.iter().flat_map(|content| content.lines()) {
        screen.say(format_args!("  | {line}"));
    }
}

pub(crate) fn answer(screen: &Screen, answer: &EngageOutput) {
    let error = answer.error.as_ref();
    let why = || error.map(|error| error.message.clone()).unwrap_or_default();
    let line = match standing(answer) {
        Standing::Done => "success".to_owned(),
        Standing::Waiting => "pending: queued for a reviewer".to_owned(),
        Standing::UnderWay => "pending: under way".to_owned(),
        Standing::Unknown => format!("unknown: {}", why()),
        Standing::Refused => {
            format!("refused, {}: {}", error.map_or("-", |error| error.code.as_str()), why())
        }
    };
    screen.say(format_args!("    {line}"));
}

pub(crate) fn queue(screen: &Screen, waiting: usize) {
    screen.say(format_args!("\n  The review queue: {waiting} waiting"));
}

/// Everything that a reviewer decides about.
pub(crate) fn waiting(screen: &Screen, review: &Review, document: &EngagementDocument) {
    let EngagementDocument { action, platform, target, effect, thread, policy, .. } = document;
    let confidence = review.confidence.map(|confidence| confidence.to_string()).unwrap_or_default();
    screen.show(format_args!("\n  {action} {target} on {platform} as {}", effect.account));
    for line in thread.iter().flat_map(|thread| thread.lines()) {
        screen.show(format_args!("  > {line}"));
    }
    for line in effect.text.lines() {
        screen.show(format_args!("  | {line}"));
    }
    screen.show(format_args!(
        "  asked for by {policy}: {} (confidence {confidence})",
        review.reasons.join(", ")
    ));
    screen.show(format_args!("  effect sha256 {}", review.current_subject()));
}

/// Everything that a person needs to settle an unknown outcome.
pub(crate) fn unknown(screen: &Screen, unknown: &UnknownEffect) {
    let target = unknown.target.as_ref().map(|target| format!(" {target}")).unwrap_or_default();
    screen.show(format_args!(
        "\n  {}{target} on {} as {}: {}",
        unknown.kind.as_str(),
        unknown.platform,
        unknown.account,
        unknown.why
    ));
    for line in unknown.text.lines() {
        screen.show(format_args!("  | {line}"));
    }
    let doubts = unknown.latest_look.iter().flat_map(|look| &look.report.in_doubt);
    for item in doubts {
        let id = item.id.as_deref().unwrap_or("-");
        screen.show(format_args!("  ? {id}: {} ({})", item.text, item.why));
    }
}

pub(crate) fn settled(screen: &Screen, id: Option<&str>, principal: &Approver) {
    let seen = id.map_or_else(|| "not there".to_owned(), |id| format!("there as {id}"));
    screen.say(format_args!("    {seen}, by the word of {}", principal.id));
}

pub(crate) fn left(screen: &Screen, why: &str) {
    screen.say(format_args!("    {why}; it waits"));
}

pub(crate) fn decided(screen: &Screen, verdict: &str, reviewer: &Approver) {
    screen.say(format_args!("    {verdict} by {}{}", reviewer.id, screen.how()));
}

/// What was sent to review.
pub(crate) fn sent(screen: &Screen, action: &ProposedAction, campaign: &Campaign, review: &Review) {
    screen.show(format_args!(
        "  {} on {}, {} (of {})",
        action.action_type,
        action.target,
        time(action, campaign),
        review.artifact
    ));
    screen.show(format_args!("  action sha256 {}", review.subject));
}

/// Whose decision stands behind what follows.
pub(crate) fn approved(screen: &Screen, review: &Review) {
    let Some(decision) = &review.decision else { return };
    screen.say(format_args!(
        "  the review is {}: decision {} of {} at {}",
        review.state.as_str(),
        decision.id,
        decision.approver.id,
        decision.decided_at.format("%F %T UTC")
    ));
}

pub(crate) fn permit(screen: &Screen, permit: &ActionPermit, action: &ProposedAction, campaign: &Campaign) {
    screen.say(format_args!(
        "  permit: {} on {}, not before {}, by decision {}",
        action.action_type,
        action.target,
        time(action, campaign),
        permit.decision()
    ));
}

pub(crate) fn admitted_before(screen: &Screen) {
    screen.say("  an earlier run had the permit; the same key asks what became of it");
}

pub(crate) fn new(screen: &Screen, before: Public, now: Public) {
    screen.say(format_args!(
        "\n{} posts and {} engagements new in public by this run",
        now.posts.saturating_sub(before.posts),
        now.engagements.saturating_sub(before.engagements)
    ));
}
