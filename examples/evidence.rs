//! Exporting the ledger and verifying the export by recomputation, as a sceptic would.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use chimera::audit::CheckpointSigner;
use chimera::audit::verify::{Verdict, verify};

use crate::Failure;
use crate::ground::Ground;

/// Where an export goes: the folder that was asked for, or one that is removed again.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    _temporary: Option<tempfile::TempDir>,
}

impl Folder {
    /// Makes the folder, before anything is published.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn prepare(asked: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = asked else {
            let temporary = tempfile::tempdir()?;
            return Ok(Self { path: temporary.path().to_path_buf(), _temporary: Some(temporary) });
        };
        std::fs::create_dir_all(path)
            .map_err(|error| format!("nothing can be exported to `{}`: {error}", path.display()))?;
        Ok(Self { path: path.to_path_buf(), _temporary: None })
    }
}

/// Exports, and verifies the files that were written.
///
/// # Errors
/// When the files cannot be written, or do not verify.
pub async fn export(ground: &Ground, folder: &Folder) -> Result<Verdict, Failure> {
    let (ledger, key) = (folder.path.join("ledger.jsonl"), folder.path.join("log.pub"));

    let mut out = BufWriter::new(File::create(&ledger)?);
    chimera::audit::export(ground.store.as_ref(), &ground.signer, &mut out).await?;
    out.flush()?;
    std::fs::write(&key, format!("{}\n", ground.signer.verifier_key()))?;

    let vkey = std::fs::read_to_string(&key)?;
    Ok(verify(BufReader::new(File::open(&ledger)?), vkey.trim(), None)?)
}
