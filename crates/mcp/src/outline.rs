//! What can be told of a message without keeping it: the request that it answers, and how many values it holds.
//!
//! One pass over the bytes with a few bytes of state, so that it also reads a line that is dropped while it comes. It
//! does not validate: of what is no JSON it tells something or nothing, and neither does harm, because the worst that
//! follows is a call that is lost, which proves nothing.

/// The longest name or number of the outermost object that is looked at.
const TOKEN: usize = 32;

/// A message in outline.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outline {
    depth: usize,
    in_string: bool,
    escaped: bool,
    /// A name, a string or a number of the outermost object, as it is written, while it is read; cut at [`TOKEN`].
    token: Vec<u8>,
    /// The name whose value comes.
    name: Vec<u8>,
    id: Option<i64>,
    method: bool,
    values: usize,
}

impl Outline {
    pub(crate) fn of(line: &[u8]) -> Self {
        let mut outline = Self::default();
        outline.read(line);
        outline
    }

    /// Reads on.
    pub(crate) fn read(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.step(*byte);
        }
    }

    /// The request that it answers: `id` of the outermost object, where there is no `method` beside it.
    pub(crate) fn id(&self) -> Option<i64> {
        self.id.filter(|_| !self.method)
    }

    /// How many values it holds, within a factor of two.
    pub(crate) fn values(&self) -> usize {
        self.values
    }

    fn step(&mut self, byte: u8) {
        if self.in_string {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_string = false,
                _ => {}
            }
            return self.keep(byte);
        }
        match byte {
            b'"' => {
                self.in_string = true;
                self.keep(byte);
            }
            b'{' | b'[' => {
                self.values = self.values.saturating_add(1);
                self.depth = self.depth.saturating_add(1);
                self.token.clear();
            }
            b'}' | b']' => {
                self.end_member();
                self.depth = self.depth.saturating_sub(1);
            }
            b',' => {
                self.values = self.values.saturating_add(1);
                self.end_member();
            }
            b':' if self.depth == 1 => self.name = std::mem::take(&mut self.token),
            b' ' | b'\t' | b'\r' => {}
            _ => self.keep(byte),
        }
    }

    fn keep(&mut self, byte: u8) {
        if self.depth == 1 && self.token.len() < TOKEN {
            self.token.push(byte);
        }
    }

    fn end_member(&mut self) {
        if self.depth != 1 {
            return;
        }
        match self.name.as_slice() {
            b"\"id\"" => self.id = std::str::from_utf8(&self.token).ok().and_then(request_id),
            b"\"method\"" => self.method = true,
            _ => {}
        }
        self.token.clear();
        self.name.clear();
    }
}

/// The number of a request of ours, as it is written in an answer. Servers give it back as a string (python-sdk#1720) or
/// as a float (`7.0`, where the language knows no other numbers).
pub(crate) fn request_id(written: &str) -> Option<i64> {
    let written = written.trim();
    let number = written.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(written);
    number.strip_suffix(".0").unwrap_or(number).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_of_the_outermost_object_is_found_wherever_it_stands() {
        for (line, expected) in [
            (r#"{"jsonrpc":"2.0","id":7,"result":{}}"#, Some(7)),
            (r#"{"result":{"id":5,"a":[{"id":6}]},"jsonrpc":"2.0","id":7}"#, Some(7)),
            (r#"{"error":{"code":-1}, "id" : 7 , "result":{"id":5}}"#, Some(7)),
            (r#"{"result":"a \"id\":5, \\","id":7}"#, Some(7)),
            (r#"{"result":{"text":"}],\"id\":5"},"id":"7"}"#, Some(7)),
            (r#"{"id":7.0,"result":{}}"#, Some(7)),
            (r#"{"id":-7,"result":{}}"#, Some(-7)),
            // No answer to a request of ours.
            (r#"{"id":7,"method":"ping"}"#, None),
            (r#"{"method":"notifications/message","params":{"id":7}}"#, None),
            (r#"{"id":null,"error":{}}"#, None),
            (r#"{"id":"abc","result":{}}"#, None),
            (r#"{"id":7.5,"result":{}}"#, None),
            (r#"{"id":{"id":7},"result":{}}"#, None),
            (r#"{"id":99999999999999999999999999999999999999999999,"result":{}}"#, None),
            (r#"{"xid":7,"result":{}}"#, None),
            (r#"[{"id":7}]"#, None),
            (r#"{"id":7"#, None),
            ("", None),
            ("id 7", None),
        ] {
            assert_eq!(Outline::of(line.as_bytes()).id(), expected, "{line}");
            let mut bytewise = Outline::default();
            line.bytes().for_each(|byte| bytewise.read(&[byte]));
            assert_eq!(bytewise.id(), expected, "{line}");
        }
    }

    #[test]
    fn values_are_counted_outside_of_strings() {
        for (line, expected) in [
            ("{}", 1),
            (r#"{"a":1,"b":[1,2,3],"c":{}}"#, 7),
            (r#"{"a":"[[[,,,{{{\",,,"}"#, 1),
            ("[{},{},{}]", 6),
        ] {
            assert_eq!(Outline::of(line.as_bytes()).values(), expected, "{line}");
        }
    }
}
