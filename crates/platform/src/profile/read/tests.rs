//! Profiles that are wrong: every fault, in one error.

use super::*;

fn check(toml: &str, expected: &[&str]) {
    let faults = Profile::parse(toml).unwrap_err().faults;
    assert_eq!(faults.len(), expected.len(), "{faults:#?}");
    for (fault, expected) in faults.iter().zip(expected) {
        assert!(fault.starts_with(expected), "{fault} / {expected}");
    }
}

#[test]
fn every_fault_is_named() {
    let text = r#"
        color = "red"
        [platforms.mastodon]
        [platforms.twitter]
        timeout_ms = 0
        settle_ms = 0
        idempotency = { enforced_for_s = 5 }
        price = { micros = 1, currency = "USD" }
        errors = [{ pattern = "(", code = "PLATFORM_RATE_LIMIT" }]
        [platforms.twitter.publish]
        tool = ""
        id = "id"
        url_template = "http://h/"
        json_arguments = { a = 1 }
        arguments = { a = "{account}" }
        [platforms.twitter.upload]
        tool = "u"
        [platforms.threads]
        price = 5
    "#;
    check(
        text,
        &[
            "profile: `name` is missing",
            "profile: `color` is not known",
            "platforms.mastodon: no such platform; there are `twitter`",
            "platforms.threads: ",
            "platforms.threads: neither `publish` nor an engagement is described",
            "platforms.twitter.publish: `tool` is empty",
            "platforms.twitter.publish: the argument `a` is given twice",
            "platforms.twitter.publish: `arguments`: none takes `{text}`",
            "platforms.twitter.publish: `idempotency`: without `arg`",
            "platforms.twitter.publish: `id`: `id` is no JSON pointer",
            "platforms.twitter.publish: `url_template`",
            "platforms.twitter.upload: missing field",
            "platforms.twitter: `errors[0].pattern`: `(` is no pattern",
            "platforms.twitter: `timeout_ms`",
        ],
    );
}

const HEAD: &str = r#"
    name = "n"
    [platforms.twitter]
    timeout_ms = 1
    settle_ms = 0
    idempotency = { arg = "key", enforced_for_s = 60 }
    price = { micros = 0, currency = "USD" }
"#;

#[test]
fn every_fault_of_an_engagement_is_named() {
    let text = r#"
        [platforms.twitter.list]
        tool = "l"
        [platforms.twitter.targets]
        post = "["
        [platforms.twitter.look_up.post]
        tool = "t"
        arguments = { id = "{id}" }
        confirm = { pointer = "there" }
        [platforms.twitter.reply]
        tool = "r"
        arguments = { text = "{text}", media = "{media_ids}" }
        id = "/id"
        id_template = "r:{key}"
        limit = { count = 0, per_s = 5 }
        timeout_ms = 0
        [platforms.twitter.reply.list]
        tool = "lr"
        items = "/comments"
        id = "/id"
        target = "/target"
        look_every_ms = 1
        [platforms.twitter.like]
        tool = "l"
        arguments = { id = "{target}", text = "{text}" }
        target_kind = "post"
        id_template = "like:{target}"
        id_kind = "pending"
        limit = { count = 10_001, per_s = 5 }
        [platforms.twitter.like.list]
        tool = "ll"
        items = "likes"
        look_every_ms = 1
        [platforms.twitter.share]
        tool = "s"
        arguments = { id = "{target}", text = "{text}" }
        target_kind = "comment"
        id = "/id"
        [platforms.twitter.share.list]
        tool = "ls"
        items = "/shares"
        look_every_ms = 1
    "#;
    check(
        &format!("{HEAD}{text}"),
        &[
            "platforms.twitter: `list` serves `publish`, which is not described",
            "platforms.twitter.reply: `target_kind` is missing",
            "platforms.twitter.reply: `arguments`: none takes `{target}`",
            "platforms.twitter.reply: `arguments`: a reply has no `{media_ids}`",
            "platforms.twitter.reply: either `id` or `id_template`, not both",
            "platforms.twitter.reply: `timeout_ms`",
            "platforms.twitter.reply: `limit`",
            "platforms.twitter.reply.list: `text` is missing",
            "platforms.twitter.like: `arguments`: a like has no `{text}`",
            "platforms.twitter.like: `id_template` has to hold `{key}`",
            "platforms.twitter.like: `id_template` needs `confirm`",
            "platforms.twitter.like: `id_pattern` and `id_kind`",
            "platforms.twitter.like: `limit.count` may be 10000 at most",
            "platforms.twitter.like.list: `items`: `likes` is no JSON pointer",
            "platforms.twitter.like.list: `text` is missing",
            "platforms.twitter.like.list: `target` is missing",
            "platforms.twitter.share.list: `id` is missing",
            "platforms.twitter.share.list: `text` is missing",
            "platforms.twitter.share.list: `target` is missing",
            "platforms.twitter.targets: `post`: `[` is no pattern",
            "platforms.twitter: `targets` says no shape of a post, which `like` takes",
            "platforms.twitter: `targets` says no shape of a comment, which `share` takes",
            "platforms.twitter.look_up.post: `arguments`: none takes `{target}`",
            "platforms.twitter.look_up.post: `arguments`: a look-up has no `{id}`",
            "platforms.twitter.look_up.post: `confirm`: `there` is no JSON pointer",
        ],
    );
}

