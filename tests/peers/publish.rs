//! Publishing through real servers, whatever their platforms do.

use chimera::contracts::publish::{
    ContentBundle, ContentVariant, PublicationStatus, PublishInput, PublishStrategy,
};
use chimera::contracts::{AgentId, CampaignId, CorrelationId, PlatformName, TaskId, derive_uuid};
use chimera::effect::{EffectKind, Page};
use chimera::mcp::TokioClock;
use chimera_testkit::within_seconds;
use chimera_tests::stage::{approve, context, publish, work};
use serde_json::{Value, json};
use tokio::time::{Duration, Instant, sleep};

use crate::lane::Lane;
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

/// How long a case may take until nothing more is found out.
const SETTLED_WITHIN: Duration = Duration::from_secs(25);

fn modes() -> Vec<(&'static str, Value)> {
    // Longer than a call may take, and over before absence can be told: what is slow is seen late.
    let slow = json!({ "mode": "slow", "seconds": 7, "times": 1 });
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

/// Every mode, and those that lose an answer in each kind of account.
pub(crate) async fn cases(lane: &mut Lane) -> Report {
    let mut report = Report::default();
    for mode in ["accepted_then_drop", "drop"] {
        for around in [Around::NewAccount, Around::FreshOlder, Around::ByHand] {
            let times = json!({ "mode": mode, "times": 1 });
            case(lane, &mut report, &format!("{mode}, {around:?}"), &times, around).await;
        }
    }
    for (name, mode) in modes() {
        case(lane, &mut report, name, &mode, Around::Nothing).await;
    }
    report
}

async fn case(lane: &mut Lane, report: &mut Report, name: &str, mode: &Value, around: Around) {
    assert!(lane.stand_in.is_there(), "the stand-in of {} ended", lane.name);
    let token = format!("case {} of {}", lane.serial(), lane.name);
    let mut input = input(lane.platform, &token);
    lane.stand_in.well().await;
    match around {
        Around::NewAccount => lane.stand_in.reset().await,
        Around::FreshOlder => lane.post_by_hand("An older post about the garden").await,
        Around::Nothing | Around::ByHand => {}
    }
    approve(&lane.store, &lane.host, &mut input, &TokioClock).await;
    let before = lane.acts(EffectKind::Publish);
    lane.stand_in.mode(mode.clone()).await;
    let mut first = told_once(lane, &input).await;
    lane.stand_in.well().await;
    if around == Around::ByHand {
        lane.post_by_hand("Somebody writes about the weather").await;
    }
    if !matches!(first, Some(Told::Done(_) | Told::Accepted)) {
        let until = async {
            let end = Instant::now() + SETTLED_WITHIN;
            loop {
                work(&lane.host).await;
                let told = told_once(lane, &input).await;
                if told.is_some() || Instant::now() >= end {
                    break told;
                }
                sleep(Duration::from_millis(300)).await;
            }
        };
        first = within_seconds(120, format!("{token} to be settled"), until).await;
    }
    let told = match first {
        Some(told) => told,
        None => Told::Person(why(lane).await),
    };
    // What a server sends by itself after that would be seen here.
    sleep(Duration::from_millis(500)).await;
    let seen = Seen::of(&lane.stand_in.log().await, &token);
    let acts = lane.acts(EffectKind::Publish) - before;
    let fault = seen.against(&told, acts).or_else(|| unresolved(&told, &seen, name));
    report.row(lane, EffectKind::Publish, name, &told, fault);
}

/// What is there and can be listed is found, however its answer was lost.
fn unresolved(told: &Told, seen: &Seen, case: &str) -> Option<String> {
    let lost = case.starts_with("accepted_then_drop") || case == "slow" || case == "ok";
    match told {
        Told::Person(why) if lost && !seen.ids.is_empty() => {
            Some(format!("it is there and was not found: {why}"))
        }
        _ => None,
    }
}

/// What is told now; `None` while more may be found out. What may be asked again is asked again by the next call.
async fn told_once(lane: &Lane, input: &PublishInput) -> Option<Told> {
    let output = publish(&lane.host, input).await;
    let Some(result) = output.publications.first() else {
        let code = output.error_code.map_or("", |code| code.as_str());
        let told = Told::NotDone(format!("{code} {}", output.error_message.unwrap_or_default()));
        return (output.retry_eligible != Some(true)).then_some(told);
    };
    let words = format!(
        "{} {}",
        result.error_code.map_or("", |code| code.as_str()),
        result.error_message.clone().unwrap_or_default()
    );
    match result.status {
        PublicationStatus::Published => Some(Told::Done(result.external_id.clone().unwrap_or_default())),
        PublicationStatus::Processing => Some(Told::Accepted),
        PublicationStatus::Failed if result.retry_eligible == Some(true) => None,
        PublicationStatus::Failed => Some(Told::NotDone(words)),
        _ => None,
    }
}

/// Why it is not settled.
async fn why(lane: &Lane) -> String {
    let unknown = lane
        .host
        .outcomes()
        .unknown(&context().namespace, Page { after: None, limit: 100 })
        .await
        .expect("the store works");
    let of_case = unknown.iter().max_by_key(|effect| effect.since);
    of_case.map_or_else(|| "it may be asked again".to_owned(), |effect| effect.why.clone())
}

/// A request for one platform.
pub(crate) fn input(platform: PlatformName, text: &str) -> PublishInput {
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
            bundle_id: format!("bundle {text}"),
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
        idempotency_key: text.to_owned(),
        publish_strategy: PublishStrategy::Sequential,
        partial_success_allowed: true,
        schedule_time: None,
        dry_run: false,
    }
}
