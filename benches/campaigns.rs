//! Who asks: sixteen campaigns, each with an agent, an account and a budget of its own.
//!
//! One campaign would let every request wait for the same row of one budget, and every post for the same account. A host
//! with that many callers has more than one of each.

use chimera::contracts::{AgentId, CampaignId, Money, PlatformName, derive_uuid};
use chimera::governance::{Budget, BudgetScope};
use chimera::platform::Accounts;
use futures_util::future::try_join_all;

use crate::chance::mixed;
use crate::stage::context;

/// How many campaigns there are.
pub const CAMPAIGNS: u8 = 16;

/// More than any run spends.
const CEILING: Money = Money::usd_micros(1_000_000_000_000);

/// One of the campaigns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Campaign(u8);

impl Campaign {
    /// The campaign of the request with this number: of requests that follow one another, and of those of one caller, each
    /// may be for another campaign.
    #[must_use]
    pub fn of(number: usize) -> Self {
        let campaign = mixed(number as u64) % u64::from(CAMPAIGNS);
        Self(u8::try_from(campaign).unwrap_or_default())
    }

    /// Every campaign.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..CAMPAIGNS).map(Self)
    }

    /// The number of the campaign, from 0.
    #[must_use]
    pub fn number(self) -> u8 {
        self.0
    }

    /// The campaign's id.
    #[must_use]
    pub fn id(self) -> CampaignId {
        CampaignId::from_uuid(derive_uuid("chimera-benches/campaign", &[&[self.0]]))
    }

    /// The agent that works for the campaign.
    #[must_use]
    pub fn agent(self) -> AgentId {
        AgentId::from_uuid(derive_uuid("chimera-benches/agent", &[&[self.0]]))
    }

    /// The account in which that agent acts.
    #[must_use]
    pub fn account(self) -> String {
        format!("chimera_agent_{}", self.0)
    }

    /// The budget that pays for what the campaign does.
    #[must_use]
    pub fn budget(self) -> BudgetScope {
        BudgetScope::campaign(context().namespace, self.id())
    }
}

/// The account of each agent, on each platform that requests are for.
#[must_use]
pub fn accounts() -> Accounts {
    let platforms = [PlatformName::Twitter, PlatformName::Instagram, PlatformName::LinkedIn];
    Campaign::all()
        .flat_map(|campaign| platforms.map(|platform| (campaign, platform)))
        .fold(Accounts::new(), |accounts, (campaign, platform)| {
            accounts.of(campaign.agent(), platform, campaign.account())
        })
}

/// Gives each campaign a budget of its own.
///
/// # Panics
/// When the store refuses.
pub async fn fund<S: Budget>(store: &S) {
    let budgets: Vec<BudgetScope> = Campaign::all().map(Campaign::budget).collect();
    let funded = budgets.iter().map(|budget| store.set_limit(budget, CEILING));
    try_join_all(funded).await.expect("a limit can be set");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_caller_works_for_every_campaign() {
        for callers in [1, 16, 64, 256] {
            for caller in [0, callers / 2, callers - 1] {
                let mut of_caller: Vec<_> =
                    (0..256).map(|call| Campaign::of(caller + call * callers)).collect();
                of_caller.sort_unstable();
                of_caller.dedup();
                assert_eq!(of_caller.len(), usize::from(CAMPAIGNS), "caller {caller} of {callers}");
            }
        }
    }
}
