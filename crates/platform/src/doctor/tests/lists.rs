//! What is told of a list, each finding by the answer that shows it.

use super::*;

fn items(items: &[Value]) -> Value {
    json!({ "items": items })
}

#[test]
fn pointers_that_fit_nothing_are_told_with_what_is_there() {
    let two = |one: Value, other: Value| items(&[one, other]);
    for (answer, health, words) in [
        (json!({ "data": { "posts": [] } }), Health::Mend, "lists stand at: `/data/posts` (0)"),
        (json!([1, 2]), Health::Mend, "lists stand at: `` (2)"),
        (json!({ "items": "none" }), Health::Mend, "stands no list"),
        (items(&[]), Health::Untried, "it shows no item"),
        (
            items(&[json!({ "id": "1", "body": "a text", "at": "2027-01-15T07:00:00Z", "by": "me" })]),
            Health::Mend,
            "`text = \"/text\"` fits no item; fix: name a member that holds it; an item has `/at` \"2027-01-15T07:00:00Z\", `/body` \"a text\"",
        ),
        (
            items(&[item("1", "a text", "2027-01-15T07:00:00", "me")]),
            Health::Mend,
            "`created_at = \"/at\"` fits no item: \"2027-01-15T07:00:00\" is no time",
        ),
        (
            items(&[json!({ "id": 5.876e17, "text": "a", "at": 1_790_000_000, "by": "me" })]),
            Health::Mend,
            "is no id; ids are words, or integers that JSON carries exactly",
        ),
        (
            two(item("1", "a", "2027-01-15T07:00:00Z", "me"), json!({ "id": "2", "text": "b", "by": "me" })),
            Health::Hint,
            "`created_at = \"/at\"` fits 1 of 2 items",
        ),
        (
            two_posts(),
            Health::Fit,
            "times are read: the first is 2027-01-15T07:00:00Z, the last 2027-01-14T07:00:00Z",
        ),
        (two_posts(), Health::Fit, "`id`, `text`, `author`, `created_at` fit every item"),
        (json!({ "error": "401 Unauthorized" }), Health::Mend, "the tool `list` failed: {\"error\":"),
    ] {
        let diagnosis = with(("", ""), "list", answer);
        assert_told(&diagnosis, "list", health, words);
    }
}

#[test]
fn authors_are_compared_with_the_account() {
    let by = |one: &str, other: &str| {
        items(&[
            item("2", "the second", "2027-01-15T07:00:00Z", one),
            item("1", "the first", "2027-01-14T07:00:00Z", other),
        ])
    };
    let none = ("", "");
    let own = ("author = \"/by\"", "author = \"/by\"\n    own = true");
    let without = ("author = \"/by\"", "");
    for (replaced, answer, health, words) in [
        (none, by("me", "@ME"), Health::Fit, "2 are `me`, 0 are others"),
        (none, by("me", "someone"), Health::Fit, "1 are `me`, 1 are others"),
        (none, by("17", "18"), Health::Hint, "cannot be compared"),
        (none, by("ann", "bob"), Health::Hint, "all 2 authors are other accounts"),
        (own, by("me", "someone"), Health::Mend, "of other authors it holds 1 item"),
        (own, by("me", "me"), Health::Fit, "`own`: every item is taken for the account's"),
        (without, by("me", "me"), Health::Hint, "neither `own` nor `author`"),
    ] {
        assert_told(&with(replaced, "list", answer), "list", health, words);
    }
}

