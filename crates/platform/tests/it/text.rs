//! Properties of rendering, counting and judging, for any text.

use chimera_contracts::PlatformName;
use chimera_platform::text::{check as faults, count, render, unsafe_characters};
use proptest::prelude::*;

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
