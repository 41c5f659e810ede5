//! What an argument of a tool takes, by its name and its schema.

use serde_json::{Map, Value, json};

use super::choose::Tool;
use super::words;

/// An argument of a tool.
#[derive(Clone, Debug)]
pub(super) struct Property<'a> {
    pub(super) name: &'a str,
    pub(super) required: bool,
    pub(super) schema: &'a Value,
    words: Vec<String>,
}

/// How a tool takes media.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Media {
    Url,
    Urls,
    Path,
    Paths,
    Id,
    Ids,
}

impl Media {
    pub(super) const fn placeholder(self) -> &'static str {
        match self {
            Self::Url => "{media_url}",
            Self::Urls => "{media_urls}",
            Self::Path => "{media_path}",
            Self::Paths => "{media_paths}",
            Self::Id => "{media_id}",
            Self::Ids => "{media_ids}",
        }
    }

    pub(super) const fn is_several(self) -> bool {
        matches!(self, Self::Urls | Self::Paths | Self::Ids)
    }

    pub(super) const fn is_uploaded(self) -> bool {
        matches!(self, Self::Id | Self::Ids)
    }
}

impl<'a> Property<'a> {
    pub(super) fn new(name: &'a str, schema: &'a Value, required: bool) -> Self {
        Self { name, required, schema, words: words(name) }
    }

    fn has(&self, words: &[&str]) -> bool {
        self.words.iter().any(|word| words.contains(&word.as_str()))
    }

    /// Whether its schema allows a type. One without a type allows all.
    fn is(&self, wanted: &str) -> bool {
        let of = |schema: &Value| match schema.get("type") {
            Some(Value::String(kind)) => kind == wanted,
            Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == wanted),
            _ => false,
        };
        let several = ["anyOf", "oneOf"].into_iter().filter_map(|name| self.schema.get(name)?.as_array());
        let any = several.flatten().any(of);
        let untyped = ["type", "anyOf", "oneOf"].iter().all(|name| self.schema.get(name).is_none());
        of(self.schema) || any || untyped
    }

    pub(super) fn is_account(&self) -> bool {
        matches!(
            self.name,
            "account"
                | "username"
                | "user"
                | "handle"
                | "user_id"
                | "userId"
                | "account_id"
                | "screen_name"
                | "user_name"
        )
    }

    pub(super) fn is_data(&self) -> bool {
        self.has(&["base64", "data", "bytes"]) && self.is("string")
    }

    pub(super) fn is_path(&self) -> bool {
        self.has(&["path", "paths", "file", "filepath"]) && !self.has(&["thumbnail", "cover", "csv"])
    }

    fn media(&self) -> Option<Media> {
        let medium = self.has(&["image", "video", "media", "photo", "file", "images", "videos", "picture"]);
        let other = self.has(&["type", "cover", "thumbnail", "alt", "category"]);
        if !medium || other {
            return None;
        }
        let several = self.is("array") || self.has(&["urls", "paths", "ids", "images", "videos", "files"]);
        let form = |one, many| Some(if several { many } else { one });
        if self.is_path() {
            form(Media::Path, Media::Paths)
        } else if self.has(&["url", "urls"]) {
            form(Media::Url, Media::Urls)
        } else if self.has(&["id", "ids"]) {
            form(Media::Id, Media::Ids)
        } else {
            None
        }
    }

    /// The medium that its name speaks of, as `by_media` calls it.
    pub(super) fn media_kind(&self) -> Option<&'static str> {
        let several = self.media()?.is_several();
        if self.has(&["image", "photo", "picture", "images"]) {
            Some(if several { "images" } else { "image" })
        } else if self.has(&["video", "videos"]) {
            Some(if several { "videos" } else { "video" })
        } else {
            None
        }
    }
}

/// The argument that takes the text.
pub(super) fn text_argument<'t, 'a>(tool: &'t Tool<'a>) -> Option<&'t Property<'a>> {
    const NAMES: [&str; 15] = [
        "text",
        "commentary",
        "caption",
        "message",
        "body",
        "content",
        "tweet",
        "status",
        "tweet_text",
        "post_text",
        "comment",
        "comment_text",
        "reply_text",
        "description",
        "title",
    ];
    NAMES.into_iter().find_map(|name| {
        let property = tool.properties.iter().find(|property| property.words.join("_") == name);
        property.filter(|property| property.is("string"))
    })
}

/// The argument that takes media, and how.
pub(super) fn media_argument<'t, 'a>(tool: &'t Tool<'a>) -> Option<(&'t Property<'a>, Media)> {
    media_arguments(tool).into_iter().next()
}

/// Every argument that takes media.
pub(super) fn media_arguments<'t, 'a>(tool: &'t Tool<'a>) -> Vec<(&'t Property<'a>, Media)> {
    tool.properties.iter().filter_map(|property| Some((property, property.media()?))).collect()
}

/// The argument that takes an id of a post or a comment; the required one first.
pub(super) fn id_argument<'t, 'a>(tool: &'t Tool<'a>) -> Option<&'t Property<'a>> {
    let of = |property: &&Property<'_>| {
        let last = property.words.last().is_some_and(|last| matches!(last.as_str(), "id" | "urn" | "uri"));
        let other = property
            .has(&["reply", "quote", "location", "user", "account", "channel", "category", "playlist"]);
        last && !other && property.is("string")
    };
    let found: Vec<_> = tool.properties.iter().filter(of).collect();
    found.iter().find(|property| property.required).or_else(|| found.first()).copied()
}

