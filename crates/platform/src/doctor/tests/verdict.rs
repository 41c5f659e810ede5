//! What an examination comes to, and how it is told.

use super::*;
use crate::doctor::{Untried, Verdict, suggest};

/// The report of [`PROFILE`] with something replaced, and with only some of its tools.
fn report(replaced: &[(&str, &str)], offered: &[&str]) -> Diagnosis {
    let profile = replaced.iter().fold(PROFILE.to_owned(), |profile, (from, to)| {
        assert!(profile.contains(from), "{from}");
        profile.replace(from, to)
    });
    let mut tools = tools();
    tools.retain(|tool| offered.is_empty() || offered.contains(&tool.name.as_str()));
    let server = Scripted {
        tools: Ok(tools),
        answers: answers(),
        calls: Mutex::default(),
        secrets: Secrets::default(),
    };
    examined(&profile, &Arc::new(server))
}

/// Acts are not called, so that no profile is called fit without saying so.
#[test]
fn what_was_not_tried_is_said_with_the_verdict() {
    let diagnosis = with(("", ""), "list", json!({ "items": [] }));
    let of = |about: &str, kinds: &[EffectKind]| Untried {
        about: about.to_owned(),
        of: kinds.iter().map(|kind| (PlatformName::Twitter, Some(*kind))).collect(),
    };
    let untried = vec![
        of("id", &[EffectKind::Publish]),
        of("list", &[EffectKind::Publish]),
        of("get", &[EffectKind::Publish]),
        of("confirm", &[EffectKind::Like]),
        of("state", &[EffectKind::Like]),
        of("look_up", &[EffectKind::Like]),
    ];
    assert_eq!(diagnosis.verdict(), Verdict::FitAsRead { untried });
    let words = "fit, as far as reading shows; not tried: `id` of publish; `list` of publish; `get` of publish; \
                 `confirm` of like; `state` of like; `look_up` of like";
    assert!(diagnosis.to_string().ends_with(&format!("\n{words}")), "{diagnosis}");
}

#[test]
fn each_key_of_an_act_that_is_not_tried_is_named() {
    let diagnosis = report(
        &[(
            "reads_back = false",
            "reads_back = false\n    confirm = { pointer = \"/ok\" }\n    not_published = [{ pointer = \"/draft\" }]\n    \
             url = \"/url\"\n    published_at = \"/at\"",
        )],
        &[],
    );
    let words = "`id`, `confirm`, `not_published`, `url`, `published_at` in the answer of `post`";
    assert_told(&diagnosis, "id", Health::Untried, words);
}

/// A line that the profile itself calls open is no detail of a profile that fits.
#[test]
fn a_profile_with_an_open_line_is_not_fit() {
    let client: Arc<dyn ToolClient> = server(answers());
    let written = PROFILE
        .replace("id = \"/id\"\n    reads_back", "id = \"/id\" # to do: where it stands\n    reads_back");
    let profile = Profile::parse(&written).unwrap();
    let bindings =
        Binding::all(&profile, &client).into_iter().map(|binding| binding.setting("urn", "urn:me"));
    let doctor = Doctor::new(bindings, Arc::new(Stopped)).written_as(&written);
    let diagnosis = doctor.examine("me").now_or_never().unwrap();
    assert_eq!(diagnosis.verdict(), Verdict::NotFit { to_mend: 0, to_dos: 1 });
    let told = diagnosis.to_string();
    let line = written.lines().position(|line| line.contains("to do")).unwrap() + 1;
    assert!(told.contains(&format!("\n  line {line}: where it stands\n")), "{told}");
    assert!(told.ends_with("\nnot fit yet: 1 line `to do` is open"), "{told}");
}

#[test]
fn a_draft_is_open_until_each_of_its_lines_is_decided() {
    let draft = suggest("mine", &tools(), Some(PlatformName::Twitter)).unwrap();
    let client: Arc<dyn ToolClient> = server(answers());
    let examined = |draft: &str| {
        let profile = Profile::parse(draft).unwrap();
        let doctor = Doctor::new(Binding::all(&profile, &client), Arc::new(Stopped)).written_as(draft);
        doctor.examine("me").now_or_never().unwrap()
    };
    assert_eq!(examined(&draft).to_dos.len(), draft.matches("# to do:").count(), "{draft}");
    let decided: Vec<&str> = draft.lines().filter(|line| !line.contains("# to do:")).collect();
    assert_eq!(examined(&decided.join("\n")).to_dos, []);
}

