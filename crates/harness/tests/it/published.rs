//! Folders of cases: what is found, what is judged, what fails.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};

use chimera_harness::{Judged, Kind, Published, has};

const SUMS: &[Kind] = &[(
    "sums",
    |case| has(&case.value, &["left", "right", "sum"]),
    |case| {
        let number = |name: &str| case.value[name].as_u64().unwrap_or(0);
        if number("left") > 100 {
            return Judged::NotCovered("large numbers".to_owned());
        }
        Judged::equal(&(number("left") + number("right")), &number("sum"))
    },
)];

/// Judges a folder of these files; what it panics with.
fn check(files: &[(&str, &str)], expected: Option<&str>) {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    let published = Published::at(folder.path().to_owned());
    let judged = catch_unwind(AssertUnwindSafe(|| published.judge_all(SUMS)));
    let said = judged.err().map(|panic| panic.downcast_ref::<String>().unwrap().clone());
    match (expected, said) {
        (None, None) => {}
        (Some(words), Some(said)) if said.contains(words) => {}
        (expected, said) => panic!("{files:?}: {said:?} for {expected:?}"),
    }
}

const GOOD: &str = r#"{"left": 1, "right": 2, "sum": 3}"#;
const BAD: &str = r#"{"left": 1, "right": 2, "sum": 4}"#;

#[test]
fn cases_are_found_by_their_shape_wherever_they_lie() {
    check(&[("a/b/c.json", GOOD)], None);
    check(&[("any.json", &format!("[{GOOD}, {{\"other\": 1}}, 7]"))], None);
    check(&[("any.json", &format!("{{\"source\": \"s\", \"cases\": [{GOOD}]}}"))], None);
    check(&[("lines.jsonl", &format!("{GOOD}\n{GOOD}\n"))], None);
    check(&[("good.json", GOOD), ("notes.md", "#"), ("broken.json", "{"), ("bytes.bin", "\u{0}")], None);
}

#[test]
fn a_known_kind_that_fails_is_a_failure() {
    check(&[("a.json", GOOD), ("b.json", BAD)], Some("1 cases failed:\nsums, b.json: 3 for 4"));
    check(&[("lines.jsonl", &format!("{GOOD}\n{BAD}\n"))], Some("lines.jsonl #1"));
}

#[test]
fn a_folder_without_a_case_that_is_covered_is_a_failure() {
    let words = Some("holds no case that is covered");
    check(&[], words);
    check(&[("a.json", r#"{"kind": "products"}"#)], words);
    check(&[("a.json", r#"{"left": 101, "right": 2, "sum": 103}"#)], words);
    check(&[("LICENSES/a.json", GOOD)], words);
}
