//! The schema of profiles: what is generated is what is stored (`CHIMERA_ACCEPT=1` stores it anew), and it says of a profile
//! what reading says.

use std::path::Path;

use chimera_platform::Profile;
use serde_json::Value;

fn schema() -> jsonschema::Validator {
    jsonschema::draft202012::new(&Profile::schema()).expect("the schema is one")
}

fn document(toml: &str) -> Value {
    toml::from_str(toml).expect("the test writes TOML")
}

#[test]
fn the_stored_schema_of_profiles_is_the_generated_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../specs/schemas/profile.json");
    if std::env::var("CHIMERA_ACCEPT").is_ok_and(|value| value == "1") {
        std::fs::write(&path, format!("{:#}\n", Profile::schema())).unwrap();
    }
    let stored: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    assert_eq!(stored, Profile::schema(), "look at the change, then run with CHIMERA_ACCEPT=1");
}

#[test]
fn the_built_in_profiles_fit_the_schema() {
    let schema = schema();
    for name in Profile::names() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("profiles/{name}.toml"));
        let profile = std::fs::read_to_string(file).unwrap();
        let faults: Vec<_> = schema.iter_errors(&document(&profile)).map(|fault| fault.to_string()).collect();
        assert!(faults.is_empty(), "{name}: {faults:#?}");
    }
}

#[test]
fn what_reading_refuses_by_its_form_does_not_fit_the_schema() {
    const LEAST: &str = "name = \"n\"\n[platforms.twitter.publish]\ntool = \"p\"\nid = \"/id\"\narguments = { text = \"{text}\" }\n";
    let schema = schema();
    assert!(schema.is_valid(&document(LEAST)) && Profile::parse(LEAST).is_ok());
    for (from, to) in [
        ("name = \"n\"\n", ""),
        ("name = \"n\"\n", "name = \"n\"\ncolor = \"red\"\n"),
        ("platforms.twitter", "platforms.mastodon"),
        ("tool = \"p\"\n", ""),
        ("tool = \"p\"\n", "tool = \"p\"\ncolour = 1\n"),
        ("id = \"/id\"", "id = 5"),
        ("[platforms.twitter.publish]", "[platforms.twitter]\nprices = 5\n[platforms.twitter.publish]"),
        ("[platforms.twitter.publish]", "[platforms.twitter]\nprice = 5\n[platforms.twitter.publish]"),
        ("[platforms.twitter.publish]", "[platforms.twitter]\ntimeout_ms = -1\n[platforms.twitter.publish]"),
    ] {
        assert!(LEAST.contains(from), "{from}");
        let wrong = LEAST.replacen(from, to, 1);
        assert!(!schema.is_valid(&document(&wrong)) && Profile::parse(&wrong).is_err(), "{wrong}");
    }
}
