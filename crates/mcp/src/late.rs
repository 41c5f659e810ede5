//! Answers that came after their call was given up: kept until they are asked for.
//!
//! An answer that comes late is the best proof there is of what an unknown effect became, so it is kept and not only
//! logged. Bounded in number and in size, because the server decides how much it sends; what is dropped is the oldest,
//! and is looked up like any lost answer.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use chimera_platform::{LateAnswer, ToolAnswer};

use crate::weight;

/// The most answers that are kept.
const MAX_ANSWERS: usize = 256;
/// The most bytes that they hold together, about; one is kept whatever it holds.
const MAX_BYTES: usize = 32 * 1024 * 1024;

/// The late answers of one server, across its lives.
#[derive(Debug, Default)]
pub(crate) struct LateAnswers {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    answers: VecDeque<(LateAnswer, usize)>,
    bytes: usize,
}

impl LateAnswers {
    /// Keeps one more.
    pub(crate) fn keep(&self, server: &str, call: String, answer: ToolAnswer) {
        let bytes = size(&answer);
        tracing::debug!(server, call, "an answer came after its call was given up; it is kept");
        // Never held across an await; every change leaves answers that are still answers.
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.answers.push_back((LateAnswer { call, answer }, bytes));
        kept.bytes = kept.bytes.saturating_add(bytes);
        while kept.answers.len() > MAX_ANSWERS || kept.bytes > MAX_BYTES && kept.answers.len() > 1 {
            let Some((dropped, bytes)) = kept.answers.pop_front() else { break };
            kept.bytes = kept.bytes.saturating_sub(bytes);
            tracing::warn!(server, call = dropped.call, "a late answer was dropped: too many are waiting");
        }
    }

    /// Those that came since this was asked last, the oldest first.
    pub(crate) fn take(&self) -> Vec<LateAnswer> {
        let kept = std::mem::take(&mut *self.kept.lock().unwrap_or_else(PoisonError::into_inner));
        kept.answers.into_iter().map(|(answer, _)| answer).collect()
    }
}

fn size(answer: &ToolAnswer) -> usize {
    let texts = answer.texts.iter().fold(0_usize, |sum, text| sum.saturating_add(weight::string(text.len())));
    texts.saturating_add(answer.structured.as_ref().map_or(0, weight::of))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn keep(late: &LateAnswers, call: usize, text: &str) {
        let answer = ToolAnswer { texts: vec![text.to_owned()], ..ToolAnswer::default() };
        late.keep("x", call.to_string(), answer);
    }

    fn calls(late: &LateAnswers) -> Vec<usize> {
        late.take().into_iter().map(|late| late.call.parse().unwrap()).collect()
    }

    #[test]
    fn each_is_given_out_once_and_in_order() {
        let late = LateAnswers::default();
        assert!(late.take().is_empty());
        keep(&late, 1, "one");
        keep(&late, 2, "two");
        assert_eq!(late.take().first().unwrap().answer.texts, ["one"]);
        keep(&late, 3, "three");
        assert_eq!(calls(&late), [3]);
        assert!(late.take().is_empty());
    }

    #[test]
    fn the_oldest_goes_when_there_are_too_many() {
        let late = LateAnswers::default();
        (0..=MAX_ANSWERS).for_each(|call| keep(&late, call, "text"));
        assert_eq!(calls(&late), (1..=MAX_ANSWERS).collect::<Vec<_>>());
    }

    #[test]
    fn the_oldest_goes_when_they_are_too_large() {
        let late = LateAnswers::default();
        let half = "x".repeat(MAX_BYTES / 2 - 64);
        [1, 2, 3].into_iter().for_each(|call| keep(&late, call, &half));
        assert_eq!(calls(&late), [2, 3]);
        keep(&late, 4, "text");
        keep(&late, 5, &"x".repeat(MAX_BYTES + 1));
        assert_eq!(calls(&late), [5], "one is kept whatever it holds");
    }

    #[test]
    fn structured_content_counts() {
        let structured = json!({ "ab": ["cde", 1] });
        let answer = ToolAnswer { structured: Some(structured.clone()), ..ToolAnswer::default() };
        assert_eq!(size(&answer), weight::of(&structured));
    }
}
