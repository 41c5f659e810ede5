//! What a reviewer is shown: exactly what would be sent, and the digests that a decision lists (GOV-07).

use chimera_contracts::publish::{PublishInput, PublishOutput};
use chimera_contracts::{CallContext, Digest, PlatformName};
use chimera_effect::Media;
use chimera_platform::text::TextCount;

use crate::input::check_context;
use crate::refuse;
use crate::skill::PublishSkill;

/// One post as it would be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// Where.
    pub platform: PlatformName,
    /// In whose account.
    pub account: String,
    /// The exact text, hashtags and label included.
    pub text: String,
    /// How much of the platform's limit the text uses.
    pub count: TextCount,
    /// The media, with the digests of their bytes.
    pub media: Vec<Media>,
    /// What a decision lists in order to approve exactly this.
    pub digest: Digest,
}

impl PublishSkill {
    /// What would be sent for an input, in the order of its targets. Records nothing; needs no approval.
    ///
    /// # Errors
    /// In the contract's failure shape, when the input could not be published as it is.
    pub async fn preview(
        &self,
        context: &CallContext,
        input: &PublishInput,
    ) -> Result<Vec<Preview>, PublishOutput> {
        let checked = check_context(context, input).and_then(|()| Ok(input.check()?));
        let planned = match checked {
            Ok(()) => self.plan(context, input, None).await,
            Err(refusal) => Err(refusal),
        };
        let planned = planned.map_err(|refusal| refuse::answer(input, &refusal))?;
        Ok(planned
            .into_iter()
            .map(|planned| {
                let content = planned.effect.content();
                Preview {
                    platform: planned.platform,
                    account: content.account.clone(),
                    text: content.text.clone(),
                    count: planned.count,
                    media: content.media.clone(),
                    digest: planned.effect.digest(),
                }
            })
            .collect())
    }
}
