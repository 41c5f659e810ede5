//! Breaches of a schema in words: where, what was expected, what was found.

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind as Kind;
use serde_json::Value;

use super::Parser;
use crate::fault::Fault;
use crate::json::push_token;

/// How many characters of a value are shown.
const SHOWN: usize = 60;

impl Parser {
    /// The faults behind one breach of the schema.
    pub(super) fn describe(&self, error: &ValidationError<'_>) -> Vec<Fault> {
        let pointer = error.instance_path().as_str();
        let subschema = self.parent(error);
        match error.kind() {
            Kind::AdditionalProperties { unexpected } => {
                let expected = format!("no such member; known: {}", self.known(subschema));
                let found = |key: &String| error.instance().get(key).map_or_else(String::new, show);
                unexpected
                    .iter()
                    .map(|key| Fault::new(member(pointer, key), expected.clone(), found(key)))
                    .collect()
            }
            Kind::Required { property } => {
                let key = property.as_str().unwrap_or_default();
                let of = subschema.pointer(&member("/properties", key)).unwrap_or(&Value::Null);
                let expected = format!("a member `{key}` ({})", self.expected(of));
                vec![Fault::new(member(pointer, key), expected, "nothing")]
            }
            Kind::AnyOf { context } => context
                .iter()
                .find(|branch| !branch.iter().any(|error| self.wants_null(error)))
                .map(|branch| branch.iter().flat_map(|error| self.describe(error)).collect())
                .unwrap_or_else(|| {
                    vec![Fault::new(pointer, self.expected(subschema), show(error.instance()))]
                }),
            Kind::PropertyNames { error: inner } => {
                let key = inner.instance().as_str().unwrap_or_default();
                let expected = format!("a key that is {}", self.expected(self.parent(inner)));
                vec![Fault::new(member(pointer, key), expected, show(inner.instance()))]
            }
            _ => vec![Fault::new(pointer, self.expected(subschema), show(error.instance()))],
        }
    }

    /// The schema whose keyword is breached.
    fn parent(&self, error: &ValidationError<'_>) -> &Value {
        let (place, _) = error.schema_path().as_str().rsplit_once('/').unwrap_or_default();
        self.schema.pointer(place).unwrap_or(&Value::Null)
    }

    /// Whether this breach is that of the `null` beside an optional type.
    fn wants_null(&self, error: &ValidationError<'_>) -> bool {
        self.schema.pointer(error.schema_path().as_str()).is_some_and(|kind| kind == "null")
    }

    fn known(&self, object: &Value) -> String {
        let members = object.get("properties").and_then(Value::as_object);
        let mut names: Vec<_> = members.into_iter().flatten().map(|(key, _)| key.as_str()).collect();
        // A map's order depends on a feature of `serde_json`; the words of a fault do not.
        names.sort_unstable();
        list(names.into_iter())
    }

    /// What a schema asks for, in a few words.
    fn expected(&self, schema: &Value) -> String {
        let text = |key| schema.get(key).and_then(Value::as_str);
        if let Some(options) = schema.get("enum").and_then(Value::as_array) {
            return format!("one of {}", list(options.iter().filter_map(Value::as_str)));
        }
        if let Some(constant) = schema.get("const") {
            return format!("`{constant}`");
        }
        if let Some(target) = text("$ref").and_then(|uri| self.schema.pointer(uri.strip_prefix('#')?)) {
            return self.expected(target);
        }
        if let Some(branches) = schema.get("anyOf").and_then(Value::as_array) {
            let words: Vec<_> = branches.iter().map(|branch| self.expected(branch)).collect();
            return words.join(" or ");
        }
        match schema.get("type") {
            Some(Value::String(kind)) => typed(kind, schema),
            Some(Value::Array(kinds)) => {
                let words: Vec<_> =
                    kinds.iter().filter_map(Value::as_str).map(|kind| typed(kind, schema)).collect();
                words.join(" or ")
            }
            _ => "something else".to_owned(),
        }
    }
}

fn typed(kind: &str, schema: &Value) -> String {
    let range = |least, most, unit| bounds(schema.get(least), schema.get(most), unit);
    match kind {
        "string" => match (schema.get("format"), schema.get("pattern")) {
            (Some(format), _) => format.as_str().unwrap_or_default().to_owned(),
            (_, Some(pattern)) => format!("a string matching `{}`", pattern.as_str().unwrap_or_default()),
            _ => format!("a string{}", range("minLength", "maxLength", " characters")),
        },
        "array" => format!("an array{}", range("minItems", "maxItems", " items")),
        "object" => format!("an object{}", range("minProperties", "maxProperties", " members")),
        "integer" => format!("an integer{}", range("minimum", "maximum", "")),
        "number" => format!("a number{}", range("minimum", "maximum", "")),
        "boolean" => "`true` or `false`".to_owned(),
        other => other.to_owned(),
    }
}

fn bounds(least: Option<&Value>, most: Option<&Value>, unit: &str) -> String {
    match (least, most) {
        (Some(least), Some(most)) => format!(" of {least} to {most}{unit}"),
        (Some(least), None) => format!(" of at least {least}{unit}"),
        (None, Some(most)) => format!(" of at most {most}{unit}"),
        (None, None) => String::new(),
    }
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn member(pointer: &str, key: &str) -> String {
    let mut pointer = pointer.to_owned();
    push_token(&mut pointer, key);
    pointer
}

/// A value as it is shown to the sender: never a whole text, never more than 80 characters.
fn show(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("an array of {} items", items.len()),
        Value::Object(members) => format!("an object of {} members", members.len()),
        Value::String(text) => {
            let count = text.chars().count();
            if count <= SHOWN {
                shorten(&Value::from(text.as_str()).to_string())
            } else {
                let start: String = text.chars().take(20).collect();
                let quoted: String = Value::from(start).to_string().chars().take(40).collect();
                format!("{quoted}… ({count} characters)")
            }
        }
        scalar => shorten(&scalar.to_string()),
    }
}

/// At most 80 characters of a text.
pub(super) fn shorten(text: &str) -> String {
    match text.char_indices().nth(79) {
        Some((end, last)) if text.len() > end + last.len_utf8() => {
            format!("{}…", text.get(..end).unwrap_or_default())
        }
        _ => text.to_owned(),
    }
}
