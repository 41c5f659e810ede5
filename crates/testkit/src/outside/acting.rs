//! What an acting tool says about a call: words and JSON in the forms of real servers.

use chimera_effect::EffectKind;
use chimera_platform::{Called, ToolAnswer};
use serde_json::{Map, Value, json};

use super::fault::{Argument, BadId, Broken, Mixed, Refusal, Reply, Why};
use super::item::Item;
use super::nature::{AnswerForm, IdForm, Nature};
use super::world::World;

/// One answer in the making.
struct Saying<'a> {
    nature: &'a Nature,
    kind: EffectKind,
    /// The text that was sent.
    text: &'a str,
    /// What was made, or found there.
    item: Option<&'a Item>,
}

impl World {
    /// What comes of an acting call, at the time of its answer.
    pub(super) fn said(&self, number: usize) -> Called {
        let call = &self.calls[number];
        let saying = Saying {
            nature: &self.scenario.nature,
            kind: call.sent.kind,
            text: &call.sent.text,
            item: call.result.map(|item| &self.items[item]),
        };
        let refuses = self.scenario.nature.states == super::nature::States::SetsAndRefuses;
        if call.already && refuses && call.fault.reply == Reply::Done {
            return Called::Answered(saying.already());
        }
        saying.said(call.fault.reply, self.earlier(number))
    }

    /// What a platform that refuses a duplicate may name: the newest item with the same text in the account.
    fn earlier(&self, number: usize) -> Option<&Item> {
        let sent = &self.calls[number].sent;
        let same = |item: &&Item| {
            item.kind == sent.kind && !item.stranger && item.text == sent.text && item.target == sent.target
        };
        self.items.iter().rev().find(same)
    }
}

