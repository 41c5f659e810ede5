//! The strict platform and the one over tools are held to the contract of their port, and platforms that break it are found out.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chimera_contracts::{Clock, ErrorCode, Namespace, PlatformName};
use chimera_effect::{
    AccountRef, Attempt, EffectKind, Finding, LateOutcome, LookReport, LookUp, Media, MediaIdentity,
    NotReady, Outcome, Platform, PostOwners, Refusal, Service, Upload, Uploaded,
};
use chimera_testkit::conformance::platform::{self, Fate, PlatformHarness, PlatformWorld, Public};
use chimera_testkit::{Fault, Rules, StrictPlatform, TestClock, block_on, done};

use crate::failing::fails;
use crate::fake_server::SECRET;
use crate::tool_outside::{PLACE, ToolOutside};

fn medium() -> Media {
    Media { url: "https://cdn.example.com/a/cat.png".to_owned(), identity: MediaIdentity::ByReference }
}

/// What a test puts between a case and the port.
type Wrap = fn(Arc<dyn Platform>, &ToolOutside) -> Arc<dyn Platform>;

/// Platforms over tools.
#[derive(Debug)]
struct OverTools(Wrap);

#[derive(Debug)]
struct ToolWorld {
    outside: ToolOutside,
    port: Arc<dyn Platform>,
}

#[async_trait]
impl PlatformHarness for OverTools {
    async fn world(&self) -> Arc<dyn PlatformWorld> {
        let outside = ToolOutside::new();
        let port = (self.0)(Arc::new(outside.platform()), &outside);
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
    block_on(platform::all(&OverTools(|port, _| port)));
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
}

/// A platform that breaks its contract.
#[derive(Debug)]
struct Wrong {
    inner: Arc<dyn Platform>,
    breach: Breach,
    outside: Option<ToolOutside>,
    late: Mutex<Vec<LateOutcome>>,
}

#[async_trait]
impl Platform for Wrong {
    fn service(&self, account: AccountRef<'_>, kind: EffectKind) -> Option<Service> {
        self.inner.service(account, kind)
    }

    async fn ready(&self, wanted: &[AccountRef<'_>], kind: EffectKind) -> Vec<NotReady> {
        if self.breach == Breach::Ready { Vec::new() } else { self.inner.ready(wanted, kind).await }
    }

    async fn upload(&self, upload: Upload<'_>) -> Result<Uploaded, Refusal> {
        self.inner.upload(upload).await
    }

    async fn perform(&self, attempt: &Attempt) -> Outcome {
        let late = |outside: &&ToolOutside| {
            self.breach == Breach::Late && outside.clock.now() >= attempt.send_before()
        };
        if let Some(outside) = self.outside.as_ref().filter(late) {
            outside.act(&attempt.effect().content().text);
        }
        let outcome = self.inner.perform(attempt).await;
        match (self.breach, outcome) {
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

fn wrong(inner: Arc<dyn Platform>, breach: Breach) -> Arc<dyn Platform> {
    Arc::new(Wrong { inner, breach, outside: None, late: Mutex::default() })
}

fn wrong_in(inner: Arc<dyn Platform>, outside: &ToolOutside, breach: Breach) -> Arc<dyn Platform> {
    Arc::new(Wrong { inner, breach, outside: Some(outside.clone()), late: Mutex::default() })
}

#[test]
fn platforms_that_break_a_sentence_are_found_out() {
    let breaches: [(Wrap, &[&str]); 8] = [
        (
            |port, _| wrong(port, Breach::Twice),
            &[
                "what_is_made_is_done_by_one_call",
                "attempts_at_one_time_are_each_one_call",
                "a_refusal_is_not_done",
                "what_nobody_can_tell_is_unknown",
            ],
        ),
        (|port, _| wrong(port, Breach::Sure), &["what_nobody_can_tell_is_unknown"]),
        (
            |port, _| wrong(port, Breach::Blind),
            &[
                "a_look_finds_what_was_made_and_makes_nothing",
                "absence_is_not_said_over_a_part",
                "what_is_asked_ends_by_itself",
            ],
        ),
        (
            |port, outside| wrong_in(port, outside, Breach::Takes),
            &["a_look_takes_no_post_of_another_effect", "a_look_takes_nothing_by_likeness"],
        ),
        (|port, outside| wrong_in(port, outside, Breach::Late), &["nothing_leaves_at_or_after_send_before"]),
        (|port, _| wrong(port, Breach::Tells), &["what_is_told_repeats_no_secret"]),
        (
            |port, _| wrong(port, Breach::Repeats),
            &["a_late_answer_is_given_out_once", "dropping_an_attempt_withdraws_nothing"],
        ),
        (|port, _| wrong(port, Breach::Ready), &["readiness_names_every_fault_and_makes_nothing_public"]),
    ];
    for (wrap, cases) in breaches {
        fails(platform::CASES, &OverTools(wrap), cases);
    }
}
