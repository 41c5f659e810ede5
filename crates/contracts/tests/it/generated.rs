//! What is generated is what is stored; `CHIMERA_ACCEPT=1` stores it anew.

use std::env;
use std::fs;

use chimera_contracts::{errors_markdown, schema};

use crate::{bytes, files, here, json, name};

fn accepting() -> bool {
    env::var("CHIMERA_ACCEPT").is_ok_and(|value| value == "1")
}

#[test]
fn stored_schemas_are_the_generated_ones() {
    let folder = here("../../specs/schemas");
    let all = schema::all();
    if accepting() {
        fs::create_dir_all(&folder).unwrap();
        for (file, schema) in &all {
            fs::write(folder.join(file), format!("{schema:#}\n")).unwrap();
        }
    }
    for (file, schema) in &all {
        assert_eq!(
            &json(&folder.join(file)),
            schema,
            "{file}: look at the change, then run with CHIMERA_ACCEPT=1"
        );
    }
    for skill in chimera_contracts::SkillName::ALL {
        for path in files(&folder, ".json").iter().filter(|path| name(path).starts_with(skill.contract_id()))
        {
            assert!(
                all.iter().any(|(file, _)| file == name(path)),
                "{}: no type stands for it",
                path.display()
            );
        }
    }
}

#[test]
fn the_stored_table_of_errors_is_the_generated_one() {
    let path = here("../../specs/errors.md");
    if accepting() {
        fs::write(&path, errors_markdown()).unwrap();
    }
    let stored = String::from_utf8(bytes(&path)).unwrap();
    assert!(
        stored == errors_markdown(),
        "specs/errors.md: look at the change, then run with CHIMERA_ACCEPT=1"
    );
}

#[test]
fn schemas_have_names_and_need_nothing_from_elsewhere() {
    for skill in chimera_contracts::SkillName::ALL {
        for schema in
            [schema::input(*skill), schema::output(*skill), schema::error(*skill), schema::answer(*skill)]
        {
            assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
            assert_eq!(schema["type"], "object", "{}", schema["$id"]);
            let id = schema["$id"].as_str().unwrap();
            assert!(id.starts_with(&format!("urn:chimera:{}:", skill.contract_id())), "{id}");
            let text = schema.to_string();
            assert_eq!(
                text.matches("\"$ref\":").count(),
                text.matches("\"$ref\":\"#/$defs/").count(),
                "{id}"
            );
        }
    }
}