impl Saying<'_> {
    fn said(&self, reply: Reply, earlier: Option<&Item>) -> Called {
        let answer = match reply {
            Reply::Done => self.done(self.id()),
            Reply::NoId => self.without_id(),
            Reply::BadId(bad) => self.done(bad.value()),
            Reply::ReadBack(why) => self.read_back(why),
            Reply::Mixed(mixed) => self.mixed(mixed),
            Reply::Refused(refusal) => self.refused(refusal, earlier),
            Reply::Arguments(argument) => text(true, self.argument(argument)),
            Reply::Broken(broken) => text(true, broken.words().to_owned()),
            Reply::Draft => self.value(false, json!({ "draft": true, "id": "draft-1" })),
            Reply::Asks => ToolAnswer {
                result_type: Some("input_required".to_owned()),
                ..text(false, "Shall it be posted now?".to_owned())
            },
            Reply::Garbled => text(false, "ok".to_owned()),
            Reply::Rpc(code) => return Called::Failed { reason: format!("{code}: internal error") },
            Reply::Lost => return Called::Lost { reason: "the connection ended".to_owned() },
            Reply::NotSent => return Called::NotSent { reason: "the server does not start".to_owned() },
        };
        Called::Answered(answer)
    }

    /// That it was done: with an id, or with what confirms it where there is none.
    fn done(&self, id: Value) -> ToolAnswer {
        if self.nature.answers == AnswerForm::Sentence && super::fault::makes_items(self.kind) {
            let id = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
            let echo = if self.nature.echoes { format!("\n> {}", self.text) } else { String::new() };
            let sentence = format!("Your {} is live with the id {id} now.{echo}", self.kind.as_str());
            return text(false, sentence);
        }
        self.value(false, self.base(Some(id)))
    }

    fn without_id(&self) -> ToolAnswer {
        if super::fault::makes_items(self.kind) {
            self.value(false, json!({ "ok": true, "message": "Posted." }))
        } else {
            self.value(false, json!({ "ok": true }))
        }
    }

    /// The answer of a success, as an object.
    fn base(&self, id: Option<Value>) -> Value {
        let mut base = Map::new();
        if super::fault::makes_items(self.kind) {
            base.extend(id.map(|id| ("id".to_owned(), id)));
            if let Some(item) = self.item {
                base.insert("url".to_owned(), format!("https://social.example/p/{}", item.id).into());
                let at = World::time(item.made_ms + self.nature.clock_ms);
                base.insert("created_at".to_owned(), at.format("%Y-%m-%dT%H:%M:%SZ").to_string().into());
            }
            if self.nature.echoes {
                base.insert("text".to_owned(), self.text.into());
            }
        } else {
            // A tool that turns a state round says how it is now.
            base.insert("done".to_owned(), self.item.is_none_or(|item| item.gone_ms.is_none()).into());
        }
        match self.nature.answers {
            AnswerForm::Nested if super::fault::makes_items(self.kind) => json!({ "data": base }),
            _ => base.into(),
        }
    }

    fn id(&self) -> Value {
        let id = self.item.map(|item| item.id.clone()).unwrap_or_default();
        match self.nature.ids {
            IdForm::Integer => id.parse::<u64>().map_or_else(|_| id.into(), Value::from),
            _ => id.into(),
        }
    }

    fn shown_id(&self) -> String {
        self.item.map(|item| item.id.clone()).unwrap_or_default()
    }

    /// It is there already (X: codes 139, 327 and 160).
    fn already(&self) -> ToolAnswer {
        let words = match self.kind {
            EffectKind::Like => "You have already liked this post.",
            EffectKind::Follow => "You are already following this user.",
            _ => "You have already shared this post.",
        };
        self.value(true, json!({ "error": { "status": 403, "message": words } }))
    }

    fn read_back(&self, why: Why) -> ToolAnswer {
        let name = if super::fault::makes_items(self.kind) {
            format!(" {}", self.shown_id())
        } else {
            String::new()
        };
        let noun = match self.kind {
            EffectKind::Publish => "Post",
            EffectKind::Reply => "Reply",
            EffectKind::Comment => "Comment",
            EffectKind::Like => "Like",
            EffectKind::Follow => "Follow",
            EffectKind::Share => "Share",
            EffectKind::Undo => "Undo",
        };
        let done = if super::fault::makes_items(self.kind) { "was posted" } else { "was sent" };
        text(true, format!("{noun}{name} {done}, but reading it back failed: {}", why.words()))
    }

    fn mixed(&self, mixed: Mixed) -> ToolAnswer {
        let id = if mixed == Mixed::RequestId { "req_7d4e21".into() } else { self.id() };
        let mut value = if mixed == Mixed::RequestId && !super::fault::makes_items(self.kind) {
            json!({ "request_id": id })
        } else {
            self.base(Some(id))
        };
        let beside = match mixed {
            Mixed::PublishedAndError => {
                json!({ "published": true, "error": { "status": 429, "code": self.rate_code() } })
            }
            Mixed::SuccessFalse => json!({ "success": false, "message": "rate_limit_exceeded for mirror" }),
            Mixed::ErrorText => json!({ "error": "rate limit: 0 remaining until 12:00" }),
            Mixed::Errors => json!({ "errors": [{ "detail": "Could not find user", "status": 404 }] }),
            Mixed::Status => json!({ "status": 400 }),
            Mixed::Flag => json!({}),
            Mixed::RequestId => json!({ "error": "Too Many Requests", "status": 429 }),
        };
        if let (Some(members), Value::Object(beside)) = (value.as_object_mut(), beside) {
            members.extend(beside);
        }
        self.value(mixed == Mixed::Flag, value)
    }

    /// The platform's own number for a rate limit.
    fn rate_code(&self) -> u64 {
        use chimera_contracts::PlatformName as P;
        match self.nature.platform {
            P::Twitter => 88,
            _ => 4,
        }
    }

    fn refused(&self, refusal: Refusal, earlier: Option<&Item>) -> ToolAnswer {
        let mut value = match refusal {
            Refusal::RateLimit { after_s } => {
                let mut error = json!({ "status": 429, "message": "Too Many Requests" });
                if let (Some(seconds), Some(members)) = (after_s, error.as_object_mut()) {
                    members.insert("retry_after".to_owned(), seconds.into());
                }
                json!({ "error": error })
            }
            Refusal::Auth => json!({ "error": { "status": 401, "message": "Invalid or expired token." } }),
            Refusal::Policy => {
                json!({ "error": { "status": 403, "message": "This violates our community guidelines." } })
            }
            Refusal::Duplicate { .. } => {
                json!({ "error": { "status": 403, "message": "Status is a duplicate: duplicate content." } })
            }
            Refusal::Forbidden => json!({ "error": { "status": 403, "message": "Forbidden" } }),
            Refusal::Invalid => json!({ "error": { "status": 400, "message": "Bad Request" } }),
        };
        if let (Refusal::Duplicate { named: true }, Some(earlier), Some(members)) =
            (refusal, earlier, value.as_object_mut())
        {
            members.insert("id".to_owned(), earlier.id.clone().into());
        }
        self.value(true, value)
    }

    fn argument(&self, argument: Argument) -> String {
        let tool = self.kind.as_str();
        match argument {
            Argument::Missing => {
                format!("1 validation error for call[{tool}]\nvisibility\n  Missing required argument")
            }
            Argument::Tool => format!("Unknown tool: {tool}"),
            Argument::Confirm => format!("Nothing is done yet. Call {tool} again with confirm=true"),
        }
    }

    /// A value in the form of this server.
    fn value(&self, is_error: bool, value: Value) -> ToolAnswer {
        // What went through a double prints its digits where a server writes JSON by hand.
        let shown = value.to_string().replace("1.8446744073709552e19", "18446744073709551617");
        match self.nature.answers {
            AnswerForm::Structured | AnswerForm::Nested => {
                ToolAnswer { is_error, structured: Some(value), texts: vec![shown], ..ToolAnswer::default() }
            }
            AnswerForm::Wrapped => ToolAnswer {
                is_error,
                structured: Some(json!({ "result": value })),
                texts: vec![shown],
                ..ToolAnswer::default()
            },
            AnswerForm::TextJson | AnswerForm::Sentence => text(is_error, shown),
        }
    }
}