#[test]
fn what_only_engagements_have_is_refused_in_a_post() {
    let text = r#"
        [platforms.twitter.publish]
        tool = "p"
        arguments = { text = "{text}", target = "{target}" }
        id_template = "p:{key}"
        confirm = { pointer = "/ok" }
        target_kind = "post"
        timeout_ms = 5
        limit = { count = 1, per_s = 60 }
        idempotency = {}
        price = { micros = 1, currency = "USD" }
        list = {}
        get = {}
    "#;
    let only: Vec<_> =
        ["target_kind", "id_template", "timeout_ms", "limit", "idempotency", "price", "list", "get"]
            .map(|name| format!("platforms.twitter.publish: `{name}` is for engagements"))
            .into();
    let mut expected: Vec<&str> = only.iter().map(String::as_str).collect();
    expected.extend([
        "platforms.twitter.publish: `arguments`: a publish has no `{target}`",
        "platforms.twitter.publish.list: missing field",
        "platforms.twitter.publish.get: missing field",
        "platforms.twitter: `targets` says no shape of a post, which `publish` takes",
    ]);
    check(&format!("{HEAD}{text}"), &expected);
}

const LIKE: &str = r#"
    [platforms.twitter.targets]
    post = "a|b"
    [platforms.twitter.like]
    tool = "l"
    arguments = { id = "{target}" }
    target_kind = "post"
    id_template = "like:{key}"
    confirm = { pointer = "/liked" }
"#;

#[test]
fn engagements_need_no_publishing_tool() {
    use chimera_effect::Keys;

    let profile = Profile::parse(&format!("{HEAD}{LIKE}")).unwrap();
    let twitter = profile.platform(PlatformName::Twitter).unwrap();
    assert_eq!(twitter.served().collect::<Vec<_>>(), [EffectKind::Like]);
    let service = twitter.service(EffectKind::Like).unwrap();
    assert!(!service.look_up && !service.uploads);
    // The platform's word about keys is about its publishing tool.
    assert_eq!(service.keys, Keys::Advisory);
    assert_eq!(twitter.acts[&EffectKind::Like].key_argument.as_deref(), Some("key"));
}

#[test]
fn an_engagement_may_have_settings_of_its_own() {
    use chimera_contracts::Money;
    use chimera_effect::Keys;

    let own = r#"
        timeout_ms = 7
        idempotency = { arg = "other", enforced_for_s = 9 }
        price = { micros = 3, currency = "USD" }
        limit = { count = 5, per_s = 60 }
    "#;
    let profile = Profile::parse(&format!("{HEAD}{LIKE}{own}")).unwrap();
    let twitter = profile.platform(PlatformName::Twitter).unwrap();
    let service = twitter.service(EffectKind::Like).unwrap();
    assert_eq!(service.keys, Keys::Enforced { retention: TimeDelta::seconds(9) });
    assert_eq!(service.timeout, TimeDelta::milliseconds(7));
    assert_eq!(service.price, Money::usd_micros(3));
    let limit = twitter.limit(EffectKind::Like).unwrap();
    assert_eq!((limit.count, limit.window), (5, TimeDelta::seconds(60)));
}

