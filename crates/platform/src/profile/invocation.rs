//! How a tool is called: its arguments, each a value in which `{…}` stands for what a caller hands over.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::template::Braced;

/// What a caller can hand over, whatever the tool calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Input {
    /// The text as it is sent.
    Text,
    /// The text as LinkedIn's *little text*: what that reads as signs of its own is escaped, so that it shows what was
    /// approved.
    LittleText,
    /// Its first line, for tools that want a title beside it.
    FirstLine,
    /// The account, as the server names it.
    Account,
    /// What an engagement is about.
    Target,
    /// Ids of uploaded media, as an array.
    MediaIds,
    /// The id of the only uploaded medium.
    MediaId,
    /// URLs of the media, as an array.
    MediaUrls,
    /// The URL of the only medium.
    MediaUrl,
    /// Paths of files that hold the media, as an array.
    MediaPaths,
    /// The path of a file that holds the only medium.
    MediaPath,
    /// The bytes of a medium, in base64.
    Data,
    /// The name of a medium's file.
    FileName,
    /// SHA-256 of a medium's bytes, in hex.
    Sha256,
    /// The id of a post.
    Id,
    /// What the step before the act made.
    Prepared,
}

impl Input {
    pub(crate) const ALL: [Self; 16] = [
        Self::Text,
        Self::LittleText,
        Self::FirstLine,
        Self::Account,
        Self::Target,
        Self::MediaIds,
        Self::MediaId,
        Self::MediaUrls,
        Self::MediaUrl,
        Self::MediaPaths,
        Self::MediaPath,
        Self::Data,
        Self::FileName,
        Self::Sha256,
        Self::Id,
        Self::Prepared,
    ];

    /// As profiles write it, within braces.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::LittleText => "little_text",
            Self::FirstLine => "first_line",
            Self::Account => "account",
            Self::Target => "target",
            Self::MediaIds => "media_ids",
            Self::MediaId => "media_id",
            Self::MediaUrls => "media_urls",
            Self::MediaUrl => "media_url",
            Self::MediaPaths => "media_paths",
            Self::MediaPath => "media_path",
            Self::Data => "data",
            Self::FileName => "file_name",
            Self::Sha256 => "sha256",
            Self::Id => "id",
            Self::Prepared => "prepared",
        }
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|input| input.as_str() == name)
    }

    /// Whether it is there once for each medium.
    const fn is_list(self) -> bool {
        matches!(self, Self::MediaIds | Self::MediaUrls | Self::MediaPaths)
    }
}

/// What stands in braces: an input, or a setting of the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Input(Input),
    Setting(String),
}

impl Part {
    /// Reads what stands between two braces; `None` for what nothing fills in.
    fn named(name: &str) -> Option<Self> {
        match name.strip_prefix("settings.") {
            Some(setting) => Some(Self::Setting(setting.to_owned())),
            None => Input::named(name).map(Self::Input),
        }
    }
}

/// The value of an argument.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Template {
    /// Always the same, such as `true`.
    Constant(Value),
    /// `"{media_urls}"`: what is handed over, as it is.
    Whole(Part),
    /// `"from:{account}"`: text with what is handed over within; lists are joined by commas.
    Within(Vec<Piece>),
    Object(BTreeMap<String, Template>),
    Array(Vec<Template>),
}

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    Text(String),
    Part(Part),
}

impl Template {
    /// Reads the value of an argument; names in braces that nothing fills in are handed to `unknown`.
    pub(crate) fn read(value: Value, unknown: &mut impl FnMut(String)) -> Self {
        match value {
            Value::String(text) => Self::of_text(text, unknown),
            Value::Object(members) => {
                let read = members.into_iter().map(|(name, value)| (name, Self::read(value, unknown)));
                let members: BTreeMap<String, Self> = read.collect();
                match members.values().all(Self::is_constant) {
                    true => Self::Constant(
                        members.into_iter().map(|(name, member)| (name, member.fill_constant())).collect(),
                    ),
                    false => Self::Object(members),
                }
            }
            Value::Array(items) => {
                let items: Vec<Self> = items.into_iter().map(|item| Self::read(item, unknown)).collect();
                match items.iter().all(Self::is_constant) {
                    true => Self::Constant(items.into_iter().map(Self::fill_constant).collect()),
                    false => Self::Array(items),
                }
            }
            constant => Self::Constant(constant),
        }
    }

