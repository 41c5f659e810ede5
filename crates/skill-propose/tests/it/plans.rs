//! Laws of the default strategy: whatever is asked for, its times keep the constraints, and a plan misses only where the
//! constraints leave no time.

use std::collections::BTreeMap;

use chimera_contracts::PlatformName;
use chimera_contracts::propose::ProposeInput;
use chimera_skill_propose::{
    ActionType, Brief, CampaignStrategy, InsightsSnapshot, PlannedAction, ProposalStrategy, StrategyError,
};
use chimera_testkit::guard;
use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::bench::{input, request, request_with};

/// Zones with and without clock changes, half-hour ones and one whose clocks change by half an hour.
const ZONES: [&str; 8] = [
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "America/Sao_Paulo",
    "UTC",
];

/// How far posts keep apart, in minutes.
fn apart(platform: &str) -> i64 {
    match platform {
        "linkedin" | "youtube" => 120,
        "instagram" | "tiktok" => 60,
        _ => 30,
    }
}

fn brief(request: &Value, insights: Option<&Value>) -> Brief {
    let input: ProposeInput = input(request);
    let insights = insights.map(|known| serde_json::from_value::<InsightsSnapshot>(known.clone()).unwrap());
    Brief { insights, ..Brief::read(&input, &[]).unwrap() }
}

fn posts(plan: &[PlannedAction]) -> Vec<(&str, DateTime<Utc>)> {
    let schedules = plan.iter().filter(|action| action.action_type == ActionType::SCHEDULE);
    schedules.map(|action| (action.target.as_str(), action.scheduled_time.unwrap())).collect()
}

fn any_quarter_is_open(brief: &Brief) -> bool {
    (0..96).any(|quarter| {
        let time = NaiveTime::from_num_seconds_from_midnight_opt(quarter * 900, 0).unwrap();
        brief.audience.is_open(time)
    })
}

fn check_plan(brief: &Brief, plan: &[PlannedAction]) {
    let start = brief.audience.not_before.unwrap();
    for action in plan {
        let at = action.scheduled_time.expect("a start is given, so every action has a time");
        assert!(at >= start, "{action:?} is before {start}");
        let local = brief.audience.zone.local(at).time();
        assert!(!brief.audience.quiet_hours.is_some_and(|quiet| quiet.contains(local)), "{action:?}");
        assert!(brief.audience.active_hours.is_none_or(|active| active.contains(local)), "{action:?}");
        assert!(at <= start + TimeDelta::days(60), "{action:?} is never");
    }
    assert!(plan.is_sorted_by_key(|action| action.scheduled_time), "{plan:?}");
    for promote in plan.iter().filter(|action| action.action_type == ActionType::PROMOTE) {
        let (_, posted) = posts(plan).into_iter().find(|(target, _)| *target == promote.target).unwrap();
        assert!(promote.scheduled_time.unwrap() >= posted + TimeDelta::days(1), "{promote:?}");
    }
    let posts = posts(plan);
    for (index, (one, at)) in posts.iter().enumerate() {
        for (other, placed) in &posts[..index] {
            let distance = at.signed_duration_since(*placed).abs();
            let wanted = TimeDelta::minutes(apart(one).max(apart(other)));
            assert!(distance >= wanted, "{one} and {other} are {distance} apart");
        }
    }
}

fn span() -> impl Strategy<Value = String> {
    (0_u32..96, 0_u32..=96).prop_map(|(begin, end)| {
        let show = |quarter: u32| format!("{:02}:{:02}", quarter / 4, quarter % 4 * 15);
        format!("{}-{}", show(begin), show(end))
    })
}

fn figures() -> impl Strategy<Value = Value> {
    let one = (0_u32..100_000, 0_u32..100_000, 0.0..=1.0_f64, proptest::option::of(span()));
    proptest::collection::btree_map(proptest::sample::select(PlatformName::ALL), one, 0..6).prop_map(
        |known| {
            let platforms: BTreeMap<&str, Value> = known
                .into_iter()
                .map(|(platform, (followers, reach, rate, best))| {
                    let best: Vec<_> = best.into_iter().collect();
                    let figures = json!({
                        "followers": followers, "reach": reach, "engagement_rate": rate, "best_hours": best
                    });
                    (platform.as_str(), figures)
                })
                .collect();
            json!({ "v": 1, "id": "s", "platforms": platforms })
        },
    )
}

