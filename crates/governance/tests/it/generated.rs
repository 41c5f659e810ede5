//! What is generated is what is stored; `CHIMERA_ACCEPT=1` stores it anew.

use std::path::Path;

use chimera_governance::policy_schema;

#[test]
fn the_stored_schema_of_policies_is_the_generated_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../specs/schemas/policy.json");
    if std::env::var("CHIMERA_ACCEPT").is_ok_and(|value| value == "1") {
        std::fs::write(&path, format!("{:#}\n", policy_schema())).unwrap();
    }
    let stored: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    assert_eq!(stored, policy_schema(), "look at the change, then run with CHIMERA_ACCEPT=1");
}