    fn of_text(text: String, unknown: &mut impl FnMut(String)) -> Self {
        let mut pieces: Vec<Piece> = Vec::new();
        for braced in Braced::split(&text) {
            let piece = match braced {
                Braced::Text(text) => Piece::Text(text.to_owned()),
                Braced::Name(name) => match Part::named(name) {
                    Some(part) => Piece::Part(part),
                    None => {
                        unknown(name.to_owned());
                        continue;
                    }
                },
            };
            pieces.push(piece);
        }
        match pieces.as_slice() {
            [Piece::Part(part)] => Self::Whole(part.clone()),
            pieces if pieces.iter().all(|piece| matches!(piece, Piece::Text(_))) => {
                Self::Constant(text.into())
            }
            _ => Self::Within(pieces),
        }
    }

    fn is_constant(&self) -> bool {
        matches!(self, Self::Constant(_))
    }

    fn fill_constant(self) -> Value {
        match self {
            Self::Constant(value) => value,
            _ => Value::Null,
        }
    }

    /// The value of a call; `None` where what it is made of is not there, so that nothing is sent half filled in.
    fn fill(&self, value: &impl Fn(&Part) -> Option<Value>) -> Option<Value> {
        match self {
            Self::Constant(value) => Some(value.clone()),
            Self::Whole(part) => value(part),
            Self::Within(pieces) => {
                let filled = pieces.iter().map(|piece| match piece {
                    Piece::Text(text) => Some(text.clone()),
                    Piece::Part(part) => Some(joined(&value(part)?)),
                });
                filled.collect::<Option<String>>().map(Value::from)
            }
            Self::Object(members) => {
                let filled =
                    members.iter().filter_map(|(name, member)| Some((name.clone(), member.fill(value)?)));
                Some(Value::Object(filled.collect()))
            }
            Self::Array(items) => Some(items.iter().filter_map(|item| item.fill(value)).collect()),
        }
    }

    /// Every part that it names.
    fn parts(&self) -> Box<dyn Iterator<Item = &Part> + '_> {
        match self {
            Self::Constant(_) => Box::new(std::iter::empty()),
            Self::Whole(part) => Box::new(std::iter::once(part)),
            Self::Within(pieces) => Box::new(pieces.iter().filter_map(|piece| match piece {
                Piece::Part(part) => Some(part),
                Piece::Text(_) => None,
            })),
            Self::Object(members) => Box::new(members.values().flat_map(Self::parts)),
            Self::Array(items) => Box::new(items.iter().flat_map(Self::parts)),
        }
    }

    /// Whether `{input}` stands within a longer text.
    fn holds_within(&self, input: Input) -> bool {
        match self {
            Self::Within(pieces) => pieces.contains(&Piece::Part(Part::Input(input))),
            Self::Object(members) => members.values().any(|member| member.holds_within(input)),
            Self::Array(items) => items.iter().any(|item| item.holds_within(input)),
            Self::Constant(_) | Self::Whole(_) => false,
        }
    }
}

fn joined(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(joined).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

/// An argument.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Argument {
    pub(crate) value: Template,
    /// Whether the tool takes it as a text that holds JSON.
    pub(crate) as_json: bool,
}

/// How a tool is called.
#[derive(Clone, Debug, PartialEq, Default)]
pub(crate) struct Invocation {
    /// The tool.
    pub(crate) tool: String,
    /// By the tool's own names.
    pub(crate) arguments: BTreeMap<String, Argument>,
}

impl Invocation {
    /// Whether the tool takes an input.
    pub(crate) fn takes(&self, input: Input) -> bool {
        self.inputs().any(|taken| taken == input)
    }

    /// Every input that the tool takes, once for each place.
    pub(crate) fn inputs(&self) -> impl Iterator<Item = Input> {
        self.parts().filter_map(|part| match part {
            Part::Input(input) => Some(*input),
            Part::Setting(_) => None,
        })
    }

    /// Every setting of the host that the tool takes.
    pub(crate) fn settings(&self) -> impl Iterator<Item = &str> {
        self.parts().filter_map(|part| match part {
            Part::Setting(name) => Some(name.as_str()),
            Part::Input(_) => None,
        })
    }

    /// The first argument in which an input stands within a longer text.
    pub(crate) fn holds_within(&self, input: Input) -> Option<&str> {
        let mut arguments = self.arguments.iter();
        let found = arguments.find(|(_, argument)| argument.value.holds_within(input));
        found.map(|(name, _)| name.as_str())
    }