/// What a first profile gets wrong: the fault names the place and what is expected there.
#[test]
fn a_mistake_is_told_with_its_place_and_what_to_do() {
    let like = |line: &str| format!("{HEAD}{LIKE}{line}");
    let form = "a table `{ pointer = \"/…\", equals = … }`";
    for (profile, expected) in [
        (HEAD.replace("price = { micros = 0, currency = \"USD\" }", "price = 100") + LIKE, "platforms.twitter: `price`: invalid type: integer `100`, expected an amount `{ micros, currency }`".to_owned()),
        (LIKE.replace("{ pointer = \"/liked\" }", "\"/liked\""), format!("platforms.twitter.like: `confirm`: invalid type: string \"/liked\", expected {form}")),
        (LIKE.replace("{ pointer = \"/liked\" }", "[{ pointer = \"/liked\" }]"), "platforms.twitter.like: `confirm".to_owned()),
        (LIKE.replace("like:{key}", "like:{tweet}:{key}"), "platforms.twitter.like: `id_template`: `{tweet}` is filled in by nothing; `{account}`, `{target}`, `{key}` are".to_owned()),
        (like("url_template = \"https://x.com/{handle}/{id}\""), "platforms.twitter.like: `url_template`: `{handle}` is filled in by nothing".to_owned()),
        (like("limit = 5"), "platforms.twitter.like: `limit`: invalid type: integer `5`, expected a table `{ count = …, per_s = … }`".to_owned()),
        (like("reads_back = \"no\""), "platforms.twitter.like: `reads_back`: invalid type: string \"no\", expected a boolean".to_owned()),
        (LIKE.replace("id_template = \"like:{key}\"", ""), "platforms.twitter.like: neither `id`, `id_pattern` nor `id_template`".to_owned()),
        (LIKE.replace("id_template = \"like:{key}\"", "id = 5"), "platforms.twitter.like: `id`: a JSON pointer, or a list of them".to_owned()),
        (LIKE.replace("id_template = \"like:{key}\"", "id_pattern = \"as [0-9]+\""), "platforms.twitter.like: `id_pattern` has to hold it in a group".to_owned()),
        (LIKE.replace("id_template = \"like:{key}\"", "id_pattern = \"(\""), "platforms.twitter.like: `id_pattern`: `(` is no pattern".to_owned()),
        (like("[platforms.twitter.like.list]\ntool = \"l\"\nitems = \"/i\"\ntarget = \"/t\"\ncomplete = true"), "platforms.twitter.like.list: `complete`: a JSON pointer, or a table `{ pointer = \"/…\", equals = … }`".to_owned()),
        (like("[platforms.twitter.like.list]\ntool = \"l\"\nitems = \"/i\"\ntarget = \"t\""), "platforms.twitter.like.list: `target`: `t` is no JSON pointer".to_owned()),
        (like("[platforms.twitter.like.list]\ntool = \"l\"\nitems = \"/i\"\ntarget = \"/t\"\nwraps = [\"<\"]"), "platforms.twitter.like.list: `wraps[0]`: invalid type: string \"<\", expected a table `{ begin = \"…\", end = \"…\" }`".to_owned()),
    ] {
        let profile = if profile.contains("name = ") { profile } else { format!("{HEAD}{profile}") };
        check(&profile, &[&expected]);
    }
    for id in [
        "id_pattern = \"as ([0-9]+)\"",
        "id = []\nid_pattern = \"as ([0-9]+)\"",
        "id = [\"/id\", \"/data/id\"]",
    ] {
        let profile = format!("{HEAD}{}", LIKE.replace("id_template = \"like:{key}\"", id));
        Profile::parse(&profile).expect(id);
    }
}

