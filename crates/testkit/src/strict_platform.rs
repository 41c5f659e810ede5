//! An outside world that keeps the contract of [`Platform`] and writes down every breach of it.
//!
//! It counts what became public. What it holds outlives its callers: clones share one world, so a test may drop a whole
//! kernel in mid-call and ask afterwards what is public. It never panics within a call, because the caller would take that
//! for a crash; a test ends with `assert_eq!(platform.violations(), [])`.

mod rules;
mod world;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use chimera_contracts::{Clock, EffectId, ErrorCode, PlatformName};
use chimera_effect::{
    AccountRef, Attempt, ContentPart, EffectKind, EffectV1, Evidence, ExternalPost, Finding, LateOutcome,
    LookReport, LookUp, NotReady, Outcome, Pending, Platform, PostOwners, Refusal, Service, Unfit,
    UnknownOutcome, Upload, Uploaded,
};
use chrono::{DateTime, Utc};

pub use rules::{Fault, Post, Rules};
use world::World;

/// Several platforms of one outside world. A clone is the same world.
#[derive(Clone, Debug)]
pub struct StrictPlatform {
    clock: Arc<dyn Clock>,
    rules: Arc<BTreeMap<PlatformName, Rules>>,
    world: Arc<Mutex<World>>,
}

impl StrictPlatform {
    /// A world with these platforms; the others are not configured.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, rules: impl IntoIterator<Item = (PlatformName, Rules)>) -> Self {
        Self { clock, rules: Arc::new(rules.into_iter().collect()), world: Arc::default() }
    }

    /// A world in which every platform has the same rules.
    #[must_use]
    pub fn everywhere(clock: Arc<dyn Clock>, rules: Rules) -> Self {
        Self::new(clock, PlatformName::ALL.iter().map(|platform| (*platform, rules)))
    }

    /// The same world, in which this platform has other rules from now on.
    #[must_use]
    pub fn with_rules(&self, platform: PlatformName, rules: Rules) -> Self {
        let mut all = self.rules.as_ref().clone();
        all.insert(platform, rules);
        Self { rules: Arc::new(all), ..self.clone() }
    }

    /// Says what the next calls to a platform come to, one fault a call; calls beyond them post.
    pub fn plan(&self, platform: PlatformName, faults: impl IntoIterator<Item = Fault>) {
        self.world().faults.entry(platform).or_default().extend(faults);
    }

    /// Says that the next uploads to a platform are refused with these codes; uploads beyond them succeed.
    pub fn plan_uploads(&self, platform: PlatformName, refusals: impl IntoIterator<Item = ErrorCode>) {
        self.world().upload_faults.entry(platform).or_default().extend(refusals);
    }

    /// Puts a post there that somebody else made, and gives its id.
    pub fn post_by_somebody_else(&self, platform: PlatformName, account: &str, text: &str) -> String {
        let at = self.clock.now();
        self.world().publish(platform, account, text, at)
    }

    /// Ends the work on everything that was accepted: it is public now.
    pub fn finish_accepted(&self) {
        let at = self.clock.now();
        self.world().finish_accepted(at);
    }

    /// Hands over an answer that comes late.
    pub fn answer_late(&self, late: LateOutcome) {
        self.world().late.push(late);
    }

    /// Everything that is public by now, in the order in which it became so.
    #[must_use]
    pub fn posts(&self) -> Vec<Post> {
        self.world().posts.clone()
    }

    /// Everything that was public and was deleted, in the order in which that happened.
    #[must_use]
    pub fn deleted(&self) -> Vec<Post> {
        self.world().deleted.clone()
    }

    /// What is public of one effect: one post at most, or it is a violation.
    #[must_use]
    pub fn posts_of(&self, effect: EffectId) -> Vec<Post> {
        let mut posts = self.posts();
        posts.retain(|post| post.effect == Some(effect));
        posts
    }

    /// Every call of `perform`, in order: the effect and the number of the attempt.
    #[must_use]
    pub fn performed(&self) -> Vec<(EffectId, u32)> {
        self.world().performed.clone()
    }

    /// How many calls were written to the wire, whatever became of them there.
    #[must_use]
    pub fn sent(&self) -> usize {
        self.world().sent
    }

    /// How many looks there were.
    #[must_use]
    pub fn looks(&self) -> usize {
        self.world().looks
    }

    /// How many media were uploaded.
    #[must_use]
    pub fn uploads(&self) -> usize {
        self.world().uploads
    }

    /// Every breach of the contract so far, in words.
    #[must_use]
    pub fn violations(&self) -> Vec<String> {
        self.world().violations.clone()
    }

    /// The world as it is at the clock's time: what was under way and is due has arrived.
    fn world(&self) -> MutexGuard<'_, World> {
        let now = self.clock.now();
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        world.arrive(now);
        world
    }

    /// Records a call, and what is wrong with it.
    fn called(&self, attempt: &Attempt, served: bool) {
        let now = self.clock.now();
        let mut world = self.world();
        let (id, number) = (attempt.effect_id(), attempt.number());
        if world.performed.contains(&(id, number)) {
            world.violation(format!("attempt {number} of {id} was performed twice"));
        }
        world.performed.push((id, number));
        if !served {
            world.violation(format!("{id} was sent to a platform that is not configured"));
        }
        if now >= attempt.send_before() {
            let late = format!(
                "attempt {number} of {id} was performed at {now}, not before {}",
                attempt.send_before()
            );
            world.violation(late);
        }
    }

    /// The call itself, at the moment at which it reaches the wire.
    fn write(&self, attempt: &Attempt, rules: &Rules) -> Outcome {
        let now = self.clock.now();
        let platform = attempt.effect().content().platform;
        let mut world = self.world();
        if now >= attempt.send_before() {
            return Outcome::NotDone(refusal(ErrorCode::Timeout, "it was too late to send it", None));
        }
        world.sent += 1;
        let media = attempt.effect().content().media.len();
        if rules.uploads && attempt.uploads().len() != media {
            world.violation(format!("{} was sent without all of its media", attempt.effect_id()));
        }
        let fault = world.faults.get_mut(&platform).and_then(std::collections::VecDeque::pop_front);
        match fault.unwrap_or(Fault::Post) {
            Fault::Post => Outcome::Done(evidence(&world.receive(attempt, rules, now))),
            Fault::RateLimit { retry_after } => Outcome::NotDone(refusal(
                ErrorCode::PlatformRateLimit,
                "too many requests",
                Some(now + retry_after),
            )),
            Fault::Refuse(code) => Outcome::NotDone(refusal(code, "the platform refused it", None)),
            Fault::LostBefore => lost("the connection broke"),
            Fault::LostAfter => {
                world.receive(attempt, rules, now);
                lost("the answer did not come back")
            }
            Fault::Ghost => {
                // After the last moment to send, before absence means something.
                let at = attempt.send_before() + rules.settle / 2;
                world.send_ghost(attempt, rules, at);
                lost("the call timed out")
            }
            Fault::Accept => Outcome::Accepted(Pending {
                pending_id: world.accept(attempt, rules, now),
                said: Some("accepted".to_owned()),
            }),
        }
    }
}

