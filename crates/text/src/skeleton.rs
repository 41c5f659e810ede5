//! A name as a reader sees it, so that another spelling does not make another person of it.
//!
//! Unlike folding it keeps everything that is seen, links and signs included, and makes look-alike letters of several scripts
//! one. It is for names; texts would be taken for one another by it.

use unicode_normalization::UnicodeNormalization as _;
use unicode_security::skeleton as confusable_skeleton;

use crate::is_invisible;

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
    let seen: String = name
        .nfkc()
        .flat_map(char::to_lowercase)
        .filter(|letter| !letter.is_whitespace() && !is_invisible(*letter))
        .collect();
    confusable_skeleton(&seen).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

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
