//! The conditions of a listing, joined as they are asked for. What a caller gives is always bound, never written into the
//! statement.

use rusqlite::types::Value;

/// At most so many rows in one listing or lease, whatever was asked for.
pub(crate) const LARGEST_PAGE: usize = 1024;

/// What stands after the name of the table: conditions, order, bound.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    tail: String,
    values: Vec<Value>,
}

impl Filter {
    /// Adds a condition with a `?` for each of its values.
    pub(crate) fn and(mut self, condition: &str, values: impl IntoIterator<Item = Value>) -> Self {
        self.tail.push_str(if self.tail.is_empty() { "WHERE " } else { " AND " });
        self.tail.push_str(condition);
        self.values.extend(values);
        self
    }

    /// Adds a condition where there is a value for it.
    pub(crate) fn and_if(self, condition: &str, value: Option<Value>) -> Self {
        match value {
            Some(value) => self.and(condition, [value]),
            None => self,
        }
    }

    /// Only rows in which the expression is one of these words; all when there is none.
    pub(crate) fn and_one_of(self, expression: &str, words: &[&str]) -> Self {
        if words.is_empty() {
            return self;
        }
        let places = vec!["?"; words.len()].join(", ");
        self.and(&format!("{expression} IN ({places})"), words.iter().map(|word| text(word)))
    }

    /// In this order, at most so many rows; the text of the statement's end, and its values.
    pub(crate) fn ordered(mut self, by: &str, limit: usize) -> (String, Vec<Value>) {
        let limit = i64::try_from(limit.min(LARGEST_PAGE)).unwrap_or(0);
        self.values.push(Value::Integer(limit));
        (format!("{} ORDER BY {by} LIMIT ?", self.tail), self.values)
    }
}

/// Words as a value.
pub(crate) fn text(words: &str) -> Value {
    Value::Text(words.to_owned())
}

/// The bytes of an id as a value.
pub(crate) fn id(id: &uuid::Uuid) -> Value {
    Value::Blob(id.as_bytes().to_vec())
}

/// How SQLite would find what a statement with this end asks for; for tests of what the indexes are there for.
#[cfg(test)]
pub(crate) fn plan(table: &str, (tail, values): (String, Vec<Value>)) -> String {
    let mut connection = rusqlite::Connection::open_in_memory().unwrap();
    crate::migrate::migrate(&mut connection).unwrap();
    let mut statement =
        connection.prepare(&format!("EXPLAIN QUERY PLAN SELECT * FROM {table} {tail}")).unwrap();
    let steps =
        statement.query_map(rusqlite::params_from_iter(values), |row| row.get::<_, String>(3)).unwrap();
    steps.collect::<Result<Vec<_>, _>>().unwrap().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_joined_and_values_bound() {
        let filter = Filter::default()
            .and("(a, b) > (?, ?)", [text("1"), text("2")])
            .and_if("c = ?", None)
            .and_if("d = ?", Some(text("3")))
            .and_one_of("e", &[])
            .and_one_of("f", &["4", "'; --"]);
        let (tail, values) = filter.ordered("g", usize::MAX);
        assert_eq!(tail, "WHERE (a, b) > (?, ?) AND d = ? AND f IN (?, ?) ORDER BY g LIMIT ?");
        let texts = ["1", "2", "3", "4", "'; --"].map(text);
        assert_eq!(values, texts.into_iter().chain([Value::Integer(1024)]).collect::<Vec<_>>());
    }
}
