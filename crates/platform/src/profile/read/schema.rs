//! The JSON Schema of a profile, from the types that read it.

use std::collections::BTreeMap;

use chimera_contracts::{PlatformName, schema};
use schemars::JsonSchema;

use super::raw::{
    RawAct, RawDelete, RawGet, RawList, RawSettings, RawSignIn, RawTarget, RawUpload, RawWhoAmI,
};
use crate::targets::TargetKind;

/// The tools of one MCP server, for each platform that it serves.
#[derive(JsonSchema)]
#[schemars(rename = "Profile", deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "a shape for the schema alone; sections are read one by one, so that all faults are told"
)]
struct WholeProfile {
    /// The profile's name.
    name: String,
    /// What it says of each platform.
    platforms: BTreeMap<PlatformName, WholePlatform>,
}

/// What a profile says of one platform. At least one of `publish` and the engagements is described.
#[derive(JsonSchema)]
#[schemars(rename = "Platform", deny_unknown_fields)]
#[expect(dead_code, reason = "as above")]
struct WholePlatform {
    #[serde(flatten)]
    settings: RawSettings,
    /// The tool that publishes a post.
    publish: Option<RawAct>,
    /// The tool that replies.
    reply: Option<RawAct>,
    /// The tool that comments.
    comment: Option<RawAct>,
    /// The tool that likes.
    like: Option<RawAct>,
    /// The tool that follows.
    follow: Option<RawAct>,
    /// The tool that shares.
    share: Option<RawAct>,
    /// Of `publish`: the tool that takes media first.
    upload: Option<RawUpload>,
    /// Of `publish`: the tool that lists the account's posts.
    list: Option<RawList>,
    /// Of `publish`: the tool that shows one post, whole.
    get: Option<RawGet>,
    /// Of `publish`: the tool that takes a post back, or why there is none.
    delete: Option<RawDelete>,
    /// The call that has to come first after each start of the server.
    sign_in: Option<RawSignIn>,
    /// The tool that tells in which account the server acts.
    whoami: Option<RawWhoAmI>,
    /// What each kind of target looks like: a regular expression for the whole of it.
    #[serde(default)]
    targets: BTreeMap<TargetKind, String>,
    /// The tools that show whether a target is there.
    #[serde(default)]
    look_up: BTreeMap<TargetKind, RawTarget>,
}

/// The schema of a whole profile.
pub(in crate::profile) fn schema() -> serde_json::Value {
    schema::input_of::<WholeProfile>()
}
