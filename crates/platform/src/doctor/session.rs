//! Sign-in, and in which account the server acts.

use super::ask::{About, Asking, REASON};
use super::{Observation, TOLD};
use crate::find::is_account;
use crate::normalise::text;
use crate::profile::{SignInTool, WhoAmITool};

/// Signs in where the profile says so, and asks for the account.
pub(super) async fn open(asking: &Asking<'_>) -> Vec<Observation> {
    let profile = &asking.binding.profile;
    let mut found = Vec::new();
    if let Some(tool) = &profile.sign_in {
        found.push(sign_in(asking, tool).await);
    }
    match &profile.who_am_i {
        Some(tool) => found.push(who_am_i(asking, tool).await),
        None => found.push(Observation::hint(
            "whoami",
            "the account is taken on trust: a server that was started with another account's credentials posts there. \
             Name the tool that tells the account, if there is one",
        )),
    }
    found
}

/// Why no account is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoAccount {
    /// There is no binding.
    #[error("nothing is bound")]
    NothingBound,
    /// The server does not start, or lists no tools; the diagnosis says why.
    #[error("the server cannot be used")]
    NoServer,
    /// The profile has no `whoami`.
    #[error("the profile has no `whoami`")]
    NoWhoAmI,
    /// The profile has a `sign_in`, which is part of the examination.
    #[error("the server has to be signed in to before it tells the account")]
    SignInFirst,
    /// The tool failed, or nothing stands where the profile says.
    #[error("`whoami` tells no account")]
    NotTold,
}

/// The account that the server tells.
pub(super) async fn account(asking: &Asking<'_>) -> Result<String, NoAccount> {
    let profile = &asking.binding.profile;
    let who = profile.who_am_i.as_ref().ok_or(NoAccount::NoWhoAmI)?;
    if profile.sign_in.is_some() {
        return Err(NoAccount::SignInFirst);
    }
    let answer = asking.ask("whoami", &who.invocation, About::default()).await;
    let answer = answer.map_err(|_| NoAccount::NotTold)?;
    let told = who.account.iter().find_map(|pointer| text(answer.at(pointer)?));
    told.filter(|told| !asking.border().holds_secret(told)).ok_or(NoAccount::NotTold)
}

async fn sign_in(asking: &Asking<'_>, tool: &SignInTool) -> Observation {
    let answer = match asking.ask("sign_in", &tool.invocation, About::default()).await {
        Ok(answer) => answer,
        Err(failed) => return failed,
    };
    match &tool.confirm {
        None => Observation::hint(
            "sign_in",
            "it reported no error; `confirm` would say what a success looks like",
        ),
        Some(confirm) if answer.says(confirm) => Observation::fit("sign_in", "confirmed"),
        Some(confirm) => {
            let shown = answer.shown(asking.border(), REASON);
            let pointer = &confirm.pointer;
            let text = format!("`confirm = \"{pointer}\"` does not hold in: {shown}");
            let fix =
                "sign in by the server's own words; where it did, name in `confirm` what it answers then";
            Observation::mend("sign_in", text, fix)
        }
    }
}

async fn who_am_i(asking: &Asking<'_>, who: &WhoAmITool) -> Observation {
    let answer = match asking.ask("whoami", &who.invocation, About::default()).await {
        Ok(answer) => answer,
        Err(failed) => return failed,
    };
    let tool = &who.invocation.tool;
    let told: Vec<String> = who.account.iter().filter_map(|pointer| text(answer.at(pointer)?)).collect();
    if told.is_empty() {
        let text = format!("`account` fits nothing in the answer of `{tool}`");
        let has = format!("the answer has {}", asking.leaves(&answer.value));
        let fix = asking.mending("name in `account` where the answer tells it", &has);
        return Observation::mend("whoami", text, asking.border().shown(&fix, TOLD));
    }
    let shown = asking.border().shown(&told.join("`, `"), REASON);
    let names: Vec<&str> = asking.binding.names(asking.account).collect();
    if is_account(&told, &names, asking.binding.platform()) {
        return Observation::fit("whoami", format!("`{tool}` acts as `{shown}`"));
    }
    let account = asking.account;
    Observation::mend(
        "whoami",
        format!("`{tool}` acts as `{shown}`, and the account is `{account}`: nothing would be sent"),
        format!(
            "name the account so (`--account`), give the binding of `{account}` the server's name for it (`--account` with `--named-by-server`), \
             or start the server with the credentials of `{account}`"
        ),
    )
}
