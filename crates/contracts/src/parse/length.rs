//! Bounds of texts and lists, for inputs that were built and not parsed; the words are those of the schema's faults.

use std::fmt::Display;

use crate::fault::Fault;

/// How long something is, and where it stands. The place is spelled out only where there is a fault: most inputs have none.
#[derive(Debug)]
pub(crate) struct Length<P> {
    pointer: P,
    count: usize,
    kind: &'static str,
    unit: &'static str,
}

impl<P: Display> Length<P> {
    /// The items of a list.
    pub(crate) fn of<T>(pointer: P, list: &[T]) -> Self {
        Self { pointer, count: list.len(), kind: "an array", unit: "items" }
    }

    /// The members of an object.
    pub(crate) const fn members(pointer: P, count: usize) -> Self {
        Self { pointer, count, kind: "an object", unit: "members" }
    }

    /// The characters of a text, as JSON Schema counts them (RFC 8259 code points).
    pub(crate) fn characters(pointer: P, text: &str) -> Self {
        Self { pointer, count: text.chars().count(), kind: "a string", unit: "characters" }
    }

    /// A fault unless the count lies within the bounds, both included.
    pub(crate) fn within(self, least: usize, most: usize) -> Option<Fault> {
        let Self { pointer, count, kind, unit } = self;
        if (least..=most).contains(&count) {
            return None;
        }
        let bounds = if least == 0 { format!("at most {most}") } else { format!("{least} to {most}") };
        let (expected, got) = (format!("{kind} of {bounds} {unit}"), format!("{kind} of {count} {unit}"));
        Some(Fault::new(pointer.to_string(), expected, got))
    }
}