#[async_trait]
impl Platform for StrictPlatform {
    fn service(&self, account: AccountRef<'_>, kind: EffectKind) -> Option<Service> {
        self.rules.get(&account.platform).map(|rules| rules.service_of(kind))
    }

    fn unfit(&self, content: &EffectV1, _: &[String]) -> Vec<Unfit> {
        let needs_media = self.rules.get(&content.platform).is_some_and(|rules| rules.needs_media);
        let unfit = Unfit {
            part: ContentPart::Media,
            code: ErrorCode::ValidationError,
            message: format!("a post on `{}` needs media", content.platform),
        };
        (needs_media && content.media.is_empty()).then_some(unfit).into_iter().collect()
    }

    async fn ready(&self, wanted: &[AccountRef<'_>], _: EffectKind) -> Vec<NotReady> {
        let missing = wanted.iter().filter(|account| !self.rules.contains_key(&account.platform));
        missing
            .map(|account| NotReady {
                platform: account.platform,
                code: ErrorCode::PlatformNotConfigured,
                message: format!("configure a tool for {account}"),
            })
            .collect()
    }

    async fn upload(&self, upload: Upload<'_>) -> Result<Uploaded, Refusal> {
        let mut world = self.world();
        let platform = upload.effect.content().platform;
        let fault = world.upload_faults.get_mut(&platform).and_then(std::collections::VecDeque::pop_front);
        if let Some(code) = fault {
            return Err(refusal(code, "the upload was refused", None));
        }
        world.uploads += 1;
        Ok(Uploaded { media_id: format!("medium {}", upload.call_key) })
    }

    async fn perform(&self, attempt: &Attempt) -> Outcome {
        let rules = self.rules.get(&attempt.effect().content().platform);
        self.called(attempt, rules.is_some());
        let Some(rules) = rules else {
            return Outcome::NotDone(refusal(
                ErrorCode::PlatformNotConfigured,
                "nothing is configured",
                None,
            ));
        };
        if !rules.latency.is_zero() {
            self.clock.sleep_until(self.clock.now() + rules.latency).await;
        }
        self.write(attempt, rules)
    }

    async fn find(&self, look: &LookUp, owners: &dyn PostOwners) -> Finding {
        let content = look.effect.content();
        let posts = {
            let mut world = self.world();
            world.looks += 1;
            if content.kind == EffectKind::Undo {
                world.find_target(content)
            } else {
                world.find(content, look.since)
            }
        };
        let Some(rules) = self.rules.get(&content.platform).filter(|rules| rules.look_up) else {
            return Finding::Blind { reason: "there is no tool to look with".to_owned() };
        };
        if let (EffectKind::Undo, Some(target)) = (content.kind, &content.target) {
            return match posts.first() {
                Some(_) => Finding::Absent(LookReport::default()),
                None => Finding::There(gone(content.platform, target)),
            };
        }
        let ids: Vec<String> = posts.iter().map(|post| post.id.clone()).collect();
        let owned = match owners.owners(&ids).await {
            Ok(owned) => owned,
            Err(error) => return Finding::Open(LookReport::missing("", error.to_string())),
        };
        let theirs = |post: &&Post| owned.iter().any(|owned| owned.external_id == post.id);
        let free: Vec<&Post> = posts.iter().filter(|post| !theirs(post)).collect();
        match free.get(look.place) {
            Some(post) => Finding::There(evidence(post)),
            None if !rules.complete_list => {
                Finding::InDoubt(LookReport::missing("", "the list of posts is not complete"))
            }
            None => Finding::Absent(LookReport::default()),
        }
    }

    fn late(&self) -> Vec<LateOutcome> {
        std::mem::take(&mut self.world().late)
    }
}

fn evidence(post: &Post) -> Evidence {
    let external = ExternalPost {
        id: post.id.clone(),
        url: Some(format!("https://{}.example/{}", post.platform, post.id)),
        published_at: Some(post.at),
    };
    Evidence { post: external, said: Some(format!("it is public as {}", post.id)), cost: None }
}

/// The evidence that a post is not there.
fn gone(platform: PlatformName, id: &str) -> Evidence {
    let external = ExternalPost { id: id.to_owned(), url: None, published_at: None };
    Evidence { post: external, said: Some(format!("`{platform}` shows no post {id}")), cost: None }
}

fn refusal(code: ErrorCode, message: &str, retry_at: Option<DateTime<Utc>>) -> Refusal {
    Refusal { code, message: message.to_owned(), retry_at, said: None }
}

fn lost(reason: &str) -> Outcome {
    Outcome::Unknown(UnknownOutcome::because(format!("no answer came: {reason}")))
}
