//! What can be told of a message without keeping it: the request that it answers, how deep it is and what it would weigh.
//!
//! One pass over the bytes with a few bytes of state, so that it also reads a message that is dropped while it comes. It
//! does not validate: of what is no JSON it tells something or nothing, and neither does harm, because the worst that
//! follows is a call that is lost, which proves nothing.

use crate::weight;

/// The deepest nesting that is read. Within what `serde_json` reads (128), so that a deep answer is told as one.
pub(crate) const MAX_DEPTH: usize = 100;

/// The longest name or number of the outermost object that is looked at.
const TOKEN: usize = 32;

/// A message in outline.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outline {
    /// The containers that are open, the outermost first; at most [`MAX_DEPTH`].
    open: Vec<Open>,
    /// Those that are open beyond.
    beyond: usize,
    deepest: usize,
    in_string: bool,
    escaped: bool,
    string: usize,
    /// A name, a string or a number of the outermost object, as it is written, while it is read; cut at [`TOKEN`].
    token: Vec<u8>,
    /// The name whose value comes.
    name: Vec<u8>,
    id: Option<i64>,
    method: bool,
    /// Whether there is a `result` or an `error`, other than `null`.
    answer: bool,
    weight: usize,
}

/// An open container.
#[derive(Clone, Copy, Debug)]
struct Open {
    is_object: bool,
    members: usize,
}

impl Outline {
    #[cfg(test)]
    pub(crate) fn of(message: &[u8]) -> Self {
        let mut outline = Self::default();
        outline.read(message);
        outline
    }

    /// Reads on.
    pub(crate) fn read(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.step(*byte);
        }
    }

    /// The request that it answers: `id` of the outermost object, where there is no `method` beside it, or one beside a
    /// `result` or an `error`.
    pub(crate) fn id(&self) -> Option<i64> {
        self.id.filter(|_| !self.method || self.answer)
    }

    /// The deepest nesting.
    pub(crate) fn depth(&self) -> usize {
        self.deepest
    }

    /// What it weighs once it is read.
    pub(crate) fn weight(&self) -> usize {
        self.weight
    }

    /// Whether there was a container and it is closed.
    #[cfg(feature = "http")]
    pub(crate) fn is_closed(&self) -> bool {
        self.deepest > 0 && self.level() == 0
    }

    /// How many containers are open.
    fn level(&self) -> usize {
        self.open.len().saturating_add(self.beyond)
    }

    fn step(&mut self, byte: u8) {
        if self.in_string {
            self.string = self.string.saturating_add(1);
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => {
                    self.in_string = false;
                    self.weigh(weight::string(self.string.saturating_sub(1)));
                }
                _ => {}
            }
            return self.keep(byte);
        }
        match byte {
            b'}' | b']' => {
                self.end_member();
                self.close();
            }
            b',' => {
                self.member();
                self.end_member();
            }
            b':' if self.level() == 1 => self.name = std::mem::take(&mut self.token),
            b':' | b' ' | b'\t' | b'\r' | b'\n' => {}
            begins => {
                // Before its end: it may be what does not end.
                if self.level() == 1 && self.token.is_empty() && self.names_an_answer() && begins != b'n' {
                    self.answer = true;
                }
                if self.open.last().is_some_and(|open| open.members == 0) {
                    self.member();
                }
                self.begin(begins);
            }
        }
    }

    /// A string, a container, or a byte of something else.
    fn begin(&mut self, byte: u8) {
        match byte {
            b'"' => {
                self.in_string = true;
                self.string = 0;
                self.keep(byte);
            }
            b'{' | b'[' => {
                if self.open.len() < MAX_DEPTH {
                    self.open.push(Open { is_object: byte == b'{', members: 0 });
                } else {
                    self.beyond = self.beyond.saturating_add(1);
                }
                self.deepest = self.deepest.max(self.level());
                self.token.clear();
            }
            _ => self.keep(byte),
        }
    }

    fn close(&mut self) {
        if self.beyond > 0 {
            self.beyond = self.beyond.saturating_sub(1);
        } else {
            self.open.pop();
        }
    }

    /// One more in the innermost container.
    fn member(&mut self) {
        if self.beyond > 0 {
            return;
        }
        let Some(open) = self.open.last_mut() else { return };
        open.members = open.members.saturating_add(1);
        let costs = if open.is_object { weight::member(open.members) } else { weight::item(open.members) };
        self.weigh(costs);
    }

    fn weigh(&mut self, weight: usize) {
        self.weight = self.weight.saturating_add(weight);
    }

    fn keep(&mut self, byte: u8) {
        if self.level() == 1 && self.token.len() < TOKEN {
            self.token.push(byte);
        }
    }

    fn names_an_answer(&self) -> bool {
        matches!(self.name.as_slice(), b"\"result\"" | b"\"error\"")
    }

    fn end_member(&mut self) {
        if self.level() != 1 {
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
            // Beside what was asked, and before its end.
            (r#"{"method":"tools/call","id":7,"result":{"a":"#, Some(7)),
            (r#"{"id":7,"error":"no","method":"tools/call"}"#, Some(7)),
            (r#"{"id":7,"method":"tools/call","result":7}"#, Some(7)),
            // No answer to a request of ours.
            (r#"{"id":7,"method":"ping"}"#, None),
            (r#"{"id":7,"method":"ping","result":null,"error": null}"#, None),
            (r#"{"id":7,"method":"ping","params":{"result":{}}}"#, None),
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

    /// Never less than what is read weighs, and not much more: strings are weighed with their escapes.
    #[test]
    fn it_weighs_what_is_read() {
        for message in [
            "{}",
            r#"{"a":1,"b":[1,2,3],"c":{}}"#,
            r#"{"a":"[[[,,,{{{\",,,","b":""}"#,
            "[{},{},{}]",
            r#"[{"a":1},{"a":1} , {"a":[ ]}]"#,
            r#"{"a":{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1,"i":1,"j":1,"k":1,"l":1},"b":[1,2,3,4,5,6,7,8,9]}"#,
            "[\n  {\n    \"id\": \"1\"\n  }\n]",
        ] {
            let read: serde_json::Value = serde_json::from_str(message).unwrap();
            let (weighed, read) =
                (Outline::of(message.as_bytes()).weight(), weight::of(&read) - weight::VALUE);
            assert!(weighed >= read && weighed <= read + 2, "{message}: {weighed} and {read}");
        }
    }

    #[test]
    fn the_deepest_nesting_is_known_beyond_what_is_read() {
        for depth in [1, MAX_DEPTH, MAX_DEPTH + 1, 10 * MAX_DEPTH] {
            let message = format!("{}{},\"id\":7}}", "{\"a\":".repeat(depth), "}".repeat(depth - 1));
            let outline = Outline::of(message.as_bytes());
            assert_eq!((outline.depth(), outline.id()), (depth, Some(7)));
        }
    }
}
