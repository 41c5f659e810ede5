//! Server-sent events (WHATWG HTML 9.2), as far as MCP uses them: data, id, retry.
//!
//! INVARIANT: no more is held than one message up to its bound ([`Gatherer`]), one id and one number. An event may have any
//! number of lines and no end.

use std::time::Duration;

use crate::gather::{Excess, Gathered, Gatherer};

/// The longest name of a field that is told from others.
const NAME: usize = 8;
/// The longest id of an event that is kept.
const ID: usize = 1024;
/// The longest wait before the rest of a stream is asked for.
const LONGEST: Duration = Duration::from_secs(30);

/// Reads the events of one stream, and of those that go on with it.
#[derive(Debug)]
pub(crate) struct Events {
    data: Gatherer,
    /// Whether the event has a line of data.
    has_data: bool,
    /// The id of the last whole event.
    last_id: Option<String>,
    id: Vec<u8>,
    has_id: bool,
    retry: Option<Duration>,
    line: Line,
    after_return: bool,
}

/// Where in a line it is.
#[derive(Debug)]
enum Line {
    Name(Vec<u8>),
    /// In the value of a field; `begins` until its first byte, which may be a blank that does not count.
    Value {
        field: Field,
        begins: bool,
        digits: Vec<u8>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Data,
    Id,
    Retry,
    Other,
}

impl Events {
    /// Of messages of at most so many bytes.
    pub(crate) fn new(answer_limit: usize) -> Self {
        Self {
            data: Gatherer::new(answer_limit),
            has_data: false,
            last_id: None,
            id: Vec::new(),
            has_id: false,
            retry: None,
            line: Line::Name(Vec::new()),
            after_return: false,
        }
    }

    /// Reads on. The messages that are whole, or refused, go to `heard`.
    pub(crate) fn read(&mut self, mut bytes: &[u8], mut heard: impl FnMut(Gathered)) {
        while let Some(first) = bytes.first() {
            if std::mem::take(&mut self.after_return) && *first == b'\n' {
                bytes = bytes.get(1..).unwrap_or_default();
                continue;
            }
            let end = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            let (part, rest) = bytes.split_at(end.unwrap_or(bytes.len()));
            self.take(part, &mut heard);
            let Some(ending) = rest.first() else { return };
            self.after_return = *ending == b'\r';
            self.end_line(&mut heard);
            bytes = rest.get(1..).unwrap_or_default();
        }
    }

    /// The stream broke or ended. What goes on with it begins with a new event.
    pub(crate) fn broke(&mut self) {
        self.data.finish();
        self.has_data = false;
        self.has_id = false;
        self.line = Line::Name(Vec::new());
        self.after_return = false;
    }

    /// From where the rest of the stream can be asked for.
    pub(crate) fn last_id(&self) -> Option<&str> {
        self.last_id.as_deref()
    }

    /// How long to wait before.
    pub(crate) fn retry(&self) -> Option<Duration> {
        self.retry
    }

    /// How many bytes it holds, and which bound they passed.
    pub(crate) fn holds(&self) -> usize {
        self.data.holds()
    }

    /// The bound that the message of this moment passed.
    pub(crate) fn excess(&self) -> Option<Excess> {
        self.data.excess()
    }

    fn take(&mut self, part: &[u8], heard: &mut impl FnMut(Gathered)) {
        let mut part = part;
        if let Line::Name(name) = &mut self.line {
            let colon = part.iter().position(|byte| *byte == b':');
            let in_name = part.get(..colon.unwrap_or(part.len())).unwrap_or_default();
            name.extend(in_name.iter().take((NAME + 1).saturating_sub(name.len())));
            let Some(colon) = colon else { return };
            let field = field(name);
            self.begin(field);
            part = part.get(colon.saturating_add(1)..).unwrap_or_default();
        }
        let Line::Value { field, begins, digits } = &mut self.line else { return };
        if *begins && !part.is_empty() {
            *begins = false;
            part = part.strip_prefix(b" ").unwrap_or(part);
        }
        match field {
            Field::Data => {
                if let Some(refused) = self.data.add(part) {
                    heard(refused);
                }
            }
            Field::Id => self.id.extend(part.iter().take((ID + 1).saturating_sub(self.id.len()))),
            Field::Retry => digits.extend(part.iter().take(NAME.saturating_sub(digits.len()))),
            Field::Other => {}
        }
    }

    fn begin(&mut self, field: Field) {
        match field {
            Field::Data => {
                if self.has_data {
                    self.data.add(b"\n");
                }
                self.has_data = true;
            }
            Field::Id => {
                self.id.clear();
                self.has_id = true;
            }
            Field::Retry | Field::Other => {}
        }
        self.line = Line::Value { field, begins: true, digits: Vec::new() };
    }

    fn end_line(&mut self, heard: &mut impl FnMut(Gathered)) {
        match std::mem::replace(&mut self.line, Line::Name(Vec::new())) {
            Line::Name(name) if name.is_empty() => self.end_event(heard),
            // A field without a value.
            Line::Name(name) => {
                self.begin(field(&name));
                self.line = Line::Name(Vec::new());
            }
            // Servers leave out the blank line and keep the stream open (vercel/ai#16865).
            Line::Value { field: Field::Data, .. } if self.data.is_whole() => self.dispatch(heard),
            Line::Value { field: Field::Retry, digits, .. } => {
                let wait = std::str::from_utf8(&digits).ok().and_then(|digits| digits.parse().ok());
                self.retry = wait.map(|wait| Duration::from_millis(wait).min(LONGEST)).or(self.retry);
            }
            Line::Value { .. } => {}
        }
    }

