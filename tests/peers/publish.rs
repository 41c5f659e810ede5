//! Publishing through real servers, whatever their platforms do.

use chimera::contracts::publish::{
    ContentBundle, ContentVariant, PublicationStatus, PublishInput, PublishStrategy,
};
use chimera::contracts::{AgentId, CampaignId, CorrelationId, ErrorCode, PlatformName, TaskId, derive_uuid};
use chimera::effect::{EffectKind, Page};
use chimera::mcp::TokioClock;
use chimera_testkit::{tries, within_seconds};
use chimera_tests::stage::{approve, context, publish};
use serde_json::{Value, json};
use tokio::time::{Duration, sleep};

use crate::lane::{LOOKS, Lane};
use crate::told::{Report, Seen, Told};

/// What else happens in the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Around {
    /// The posts of the cases before, and nothing new.
    Nothing,
    /// There is not a single post.
    NewAccount,
    /// The latest post was made a moment before ours.
    FreshOlder,
    /// A person posts while ours is on its way.
    ByHand,
}

/// The same as [`LOOKS`] where the server does not answer what looks ask: one of them waits a minute for an answer that was lost, deaf to
/// everything else.
const DEAF_LOOKS: u32 = 16;

/// How long a case may take in any event, in seconds.
const BOUND: u32 = 180;

/// What is told when the skill is asked once.
enum Now {
    /// The last of it.
    Told(Told),
    /// Not there, and it may be asked again.
    Retry(String),
    /// More may be found out.
    Open,
}

fn modes() -> Vec<(&'static str, Value)> {
    // Longer than a call may take, and over before absence can be told: what is slow is seen late.
    let slow = json!({ "mode": "slow", "seconds": 5, "times": 1 });
    let limited = json!({ "mode": "429", "seconds": 2, "times": 1 });
    let mut modes: Vec<(&str, Value)> =
        ["ok", "401", "403dup", "500", "503", "html502"].map(|mode| (mode, json!({ "mode": mode }))).into();
    for mode in ["drop", "accepted_then_drop"] {
        modes.push((mode, json!({ "mode": mode, "times": 1 })));
    }
    // Between the steps of one call: the container is there, its publication is not.
    modes.push(("drop of the write", json!({ "mode": "drop", "kind": "write", "times": 1 })));
    modes.push(("reads fail", json!({ "mode": "503", "kind": "read", "times": 1 })));
    modes.push(("slow", slow));
    modes.push(("429", limited));
    modes
}

/// Lost answers in each kind of account: one part of them for each kind.
pub(crate) async fn lost(lane: &mut Lane, part: usize) -> Report {
    let mut report = Report::default();
    let kinds = [Around::NewAccount, Around::FreshOlder, Around::ByHand];
    for around in kinds.into_iter().skip(part).take(1) {
        for mode in ["accepted_then_drop", "drop"] {
            let times = json!({ "mode": mode, "times": 1 });
            case(lane, &mut report, &format!("{mode}, {around:?}"), &times, around).await;
        }
    }
    report
}

/// Every fault of the platforms and a good day: one part of them.
pub(crate) async fn cases(lane: &mut Lane, (part, parts): (usize, usize)) -> Report {
    let mut report = Report::default();
    lane.older_posts().await;
    for (name, mode) in modes().into_iter().skip(part).step_by(parts) {
        case(lane, &mut report, name, &mode, Around::Nothing).await;
    }
    report
}

async fn case(lane: &mut Lane, report: &mut Report, name: &str, mode: &Value, around: Around) {
    let (token, text) = lane.words();
    let mut input = input(lane.platform, &lane.name, &text);
    lane.stand_in.well().await;
    lane.renew_credentials().await;
    match around {
        Around::NewAccount => lane.stand_in.reset().await,
        Around::FreshOlder => lane.post_by_hand("An older post about the garden").await,
        Around::Nothing | Around::ByHand => {}
    }
    approve(&lane.store, &lane.host, &mut input, &TokioClock).await;
    let before = lane.acts(EffectKind::Publish);
    let by_hand = usize::from(around == Around::ByHand);
    let earlier = lane.stand_in.log().await.writes() + by_hand;
    lane.stand_in.mode(mode.clone()).await;
    let now = ask(lane, &input).await;
    lane.stand_in.well().await;
    if around == Around::ByHand {
        lane.post_by_hand("Somebody writes about the weather").await;
    }
    let told = within_seconds(BOUND, format!("{token} to be settled"), go_on(lane, &input, now)).await;
    // What a server sends by itself after that would be seen here.
    sleep(Duration::from_millis(500)).await;
    let seen = Seen::of(&lane.stand_in.log().await, &token, earlier);
    let acts = lane.acts(EffectKind::Publish) - before;
    let fault = seen.against(&told, acts).or_else(|| unresolved(&told, &seen, name));
    let fine = matches!(told, Told::Done(_) | Told::Accepted);
    let fault = fault.or_else(|| (name == "ok" && !fine).then(|| format!("on a good day: {told:?}")));
    report.row(lane, EffectKind::Publish, name, &told, fault);
}

