//! Cases that other people published (RFC 8785, `JSONTestSuite`, W3C, JSON Schema), read where they lie.

use std::env;
use std::fmt::Write as _;
use std::path::PathBuf;

use chimera_contracts::{Digest, canonical, schema};
use serde_json::Value;

use crate::{bytes, files, here, json, name};

/// The folder of published cases, or `None` after saying so.
fn published(folder: &str) -> Option<PathBuf> {
    let root =
        env::var_os("CHIMERA_CONFORMANCE").map_or_else(|| here("../../../shared/conformance"), PathBuf::from);
    let path = root.join(folder);
    if path.is_dir() {
        return Some(path);
    }
    println!("skipped: published cases not found at {}", path.display());
    None
}

fn canonical_text(text: &[u8]) -> Option<String> {
    canonical::canonicalize(text).ok().map(|bytes| String::from_utf8(bytes).unwrap())
}

fn text(path: &std::path::Path) -> String {
    String::from_utf8(bytes(path)).unwrap()
}

/// A double from the hex digits of its bits, leading zeros left out.
fn double(hex: &str) -> f64 {
    f64::from_bits(u64::from_str_radix(hex, 16).unwrap())
}

/// Both ways to canonical bytes: from a typed double, and from a decimal text of it.
fn check_number(number: f64, expected: &str) {
    assert_eq!(canonical::to_canonical(&number).unwrap(), expected.as_bytes(), "{:x}", number.to_bits());
    assert_eq!(canonical_text(format!("{number:e}").as_bytes()).as_deref(), Some(expected), "{number:e}");
}

#[test]
fn published_jcs_pairs() {
    let Some(root) = published("jcs/pairs") else { return };
    let mut count = 0;
    for source in ["cyberphone", "erdtman"] {
        for input in files(&root.join(source).join("input"), ".json") {
            let output = text(&root.join(source).join("output").join(name(&input)));
            assert_eq!(
                canonical_text(&bytes(&input)).as_deref(),
                Some(output.trim_end()),
                "{}",
                input.display()
            );
            count += 1;
        }
        let Some(hex) = Some(root.join(source).join("outhex")).filter(|folder| folder.is_dir()) else {
            continue;
        };
        for expected in files(&hex, ".txt") {
            let input = root.join(source).join("input").join(name(&expected)).with_extension("json");
            let found = canonical::canonicalize(&bytes(&input)).unwrap();
            let found: Vec<_> = found.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(
                found,
                text(&expected).split_whitespace().collect::<Vec<_>>(),
                "{}",
                expected.display()
            );
        }
    }
    assert!(count >= 5, "{count} pairs");
}

#[test]
fn published_jcs_numbers() {
    let Some(root) = published("jcs") else { return };
    let lines = text(&root.join("es6_numbers.txt"));
    assert!(lines.lines().count() >= 1_000);
    for line in lines.lines() {
        let (hex, expected) = line.split_once(',').unwrap();
        check_number(double(hex), expected);
    }
    for case in json(&root.join("rfc8785_appendix_b_numbers.json"))["cases"].as_array().unwrap() {
        let number = double(case["hex_ieee"].as_str().unwrap());
        match case["expected"].as_str() {
            Some(expected) => check_number(number, expected),
            None => assert!(canonical::to_canonical(&number).is_err(), "{case}"),
        }
    }
}

/// The published sequence of doubles, generated; its checksums are published, its lines are too many to store.
#[test]
fn published_jcs_number_sequence() {
    let Some(root) = published("jcs") else { return };
    let first = text(&root.join("es6_static_inputs.txt"));
    let first = first.lines().map(|hex| u64::from_str_radix(hex, 16).unwrap());
    let second = (0..2_000).map(|index| 0x0010_0000_0000_0000 + index);
    let mut block = [0_u8; 32];
    let rest = std::iter::repeat_with(move || {
        block = *Digest::of(&block).as_bytes();
        block
    });
    let rest = rest
        .flat_map(|block| {
            block.chunks(8).map(|eight| eight.try_into().unwrap()).map(u64::from_le_bytes).collect::<Vec<_>>()
        })
        .filter(|bits| f64::from_bits(*bits) != 0.0 && f64::from_bits(*bits).is_finite());
    let mut lines = String::new();
    for bits in first.chain(second).chain(rest).take(100_000) {
        let number = String::from_utf8(canonical::to_canonical(&f64::from_bits(bits)).unwrap()).unwrap();
        writeln!(lines, "{bits:x},{number}").unwrap();
    }
    let expected = "22776e6d4b49fa294a0d0f349268e5c28808fe7e0cb2bcbe28f63894e494d4c7";
    assert!(text(&root.join("es6_numbers_checksums.md")).contains(expected));
    assert_eq!(Digest::of(lines.as_bytes()).to_string(), expected);
}

