//! The route is total and monotone, and its borders lie where the policy says, to the last bit (ENG-05, ENG-06, GOV-02).

use std::collections::BTreeSet;

use chimera_contracts::ErrorCode;
use chimera_governance::route::{Case, Reason, Route, Routed, route};
use chimera_governance::{Flag, Flags, Policy};
use chimera_testkit::guard;
use proptest::collection::btree_set;
use proptest::prelude::*;
use proptest::sample::select;

/// What no scorer should say.
const UNUSABLE: [f64; 9] = [
    f64::NAN,
    -f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    -0.0,
    -f64::MIN_POSITIVE,
    -0.95,
    1.0 + f64::EPSILON,
    90.0,
];

fn strictness(route: Route) -> u8 {
    match route {
        Route::Act => 0,
        Route::Review => 1,
        Route::Refuse(_) => 2,
    }
}

/// One case with what it borrows.
#[derive(Clone, Debug)]
struct Given {
    scored: Option<f64>,
    flags: Flags,
    answers: bool,
    campaign_actions: u32,
    platform_actions: u32,
}

impl Given {
    /// Nothing speaks against acting but, perhaps, the confidence.
    fn scored(scored: f64) -> Self {
        let flags = Flags::default();
        Self { scored: Some(scored), flags, answers: true, campaign_actions: 1_000, platform_actions: 1_000 }
    }

    fn with_thread(mut self, flag: Flag) -> Self {
        self.flags.thread.insert(flag);
        self
    }

    fn with_content(mut self, flag: Flag) -> Self {
        self.flags.content.insert(flag);
        self
    }

    fn by(&self, policy: Option<&Policy>) -> Routed {
        route(
            policy,
            &Case {
                scored: self.scored,
                flags: &self.flags,
                answers: self.answers,
                campaign_actions: self.campaign_actions,
                platform_actions: self.platform_actions,
            },
        )
    }

    fn by_seed(&self) -> Route {
        self.by(Some(&Policy::seed().unwrap())).route
    }
}

fn any_flags() -> impl Strategy<Value = BTreeSet<Flag>> {
    btree_set(select(Flag::ALL), 0..=Flag::ALL.len())
}

fn any_score() -> impl Strategy<Value = Option<f64>> {
    let spoken = prop_oneof![
        prop::num::f64::ANY,
        prop::num::f64::SUBNORMAL,
        0.0..=1.0_f64,
        select(&UNUSABLE[..]),
        select(&[0.0, 0.7, 0.9, 1.0][..]),
    ];
    prop::option::weighted(0.95, spoken)
}

fn any_case() -> impl Strategy<Value = Given> {
    let counts = (prop_oneof![0..8_u32, any::<u32>()], prop_oneof![0..3_u32, any::<u32>()]);
    (any_score(), any_flags(), any_flags(), any::<bool>(), counts).prop_map(
        |(scored, content, thread, answers, (campaign_actions, platform_actions))| Given {
            scored,
            flags: Flags { content, thread },
            answers,
            campaign_actions,
            platform_actions,
        },
    )
}

fn any_policy() -> impl Strategy<Value = Option<Policy>> {
    select(vec![None, Some(Policy::seed().unwrap()), Some(Policy::cautious().unwrap())])
}

proptest! {
    #[test]
    fn every_case_has_a_route_with_its_reasons(case in any_case(), policy in any_policy()) {
        let _guard = guard("one case");
        let routed = case.by(policy.as_ref());
        prop_assert!(!routed.reasons.is_empty());
        prop_assert!(case.by(policy.as_ref()) == routed, "the same case, the same route");
        let tokens: BTreeSet<_> = routed.reasons.iter().map(|reason| reason.as_str()).collect();
        prop_assert_eq!(tokens.len(), routed.reasons.len(), "no reason is told twice");
        if routed.route == Route::Act {
            // What acts was scored, is confident, and nothing spoke against it.
            prop_assert!(case.scored.is_some_and(|scored| scored > 0.90 && scored <= 1.0));
            prop_assert!(routed.reasons.iter().all(|r| matches!(r, Reason::Confident | Reason::Content(Flag::Question))));
        }
    }

    #[test]
    fn more_confidence_is_never_stricter(
        case in any_case(), policy in any_policy(), one in 0.0..=1.0_f64, two in 0.0..=1.0_f64,
    ) {
        let _guard = guard("one case");
        let with = |scored| strictness(Given { scored: Some(scored), ..case.clone() }.by(policy.as_ref()).route);
        prop_assert!(with(one.max(two)) <= with(one.min(two)));
        let unscored = Given { scored: None, ..case.clone() }.by(policy.as_ref()).route;
        prop_assert!(with(one) <= strictness(unscored), "no score is never better than one");
    }

    #[test]
    fn one_more_flag_is_never_looser(
        case in any_case(), policy in any_policy(), flag in select(Flag::ALL), ours in any::<bool>(),
    ) {
        let _guard = guard("one case");
        let before = case.by(policy.as_ref()).route;
        let more = if ours { case.with_content(flag) } else { case.with_thread(flag) };
        prop_assert!(strictness(more.by(policy.as_ref()).route) >= strictness(before));
    }

    #[test]
    fn fewer_actions_are_never_looser(case in any_case(), policy in any_policy(), fewer in any::<u32>()) {
        let _guard = guard("one case");
        let before = case.by(policy.as_ref()).route;
        let less = Given {
            campaign_actions: case.campaign_actions.min(fewer),
            platform_actions: case.platform_actions.min(fewer),
            ..case
        };
        prop_assert!(strictness(less.by(policy.as_ref()).route) >= strictness(before));
    }
}

