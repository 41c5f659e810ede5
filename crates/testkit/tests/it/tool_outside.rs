//! An outside world behind tools, as the built-in profile of the seeds knows them: what the real [`ToolPlatform`] acts in.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use chimera_contracts::{Clock as _, PlatformName};
use chimera_platform::media::{MediaError, MediaProbe, MediaUrl, Probed};
use chimera_platform::{Binding, Profile, ToolAnswer, ToolCall, ToolClient, ToolPlatform};
use chimera_testkit::TestClock;
use chimera_testkit::conformance::platform::{Fate, Public};
use chimera_testkit::conformance::targets::Shows;
use chimera_testkit::conformance::tools::Does;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::fake_server::{FakeServer, SECRET};

/// The only platform here that has tools.
pub(crate) const PLACE: PlatformName = PlatformName::Twitter;

/// The tools of that platform.
const TOOLS: [&str; 12] = [
    "post_tweet",
    "upload_media",
    "list_posts",
    "get_post",
    "get_tweet",
    "get_target",
    "reply_to_tweet",
    "like_tweet",
    "follow_user",
    "retweet",
    "list_comments",
    "list_likes",
];

/// The world, and the server to it. A clone is the same one.
#[derive(Clone)]
pub(crate) struct ToolOutside {
    pub(crate) clock: Arc<TestClock>,
    pub(crate) server: FakeServer,
    state: Arc<Mutex<State>>,
}

impl fmt::Debug for ToolOutside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToolOutside").field("server", &self.server).finish_non_exhaustive()
    }
}

#[derive(Default)]
struct State {
    posts: Vec<(Public, DateTime<Utc>)>,
    fate: Option<Fate>,
    shows: Option<Shows>,
    acted: usize,
    cut: bool,
    silent: bool,
}

impl ToolOutside {
    pub(crate) fn new() -> Self {
        let clock = Arc::new(TestClock::manual());
        let state: Arc<Mutex<State>> = Arc::default();
        let (world, time) = (Arc::clone(&state), Arc::clone(&clock));
        let script = move |call: &ToolCall| world.lock().unwrap().does(call, time.now());
        let server = FakeServer::scripted(Arc::clone(&clock), &TOOLS, script);
        Self { clock, server, state }
    }

    /// The platform over these tools, as a host sets it up.
    pub(crate) fn platform(&self) -> ToolPlatform {
        let client: Arc<dyn ToolClient> = Arc::new(self.server.clone());
        let profile = Profile::seeds().unwrap();
        let bindings = Binding::all(&profile, &client).into_iter().filter(|one| one.platform() == PLACE);
        let clock = Arc::<TestClock>::clone(&self.clock);
        ToolPlatform::new(bindings, Arc::new(NoMedia), clock)
    }

    pub(crate) fn decide(&self, fate: Fate) {
        if fate == Fate::Unsent {
            self.server.go_away();
        }
        self.state().fate = Some(fate);
    }

    pub(crate) fn show(&self, shows: Shows) {
        self.state().shows = Some(shows);
    }

    pub(crate) fn cut_lists(&self) {
        self.state().cut = true;
    }

    pub(crate) fn fall_silent(&self) {
        self.state().silent = true;
    }

    pub(crate) fn acted(&self) -> usize {
        self.state().acted
    }

    pub(crate) fn public(&self) -> Vec<Public> {
        self.state().posts.iter().map(|(post, _)| post.clone()).collect()
    }

    /// Does what a call that acts would do.
    pub(crate) fn act(&self, text: &str) {
        let now = self.clock.now();
        self.state().acts(text, now);
    }

    /// The words of the target that it shows.
    pub(crate) fn shown_text(&self) -> Option<String> {
        match &self.state().shows {
            Some(Shows::There { text, .. }) => Some(text.clone()),
            _ => None,
        }
    }

