//! Bounds of texts and lists, for inputs that were built and not parsed; the words are those of the schema's faults.

use crate::fault::Fault;

/// How long something is, and where it stands.
#[derive(Debug)]
pub(crate) struct Length {
    pointer: String,
    count: usize,
    kind: &'static str,
    unit: &'static str,
}

impl Length {
    /// The items of a list.
    pub(crate) fn of<T>(pointer: impl Into<String>, list: &[T]) -> Self {
        Self { pointer: pointer.into(), count: list.len(), kind: "an array", unit: "items" }
    }

    /// The members of an object.
    pub(crate) fn members(pointer: impl Into<String>, count: usize) -> Self {
        Self { pointer: pointer.into(), count, kind: "an object", unit: "members" }
    }

    /// The characters of a text, as JSON Schema counts them (RFC 8259 code points).
    pub(crate) fn characters(pointer: impl Into<String>, text: &str) -> Self {
        Self { pointer: pointer.into(), count: text.chars().count(), kind: "a string", unit: "characters" }
    }

    /// A fault unless the count lies within the bounds, both included.
    pub(crate) fn within(self, least: usize, most: usize) -> Option<Fault> {
        let Self { pointer, count, kind, unit } = self;
        let bounds = if least == 0 { format!("at most {most}") } else { format!("{least} to {most}") };
        let outside = count < least || count > most;
        outside.then(|| {
            Fault::new(pointer, format!("{kind} of {bounds} {unit}"), format!("{kind} of {count} {unit}"))
        })
    }
}
