//! JSON Schema 2020-12 of the contracts, generated from the types; the stored files are compared with it.

use schemars::generate::SchemaSettings;
use schemars::transform::transform_subschemas;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Value, json};

use crate::error::SkillName;
use crate::{engage, propose, publish};

/// The schema of a skill's input.
#[must_use]
pub fn input(skill: SkillName) -> Value {
    let schema = match skill {
        SkillName::Propose => input_of::<propose::ProposeInput>(),
        SkillName::Engage => input_of::<engage::EngageInput>(),
        SkillName::Publish => input_of::<publish::PublishInput>(),
    };
    named(schema, skill, "input")
}

/// The schema of a skill's output. Engage and publish answer an error in the same shape.
#[must_use]
pub fn output(skill: SkillName) -> Value {
    let schema = match skill {
        SkillName::Propose => output_of::<propose::ProposeOutput>(),
        SkillName::Engage => output_of::<engage::EngageOutput>(),
        SkillName::Publish => output_of::<publish::PublishOutput>(),
    };
    named(schema, skill, "output")
}

/// The schema of a skill's error shape: propose has one of its own, that of engage and publish is the failed output.
#[must_use]
pub fn error(skill: SkillName) -> Value {
    let schema = match skill {
        SkillName::Propose => output_of::<propose::ErrorObject>(),
        SkillName::Engage => narrowed(output(skill), "failed", &["error"]),
        SkillName::Publish => narrowed(
            output(skill),
            "failure",
            &["publications", "error_code", "error_message", "retry_eligible"],
        ),
    };
    named(schema, skill, "error")
}

/// The schema of whatever a skill answers, output or error, for runtimes that know one schema only.
#[must_use]
pub fn answer(skill: SkillName) -> Value {
    match skill {
        SkillName::Propose => {
            let mut schema = output_of::<propose::ProposeAnswer>();
            // Runtimes such as MCP want to read at the root that it is an object.
            set(&mut schema, "type", json!("object"));
            named(schema, skill, "answer")
        }
        SkillName::Engage | SkillName::Publish => output(skill),
    }
}

/// Input and output of a skill in one document, for runtimes that keep one file a contract. Each part is a schema resource of
/// its own within it (JSON Schema 2020-12, core, 9.3), so that its references stay its own.
#[must_use]
pub fn contract(skill: SkillName) -> Value {
    let document = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": skill.contract_id(),
        "description": "One call: what goes in and what comes out, errors included.",
        "type": "object",
        "properties": { "input": { "$ref": "#/$defs/input" }, "output": { "$ref": "#/$defs/answer" } },
        "required": ["input", "output"],
        "additionalProperties": false,
        "$defs": { "input": input(skill), "answer": answer(skill) },
    });
    named(document, skill, "contract")
}

/// Every schema with the name of its file: `<contract id>.<input|output|error|contract>.json`.
#[must_use]
pub fn all() -> Vec<(String, Value)> {
    let mut files = Vec::new();
    for skill in SkillName::ALL {
        let parts = [
            ("input", input(*skill)),
            ("output", output(*skill)),
            ("error", error(*skill)),
            ("contract", contract(*skill)),
        ];
        for (part, schema) in parts {
            files.push((format!("{}.{part}.json", skill.contract_id()), schema));
        }
    }
    files
}

fn named(mut schema: Value, skill: SkillName, part: &str) -> Value {
    let id = format!("urn:chimera:{}:{}:{part}", skill.contract_id(), skill.contract_version());
    set(&mut schema, "$id", json!(id));
    schema
}

/// The output whose status is `status` and whose members in `required` are there and not null.
fn narrowed(mut schema: Value, status: &str, required: &[&str]) -> Value {
    let members = schema.get_mut("properties").and_then(Value::as_object_mut);
    for (key, member) in members.into_iter().flatten() {
        if key == "status" {
            *member = json!({ "type": "string", "const": status, "description": "Always this in an error." });
        } else if required.contains(&key.as_str()) {
            without_null(member);
        }
    }
    let all: Vec<_> = std::iter::once("status").chain(required.iter().copied()).collect();
    set(&mut schema, "required", json!(all));
    schema
}

fn without_null(member: &mut Value) {
    if let Some(Value::Array(kinds)) = member.get_mut("type") {
        kinds.retain(|kind| kind != "null");
    }
    if let Some(Value::Array(branches)) = member.get_mut("anyOf") {
        branches.retain(|branch| branch.get("type").is_none_or(|kind| kind != "null"));
    }
    if let Some(members) = member.as_object_mut() {
        members.remove("default");
    }
}

fn set(schema: &mut Value, key: &str, value: Value) {
    if let Some(members) = schema.as_object_mut() {
        members.insert(key.to_owned(), value);
    }
}

/// The schema of what is read as `T`.
#[must_use]
pub fn input_of<T: JsonSchema>() -> Value {
    SchemaGenerator::from(SchemaSettings::draft2020_12().for_deserialize().with_transform(plain))
        .into_root_schema_for::<T>()
        .to_value()
}

/// The schema of what a `T` is written as.
#[must_use]
pub fn output_of<T: JsonSchema>() -> Value {
    SchemaGenerator::from(SchemaSettings::draft2020_12().for_serialize().with_transform(plain))
        .into_root_schema_for::<T>()
        .to_value()
}

/// Says the same in fewer words, so that every validator and every model understands it: a choice of constants becomes
/// an `enum`, and formats that are no JSON Schema formats (`uint32`) go.
fn plain(schema: &mut Schema) {
    transform_subschemas(&mut (plain as fn(&mut Schema)), schema);
    let names = schema.get("oneOf").and_then(Value::as_array).and_then(|options| {
        let names: Option<Vec<Vec<Value>>> = options.iter().map(constants).collect();
        names.map(|names| names.concat())
    });
    if let Some(names) = names {
        schema.remove("oneOf");
        schema.insert("type".to_owned(), "string".into());
        schema.insert("enum".to_owned(), names.into());
    }
    let known = ["date-time", "uuid"];
    if schema.get("format").and_then(Value::as_str).is_some_and(|format| !known.contains(&format)) {
        schema.remove("format");
    }
}

/// The string constants that a schema allows; `None` when it says anything else.
fn constants(option: &Value) -> Option<Vec<Value>> {
    match (option.get("const"), option.get("enum")) {
        (Some(name @ Value::String(_)), None) => Some(vec![name.clone()]),
        (None, Some(Value::Array(names))) if names.iter().all(Value::is_string) => Some(names.clone()),
        _ => None,
    }
}