    /// Posts by hand.
    pub(crate) fn post(&self, text: &str) -> String {
        let now = self.clock.now();
        self.state().post(text, now)["id"].as_str().unwrap().to_owned()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

fn answer(is_error: bool, structured: Value) -> ToolAnswer {
    ToolAnswer {
        is_error,
        texts: vec![structured.to_string()],
        structured: Some(structured),
        ..ToolAnswer::default()
    }
}

/// A refusal as the sandbox words it.
fn refusal(status: u32, words: &str) -> ToolAnswer {
    let error = json!({ "error": { "status": status, "message": words } });
    ToolAnswer { texts: vec![format!("HTTP {status} {words}")], ..answer(true, error) }
}

fn shown(post: &Public, at: DateTime<Utc>) -> Value {
    let url = format!("https://twitter.com/me/status/{}", post.id);
    json!({ "id": post.id, "url": url, "text": post.text, "created_at": at.to_rfc3339(), "account": "me" })
}

impl State {
    fn post(&mut self, text: &str, now: DateTime<Utc>) -> Value {
        let id = (1_755_123_456_789_012_345_u64 + self.posts.len() as u64).to_string();
        self.posts.push((Public { id, text: text.to_owned() }, now));
        self.posts.last().map(|(post, at)| shown(post, *at)).unwrap()
    }

    fn does(&mut self, call: &ToolCall, now: DateTime<Utc>) -> Does {
        let text =
            |name: &str| call.arguments.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        if self.silent {
            return Does::Holds(ToolAnswer::default());
        }
        match call.tool.as_str() {
            "post_tweet" => self.acts(&text("text"), now),
            "upload_media" => Does::Answers(answer(false, json!({ "media_id": "medium_1", "bytes": 5 }))),
            "list_posts" => {
                let newest_first = self.posts.iter().rev().filter(|_| !self.cut);
                let posts: Vec<Value> = newest_first.map(|(post, at)| shown(post, *at)).collect();
                Does::Answers(answer(false, json!({ "posts": posts, "complete": !self.cut })))
            }
            "get_post" => {
                Does::Answers(self.posts.iter().find(|(post, _)| post.id == text("id")).map_or_else(
                    || refusal(404, "Not Found: no such post"),
                    |(post, at)| answer(false, shown(post, *at)),
                ))
            }
            "get_tweet" => self.shows_target(&text("tweet_id")),
            other => Does::Fails(format!("no tool `{other}` in this test")),
        }
    }

    fn acts(&mut self, text: &str, now: DateTime<Utc>) -> Does {
        self.acted += 1;
        match self.fate.unwrap() {
            Fate::Made => Does::Answers(answer(false, self.post(text, now))),
            Fate::Refused => Does::Answers(refusal(
                429,
                &format!("Too Many Requests: Rate limit exceeded for {SECRET} (retry after 30 seconds)"),
            )),
            Fate::MadeInSilence => Does::Holds(answer(false, self.post(text, now))),
            Fate::MadeAndDenied => {
                self.post(text, now);
                Does::Answers(refusal(502, &format!("Bad Gateway for {SECRET}")))
            }
            Fate::Lost | Fate::Unsent => Does::Holds(ToolAnswer::default()),
        }
    }

    fn shows_target(&self, target: &str) -> Does {
        match self.shows.clone().unwrap() {
            Shows::There { text, author } => {
                Does::Answers(answer(false, json!({ "id": target, "text": text, "account": author })))
            }
            Shows::Gone => Does::Answers(refusal(404, "Not Found: no such post")),
            Shows::Fails { words } => {
                Does::Answers(ToolAnswer { is_error: true, texts: vec![words], ..ToolAnswer::default() })
            }
            Shows::Nothing => Does::Holds(ToolAnswer::default()),
        }
    }
}

/// Every URL holds the same picture.
#[derive(Debug)]
struct NoMedia;

#[async_trait]
impl MediaProbe for NoMedia {
    async fn probe(&self, url: &MediaUrl, _: DateTime<Utc>) -> Result<Probed, MediaError> {
        Ok(Probed {
            sha256: chimera_contracts::Digest::of(b"bytes"),
            bytes: 5,
            media_type: "image/png".to_owned(),
            file_name: url.file_name().to_owned(),
        })
    }

    async fn read(&self, _: &MediaUrl, _: DateTime<Utc>) -> Result<Vec<u8>, MediaError> {
        Ok(b"bytes".to_vec())
    }
}

/// What a test puts between a case and the port.
type Wrap<P> = Box<dyn Fn(Arc<P>, &ToolOutside) -> Arc<P> + Send + Sync>;

/// A port over tools.
pub(crate) struct OverTools<P: ?Sized> {
    pub(crate) name: String,
    pub(crate) wrap: Wrap<P>,
}

impl<P: ?Sized> OverTools<P> {
    pub(crate) fn new<W>(name: impl Into<String>, wrap: W) -> Self
    where
        W: Fn(Arc<P>, &ToolOutside) -> Arc<P> + Send + Sync + 'static,
    {
        Self { name: name.into(), wrap: Box::new(wrap) }
    }
}

impl<P: ?Sized> fmt::Debug for OverTools<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OverTools").field(&self.name).finish()
    }
}
