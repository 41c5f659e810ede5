//! What every host of the examples stands on: a database, a signer, a clock, and the sandbox as its outside world.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chimera::StorePorts;
use chimera::audit::{CheckpointSigner, LedgerReader, LocalSigner};
use chimera::contracts::{Clock, Money, PlatformName, SystemEntropy};
use chimera::effect::Platform;
use chimera::governance::{Budget, BudgetScope};
use chimera::mcp::{StdioServer, TokioClock};
use chimera::store_sqlite::{SqliteOptions, SqliteStore};
use chimera_sandbox::SandboxConfig;
use chimera_testkit::{Action, Cut};

use crate::Failure;
use crate::media::LocalMedia;
use crate::options::Options;
use crate::sandbox::{self, Public};
use crate::screen::Screen;

/// The parts that do not differ from example to example.
#[derive(Debug)]
pub struct Ground {
    /// Where everything is kept.
    pub store: Arc<SqliteStore>,
    /// Signs the ledger's heads.
    pub signer: LocalSigner,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// The media beside the bundle.
    pub media: Arc<LocalMedia>,
    /// The sandbox.
    pub server: Arc<StdioServer>,
    record: PathBuf,
    crash_at: Option<usize>,
}

impl Ground {
    /// Opens the database and says what stands in for real parts. `name` is the example's, `bundle` the file whose media
    /// are published, `config` how the sandbox behaves; its record goes beside the database.
    ///
    /// # Errors
    /// When the database, the signer's folder or this program's own path cannot be used.
    pub async fn lay(
        name: &str,
        options: &Options,
        bundle: &Path,
        config: SandboxConfig,
        screen: &Screen,
    ) -> Result<Self, Failure> {
        let db = database(name, options)?;
        screen.opened(&db);
        let clock: Arc<dyn Clock> = Arc::new(TokioClock);
        let origin = format!("chimera.example/{name}");
        let signer = LocalSigner::open(beside(&db, "signer"), &origin, &SystemEntropy)?;
        let signed = signer.last().await?;
        let store_options = SqliteOptions::new(&db, Arc::clone(&clock)).signed_head(signed);
        let store = Arc::new(store_options.open()?);
        if signed.is_none() && store.head().await?.size > 0 {
            screen.never_signed();
        }

        let record = beside(&db, "sandbox");
        let command = sandbox::command(&config.with_record(&record))?;
        let server = Arc::new(StdioServer::new(command, Arc::clone(&clock)));
        let media = Arc::new(LocalMedia::beside(bundle));
        screen.parts(media.folder());
        Ok(Self { store, signer, clock, media, server, record, crash_at: options.crash_at })
    }

    /// The ports that skills act through. With `--crash-at`, every one of them aborts the process at the N-th call.
    #[must_use]
    pub fn ports(&self, platform: Arc<dyn Platform>) -> (StorePorts, Arc<dyn Platform>) {
        let ports = StorePorts::of(&self.store);
        let Some(at) = self.crash_at else { return (ports, platform) };
        // Calls are counted from 1 here, from 0 there.
        let cut = Cut::at(at.saturating_sub(1), Action::Abort);
        let StorePorts { journal, approvals, ledger, reviews, limits, pauses, proposals } = ports;
        let ports = StorePorts {
            journal: cut.journal(journal),
            approvals: cut.approvals(approvals),
            ledger: cut.ledger(ledger),
            reviews: cut.reviews(reviews),
            limits: cut.limits(limits),
            // Only people throw them.
            pauses,
            proposals: cut.proposals(proposals),
        };
        (ports, cut.platform(platform))
    }

    /// Gives a campaign its budget: ten dollars, whatever was spent already.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn fund(&self, scope: &BudgetScope) -> Result<(), Failure> {
        Ok(self.store.set_limit(scope, Money::usd_micros(10_000_000)).await?)
    }

    /// What is public, counted in the sandbox's own record.
    ///
    /// # Errors
    /// When the record cannot be read.
    pub fn public(&self) -> Result<Public, Failure> {
        sandbox::count(&self.record)
    }

    /// The id of the engagement with this text that is public, as a person sees it on the platform's page.
    ///
    /// # Errors
    /// When the record cannot be read.
    pub fn public_id(
        &self,
        platform: PlatformName,
        target: Option<&str>,
        text: &str,
    ) -> Result<Option<String>, Failure> {
        sandbox::public_id(&self.record, platform, target, text)
    }

    /// Ends the sandbox.
    pub async fn stop(&self) {
        self.server.close().await;
    }
}

fn database(name: &str, options: &Options) -> Result<PathBuf, Failure> {
    if let Some(path) = &options.db {
        return Ok(path.clone());
    }
    let folder = tempfile::Builder::new().prefix(&format!("chimera-{name}-")).tempdir()?.keep();
    Ok(folder.join("chimera.db"))
}

fn beside(db: &Path, what: &str) -> PathBuf {
    let mut path = db.as_os_str().to_owned();
    path.push(".");
    path.push(what);
    PathBuf::from(path)
}
