//! Cases that other people published (RFC 8785, `JSONTestSuite`, W3C, JSON Schema), read where they lie.

use std::fmt::Write as _;
use std::path::Path;

use chimera_contracts::{Digest, SkillName, canonical, schema};
use chimera_harness::{Judged, Kind, Published, has};
use serde_json::Value;

use crate::i_json;
use crate::{bytes, name};

fn canonical_text(text: &[u8]) -> Option<String> {
    canonical::canonicalize(text).ok().map(|bytes| String::from_utf8(bytes).unwrap())
}

/// A file as text, where it is there.
fn text(path: &Path) -> Option<String> {
    std::fs::read_to_string(path).ok()
}

/// A double from the hex digits of its bits, leading zeros left out.
fn double(hex: &str) -> Option<f64> {
    u64::from_str_radix(hex, 16).ok().map(f64::from_bits)
}

/// Both ways to canonical bytes: from a typed double, and from a decimal text of it.
fn judge_number(number: f64, expected: &str) -> Judged {
    let typed = canonical::to_canonical(&number).ok().map(|bytes| String::from_utf8(bytes).unwrap());
    match Judged::equal(&typed.as_deref(), &Some(expected)) {
        Judged::Passed => {
            let read = canonical_text(format!("{number:e}").as_bytes());
            Judged::equal(&read.as_deref(), &Some(expected))
        }
        failed => failed,
    }
}

/// `input` and `output` beside each other, one file of the same name in each; `outhex` has the bytes of some.
#[test]
fn published_jcs_pairs() {
    let Some(mut published) = Published::find("jcs/pairs") else { return };
    for input in published.files(".json") {
        let Some(folder) = input.parent().filter(|folder| folder.ends_with("input")) else { continue };
        let (place, found) = (published.name(&input), canonical_text(&bytes(&input)));
        let beside = |other: &str| folder.with_file_name(other).join(name(&input));
        let (output, hex) = (text(&beside("output")), text(&beside("outhex").with_extension("txt")));
        if output.is_none() && hex.is_none() {
            published.not_covered("documents without what they become");
        }
        if let Some(output) = output {
            published.count("pairs", &place, Judged::equal(&found.as_deref(), &Some(output.trim_end())));
        }
        if let Some(expected) = hex {
            let found = found.map(|found| found.bytes().map(|byte| format!("{byte:02x}")).collect());
            let expected: Vec<String> = expected.split_whitespace().map(str::to_owned).collect();
            published.count("pairs in hex", &place, Judged::equal(&found, &Some(expected)));
        }
    }
    published.end();
}

const SMALL: &[Kind] = &[
    (
        "numbers of RFC 8785",
        |case| has(&case.value, &["hex_ieee", "expected"]),
        |case| {
            let Some(number) = case.value["hex_ieee"].as_str().and_then(double) else {
                return Judged::NotCovered("what is no double".to_owned());
            };
            match case.value["expected"].as_str() {
                Some(expected) => judge_number(number, expected),
                // What is no number is refused.
                None => Judged::equal(&canonical::to_canonical(&number).is_err(), &true),
            }
        },
    ),
    (
        "small documents",
        |case| has(&case.value, &["input_json", "expected"]),
        |case| {
            let found = case.value["input_json"].as_str().and_then(|input| canonical_text(input.as_bytes()));
            Judged::equal(&found.as_deref(), &case.value["expected"].as_str())
        },
    ),
];

/// Numbers and small documents: lists of cases, lines of a double in hex and its text, and a sequence with its checksums.
#[test]
fn published_jcs_numbers_and_small_cases() {
    let Some(mut published) = Published::find("jcs") else { return };
    // Whole documents lie in folders of their own, and are judged below.
    let mut files = published.files("");
    files.retain(|file| !published.name(file).contains('/'));
    let cases = published.read(&files);
    published.judge(cases, SMALL);
    let mut beginning = None;
    for file in published.files(".txt") {
        let lines = text(&file).unwrap_or_default();
        if let Some(doubles) = all(&lines, |line| u64::from_str_radix(line, 16).ok()) {
            beginning = Some(doubles);
        } else if let Some(pairs) = all(&lines, number_and_text) {
            for (number, (double, expected)) in pairs.into_iter().enumerate() {
                let place = format!("{} #{number}", published.name(&file));
                published.count("lines of numbers", &place, judge_number(double, expected));
            }
        }
    }
    match beginning {
        None => published.not_covered("sequences of numbers without their beginning"),
        Some(beginning) => judge_sequence(&mut published, beginning),
    }
    published.end();
}

/// Every line read alike; a file with other lines is about something else.
fn all<'text, T>(lines: &'text str, read: fn(&'text str) -> Option<T>) -> Option<Vec<T>> {
    lines.lines().map(read).collect::<Option<Vec<_>>>().filter(|lines| !lines.is_empty())
}

fn number_and_text(line: &str) -> Option<(f64, &str)> {
    let (hex, text) = line.split_once(',')?;
    Some((double(hex)?, text))
}

/// How many lines of the sequence are generated: more take minutes and prove no more.
const SEQUENCE: usize = 100_000;

