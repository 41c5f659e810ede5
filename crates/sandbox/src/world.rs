//! What other people have put into the world, for the sandbox's accounts to engage with.
//!
//! A file that a test writes and the sandbox only reads: what its own accounts add stands in the record. With a world
//! a target exists when one of the two holds it; without one every target exists that looks like an id.

use std::{collections::BTreeMap, collections::BTreeSet, fs::File, io::Read, path::Path};

use serde::{Deserialize, Serialize};

use crate::{engagement::TargetKind, error::SandboxError, platform::Platform, tools::MAX_NAME};

/// The largest file that is read.
const MAX_BYTES: u64 = 16 * 1024 * 1024;
/// The version of the form.
const VERSION: u32 = 1;

/// Posts, comments and users of other people. In JSON
/// `{"version": 1, "platforms": {"twitter": {"posts": [{"id": "1", "text": "Hi", "author": "ann"}]}}}`; unknown fields
/// are refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct World {
    version: u32,
    #[serde(default)]
    platforms: BTreeMap<Platform, Things>,
}

/// What is on one platform.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Things {
    posts: Vec<Thing>,
    comments: Vec<Thing>,
    users: Vec<Thing>,
}

/// A post, a comment or a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thing {
    /// The platform's id: 1 to 255 letters, digits and `_.:@-`.
    pub id: String,
    /// Its text; of a user, what stands in the profile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Who made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
}

impl Thing {
    /// Something of which nothing but the id is known.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), text: None, author: None }
    }

    /// The same, with a text by somebody.
    #[must_use]
    pub fn said(self, text: impl Into<String>, author: impl Into<String>) -> Self {
        Self { text: Some(text.into()), author: Some(author.into()), ..self }
    }
}

impl Default for World {
    fn default() -> Self {
        Self { version: VERSION, platforms: BTreeMap::new() }
    }
}

impl World {
    /// A world with nothing in it.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same, with one thing more.
    #[must_use]
    pub fn with(mut self, platform: Platform, kind: TargetKind, thing: Thing) -> Self {
        self.platforms.entry(platform).or_default().of_mut(kind).push(thing);
        self
    }

    /// Reads and checks a file.
    ///
    /// # Errors
    /// [`SandboxError::World`] when it cannot be read, has more than 16 MiB, is not of this form, or holds an id that
    /// no tool could name or that stands there twice.
    pub fn read(path: &Path) -> Result<Self, SandboxError> {
        let refused = |reason: String| SandboxError::World { path: path.to_owned(), reason };
        let mut bytes = Vec::new();
        File::open(path)
            .and_then(|file| file.take(MAX_BYTES.saturating_add(1)).read_to_end(&mut bytes))
            .map_err(|error| refused(error.to_string()))?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(refused(format!("it has more than {MAX_BYTES} bytes")));
        }
        let world: Self = serde_json::from_slice(&bytes).map_err(|error| refused(error.to_string()))?;
        let faults = world.faults();
        if faults.is_empty() { Ok(world) } else { Err(refused(faults.join("; "))) }
    }

    /// The text [`read`](Self::read) reads.
    ///
    /// # Errors
    /// [`SandboxError::Config`] when it cannot be written as JSON.
    pub fn to_json(&self) -> Result<String, SandboxError> {
        serde_json::to_string(self).map_err(|error| SandboxError::config(error.to_string()))
    }

    /// A thing by its id.
    pub(crate) fn thing(&self, platform: Platform, kind: TargetKind, id: &str) -> Option<&Thing> {
        self.platforms.get(&platform)?.of(kind).iter().find(|thing| thing.id == id)
    }

    /// Everything that is wrong, each with its JSON pointer.
    fn faults(&self) -> Vec<String> {
        let version = (self.version != VERSION)
            .then(|| format!("/version: expected {VERSION}, found {}", self.version));
        let things = self.platforms.iter().flat_map(|(platform, things)| {
            let lists = [("posts", &things.posts), ("comments", &things.comments), ("users", &things.users)];
            lists
                .into_iter()
                .flat_map(move |(name, list)| list_faults(&format!("/platforms/{platform}/{name}"), list))
        });
        version.into_iter().chain(things).collect()
    }
}

impl Things {
    fn of(&self, kind: TargetKind) -> &[Thing] {
        match kind {
            TargetKind::Post => &self.posts,
            TargetKind::Comment => &self.comments,
            TargetKind::User => &self.users,
        }
    }

    fn of_mut(&mut self, kind: TargetKind) -> &mut Vec<Thing> {
        match kind {
            TargetKind::Post => &mut self.posts,
            TargetKind::Comment => &mut self.comments,
            TargetKind::User => &mut self.users,
        }
    }
}

fn list_faults(pointer: &str, things: &[Thing]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let fault = |(index, thing): (usize, &Thing)| {
        let what = if !is_plausible(&thing.id) {
            "is no id"
        } else if !seen.insert(thing.id.clone()) {
            "stands there twice"
        } else {
            return None;
        };
        Some(format!("{pointer}/{index}/id: `{}` {what}", thing.id))
    };
    things.iter().enumerate().filter_map(fault).collect()
}

/// Whether a text looks like an id of any platform.
pub(crate) fn is_plausible(id: &str) -> bool {
    (1..=MAX_NAME).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.:@-".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_world_is_found_again_by_kind_and_id() {
        let post = Thing::new("1").said("Hi", "ann");
        let world = World::new().with(Platform::Twitter, TargetKind::Post, post.clone()).with(
            Platform::Twitter,
            TargetKind::User,
            Thing::new("2"),
        );
        let text = world.to_json().unwrap();
        let back: World = serde_json::from_str(&text).unwrap();
        assert_eq!(back, world);
        assert_eq!(back.thing(Platform::Twitter, TargetKind::Post, "1"), Some(&post));
        for (platform, kind, id) in [
            (Platform::Twitter, TargetKind::Post, "2"),
            (Platform::Twitter, TargetKind::Comment, "1"),
            (Platform::Threads, TargetKind::Post, "1"),
        ] {
            assert_eq!(back.thing(platform, kind, id), None);
        }
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("world.json");
        assert!(World::read(&path).is_err_and(|error| error.to_string().contains("world.json")));
        for (text, said) in [
            ("7", "invalid type"),
            ("{}", "missing field `version`"),
            (r#"{"version": 1, "platform": {}}"#, "unknown field `platform`"),
            (r#"{"version": 1, "platforms": {"myspace": {}}}"#, "unknown variant `myspace`"),
            (r#"{"version": 1, "platforms": {"tiktok": {"videos": []}}}"#, "unknown field `videos`"),
            (
                r#"{"version": 1, "platforms": {"tiktok": {"posts": [{"id": "1", "by": ""}]}}}"#,
                "unknown field `by`",
            ),
            (
                r#"{"version": 2, "platforms": {"tiktok": {"users": [{"id": "a b"}, {"id": "a"}, {"id": "a"}]}}}"#,
                "/version: expected 1, found 2; /platforms/tiktok/users/0/id: `a b` is no id; \
                 /platforms/tiktok/users/2/id: `a` stands there twice",
            ),
        ] {
            std::fs::write(&path, text).unwrap();
            let refused = World::read(&path).unwrap_err().to_string();
            assert!(refused.contains(said), "{text}: {refused}");
        }
    }
}
