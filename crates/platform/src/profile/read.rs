//! Reading a profile: each section by itself, so that one error names the faults of all.

use std::collections::BTreeMap;

use chimera_contracts::{ErrorCode, Money, PlatformName};
use chimera_effect::Keys;
use chrono::TimeDelta;
use regex_lite::Regex;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use toml::Table;

use super::operation::{
    Condition, ErrorRule, GetTool, IdKind, Input, Invocation, ListTool, PublishTool, UploadTool,
};
use super::{PlatformProfile, Profile, ProfileError};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSettings {
    account_url: Option<String>,
    timeout_ms: u32,
    settle_ms: u32,
    #[serde(default)]
    idempotency: RawIdempotency,
    price: Money,
    #[serde(default)]
    errors: Vec<RawError>,
    #[serde(default)]
    soft_errors: Vec<Condition>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawIdempotency {
    arg: Option<String>,
    enforced_for_s: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawError {
    pattern: String,
    code: ErrorCode,
}

/// One pointer or several.
#[derive(Deserialize)]
#[serde(untagged)]
enum Pointers {
    One(String),
    Many(Vec<String>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPublish {
    tool: String,
    #[serde(default)]
    arguments: BTreeMap<Input, String>,
    #[serde(default)]
    constants: BTreeMap<String, Value>,
    id: Pointers,
    id_pattern: Option<String>,
    #[serde(default)]
    id_kind: IdKind,
    url: Option<String>,
    url_template: Option<String>,
    published_at: Option<String>,
    confirm: Option<Condition>,
    #[serde(default)]
    not_published: Vec<Condition>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawUpload {
    tool: String,
    #[serde(default)]
    arguments: BTreeMap<Input, String>,
    #[serde(default)]
    constants: BTreeMap<String, Value>,
    id: Pointers,
    timeout_ms: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawList {
    tool: String,
    #[serde(default)]
    arguments: BTreeMap<Input, String>,
    #[serde(default)]
    constants: BTreeMap<String, Value>,
    items: String,
    id: String,
    text: String,
    url: Option<String>,
    created_at: Option<String>,
    complete: Option<String>,
    look_every_ms: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawGet {
    tool: String,
    #[serde(default)]
    arguments: BTreeMap<Input, String>,
    #[serde(default)]
    constants: BTreeMap<String, Value>,
    text: String,
}

/// Where faults are gathered, and in which section reading is.
struct Reading {
    section: String,
    faults: Vec<String>,
}

pub(super) fn profile(text: &str) -> Result<Profile, ProfileError> {
    let mut table: Table =
        toml::from_str(text).map_err(|error| ProfileError::one(error.to_string().trim().to_owned()))?;
    let mut reading = Reading { section: "profile".to_owned(), faults: Vec::new() };
    let name = match table.remove("name") {
        Some(toml::Value::String(name)) if !name.is_empty() => name,
        _ => reading.fault("`name` is missing").unwrap_or_default(),
    };
    let sections = match table.remove("platforms") {
        Some(toml::Value::Table(sections)) if !sections.is_empty() => sections,
        _ => reading.fault("`platforms` is missing").unwrap_or_default(),
    };
    for unknown in table.keys() {
        reading.faults.push(format!("profile: `{unknown}` is not known"));
    }
    let mut platforms = BTreeMap::new();
    for (platform, section) in sections {
        reading.section = format!("platforms.{platform}");
        platforms.extend(reading.platform(&platform, section));
    }
    if reading.faults.is_empty() {
        Ok(Profile { name, platforms })
    } else {
        Err(ProfileError { faults: reading.faults })
    }
}

impl Reading {
    fn fault<T>(&mut self, fault: impl AsRef<str>) -> Option<T> {
        self.faults.push(format!("{}: {}", self.section, fault.as_ref()));
        None
    }

    fn section<T: DeserializeOwned>(&mut self, value: toml::Value) -> Option<T> {
        match value.try_into() {
            Ok(value) => Some(value),
            Err(error) => {
                let error: toml::de::Error = error;
                self.fault(error.message())
            }
        }
    }

    fn operation<T: DeserializeOwned>(&mut self, name: &str, value: Option<toml::Value>) -> Option<T> {
        let value = value?;
        self.section.push('.');
        self.section.push_str(name);
        self.section(value)
    }

    fn platform(&mut self, name: &str, section: toml::Value) -> Option<(PlatformName, PlatformProfile)> {
        let Ok(platform) = name.parse::<PlatformName>() else { return self.fault("no such platform") };
        let toml::Value::Table(mut section) = section else { return self.fault("not a table") };
        let home = self.section.clone();
        if !section.contains_key("publish") {
            self.fault::<()>("`publish` is missing");
        }
        let publish = self.operation("publish", section.remove("publish"));
        let publish = publish.and_then(|raw| self.publish(raw));
        self.section.clone_from(&home);
        let upload = self.operation("upload", section.remove("upload"));
        let upload = upload.and_then(|raw| self.upload(raw));
        self.section.clone_from(&home);
        let list = self.operation("list", section.remove("list"));
        let list = list.and_then(|raw| self.list(raw));
        self.section.clone_from(&home);
        let get = self.operation("get", section.remove("get"));
        let get = get.and_then(|raw| self.get(raw));
        self.section = home;
        let settings: RawSettings = self.section(toml::Value::Table(section))?;
        let (key_argument, keys) = self.keys(settings.idempotency);
        if settings.timeout_ms == 0 {
            self.fault::<()>("`timeout_ms` has to be longer than nothing");
        }
        self.template(settings.account_url.as_ref(), "account_url", "{account}");
        self.conditions(&settings.soft_errors);
        let errors = settings.errors.into_iter().filter_map(|raw| self.error_rule(&raw)).collect();
        let profile = PlatformProfile {
            platform,
            account_url: settings.account_url,
            timeout: milliseconds(settings.timeout_ms),
            settle: milliseconds(settings.settle_ms),
            key_argument,
            keys,
            price: settings.price,
            publish: publish?,
            upload,
            list,
            get,
            errors,
            soft_errors: settings.soft_errors,
        };
        Some((platform, profile))
    }

    fn keys(&mut self, raw: RawIdempotency) -> (Option<String>, Keys) {
        let keys = match (&raw.arg, raw.enforced_for_s) {
            (Some(_), Some(seconds)) => Keys::Enforced { retention: TimeDelta::seconds(seconds.into()) },
            (None, Some(_)) => {
                self.fault::<()>("`idempotency`: without `arg` no tool can enforce a key");
                Keys::Advisory
            }
            (_, None) => Keys::Advisory,
        };
        (raw.arg, keys)
    }

    fn error_rule(&mut self, raw: &RawError) -> Option<ErrorRule> {
        let pattern = self.pattern(&raw.pattern)?;
        Some(ErrorRule { pattern, code: raw.code })
    }

    fn publish(&mut self, raw: RawPublish) -> Option<PublishTool> {
        let invocation = self.invocation(raw.tool, raw.arguments, raw.constants, &[Input::Text]);
        let id = self.pointers(raw.id);
        let id_pattern = raw.id_pattern.and_then(|pattern| self.pattern(&pattern));
        for pointer in [&raw.url, &raw.published_at].into_iter().flatten() {
            self.pointer(pointer);
        }
        self.template(raw.url_template.as_ref(), "url_template", "{id}");
        self.conditions(&raw.not_published);
        self.conditions(raw.confirm.as_slice());
        Some(PublishTool {
            invocation,
            id,
            id_pattern,
            id_kind: raw.id_kind,
            url: raw.url,
            url_template: raw.url_template,
            published_at: raw.published_at,
            confirm: raw.confirm,
            not_published: raw.not_published,
        })
    }

    fn upload(&mut self, raw: RawUpload) -> Option<UploadTool> {
        let invocation = self.invocation(raw.tool, raw.arguments, raw.constants, &[Input::Data]);
        let id = self.pointers(raw.id);
        Some(UploadTool { invocation, id, timeout: milliseconds(raw.timeout_ms) })
    }

    fn list(&mut self, raw: RawList) -> Option<ListTool> {
        let invocation = self.invocation(raw.tool, raw.arguments, raw.constants, &[]);
        for pointer in [&raw.items, &raw.id, &raw.text] {
            self.pointer(pointer);
        }
        for pointer in [&raw.url, &raw.created_at, &raw.complete].into_iter().flatten() {
            self.pointer(pointer);
        }
        Some(ListTool {
            invocation,
            items: raw.items,
            id: raw.id,
            text: raw.text,
            url: raw.url,
            created_at: raw.created_at,
            complete: raw.complete,
            look_every: milliseconds(raw.look_every_ms.max(1)),
        })
    }

    fn get(&mut self, raw: RawGet) -> Option<GetTool> {
        let invocation = self.invocation(raw.tool, raw.arguments, raw.constants, &[Input::Id]);
        self.pointer(&raw.text);
        Some(GetTool { invocation, text: raw.text })
    }

    fn invocation(
        &mut self,
        tool: String,
        arguments: BTreeMap<Input, String>,
        constants: BTreeMap<String, Value>,
        wanted: &[Input],
    ) -> Invocation {
        if tool.is_empty() {
            self.fault::<()>("`tool` is empty");
        }
        for input in wanted.iter().filter(|input| !arguments.contains_key(input)) {
            self.fault::<()>(format!("no argument takes the input {input:?}"));
        }
        let mut names: Vec<_> = arguments.values().chain(constants.keys()).collect();
        names.sort();
        for pair in names.windows(2) {
            if let [first, second] = pair
                && first == second
            {
                self.fault::<()>(format!("the argument `{first}` is given twice"));
            }
        }
        Invocation { tool, arguments, constants }
    }

    fn pointers(&mut self, pointers: Pointers) -> Vec<String> {
        let pointers = match pointers {
            Pointers::One(pointer) => vec![pointer],
            Pointers::Many(pointers) => pointers,
        };
        for pointer in &pointers {
            self.pointer(pointer);
        }
        pointers
    }

    fn pointer(&mut self, pointer: &str) {
        if !pointer.is_empty() && !pointer.starts_with('/') {
            self.fault::<()>(format!("`{pointer}` is no JSON pointer; it has to begin with `/`"));
        }
    }

    fn conditions(&mut self, conditions: &[Condition]) {
        for condition in conditions {
            self.pointer(&condition.pointer);
        }
    }

    fn pattern(&mut self, pattern: &str) -> Option<Regex> {
        match Regex::new(pattern) {
            Ok(pattern) => Some(pattern),
            Err(error) => self.fault(format!("`{pattern}` is no pattern: {error}")),
        }
    }

    fn template(&mut self, template: Option<&String>, name: &str, part: &str) {
        if template.is_some_and(|template| !template.starts_with("https://") || !template.contains(part)) {
            self.fault::<()>(format!("`{name}` has to begin with `https://` and to hold `{part}`"));
        }
    }
}

fn milliseconds(milliseconds: u32) -> TimeDelta {
    TimeDelta::milliseconds(milliseconds.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_named() {
        let text = r#"
            color = "red"
            [platforms.mastodon]
            [platforms.twitter]
            timeout_ms = 0
            settle_ms = 0
            idempotency = { enforced_for_s = 5 }
            price = { micros = 1, currency = "USD" }
            errors = [{ pattern = "(", code = "PLATFORM_RATE_LIMIT" }]
            [platforms.twitter.publish]
            tool = ""
            id = "id"
            url_template = "http://h/"
            constants = { a = 1 }
            arguments = { account = "a" }
            [platforms.twitter.upload]
            tool = "u"
            [platforms.threads]
            price = 5
        "#;
        let faults = Profile::parse(text).unwrap_err().faults;
        let expected = [
            "profile: `name` is missing",
            "profile: `color` is not known",
            "platforms.mastodon: no such platform",
            "platforms.threads: `publish` is missing",
            "platforms.threads: ",
            "platforms.twitter.publish: `tool` is empty",
            "platforms.twitter.publish: no argument takes the input Text",
            "platforms.twitter.publish: the argument `a` is given twice",
            "platforms.twitter.publish: `id` is no JSON pointer",
            "platforms.twitter.publish: `url_template`",
            "platforms.twitter.upload: missing field",
            "platforms.twitter: `idempotency`: without `arg`",
            "platforms.twitter: `timeout_ms`",
            "platforms.twitter: `(` is no pattern",
        ];
        assert_eq!(faults.len(), expected.len(), "{faults:#?}");
        for (fault, expected) in faults.iter().zip(expected) {
            assert!(fault.starts_with(expected), "{fault} / {expected}");
        }
    }

    #[test]
    fn what_is_no_toml_is_refused() {
        assert_eq!(Profile::parse("name =").unwrap_err().faults.len(), 1);
    }
}
