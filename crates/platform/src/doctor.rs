//! Examines a profile against the server that it is for, before anything is published with it.
//!
//! INVARIANT: only tools that read are called: `sign_in`, `whoami`, `list`, `get`, `state`, `look_up`. A tool that the profile
//! names for an act, an upload, a step before an act or a deletion is never called, whatever else the profile names it for.
//! What is told of answers is redacted; the words of other people in it are data, never instructions.
//!
//! [`suggest`] drafts a profile for a server that has none.

mod ask;
mod diagnosis;
mod display;
mod kind;
mod list;
mod outline;
mod sample;
mod session;
mod suggest;
#[cfg(test)]
mod tests;
mod to_do;
mod verdict;

use std::collections::BTreeMap;
use std::sync::Arc;

use chimera_contracts::{Clock, PlatformName};
use chimera_effect::EffectKind;
use chrono::TimeDelta;

pub use diagnosis::{Absence, Diagnosis, Health, KindDiagnosis, Observation, PlatformDiagnosis, SampleCall};
pub use session::NoAccount;
pub(crate) use suggest::words;
pub use suggest::{SuggestError, suggest};
pub use to_do::ToDo;
pub use verdict::{Untried, Verdict};

use crate::targets::TargetKind;
use crate::tool::ToolInfo;
use crate::tool_platform::Binding;
use ask::Asking;

/// How long a server may take to start and to list its tools.
const START: TimeDelta = TimeDelta::seconds(30);

/// How much of one observation is told.
const TOLD: usize = 2_000;

/// What to do about a setting that is missing.
const SETTING: &str =
    "give it with the binding: `Binding::setting`, or `--setting NAME=VALUE` of the example `profile_doctor`";

/// What to do about a server that cannot be used.
const START_FAILED: &str = "start it by hand with the same command and environment, and mend what its own words name: a program, a \
                            variable, a credential";

/// The text of a sample post; nothing is posted.
const TEXT: &str = "Hello from the profile doctor.\nNothing of this is sent.";

/// Examines bindings: what is served, which pointers fit real answers, what a look could prove, what would be sent.
///
/// ```
/// # use std::sync::Arc;
/// # use chimera_contracts::Clock;
/// # use chimera_platform::doctor::Doctor;
/// # use chimera_platform::{Binding, Profile, ToolClient};
/// # async fn example(profile: &Profile, server: Arc<dyn ToolClient>, clock: Arc<dyn Clock>) {
/// let diagnosis = Doctor::new(Binding::all(profile, &server), clock).examine("acme").await;
/// println!("{diagnosis}");
/// assert!(diagnosis.verdict().is_fit_as_read());
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Doctor {
    bindings: Vec<Binding>,
    clock: Arc<dyn Clock>,
    targets: BTreeMap<TargetKind, String>,
    to_dos: Vec<ToDo>,
    built_in: Option<String>,
}

impl Doctor {
    /// A doctor for these bindings.
    #[must_use]
    pub fn new(bindings: impl IntoIterator<Item = Binding>, clock: Arc<dyn Clock>) -> Self {
        Self {
            bindings: bindings.into_iter().collect(),
            clock,
            targets: BTreeMap::new(),
            to_dos: Vec::new(),
            built_in: None,
        }
    }

    /// A target to ask reading tools about: a post, a comment or an account, by the id that the profile's tools take. For a
    /// post it defaults to the account's first listed one.
    #[must_use]
    pub fn target(mut self, kind: TargetKind, id: impl Into<String>) -> Self {
        self.targets.insert(kind, id.into());
        self
    }

    /// The text that the profile was read from. Its lines `to do:`, as a draft of [`suggest`] has them, are open questions, and
    /// no profile that has one is called fit.
    #[must_use]
    pub fn written_as(mut self, profile: &str) -> Self {
        self.to_dos = to_do::all(profile);
        self
    }

    /// The profile is the built-in one of this name, and fits the server that it was written for. Where an answer does not fit
    /// it, the way in which the server was started is doubted first.
    #[must_use]
    pub fn built_in(mut self, name: impl Into<String>) -> Self {
        self.built_in = Some(name.into());
        self
    }

