//! What comes of a call: a pure step from the state and the rules to one line for the record and one reply.
//!
//! The order is that of a real platform behind a real server: arguments (refused before this module), faults of the
//! way and the door (rate, auth, 5xx), then content, keys, media and targets. Faults about work that was done strike
//! only calls whose work would be done, so a text that is too long is refused as that and uses up no strike.

mod engage;
mod look;
mod performed;
mod publish;

use chrono::{DateTime, Utc};
use rmcp::model::Tool;
use serde_json::{Value, json};

use self::performed::Performed;
use crate::{
    call::{Call, Outcome},
    config::SandboxConfig,
    entry::{Entry, StrikeLine},
    error::SandboxError,
    fault::{Fault, Faults, Mark},
    keys::Keys,
    platform::Platform,
    refusal::Refusal,
    request::{Request, Work},
    state::{Earlier, State},
    tools::{self, ToolName},
    world::World,
};

/// What a configuration means for single calls.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    keys: Keys,
    faults: Faults,
    refuse_duplicates: bool,
    /// What others have put there; without one everything is there.
    world: Option<World>,
}

/// What a caller gets.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// A result with `isError: false`, which need not mean success.
    Answer(Value),
    /// A result with `isError: true`.
    Refused(Refusal),
    /// Nothing, ever.
    Silence,
    /// Nothing, because the process ends now.
    Death,
}

/// What follows once the line is written.
#[derive(Debug, Clone)]
pub(crate) enum Next {
    /// The call is over.
    Reply(Reply),
    /// The work is done after so many milliseconds.
    Later(u64),
}

impl Rules {
    /// Checks a configuration, and reads its world.
    pub(crate) fn new(config: &SandboxConfig) -> Result<Self, SandboxError> {
        Ok(Self {
            keys: config.keys.clone(),
            faults: config.faults()?,
            refuse_duplicates: config.refuse_duplicates,
            world: config.world()?,
        })
    }

    /// A tool as a client sees it; its schema says where keys are honoured.
    pub(crate) fn tool(&self, tool: ToolName) -> Tool {
        tools::tool(tool, &self.keys)
    }

    /// A call that has arrived.
    pub(crate) fn receive(&self, state: &State, request: &Request, now: DateTime<Utc>) -> (Entry, Next) {
        let performed = self.perform(state, request, now);
        let mark = Mark {
            platform: request.platform,
            tool: request.tool,
            account: request.account(),
            target: request.target(),
        };
        let strike = self
            .faults
            .strike(&mark, now, |rule| state.strikes(rule))
            .filter(|strike| performed.reply.is_ok() || !strike.fault.needs_the_work());
        let Some(strike) = strike else {
            let entry = performed.entry(request, performed.outcome, now);
            return (entry, Next::Reply(performed.reply()));
        };
        let outcome = request.tool.writes().then(|| strike.fault.outcome());
        let (performed, next) = struck(request.platform, strike.fault, performed);
        let mut entry = performed.entry(request, outcome, now);
        entry.strike = Some(StrikeLine { rule: strike.rule, at: now });
        (entry, next)
    }

    /// The work of a call that was held back. The world may have changed since it was received, so everything is
    /// looked at again; it was counted then.
    pub(crate) fn carry_out(&self, state: &State, request: &Request, now: DateTime<Utc>) -> (Entry, Reply) {
        let performed = self.perform(state, request, now);
        let entry = performed.entry(request, None, now);
        (entry, performed.reply())
    }

    fn perform(&self, state: &State, request: &Request, now: DateTime<Utc>) -> Performed {
        let platform = request.platform;
        match &request.work {
            Work::Post(draft) => self.publish(state, request, draft, now),
            Work::Engage(intent) => self.engage(state, request, intent, now),
            Work::Upload(upload) => publish::store(state, platform, upload, now),
            // X's own tool shows anybody's posts; the general one shows what was posted here.
            Work::Get { id } if request.tool == ToolName::GetTweet => {
                Performed::looked_up(self.get_anybodys(state, platform, id))
            }
            Work::Get { id } => Performed::looked_up(self.get(state, platform, id)),
            Work::List { listed, account, limit } => {
                let list = look::list(state, platform, *listed, account.as_deref(), *limit);
                Performed::looked_up(Ok(list))
            }
            Work::Target { kind, id } => Performed::looked_up(self.target(state, platform, *kind, id)),
        }
    }

    /// What a key made before, where keys are honoured.
    fn earlier<'state>(
        &self,
        state: &'state State,
        platform: Platform,
        key: Option<&str>,
    ) -> Option<Earlier<'state>> {
        let key = key.filter(|_| self.keys.honoured_on(platform))?;
        state.by_key(platform, key)
    }
}

/// The line for a call whose arguments do not fit.
pub(crate) fn bad_arguments(tool: ToolName, call_meta_key: Option<String>, now: DateTime<Utc>) -> Entry {
    Entry {
        call: tool.writes().then(|| Call {
            tool,
            platform: tool.platform(),
            outcome: Outcome::BadArguments,
            post_id: None,
            target: None,
            idempotency_key: None,
            call_meta_key,
            at: now,
        }),
        ..Entry::default()
    }
}

/// What a fault makes of a call: the work that is done all the same, and what follows.
fn struck(platform: Platform, fault: Fault, performed: Performed) -> (Performed, Next) {
    let reply = match fault {
        Fault::ServerErrorAfterPosting { status } => {
            let refusal = Refusal::server_error(platform, status);
            return (performed, Next::Reply(Reply::Refused(refusal)));
        }
        Fault::LostAfter => return (performed, Next::Reply(Reply::Silence)),
        Fault::DieAfter => return (performed, Next::Reply(Reply::Death)),
        Fault::Slow { ms } => return (Performed::nothing(), Next::Later(ms)),
        Fault::LostBefore => Reply::Silence,
        Fault::DieBefore => Reply::Death,
        Fault::RateLimit { retry_after_seconds } => {
            Reply::Refused(Refusal::rate_limit(platform, retry_after_seconds))
        }
        Fault::ServerError { status } => Reply::Refused(Refusal::server_error(platform, status)),
        Fault::Auth => Reply::Refused(Refusal::auth(platform)),
        Fault::Policy => Reply::Refused(Refusal::policy(platform)),
        Fault::SoftError { text } => Reply::Answer(json!({ "error": text })),
        Fault::DraftOnly => Reply::Answer(json!({ "draft": true })),
    };
    (Performed::nothing(), Next::Reply(reply))
}

fn next_number(state: &State, platform: Platform, now: DateTime<Utc>) -> u64 {
    let now_ms = u64::try_from(now.timestamp_millis()).unwrap_or(0);
    platform.next_number(now_ms, state.last_number(platform))
}
