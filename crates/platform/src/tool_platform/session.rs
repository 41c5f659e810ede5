//! What has to happen once in each life of a server before it is used: a sign-in, and the proof that it acts in the account
//! that is bound (PUB-18). A server that was started with another account's credentials posts what was approved, in the wrong
//! place.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use chimera_contracts::{ErrorCode, PlatformName};
use chimera_effect::{AccountRef, NotReady};
use chrono::{DateTime, Utc};

use super::binding::Binding;
use super::{QUESTION, REASON};
use crate::classify;
use crate::find::is_account;
use crate::normalise::{Answer, text};
use crate::profile::{Invocation, SignInTool, WhoAmITool};
use crate::tool::{Called, ToolCall};
use crate::wire::Meta;

/// What is known of a server in its present life.
#[derive(Debug, Default)]
pub(super) struct Session(Mutex<Life>);

#[derive(Debug, Default)]
struct Life {
    number: u64,
    /// The accounts for which the session is open.
    open: BTreeSet<(PlatformName, String)>,
    /// The account that it was signed in to, or may have been, on each platform: to sign in to another one would change in whose name
    /// the calls of the first are made that are on their way.
    signed_in: BTreeMap<PlatformName, String>,
}

impl Session {
    fn of_life<T>(&self, number: u64, with: impl FnOnce(&mut Life) -> T) -> T {
        let mut life = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if number < life.number {
            // Of a life that is over nothing is known, and a caller that still names it must not take away what is known of this one: its
            // calls are not sent (`ToolCall::life`).
            return with(&mut Life::default());
        }
        if number > life.number {
            *life = Life { number, ..Life::default() };
        }
        with(&mut life)
    }

    fn is_open(&self, life: u64, account: AccountRef<'_>) -> bool {
        self.of_life(life, |life| life.open.contains(&(account.platform, account.name.to_owned())))
    }

    fn open(&self, life: u64, account: AccountRef<'_>) {
        self.of_life(life, |life| life.open.insert((account.platform, account.name.to_owned())));
    }

    /// Takes the life for an account.
    ///
    /// # Errors
    /// With the account that has it.
    fn sign_in(&self, life: u64, account: AccountRef<'_>) -> Result<(), String> {
        self.of_life(life, |life| {
            let owner = life.signed_in.entry(account.platform).or_insert_with(|| account.name.to_owned());
            if owner == account.name { Ok(()) } else { Err(owner.clone()) }
        })
    }
}

impl Binding {
    /// Signs in and asks for the account, unless that was done in this life of the server; gives the life that calls then have
    /// to name. Two callers that come at once may both do it: neither makes anything public.
    ///
    /// # Errors
    /// When the server cannot be used for the account.
    pub(super) async fn open_session(
        &self,
        account: &str,
        deadline: DateTime<Utc>,
    ) -> Result<Option<u64>, NotReady> {
        let (sign_in, who_am_i) = (&self.profile.sign_in, &self.profile.who_am_i);
        if sign_in.is_none() && who_am_i.is_none() {
            return Ok(None);
        }
        // Starts the server where it is dead, so that the life is that of what follows.
        self.client.tools(deadline).await.map_err(|error| self.unusable(&error))?;
        let life = self.client.life();
        let signed = AccountRef::new(self.platform(), account);
        if self.session.is_open(life, signed) {
            return Ok(Some(life));
        }
        if let Some(tool) = sign_in {
            self.session.sign_in(life, signed).map_err(|owner| {
                let (server, platform) = (self.client.server(), self.platform());
                let message = format!(
                    "the server `{server}` is signed in to `{platform}` as `{owner}`; give `{account}` a server and a binding \
                     (`Binding::account`) of its own; nothing was sent"
                );
                self.not_ready(ErrorCode::PlatformNotConfigured, message)
            })?;
            self.sign_in(tool, account, deadline, life).await?;
        }
        if let Some(tool) = who_am_i {
            self.is_account(tool, account, deadline, life).await?;
        }
        self.session.open(life, signed);
        Ok(Some(life))
    }