    /// Whether the tool takes the words of a post, in whichever form.
    pub(crate) fn takes_words(&self) -> bool {
        self.takes(Input::Text) || self.takes(Input::LittleText)
    }

    /// Whether the tool takes media in some form.
    pub(crate) fn takes_media(&self) -> bool {
        self.takes_one_medium() || self.takes_several_media()
    }

    /// Whether the tool takes a medium by itself.
    pub(crate) fn takes_one_medium(&self) -> bool {
        self.inputs()
            .any(|input| matches!(input, Input::MediaId | Input::MediaUrl | Input::MediaPath | Input::Data))
    }

    /// Whether the tool takes any number of media.
    pub(crate) fn takes_several_media(&self) -> bool {
        self.inputs().any(Input::is_list)
    }

    /// Whether the tool takes ids of media that were uploaded before.
    pub(crate) fn takes_media_ids(&self) -> bool {
        self.takes(Input::MediaIds) || self.takes(Input::MediaId)
    }

    /// The arguments of a call. What is not there is left out, never sent as null.
    pub(crate) fn arguments(&self, value: impl Fn(&Part) -> Option<Value>) -> Map<String, Value> {
        let filled = self.arguments.iter().filter_map(|(name, argument)| {
            let filled = argument.value.fill(&value)?;
            let sent = if argument.as_json { Value::String(filled.to_string()) } else { filled };
            Some((name.clone(), sent))
        });
        filled.collect()
    }

    fn parts(&self) -> impl Iterator<Item = &Part> {
        self.arguments.values().flat_map(|argument| argument.value.parts())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn filled(value: Value, as_json: bool) -> (Option<Value>, Vec<String>) {
        let mut unknown = Vec::new();
        let value = Template::read(value, &mut |name| unknown.push(name));
        let invocation = Invocation {
            tool: "t".to_owned(),
            arguments: [("a".to_owned(), Argument { value, as_json })].into(),
        };
        let mut arguments = invocation.arguments(|part| match part {
            Part::Input(Input::Account) => Some("peer".into()),
            Part::Input(Input::Text) => Some("a \"{account}\"\n".into()),
            Part::Input(Input::MediaUrls) => Some(json!(["https://h/1", "https://h/2"])),
            Part::Setting(name) if name == "urn" => Some("urn:li:person:1".into()),
            _ => None,
        });
        (arguments.remove("a"), unknown)
    }

    #[test]
    fn arguments_are_values_with_what_is_handed_over_in_braces() {
        for (written, sent) in [
            (json!(true), Some(json!(true))),
            (json!("always"), Some(json!("always"))),
            (json!("{text}"), Some(json!("a \"{account}\"\n"))),
            (json!("from:{account} -is:retweet"), Some(json!("from:peer -is:retweet"))),
            (json!("{media_urls}"), Some(json!(["https://h/1", "https://h/2"]))),
            (json!("urls={media_urls}"), Some(json!("urls=https://h/1,https://h/2"))),
            (json!({ "by": "{settings.urn}", "n": 1 }), Some(json!({ "by": "urn:li:person:1", "n": 1 }))),
            (json!([{ "t": "{text}" }, "{target}"]), Some(json!([{ "t": "a \"{account}\"\n" }]))),
            // What is not there is left out, and nothing is sent half filled in.
            (json!("{target}"), None),
            (json!("to:{target}"), None),
            (json!("{settings.other}"), None),
            // Braces that hold no name stand for themselves.
            (json!("{}"), Some(json!("{}"))),
            (json!("{ \"a\": 1 }"), Some(json!("{ \"a\": 1 }"))),
            (json!("{text"), Some(json!("{text"))),
        ] {
            assert_eq!(filled(written.clone(), false), (sent, Vec::new()), "{written}");
        }
    }

    #[test]
    fn json_inside_a_string_is_escaped_as_json() {
        let (sent, _) = filled(json!({ "commentary": "{text}", "to": "{target}" }), true);
        let sent = sent.unwrap();
        let inner: Value = serde_json::from_str(sent.as_str().unwrap()).unwrap();
        assert_eq!(inner, json!({ "commentary": "a \"{account}\"\n" }));
    }

    #[test]
    fn names_that_nothing_fills_in_are_told() {
        assert_eq!(filled(json!("{handle}: {text}"), false).1, ["handle"]);
        assert_eq!(filled(json!({ "deep": ["{nobody}"] }), false).1, ["nobody"]);
    }
}