/// What the newer keys get wrong, each alone.
#[test]
fn what_a_call_is_not_handed_is_told_with_its_place() {
    let publish =
        "[platforms.twitter.publish]\ntool = \"p\"\nid = \"/id\"\narguments = { text = \"{text}\" }\n";
    for (from, to, expected) in [
        (
            "\"{text}\"",
            "\"{text} #ad\"",
            "platforms.twitter.publish: `arguments.text`: `{text}` has to stand alone",
        ),
        (
            "\"{text}\"",
            "[{ t = \"Say: {text}\" }]",
            "platforms.twitter.publish: `arguments.text`: `{text}` has to stand alone",
        ),
        (
            "\"{text}\" }",
            "\"{text}\", by = \"{handle}\" }",
            "platforms.twitter.publish: `arguments.by`: `{handle}` is filled in by nothing; `{text}`, `{little_text}`",
        ),
        (
            "\"{text}\" }",
            "\"{text}\", by = \"{settings.urn}\" }",
            "platforms.twitter: `{settings.urn}` is not described",
        ),
        (
            "\"{text}\" }",
            "\"{text}\", c = \"{prepared}\" }",
            "platforms.twitter.publish: `{prepared}` is what the step `prepare` makes",
        ),
        (
            "\"{text}\" }",
            "\"{text}\", c = \"{id}\" }",
            "platforms.twitter.publish: `arguments`: a publish has no `{id}`",
        ),
        (
            "tool = \"p\"",
            "tool = \"p\"\nmedia = \"never\"",
            "platforms.twitter.publish: `media`: unknown variant `never`, expected `optional` or `required`",
        ),
        (
            "tool = \"p\"",
            "tool = \"p\"\nby_media.gif = {}",
            "platforms.twitter.publish: `by_media`: unknown variant `gif`",
        ),
        (
            "tool = \"p\"",
            "tool = \"p\"\nby_media.image = {}",
            "platforms.twitter.publish.by_media.image: `arguments`: none takes the media",
        ),
        (
            "tool = \"p\"",
            "tool = \"p\"\nby_media.images = { arguments = { u = \"{media_url}\" } }",
            "platforms.twitter.publish.by_media.images: `arguments`: none takes the media",
        ),
        (
            "tool = \"p\"",
            "tool = \"p\"\nprepare = { tool = \"c\", id = \"/id\", arguments = { t = \"{text}\" } }",
            "platforms.twitter.publish: `arguments`: none takes `{prepared}`",
        ),
        (
            "tool = \"p\"",
            "tool = \"p\"\ndelete = { never = \"no\" }",
            "platforms.twitter.publish: `delete` is for engagements",
        ),
    ] {
        assert!(publish.contains(from), "{from}");
        check(&format!("{HEAD}{}", publish.replacen(from, to, 1)), &[expected]);
    }
    for (section, expected) in [
        ("delete = { tool = \"d\" }", "platforms.twitter.delete: `arguments`: none takes `{id}`"),
        ("delete = {}", "platforms.twitter.delete: either `tool`, or `never` with the reason"),
        ("delete = { never = \" \" }", "platforms.twitter.delete: either `tool`, or `never` with the reason"),
        ("whoami = { tool = \"w\", account = [] }", "platforms.twitter.whoami: `account` is missing"),
        (
            "whoami = { tool = \"w\", account = \"id\" }",
            "platforms.twitter.whoami: `account`: `id` is no JSON pointer",
        ),
        (
            "sign_in = { tool = \"s\", arguments = { t = \"{text}\" } }",
            "platforms.twitter.sign_in: `arguments`: a sign-in has no `{text}`",
        ),
        (
            "upload = { tool = \"u\", id = \"/id\", timeout_ms = 1, arguments = { f = \"{file_name}\" } }",
            "platforms.twitter.upload: `arguments`: none takes `{data}` or `{media_path}`",
        ),
        (
            "list = { tool = \"l\", items = \"/i\", id = \"/id\", text = \"/t\", arguments = { to = \"{target}\" } }",
            "platforms.twitter.list: `arguments`: a list has no `{target}`",
        ),
    ] {
        check(&format!("{HEAD}{section}\n{publish}"), &[expected]);
    }
}