impl BadId {
    fn value(self) -> Value {
        match self {
            Self::Exponent => json!(5.876_538_894_925_5e17_f64),
            Self::Huge => json!(18_446_744_073_709_551_617.0_f64),
            Self::Float => json!(1.5),
            Self::Zero => json!(0),
            Self::Null => Value::Null,
            Self::None => "None".into(),
            Self::Undefined => "undefined".into(),
            Self::Nan => "NaN".into(),
            Self::Empty => "".into(),
            Self::Words => "see the app".into(),
        }
    }
}

impl Why {
    const fn words(self) -> &'static str {
        match self {
            Self::TooMany => "HTTP 429 Too Many Requests",
            Self::BadRequest => "HTTP 400 Bad Request",
            Self::Unauthorized => "HTTP 401 Unauthorized",
            Self::Forbidden => "HTTP 403 Forbidden",
            Self::NotFound => "HTTP 404 Not Found",
            Self::Tool => "tool get_item not found",
            Self::Confirm => "call get_item again with confirm=true",
        }
    }
}

impl Broken {
    const fn words(self) -> &'static str {
        match self {
            Self::Gateway => "HTTP 504 Gateway Timeout",
            Self::Internal => "HTTP 500 Internal Server Error",
            Self::Reset => "Connection reset by peer",
            Self::TimedOut => "Request timed out",
        }
    }
}

pub(super) fn text(is_error: bool, words: String) -> ToolAnswer {
    ToolAnswer { is_error, texts: vec![words], ..ToolAnswer::default() }
}
