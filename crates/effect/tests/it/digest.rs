//! The digest changes with any change of an effect and with nothing else.

use chimera_contracts::{CampaignId, Digest, Namespace, PlatformName, derive_uuid};
use chimera_effect::{Disclosure, DisclosurePlacement, Effect, EffectKind, EffectV1, Media, MediaIdentity};
use chimera_harness::guard;
use chrono::{DateTime, Utc};
use proptest::prelude::*;

fn media() -> impl Strategy<Value = Media> {
    let identity = prop_oneof![
        any::<[u8; 32]>().prop_map(|bytes| MediaIdentity::Sha256(Digest::from_bytes(bytes))),
        Just(MediaIdentity::ByReference),
    ];
    ("https://[a-z]{1,8}\\.example/[a-z0-9]{0,8}", identity)
        .prop_map(|(url, identity)| Media { url, identity })
}

fn time() -> impl Strategy<Value = Option<DateTime<Utc>>> {
    proptest::option::of((0_i64..4_000_000_000).prop_filter_map("a time", |s| DateTime::from_timestamp(s, 0)))
}

fn content() -> impl Strategy<Value = EffectV1> {
    let disclosure = ("[A-Za-z ]{1,12}", any::<bool>()).prop_map(|(label, in_text)| Disclosure {
        label,
        placement: if in_text { DisclosurePlacement::Text } else { DisclosurePlacement::Field },
    });
    let who = ("[a-z0-9_-]{1,16}", any::<u128>(), 0..PlatformName::ALL.len(), "[A-Za-z0-9_]{1,12}");
    let what = (proptest::option::of("[a-z0-9]{1,8}"), ".{0,40}", proptest::collection::vec(media(), 0..3));
    (who, what, proptest::option::of(disclosure), time(), time()).prop_map(
        |(
            (namespace, campaign, platform, account),
            (target, text, media),
            disclosure,
            not_before,
            not_after,
        )| {
            EffectV1 {
                namespace: namespace.parse::<Namespace>().unwrap(),
                campaign: CampaignId::from_uuid(derive_uuid("test", &[&campaign.to_be_bytes()])),
                kind: EffectKind::Publish,
                platform: PlatformName::ALL[platform],
                account,
                target,
                text,
                media,
                disclosure,
                not_before,
                not_after,
            }
        },
    )
}

fn digest(content: &EffectV1) -> Digest {
    Effect::new(content.clone()).unwrap().digest()
}

proptest! {
    #[test]
    fn two_effects_have_one_digest_only_if_they_are_equal(a in content(), b in content()) {
        let _guard = guard("one case");
        prop_assert_eq!(a == b, digest(&a) == digest(&b));
    }

    #[test]
    fn every_member_counts(a in content(), b in content()) {
        let _guard = guard("one case");
        let mutants = [
            EffectV1 { namespace: b.namespace, ..a.clone() },
            EffectV1 { campaign: b.campaign, ..a.clone() },
            EffectV1 { kind: EffectKind::Reply, ..a.clone() },
            EffectV1 { platform: b.platform, ..a.clone() },
            EffectV1 { account: b.account, ..a.clone() },
            EffectV1 { target: b.target, ..a.clone() },
            EffectV1 { text: b.text, ..a.clone() },
            EffectV1 { media: b.media, ..a.clone() },
            EffectV1 { disclosure: b.disclosure, ..a.clone() },
            EffectV1 { not_before: b.not_before, ..a.clone() },
            EffectV1 { not_after: b.not_after, ..a.clone() },
        ];
        for mutant in mutants {
            prop_assert_eq!(mutant == a, digest(&mutant) == digest(&a));
        }
    }

    #[test]
    fn one_changed_character_changes_the_digest(a in content(), at in any::<prop::sample::Index>(), to in any::<char>()) {
        let _guard = guard("one case");
        let mut letters: Vec<char> = a.text.chars().collect();
        prop_assume!(!letters.is_empty());
        let place = at.index(letters.len());
        letters[place] = to;
        let changed = EffectV1 { text: letters.into_iter().collect(), ..a.clone() };
        prop_assert_eq!(changed.text == a.text, digest(&changed) == digest(&a));
    }

    #[test]
    fn storing_and_reading_changes_nothing(a in content()) {
        let _guard = guard("one case");
        let effect = Effect::new(a).unwrap();
        prop_assert_eq!(&Effect::from_bytes(effect.bytes()).unwrap(), &effect);
    }
}

#[test]
fn the_digest_of_a_known_effect_stays() {
    let content = EffectV1 {
        namespace: Namespace::default(),
        campaign: "789e0123-e89b-12d3-a456-426614174999".parse().unwrap(),
        kind: EffectKind::Publish,
        platform: PlatformName::Twitter,
        account: "chimera_agent".to_owned(),
        target: None,
        text: "Hello".to_owned(),
        media: Vec::new(),
        disclosure: None,
        not_before: None,
        not_after: None,
    };
    let expected = r#"{"account":"chimera_agent","campaign":"789e0123-e89b-12d3-a456-426614174999","kind":"publish","namespace":"default","platform":"twitter","text":"Hello"}"#;
    let effect = Effect::new(content).unwrap();
    assert_eq!(std::str::from_utf8(effect.bytes()).unwrap(), expected);
    // A change of this value would orphan every approval that was ever given: it needs a new version of the type.
    assert_eq!(effect.digest(), Digest::tagged("chimera/effect/v1", expected.as_bytes()));
}

#[test]
fn altered_bytes_are_no_effect() {
    let bytes = br#"{"account":"a","campaign":"789e0123-e89b-12d3-a456-426614174999","kind":"publish","namespace":"default","platform":"twitter", "text":"Hello"}"#;
    assert!(Effect::from_bytes(bytes).is_err());
}
