//! A post that an answer named.

use chimera_effect::Candidate;

use super::super::look::{Owners, look, named, owned, question, told};
use super::super::*;
use super::{list, post, tweet};

/// A1, A2, A5: what an answer named is looked up first, by itself.
#[test]
fn a_candidate_is_looked_up_first() {
    let ours = "Our spring sale starts today in all shops";
    let show = |text: &str| said(false, json!({ "id": "P", "text": text }));
    let gone = refused(404, 144, "No status found with that ID.");
    let nothing = list(&[], true);
    for (source, answers, expected) in [
        ("ours", vec![show(ours)], "there P"),
        ("ours, shortened", vec![show("Our spring sale starts today in…")], "there P"),
        ("another text", vec![show("the weather is lovely"), nothing.clone()], "doubt P"),
        ("not there", vec![gone, nothing.clone()], "absent"),
        (
            "the answer is about another one",
            vec![said(false, json!({ "id": "Q", "text": ours })), nothing.clone()],
            "open",
        ),
        ("cannot be asked", vec![refused(503, 130, "later"), nothing.clone()], "open"),
        (
            "cannot be asked, and is listed",
            vec![refused(400, 25, "invalid id"), list(&[post("R", ours, -30)], true)],
            "there R",
        ),
    ] {
        let asked = LookUp { candidates: named("P"), ..question(&tweet(ours)) };
        let world = answering(answers);
        let found = told(&look(&world, &asked, &Owners::default()));
        assert_eq!(found, expected, "{source}");
        let calls = world.server.calls.lock().unwrap();
        assert_eq!(
            (calls[0].tool.as_str(), &calls[0].arguments["id"]),
            ("get_post", &json!("P")),
            "{source}"
        );
    }
    let owners = Owners(vec![owned("P", "the weather is lovely")]);
    let asked = LookUp { candidates: named("P"), ..question(&tweet(ours)) };
    let world = answering(vec![show("the weather is lovely"), nothing]);
    assert_eq!(told(&look(&world, &asked, &owners)), "absent", "another effect's");
}

/// What an answer named needs a beginning that is ours: twelve letters of it, where no more is shown.
#[test]
fn a_candidate_that_is_not_shown_whole_begins_as_ours_does() {
    let ours = "Our spring sale starts today in all shops";
    for (shown, expected) in [
        ("Our spring sale starts…", "there P"),
        ("Our spring sal [...]", "there P"),
        ("Our spring s…", "doubt P"),
        ("Our spring…", "doubt P"),
        ("The spring sale starts…", "doubt P"),
        ("Reminder: Our spring sale starts today in all shops", "doubt P"),
        ("[removed]", "doubt P"),
        ("", "doubt P"),
    ] {
        let told_of = |candidates: Vec<Candidate>, listing: Called| {
            let asked = LookUp { candidates, ..question(&tweet(ours)) };
            let show = said(false, json!({ "id": "P", "text": shown }));
            let found = look(&answering(vec![show.clone(), listing, show]), &asked, &Owners::default());
            let told = told(&found);
            told.strip_suffix(" P").filter(|rest| rest.ends_with('P')).unwrap_or(&told).to_owned()
        };
        // Shown by itself its time is not known; in the list it is.
        assert_eq!(told_of(named("P"), list(&[post("P", shown, -30)], true)), expected, "{shown:?}");
        let older = |made| {
            let candidates = vec![Candidate { id: "P".to_owned(), url: None, may_be_older: true }];
            told_of(candidates, list(&[post("P", shown, made)], true))
        };
        // What a duplicate repeats may be a year old: only its time shows that the attempt made it.
        assert_eq!(older(-30), expected, "{shown:?}");
        assert_eq!(older(-6_000), "doubt P", "{shown:?}");
        let asked = LookUp { candidates: named("P"), ..question(&tweet(ours)) };
        let gone =
            said(true, json!({ "error": { "status": 404, "code": 144, "message": "No status found" } }));
        let listing = list(&[post("P", shown, -30)], true);
        let found = told(&look(&answering(vec![gone.clone(), listing, gone]), &asked, &Owners::default()));
        assert_eq!(found, expected, "{shown:?}, by the list alone");
    }
}

/// X answers a repeated text with 187 and the post that has it, which may be a year old: the name alone proves
/// nothing, and its time does.
#[test]
fn what_is_named_as_the_earlier_one_of_a_duplicate_shows_its_time() {
    let ours = "Our spring sale starts today in all shops";
    let show = said(false, json!({ "id": "P", "text": ours }));
    let listed = |made: i64| list(&[post("P", ours, made), post("old", "the weather is lovely", -900)], true);
    for (source, listing, expected) in [
        ("made by the attempt", listed(-30), "there P"),
        ("made before it", listed(-600), "doubt P P"),
        ("not listed", list(&[], true), "doubt P"),
    ] {
        let candidates = vec![Candidate { id: "P".to_owned(), url: None, may_be_older: true }];
        let asked = LookUp { candidates, ..question(&tweet(ours)) };
        let world = answering(vec![show.clone(), listing, show.clone()]);
        assert_eq!(told(&look(&world, &asked, &Owners::default())), expected, "{source}");
    }
}
