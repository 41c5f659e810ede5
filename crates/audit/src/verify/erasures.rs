//! Whether each erased attachment is told by an event of the log, and each such event tells the truth.

use std::collections::BTreeMap;

use super::leaf::ToldErasure;
use super::line::{Attachment, Checked};

/// What one pass has seen of attachments and erasures.
#[derive(Debug, Default)]
pub(super) struct Erasures {
    /// The attachment of each entry, by its place.
    attachments: Vec<Attachment>,
    /// The entries whose attachment is erased and of which no event has told yet: their places and ids.
    untold: BTreeMap<u64, u128>,
    erased: u64,
}

impl Erasures {
    /// Takes the entry that stands at `place`.
    ///
    /// # Errors
    /// When it tells of an erasure that is none; the error says why.
    pub(super) fn take(&mut self, place: u64, entry: &Checked) -> Result<(), String> {
        if let Some(told) = entry.tells {
            self.settle(told)?;
        }
        self.attachments.push(entry.attachment);
        if entry.attachment == Attachment::Erased {
            self.untold.insert(place, entry.id);
            self.erased += 1;
        }
        Ok(())
    }

    fn settle(&mut self, told: ToldErasure) -> Result<(), String> {
        let index = told.index;
        let seen = usize::try_from(index).ok().and_then(|index| self.attachments.get(index));
        match (seen, self.untold.get(&index)) {
            (None, _) => Err(format!("entry {index} does not stand before it")),
            (Some(Attachment::None), _) => Err(format!("entry {index} never had an attachment")),
            (Some(Attachment::Present), _) => Err(format!("entry {index} has its attachment still")),
            (Some(Attachment::Erased), None) => Err(format!("an earlier event told of entry {index}")),
            (Some(Attachment::Erased), Some(id)) if *id != told.id => {
                Err(format!("entry {index} is another event than it names"))
            }
            (Some(Attachment::Erased), Some(_)) => {
                self.untold.remove(&index);
                Ok(())
            }
        }
    }

    /// How many attachments are erased.
    pub(super) const fn erased(&self) -> u64 {
        self.erased
    }

    /// The places of the entries whose attachment was erased without an event, in order.
    pub(super) fn untold(&self) -> Vec<u64> {
        self.untold.keys().copied().collect()
    }
}
