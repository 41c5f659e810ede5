//! What goes wrong with calls: for an acting call what becomes of it at the platform, and apart from that what is said.
//!
//! The two are apart because that is where hosts go wrong: they read from the words what became of the call. Which pairs
//! may come is the profile's to say ([`ActFault::admitted`]); the model never draws, nor keeps while shrinking, any other.

use chimera_effect::EffectKind;

use super::nature::{AnswerForm, Nature};

/// One acting call: what becomes of it, what is said, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActFault {
    /// What becomes of it.
    pub fate: Fate,
    /// What is said.
    pub reply: Reply,
    /// When it is said, in milliseconds after the call. After the call's timeout the caller has given up: what is said then
    /// comes as a late answer.
    pub after_ms: i64,
}

/// What becomes of an acting call at the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is done at once.
    Makes,
    /// It is never done.
    Nothing,
    /// It is done so many milliseconds after the call, before the platform has settled: a queue at the server or the
    /// platform (Tusky#2951: 504 and posted; zernio-python#42: 222 seconds against a timeout of 30).
    Late {
        /// Milliseconds after the call; cut to what the profile admits.
        ms: i64,
    },
    /// It is done twice, by the server's own doing: a client within the server repeats a request whose answer it lost
    /// (zernio-python#42). The second is the server's double, and none of the host's.
    Twice {
        /// When the second is made.
        ms: i64,
    },
    /// It is done after the platform has settled by the profile's word: the window that remains, counted apart.
    PastSettle {
        /// Milliseconds after that.
        ms: i64,
    },
}

/// What an acting tool says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// That it was done, with the id.
    Done,
    /// That it was done, without any id.
    NoId,
    /// That it was done, with something in the id's place that is none.
    BadId(BadId),
    /// `isError`: that it was done, and that reading it back failed.
    ReadBack(Why),
    /// The id beside signs of an error.
    Mixed(Mixed),
    /// That it was refused. With [`Fate::Makes`]: a tool that posts and then reads the permalink passes on the failure of
    /// the read alone (an Instagram server).
    Refused(Refusal),
    /// `isError`, about the arguments or the tool's name: said before anything is sent.
    Arguments(Argument),
    /// That something broke on the way, so that nothing is known.
    Broken(Broken),
    /// A JSON-RPC error with this code.
    Rpc(i32),
    /// Nothing: the connection ends.
    Lost,
    /// Nothing was sent: the client refuses before a byte leaves.
    NotSent,
    /// That a draft was made.
    Draft,
    /// A question back (`input_required`).
    Asks,
    /// Something that says neither.
    Garbled,
}

/// What servers put where an id should be (codebird-php#107, and answers of scripts in JavaScript and Python).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadId {
    /// `5.8765388949255e17`: an integer that went through a double.
    Exponent,
    /// `18446744073709551617`: more than 64 bits.
    Huge,
    /// `1.5`
    Float,
    /// `0`
    Zero,
    /// `null`
    Null,
    /// `"None"`
    None,
    /// `"undefined"`
    Undefined,
    /// `"NaN"`
    Nan,
    /// `""`
    Empty,
    /// `"see the app"`
    Words,
}

/// Why a read after the write failed, as servers word it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// `HTTP 429 Too Many Requests`
    TooMany,
    /// `HTTP 400 Bad Request`
    BadRequest,
    /// `HTTP 401 Unauthorized`
    Unauthorized,
    /// `HTTP 403 Forbidden`
    Forbidden,
    /// `HTTP 404 Not Found`
    NotFound,
    /// `tool get_post not found`
    Tool,
    /// `call it again with confirm=true`
    Confirm,
}