#[test]
fn each_fault_says_what_to_do_and_names_what_is_near() {
    for (replaced, offered, about, words) in [
        (
            ("\"get\"", "\"get_it\""),
            &[][..],
            "tools",
            "no tool `get_it`; fix: name one that it offers: near: `get`",
        ),
        (
            ("user = ", "username = "),
            &[],
            "tools",
            "no argument `username`; fix: use one that it declares: near: `user`",
        ),
        (("account = \"/username\"", "account = \"/name\""), &[], "whoami", "fix: name in `account` where"),
        (
            ("text = \"/text\"", "text = \"/body\""),
            &[],
            "list",
            "fits no item; fix: name a member that holds it; an item has",
        ),
        (
            ("created_at = \"/at\"", "created_at = \"/text\""),
            &[],
            "list",
            "fix: name in `created_at` a member with a time",
        ),
        (
            ("\"/liked\", equals", "\"/like\", equals"),
            &[],
            "state",
            "fix: name in `confirm` what tells whether it is set",
        ),
    ] {
        assert_told(&report(&[replaced], offered), about, Health::Mend, words);
    }
}

/// Every fault says what to do about it, whatever an answer is.
#[test]
fn no_fault_is_told_without_what_to_do() {
    let odd =
        [json!({ "error": "401" }), json!([]), json!({ "id": null, "items": [{ "id": 1.5, "by": {} }] })];
    for tool in ["login", "whoami", "list", "get", "show", "is_liked"] {
        for answer in &odd {
            let diagnosis = with(("", ""), tool, answer.clone());
            let mut mends = diagnosis.observations().filter(|found| found.health == Health::Mend);
            assert!(mends.all(|found| found.fix.is_some()), "{tool} {answer}\n{diagnosis}");
        }
    }
}

#[test]
fn one_fix_of_several_faults_is_told_once_behind_them() {
    let wrong =
        report(&[("author = \"/by\"", "author = \"/who\""), ("text = \"/text\"", "text = \"/body\"")], &[]);
    let wrong = wrong.to_string();
    assert!(wrong.contains("`text = \"/body\"` fits no item\n"), "{wrong}");
    // Two faults of one kind and one answer.
    let both = with(
        (
            "id = \"/id\"\n    text = \"/text\"\n    created_at",
            "id = \"/id\"\n    text = \"/text\"\n    total = \"/n\"\n    complete = \"/all\"\n    created_at",
        ),
        "list",
        two_posts(),
    );
    let both = both.to_string();
    let lines: Vec<&str> =
        both.lines().filter(|line| line.contains("fits nothing") || line.contains("fix:")).collect();
    assert_eq!(lines.len(), 3, "{both}");
    assert!(
        lines[0].contains("`complete") && lines[1].contains("`total") && lines[2].contains("fix:"),
        "{both}"
    );
}

/// One tool for several kinds is one fault, told at the first of them.
#[test]
fn a_fault_that_kinds_share_is_told_and_counted_once() {
    let share = "[platforms.twitter.share]\n    tool = \"like\"\n    arguments = { id = \"{target}\" }\n    \
                 target_kind = \"post\"\n    id_template = \"share:{target}:{key}\"\n    \
                 confirm = { pointer = \"/liked\", equals = true }\n    [platforms.twitter.like.state]";
    let diagnosis = report(
        &[("[platforms.twitter.like.state]", share)],
        &["login", "whoami", "post", "list", "get", "delete", "is_liked", "show"],
    );
    assert_eq!(diagnosis.to_mend(), 1, "{diagnosis}");
    let told = diagnosis.to_string();
    assert_eq!(told.matches("MEND").count(), 1, "{told}");
    assert!(told.contains("MEND    tools (also share): the server offers no tool `like`"), "{told}");
    assert!(told.contains("  share: not served\n    said above: `tools`, `confirm`"), "{told}");
    assert!(told.ends_with("\nnot fit yet: 1 thing to mend"), "{told}");
    // As data, each kind has its own.
    for shared in [EffectKind::Like, EffectKind::Share] {
        let found = &kind(&diagnosis, shared).observations;
        assert!(found.iter().any(|found| found.health == Health::Mend), "{told}");
    }
}

/// A server that does not start says why at the end.
#[test]
fn the_last_words_of_a_server_are_shown_and_stand_by_themselves() {
    let scripted = Scripted {
        tools: Err(Box::leak(
            format!("Traceback\n{}KeyError: 'TOKEN'", "  File \"x.py\", line 1, in f\n".repeat(200))
                .into_boxed_str(),
        )),
        answers: BTreeMap::new(),
        calls: Mutex::default(),
        secrets: Secrets::default(),
    };
    let diagnosis = examined(PROFILE, &Arc::new(scripted));
    let told = diagnosis.to_string();
    assert!(told.contains("\n          | KeyError: 'TOKEN'\n          fix: start it by hand"), "{told}");
    let server = &diagnosis.platforms[0].observations[0];
    assert!(server.text.chars().count() <= crate::doctor::TOLD, "{told}");
}
