//! What has to happen once in each life of a server before it is used: a sign-in, and the proof that it acts in the account
//! that is bound (PUB-18). A server that was started with another account's credentials posts what was approved, in the wrong
//! place.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use chimera_contracts::ErrorCode;
use chimera_effect::NotReady;
use chrono::{DateTime, Utc};

use super::binding::Binding;
use super::{QUESTION, REASON};
use crate::classify;
use crate::find::is_account;
use crate::normalise::{Answer, text};
use crate::profile::{Invocation, SignInTool, WhoAmITool};
use crate::tool::{Called, ToolCall};
use crate::wire::Meta;

/// The accounts for which the session is open, and in which life of the server.
#[derive(Debug, Default)]
pub(super) struct Session(Mutex<(u64, BTreeSet<String>)>);

impl Session {
    fn is_open(&self, life: u64, account: &str) -> bool {
        let open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.0 == life && open.1.contains(account)
    }

    fn open(&self, life: u64, account: &str) {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if open.0 != life {
            *open = (life, BTreeSet::new());
        }
        open.1.insert(account.to_owned());
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
        if self.session.is_open(life, account) {
            return Ok(Some(life));
        }
        if let Some(tool) = sign_in {
            self.sign_in(tool, account, deadline, life).await?;
        }
        if let Some(tool) = who_am_i {
            self.is_account(tool, account, deadline, life).await?;
        }
        self.session.open(life, account);
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
        let message = format!(
            "the server `{}` is not that of `{account}` on `{}`: {}; nothing was sent",
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