    fn end_event(&mut self, heard: &mut impl FnMut(Gathered)) {
        if std::mem::take(&mut self.has_id) && self.id.len() <= ID && !self.id.contains(&0) {
            let id = String::from_utf8(std::mem::take(&mut self.id)).ok();
            // It goes back as a header.
            self.last_id =
                id.filter(|id| !id.is_empty() && id.bytes().all(|byte| (0x20..0x7f).contains(&byte)));
        }
        if std::mem::take(&mut self.has_data) {
            self.dispatch(heard);
        }
    }

    fn dispatch(&mut self, heard: &mut impl FnMut(Gathered)) {
        self.has_data = false;
        let is_empty = self.data.is_empty();
        if let Some(message) = self.data.finish().filter(|_| !is_empty) {
            heard(message);
        }
    }
}

fn field(name: &[u8]) -> Field {
    // A byte order mark may stand before the first.
    match name.strip_prefix(b"\xef\xbb\xbf").unwrap_or(name) {
        b"data" => Field::Data,
        b"id" => Field::Id,
        b"retry" => Field::Retry,
        _ => Field::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The messages of a stream that comes in these parts.
    fn messages(parts: &[&[u8]]) -> (Vec<String>, Events) {
        let mut events = Events::new(64);
        let mut messages = Vec::new();
        for part in parts {
            events.read(part, |gathered| {
                messages.push(match gathered {
                    Gathered::Whole(bytes) => String::from_utf8(bytes).unwrap(),
                    Gathered::Refused(outline, _) => format!("refused {:?}", outline.id()),
                });
            });
        }
        (messages, events)
    }

    fn check(stream: &str, expected: &[&str]) {
        for cut in 0..=stream.len() {
            let (first, second) = stream.as_bytes().split_at(cut);
            assert_eq!(messages(&[first, second]).0, expected, "{stream} cut at {cut}");
        }
    }

    #[test]
    fn messages_are_found_in_every_form_of_a_stream() {
        check("data: {\"a\":1}\n\n", &["{\"a\":1}"]);
        check("event: message\r\ndata:{\"a\":1}\r\n\r\ndata: [2]\r\n\r\n", &["{\"a\":1}", "[2]"]);
        check("data: {\"a\":1}\r\rdata: {}\r\r", &["{\"a\":1}", "{}"]);
        check(": a comment\n\nid: 7\ndata: {\"a\":\ndata: 1}\n\n", &["{\"a\":\n1}"]);
        check("data: text\ndata\ndata: more\n\n", &["text\n\nmore"]);
        check("\u{feff}data: {}\n\n", &["{}"]);
        check("data\n\ndata:\n\nid: 1\n\n", &[]);
        // Reported: the blank line is left out and the stream stays open (vercel/ai#16865).
        check("data: {\"a\":{\"b\":[]}}\n", &["{\"a\":{\"b\":[]}}"]);
        check("data: {}\n\ndata: {}\n", &["{}", "{}"]);
        // Without an end it is none.
        check("data: {\"a\":1}", &[]);
        check("data: {\"a\":\n", &[]);
        check("mydata: {}\ndatax: {}\n\n", &[]);
    }

    /// Reported: readers with a bound lose the answer and say nothing (python-sdk#3332, go-sdk#726).
    #[test]
    fn a_message_past_the_bound_is_refused_and_costs_no_other() {
        let long = format!("data: {{\"id\":7,\"a\":\"{}\"}}\n\ndata: {{}}\n\n", "x".repeat(64));
        check(&long, &["refused Some(7)", "{}"]);
        let endless = vec![b"data: 1\n".as_slice(); 1_000];
        let (heard, events) = messages(&endless);
        assert!(heard.is_empty() && events.holds() == 0 && events.excess().is_some());
    }

    #[test]
    fn the_last_id_is_that_of_a_whole_event_and_bounded() {
        let last = |stream: &str| messages(&[stream.as_bytes()]).1.last_id().map(str::to_owned);
        assert_eq!(last("id: 1\ndata:\n\nid: 2\n"), Some("1".to_owned()));
        assert_eq!(last("id: 1\n\nid\n\n"), None);
        assert_eq!(last(&format!("id: {}\n\n", "x".repeat(ID))), Some("x".repeat(ID)));
        assert_eq!(last(&format!("id: 1\n\nid: {}\n\n", "x".repeat(ID + 1))), Some("1".to_owned()));
        assert_eq!(last("id: a\u{e9}\n\n"), None);
        let retry = |stream: &str| messages(&[stream.as_bytes()]).1.retry();
        assert_eq!(retry("retry: 250\n"), Some(Duration::from_millis(250)));
        assert_eq!(retry("retry: 99999999\n"), Some(LONGEST));
        assert_eq!(retry("retry: soon\n"), None);
    }

    #[test]
    fn a_stream_that_goes_on_begins_with_a_new_event() {
        let (mut heard, mut events) = messages(&[b"id: 1\ndata: {}\n\ndata: {\"a\""]);
        events.broke();
        events.read(b"data: {\"b\":1}\n\n", |gathered| {
            let Gathered::Whole(bytes) = gathered else { panic!("it is whole") };
            heard.push(String::from_utf8(bytes).unwrap());
        });
        assert_eq!(heard, ["{}", "{\"b\":1}"]);
        assert_eq!(events.last_id(), Some("1"));
    }
}
