//! What a person should see in our words and in those that we answer.

use std::collections::BTreeSet;

use chimera_governance::{Classified, Flag, Flags, Sentiment};
use futures_util::future::{Either, join, select};

use crate::skill::EngageSkill;

/// What was found, and how the thread feels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Findings {
    pub(crate) flags: Flags,
    pub(crate) sentiment: Sentiment,
}

impl EngageSkill {
    /// Classifies both texts. A question that is answered with a link to a source needs nobody (ENG-06).
    pub(crate) async fn classify(&self, content: Option<&str>, thread: Option<&str>) -> Findings {
        let (content_found, thread_found) = join(self.classify_one(content), self.classify_one(thread)).await;
        let mut flags = Flags { content: content_found.flags, thread: thread_found.flags };
        if content.is_some_and(chimera_platform::text::has_link) {
            flags.thread.remove(&Flag::Question);
        }
        Findings { flags, sentiment: thread_found.sentiment.min(content_found.sentiment) }
    }

    async fn classify_one(&self, text: Option<&str>) -> Classified {
        let Some(text) = text else {
            return Classified { flags: BTreeSet::new(), sentiment: Sentiment::Neutral };
        };
        let unclassified =
            Classified { flags: BTreeSet::from([Flag::Unclassified]), sentiment: Sentiment::Neutral };
        let deadline = self.judge_until();
        let asked = self.ports.classifier.classify(text, deadline);
        match select(asked, self.ports.clock.sleep_until(deadline)).await {
            Either::Left((Ok(found), _)) => found,
            Either::Left((Err(error), _)) => {
                tracing::warn!(%error, classifier = self.ports.classifier.name(), "a text goes to a person");
                unclassified
            }
            Either::Right(_) => unclassified,
        }
    }
}
