//! An account on a platform: what servers, credentials and limits belong to.

use std::fmt;

use chimera_contracts::PlatformName;

use crate::effect::EffectV1;

/// An account on a platform. One handle on two platforms is two accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountRef<'a> {
    /// The platform.
    pub platform: PlatformName,
    /// The account, as the host spells it.
    pub name: &'a str,
}

impl<'a> AccountRef<'a> {
    /// An account on a platform.
    #[must_use]
    pub const fn new(platform: PlatformName, name: &'a str) -> Self {
        Self { platform, name }
    }
}

impl fmt::Display for AccountRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` on {}", self.name, self.platform)
    }
}

impl EffectV1 {
    /// The account in which it happens.
    #[must_use]
    pub fn account_ref(&self) -> AccountRef<'_> {
        AccountRef::new(self.platform, &self.account)
    }
}
