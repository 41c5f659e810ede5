//! The campaign file: what to propose, with which figures, and what to engage with, each with the confidence that was
//! recorded for it. The bundle and the sandbox's world are files beside it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use chimera::contracts::engage::EngageInput;
use chimera::contracts::parse::{Parser, ParserError};
use chimera::contracts::publish::PublishInput;
use chimera::contracts::{Confidence, Fault};
use chimera::skill_propose::InsightsSnapshot;
use chimera_examples::{Failure, media};
use chimera_sandbox::World;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// A campaign as it is written down.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Launch {
    /// The version of this form: 1.
    #[schemars(range(min = 1, max = 1))]
    v: u32,
    /// The bundle with what is to be done with it: the file beside this one.
    bundle: String,
    /// What other people have put on the sandbox's platforms: the file beside this one.
    world: String,
    /// What is asked of the propose skill.
    pub(crate) propose: Proposing,
    /// What is engaged with, in this order.
    pub(crate) engage: Vec<Engagement>,
}

/// What is asked of the propose skill about the bundle and its platforms.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Proposing {
    /// The idempotency token.
    pub(crate) request_id: String,
    /// The version of the spec that the caller keeps.
    pub(crate) spec_version: String,
    /// When and for whom.
    pub(crate) audience_constraints: BTreeMap<String, String>,
    /// What is known about the accounts.
    // The type has no schema; what is wrong with it is found when the rest is right.
    #[schemars(with = "Value")]
    pub(crate) insights: InsightsSnapshot,
}

/// One engagement.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Engagement {
    /// The idempotency key.
    #[schemars(length(min = 1, max = 255))]
    pub(crate) key: String,
    /// What the recorded scorer says about it.
    pub(crate) confidence: Confidence,
    /// What is asked of the engage skill.
    pub(crate) input: EngageInput,
}

/// A campaign with the files that it names.
#[derive(Clone, Debug)]
pub(crate) struct Campaign {
    pub(crate) launch: Launch,
    pub(crate) input: PublishInput,
    /// Where the bundle stands; its media are beside it.
    pub(crate) bundle: PathBuf,
    pub(crate) world: PathBuf,
}

impl Launch {
    fn parser() -> Result<Parser, ParserError> {
        Ok(Parser::new::<Self>()?.with_rules(told_apart))
    }
}

impl Campaign {
    /// Reads and checks a campaign and what it names.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let bytes = std::fs::read(path).map_err(|error| format!("`{}`: {error}", path.display()))?;
        let launch: Launch = Launch::parser()?
            .parse(&bytes)
            .map_err(|faults| format!("`{}` is no campaign: {faults}", path.display()))?;
        let (bundle, world) = (path.with_file_name(&launch.bundle), path.with_file_name(&launch.world));
        // The sandbox reads it again; what is wrong with it is better told here.
        World::read(&world)?;
        Ok(Self { input: media::read_campaign(&bundle)?, launch, bundle, world })
    }
}

/// Two engagements differ in their keys, or they are one; and in what they do, or nobody knows which confidence counts.
fn told_apart(document: &Value) -> Vec<Fault> {
    let engagements = document.get("engage").and_then(Value::as_array);
    ["key", "input"].into_iter().flat_map(|name| repeated(engagements.into_iter().flatten(), name)).collect()
}

fn repeated<'a>(engagements: impl Iterator<Item = &'a Value>, name: &str) -> Vec<Fault> {
    let mut seen = BTreeSet::new();
    let mut fresh = |value: &Value| seen.insert(value.to_string());
    engagements
        .enumerate()
        .filter_map(|(index, engagement)| Some((index, engagement.get(name)?)))
        .filter(|(_, value)| !fresh(value))
        .map(|(index, _)| {
            let expected = format!("a `{name}` that no engagement before it has");
            Fault::new(format!("/engage/{index}/{name}"), expected, "the same again")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = include_str!("../data/launch.json");

    fn faults(change: impl FnOnce(&mut Value)) -> Vec<String> {
        let mut document: Value = serde_json::from_str(FILE).unwrap();
        change(&mut document);
        let read = Launch::parser().unwrap().parse::<Launch>(document.to_string().as_bytes());
        let faults = read.err().map(|faults| faults.as_slice().to_vec()).unwrap_or_default();
        faults.into_iter().map(|fault| fault.pointer).collect()
    }

    #[test]
    fn the_campaign_that_comes_with_it_is_sound() {
        assert_eq!(faults(|_| {}), [""; 0]);
        let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/data/launch.json"));
        let campaign = Campaign::read(path).unwrap();
        assert_eq!(campaign.launch.engage.len(), 6);
    }

    #[test]
    fn everything_that_is_wrong_is_named_at_once() {
        let found = faults(|file| {
            file["v"] = 2.into();
            file["more"] = 1.into();
            file["propose"]["requestid"] = "r".into();
            file["engage"][0]["confidence"] = 1.5.into();
            file["engage"][1]["input"]["platform"] = "linkedin".into();
            file["engage"][2]["key"] = file["engage"][0]["key"].clone();
            file["engage"][4]["input"] = file["engage"][3]["input"].clone();
            file.as_object_mut().unwrap().remove("world");
        });
        let expected = [
            "/engage/0/confidence",
            "/engage/1/input/platform",
            "/engage/2/key",
            "/engage/4/input",
            "/more",
            "/propose/requestid",
            "/v",
            "/world",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn figures_that_are_none_are_refused() {
        let insights = |name: &str, value: Value| faults(|file| file["propose"]["insights"][name] = value);
        assert_eq!(insights("v", 2.into()), ["/propose/insights/v"]);
        assert_eq!(insights("clicks", 1.into()).len(), 1);
    }
}