prop_compose! {
    fn briefs()(
        platforms in proptest::sample::subsequence(PlatformName::ALL, 1..=6).prop_shuffle(),
        zone in proptest::option::of(proptest::sample::select(&ZONES[..])),
        start in 1_704_067_200_i64..1_900_000_000,
        quiet in proptest::option::of(span()),
        active in proptest::option::of(span()),
        locale in proptest::option::of(Just("pt-BR")),
        insights in proptest::option::of(figures()),
    ) -> Brief {
        let start = DateTime::from_timestamp(start, 0).unwrap().to_rfc3339();
        let constraints = [
            ("not_before", Some(start.as_str())),
            ("timezone", zone),
            ("quiet_hours", quiet.as_deref()),
            ("active_hours", active.as_deref()),
            ("locale", locale),
        ];
        let given: Vec<_> = constraints.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        let names: Vec<_> = platforms.iter().map(|platform| platform.as_str()).collect();
        brief(&request_with(&names, &given), insights.as_ref())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn times_keep_the_constraints(brief in briefs()) {
        let _guard = guard("one case");
        match CampaignStrategy::new().propose(&brief) {
            Ok(plan) => {
                check_plan(&brief, &plan);
                prop_assert_eq!(posts(&plan).len(), brief.platforms.len(), "one post for each platform");
                prop_assert_eq!(Ok(plan), CampaignStrategy::new().propose(&brief), "the same plan again");
            }
            Err(StrategyError::NoPlan { reason, .. }) => {
                prop_assert_eq!(reason, "no_open_hours");
                prop_assert!(!any_quarter_is_open(&brief));
            }
            Err(other) => prop_assert!(false, "{}", other),
        }
    }
}

/// One quarter of an hour a day is enough for every platform, also where it is skipped by a clock change.
#[test]
fn the_narrowest_day_has_room_for_all() {
    let names: Vec<_> = PlatformName::ALL.iter().map(|platform| platform.as_str()).collect();
    for (zone, start, active) in [
        ("Europe/Berlin", "2026-03-28T12:00:00", "02:30-02:45"),
        ("America/New_York", "2026-10-31T12:00:00", "01:30-01:45"),
        ("Pacific/Apia", "2011-12-29T12:00:00", "23:45-00:00"),
    ] {
        let given = [("timezone", zone), ("not_before", start), ("active_hours", active)];
        let brief = brief(&request_with(&names, &given), None);
        let plan = CampaignStrategy::new().propose(&brief).unwrap();
        check_plan(&brief, &plan);
        assert_eq!(posts(&plan).len(), 6, "{zone}");
    }
}

#[test]
fn without_a_start_nothing_has_a_time() {
    let given = [("timezone", "Europe/Berlin"), ("quiet_hours", "22:00-07:00"), ("locale", "de-DE")];
    let known = json!({
        "v": 1, "id": "s",
        "platforms": { "threads": { "followers": 10, "reach": 5, "engagement_rate": 0.5 } }
    });
    let brief = brief(&request_with(&["threads", "linkedin"], &given), Some(&known));
    let plan = CampaignStrategy::new().propose(&brief).unwrap();
    let told: Vec<_> =
        plan.iter().map(|action| (action.action_type.as_str(), action.target.as_str())).collect();
    let expected = [
        ("publish", "threads"),
        ("target", "linkedin:de-DE"),
        ("publish", "linkedin"),
        ("target", "threads:de-DE"),
        ("promote", "threads"),
    ];
    assert_eq!(told, expected);
    assert!(plan.iter().all(|action| action.scheduled_time.is_none()));
}

#[test]
fn a_day_without_an_open_quarter_has_no_plan() {
    let whole = [("quiet_hours", "00:00-24:00")];
    let same = [("quiet_hours", "08:00-08:00"), ("not_before", "2026-02-10T09:00:00Z")];
    let all_but_a_minute = [("quiet_hours", "00:00-23:59")];
    let against = [("active_hours", "21:00-03:00"), ("quiet_hours", "20:00-04:00")];
    let between = [("active_hours", "21:05-21:10")];
    let cases: [&[(&str, &str)]; 5] = [&whole, &same, &all_but_a_minute, &against, &between];
    for given in cases {
        let brief = brief(&request_with(&["twitter"], given), None);
        let error = CampaignStrategy::new().propose(&brief).unwrap_err();
        assert!(matches!(error, StrategyError::NoPlan { reason: "no_open_hours", .. }), "{given:?}: {error}");
    }
}

#[test]
fn without_platforms_the_hosts_are_proposed_for() {
    let mut nowhere = request();
    nowhere.as_object_mut().unwrap().remove("candidate_context");
    let brief = brief(&nowhere, None);
    let targets = |strategy: CampaignStrategy| -> Vec<String> {
        strategy.propose(&brief).unwrap().into_iter().map(|action| action.target).collect()
    };
    assert_eq!(targets(CampaignStrategy::new()).len(), PlatformName::ALL.len());
    let ours = [PlatformName::Threads, PlatformName::Twitter, PlatformName::Threads];
    assert_eq!(targets(CampaignStrategy::new().on(ours)), ["threads", "twitter"]);
    let error = CampaignStrategy::new().on([]).propose(&brief).unwrap_err();
    assert!(matches!(error, StrategyError::NoPlan { reason: "no_target_platforms", .. }), "{error}");
}

/// What the estimates say, and that nothing is made up where the snapshot says nothing.
#[test]
fn estimates_are_the_snapshots() {
    let known = json!({
        "v": 1, "id": "s",
        "platforms": {
            "twitter": { "followers": 1000, "reach": 333, "engagement_rate": 0.1 },
            "threads": { "followers": 1000 },
            "instagram": { "reach": 50, "followers": 20, "engagement_rate": 1.0 }
        }
    });
    let platforms = ["twitter", "threads", "instagram", "tiktok"];
    let brief = brief(&request_with(&platforms, &[]), Some(&known));
    let plan = CampaignStrategy::new().propose(&brief).unwrap();
    let told: Vec<_> = plan
        .iter()
        .map(|action| (action.action_type.as_str(), action.target.as_str(), json!(action.estimated_impact)))
        .collect();
    let expected = [
        ("publish", "twitter", json!({ "reach": 333, "engagement_rate": 0.1, "engagements": 33 })),
        ("publish", "threads", json!({})),
        ("publish", "instagram", json!({ "reach": 50, "engagement_rate": 1, "engagements": 50 })),
        ("publish", "tiktok", json!({})),
        // Not instagram, although it does better: every follower is reached there.
        ("promote", "twitter", json!({ "unreached_followers": 667 })),
    ];
    assert_eq!(told, expected);
}

/// Of posts that promise the same, the caller's first is promoted; one that promises nothing never is.
#[test]
fn a_tie_goes_to_the_first() {
    let same = json!({ "followers": 1000, "reach": 100, "engagement_rate": 0.1 });
    let nobody = json!({ "followers": 1000, "reach": 100, "engagement_rate": 0 });
    let known =
        json!({ "v": 1, "id": "s", "platforms": { "twitter": same, "threads": same, "tiktok": nobody } });
    for (platforms, expected) in [
        (&["twitter", "threads", "tiktok"][..], Some("twitter")),
        (&["tiktok", "threads", "twitter"], Some("threads")),
        (&["tiktok"], None),
    ] {
        let brief = brief(&request_with(platforms, &[]), Some(&known));
        let plan = CampaignStrategy::new().propose(&brief).unwrap();
        let promoted = plan.iter().find(|action| action.action_type == ActionType::PROMOTE);
        assert_eq!(promoted.map(|action| action.target.as_str()), expected);
    }
}
