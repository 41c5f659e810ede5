//! The host: every port, plugged together.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chimera::audit::{CheckpointSigner, LedgerReader, LocalSigner};
use chimera::contracts::{Clock, Money, PlatformName, SystemEntropy};
use chimera::effect::Platform;
use chimera::governance::{Budget, BudgetScope};
use chimera::mcp::{ServerCommand, StdioServer, TokioClock};
use chimera::platform::media::MediaProbe;
use chimera::platform::{Accounts, Binding, Profile, ToolClient, ToolPlatform};
use chimera::store_sqlite::{SqliteOptions, SqliteStore};
use chimera::{Builder, Chimera, StorePorts};
use chimera_sandbox::{Fault, FaultRule, Record, SandboxConfig};
use chimera_testkit::{Action, Cut};
use chrono::TimeDelta;

use crate::Failure;
use crate::args::Args;
use crate::media::LocalMedia;
use crate::show::Show;

/// The handle under which the sandbox posts.
const ACCOUNT: &str = "chimera_agent";

pub(crate) struct Host {
    pub(crate) chimera: Chimera,
    pub(crate) store: Arc<SqliteStore>,
    pub(crate) signer: LocalSigner,
    pub(crate) clock: Arc<dyn Clock>,
    server: Arc<StdioServer>,
    record: PathBuf,
}

/// What stands in public, counted in the sandbox's own record.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct PublicPosts {
    pub(crate) posts: usize,
    pub(crate) duplicates: usize,
}

impl Host {
    pub(crate) async fn start(args: &Args, show: &Show) -> Result<Self, Failure> {
        let db = database(args)?;
        show.opened(&db);
        let clock: Arc<dyn Clock> = Arc::new(TokioClock);
        let signer = LocalSigner::open(beside(&db, "signer"), "chimera.example/publish", &SystemEntropy)?;
        let signed = signer.last().await?;
        let options = SqliteOptions::new(&db, Arc::clone(&clock)).signed_head(signed);
        let store = Arc::new(SqliteStore::open(options)?);
        if signed.is_none() && store.head().await?.size > 0 {
            show.never_signed();
        }

        let record = beside(&db, "sandbox");
        let server = Arc::new(StdioServer::new(sandbox_command(&record)?, Arc::clone(&clock)));
        let media = Arc::new(LocalMedia::beside(&args.campaign));
        show.parts(media.folder());
        let platform = tool_platform(&server, &media, &clock)?;

        let chimera = builder(args, &store, platform)
            .media(media)
            .clock(Arc::clone(&clock))
            .accounts(accounts())
            .build()?;
        Ok(Self { chimera, store, signer, clock, server, record })
    }

    /// Gives a campaign its budget: ten dollars, whatever was spent already.
    pub(crate) async fn fund(&self, scope: &BudgetScope) -> Result<(), Failure> {
        Ok(self.store.set_limit(scope, Money::usd_micros(10_000_000)).await?)
    }

    pub(crate) fn public_posts(&self) -> Result<PublicPosts, Failure> {
        if !self.record.exists() {
            return Ok(PublicPosts::default());
        }
        let record = Record::open(&self.record)?;
        Ok(PublicPosts { posts: record.posts().len(), duplicates: record.duplicates().len() })
    }

    pub(crate) async fn stop(&self) {
        self.server.close().await;
    }
}

fn database(args: &Args) -> Result<PathBuf, Failure> {
    if let Some(path) = &args.db {
        return Ok(path.clone());
    }
    let folder = tempfile::Builder::new().prefix("chimera-publish-").tempdir()?.keep();
    Ok(folder.join("chimera.db"))
}

fn beside(db: &Path, what: &str) -> PathBuf {
    let mut path = db.as_os_str().to_owned();
    path.push(".");
    path.push(what);
    PathBuf::from(path)
}

/// The sandbox is this very program in another role. It rate-limits Instagram once and honours keys on X alone, as its
/// profile says.
fn sandbox_command(record: &Path) -> Result<ServerCommand, Failure> {
    let rate_limit = Fault::RateLimit { retry_after_seconds: 1 };
    let mut config = SandboxConfig::new(record);
    config.keys.insert(chimera_sandbox::Platform::Twitter);
    config.faults.push(FaultRule::new(chimera_sandbox::Platform::Instagram, rate_limit).times(1));
    Ok(ServerCommand::new("sandbox", std::env::current_exe()?).arg("--as-sandbox").arg(config.to_json()?))
}

/// The seeds' tools, with patience that fits a server on the same machine.
fn tool_platform(
    server: &Arc<StdioServer>,
    media: &Arc<LocalMedia>,
    clock: &Arc<dyn Clock>,
) -> Result<Arc<dyn Platform>, Failure> {
    let mut profile = Profile::seeds()?;
    for platform in [PlatformName::Twitter, PlatformName::Instagram, PlatformName::LinkedIn] {
        profile = profile
            .with_timeout(platform, TimeDelta::seconds(2))?
            .with_settle(platform, TimeDelta::milliseconds(250))?
            // A fifth of a cent: what an API call costs is up to the host.
            .with_price(platform, Money::usd_micros(2_000))?;
    }
    let client: Arc<dyn ToolClient> = Arc::<StdioServer>::clone(server);
    let media: Arc<dyn MediaProbe> = Arc::<LocalMedia>::clone(media);
    Ok(Arc::new(ToolPlatform::new(Binding::all(&profile, &client), media, Arc::clone(clock))))
}

/// With `--crash-at`, every port that the skill acts through aborts the process at the N-th call.
fn builder(args: &Args, store: &Arc<SqliteStore>, platform: Arc<dyn Platform>) -> Builder {
    let Some(at) = args.crash_at else {
        return Builder::new().store(store).platform(platform);
    };
    // Calls are counted from 1 here, from 0 there.
    let cut = Cut::at(at.saturating_sub(1), Action::Abort);
    let ports = StorePorts::of(store);
    let cut_ports = StorePorts {
        journal: cut.journal(ports.journal),
        approvals: cut.approvals(ports.approvals),
        ledger: cut.ledger(ports.ledger),
        ..ports
    };
    Builder::new().wrapped_store(cut_ports).platform(cut.platform(platform))
}

fn accounts() -> Accounts {
    Accounts::new()
        .shared(PlatformName::Twitter, ACCOUNT)
        .shared(PlatformName::Instagram, ACCOUNT)
        .shared(PlatformName::LinkedIn, ACCOUNT)
}
