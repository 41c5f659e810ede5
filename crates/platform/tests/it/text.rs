//! twitter-text: `validate.yml` as JSON; Unicode: `emoji-test.txt`.

use chimera_contracts::PlatformName;
use chimera_platform::text::{
    WeightConfig, check as faults, count, render, unsafe_characters, weighted_length,
};
use proptest::prelude::*;
use serde_json::Value;

use crate::published;

fn check(group: &str, config: WeightConfig) {
    let Some(file) = published("platform-text/twitter-text/json/validate.json") else { return };
    let cases: Value = serde_json::from_str(&file).unwrap();
    let cases = cases["tests"][group].as_array().unwrap();
    assert!(!cases.is_empty());
    for case in cases {
        let weight = weighted_length(case["text"].as_str().unwrap(), config);
        assert_eq!(u64::from(weight), case["expected"]["weightedLength"], "{}", case["description"]);
        // The cases of a valid text are within 280, those of an invalid one above or empty.
        let valid = weight > 0 && weight <= 280;
        assert_eq!(valid, case["expected"]["valid"].as_bool().unwrap(), "{}", case["description"]);
    }
}

#[test]
fn published_weighted_length_version_2() {
    check("WeightedTweetsCounterTest", WeightConfig::V2);
}

#[test]
fn published_weighted_length_version_3() {
    check("WeightedTweetsWithDiscountedEmojiCounterTest", WeightConfig::V3);
}

#[test]
fn published_weighted_length_of_direction_marks() {
    check("UnicodeDirectionalMarkerCounterTest", WeightConfig::V3);
}

#[test]
fn published_weighted_length_of_every_emoji() {
    let Some(file) = published("platform-text/unicode/emoji-test-17.0.txt") else { return };
    let mut seen = 0;
    // Emoji newer than the tables of the properties crate are not known to it yet; none is too long by it.
    for line in file.lines().filter(|line| line.contains("; fully-qualified")) {
        let (points, rest) = line.split_once(';').unwrap();
        let emoji: String = points
            .split_whitespace()
            .map(|point| char::from_u32(u32::from_str_radix(point, 16).unwrap()).unwrap())
            .collect();
        assert_eq!(count(PlatformName::Twitter, &emoji).used, 2, "{rest}");
        assert_eq!(unsafe_characters(&emoji), [], "{rest}");
        seen += 1;
    }
    assert!(seen > 1_000);
}

/// Pieces that parsers of text stumble over.
const PIECES: &str =
    r#"(?s:(?:https?://|[a-z]{1,3}\.|com|日本|#a|@b|\u{200d}|\u{fe0f}|😀|🇪|[)(/?&:.-]| |\n|\PC|.){0,40})"#;

proptest! {
    #[test]
    fn any_text_is_counted_and_judged(text in PIECES, tag in "[#a1 ]{0,3}") {
        for platform in PlatformName::ALL {
            let hashtags = [tag.clone()];
            let rendered = render(*platform, &text, &hashtags, Some("label"));
            prop_assert!(rendered.text.starts_with(&text) && rendered.text.ends_with("label"));
            prop_assert_eq!(rendered.count, count(*platform, &rendered.text));
            let found = faults(*platform, &text, &hashtags, Some("label"));
            prop_assert!(rendered.count.fits() || !found.is_empty());
            // An unsafe character is found in the whole as it is in the part.
            prop_assert!(unsafe_characters(&text).is_empty() || !found.is_empty());
        }
    }
}
