//! Taking arguments out of a call, one at a time.
//!
//! By hand rather than by derive: a caller is told the name of the argument that is wrong, and `null` is not taken
//! for absence, which is what the schemas say.

use serde_json::{Map, Value};

use crate::{
    engagement::TargetKind,
    platform::Platform,
    tools::{DEFAULT_ACCOUNT, DEFAULT_LIST, MAX_LIST, MAX_NAME, Spec},
};

/// The arguments that nobody has asked for yet.
pub(super) struct Arguments(Map<String, Value>);

impl Arguments {
    pub(super) fn new(arguments: Map<String, Value>) -> Self {
        Self(arguments)
    }

    pub(super) fn text(&mut self, name: &str) -> Result<Option<String>, String> {
        match self.0.remove(name) {
            None => Ok(None),
            Some(Value::String(text)) if !text.is_empty() => Ok(Some(text)),
            Some(Value::String(_)) => Err(format!("`{name}` is empty")),
            Some(_) => Err(format!("`{name}` is not a string")),
        }
    }

    /// A short string: an id, a key, a file name.
    pub(super) fn name(&mut self, name: &str) -> Result<Option<String>, String> {
        let text = self.text(name)?;
        if text.as_ref().is_some_and(|text| text.chars().count() > MAX_NAME) {
            return Err(format!("`{name}` has more than {MAX_NAME} characters"));
        }
        Ok(text)
    }

    /// A short string that must be there.
    pub(super) fn required_name(&mut self, name: &str) -> Result<String, String> {
        self.name(name).and_then(|value| required(name, value))
    }

    /// A text that must be there.
    pub(super) fn required_text(&mut self, name: &str) -> Result<String, String> {
        self.text(name).and_then(|value| required(name, value))
    }

    /// The platform of a call: the only one of the tool, or the one that is named.
    pub(super) fn platform(&mut self, spec: &Spec) -> Result<Platform, String> {
        if let [only] = spec.platforms {
            return Ok(*only);
        }
        let name = self.required_name("platform")?;
        let platform =
            Platform::from_name(&name).ok_or_else(|| format!("`platform` `{name}` is not known"))?;
        if !spec.platforms.contains(&platform) {
            return Err(format!("`{}` does not serve the `platform` `{name}`", spec.name));
        }
        Ok(platform)
    }

    pub(super) fn target_kind(&mut self) -> Result<TargetKind, String> {
        let name = self.required_name("kind")?;
        TargetKind::ALL
            .into_iter()
            .find(|kind| kind.name() == name)
            .ok_or_else(|| format!("`kind` `{name}` is not `post`, `comment` or `user`"))
    }

    pub(super) fn account(&mut self) -> Result<Option<String>, String> {
        let account = self.name("account")?;
        let fits = |account: &String| {
            account.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
        };
        if account.as_ref().is_some_and(|account| !fits(account)) {
            return Err("`account` has characters other than letters, digits and `_.-`".to_owned());
        }
        Ok(account)
    }

    /// The account that acts.
    pub(super) fn actor(&mut self) -> Result<String, String> {
        Ok(self.account()?.unwrap_or_else(|| DEFAULT_ACCOUNT.to_owned()))
    }

    pub(super) fn sha256(&mut self) -> Result<Option<String>, String> {
        let sha256 = self.name("sha256")?.map(|text| text.to_ascii_lowercase());
        let fits = |text: &String| text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if sha256.as_ref().is_some_and(|text| !fits(text)) {
            return Err("`sha256` is not 64 hexadecimal digits".to_owned());
        }
        Ok(sha256)
    }

    pub(super) fn limit(&mut self) -> Result<u64, String> {
        let Some(value) = self.0.remove("limit") else {
            return Ok(DEFAULT_LIST);
        };
        value
            .as_u64()
            .filter(|limit| (1..=MAX_LIST).contains(limit))
            .ok_or_else(|| format!("`limit` is not an integer from 1 to {MAX_LIST}"))
    }

    pub(super) fn media_ids(&mut self, most: usize) -> Result<Vec<String>, String> {
        let ids = match self.0.remove("media_ids") {
            None => return Ok(Vec::new()),
            Some(Value::Array(ids)) if ids.len() <= most => ids,
            Some(Value::Array(_)) => return Err(format!("`media_ids` has more than {most} ids")),
            Some(_) => return Err("`media_ids` is not an array".to_owned()),
        };
        ids.into_iter()
            .map(|id| match id {
                Value::String(id) if (1..=MAX_NAME).contains(&id.chars().count()) => Ok(id),
                _ => Err("`media_ids` holds something that is not an id".to_owned()),
            })
            .collect()
    }

    /// Whatever is left was not asked for.
    pub(super) fn end(&self) -> Result<(), String> {
        match self.0.keys().next() {
            None => Ok(()),
            Some(name) => Err(format!("`{name}` is not an argument of this tool")),
        }
    }
}

fn required<T>(name: &str, value: Option<T>) -> Result<T, String> {
    value.ok_or_else(|| format!("`{name}` is missing"))
}
