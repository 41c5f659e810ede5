//! Exporting the ledger and verifying the export by recomputation, as a sceptic would.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use chimera::audit::CheckpointSigner;
use chimera::audit::verify::{Verdict, verify};

use crate::Failure;
use crate::host::Host;

/// An export and what the verifier says of it.
pub(crate) struct Evidence {
    pub(crate) verdict: Verdict,
    pub(crate) folder: Option<PathBuf>,
}

/// Exports to the folder, or to one that is removed again, and verifies the files that were written.
pub(crate) async fn export(host: &Host, folder: Option<&Path>) -> Result<Evidence, Failure> {
    let temporary = tempfile::tempdir()?;
    let target = folder.unwrap_or(temporary.path());
    std::fs::create_dir_all(target)?;
    let (ledger, key) = (target.join("ledger.jsonl"), target.join("log.pub"));

    let mut out = BufWriter::new(File::create(&ledger)?);
    chimera::audit::export(host.store.as_ref(), &host.signer, &mut out).await?;
    out.flush()?;
    std::fs::write(&key, format!("{}\n", host.signer.verifier_key()))?;

    let vkey = std::fs::read_to_string(&key)?;
    let verdict = verify(BufReader::new(File::open(&ledger)?), vkey.trim(), None)?;
    Ok(Evidence { verdict, folder: folder.map(Path::to_path_buf) })
}
