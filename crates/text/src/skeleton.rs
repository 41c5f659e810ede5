//! A name as a reader sees it, so that another spelling does not make another person of it.
//!
//! Unlike folding it keeps everything that is seen, links and signs included, and makes look-alike letters of several scripts
//! one. It is for names; texts would be taken for one another by it.

use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization as _;
use unicode_security::skeleton as confusable_skeleton;

use crate::is_invisible;

/// The skeletons of the characters of ASCII. Every check of a decision compares names, and nearly all of them are ASCII: asking the
/// tables of Unicode for each letter took a twelfth of a post's time.
static ASCII: LazyLock<Vec<String>> = LazyLock::new(|| {
    (0..=0x7f_u8).map(|letter| whole(char::from(letter).encode_utf8(&mut [0; 4]))).collect()
});

/// The form under which spellings of one name are equal: without case, width, white space and invisible characters, look-alike
/// letters as one (UTS #39, section 4). It is not for showing.
///
/// ```
/// use chimera_text::skeleton;
///
/// assert_eq!(skeleton("b\u{43e}b@Example.com "), skeleton("bob@example.com"));
/// assert_ne!(skeleton("https://id.example.com/ann"), skeleton("https://id.example.com/bob"));
/// ```
#[must_use]
pub fn skeleton(name: &str) -> String {
    if !name.is_ascii() {
        return whole(name);
    }
    // Some letters look like two: `m` like `rn`.
    let mut looks = String::with_capacity(name.len().saturating_mul(2));
    for letter in name.bytes().filter_map(|letter| ASCII.get(usize::from(letter))) {
        looks.push_str(letter);
    }
    looks
}

/// The skeleton of any name.
fn whole(name: &str) -> String {
    let seen: String = name
        .nfkc()
        .flat_map(char::to_lowercase)
        .filter(|letter| !letter.is_whitespace() && !is_invisible(*letter))
        .collect();
    confusable_skeleton(&seen).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn ascii_has_the_skeleton_of_any_name(name in "[\\x00-\\x7f]{0,40}") {
            prop_assert_eq!(skeleton(&name), whole(&name));
        }
    }

    #[test]
    fn spellings_of_one_name() {
        for (one, other, same) in [
            ("ann@example.com", "ANN@Example.COM", true),
            ("ann@example.com", " ann@example.com\n", true),
            ("ann@example.com", "a\u{200b}nn@\u{feff}example.com", true),
            ("ann@example.com", "\u{ff41}nn@example.com", true),
            ("ann@example.com", "\u{430}nn@example.com", true),
            ("planner", "pl\u{430}nner", true),
            ("é", "e\u{301}", true),
            ("ann@example.com", "anna@example.com", false),
            ("ann+1@example.com", "ann@example.com", false),
            ("Zoë", "Zoe", false),
            ("https://id.example.com/ann", "https://id.example.com/bob", false),
            ("", "\u{200b} ", true),
        ] {
            assert_eq!(skeleton(one) == skeleton(other), same, "{one:?} and {other:?}");
        }
    }
}
