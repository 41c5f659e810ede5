//! Counts the instructions of what the skills compute under Valgrind: the same number on a noisy machine as on a quiet one.
//!
//! Nothing here touches a disk or a runtime. Where `gungraun-runner` or `valgrind` is missing, and under `cargo test`,
//! each function runs once without being counted.
#![expect(clippy::expect_used, reason = "a bench that cannot be set up has nothing to count")]
#![expect(missing_docs, reason = "the harness's macros make public items that nobody can document")]
#![expect(clippy::print_stderr, reason = "why nothing is counted has to be said somewhere")]

use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;

use chimera::Chimera;
use chimera::contracts::engage::{EngageInput, EngageOutput};
use chimera::contracts::publish::PublishInput;
use chimera::contracts::{Clock, ErrorCode, InstanceId, Money, PlatformName, Skill as _, derive_uuid};
use chimera::effect::{
    Admission, Admit, CallKey, Effect, EffectJournal, EffectKind, EffectV1, Finding, LookUp, Platform as _,
    Refusal, Refused, Trace, Upload, step,
};
use chimera::governance::route::{Case, Routed, route as decide};
use chimera::governance::{Approved, Balance, BudgetOwner, Flag, Flags, Gate, GateError, Policy, Standing};
use chimera::platform::ToolPlatform;
use chimera::skill_propose::{Brief, CampaignStrategy, PlannedAction, ProposalStrategy as _};
use chimera::skill_publish::Preview;
use chimera_benches::campaigns::{Campaign, fund};
use chimera_benches::judges::{engage_context, like};
use chimera_benches::launch::{Figures, launch};
use chimera_benches::mode::Mode;
use chimera_benches::outside::{NoOwners, look_over_a_hundred, refused_in_4_kib};
use chimera_benches::stage::{NoOpPlatform, context, host, media_request, text_request};
use chimera_testkit::{
    Memory, MemoryStore, Scene, TestClock, TestEntropy, admit_request, new_effect, sample_decision,
    sample_effect, set_up,
};
use chimera_text::{Folded, overlap as share};
use chrono::{DateTime, Utc};
use futures_executor::block_on;
use gungraun::{library_benchmark, library_benchmark_group};

const LIMIT: Money = Money::usd_micros(1_000_000_000);

fn clock() -> Arc<dyn Clock> {
    Arc::new(TestClock::new())
}

fn store(clock: &Arc<dyn Clock>) -> Arc<MemoryStore> {
    Arc::new(Memory::new(Arc::clone(clock), Arc::new(TestEntropy::seeded(1))).open())
}

/// A host and a request that it can plan, planned once so that what is compiled lazily is there.
fn planned(request: PublishInput) -> (Chimera, PublishInput) {
    let clock = clock();
    let host = host(&store(&clock), Arc::new(NoOpPlatform::default()), &clock, None);
    let stage = (host, request);
    plan_once(&stage);
    stage
}

fn plan_once((host, request): &(Chimera, PublishInput)) -> Vec<Preview> {
    block_on(host.publish().preview(&context(), request)).expect("the request can be planned")
}

// Checks the input, looks at its media, renders the text, counts it and fixes its digest.
#[library_benchmark]
#[bench::one_text(planned(text_request(Campaign::of(0), "plan")))]
#[bench::three_with_media(planned(media_request(Campaign::of(0), "plan")))]
fn plan(stage: (Chimera, PublishInput)) -> ((Chimera, PublishInput), Vec<Preview>) {
    let previews = plan_once(&stage);
    (stage, previews)
}

/// A scene whose one effect is approved and funded in a memory store.
#[derive(Debug)]
struct Approval {
    clock: Arc<dyn Clock>,
    store: Arc<MemoryStore>,
    scene: Scene,
    effect: Effect,
    approved: Vec<Approved<Effect>>,
}

