//! How a store is opened.

use std::path::PathBuf;
use std::sync::Arc;

use chimera_audit::Head;
use chimera_contracts::{Clock, Entropy, SystemEntropy};

/// Options of [`SqliteOptions::open`].
#[derive(Clone, Debug)]
pub struct SqliteOptions {
    pub(crate) path: PathBuf,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) signed: Option<Head>,
    pub(crate) max_pages: Option<u32>,
    pub(crate) read_only: bool,
    pub(crate) queue: usize,
}

impl SqliteOptions {
    /// The database at `path`, made when it is not there. `clock` is the store's clock: leases and expiry go by it.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>, clock: Arc<dyn Clock>) -> Self {
        Self {
            path: path.into(),
            clock,
            entropy: Arc::new(SystemEntropy),
            signed: None,
            max_pages: None,
            read_only: false,
            queue: 1024,
        }
    }

    /// Another source of randomness, for tests that repeat.
    #[must_use]
    pub fn entropy(mut self, entropy: Arc<dyn Entropy>) -> Self {
        self.entropy = entropy;
        self
    }

    /// The last head that the checkpoint signer remembers. A database whose ledger is behind it, or differs from it, is a
    /// restored or altered one and does not open (AUD-02).
    #[must_use]
    pub fn signed_head(mut self, head: Option<Head>) -> Self {
        self.signed = head;
        self
    }

    /// A bound on the size of the database, in pages of 4 KiB. A step that does not fit is refused whole.
    #[must_use]
    pub const fn max_pages(mut self, pages: u32) -> Self {
        self.max_pages = Some(pages);
        self
    }

    /// Opens for reading only: every step that writes is refused. For auditors.
    #[must_use]
    pub const fn read_only(mut self, read_only: bool) -> Self {
        self.read_only = read_only;
        self
    }

    /// How many steps may wait for the writer before callers wait for a place. At least 1.
    #[must_use]
    pub const fn queue(mut self, steps: usize) -> Self {
        self.queue = if steps == 0 { 1 } else { steps };
        self
    }
}