/// The published sequence of doubles, generated from its beginning; a table has the checksums of its first lines, which
/// are too many to store.
fn judge_sequence(published: &mut Published, beginning: Vec<u64>) {
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
    let (mut lines, mut ends) = (String::new(), vec![0]);
    for bits in beginning.into_iter().chain(second).chain(rest).take(SEQUENCE) {
        let number = String::from_utf8(canonical::to_canonical(&f64::from_bits(bits)).unwrap()).unwrap();
        writeln!(lines, "{bits:x},{number}").unwrap();
        ends.push(lines.len());
    }
    for file in published.files(".md") {
        for row in text(&file).unwrap_or_default().lines() {
            let cells: Vec<_> = row.split('|').map(str::trim).collect();
            let [_, sum, count, ..] = cells.as_slice() else { continue };
            let Some(count) = count.parse::<usize>().ok().filter(|_| sum.len() == 64) else { continue };
            match ends.get(count) {
                None => published.not_covered("checksums of more lines than are generated"),
                Some(end) => {
                    let found = Digest::of(lines.get(..*end).unwrap().as_bytes()).to_string();
                    published.count("checksums of a sequence", row, Judged::equal(&found.as_str(), sum));
                }
            }
        }
    }
}

/// A document, its canonical form and the hash of that, beside each other under one stem.
#[test]
fn published_jcs_w3c_vectors() {
    const INPUT: &str = ".input.json";
    let Some(mut published) = Published::find("jcs/w3c-data-integrity") else { return };
    for input in published.files(INPUT) {
        let (place, found) = (published.name(&input), canonical_text(&bytes(&input)).unwrap_or_default());
        let stem = name(&input).trim_end_matches(INPUT);
        let beside = |ending: &str| text(&input.with_file_name(format!("{stem}{ending}")));
        let (form, hash) = (beside(".canonical.txt"), beside(".sha256.txt"));
        if form.is_none() && hash.is_none() {
            published.not_covered("documents without what they become");
        }
        if let Some(form) = form {
            published.count("canonical forms", &place, Judged::equal(&found.as_str(), &form.trim_end()));
        }
        if let Some(hash) = hash {
            let digest = Digest::of(found.as_bytes()).to_string();
            published.count("hashes", &place, Judged::equal(&digest.as_str(), &hash.trim_end()));
        }
    }
    published.end();
}

/// The first letter of a name says what a JSON parser does: `y` takes, `n` refuses, `i` may do either. Canonical JSON takes
/// I-JSON alone.
#[test]
fn published_jcs_parser_inputs() {
    let Some(mut published) = Published::find("jcs/JSONTestSuite/test_parsing") else { return };
    for input in published.files(".json") {
        let (place, content) = (published.name(&input), bytes(&input));
        let (taken, strict) = (canonical::canonicalize(&content).is_ok(), i_json::is_i_json(&content));
        let (kind, expected) = match name(&input).split('_').next() {
            Some("y") => ("inputs to take", strict),
            Some("n") => ("inputs to refuse", false),
            Some("i") => ("inputs to take or refuse", taken && strict),
            _ => {
                published.not_covered("inputs that do not say what becomes of them");
                continue;
            }
        };
        published.count(kind, &place, Judged::equal(&taken, &expected));
    }
    published.end();
}

/// What parsers make of these differs; here what is taken keeps its value, and what is no I-JSON is refused.
#[test]
fn published_jcs_transformed_inputs() {
    let Some(mut published) = Published::find("jcs/JSONTestSuite/test_transform") else { return };
    for input in published.files(".json") {
        let (place, content) = (published.name(&input), bytes(&input));
        let found = canonical_text(&content);
        if !i_json::is_i_json(&content) {
            published.count("inputs that are no I-JSON", &place, Judged::equal(&found, &None));
            continue;
        }
        let value = |text: &[u8]| i_json::as_doubles(&serde_json::from_slice(text).unwrap());
        let kept = found.as_ref().map(|found| value(found.as_bytes()));
        published.count("inputs that keep their value", &place, Judged::equal(&kept, &Some(value(&content))));
    }
    published.end();
}

/// Every schema of ours against every schema about schemas, which is one that others may extend as such.
#[test]
fn published_schemas_against_the_meta_schema() {
    let Some(mut published) = Published::find("json-schema/meta-schema-2020-12") else { return };
    let mut schemas = schema::all();
    schemas.extend(SkillName::ALL.iter().map(|skill| ("answer".to_owned(), schema::answer(*skill))));
    for case in published.cases() {
        if case.value["$dynamicAnchor"] != "meta" {
            published.not_covered("schemas about something else");
            continue;
        }
        let validator = jsonschema::draft202012::options().build(&case.value).unwrap();
        let mut faults = Vec::new();
        if validator.is_valid(&Value::from(1)) {
            faults.push("it takes anything".to_owned());
        }
        for (file, schema) in &schemas {
            faults.extend(validator.iter_errors(schema).map(|error| format!("{file}: {error}")));
        }
        published.count("meta-schemas", &case.place, Judged::equal(&faults, &Vec::new()));
    }
    published.end();
}
