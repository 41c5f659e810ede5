//! What kind of server stands outside: everything that its profile says about it, and what it does within that.
//!
//! INVARIANT: the server never does more than its profile admits ([`Nature`] is both the server's rule and what
//! `profile` writes). A [`Lie`] is the exception, and only tests of the model itself draw one.

use chimera_contracts::PlatformName;

/// The nature of one server for one platform.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Nature {
    /// Which platform.
    pub platform: PlatformName,
    /// How long a call may take, in milliseconds.
    pub timeout_ms: i64,
    /// How long after a call's last moment the platform may still act on it, in milliseconds.
    pub settle_ms: i64,
    /// What its acting tools do with keys.
    pub keys: KeyHandling,
    /// Whether an acting tool may read something after its write and word a failure of that as its own; `None` where the
    /// profile says nothing, which admits it.
    pub reads_back: Option<bool>,
    /// What likes, follows and shares without words are.
    pub states: States,
    /// Whether the profile says that these tools set a state, where they do.
    pub says_states: bool,
    /// Whether a tool tells the state.
    pub asks_state: bool,
    /// What ids look like.
    pub ids: IdForm,
    /// In what form the acting tools answer.
    pub answers: AnswerForm,
    /// Whether answers repeat the text that was sent.
    pub echoes: bool,
    /// Whether the profile has words of this server for errors of its own: `(?i)rate limited`.
    pub error_words: bool,
    /// The list tools; `None` where nothing can be looked up.
    pub list: Option<ListNature>,
    /// The tool that shows one item.
    pub get: Option<GetNature>,
    /// How far the platform's clock is ahead of the host's, in milliseconds.
    pub clock_ms: i64,
    /// How long after it was made an item is not shown yet, in milliseconds: shorter than `settle_ms`.
    pub lag_ms: i64,
}

/// What the acting tools do with keys (mcp.md: of 31 servers none enforces them).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyHandling {
    /// No argument takes one.
    None,
    /// An argument takes one, and nothing comes of it.
    Advisory,
    /// The same key makes nothing new and gives the first answer, for so long.
    Enforced {
        /// Seconds from the first use.
        for_s: u32,
    },
}

/// What a like, a follow or a share without words is on this server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum States {
    /// A state that the tool sets: sent again, nothing changes and nothing is said about it.
    Sets,
    /// The same, and a second call is refused as done already (X: *You have already favorited this status*, code 139;
    /// *You have already retweeted this*, code 327).
    SetsAndRefuses,
    /// Each call turns it round, as the buttons of apps and servers that drive a browser do. A share makes a new one.
    Toggles,
}

/// What the ids of a platform look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum IdForm {
    /// Digits in a string (X, Meta).
    Digits,
    /// An integer of 19 digits in JSON, as X's `id` beside `id_str`: more than a double holds exactly.
    Integer,
    /// `urn:li:share:…` (LinkedIn).
    Urn,
    /// Eleven characters of base64url (YouTube).
    Short,
    /// What a pattern takes for a credential: `sk-…` of 24 characters.
    LikeAKey,
    /// The same: `token=…`.
    LikeAToken,
}

/// In what form an acting tool answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AnswerForm {
    /// `structuredContent` with the id at `/id`, and the same as text.
    Structured,
    /// JSON in a text block alone.
    TextJson,
    /// `structuredContent` with a lone `result`, as the Python SDK wraps what a tool returns.
    Wrapped,
    /// The id at `/data/id`, as X and TikTok answer.
    Nested,
    /// A sentence that names the id; the profile has a pattern. Likes and follows answer as [`AnswerForm::TextJson`].
    Sentence,
}

/// The list tools of a server: one for each kind, all of one nature.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ListNature {
    /// Whose items are listed.
    pub scope: Scope,
    /// Whether the list of an engagement is that of its target.
    pub by_target: bool,
    /// How many items stand on a page.
    pub page: usize,
    /// How the rest is reached.
    pub pages: Pages,
    /// Whether it says `complete`, truly.
    pub complete: bool,
    /// Whether it says `total`, truly.
    pub total: bool,
    /// How times are written.
    pub times: TimeForm,
    /// In which order items stand.
    pub order: Order,
    /// In what other people's words are wrapped.
    pub wraps: Wraps,
    /// Whether the answer is a lone `result` that holds the list, and nothing beside it (Python SDK).
    pub lone: bool,
    /// Whether items say that they were edited.
    pub edited: bool,
    /// Whether posts stand among what else the account did, as on X's timeline.
    pub mixed: bool,
    /// Whether some items are never listed. Only where nothing is said about completeness and no times are shown, so that
    /// the profile promises nothing.
    pub hides: bool,
    /// Whether each call of it fails.
    pub broken: bool,
    /// Whether old items carry an `error` of their own, as batch answers do: the item's, and none of the list.
    pub item_errors: bool,
}

