//! The strict platform and the one over tools are held to the contract of their port, and platforms that break it are found out.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chimera_contracts::{Clock, ErrorCode, Namespace, PlatformName};
use chimera_effect::{
    AccountRef, Attempt, ContentPart, EffectKind, EffectV1, Finding, LateOutcome, LookReport, LookUp, Media,
    MediaIdentity, NotReady, Outcome, Platform, PostOwners, Refusal, Service, Unfit, Upload, Uploaded,
};
use chimera_testkit::conformance::platform::{self, Fate, PlatformHarness, PlatformWorld, Public};
use chimera_testkit::{Fault, Rules, StrictPlatform, TestClock, block_on, done};

use chrono::TimeDelta;

use crate::failing::{Variant, each_case_fails};
use crate::fake_server::SECRET;
use crate::tool_outside::{PLACE, ToolOutside};

fn medium() -> Media {
    Media { url: "https://cdn.example.com/a/cat.png".to_owned(), identity: MediaIdentity::ByReference }
}

type OverTools = crate::tool_outside::OverTools<dyn Platform>;

#[derive(Debug)]
struct ToolWorld {
    outside: ToolOutside,
    port: Arc<dyn Platform>,
}

#[async_trait]
impl PlatformHarness for OverTools {
    async fn world(&self) -> Arc<dyn PlatformWorld> {
        let outside = ToolOutside::new();
        let port = (self.wrap)(Arc::new(outside.platform()), &outside);
        Arc::new(ToolWorld { outside, port })
    }
}

#[async_trait]
impl PlatformWorld for ToolWorld {
    fn platform(&self) -> Arc<dyn Platform> {
        Arc::clone(&self.port)
    }

    fn clock(&self) -> Arc<TestClock> {
        Arc::clone(&self.outside.clock)
    }

    fn account(&self) -> (PlatformName, String) {
        (PLACE, "me".to_owned())
    }

    fn elsewhere(&self) -> PlatformName {
        PlatformName::LinkedIn
    }

    fn medium(&self) -> Media {
        medium()
    }

    fn secret(&self) -> String {
        SECRET.to_owned()
    }

    fn decide(&self, fate: Fate) {
        self.outside.decide(fate);
    }

    fn public(&self) -> Vec<Public> {
        self.outside.public()
    }

    fn acted(&self) -> usize {
        self.outside.acted()
    }

    fn reached(&self) -> usize {
        self.outside.server.reached().len()
    }

    fn post_by_hand(&self, text: &str) -> String {
        self.outside.post(text)
    }

    fn cut_lists(&self) {
        self.outside.cut_lists();
    }

    fn fall_silent(&self) {
        self.outside.fall_silent();
    }

    async fn let_go(&self) {
        self.outside.server.let_go();
    }
}

#[test]
fn the_platform_over_tools_keeps_its_contract() {
    block_on(platform::all(&OverTools::new("as they are", |port, _| port)));
}

/// Strict platforms.
#[derive(Debug)]
struct Strict;

#[derive(Debug)]
struct StrictWorld {
    clock: Arc<TestClock>,
    platform: Mutex<StrictPlatform>,
}

impl StrictWorld {
    fn strict(&self) -> StrictPlatform {
        self.platform.lock().unwrap().clone()
    }
}

#[async_trait]
impl PlatformHarness for Strict {
    async fn world(&self) -> Arc<dyn PlatformWorld> {
        let clock = Arc::new(TestClock::manual());
        let time: Arc<dyn Clock> = Arc::<TestClock>::clone(&clock);
        let rules = Rules { uploads: true, ..Rules::default() };
        let platform = Mutex::new(StrictPlatform::new(time, [(PLACE, rules)]));
        Arc::new(StrictWorld { clock, platform })
    }
}

#[async_trait]
impl PlatformWorld for StrictWorld {
    fn platform(&self) -> Arc<dyn Platform> {
        Arc::new(self.strict())
    }

    fn clock(&self) -> Arc<TestClock> {
        Arc::clone(&self.clock)
    }

    fn account(&self) -> (PlatformName, String) {
        (PLACE, "me".to_owned())
    }

    fn elsewhere(&self) -> PlatformName {
        PlatformName::LinkedIn
    }

    fn medium(&self) -> Media {
        medium()
    }

    fn secret(&self) -> String {
        // It has none, and what it says is of its own.
        SECRET.to_owned()
    }

