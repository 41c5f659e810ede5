//! Reading a policy that somebody wrote: every fault at once, or a sound policy (GOV-06).

use chimera_contracts::parse::Parser;
use chimera_contracts::{Fault, Faults, schema};
use serde_json::Value;

use super::{Policy, PolicyDocument};

impl Policy {
    /// Reads a policy document in JSON.
    ///
    /// # Errors
    /// With everything that is wrong with it.
    pub fn from_json(bytes: &[u8]) -> Result<Self, Faults> {
        let parser = Parser::new::<PolicyDocument>()
            .map_err(|error| Fault::new("", "a schema that compiles", error.to_string()))?;
        Self::try_from(parser.with_rules(rules).parse::<PolicyDocument>(bytes)?)
    }

    /// Reads a policy document in TOML.
    ///
    /// # Errors
    /// With everything that is wrong with it.
    pub fn from_toml(text: &str) -> Result<Self, Faults> {
        let document: Value = toml::from_str(text)
            .map_err(|error| Fault::new("", "a TOML document", error.message().to_owned()))?;
        Self::from_json(document.to_string().as_bytes())
    }
}

/// The schema of a policy document, for editors and for whoever writes policies by program.
#[must_use]
pub fn policy_schema() -> Value {
    let mut schema = schema::input_of::<PolicyDocument>();
    if let Some(members) = schema.as_object_mut() {
        members.insert("$id".to_owned(), "urn:chimera:policy:1".into());
    }
    schema
}

/// What no schema can say, over a document that may hold other faults as well.
fn rules(document: &Value) -> Vec<Fault> {
    let number = |key| document.get(key).and_then(Value::as_f64).unwrap_or(f64::NAN);
    let reviewed = document.get("always_review").and_then(Value::as_array);
    let sees = reviewed.is_none_or(|flags| flags.iter().any(|flag| flag == "unclassified"));
    let crossed = crossed(number("act_above"), number("review_from"));
    blind(sees).into_iter().chain(crossed).collect()
}

/// The fault of a policy under which a classifier that fails would let something through.
pub(super) fn blind(sees_unclassified: bool) -> Option<Fault> {
    let expected = "`unclassified` among them: a failing classifier is no yes";
    (!sees_unclassified).then(|| Fault::new("/always_review", expected, "not"))
}

/// The fault of bounds in the wrong order.
pub(super) fn crossed(act_above: f64, review_from: f64) -> Option<Fault> {
    (review_from > act_above)
        .then(|| Fault::new("/review_from", "at most `act_above`", review_from.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOUND: &str = r#"
        v = 1
        name = "ours"
        version = 3
        act_above = 0.95
        review_from = 0.5
        always_review = ["unclassified", "health"]
        never_answer = ["harassment"]
        warm_up = { campaign = 2, platform = 1 }
        review_within_s = 3600
        approval_holds_s = 60
    "#;

    fn pointers(faults: &Faults) -> Vec<&str> {
        faults.as_slice().iter().map(|fault| fault.pointer.as_str()).collect()
    }

    #[test]
    fn both_spellings_are_one_policy() {
        let policy = Policy::from_toml(SOUND).unwrap();
        assert_eq!((policy.id().as_str(), policy.review_from().get()), ("ours@3", 0.5));
        let json = serde_json::to_vec(policy.document()).unwrap();
        assert_eq!(Policy::from_json(&json), Ok(policy));
        for preset in [Policy::seed(), Policy::cautious()] {
            let preset = preset.unwrap();
            let json = serde_json::to_vec(preset.document()).unwrap();
            assert_eq!(Policy::from_json(&json), Ok(preset));
        }
    }

    #[test]
    fn every_fault_of_a_document_is_named_at_once() {
        let text = SOUND
            .replace("act_above = 0.95", "act_abov = 0.95")
            .replace("review_from = 0.5", "review_from = \"half\"")
            .replace("\"unclassified\", \"health\"", "\"helth\"")
            .replace("campaign = 2", "campaign = -2")
            .replace("review_within_s = 3600", "review_within_s = 2592001");
        let faults = Policy::from_toml(&text).unwrap_err();
        let expected = [
            "/act_abov",
            "/act_above",
            "/always_review",
            "/always_review/0",
            "/review_from",
            "/review_within_s",
            "/warm_up/campaign",
        ];
        assert_eq!(pointers(&faults), expected, "{faults}");
    }

    #[test]
    fn nothing_opens_by_a_number() {
        for (from, to, pointer) in [
            ("act_above = 0.95", "act_above = 0.4", "/review_from"),
            ("act_above = 0.95", "act_above = nan", "/act_above"),
            ("act_above = 0.95", "act_above = -inf", "/act_above"),
            ("review_from = 0.5", "review_from = -0.0", "/review_from"),
            ("review_from = 0.5", "review_from = -1e-9", "/review_from"),
            ("act_above = 0.95", "act_above = 1.000000001", "/act_above"),
            ("v = 1", "v = 2", "/v"),
            ("v = 1", "", "/v"),
            ("name = \"ours\"", "name = \"Ours!\"", "/name"),
            ("approval_holds_s = 60", "approval_holds_s = 0", "/approval_holds_s"),
            ("approval_holds_s = 60", "approval_holds_s = 60.5", "/approval_holds_s"),
        ] {
            let faults = Policy::from_toml(&SOUND.replace(from, to)).unwrap_err();
            assert_eq!(pointers(&faults), [pointer], "{to}: {faults}");
        }
        assert_eq!(pointers(&Policy::from_toml("v = ").unwrap_err()), [""]);
        assert_eq!(pointers(&Policy::from_json(b"{").unwrap_err()), [""]);
    }
}
