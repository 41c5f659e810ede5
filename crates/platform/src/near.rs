//! Names that are near another, for who misspelled one or wrote for another version of a server.

use similar::get_close_matches;

use crate::doctor::words;

/// How many names are told.
const TOLD: usize = 3;
/// Below this share of letters in common, in order, a name is another one.
const ALIKE: f32 = 0.55;
/// A longer name is no candidate: comparing takes time by the product of the lengths.
const LONGEST: usize = 100;
/// How many names are compared.
const COMPARED: usize = 1_000;

/// The nearest of the names that there are, the best first; those of one ratio by the alphabet. Case and the way in which
/// words are joined make no difference: `getPost` and `get_post` are one name.
pub(crate) fn near<'a>(name: &str, offered: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    if name.len() > LONGEST {
        return Vec::new();
    }
    let joined = |name: &str| words(name).join("_");
    let candidates = offered.into_iter().filter(|other| other.len() <= LONGEST).take(COMPARED);
    let candidates: Vec<(String, &str)> = candidates.map(|other| (joined(other), other)).collect();
    let forms: Vec<&str> = candidates.iter().map(|(form, _)| form.as_str()).collect();
    let mut found = Vec::new();
    for form in get_close_matches(joined(name).as_str(), &forms, TOLD, ALIKE) {
        found.extend(candidates.iter().filter(|(other, _)| other == form).map(|(_, name)| *name));
    }
    found.dedup();
    found.truncate(TOLD);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_found_and_others_are_not() {
        const X: [&str; 6] = [
            "x_get_tweet",
            "x_get_user_tweets",
            "x_like_tweet",
            "x_post_tweet",
            "x_delete_tweet",
            "x_get_me",
        ];
        const THREADS: [&str; 4] =
            ["threads_create_post", "threads_get_user_posts", "threads_get_post", "threads_reply_to_post"];
        for (name, offered, nearest) in [
            ("get_tweet", &X[..], Some("x_get_tweet")),
            ("post_tweet", &X, Some("x_post_tweet")),
            ("xPostTweet", &X, Some("x_post_tweet")),
            ("x_get_users_tweets", &X, Some("x_get_user_tweets")),
            ("create_post", &THREADS, Some("threads_create_post")),
            ("get_user_posts", &THREADS, Some("threads_get_user_posts")),
            ("userName", &["username", "limit"], Some("username")),
            ("upload_video", &X, None),
            ("create_entities", &X, None),
            ("", &X, None),
        ] {
            assert_eq!(near(name, offered.iter().copied()).first().copied(), nearest, "{name}");
        }
        assert_eq!(near("x_tweet", X).len(), TOLD);
        let long = "a".repeat(LONGEST + 1);
        assert_eq!(near(&long, [long.as_str()]), Vec::<&str>::new());
    }
}
