//! What a person should see in our words and in those that we answer.

use std::collections::BTreeSet;

use chimera_governance::{Classified, Flag, Flags, Sentiment};
use futures_util::future::join;

use crate::skill::EngageSkill;
use crate::within::within;

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
        let classifier = self.ports.classifier.as_ref();
        let deadline = self.judge_until();
        let asked = async { classifier.classify(text, deadline).await };
        let why = match within(self.ports.clock.as_ref(), deadline, asked).await {
            Ok(Ok(found)) => return found,
            Ok(Err(error)) => error.to_string(),
            Err(none) => none.to_string(),
        };
        tracing::warn!(error = %why, classifier = classifier.name(), "a text goes to a person");
        unclassified
    }
}
