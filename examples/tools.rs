//! The seeds' tools over the sandbox, with patience that fits a server on the same machine.

use std::sync::Arc;

use chimera::contracts::{Money, PlatformName};
use chimera::platform::media::MediaProbe;
use chimera::platform::{Accounts, Binding, Profile, ProfileError, ToolClient, ToolPlatform};
use chrono::TimeDelta;

use crate::ground::Ground;
use crate::sandbox::ACCOUNT;

/// The seeds' profile for some platforms.
///
/// # Errors
/// When the profile has no such platform.
pub fn profile(platforms: &[PlatformName]) -> Result<Profile, ProfileError> {
    platforms.iter().try_fold(Profile::seeds()?, |profile, platform| {
        profile
            .with_timeout(*platform, TimeDelta::seconds(2))?
            .with_settle(*platform, TimeDelta::milliseconds(250))?
            // A fifth of a cent: what an API call costs is up to the host.
            .with_price(*platform, Money::usd_micros(2_000))
    })
}

/// The sandbox as a platform.
#[must_use]
pub fn platform(profile: &Profile, ground: &Ground) -> ToolPlatform {
    let client: Arc<dyn ToolClient> = Arc::<chimera::mcp::StdioServer>::clone(&ground.server);
    let media: Arc<dyn MediaProbe> = Arc::<crate::media::LocalMedia>::clone(&ground.media);
    ToolPlatform::new(Binding::all(profile, &client), media, Arc::clone(&ground.clock))
}

/// One account for everybody, on each of these platforms.
#[must_use]
pub fn accounts(platforms: &[PlatformName]) -> Accounts {
    platforms.iter().fold(Accounts::new(), |accounts, platform| accounts.shared(*platform, ACCOUNT))
}
