//! Canonical bytes do not depend on how a document was spelled.

use chimera_contracts::{Digest, canonical};
use chimera_harness::guard;
use proptest::prelude::*;
use serde_json::Value;

/// Any document; numbers are finite, keys unique.
fn documents() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(".{0,6}", inner, 0..6)
                .prop_map(|members| members.into_iter().collect::<serde_json::Map<_, _>>().into()),
        ]
    })
}

/// The document as text, the members of each object turned by `turn` places and with white space.
fn spelled(value: &Value, turn: usize) -> String {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members
                .iter()
                .map(|(key, member)| format!("{} :\n{}", Value::from(key.as_str()), spelled(member, turn)))
                .collect();
            let by = turn % members.len().max(1);
            members.rotate_left(by);
            format!("{{ {} }}", members.join(" , "))
        }
        Value::Array(items) => {
            format!("[\t{}]", items.iter().map(|item| spelled(item, turn)).collect::<Vec<_>>().join(",\r\n"))
        }
        leaf => leaf.to_string(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn canonical_bytes_are_a_fixed_point(document in documents()) {
        let _guard = guard("one case");
        let once = canonical::canonicalize(document.to_string().as_bytes()).unwrap();
        prop_assert_eq!(&canonical::canonicalize(&once).unwrap(), &once);
    }

    #[test]
    fn canonical_bytes_are_independent_of_spelling(document in documents(), turn in 0_usize..6) {
        let _guard = guard("one case");
        let plain = canonical::canonicalize(document.to_string().as_bytes()).unwrap();
        let turned = canonical::canonicalize(spelled(&document, turn).as_bytes()).unwrap();
        prop_assert_eq!(plain, turned);
    }

    #[test]
    fn other_bytes_or_another_domain_give_another_digest(left in ".{0,20}", right in ".{0,20}") {
        let _guard = guard("one case");
        prop_assert_eq!(Digest::of(left.as_bytes()) == Digest::of(right.as_bytes()), left == right);
        prop_assert_ne!(Digest::tagged("a", left.as_bytes()), Digest::tagged("b", left.as_bytes()));
        prop_assert_ne!(Digest::tagged("a", left.as_bytes()), Digest::of(left.as_bytes()));
    }
}