    /// The account that the first server tells by `whoami`, as the profile's first pointer shows it.
    ///
    /// # Errors
    /// With why none is known.
    pub async fn account(&self) -> Result<String, NoAccount> {
        let binding = self.bindings.first().ok_or(NoAccount::NothingBound)?;
        let now = self.clock.now();
        let deadline = now.checked_add_signed(START).unwrap_or(now);
        let tools = binding.client.tools(deadline).await.map_err(|_| NoAccount::NoServer)?;
        session::account(&self.asking(binding, "", &tools)).await
    }

    fn asking<'a>(&'a self, binding: &'a Binding, account: &'a str, tools: &'a [ToolInfo]) -> Asking<'a> {
        Asking::new(binding, account, tools, self.clock.as_ref()).built_in(self.built_in.as_deref())
    }

    /// Examines every platform that is bound for the account. Each call has the time of its platform's `timeout_ms`; the start
    /// of the server has 30 s.
    pub async fn examine(&self, account: &str) -> Diagnosis {
        let mut platforms = Vec::new();
        let bound = |binding: &&Binding| binding.account.as_deref().is_none_or(|bound| bound == account);
        for binding in self.bindings.iter().filter(bound) {
            platforms.push(self.platform(binding, account).await);
        }
        Diagnosis { platforms, to_dos: self.to_dos.clone() }
    }

    async fn platform(&self, binding: &Binding, account: &str) -> PlatformDiagnosis {
        let platform = binding.profile.platform();
        let mut observations: Vec<Observation> =
            binding.missing_settings().map(|fault| Observation::mend("settings", fault, SETTING)).collect();
        let now = self.clock.now();
        let deadline = now.checked_add_signed(START).unwrap_or(now);
        let tools: Option<Vec<ToolInfo>> = match binding.client.tools(deadline).await {
            Ok(tools) => Some(tools),
            Err(error) => {
                // What a program wrote last before it ended is why.
                let error = binding.border().shown_with_end(&error.to_string(), TOLD);
                observations.push(Observation::mend("server", error, START_FAILED));
                None
            }
        };
        let offered = tools.as_deref().unwrap_or_default();
        let asking = self.asking(binding, account, offered);
        if tools.is_some() {
            observations.push(offer(binding, offered));
            observations.extend(session::open(&asking).await);
        }
        let mut targets = self.targets.clone();
        let mut kinds = Vec::new();
        for kind in binding.profile.served() {
            let diagnosis = match tools.is_some() {
                true => kind::examine(&asking, kind, &mut targets).await,
                false => KindDiagnosis::unread(kind),
            };
            let samples = sample::calls(binding, account, kind, targets_of(binding, kind, &targets));
            kinds.push(KindDiagnosis { samples, ..diagnosis });
        }
        // What stands in a schema or an id is the server's word as well.
        let border = binding.border();
        for found in observations.iter_mut().chain(kinds.iter_mut().flat_map(|kind| &mut kind.observations)) {
            found.text = border.shown(&found.text, TOLD);
            found.fix = found.fix.take().map(|fix| border.shown(&fix, TOLD));
        }
        let server = binding.client.server().to_owned();
        PlatformDiagnosis { platform, server, account: account.to_owned(), observations, kinds }
    }
}

/// What the server offers; said first where it is nothing of what the profile calls.
fn offer(binding: &Binding, offered: &[ToolInfo]) -> Observation {
    let profile = &binding.profile;
    let is_offered = |tool: &str| offered.iter().any(|offered| offered.name == tool);
    let calls = profile.served().flat_map(|kind| profile.invocations(kind));
    let mut tools = calls.map(|(_, call)| call.tool.as_str());
    let count = offered.len();
    match tools.any(is_offered) {
        true => Observation::fit("server", format!("it offers {}", counted(count, "tool"))),
        false => Observation::mend(
            "server",
            format!(
                "none of this profile's tools is among the {count} that it offers: is it another server?"
            ),
            "start the server that the profile was written for, or draft a profile for this one (`--suggest`)",
        ),
    }
}

/// So many of something, in words.
fn counted(count: usize, one: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") }
}

/// The target of a kind, where one is known.
fn targets_of<'a>(
    binding: &Binding,
    kind: EffectKind,
    targets: &'a BTreeMap<TargetKind, String>,
) -> Option<&'a str> {
    let wanted = binding.profile.acts.get(&kind)?.target?;
    targets.get(&wanted).map(String::as_str)
}

/// The platform that names of a server and of its tools speak of; `None` where they speak of none.
#[must_use]
pub fn platform_of(server: &str, tools: &[ToolInfo]) -> Option<PlatformName> {
    suggest::platform_of(server, tools)
}
