//! What every call carries beside its arguments: names under a prefix of our own, in `_meta`, which no server refuses.

use std::collections::BTreeMap;

use chimera_contracts::{CorrelationId, PlatformName};
use chimera_effect::{CallKey, Trace};

/// The prefix of our names in `_meta`: reverse DNS, as the specification asks of names that are not its own.
pub const META_PREFIX: &str = "io.github.chimera-rs";

/// The entries of one call.
#[derive(Debug)]
pub(crate) struct Meta(BTreeMap<String, String>);

impl Meta {
    /// The entries that every call has (PUB-05): the caller's key, the key of the call, where, which step, the correlation
    /// id, and the same id as W3C `traceparent`.
    pub(crate) fn new(call_key: &CallKey, platform: PlatformName, step: &str, trace: &Trace) -> Self {
        let correlation = trace.correlation.to_string();
        let entries = [
            ("request-key", trace.caller_key.as_str()),
            ("call-key", call_key.as_str()),
            ("platform", platform.as_str()),
            ("step", step),
            ("correlation-id", correlation.as_str()),
        ];
        let mut all: BTreeMap<_, _> =
            entries.into_iter().map(|(name, value)| (full(name), value.to_owned())).collect();
        all.extend(trace_parent(trace.correlation, call_key).map(|value| ("traceparent".to_owned(), value)));
        Self(all)
    }

    /// The entries of a call that belongs to no request: where, and which step.
    pub(crate) fn without_request(platform: PlatformName, step: &str) -> Self {
        let entries = [("platform", platform.as_str()), ("step", step)];
        Self(entries.into_iter().map(|(name, value)| (full(name), value.to_owned())).collect())
    }

    pub(crate) fn into_entries(self) -> BTreeMap<String, String> {
        self.0
    }
}

fn full(name: &str) -> String {
    format!("{META_PREFIX}/{name}")
}

/// W3C Trace Context: version, trace, span, flags. Ids of zeros are invalid there, so the nil correlation has none. The span
/// is derived from the call's key: the same for every attempt of one effect.
fn trace_parent(correlation: CorrelationId, span: &CallKey) -> Option<String> {
    let trace = correlation.as_uuid().simple().to_string();
    let span: String = span.as_str().chars().take(16).collect();
    let valid = |id: &str| id.chars().any(|digit| digit != '0');
    (valid(&trace) && valid(&span)).then(|| format!("00-{trace}-{span}-01"))
}
