//! Texts like ours, of other effects and of people: whose a post is, and what stays in doubt beside it.

use chimera_effect::DoubtfulItem;

use super::super::look::{Owners, look, owned, question, told};
use super::super::*;
use super::{list, post, shown_as, tweet};

/// Found by the model of the outside: ours was taken down, and a person posted the same words by hand.
#[test]
fn a_text_like_ours_is_not_ours_while_another_newcomer_stands_unexplained() {
    let ours = "Our spring sale starts today in all shops";
    let by_hand = post("hand", ours, -30);
    for (source, other, answer, expected) in [
        ("taken down", post("it", "[removed]", -50), refused(503, 1, "later"), "doubt it hand"),
        (
            "shortened and it is ours",
            post("it", "Our spring…", -50),
            said(false, json!({ "text": ours })),
            "doubt it hand",
        ),
        (
            "shortened and another",
            post("it", "The weather…", -50),
            said(false, json!({ "text": "The weather is lovely" })),
            "there hand",
        ),
        ("taken down before we began", post("it", "[removed]", -600), refused(503, 1, "later"), "there hand"),
        ("posted long before as well", post("it", ours, -9_000), refused(503, 1, "later"), "there hand"),
        ("posted since as well", post("it", ours, 60), refused(503, 1, "later"), "there hand"),
        (
            "posted at a time that is not shown",
            json!({ "id": "it", "text": ours }),
            refused(503, 1, "later"),
            "doubt it hand",
        ),
    ] {
        assert_eq!(shown_as(ours, &[by_hand.clone(), other], [answer]), expected, "{source}");
    }
}

/// L8: the post of another effect is explained by its owner, and never by a text that it does not show.
#[test]
fn a_post_of_another_effect_is_explained_by_its_own_text() {
    let ours = "Our spring sale starts today";
    let theirs = "Reminder: Our spring sale starts today";
    for (source, shown, owner, expected) in [
        ("L8: alike, owned and shown as it is", theirs, Some(theirs), "absent"),
        ("alike, owned, shortened by the list", "Reminder: Our spring sale…", Some(theirs), "absent"),
        ("alike and nobody's", theirs, None, "doubt it"),
        ("our text, owned by an effect with the same text", ours, Some(ours), "absent"),
        ("our text, owned by an effect with another", ours, Some(theirs), "doubt it"),
        ("our text and nobody's", ours, None, "there it"),
        (
            "our text, shortened, owned by an effect with another",
            "Our spring…",
            Some("the weather is lovely"),
            "doubt it",
        ),
        ("no text, owned by an effect with another", "", Some("the weather is lovely"), "doubt it"),
        ("alike, owned by an effect without words", "Our spring…", Some(""), "doubt it"),
        ("another text, owned", "the weather is lovely", Some("the weather is lovely"), "absent"),
    ] {
        let posts = [post("it", shown, -50), post("older", "quite another thing", -600)];
        let failing = said(true, json!({ "error": "503" }));
        let world = answering(vec![list(&posts, true), failing]);
        let owners = Owners(owner.map(|text| owned("it", text)).into_iter().collect());
        assert_eq!(told(&look(&world, &question(&tweet(ours)), &owners)), expected, "{source}");
    }
}

/// Of n unknown effects with equal texts n posts are theirs, by the order in which they began; with any other number of posts
/// nobody can say whose they are.
#[test]
fn equal_texts_are_told_apart_by_order_alone() {
    let ours = "Good morning everybody";
    let posts = |count: usize| -> Vec<Value> {
        (0_i64..).take(count).map(|number| post(&format!("p{number}"), ours, -50 + number)).collect()
    };
    for (equals, place, count, expected) in [
        (2, 0, 2, "there p0"),
        (2, 1, 2, "there p1"),
        (2, 0, 0, "absent"),
        (2, 0, 1, "doubt p0"),
        (1, 0, 2, "doubt p0 p1"),
        (3, 2, 2, "doubt p0 p1"),
    ] {
        let whole = |id: &str| said(false, json!({ "id": id, "text": ours }));
        let world = answering(vec![list(&posts(count), true), whole("p0"), whole("p1")]);
        let asked = LookUp { equals, place, ..question(&tweet(ours)) };
        assert_eq!(told(&look(&world, &asked, &Owners::default())), expected, "{equals} {place} {count}");
    }
}

/// Of two posts with our text a later page may show one, the older pushed off it: the one that is left is nobody's. What was
/// seen in doubt and is in a whole list no longer was removed, and may have been ours.
#[test]
fn what_an_earlier_look_left_in_doubt_is_not_forgotten() {
    let ours = "Ownership, by example";
    let doubted = |id: &str, made: i64| DoubtfulItem {
        id: Some(id.to_owned()),
        created_at: Some(at(made)),
        url: None,
        text: ours.to_owned(),
        why: "it shows our text; 2 posts do, and 1 are looked for".to_owned(),
    };
    for (earlier, texts, expected) in [
        (vec![], vec![ours], "there item-0"),
        (vec![doubted("item-0", -30)], vec![ours], "there item-0"),
        (vec![doubted("item-0", -30), doubted("gone", -40)], vec![ours], "doubt item-0 gone"),
        (vec![doubted("gone", -40)], vec!["the weather is lovely in Lisbon"], "doubt gone"),
        (vec![doubted("before the attempt", -4_000)], vec![ours], "there item-0"),
    ] {
        let posts: Vec<Value> = (0_i64..)
            .zip(&texts)
            .map(|(number, text)| post(&format!("item-{number}"), text, -30 + number))
            .collect();
        let world = answering(vec![list(&posts, true)]);
        let asked = LookUp { doubted: earlier.clone(), ..question(&tweet(ours)) };
        assert_eq!(told(&look(&world, &asked, &Owners::default())), expected, "{earlier:?}");
    }
}

/// An item that shows our words may be a longer text that the platform cut off there, or one of another kind.
#[test]
fn our_words_are_not_ours_while_a_lookalike_is_unknown() {
    let ours = "Our spring sale starts today";
    for (has_lookalike, expected) in [(false, "there P"), (true, "doubt P")] {
        let asked = LookUp { has_lookalike, ..question(&tweet(ours)) };
        let world = answering(vec![list(&[post("P", ours, -30)], true)]);
        assert_eq!(told(&look(&world, &asked, &Owners::default())), expected, "{has_lookalike}");
    }
}