/// The arguments of a call, with what is to be said about them.
#[derive(Debug, Default)]
pub(super) struct Filled {
    pub(super) arguments: Map<String, Value>,
    pub(super) comments: Vec<String>,
    /// Settings that the host would have to give.
    pub(super) settings: Vec<String>,
}

/// What a call hands over.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Handed<'t> {
    /// What takes the words: `{text}`, or `{little_text}`.
    pub(super) words: Option<&'t str>,
    pub(super) media: bool,
    /// An argument, and the placeholder that it takes.
    pub(super) about: Option<(&'t str, &'t str)>,
}

/// Fills in the arguments of a tool as far as their names tell.
pub(super) fn fill(tool: &Tool<'_>, handed: Handed<'_>) -> Filled {
    let mut filled = Filled::default();
    let text = text_argument(tool).filter(|_| handed.words.is_some()).map(|property| property.name);
    for property in &tool.properties {
        let name = property.name;
        let mut put = |value: Value| filled.arguments.insert(name.to_owned(), value);
        if let Some((_, placeholder)) = handed.about.filter(|(about, _)| *about == name) {
            put(placeholder.into());
        } else if let Some(words) = handed.words.filter(|_| text == Some(name)) {
            put(words.into());
        } else if let Some((media, _)) =
            property.media().zip(Some(())).filter(|_| handed.media && property.required)
        {
            put(media.placeholder().into());
        } else if handed.words.is_some() && name == "title" && property.required {
            put("{first_line}".into());
        } else if property.is_account() && property.required {
            put("{account}".into());
        } else if let Some(flag) = flag(property) {
            put(flag.into());
        } else if let Some(limit) = limit(property).filter(|_| handed.words.is_none()) {
            put(limit.into());
        } else if is_visibility(property) && handed.words.is_some() {
            visibility(property, &mut filled);
        } else if property.required {
            required(property, &mut filled);
        }
    }
    filled
}

/// What makes a call do what it says, whatever its default is.
fn flag(property: &Property<'_>) -> Option<bool> {
    if !property.is("boolean") {
        return None;
    }
    match property.words.join("_").as_str() {
        "dry_run" | "preview" | "preview_only" | "draft" | "is_draft" | "as_draft" | "simulate" => {
            Some(false)
        }
        "confirm" | "confirmed" | "execute" | "publish_now" | "publish" => Some(true),
        _ => None,
    }
}

/// How many items to ask for: as many as the schema allows, a hundred at most.
fn limit(property: &Property<'_>) -> Option<u64> {
    let counts = matches!(
        property.name,
        "limit"
            | "max_results"
            | "maxResults"
            | "count"
            | "page_size"
            | "amount"
            | "max"
            | "per_page"
            | "max_count"
    );
    let most = property.schema.get("maximum").and_then(Value::as_u64);
    counts.then(|| most.unwrap_or(20).min(100))
}

fn is_visibility(property: &Property<'_>) -> bool {
    property.has(&["visibility", "privacy", "audience"]) && property.is("string")
}

/// Who may see a post. A default that is not public makes a post that nobody sees.
fn visibility(property: &Property<'_>, filled: &mut Filled) {
    let name = property.name;
    let public = |word: &Value| word.as_str().is_some_and(|word| word.to_lowercase().starts_with("public"));
    let allowed =
        property.schema.get("enum").and_then(Value::as_array).into_iter().flatten().find(|word| public(word));
    let default = property.schema.get("default");
    match (allowed, default) {
        (_, Some(default)) if public(default) => {}
        (Some(word), _) => {
            filled.arguments.insert(name.to_owned(), word.clone());
        }
        (None, default) => {
            let default = default.map_or_else(|| "not told".to_owned(), Value::to_string);
            filled.comments.push(format!(
                "to do: `{name}` decides who may see the post, and its default is {default}; name the value that makes it public"
            ));
            if property.required {
                filled.arguments.insert(name.to_owned(), "public".into());
            }
        }
    }
}

/// What has to be there and has no name that tells what it is.
fn required(property: &Property<'_>, filled: &mut Filled) {
    let name = property.name;
    let first = property.schema.get("enum").and_then(Value::as_array).and_then(|all| all.first());
    let value = if let Some(value) = property.schema.get("const").or(first) {
        value.clone()
    } else if name.contains("reaction") {
        json!("LIKE")
    } else if property.is("string") {
        let setting = words(name).join("_");
        filled.settings.push(setting.clone());
        format!("{{settings.{setting}}}").into()
    } else if property.is("boolean") {
        json!(true)
    } else if property.is("integer") || property.is("number") {
        property.schema.get("minimum").cloned().unwrap_or_else(|| json!(1))
    } else if property.is("array") {
        json!([])
    } else {
        json!({})
    };
    filled.comments.push(format!("to do: `{name}` is required, and its name does not tell what it takes"));
    filled.arguments.insert(name.to_owned(), value);
}
