//! The seeds' own examples are read, are valid and are written again as they were; broken ones are refused in the right
//! places.

use std::fmt::Debug;
use std::path::PathBuf;

use chimera_contracts::engage::{EngageInput, EngageOutput};
use chimera_contracts::parse::Parser;
use chimera_contracts::propose::{ErrorObject, ProposeInput, ProposeOutput};
use chimera_contracts::publish::{PublishInput, PublishOutput};
use chimera_contracts::{SkillName, schema};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{bytes, files, here, json, name};

/// The golden files of a skill whose names begin so; never none.
fn cases(skill: SkillName, folder: &str, prefix: &str) -> Vec<PathBuf> {
    let mut paths = files(&here(&format!("tests/golden/{}/{folder}", skill.as_str())), ".json");
    paths.retain(|path| name(path).starts_with(prefix) && !name(path).ends_with(".faults.json"));
    assert!(!paths.is_empty(), "{skill:?}/{folder}/{prefix}");
    paths
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => members
            .into_iter()
            .filter(|(_, member)| !member.is_null())
            .map(|(key, member)| (key, without_nulls(member)))
            .collect(),
        Value::Array(items) => items.into_iter().map(without_nulls).collect(),
        other => other,
    }
}

/// Whether everything in `sent` is in `written` with the same value; defaults may have been added.
fn holds(written: &Value, sent: &Value) -> bool {
    match (written, sent) {
        (Value::Object(written), Value::Object(sent)) => {
            sent.iter().all(|(key, member)| written.get(key).is_some_and(|other| holds(other, member)))
        }
        (Value::Array(written), Value::Array(sent)) => {
            written.len() == sent.len()
                && written.iter().zip(sent).all(|(written, sent)| holds(written, sent))
        }
        _ => written == sent,
    }
}

fn validates(schema: &Value, document: &Value, at: &str) {
    let validator = jsonschema::draft202012::options().should_validate_formats(true).build(schema).unwrap();
    let errors: Vec<_> = validator.iter_errors(document).map(|error| error.to_string()).collect();
    assert_eq!(errors, Vec::<String>::new(), "{at}");
}

fn check_inputs<T>(skill: SkillName, parser: &Parser, check: fn(&T) -> bool)
where
    T: DeserializeOwned + Serialize + PartialEq + Debug,
{
    for path in cases(skill, "valid", "input") {
        let at = path.display().to_string();
        let input: T = parser.parse(&bytes(&path)).unwrap_or_else(|faults| panic!("{at}: {faults}"));
        assert!(check(&input), "{at}");
        let written = serde_json::to_value(&input).unwrap();
        validates(&schema::input(skill), &written, &at);
        assert!(holds(&without_nulls(written.clone()), &without_nulls(json(&path))), "{at}: {written}");
        assert_eq!(serde_json::from_value::<T>(written).unwrap(), input, "{at}");
    }
    for path in cases(skill, "invalid", "") {
        let at = path.display().to_string();
        let expected = json(&path.with_extension("faults.json"));
        let faults = parser.parse::<T>(&bytes(&path)).err().map(|faults| faults.as_slice().to_vec());
        let mut pointers: Vec<_> = faults.iter().flatten().map(|fault| fault.pointer.clone()).collect();
        pointers.sort();
        assert_eq!(Value::from(pointers), expected, "{at}: {faults:?}");
    }
}

fn check_answers<T: DeserializeOwned + Serialize>(skill: SkillName, prefix: &str, schemas: &[Value]) {
    for path in cases(skill, "valid", prefix) {
        let (at, sent) = (path.display().to_string(), json(&path));
        let answer: T = serde_json::from_value(sent.clone()).unwrap_or_else(|error| panic!("{at}: {error}"));
        let written = serde_json::to_value(&answer).unwrap();
        assert_eq!(without_nulls(written.clone()), without_nulls(sent.clone()), "{at}");
        for schema in schemas {
            validates(schema, &sent, &at);
            validates(schema, &written, &at);
        }
    }
}

#[test]
fn propose() {
    let skill = SkillName::Propose;
    check_inputs(skill, &ProposeInput::parser().unwrap(), |input: &ProposeInput| input.check().is_ok());
    check_answers::<ProposeOutput>(skill, "output", &[schema::output(skill), schema::answer(skill)]);
    check_answers::<ErrorObject>(skill, "error", &[schema::error(skill), schema::answer(skill)]);
}

#[test]
fn engage() {
    let skill = SkillName::Engage;
    check_inputs(skill, &EngageInput::parser().unwrap(), |input: &EngageInput| input.check().is_ok());
    check_answers::<EngageOutput>(skill, "output", &[schema::output(skill)]);
    check_answers::<EngageOutput>(skill, "error", &[schema::output(skill), schema::error(skill)]);
}

#[test]
fn publish() {
    let skill = SkillName::Publish;
    check_inputs(skill, &PublishInput::parser().unwrap(), |input: &PublishInput| input.check().is_ok());
    check_answers::<PublishOutput>(skill, "output", &[schema::output(skill)]);
    check_answers::<PublishOutput>(skill, "error", &[schema::output(skill), schema::error(skill)]);
    check_answers::<PublishOutput>(skill, "output_failure", &[schema::error(skill)]);
}

#[test]
fn one_document_holds_a_whole_contract() {
    for skill in SkillName::ALL {
        let contract = schema::contract(*skill);
        let outputs = cases(*skill, "valid", "output");
        for input in cases(*skill, "valid", "input") {
            for output in &outputs {
                let at = format!("{} and {}", name(&input), name(output));
                let call = serde_json::json!({ "input": json(&input), "output": json(output) });
                validates(&contract, &call, &at);
            }
        }
        for input in cases(*skill, "invalid", "") {
            let Ok(input) = serde_json::from_slice::<Value>(&bytes(&input)) else { continue };
            let call = serde_json::json!({ "input": input, "output": json(&outputs[0]) });
            let validator =
                jsonschema::draft202012::options().should_validate_formats(true).build(&contract).unwrap();
            let input_alone = jsonschema::draft202012::options()
                .should_validate_formats(true)
                .build(&schema::input(*skill))
                .unwrap();
            assert_eq!(validator.is_valid(&call), input_alone.is_valid(&input), "{input}");
        }
    }
}