    fn decide(&self, fate: Fate) {
        let fault = match fate {
            Fate::Made => Fault::Post,
            Fate::Refused => Fault::Refuse(ErrorCode::PlatformRateLimit),
            Fate::Unsent => Fault::Refuse(ErrorCode::PlatformTransientError),
            Fate::MadeInSilence | Fate::MadeAndDenied => Fault::LostAfter,
            Fate::Lost => Fault::LostBefore,
        };
        self.strict().plan(PLACE, vec![fault; 8]);
    }

    fn public(&self) -> Vec<Public> {
        let posts = self.strict().posts().into_iter();
        posts.map(|post| Public { id: post.id, text: post.text }).collect()
    }

    fn acted(&self) -> usize {
        self.strict().sent()
    }

    fn reached(&self) -> usize {
        let strict = self.strict();
        strict.sent() + strict.looks() + strict.uploads()
    }

    fn post_by_hand(&self, text: &str) -> String {
        self.strict().post_by_somebody_else(PLACE, "me", text)
    }

    fn cut_lists(&self) {
        let mut platform = self.platform.lock().unwrap();
        *platform = platform.with_rules(PLACE, Rules { complete_list: false, ..Rules::default() });
    }

    fn fall_silent(&self) {}

    async fn let_go(&self) {
        let strict = self.strict();
        for post in strict.posts() {
            let Some(effect) = post.effect else { continue };
            let (namespace, outcome) = (Namespace::default(), Outcome::Done(done(&post.id)));
            strict.answer_late(LateOutcome { namespace, effect, attempt: 1, outcome });
        }
    }
}

#[test]
fn the_strict_platform_keeps_its_contract() {
    block_on(platform::all(&Strict));
}

/// How a platform breaks its contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Breach {
    /// Every attempt is performed twice.
    Twice,
    /// What is unknown is told as refused.
    Sure,
    /// What a look finds, or not, is always absent.
    Blind,
    /// Late answers are given out again and again.
    Repeats,
    /// Every account is ready.
    Ready,
    /// A look takes the latest post for the one that it looks for.
    Takes,
    /// What is too late is sent all the same.
    Late,
    /// What the outside said is told as it came.
    Tells,
    /// What it serves depends on what was attempted.
    Wavers,
    /// What fitted once does not fit again.
    Moods,
    /// An upload is public.
    Shows,
    /// What did not leave is told as done.
    Invents,
    /// It waits for an answer longer than its timeout.
    Waits,
}

/// A platform that breaks its contract.
#[derive(Debug)]
struct Wrong {
    inner: Arc<dyn Platform>,
    breach: Breach,
    outside: Option<ToolOutside>,
    late: Mutex<Vec<LateOutcome>>,
    attempts: AtomicUsize,
    asked: AtomicUsize,
}

impl Wrong {
    /// Whether nothing left of an attempt that had time.
    fn left_nothing(&self, attempt: &Attempt) -> bool {
        self.outside
            .as_ref()
            .is_some_and(|outside| outside.acted() == 0 && outside.clock.now() < attempt.send_before())
    }