/// What is there and can be listed is found, however its answer was lost.
fn unresolved(told: &Told, seen: &Seen, case: &str) -> Option<String> {
    let lost = case.starts_with("accepted_then_drop") || case == "slow" || case == "ok";
    match told {
        // Two of one text: the server sent the write twice, and which is ours nobody can tell.
        Told::Person(why) if lost && seen.ids.len() == 1 => {
            Some(format!("it is there and was not found: {why}"))
        }
        _ => None,
    }
}

/// What is told in the end, on well-behaved platforms.
pub(crate) async fn settled(lane: &Lane, input: &PublishInput) -> Told {
    go_on(lane, input, Now::Open).await
}

async fn go_on(lane: &Lane, input: &PublishInput, mut now: Now) -> Told {
    for retries in tries(BOUND as usize * 4, "a case ends") {
        now = match now {
            Now::Told(told) => return told,
            // A limit that lasts is not waited for.
            Now::Retry(why) if retries >= 3 => return Told::NotDone(format!("may be asked again: {why}")),
            Now::Retry(_) => ask(lane, input).await,
            Now::Open => {
                if let Some(why) = nothing_more(lane).await {
                    return Told::Person(why);
                }
                sleep(Duration::from_millis(300)).await;
                ask(lane, input).await
            }
        };
    }
    unreachable!("a case ends")
}

/// Publishes on well-behaved platforms; the id by which the public knows it.
pub(crate) async fn published(lane: &Lane) -> Option<String> {
    let (token, text) = lane.words();
    let mut input = input(lane.platform, &lane.name, &text);
    approve(&lane.store, &lane.host, &mut input, &TokioClock).await;
    match within_seconds(BOUND, format!("{token} to be published"), settled(lane, &input)).await {
        Told::Done(id) => Some(id),
        // What the platform took and works on has its own name for a post, if it is one already.
        Told::Accepted => {
            let log = lane.stand_in.log().await;
            log.posts.iter().find(|post| post.text.contains(&token)).map(|post| post.id.clone())
        }
        told => panic!("{}: {told:?}", lane.name),
    }
}

/// Asks the skill.
async fn ask(lane: &Lane, input: &PublishInput) -> Now {
    let output = publish(&lane.host, input).await;
    let words = |code: Option<ErrorCode>, message: Option<&String>| {
        format!("{} {}", code.map_or("", |code| code.as_str()), message.map_or("", String::as_str))
    };
    let Some(result) = output.publications.first() else {
        let words = words(output.error_code, output.error_message.as_ref());
        let again = output.retry_eligible == Some(true);
        return if again { Now::Retry(words) } else { Now::Told(Told::NotDone(words)) };
    };
    let words = words(result.error_code, result.error_message.as_ref());
    match result.status {
        PublicationStatus::Published => Now::Told(Told::Done(result.external_id.clone().unwrap_or_default())),
        // What waits says for what; what the platform took does not.
        PublicationStatus::Processing if result.error_message.is_some() => Now::Open,
        PublicationStatus::Processing => Now::Told(Told::Accepted),
        PublicationStatus::Failed if result.retry_eligible == Some(true) => Now::Retry(words),
        PublicationStatus::Failed => Now::Told(Told::NotDone(words)),
        _ => Now::Open,
    }
}

/// Why it is not settled, once nothing more is found out.
async fn nothing_more(lane: &Lane) -> Option<String> {
    let page = Page { after: None, limit: 1_000 };
    let unknown = lane.host.outcomes().unknown(&context().namespace, page).await.expect("the store works");
    let of_case = unknown.into_iter().max_by_key(|effect| effect.since)?;
    // A server that is deaf for a while is given more time.
    let saw = of_case.latest_look.as_ref().is_some_and(|look| !look.report.saw.is_empty());
    (of_case.looks >= if saw { LOOKS } else { DEAF_LOOKS }).then_some(of_case.why)
}

/// A request for one platform.
pub(crate) fn input(platform: PlatformName, server: &str, text: &str) -> PublishInput {
    let key = format!("{server}: {text}");
    let id = |what: &str| derive_uuid("chimera-peers", &[what.as_bytes()]);
    let media = match platform {
        PlatformName::Instagram => vec!["https://media.example.com/a.png".to_owned()],
        PlatformName::YouTube | PlatformName::TikTok => vec!["https://media.example.com/a.mp4".to_owned()],
        _ => Vec::new(),
    };
    PublishInput {
        correlation_id: CorrelationId::from_uuid(id("correlation")),
        task_id: TaskId::from_uuid(id("task")),
        agent_id: AgentId::from_uuid(id("agent")),
        campaign_id: CampaignId::from_uuid(id("campaign")),
        content_bundle: ContentBundle {
            bundle_id: format!("bundle {key}"),
            variants: vec![ContentVariant {
                platform,
                text_content: text.to_owned(),
                media_refs: media,
                hashtags: Vec::new(),
                disclosure_label: "AI-generated content".to_owned(),
            }],
            approval_record: None,
        },
        target_platforms: vec![platform],
        idempotency_key: key,
        publish_strategy: PublishStrategy::Sequential,
        partial_success_allowed: true,
        schedule_time: None,
        dry_run: false,
    }
}