    async fn sign_in(
        &self,
        tool: &SignInTool,
        account: &str,
        deadline: DateTime<Utc>,
        life: u64,
    ) -> Result<(), NotReady> {
        let answer = self.ask("sign-in", &tool.invocation, account, deadline, life).await?;
        if tool.confirm.as_ref().is_none_or(|confirm| answer.says(confirm)) {
            return Ok(());
        }
        let shown = answer.shown(self.border(), REASON);
        let message = format!("signing in to `{}` was not confirmed: {shown}", self.platform());
        Err(self.not_ready(ErrorCode::PlatformAuthInvalid, message))
    }

    async fn is_account(
        &self,
        tool: &WhoAmITool,
        account: &str,
        deadline: DateTime<Utc>,
        life: u64,
    ) -> Result<(), NotReady> {
        let answer = self.ask("whoami", &tool.invocation, account, deadline, life).await?;
        let told: Vec<String> = tool.account.iter().filter_map(|pointer| text(answer.at(pointer)?)).collect();
        let names: Vec<&str> = self.names(account).collect();
        if is_account(&told, &names, self.platform()) {
            return Ok(());
        }
        let told = if told.is_empty() {
            format!("`{}` tells no account where the profile looks for it", tool.invocation.tool)
        } else {
            format!("it acts as `{}`", told.join("`, `"))
        };
        let remedy = if self.drops_names() {
            "; names that a server has for an account count for a binding of one account (`Binding::account`)"
        } else {
            ""
        };
        let message = format!(
            "the server `{}` is not that of `{account}` on `{}`: {}; nothing was sent{remedy}",
            self.client.server(),
            self.platform(),
            self.border().shown(&told, REASON)
        );
        Err(self.not_ready(ErrorCode::PlatformNotConfigured, message))
    }

    /// Asks something that makes nothing public.
    async fn ask(
        &self,
        step: &str,
        invocation: &Invocation,
        account: &str,
        deadline: DateTime<Utc>,
        life: u64,
    ) -> Result<Answer, NotReady> {
        let arguments = invocation.arguments(|part| self.part(part, account, |_| None));
        let call = ToolCall {
            id: QUESTION.to_owned(),
            tool: invocation.tool.clone(),
            arguments,
            meta: Meta::without_request(self.platform(), step).into_entries(),
            send_before: deadline,
            deadline,
            life: Some(life),
        };
        let failed = |code, reason: &str| {
            let reason = self.border().shown(reason, REASON);
            self.not_ready(code, format!("`{}` on `{}` failed: {reason}", invocation.tool, self.platform()))
        };
        let answer = match self.client.call(call).await {
            Called::Answered(answer) => Answer::new(&answer),
            Called::NotSent { reason } | Called::Failed { reason } | Called::Lost { reason } => {
                return Err(failed(ErrorCode::PlatformTransientError, &reason));
            }
        };
        if !answer.whole {
            return Err(failed(ErrorCode::PlatformTransientError, "it asks for something before it answers"));
        }
        if classify::read_failed(&self.profile, &answer) {
            let code = if classify::is_refused_login(&self.profile, &answer) {
                ErrorCode::PlatformAuthInvalid
            } else if classify::a_person_mends(&self.profile, &answer) {
                ErrorCode::PlatformNotConfigured
            } else {
                ErrorCode::PlatformTransientError
            };
            return Err(failed(code, &answer.shown(self.border(), REASON)));
        }
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two callers, one of which still names the life before: the server of this life stays signed in to the first account.
    #[test]
    fn a_caller_of_an_earlier_life_takes_nothing_from_this_one() {
        let (acme, labs) =
            (AccountRef::new(PlatformName::Twitter, "acme"), AccountRef::new(PlatformName::Twitter, "labs"));
        let session = Session::default();
        assert_eq!(session.sign_in(2, acme), Ok(()));
        session.open(2, acme);
        assert!(!session.is_open(1, labs));
        session.open(1, labs);
        assert!(session.is_open(2, acme) && !session.is_open(2, labs) && !session.is_open(1, labs));
        assert_eq!(session.sign_in(2, labs), Err("acme".to_owned()));
        assert_eq!(session.sign_in(3, labs), Ok(()));
        assert!(!session.is_open(3, acme));
    }
}