fn approval() -> Approval {
    let clock = clock();
    let store = store(&clock);
    let scene = Scene::named("instructions");
    let text = "Our study of reefs is out #Reefs #Ocean AI-generated content";
    let effect = sample_effect(&scene, PlatformName::Twitter, text);
    let approvals: Arc<dyn chimera::governance::ApprovalStore> = Arc::<MemoryStore>::clone(&store);
    let effects = std::slice::from_ref(&effect);
    let approved = block_on(set_up(&approvals, store.as_ref(), &clock, &scene, LIMIT, effects));
    Approval { clock, store, scene, effect, approved }
}

fn gated() -> (Approval, Gate) {
    let approval = approval();
    let gate = Gate::new(Arc::<MemoryStore>::clone(&approval.store), Arc::clone(&approval.clock));
    (approval, gate)
}

// Looks the decision up and compares it with the effect and the claim.
#[library_benchmark]
#[bench::one(gated())]
fn gate((approval, gate): (Approval, Gate)) -> (Approval, Result<Approved<Effect>, GateError>) {
    let id = approval.scene.key.effect_id(&approval.effect.digest());
    let checked = block_on(gate.check(approval.effect.clone(), id, None, &approval.scene.claim()));
    (approval, checked)
}

fn asked() -> (Approval, Admit) {
    let approval = approval();
    let effects = approval.approved.iter().map(|approved| new_effect(approved.clone(), true)).collect();
    let admit = admit_request(&approval.scene, effects);
    // What redacts and renders is compiled at its first use.
    assert!(admit_once(&admit, &known(&approval)).is_ok(), "it may be");
    (approval, admit)
}

/// What is stored around an admission.
struct Stored {
    standings: Vec<Option<Standing>>,
    balances: Vec<(BudgetOwner, Option<Balance>)>,
    instance: InstanceId,
    now: DateTime<Utc>,
}

fn admit_once(admit: &Admit, stored: &Stored) -> Result<step::Admitted, Refused> {
    let Stored { standings, balances, instance, now } = stored;
    let context = step::AdmitContext {
        standings,
        balances,
        open: &[],
        pauses: &[],
        undone: None,
        owners: None,
        instance: *instance,
        now: *now,
    };
    step::admit(admit, &context)
}

fn known(approval: &Approval) -> Stored {
    let effects = std::slice::from_ref(&approval.effect);
    let decision = sample_decision(&approval.scene, effects, approval.clock.as_ref());
    let instance = InstanceId::from_uuid(derive_uuid("chimera-benches/instance", &[]));
    let owner = BudgetOwner::Campaign(approval.scene.campaign);
    Stored {
        standings: vec![Some(Standing { decision, used_by: None })],
        balances: vec![(owner, Some(Balance::new(LIMIT)))],
        instance,
        now: approval.clock.now(),
    }
}

fn pure() -> (Admit, Stored) {
    let (approval, admit) = asked();
    let stored = known(&approval);
    (admit, stored)
}

// Computes what an admission writes: the part of `admit` that every store runs.
#[library_benchmark]
#[bench::pure(pure())]
fn admit_step((admit, stored): (Admit, Stored)) -> (Admit, Option<step::Admitted>) {
    let admitted = admit_once(&admit, &stored).ok();
    (admit, admitted)
}

// The whole of `admit` over a store that keeps nothing on a disk: with ledger entries and their hashes.
#[library_benchmark]
#[bench::memory(asked())]
fn admit_store((approval, admit): (Approval, Admit)) -> (Approval, Admission) {
    let admission = block_on(approval.store.admit(admit)).expect("the store works");
    (approval, admission)
}

/// A policy, and flags for it to think about.
fn judged(flags: &[Flag]) -> (Policy, Flags) {
    let thread = flags.iter().copied().collect();
    (Policy::seed().expect("the preset is sound"), Flags { thread, ..Flags::default() })
}

fn route_once((policy, flags): &(Policy, Flags)) -> Routed {
    let case = Case { scored: Some(0.95), flags, answers: true, campaign_actions: 0, platform_actions: 0 };
    decide(Some(policy), &case)
}

// Compares a confidence and what was found in the texts with a policy.
#[library_benchmark]
#[bench::nothing_found(judged(&[]))]
#[bench::every_flag(judged(Flag::ALL))]
fn route(judged: (Policy, Flags)) -> ((Policy, Flags), Routed) {
    let routed = route_once(&judged);
    (judged, routed)
}