/// Whose items a list shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Only the account's own; the profile says so.
    Own,
    /// Everybody's, each with its author.
    Authors,
    /// The profile says neither; it may be everybody's.
    Unsaid,
}

/// How the items beyond the first page are reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pages {
    /// Not at all: the list ends at its page, whether there is more or not.
    None,
    /// `paging.next` holds a cursor; the last page has `paging` without it (Graph API, *Paging*).
    Cursor,
    /// The same, but no `paging` on the last page (restfb#1059 and others): its absence proves nothing.
    CursorThenNothing,
    /// Pages may be shorter than their size, even empty, with more behind them (Graph API: items are filtered after they
    /// are counted; facebook-php-business-sdk#623).
    CursorShort,
    /// The cursor never changes (microsoft-graph-docs#2635).
    CursorStuck,
}

/// How a list writes times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TimeForm {
    /// `2026-01-01T00:00:01Z`
    Rfc3339,
    /// `2026-01-01T00:00:01.250Z` (X)
    Millis,
    /// `2026-01-01T00:00:01+0000` (Graph API)
    Offset,
    /// `Thu Jan 01 00:00:01 +0000 2026` (X, API v1.1)
    Twitter,
    /// Seconds since 1970 (TikTok `create_time`)
    Seconds,
    /// Seconds since 1970 as a float (Reddit `created_utc`)
    Float,
    /// Seconds since 1970 in a string
    SecondsText,
    /// Milliseconds since 1970 (LinkedIn `createdAt`)
    EpochMillis,
    /// A local time without a zone, which tells nothing.
    Zoneless,
    /// The profile has a pointer that fits nothing.
    Missing,
    /// The profile has no pointer.
    None,
}

/// In which order a list shows its items.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Order {
    /// The newest first.
    Newest,
    /// The same, after an old item that is pinned to the top (snscrape#784).
    Pinned,
    /// The oldest first.
    Oldest,
}

/// In what a server wraps the texts that it shows, so that a model does not take them for instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wraps {
    /// In nothing.
    None,
    /// In what the profile names.
    Named,
    /// In something that the profile does not name.
    Unnamed,
}

/// The tool that shows one item by its id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct GetNature {
    /// Whether the profile points at author, target and time beside the text.
    pub full: bool,
    /// Whether it shows what the list shortens.
    pub whole: bool,
}

/// What a profile says though it is not so. For tests that show that the model can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lie {
    /// The list says `complete` and hides what the effects made.
    Complete,
    /// Keys are enforced, says the profile; the server ignores them.
    Keys,
    /// The platform acts no later than the call's last moment, says the profile.
    Settled,
    /// The tools ask nothing after their write, says the profile; they read back and word a failure as their own.
    ReadsBack,
}

impl Nature {
    /// A server without any oddity: the smallest that a shrunk scenario comes to.
    #[must_use]
    pub const fn plain(platform: PlatformName) -> Self {
        Self {
            platform,
            timeout_ms: 10_000,
            settle_ms: 15_000,
            keys: KeyHandling::None,
            reads_back: None,
            states: States::Sets,
            says_states: false,
            asks_state: false,
            ids: IdForm::Digits,
            answers: AnswerForm::Structured,
            echoes: false,
            error_words: false,
            list: Some(ListNature::plain()),
            get: None,
            clock_ms: 0,
            lag_ms: 0,
        }
    }

    /// Whether an error without a sign of a post may come after the post was made.
    #[must_use]
    pub fn may_read_back(&self) -> bool {
        self.reads_back != Some(false)
    }
}

impl ListNature {
    /// The account's own items, the newest first, with times, and `complete`.
    #[must_use]
    pub const fn plain() -> Self {
        Self {
            scope: Scope::Own,
            by_target: false,
            page: 20,
            pages: Pages::None,
            complete: true,
            total: false,
            times: TimeForm::Rfc3339,
            order: Order::Newest,
            wraps: Wraps::None,
            lone: false,
            edited: false,
            mixed: false,
            hides: false,
            broken: false,
            item_errors: false,
        }
    }

    /// Whether anything in the profile can prove that the list is whole.
    #[must_use]
    pub fn promises(&self) -> bool {
        let times = !matches!(self.times, TimeForm::None | TimeForm::Missing | TimeForm::Zoneless);
        self.complete || self.total || self.pages != Pages::None || times
    }

    /// Whether the profile and the server fit together: a bare list has nothing beside its items, and what is hidden was
    /// never promised.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let beside = self.complete || self.total || self.pages != Pages::None;
        let hidden = self.lone && beside || self.hides && self.promises();
        !hidden && self.page > 0
    }
}