#[test]
fn the_borders_lie_where_the_seed_puts_them() {
    let refused = Route::Refuse(ErrorCode::LowConfidence);
    for (scored, expected) in [
        (0.0, refused),
        (f64::MIN_POSITIVE / 2.0, refused),
        (0.69, refused),
        (0.69996, refused),
        (0.70_f64.next_down(), refused),
        (0.70, Route::Review),
        (0.70_f64.next_up(), Route::Review),
        (0.75, Route::Review),
        (0.90_f64.next_down(), Route::Review),
        (0.90, Route::Review),
        (0.90_f64.next_up(), Route::Act),
        (0.90004, Route::Act),
        (1.0, Route::Act),
    ] {
        assert_eq!(Given::scored(scored).by_seed(), expected, "{scored:e}");
    }
}

#[test]
fn what_is_no_confidence_never_acts() {
    let refused = Route::Refuse(ErrorCode::ScorerUnavailable);
    for scored in UNUSABLE.map(Some).into_iter().chain([None]) {
        let routed = Given { scored, ..Given::scored(1.0) }.by(Some(&Policy::seed().unwrap()));
        assert_eq!((routed.route, routed.reasons), (refused, vec![Reason::NotScored]), "{scored:?}");
    }
}

#[test]
fn without_a_policy_nothing_opens() {
    let routed = Given::scored(1.0).by(None);
    assert_eq!(routed.route, Route::Refuse(ErrorCode::PolicyMissing));
    assert_eq!(routed.reasons, [Reason::NoPolicy]);
}

#[test]
fn harassment_gets_no_automated_words() {
    let thread = Given::scored(0.97).with_thread(Flag::Harassment);
    assert_eq!(thread.by_seed(), Route::Refuse(ErrorCode::NeverAnswered), "a reply or a comment");
    assert_eq!(Given { answers: false, ..thread.clone() }.by_seed(), Route::Review, "a like");
    // The confidence goes first, so that a caller is told what would not change by leaving it to a person.
    assert_eq!(Given { scored: Some(0.1), ..thread }.by_seed(), Route::Refuse(ErrorCode::LowConfidence));
    assert_eq!(Given::scored(0.97).with_content(Flag::Harassment).by_seed(), Route::Review, "our own");
}

#[test]
fn sensitive_topics_go_to_a_person_whatever_the_confidence() {
    for flag in Flag::ALL.iter().copied().filter(|flag| *flag != Flag::Harassment) {
        for (given, ours) in [
            (Given::scored(0.97).with_thread(flag), false),
            (Given::scored(0.97).with_content(flag), true),
            (Given::scored(1.0).with_thread(flag), false),
        ] {
            let expected = if ours && flag == Flag::Question { Route::Act } else { Route::Review };
            assert_eq!(given.by_seed(), expected, "{flag}, ours: {ours}");
        }
    }
}

#[test]
fn a_question_of_our_own_is_told_and_asks_for_nothing() {
    let routed = Given::scored(0.97).with_content(Flag::Question).by(Some(&Policy::seed().unwrap()));
    assert_eq!(routed.route, Route::Act);
    assert_eq!(routed.reasons, [Reason::Confident, Reason::Content(Flag::Question)]);
}

#[test]
fn the_cautious_begin_with_a_person() {
    let cautious = Policy::cautious().unwrap();
    let with = |campaign_actions, platform_actions| {
        Given { campaign_actions, platform_actions, ..Given::scored(0.97) }.by(Some(&cautious))
    };
    for actions in 0..=6 {
        let (route, reasons) = if actions < 5 {
            (Route::Review, vec![Reason::Confident, Reason::CampaignWarmUp])
        } else {
            (Route::Act, vec![Reason::Confident])
        };
        assert_eq!(with(actions, 1), Routed { route, reasons }, "{actions} actions");
    }
    assert_eq!(with(6, 0).reasons, [Reason::Confident, Reason::PlatformWarmUp]);
    assert_eq!(with(6, 0).route, Route::Review);
    assert_eq!(with(0, 0).reasons, [Reason::Confident, Reason::CampaignWarmUp, Reason::PlatformWarmUp]);
    let first = Given { campaign_actions: 0, platform_actions: 0, ..Given::scored(0.97) };
    assert_eq!(first.by_seed(), Route::Act, "the seed acts at once");
}

#[test]
fn every_reason_is_a_token_of_its_own() {
    let flags = Flag::ALL.iter().flat_map(|flag| [Reason::Content(*flag), Reason::Thread(*flag)]);
    let others = [
        Reason::Confident,
        Reason::Unsure,
        Reason::NotConfident,
        Reason::NotScored,
        Reason::NoPolicy,
        Reason::CampaignWarmUp,
        Reason::PlatformWarmUp,
    ];
    let all: Vec<_> = flags.chain(others).map(|reason| reason.as_str()).collect();
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
    for token in all {
        assert!(chimera_audit::Token::parse(token).is_ok(), "{token}");
    }
}
