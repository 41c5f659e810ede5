//! Recorded answers of public servers, labelled with what had happened. A file of them that is missing is said aloud.

use std::collections::BTreeMap;
use std::path::PathBuf;

use chimera_audit::Secrets;
use chimera_contracts::{CampaignId, ErrorCode, Namespace, PlatformName};
use chimera_effect::{EffectKind, EffectV1, Outcome};
use chrono::DateTime;
use serde_json::Value;

use crate::border::Border;
use crate::extract::Call;
use crate::profile::{Parts, PlatformProfile, Profile};
use crate::tool::{ToolAnswer, ToolInfo};
use crate::{check, extract, normalise::Answer};

fn file(name: &str) -> Option<String> {
    let folder = std::env::var_os("CHIMERA_PEERS_RIG").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/peers"),
        PathBuf::from,
    );
    let file = folder.join(name);
    if !file.exists() {
        println!("skipped: recorded answers not found at {}", file.display());
        return None;
    }
    Some(std::fs::read_to_string(file).unwrap())
}

/// The built-in profile of a server, which serves one platform.
fn profile_of(server: &str) -> PlatformProfile {
    let profile = Profile::named(server).unwrap();
    profile.platforms().next().unwrap().clone()
}

/// The kind of effect that a tool is for. What the profile does not call has the answers of publishing.
fn kind_of(profile: &PlatformProfile, tool: &str) -> EffectKind {
    let acts = profile.acts.iter();
    let mut kinds =
        acts.filter(|(_, act)| act.every_call().any(|call| call.tool == tool)).map(|(kind, _)| *kind);
    kinds.next().unwrap_or(EffectKind::Publish)
}

/// As the MCP client hands it over; an answer that never came is settled before it gets here.
fn answer(result: &Value) -> ToolAnswer {
    let texts = result["content"].as_array().into_iter().flatten();
    ToolAnswer {
        is_error: result["isError"] == true,
        result_type: None,
        structured: result.get("structuredContent").cloned(),
        texts: texts.filter_map(|block| block["text"].as_str().map(str::to_owned)).collect(),
    }
}

fn content(platform: PlatformName) -> EffectV1 {
    EffectV1 {
        namespace: Namespace::default(),
        campaign: CampaignId::from_uuid(uuid::Uuid::from_u128(1)),
        kind: EffectKind::Publish,
        platform,
        account: "me".to_owned(),
        target: None,
        text: "hello from the tests".to_owned(),
        media: Vec::new(),
        disclosure: None,
        not_before: None,
        not_after: None,
    }
}

fn class(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Done(_) | Outcome::Accepted(_) => "success",
        Outcome::Unknown(_) => "unknown",
        Outcome::NotDone(refusal) => match refusal.code {
            ErrorCode::PlatformAuthInvalid => "auth",
            ErrorCode::PlatformRateLimit => "rate_limit",
            ErrorCode::ContentPolicyViolation => "rejected_content",
            ErrorCode::ValidationError | ErrorCode::PlatformNotConfigured => "mapping_error",
            ErrorCode::PlatformTransientError => "unknown",
            other => other.as_str(),
        },
    }
}

#[test]
fn peers_results_are_classified() {
    let Some(results) = file("results.jsonl") else { return };
    let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
    let mut score: BTreeMap<String, (u32, u32)> = BTreeMap::new();
    for line in results.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let expected = match case["expected_class"].as_str().unwrap() {
            // A server error on a write leaves open what was done; it is told once a look knows.
            "outcome_unknown" | "transient" => "unknown",
            other => other,
        };
        if case["result"].is_null() {
            assert_eq!(expected, "unknown", "{line}");
            continue;
        }
        let mut profile = profile_of(case["server"].as_str().unwrap());
        let tool = case["tool"].as_str().unwrap();
        let kind = kind_of(&profile, tool);
        // What was called is what the profile calls, whether the server has it or not.
        if !profile.every_call().any(|call| call.tool == tool) {
            profile.acts.get_mut(&kind).unwrap().calls.usual.tool = tool.to_owned();
        }
        let publish = &profile.acts[&kind];
        let target = (kind != EffectKind::Publish).then(|| "target1".to_owned());
        let content = EffectV1 { kind, target, ..content(profile.platform()) };
        let secrets = Secrets::default();
        let call = Call {
            content: &content,
            parts: Parts { account: "me", ..Parts::default() },
            sent: Vec::new(),
            attempt: 1,
            border: Border { secrets: &secrets, settings: None, ours: "" },
            now,
        };
        let outcome = extract::outcome(&profile, publish, &call, &Answer::new(&answer(&case["result"])));
        let found = match &outcome {
            // What is told once a look knows that nothing happened.
            Outcome::Unknown(unknown) if publish.reads_back => unknown
                .refusal
                .as_ref()
                .map_or("unknown", |refusal| class(&Outcome::NotDone(refusal.clone()))),
            outcome => class(outcome),
        };
        // The rules that nothing may break: no guess towards *done*, none towards *not done*, and what a tool refuses that asks
        // nothing after its write is a refusal.
        assert!((found == "success") == (expected == "success"), "{line}\n{outcome:?}");
        assert!(expected != "unknown" || !matches!(outcome, Outcome::NotDone(_)), "{line}\n{outcome:?}");
        // Refused as a duplicate means that something like it is there: that is looked up.
        let refused = !matches!(expected, "success" | "unknown") && case["scenario"] != "403dup";
        let settled = publish.reads_back || matches!(outcome, Outcome::NotDone(_));
        assert!(!refused || settled, "{line}\n{outcome:?}");
        let counted = score.entry(expected.to_owned()).or_default();
        counted.1 += 1;
        if found == expected {
            counted.0 += 1;
        } else {
            println!(
                "{} {} {}: expected {expected}, found {found}",
                case["server"], case["tool"], case["scenario"]
            );
        }
    }
    let (right, all) = score.values().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    println!("classified as labelled: {right} of {all}, {score:?}");
    assert!(right * 10 >= all * 9, "{score:?}");
}

/// Every call of every built-in profile fits what its server offered when it was recorded.
#[test]
fn peers_profiles_fit_their_tools() {
    for server in Profile::names().filter(|name| *name != "seeds") {
        let Some(tools) = file(&format!("tools/{server}.json")) else { return };
        let tools: Value = serde_json::from_str(&tools).unwrap();
        let tools =
            tools["tools_list"].get("tools").unwrap_or(&tools["tools_list"]).as_array().unwrap().clone();
        let tools: Vec<_> = tools
            .iter()
            .map(|tool| ToolInfo {
                name: tool["name"].as_str().unwrap().to_owned(),
                input_schema: tool["inputSchema"].clone(),
            })
            .collect();
        let profile = profile_of(server);
        for kind in profile.served() {
            let faults = check::faults(&profile, kind, &tools);
            assert!(faults.is_empty(), "{server} {kind:?}: {faults:#?}");
        }
    }
}
