//! Switches that keep attempts from beginning: of everything, of a tenant, of an account.
//!
//! A person throws one in a crisis. The journal throws that of an account by itself when its platform does not accept the
//! account's credentials, because every further call would be refused, and some platforms lock accounts for that.

use std::fmt::Debug;

use async_trait::async_trait;
use chimera_contracts::{Namespace, StoreError};
use chimera_governance::Approver;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::journal::{AccountKey, Refused};

/// What a switch stops.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PauseScope {
    /// Every effect of every tenant.
    All,
    /// The effects of a tenant.
    Namespace(Namespace),
    /// The effects of an account, of every tenant.
    Account(AccountKey),
}

/// Why a scope is stopped. Each cause is a switch of its own: ending one leaves the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PauseCause {
    /// A principal ordered it.
    Ordered,
    /// The platform does not accept the account's credentials (`PLATFORM_AUTH_INVALID`).
    Credentials,
}

/// Names one switch.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PauseKey {
    /// What it stops.
    pub scope: PauseScope,
    /// Why.
    pub cause: PauseCause,
}

/// A switch that was thrown at least once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// Which one.
    pub key: PauseKey,
    /// Raised by every change.
    pub revision: u64,
    /// Whether it stops attempts now.
    pub active: bool,
    /// When it was thrown or ended last, by the store's clock.
    pub changed_at: DateTime<Utc>,
    /// The principal who did; `None` where the journal did by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_by: Option<Approver>,
    /// Why, for people.
    pub note: String,
}

/// A principal's order to throw a switch, or to end it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PauseOrder {
    /// Which one.
    pub key: PauseKey,
    /// Who: authenticated by the host.
    pub by: Approver,
    /// Why, for people; kept as an attachment of the evidence.
    pub note: String,
}

/// What came of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Paused {
    /// It is as ordered from now on.
    Changed(Pause),
    /// It was so before; nothing changed. `None`: it was never thrown.
    Already(Option<Pause>),
    /// The order does not count; nothing changed.
    Refused(Refused),
}

impl PauseCause {
    /// The name in evidence and in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ordered => "ordered",
            Self::Credentials => "credentials",
        }
    }
}

impl PauseScope {
    /// The kind of the scope, in evidence and in the store.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Namespace(_) => "namespace",
            Self::Account(_) => "account",
        }
    }

    /// What it is called in the store beside its kind: nothing, the tenant, or the platform and the account.
    #[must_use]
    pub fn subject(&self) -> (String, String) {
        match self {
            Self::All => (String::new(), String::new()),
            Self::Namespace(namespace) => (namespace.as_str().to_owned(), String::new()),
            Self::Account(AccountKey { platform, account }) => {
                (platform.as_str().to_owned(), account.clone())
            }
        }
    }

    /// Whether it stops the effects of this tenant in this account.
    #[must_use]
    pub fn stops(&self, namespace: &Namespace, account: &AccountKey) -> bool {
        match self {
            Self::All => true,
            Self::Namespace(stopped) => stopped == namespace,
            Self::Account(stopped) => stopped == account,
        }
    }
}

impl PauseKey {
    /// The switch of an account whose credentials its platform does not accept.
    #[must_use]
    pub const fn credentials(account: AccountKey) -> Self {
        Self { scope: PauseScope::Account(account), cause: PauseCause::Credentials }
    }
}

/// Switches that keep attempts from beginning.
///
/// # Contract
/// - **At once.** After `pause` was answered no attempt begins of what it stops, by any caller in any process: the switch
///   is a condition of the step that records an attempt. What had begun before goes on to its end, and what may have happened
///   is looked for as ever.
/// - **Paused, not lost.** An effect that is stopped is admitted all the same, keeps its approval and its hold, and says
///   which switch stops it (`Progress::paused_by`). After `resume` it goes on by itself within half a minute, and at once when its caller
///   asks; what was refused before waits for its caller.
/// - **Told.** Each change has an event in the ledger with who, when, and why; a repetition changes nothing.
/// - **Named.** The order of a principal without a name is `Refused`.
/// - **By itself.** The refusal of an attempt with `PLATFORM_AUTH_INVALID` throws the switch of its account
///   ([`PauseCause::Credentials`]) in the step that records it. The effect may be attempted again, under its key and approval,
///   once a principal ended that.
/// - **Durable**, as everything that a store answers.
#[async_trait]
pub trait Pauses: Debug + Send + Sync + 'static {
    /// Throws a switch.
    ///
    /// # Errors
    /// When the store fails.
    async fn pause(&self, order: PauseOrder) -> Result<Paused, StoreError>;

    /// Ends one.
    ///
    /// # Errors
    /// When the store fails.
    async fn resume(&self, order: PauseOrder) -> Result<Paused, StoreError>;

    /// The switches that stop something now, at most `limit`, those changed first coming first.
    ///
    /// # Errors
    /// When the store fails.
    async fn pauses(&self, limit: usize) -> Result<Vec<Pause>, StoreError>;
}