/// What an engagement makes public: a like.
fn liked() -> EffectV1 {
    let EffectV1 { namespace, campaign, account, .. } = approval().effect.content().clone();
    EffectV1 {
        namespace,
        campaign,
        kind: EffectKind::Like,
        platform: PlatformName::Twitter,
        account,
        target: Some(like(1).target),
        text: String::new(),
        media: Vec::new(),
        disclosure: None,
        not_before: None,
        not_after: None,
    }
}

// What an engagement plans: its effect, with the digest that a decision lists.
#[library_benchmark]
#[bench::like(liked())]
fn plan_engagement(content: EffectV1) -> Option<Effect> {
    Effect::new(content).ok()
}

/// A host whose policy lets likes pass, after one of them, so that what is compiled lazily is there.
fn engaging() -> (Chimera, EngageInput) {
    let clock = clock();
    let store = store(&clock);
    block_on(fund(store.as_ref()));
    let host = host(&store, Arc::new(NoOpPlatform::default()), &clock, None);
    like_once(&host, like(1));
    (host, like(2))
}

fn like_once(host: &Chimera, request: EngageInput) -> EngageOutput {
    let skill = host.engage().expect("the host may engage");
    block_on(skill.call(&engage_context(Campaign::of(0)), request)).expect("the context is complete")
}

// The whole of a like over a store that keeps nothing on a disk.
#[library_benchmark]
#[bench::memory(engaging())]
fn engage((host, request): (Chimera, EngageInput)) -> (Chimera, EngageOutput) {
    let answer = like_once(&host, request);
    (host, answer)
}

/// What the launch's strategy is told.
fn briefed() -> Brief {
    let brief = Brief::read(&launch("launch-1"), &[]).expect("the launch can be read");
    let brief = Brief { insights: Some(Figures::of_the_launch().snapshot()), ..brief };
    propose_once(&brief);
    brief
}

fn propose_once(brief: &Brief) -> Vec<PlannedAction> {
    CampaignStrategy::new().propose(brief).expect("the launch can be planned")
}

// Places a launch on five platforms, over a night in which the clock changes.
#[library_benchmark]
#[bench::five_platforms(briefed())]
fn strategy(brief: Brief) -> (Brief, Vec<PlannedAction>) {
    let plan = propose_once(&brief);
    (brief, plan)
}

/// A post of 280 characters, as it is sent and as a platform shows it.
fn post() -> [String; 2] {
    let sent = "It's out — our study of 1,204 reefs says \"some recover\" within ten years, where fishing stops & water stays \
                clear. Read it: https://example.com/reefs/2026 ";
    let sent: String = sent.chars().cycle().take(280).collect();
    let shown = sent
        .replace('&', "&amp;")
        .replace('\'', "&#39;")
        .replace('—', "--")
        .replace("example.com/reefs/2026", "t.co/a1");
    [sent, shown]
}

fn folded_post() -> [Folded; 2] {
    post().map(|text| Folded::new(&text))
}

// Folds one text for comparison.
#[library_benchmark]
#[bench::sent(post()[0].clone())]
#[bench::shown(post()[1].clone())]
fn fold(text: String) -> (String, Folded) {
    let folded = Folded::new(&text);
    (text, folded)
}

// How much two texts have in common that are folded already.
#[library_benchmark]
#[bench::alike(folded_post())]
fn overlap(texts: [Folded; 2]) -> ([Folded; 2], f64) {
    let overlap = share(&texts[0], &texts[1]);
    (texts, overlap)
}

/// A platform that shows a hundred posts, asked once, so that what is compiled lazily is there.
fn hundred() -> (ToolPlatform, LookUp) {
    let stage = look_over_a_hundred(&clock());
    look_once(&stage);
    stage
}

fn look_once((platform, look): &(ToolPlatform, LookUp)) -> Finding {
    block_on(platform.find(look, &NoOwners))
}

// Reads a list of a hundred items, folds what was made meanwhile, explains it and finds the list whole.
#[library_benchmark]
#[bench::hundred_items(hundred())]
fn look(stage: (ToolPlatform, LookUp)) -> ((ToolPlatform, LookUp), Finding) {
    let finding = look_once(&stage);
    (stage, finding)
}