#[test]
fn a_profile_may_say_the_least_and_be_on_the_safe_side() {
    let least = "name = \"n\"\n[platforms.twitter.publish]\ntool = \"p\"\nid = \"/id\"\narguments = { text = \"{text}\" }\n";
    let profile = Profile::parse(least).unwrap();
    let twitter = profile.platform(PlatformName::Twitter).unwrap();
    let service = twitter.service(EffectKind::Publish).unwrap();
    assert_eq!(service.timeout, TimeDelta::seconds(10));
    assert_eq!(service.settle, TimeDelta::minutes(15), "a server may sleep out a rate limit and send then");
    assert_eq!(service.price, chimera_contracts::Money::usd_micros(0));
    assert!(!service.look_up && twitter.acts[&EffectKind::Publish].reads_back);
    assert_eq!(profile.answer_limit(), 4 * 1024 * 1024);
    assert_eq!(twitter.deletion(EffectKind::Publish), None);
}

/// One form for people and one for programs, read the same way.
#[test]
fn a_profile_may_be_json() {
    let json = r#"{
        "name": "n",
        "platforms": { "twitter": {
            "publish": { "tool": "p", "id": "/id", "arguments": { "text": "{text}" } },
            "delete": { "never": "the API has no way" }
        } }
    }"#;
    let profile = Profile::parse(json).unwrap();
    let twitter = profile.platform(PlatformName::Twitter).unwrap();
    assert_eq!(
        twitter.deletion(EffectKind::Publish),
        Some(crate::profile::Deletion::Never("the API has no way"))
    );
    let twice = json.replacen("\"name\": \"n\",", "\"name\": \"n\", \"name\": \"m\",", 1);
    let faults = Profile::parse(&twice).unwrap_err().faults;
    assert!(faults[0].contains("more than once: `/name`"), "{faults:?}");
    assert_eq!(Profile::parse("{").unwrap_err().faults.len(), 1);
}

#[test]
fn a_limit_counts_no_more_than_a_store_keeps() {
    for (count, allowed) in [(1_u32, true), (10_000, true), (10_001, false), (u32::MAX, false)] {
        let limit = format!("limit = {{ count = {count}, per_s = 60 }}");
        let read = Profile::parse(&format!("{HEAD}{LIKE}{limit}"));
        assert_eq!(read.is_ok(), allowed, "{count} {read:?}");
    }
}

#[test]
fn a_shape_fits_the_whole_of_a_target() {
    let profile = Profile::parse(&format!("{HEAD}{LIKE}")).unwrap();
    let twitter = profile.platform(PlatformName::Twitter).unwrap();
    for (target, fits) in
        [("a", true), ("b", true), ("ab", false), ("ax", false), ("xb", false), ("a\n", false)]
    {
        assert_eq!(twitter.check_target(EffectKind::Like, target).is_ok(), fits, "{target:?}");
    }
}

#[test]
fn what_is_no_toml_is_refused() {
    assert_eq!(Profile::parse("name =").unwrap_err().faults.len(), 1);
}

/// It is kept with attempts and compared after a restart.
#[test]
fn the_number_of_look_rules_goes_by_what_they_say() {
    for name in Profile::names() {
        let (once, again) = (Profile::named(name).unwrap(), Profile::named(name).unwrap());
        for platform in once.platforms() {
            let same = again.platform(platform.platform()).unwrap();
            for kind in platform.served() {
                let (one, other) = (platform.service(kind).unwrap(), same.service(kind).unwrap());
                assert_eq!(one.look_rules, other.look_rules, "{name} {kind:?}");
                assert_eq!(one.look_rules.is_some(), one.look_up, "{name} {kind:?}");
            }
        }
    }
    let number = |list: &str| {
        let text = format!(
            "{HEAD}[platforms.twitter.publish]\ntool = \"p\"\narguments = {{ t = \"{{text}}\" }}\nid = \"/id\"\n\
             [platforms.twitter.list]\ntool = \"l\"\nitems = \"/items\"\nid = \"/id\"\ntext = \"/text\"\n{list}"
        );
        let profile = Profile::parse(&text).unwrap_or_else(|error| panic!("{:#?}", error.faults));
        profile.platform(PlatformName::Twitter).unwrap().service(EffectKind::Publish).unwrap().look_rules
    };
    let plain = number("created_at = \"/at\"");
    assert_eq!(number("created_at = \"/at\""), plain);
    assert_ne!(number("created_at = \"/created\""), plain, "another pointer is another rule");
    assert_ne!(number("created_at = \"/at\"\nown = true"), plain, "another claim is another rule");
}