    /// Does before an attempt what is its fault.
    fn before(&self, attempt: &Attempt) {
        self.attempts.fetch_add(1, Ordering::Relaxed);
        let Some(outside) = &self.outside else { return };
        if self.breach == Breach::Late && outside.clock.now() >= attempt.send_before() {
            outside.act(&attempt.effect().content().text);
        }
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl Platform for Wrong {
    fn service(&self, account: AccountRef<'_>, kind: EffectKind) -> Option<Service> {
        let service = self.inner.service(account, kind)?;
        let wavers = self.breach == Breach::Wavers && self.attempts.load(Ordering::Relaxed) > 0;
        Some(Service { uploads: service.uploads != wavers, ..service })
    }

    fn unfit(&self, content: &EffectV1, media_types: &[String]) -> Vec<Unfit> {
        if self.breach == Breach::Moods && self.asked.fetch_add(1, Ordering::Relaxed) > 0 {
            let (part, code) = (ContentPart::Text, ErrorCode::ValidationError);
            return vec![Unfit { part, code, message: "not again".to_owned() }];
        }
        self.inner.unfit(content, media_types)
    }

    async fn ready(&self, wanted: &[AccountRef<'_>], kind: EffectKind) -> Vec<NotReady> {
        if self.breach == Breach::Ready { Vec::new() } else { self.inner.ready(wanted, kind).await }
    }

    async fn upload(&self, upload: Upload<'_>) -> Result<Uploaded, Refusal> {
        if let Some(outside) = self.outside.as_ref().filter(|_| self.breach == Breach::Shows) {
            outside.post("an upload");
        }
        self.inner.upload(upload).await
    }

    async fn perform(&self, attempt: &Attempt) -> Outcome {
        self.before(attempt);
        let outcome = self.inner.perform(attempt).await;
        match (self.breach, outcome) {
            (Breach::Invents, _) if self.left_nothing(attempt) => Outcome::Done(done("invented")),
            (Breach::Waits, outcome) => {
                if let Some(outside) = &self.outside {
                    outside.clock.advance(TimeDelta::seconds(1));
                }
                outcome
            }
            (Breach::Tells, Outcome::NotDone(refusal)) => {
                Outcome::NotDone(Refusal { message: refusal.message + SECRET, ..refusal })
            }
            (Breach::Twice, _) => self.inner.perform(attempt).await,
            (Breach::Sure, Outcome::Unknown(unknown)) => Outcome::NotDone(Refusal {
                code: ErrorCode::PlatformTransientError,
                message: unknown.reason,
                retry_at: None,
                said: None,
            }),
            (_, outcome) => outcome,
        }
    }

    async fn find(&self, look: &LookUp, owners: &dyn PostOwners) -> Finding {
        match self.breach {
            Breach::Blind => Finding::Absent(LookReport::default()),
            Breach::Takes => {
                let latest = self.outside.as_ref().and_then(|outside| outside.public().pop());
                latest.map_or(Finding::Open(LookReport::default()), |post| Finding::There(done(&post.id)))
            }
            _ => self.inner.find(look, owners).await,
        }
    }

    fn late(&self) -> Vec<LateOutcome> {
        if self.breach != Breach::Repeats {
            return self.inner.late();
        }
        let mut late = self.late.lock().unwrap();
        late.extend(self.inner.late());
        late.clone()
    }
}

/// Platforms over tools with this breach.
fn wrong(breach: Breach) -> Box<dyn PlatformHarness> {
    let wrap = move |inner, outside: &ToolOutside| -> Arc<dyn Platform> {
        Arc::new(Wrong {
            inner,
            breach,
            outside: Some(outside.clone()),
            late: Mutex::default(),
            attempts: AtomicUsize::new(0),
            asked: AtomicUsize::new(0),
        })
    };
    Box::new(OverTools::new(format!("{breach:?}"), wrap))
}

#[test]
fn each_case_finds_a_platform_that_breaks_its_sentence() {
    let variants: Vec<Variant<dyn PlatformHarness>> = vec![
        (wrong(Breach::Wavers), &["what_is_served_is_constant_and_asks_nobody"]),
        (wrong(Breach::Moods), &["what_does_not_fit_is_constant_and_asks_nobody"]),
        (wrong(Breach::Ready), &["readiness_names_every_fault_and_makes_nothing_public"]),
        (wrong(Breach::Shows), &["an_upload_makes_nothing_public"]),
        (
            wrong(Breach::Twice),
            &[
                "what_is_made_is_done_by_one_call",
                "attempts_at_one_time_are_each_one_call",
                "a_refusal_is_not_done",
                "what_nobody_can_tell_is_unknown",
            ],
        ),
        (wrong(Breach::Late), &["nothing_leaves_at_or_after_send_before"]),
        (wrong(Breach::Invents), &["what_did_not_leave_is_not_done"]),
        (wrong(Breach::Sure), &["what_nobody_can_tell_is_unknown"]),
        (wrong(Breach::Waits), &["an_attempt_is_answered_within_its_timeout"]),
        (
            wrong(Breach::Takes),
            &["a_look_takes_no_post_of_another_effect", "a_look_takes_nothing_by_likeness"],
        ),
        (
            wrong(Breach::Blind),
            &[
                "a_look_finds_what_was_made_and_makes_nothing",
                "absence_is_not_said_over_a_part",
                "what_is_asked_ends_by_itself",
            ],
        ),
        (
            wrong(Breach::Repeats),
            &["a_late_answer_is_given_out_once", "dropping_an_attempt_withdraws_nothing"],
        ),
        (wrong(Breach::Tells), &["what_is_told_repeats_no_secret"]),
    ];
    each_case_fails(platform::CASES, variants);
}