fn refusing() -> (ToolPlatform, Effect, CallKey, Trace) {
    let stage = refused_in_4_kib(&clock());
    refused_once(&stage);
    stage
}

fn refused_once((platform, effect, key, trace): &(ToolPlatform, Effect, CallKey, Trace)) -> Option<Refusal> {
    let media = effect.content().media.first()?;
    let upload = Upload { effect, media, call_key: key.clone(), trace };
    block_on(platform.upload(upload)).err()
}

// Normalises, classifies, redacts and shortens an answer of 4 KiB that is a refusal.
#[library_benchmark]
#[bench::four_kib(refusing())]
fn refusal(
    stage: (ToolPlatform, Effect, CallKey, Trace),
) -> ((ToolPlatform, Effect, CallKey, Trace), Option<Refusal>) {
    let refusal = refused_once(&stage);
    (stage, refusal)
}

library_benchmark_group!(name = outside, benchmarks = [look, refusal]);
library_benchmark_group!(name = text, benchmarks = [fold, overlap]);
library_benchmark_group!(name = publish, benchmarks = [plan, gate, admit_step, admit_store]);
library_benchmark_group!(name = engagement, benchmarks = [route, plan_engagement, engage]);
library_benchmark_group!(name = proposal, benchmarks = [strategy]);

fn main() -> ExitCode {
    // The runner starts this program again for each function, with arguments of its own.
    if std::env::args().nth(1).as_deref() != Some("--gungraun-run") {
        match Mode::of(std::env::args().skip(1)) {
            Mode::List => return ExitCode::SUCCESS,
            Mode::Smoke => return once(),
            Mode::Measure if !there("valgrind") || !there(runner()) => {
                eprintln!("not counted: needs `valgrind` and `gungraun-runner` (see the README)");
                return once();
            }
            Mode::Measure => {}
        }
    }
    counted();
    ExitCode::SUCCESS
}

/// The program that the harness starts.
fn runner() -> &'static str {
    option_env!("GUNGRAUN_RUNNER").unwrap_or("gungraun-runner")
}

fn there(program: &str) -> bool {
    Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Runs every function once.
fn once() -> ExitCode {
    if published_once() && engaged_once() && proposed_once() && compared_once() && looked_once() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn engaged_once() -> bool {
    let (host, request) = engaging();
    let answer = like_once(&host, request);
    let routed = route_once(&judged(Flag::ALL));
    answer.error.is_none() && routed.reasons.len() > Flag::ALL.len() && Effect::new(liked()).is_ok()
}

fn proposed_once() -> bool {
    propose_once(&briefed()).len() > 5
}

fn looked_once() -> bool {
    let refused = refused_once(&refusing());
    matches!(look_once(&hundred()), Finding::Absent(_))
        && refused.is_some_and(|refusal| refusal.code == ErrorCode::PlatformRateLimit)
}

fn compared_once() -> bool {
    let [sent, shown] = folded_post();
    sent.is_same(&shown) && share(&sent, &shown) > 0.99
}

fn published_once() -> bool {
    let texts = plan_once(&planned(text_request(Campaign::of(0), "plan")));
    let media = plan_once(&planned(media_request(Campaign::of(0), "plan")));
    let (approval, checks) = gated();
    let id = approval.scene.key.effect_id(&approval.effect.digest());
    let checked = block_on(checks.check(approval.effect.clone(), id, None, &approval.scene.claim()));
    let (admit, stored) = pure();
    let computed = admit_once(&admit, &stored);
    let (approval, admit) = asked();
    let admitted = block_on(approval.store.admit(admit));
    texts.len() == 1
        && media.len() == 3
        && checked.is_ok()
        && computed.is_ok()
        && matches!(admitted, Ok(Admission::Fresh(_)))
}

/// The harness: in a function of its own, because it brings a `main` and does not ask whether its runner is there.
fn counted() {
    gungraun::main!(library_benchmark_groups = publish, engagement, proposal, outside, text);
    main();
}