#[test]
fn published_jcs_small_cases() {
    let Some(root) = published("jcs") else { return };
    for case in json(&root.join("erdtman_inline_cases.json"))["cases"].as_array().unwrap() {
        let input = case["input_json"].as_str().unwrap();
        assert_eq!(canonical_text(input.as_bytes()).as_deref(), case["expected"].as_str(), "{case}");
    }
}

#[test]
fn published_jcs_w3c_vectors() {
    let Some(root) = published("jcs/w3c-data-integrity") else { return };
    let inputs = files(&root, ".input.json");
    assert!(inputs.len() >= 2);
    for input in inputs {
        let stem = name(&input).trim_end_matches(".input.json");
        let found = canonical_text(&bytes(&input)).unwrap();
        assert_eq!(found, text(&root.join(format!("{stem}.canonical.txt"))).trim_end(), "{stem}");
        let digest = Digest::of(found.as_bytes()).to_string();
        assert_eq!(digest, text(&root.join(format!("{stem}.sha256.txt"))).trim_end(), "{stem}");
    }
}

/// Valid JSON that is no I-JSON (RFC 7493 §2.3): a key is given twice.
const DUPLICATE_KEYS: &[&str] = &["y_object_duplicated_key.json", "y_object_duplicated_key_and_value.json"];

#[test]
fn published_jcs_parser_inputs() {
    let Some(root) = published("jcs/JSONTestSuite") else { return };
    let inputs = files(&root.join("test_parsing"), ".json");
    assert!(inputs.len() >= 100);
    for input in inputs {
        let (name, taken) = (name(&input), canonical::canonicalize(&bytes(&input)).is_ok());
        let expected = match name.split('_').next() {
            Some("y") => Some(!DUPLICATE_KEYS.contains(&name)),
            Some("n") => Some(false),
            // Either way, save for what is no Unicode text: RFC 7493 §2.1 refuses lone surrogates and bad UTF-8.
            _ if name.contains("surrogate") || name.starts_with("i_string_") => Some(false),
            _ => None,
        };
        assert!(expected.is_none_or(|expected| expected == taken), "{name}: taken: {taken}");
    }
}

#[test]
fn published_jcs_transformed_inputs() {
    let Some(root) = published("jcs/JSONTestSuite/test_transform") else { return };
    for input in files(&root, ".json") {
        let name = name(&input);
        let found = canonical_text(&bytes(&input));
        let expected = match name {
            "number_1.0.json" => Some("[1]"),
            "number_9223372036854775808.json" => Some("[9223372036854776000]"),
            "number_-9223372036854775809.json" => Some("[-9223372036854776000]"),
            _ if name.contains("same_key") || name.contains("invalid_codepoint") => None,
            _ => found.as_deref().or(Some("anything")),
        };
        assert_eq!(found.as_deref(), expected, "{name}");
    }
}

#[test]
fn published_schemas_against_the_meta_schema() {
    let Some(root) = published("json-schema/meta-schema-2020-12") else { return };
    let mut metas = files(&root.join("meta"), ".json");
    metas.push(root.join("schema.json"));
    assert!(metas.len() >= 8);
    let mut schemas = schema::all();
    schemas.extend(
        chimera_contracts::SkillName::ALL.iter().map(|skill| ("answer".to_owned(), schema::answer(*skill))),
    );
    for meta in metas {
        let validator = jsonschema::draft202012::options().build(&json(&meta)).unwrap();
        assert!(!validator.is_valid(&Value::from(1)), "{}: takes anything", meta.display());
        for (file, schema) in &schemas {
            let errors: Vec<_> = validator.iter_errors(schema).map(|error| error.to_string()).collect();
            assert_eq!(errors, Vec::<String>::new(), "{file} against {}", meta.display());
        }
    }
}
