//! Three campaigns, read by eye; why each time is right stands in `specs/propose.md`. `CHIMERA_ACCEPT=1` stores anew.

use std::path::PathBuf;
use std::{env, fs};

use chimera_contracts::propose::ProposeOutput;
use serde_json::Value;

use crate::bench::{Bench, Figures, call};

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

fn read(name: &str) -> Option<Value> {
    let bytes = fs::read(path(name)).ok()?;
    Some(serde_json::from_slice(&bytes).unwrap_or_else(|error| panic!("{name}: {error}")))
}

fn check(name: &str) {
    let bench = Bench::new();
    let insights = read(&format!("{name}.insights.json"));
    let skill = insights.map_or_else(|| bench.skill(), |known| bench.with_insights(Figures::of(&known)));
    let request = read(&format!("{name}.input.json")).expect("the campaign's request");
    let answer = call(&skill, &request);
    assert!(!answer.is_error, "{name}: {}", answer.json);
    let found: Value = serde_json::from_str(&answer.json).unwrap();
    let stored = format!("{name}.output.json");
    if env::var("CHIMERA_ACCEPT").is_ok_and(|value| value == "1") {
        fs::write(path(&stored), format!("{found:#}\n")).unwrap();
    }
    let expected = read(&stored);
    assert_eq!(Some(&found), expected.as_ref(), "{name}: look at the change, then run with CHIMERA_ACCEPT=1");
    // What is stored has no order of members; the bytes of an answer do.
    let typed: ProposeOutput = serde_json::from_value(found).unwrap();
    assert_eq!(serde_json::to_string(&typed).unwrap(), answer.json);
}

#[test]
fn a_single_post() {
    check("single_post");
}

#[test]
fn a_launch_over_a_clock_change() {
    check("launch_over_a_clock_change");
}

#[test]
fn night_owls() {
    check("night_owls");
}
