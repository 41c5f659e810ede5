//! twitter-text: its groups of cases as JSON; Unicode: its list of emoji.

use chimera_contracts::PlatformName;
use chimera_harness::{Case, Judged, Published, guard, has};
use chimera_platform::text::{
    WeightConfig, check as faults, count, hashtags_of, render, unsafe_characters, weighted_length,
};
use proptest::prelude::*;
use serde_json::Value;

/// The groups of `validate.yml` that are about the weighted length, and the rules that they are about. The groups without
/// a length are about other things that X validates.
fn config_of(group: &str) -> Option<WeightConfig> {
    match group {
        "WeightedTweetsCounterTest" => Some(WeightConfig::V2),
        "WeightedTweetsWithDiscountedEmojiCounterTest" | "UnicodeDirectionalMarkerCounterTest" => {
            Some(WeightConfig::V3)
        }
        _ => None,
    }
}

fn judge_length(case: &Case, config: WeightConfig) -> Judged {
    let expected = &case.value["expected"];
    let Some(text) = case.value["text"].as_str().filter(|_| has(expected, &["weightedLength", "valid"]))
    else {
        return Judged::NotCovered("without a length".to_owned());
    };
    let weight = weighted_length(text, config);
    // The cases of a valid text are within 280, those of an invalid one above or empty.
    let valid = weight > 0 && weight <= 280;
    let expected = (expected["weightedLength"].as_u64(), expected["valid"].as_bool());
    Judged::equal(&(Some(u64::from(weight)), Some(valid)), &expected)
}

#[test]
fn published_weighted_lengths() {
    let Some(mut published) = Published::find("platform-text/twitter-text") else { return };
    for file in published.cases() {
        for (group, _) in file.value["tests"].as_object().into_iter().flatten() {
            let cases = Case { value: file.value["tests"].clone(), ..file.clone() }.inner(group);
            for case in cases {
                match config_of(group) {
                    Some(config) => published.count("lengths", &case.place, judge_length(&case, config)),
                    None => published.not_covered(&format!("cases of the group `{group}`")),
                }
            }
        }
    }
    published.end();
}

/// `hashtags` of `extract.yml`: the tags without their sign.
fn judge_hashtags(case: &Case) -> Judged {
    let text = case.value["text"].as_str().unwrap_or_default();
    let found: Vec<_> =
        hashtags_of(text).iter().map(|tag| tag.trim_start_matches(['#', '＃']).to_owned()).collect();
    let tag = |tag: &Value| tag.get("hashtag").unwrap_or(tag).as_str().unwrap_or_default().to_owned();
    let expected: Vec<_> = case.value["expected"].as_array().into_iter().flatten().map(tag).collect();
    Judged::equal(&found, &expected)
}

#[test]
fn published_hashtags() {
    let Some(mut published) = Published::find("platform-text/twitter-text") else { return };
    for file in published.cases() {
        for (group, _) in file.value["tests"].as_object().into_iter().flatten() {
            let cases = Case { value: file.value["tests"].clone(), ..file.clone() }.inner(group);
            for case in cases {
                if group.starts_with("hashtags") && case.value["expected"].is_array() {
                    published.count("hashtags", &case.place, judge_hashtags(&case));
                } else {
                    published.not_covered(&format!("cases of the group `{group}`"));
                }
            }
        }
    }
    published.end();
}

/// The line of `emoji-test.txt` for an emoji that is written in full.
fn emoji_of(line: &str) -> Option<String> {
    let (points, rest) = line.split_once(';')?;
    if !rest.trim_start().starts_with("fully-qualified") {
        return None;
    }
    points
        .split_whitespace()
        .map(|point| u32::from_str_radix(point, 16).ok().and_then(char::from_u32))
        .collect()
}

/// Emoji newer than the tables of the properties crate are not known to it yet; none is too long by it.
#[test]
fn published_weighted_length_of_every_emoji() {
    let Some(mut published) = Published::find("platform-text/unicode") else { return };
    for file in published.files(".txt") {
        let lines = std::fs::read_to_string(&file).unwrap_or_default();
        let emoji: Vec<_> = lines.lines().filter_map(|line| Some((line, emoji_of(line)?))).collect();
        if emoji.is_empty() {
            published.not_covered("files without emoji");
        }
        for (line, emoji) in emoji {
            let found = (count(PlatformName::Twitter, &emoji).used, unsafe_characters(&emoji));
            published.count("emoji", line, Judged::equal(&found, &(2, Vec::new())));
        }
    }
    published.end();
}

/// Pieces that parsers of text stumble over.
const PIECES: &str =
    r#"(?s:(?:https?://|[a-z]{1,3}\.|com|日本|#a|@b|\u{200d}|\u{fe0f}|😀|🇪|[)(/?&:.-]| |\n|\PC|.){0,40})"#;

proptest! {
    #[test]
    fn any_text_is_counted_and_judged(text in PIECES, tag in "[#a1 ]{0,3}") {
        let _guard = guard("one case");
        for platform in PlatformName::ALL {
            let hashtags = [tag.clone()];
            let rendered = render(*platform, &text, &hashtags, Some("label"));
            prop_assert!(rendered.text.starts_with(&text) && rendered.text.ends_with("label"));
            prop_assert_eq!(rendered.count, count(*platform, &rendered.text));
            let found = faults(&rendered, &hashtags);
            prop_assert!(rendered.count.fits() || !found.is_empty());
            // An unsafe character is found in the whole as it is in the part.
            prop_assert!(unsafe_characters(&text).is_empty() || !found.is_empty());
        }
    }
}
