//! A binding: one server for one platform, and what only the host knows of it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use chimera_audit::Secrets;
use chimera_contracts::{ErrorCode, PlatformName};
use chimera_effect::{EffectKind, NotReady};
use chrono::{DateTime, Utc};
use serde_json::Value;

use super::REASON;
use super::session::Session;
use crate::border::Border;
use crate::check;
use crate::profile::{Input, Part, PlatformProfile, Profile};
use crate::tool::{ServerError, ToolClient};

/// A platform's profile and the server that it is for.
///
/// ```
/// # use std::sync::Arc;
/// # use chimera_contracts::PlatformName;
/// # use chimera_platform::{Binding, Profile, ToolClient};
/// # fn example(profile: &Profile, server: Arc<dyn ToolClient>) -> Option<Binding> {
/// let linkedin = profile.platform(PlatformName::LinkedIn)?.clone();
/// let binding = Binding::new(linkedin, server)
///     .account("acme")                       // as the host's requests name it
///     .named_by_server("urn:li:person:AbC1") // as the server names it
///     .setting("visibility", "PUBLIC");      // what the profile lists in `settings`
/// # Some(binding)
/// # }
/// ```
#[derive(Clone)]
pub struct Binding {
    pub(crate) profile: PlatformProfile,
    pub(crate) client: Arc<dyn ToolClient>,
    /// `None` for every account of the platform that has no binding of its own.
    pub(crate) account: Option<String>,
    /// What the server calls the account, the first in arguments.
    names: Vec<String>,
    settings: BTreeMap<String, String>,
    /// Settings that nobody may see.
    secrets: Secrets,
    pub(super) session: Arc<Session>,
}

impl fmt::Debug for Binding {
    /// Settings by their names alone: one may be a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Binding")
            .field("platform", &self.profile.platform)
            .field("server", &self.client.server())
            .field("account", &self.account)
            .field("names", &self.names)
            .field("settings", &self.settings.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

impl Binding {
    /// One platform of a profile, served by one server, for every account.
    #[must_use]
    pub fn new(profile: PlatformProfile, client: Arc<dyn ToolClient>) -> Self {
        Self {
            profile,
            client,
            account: None,
            names: Vec::new(),
            settings: BTreeMap::new(),
            secrets: Secrets::default(),
            session: Arc::default(),
        }
    }

    /// Every platform of a profile, served by one server, for every account.
    #[must_use]
    pub fn all(profile: &Profile, client: &Arc<dyn ToolClient>) -> Vec<Self> {
        profile.platforms().map(|platform| Self::new(platform.clone(), Arc::clone(client))).collect()
    }

    /// Binds one account, spelled as in the requests; other accounts of the platform need bindings of their own.
    #[must_use]
    pub fn account(mut self, account: impl Into<String>) -> Self {
        self.account = Some(account.into());
        self
    }

    /// A name that the server has for the account that is bound by [`account`](Self::account): a number, a URN, a handle. The
    /// first one is what the tools are given; lists may show any of them as the author. Of a binding for every account it
    /// means nothing.
    #[must_use]
    pub fn named_by_server(mut self, name: impl Into<String>) -> Self {
        self.names.push(name.into());
        self
    }

    /// What the profile lists in `settings`.
    #[must_use]
    pub fn setting(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.insert(name.into(), value.into());
        self
    }

    /// The same for a value that nobody may see: a password of a sign-in. It is taken out of whatever is kept or shown, if it
    /// has 6 bytes or more.
    #[must_use]
    pub fn secret_setting(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let value = value.into();
        // As an answer in JSON shows it.
        let quoted = Value::from(value.as_str()).to_string();
        self.secrets = self.secrets.and(value.clone()).and(quoted.trim_matches('"'));
        self.setting(name, value)
    }

    /// The platform that it binds.
    #[must_use]
    pub const fn platform(&self) -> PlatformName {
        self.profile.platform
    }

    /// What the server calls an account.
    pub(super) fn name<'a>(&'a self, account: &'a str) -> &'a str {
        self.names_of_account().first().map_or(account, String::as_str)
    }

    /// The server's names belong to the account that is bound: a binding for every account has none.
    fn names_of_account(&self) -> &[String] {
        if self.account.is_some() { &self.names } else { &[] }
    }

    /// Whether the host gave names that belong to no account.
    pub(super) fn drops_names(&self) -> bool {
        self.account.is_none() && !self.names.is_empty()
    }

    /// Every name of an account: ours, and those of the server.
    pub(crate) fn names<'a>(&'a self, account: &'a str) -> impl Iterator<Item = &'a str> {
        std::iter::once(account).chain(self.names_of_account().iter().map(String::as_str))
    }

    /// What stands in braces in the arguments of a call about an account.
    pub(crate) fn part(
        &self,
        part: &Part,
        account: &str,
        input: impl FnOnce(Input) -> Option<Value>,
    ) -> Option<Value> {
        match part {
            Part::Input(Input::Account) => Some(self.name(account).into()),
            Part::Input(wanted) => input(*wanted),
            Part::Setting(name) => self.settings.get(name).map(|value| value.as_str().into()),
        }
    }

    /// What leaves for a person, beside no words of ours.
    pub(crate) fn border(&self) -> Border<'_> {
        Border { secrets: self.client.secrets(), settings: Some(&self.secrets), ours: "" }
    }

    /// Whether the server can be used for a kind of effect of an account; starts it where needed. Gives the life that the calls
    /// have to name, where it matters.
    pub(super) async fn ready(
        &self,
        account: &str,
        kind: EffectKind,
        deadline: DateTime<Utc>,
    ) -> Result<Option<u64>, NotReady> {
        let tools = self.client.tools(deadline).await.map_err(|error| self.unusable(&error))?;
        let mut faults = check::faults(&self.profile, kind, &tools);
        faults.extend(self.missing_settings());
        if !faults.is_empty() {
            // The server's words stand in them.
            let faults: Vec<String> = faults.iter().map(|fault| self.border().shown(fault, REASON)).collect();
            let faults = faults.join("; ");
            let message = format!("the server `{}` does not fit its profile: {faults}", self.client.server());
            return Err(self.not_ready(ErrorCode::PlatformNotConfigured, message));
        }
        self.open_session(account, deadline).await
    }

    /// What a server that cannot be used is told as: one that is started again is asked again, one that somebody has to mend
    /// is not.
    pub(super) fn unusable(&self, error: &ServerError) -> NotReady {
        let passes = error.retry_after.is_some();
        let code = if passes { ErrorCode::PlatformTransientError } else { ErrorCode::PlatformUnavailable };
        // The reason of a process that ended stands in its last lines.
        self.not_ready(code, self.border().shown_with_end(&error.to_string(), REASON))
    }

    pub(super) fn not_ready(&self, code: ErrorCode, message: String) -> NotReady {
        NotReady { platform: self.platform(), code, message }
    }

    /// Whether the host gave a setting.
    pub(crate) fn has_setting(&self, name: &str) -> bool {
        self.settings.contains_key(name)
    }

    pub(crate) fn missing_settings(&self) -> impl Iterator<Item = String> {
        let missing = self.profile.settings.iter().filter(|(name, _)| !self.settings.contains_key(*name));
        missing.map(|(name, what)| format!("the binding gives no setting `{name}` ({what})"))
    }
}