/// An id beside signs of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mixed {
    /// `"published": true, "error": {"status": 429, "code": 4}` (postiz-app#1568)
    PublishedAndError,
    /// `"success": false, "message": "rate_limit_exceeded for mirror"`: a server that posts to several places.
    SuccessFalse,
    /// `"error": "rate limit: 0 remaining until 12:00"`: a remark about the next call.
    ErrorText,
    /// `"errors": [{"detail": "Could not find user"}]`: partial errors beside `data` (X API v2, *Partial errors*).
    Errors,
    /// `"status": 400`
    Status,
    /// `isError` over an answer that is whole.
    Flag,
    /// An id that names nothing that was made: a request's id in the place of a post's.
    RequestId,
}

/// How a platform refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A rate limit, with the seconds after which to come back where it says so.
    RateLimit {
        /// `retry_after`.
        after_s: Option<u32>,
    },
    /// The credentials.
    Auth,
    /// The content.
    Policy,
    /// The same is there already. Platforms say so from a memory of their own, whether or not it is still public
    /// (api-spec#86; zernio-python#42: refused as a duplicate of a post that the lost call had made).
    Duplicate {
        /// Whether it names the post.
        named: bool,
    },
    /// 403 and nothing else.
    Forbidden,
    /// 400 and nothing else.
    Invalid,
}

/// What a server says about a call before it does anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argument {
    /// A missing argument, in the words of the Python SDK.
    Missing,
    /// An unknown tool.
    Tool,
    /// It wants `confirm=true`.
    Confirm,
}

/// How a server words that it does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// `HTTP 504 Gateway Timeout` (Tusky#2951)
    Gateway,
    /// `HTTP 500`
    Internal,
    /// `Connection reset by peer`
    Reset,
    /// `Request timed out`
    TimedOut,
}

/// What goes wrong with a call that reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookFault {
    /// Nothing.
    None,
    /// `isError`, 429.
    TooMany,
    /// `isError`, 500.
    Internal,
    /// A JSON-RPC error.
    Rpc,
    /// No answer.
    Lost,
    /// Nothing was sent.
    NotSent,
    /// An empty list beside an error that says why: no empty list.
    EmptyWithError,
    /// Something that is no list.
    Garbled,
}

impl ActFault {
    /// The honest call: done at once, and said so.
    pub const NONE: Self = Self { fate: Fate::Makes, reply: Reply::Done, after_ms: 300 };

    /// Whether a server of this nature may do so.
    #[must_use]
    pub fn admitted(&self, nature: &Nature, kind: EffectKind) -> bool {
        let makes = matches!(self.fate, Fate::Makes | Fate::Late { .. });
        let in_time = match self.fate {
            // What is said to be done is done by then.
            Fate::Late { ms } => ms <= self.after_ms,
            _ => true,
        };
        let late = self.after_ms >= nature.timeout_ms;
        let nothing = self.fate == Fate::Nothing;
        if let Fate::Twice { ms } = self.fate {
            // The server's double is told by an answer that comes late and names the second.
            return late && ms <= self.after_ms && self.reply == Reply::Done && makes_items(kind);
        }
        if let Fate::PastSettle { .. } = self.fate {
            return self.reply == Reply::Lost;
        }
        match self.reply {
            // A pattern over a sentence takes its first word for the id: the fault of the pattern.
            Reply::BadId(BadId::Words) if nature.answers == AnswerForm::Sentence => false,
            Reply::Done | Reply::NoId | Reply::BadId(_) => makes && in_time,
            Reply::ReadBack(_) => makes && in_time && nature.may_read_back(),
            Reply::Mixed(Mixed::RequestId) => nothing,
            Reply::Mixed(_) => makes && in_time,
            Reply::Refused(Refusal::Duplicate { .. }) => nothing,
            Reply::Refused(_) => nothing || (makes && in_time && nature.may_read_back()),
            Reply::Arguments(_) | Reply::NotSent | Reply::Draft => nothing,
            Reply::Broken(_) | Reply::Rpc(_) | Reply::Lost | Reply::Asks | Reply::Garbled => true,
        }
    }
}

/// Whether a kind makes something with an id of its own, so that two are two.
#[must_use]
pub const fn makes_items(kind: EffectKind) -> bool {
    !matches!(kind, EffectKind::Like | EffectKind::Follow)
}