#[test]
fn what_a_look_could_prove_is_told_with_what_to_add() {
    let at = |times: &[&str]| -> Vec<Value> {
        times
            .iter()
            .enumerate()
            .map(|(id, at)| item(&format!("{}", id + 1), &format!("text {id}"), at, "me"))
            .collect()
    };
    let (new, old) = ("2027-01-15T07:00:00Z", "2027-01-14T07:00:00Z");
    let said = |word: &'static str| -> Box<dyn Fn(&Absence) -> bool> {
        Box::new(move |absence| matches!(absence, Absence::Never { add } if add.contains(word)))
    };
    let is =
        |wanted: Absence| -> Box<dyn Fn(&Absence) -> bool> { Box::new(move |absence| *absence == wanted) };
    let list = |added: &str| ("author = \"/by\"", format!("author = \"/by\"\n    {added}"));
    for (replaced, answer, expected) in [
        (list(""), items(&at(&[new, old])), is(Absence::Reach { shown: true })),
        (list(""), items(&at(&[new])), is(Absence::Reach { shown: false })),
        (list(""), items(&at(&[new, new])), is(Absence::Reach { shown: false })),
        (list(""), items(&[]), is(Absence::Reach { shown: false })),
        (list(""), items(&at(&[old, old, old, old, new])), said("newest first")),
        (list(""), items(&at(&[new, "yesterday"])), said("mend `created_at`")),
        (("created_at = \"/at\"", String::new()), items(&at(&[new, old])), said("name `created_at`")),
        (list("leaves_out_held = true"), items(&at(&[new, old])), said("waits for approval")),
        (list("total = \"/total\""), json!({ "items": at(&[new]), "total": 1 }), is(Absence::Complete)),
        (list("complete = \"/all\""), json!({ "items": [], "all": true }), is(Absence::Complete)),
        (
            list("complete = { pointer = \"/more\", equals = false }"),
            json!({ "items": [], "more": false }),
            is(Absence::Complete),
        ),
        (
            list("next = \"/page/next\"\n    next_argument = \"cursor\""),
            json!({ "items": at(&[new]), "page": { "next": "abc" } }),
            is(Absence::Complete),
        ),
        (list("next = \"/page/next\""), json!({ "items": at(&[new]), "page": {} }), is(Absence::Complete)),
        (list(""), json!({ "posts": [] }), is(Absence::Unread)),
    ] {
        let diagnosis = with((replaced.0, replaced.1.as_str()), "list", answer);
        let publish = kind(&diagnosis, EffectKind::Publish);
        assert!(expected(&publish.absence), "{:?} in\n{diagnosis}", publish.absence);
    }
}

#[test]
fn what_says_that_a_list_is_whole_is_tried() {
    let list = |added: &str| ("author = \"/by\"", format!("author = \"/by\"\n    {added}"));
    let item = || item("1", "a text", "2027-01-15T07:00:00Z", "me");
    for (replaced, answer, health, words) in [
        (
            list("total = \"/total\""),
            json!({ "items": [item()] }),
            Health::Mend,
            "`total = \"/total\"` fits nothing",
        ),
        (
            list("complete = \"/all\""),
            json!({ "items": [item()], "all": false }),
            Health::Hint,
            "not complete",
        ),
        (
            list("next = \"/page/next\""),
            json!({ "items": [item()] }),
            Health::Mend,
            "`next = \"/page/next\"` fits nothing",
        ),
        (
            list("next = \"/page/next\""),
            items(&[]),
            Health::Untried,
            "`next = \"/page/next\"` could not be tried on a page without items",
        ),
        (list("next = \"/next\""), json!({ "items": [item()] }), Health::Hint, "taken for the last page"),
        (
            list("next = \"/next\""),
            json!({ "items": [item()], "next": "abc" }),
            Health::Hint,
            "without `next_argument` it is not followed",
        ),
        (list(""), json!({ "items": [item()], "partial": true }), Health::Mend, "it "),
    ] {
        assert_told(&with((replaced.0, replaced.1.as_str()), "list", answer), "list", health, words);
    }
}

#[test]
fn words_of_the_server_around_texts_and_marks_are_told() {
    let wrapped = |text: &str| format!("<<<BEGIN_UNTRUSTED\n{text}\nEND_UNTRUSTED>>>");
    let marked = |text: &str| format!("[other people's words]\n{text}\n[end of them]");
    let posts = |one: &str, other: &str| {
        items(&[item("2", one, "2027-01-15T07:00:00Z", "me"), item("1", other, "2027-01-14T07:00:00Z", "me")])
    };
    let mut edited = item("2", "a text", "2027-01-15T07:00:00Z", "me");
    edited["is_edited"] = json!(true);
    let mut draft = item("2", "a text", "2027-01-15T07:00:00Z", "me");
    draft["is_draft"] = json!(true);
    for (answer, words) in [
        (posts(&wrapped("one"), &wrapped("other")), "name them in `wraps`"),
        (posts(&marked("one"), &marked("other")), "2 of 2 texts stand between lines in brackets"),
        (items(&[edited]), "1 of 1 items are marked as edited"),
        (items(&[draft]), "1 of 1 items: it is marked as not public"),
    ] {
        assert_told(&with(("", ""), "list", answer), "list", Health::Hint, words);
    }
}
