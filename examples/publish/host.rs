//! The host: every port, plugged together.

use std::sync::Arc;

use chimera::contracts::{Clock, PlatformName};
use chimera::platform::media::MediaProbe;
use chimera::{Builder, Chimera};
use chimera_examples::Failure;
use chimera_examples::ground::Ground;
use chimera_examples::media::LocalMedia;
use chimera_examples::screen::Screen;
use chimera_examples::{sandbox, tools};

use crate::args::Args;

/// Where the bundle goes.
const PLATFORMS: [PlatformName; 3] = [PlatformName::Twitter, PlatformName::Instagram, PlatformName::LinkedIn];

pub(crate) struct Host {
    pub(crate) chimera: Chimera,
    pub(crate) ground: Ground,
}

impl Host {
    pub(crate) async fn start(args: &Args, screen: &Screen) -> Result<Self, Failure> {
        let ground = Ground::lay("publish", &args.options, &args.campaign, sandbox::config(), screen).await?;
        let platform = tools::platform(&tools::profile(&PLATFORMS)?, &ground);
        let (store, platform) = ground.ports(Arc::new(platform));
        let media: Arc<dyn MediaProbe> = Arc::<LocalMedia>::clone(&ground.media);
        let chimera = Builder::new()
            .wrapped_store(store)
            .platform(platform)
            .media(media)
            .clock(Arc::clone(&ground.clock))
            .accounts(tools::accounts(&PLATFORMS))
            .build()?;
        Ok(Self { chimera, ground })
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        self.ground.clock.as_ref()
    }
}
