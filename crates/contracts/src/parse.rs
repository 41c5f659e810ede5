//! Reading an input: every fault at once, or a value that cannot be wrong.
//!
//! The bytes are read once for syntax and duplicate keys, then held against the generated schema and the contract's own
//! rules, and only a document without fault is read into its type. So a caller mends everything in one round, and the
//! words are the same whichever language the caller speaks.
//!
//! INVARIANT: a fault never repeats a whole text, and the number of faults, their length and the size of an input are
//! bounded, whatever was sent.

mod describe;
mod length;
mod opaque;

use std::fmt;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::Segment;

use crate::fault::{Fault, Faults};
use crate::json::{Json, JsonError, push_token};

pub(crate) use length::Length;
pub use opaque::control_character;
pub(crate) use opaque::{opaque, opaque_members};

use describe::shorten;

/// The largest input, in bytes: 16 MiB.
pub const MAX_INPUT_BYTES: usize = 16 * 1024 * 1024;

/// How many faults are reported at most; whoever has more has sent something else altogether.
pub const MAX_FAULTS: usize = 1_000;

/// How long a pointer may get, in characters; a longer one (an unknown key of megabytes) is cut.
const MAX_POINTER: usize = 1_000;

/// Rules that go beyond a schema, over a document that may hold other faults as well.
pub type Rules = fn(&Value) -> Vec<Fault>;

/// Reads inputs of one contract.
pub struct Parser {
    schema: Value,
    validator: jsonschema::Validator,
    rules: Rules,
}

/// A schema that does not compile: a mistake in a type, never in an input.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the schema of `{title}` does not compile: {reason}")]
pub struct ParserError {
    title: String,
    reason: String,
}

impl Parser {
    /// A parser for `T`; compiles the schema, so make one and keep it.
    ///
    /// # Errors
    /// When the schema of `T` does not compile.
    pub fn new<T: JsonSchema>() -> Result<Self, ParserError> {
        let schema = crate::schema::input_of::<T>();
        let validator =
            jsonschema::draft202012::options().should_validate_formats(true).build(&schema).map_err(
                |error| ParserError { title: T::schema_name().into_owned(), reason: error.to_string() },
            )?;
        Ok(Self { schema, validator, rules: |_| Vec::new() })
    }

    /// The same parser with rules of the contract that no schema can say.
    #[must_use]
    pub fn with_rules(self, rules: Rules) -> Self {
        Self { rules, ..self }
    }

    /// The schema that inputs are held against.
    #[must_use]
    pub const fn schema(&self) -> &Value {
        &self.schema
    }

    /// Reads `T` from JSON.
    ///
    /// # Errors
    /// With all faults, at most [`MAX_FAULTS`]: one when the bytes are too many or not JSON; else each key that is
    /// given twice, each breach of the schema, each broken rule.
    pub fn parse<T: DeserializeOwned>(&self, bytes: &[u8]) -> Result<T, Faults> {
        if bytes.len() > MAX_INPUT_BYTES {
            let got = format!("{} bytes", bytes.len());
            return Err(Fault::new("", format!("at most {MAX_INPUT_BYTES} bytes"), got).into());
        }
        let (document, duplicates) = read(bytes)?;
        let breaches = self.validator.iter_errors(&document).flat_map(|error| self.describe(&error));
        let broken = (self.rules)(&document).into_iter();
        let faults = duplicates.into_iter().chain(breaches).chain(broken).map(bounded);
        Faults::check(faults.take(MAX_FAULTS).collect())?;
        typed(bytes)
    }
}

impl fmt::Debug for Parser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parser").field("title", &self.schema.get("title")).finish_non_exhaustive()
    }
}

/// The document and a fault for each key that is given twice.
fn read(bytes: &[u8]) -> Result<(Value, Vec<Fault>), Faults> {
    let no_json = |reason: &str| Fault::new("", "a JSON document (RFC 8259, UTF-8)", shorten(reason));
    let duplicates = match Json::parse(bytes) {
        Ok(_) => Vec::new(),
        Err(JsonError::Syntax(reason)) => return Err(no_json(&reason).into()),
        Err(JsonError::DuplicateKeys(pointers)) => pointers
            .into_iter()
            .map(|pointer| Fault::new(pointer, "a key that is given once", "the same key again"))
            .collect(),
    };
    let document = serde_json::from_slice(bytes).map_err(|error| no_json(&error.to_string()))?;
    Ok((document, duplicates))
}

/// The last step. What passed the schema and fails here is rare: a number with a sign on its zero, a time that no
/// calendar has.
fn typed<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Faults> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let mut pointer = String::new();
        for segment in error.path() {
            match segment {
                Segment::Seq { index } => push_token(&mut pointer, &index.to_string()),
                Segment::Map { key } => push_token(&mut pointer, key),
                Segment::Enum { .. } | Segment::Unknown => {}
            }
        }
        bounded(Fault::new(pointer, "a value of the contract's type", shorten(&error.inner().to_string())))
            .into()
    })
}

fn bounded(mut fault: Fault) -> Fault {
    if let Some((end, _)) = fault.pointer.char_indices().nth(MAX_POINTER) {
        fault.pointer.truncate(end);
        fault.pointer.push('…');
    }
    fault
}

#[cfg(test)]
mod tests;
