//! Engaging through real servers, with whatever they have.

use chimera::contracts::engage::{EngageAction, EngageInput, EngageOutput, EngageStatus, PLATFORMS};
use chimera::effect::{AccountRef, EffectKind, Page};
use chimera::platform::{TargetKind, Targets as _};
use chimera_testkit::{tries, within_seconds};
use chimera_tests::engage_stage::{engage, engage_context, fund};
use serde_json::{Value, json};
use tokio::time::{Duration, sleep};

use crate::by_kernel::Engagement;
use crate::lane::{ACCOUNT, LOOKS, Lane};
use crate::publish;
use crate::told::{Report, Seen, Told};

/// How long a case may take in any event, in seconds.
const BOUND: u32 = 180;

const ACTIONS: [EngageAction; 5] = [
    EngageAction::Comment,
    EngageAction::Reply,
    EngageAction::Like,
    EngageAction::Share,
    EngageAction::Follow,
];

fn modes(action: EngageAction) -> Vec<(&'static str, Value)> {
    let mut modes = vec![
        ("ok", json!({ "mode": "ok" })),
        ("accepted_then_drop", json!({ "mode": "accepted_then_drop", "times": 1 })),
    ];
    if action.needs_content() {
        modes.push(("401", json!({ "mode": "401", "kind": "write" })));
        modes.push(("drop", json!({ "mode": "drop", "times": 1 })));
    }
    modes
}

/// Every action that the server has, in the modes that tell most: one part of them.
pub(crate) async fn cases(lane: &mut Lane, (part, parts): (usize, usize)) -> Report {
    let mut report = Report::default();
    lane.stand_in.well().await;
    fund(lane.store.as_ref()).await;
    // What is engaged with: a post of the account, and a comment where one can be made.
    let post = publish::published(lane).await;
    let mut comment = None;
    for action in ACTIONS {
        let kind = kind(action);
        if !lane.profile.served().any(|served| served == kind) {
            continue;
        }
        for (name, mode) in modes(action).into_iter().skip(part).step_by(parts) {
            // A state is asked for once for each target: each case needs one of its own.
            let own = if action.needs_content() { None } else { publish::published(lane).await };
            let post = own.as_deref().or(post.as_deref());
            let Some(target) = target(lane, kind, post, comment.as_deref()) else {
                println!("{} {}: there is nothing to engage with", lane.name, kind.as_str());
                break;
            };
            let told = case(lane, &mut report, (action, target), name, &mode).await;
            if let (EffectKind::Comment, Told::Done(id)) = (kind, told) {
                comment = Some(id);
            }
        }
    }
    report
}

fn kind(action: EngageAction) -> EffectKind {
    match action {
        EngageAction::Comment => EffectKind::Comment,
        EngageAction::Reply => EffectKind::Reply,
        EngageAction::Like => EffectKind::Like,
        EngageAction::Share => EffectKind::Share,
        EngageAction::Follow => EffectKind::Follow,
    }
}

/// The first of what there is that has the shape of what the action takes.
fn target(lane: &Lane, kind: EffectKind, post: Option<&str>, comment: Option<&str>) -> Option<String> {
    let account = AccountRef::new(lane.platform, ACCOUNT);
    let fits = |target: &str, wanted: &[TargetKind]| {
        lane.tools.check(account, kind, target).is_ok_and(|found| wanted.contains(&found))
    };
    let (user, _) = lane.words();
    if fits(&user, &[TargetKind::User]) {
        return Some(user);
    }
    let comment = comment.filter(|target| fits(target, &[TargetKind::Comment]));
    // The platform of the stand-in takes a post for a comment.
    let post = post.filter(|target| fits(target, &[TargetKind::Post, TargetKind::Comment]));
    comment.or(post).map(str::to_owned)
}

async fn case(
    lane: &mut Lane,
    report: &mut Report,
    (action, target): (EngageAction, String),
    name: &str,
    mode: &Value,
) -> Told {
    let (token, text) = lane.words();
    let input = EngageInput {
        action,
        platform: lane.platform,
        target: target.clone(),
        content: action.needs_content().then_some(text),
        persona_constraints: Vec::new(),
    };
    let kind = kind(action);
    lane.stand_in.well().await;
    lane.renew_credentials().await;
    let (acts, before) = (lane.acts(kind), lane.stand_in.log().await.writes());
    lane.stand_in.mode(mode.clone()).await;
    let settled = async {
        if !PLATFORMS.contains(&lane.platform) {
            let text = input.content.as_deref().unwrap_or_default();
            let begun = Engagement::begin(lane, kind, &input.target, text).await;
            lane.stand_in.well().await;
            return begun.settled().await;
        }
        let mut output = engage(&lane.host, &input).await;
        lane.stand_in.well().await;
        for tries in tries(BOUND as usize * 4, "a case ends") {
            if let Some(told) = told(&output, tries) {
                return told;
            }
            if let Some(why) = nothing_more(lane).await {
                return Told::Person(why);
            }
            sleep(Duration::from_millis(300)).await;
            output = engage(&lane.host, &input).await;
        }
        unreachable!("a case ends")
    };
    let told = within_seconds(BOUND, format!("{token} to be settled"), settled).await;
    let log = lane.stand_in.log().await;
    let fault = if action.needs_content() {
        Seen::of(&log, &token, before).against(&told, lane.acts(kind) - acts)
    } else {
        // A state is there once, however often it is set; that it was set is all that can be seen.
        let set = log.writes() > before;
        (matches!(told, Told::Done(_)) && !set && name == "ok")
            .then(|| "told done, and nothing was sent".to_owned())
    };
    let fine = matches!(told, Told::Done(_));
    let fault = fault.or_else(|| (name == "ok" && !fine).then(|| format!("on a good day: {told:?}")));
    report.row(lane, kind, name, &told, fault);
    told
}

/// What is told now; `None` while more may be found out, or is to be asked again.
fn told(output: &EngageOutput, tries: usize) -> Option<Told> {
    let error = output.error.as_ref();
    let words = error.map_or(String::new(), |error| format!("{} {}", error.code.as_str(), error.message));
    match output.status {
        EngageStatus::Success => {
            let response = output.platform_response.as_ref();
            let id = response.and_then(|response| response.get("id")?.as_str());
            Some(Told::Done(id.unwrap_or_default().to_owned()))
        }
        EngageStatus::Failed if tries >= 3 || error.is_none_or(|error| !error.retryable) => {
            Some(Told::NotDone(words))
        }
        EngageStatus::Failed | EngageStatus::Pending => None,
    }
}

async fn nothing_more(lane: &Lane) -> Option<String> {
    let page = Page { after: None, limit: 1_000 };
    let unknown =
        lane.host.outcomes().unknown(&engage_context().namespace, page).await.expect("the store works");
    let of_case = unknown.into_iter().max_by_key(|effect| effect.since)?;
    // Where there is nothing to look with there is no look.
    (of_case.looks >= LOOKS || of_case.look_again.is_none()).then_some(of_case.why)
}
