//! What would be sent for samples, as the profile says it. Nothing of it is sent.

use chimera_contracts::PlatformName;
use chimera_effect::EffectKind;
use serde_json::{Map, Value};

use super::{SampleCall, TEXT};
use crate::profile::{ActTool, Input, Invocation, MediaKind, Part};
use crate::tool_platform::Binding;

/// How much of one text of an argument is shown.
const SHOWN: usize = 500;

/// What a sample is about.
struct Sample<'a> {
    binding: &'a Binding,
    account: &'a str,
    target: Option<&'a str>,
    media: Option<MediaKind>,
}

/// Every call for a sample of a kind: one without media, and one for each kind of media that has a call of its own.
pub(super) fn calls(
    binding: &Binding,
    account: &str,
    kind: EffectKind,
    target: Option<&str>,
) -> Vec<SampleCall> {
    let Some(act) = binding.profile.acts.get(&kind) else { return Vec::new() };
    let calls = variants(binding, kind, act).into_iter().flat_map(|media| {
        let sample = Sample { binding, account, target, media };
        sample.calls(kind, act)
    });
    calls.collect()
}

fn variants(binding: &Binding, kind: EffectKind, act: &ActTool) -> Vec<Option<MediaKind>> {
    let prepared = act.prepare.iter().flat_map(|prepare| prepare.calls.by_media.keys());
    let mut media: Vec<MediaKind> = act.calls.by_media.keys().chain(prepared).copied().collect();
    if kind == EffectKind::Publish {
        let taking = act.taking(None);
        let one = match binding.profile.platform() {
            PlatformName::TikTok | PlatformName::YouTube => MediaKind::Video,
            _ => MediaKind::Image,
        };
        media.extend(taking.takes_one_medium().then_some(one));
        media.extend(taking.takes_several_media().then_some(MediaKind::Images));
    }
    media.sort();
    media.dedup();
    let without = (!act.needs_media).then_some(None);
    without.into_iter().chain(media.into_iter().map(Some)).collect()
}

impl Sample<'_> {
    fn calls(&self, kind: EffectKind, act: &ActTool) -> Vec<SampleCall> {
        let mut calls = Vec::new();
        let profile = &self.binding.profile;
        let uploads = self.media.is_some() && act.taking(self.media).takes_media_ids();
        if let Some(upload) = profile.upload.as_ref().filter(|_| uploads) {
            calls.push(self.call("upload", &upload.invocation));
        }
        if let Some(prepare) = act.prepares(self.media) {
            calls.push(self.call("prepare", prepare.calls.with(self.media)));
        }
        let mut sent = self.call(kind.as_str(), act.calls.with(self.media));
        if let Some(key) = &act.key_argument {
            sent.arguments.insert(key.clone(), "<key>".into());
        }
        calls.push(sent);
        calls
    }

    fn call(&self, step: &'static str, invocation: &Invocation) -> SampleCall {
        let arguments = invocation.arguments(|part| match part {
            Part::Setting(name) if !self.binding.has_setting(name) => {
                Some(format!("<settings.{name}>").into())
            }
            part => self.binding.part(part, self.account, |input| self.input(input)),
        });
        SampleCall {
            step,
            media: self.media.map(MediaKind::as_str),
            tool: invocation.tool.clone(),
            arguments: arguments.into_iter().map(|(name, value)| (name, self.redacted(value))).collect(),
        }
    }

    fn input(&self, input: Input) -> Option<Value> {
        let urls = || -> Vec<String> {
            let names: &[&str] = match self.media {
                None => &[],
                Some(MediaKind::Image) => &["picture.png"],
                Some(MediaKind::Images) => &["picture.png", "second.png"],
                Some(MediaKind::Video) => &["film.mp4"],
                Some(MediaKind::Videos) => &["film.mp4", "second.mp4"],
                Some(MediaKind::Mixed) => &["picture.png", "film.mp4"],
            };
            names.iter().map(|name| format!("https://media.example/{name}")).collect()
        };
        let each = |shown: &str| -> Option<Value> {
            let values: Vec<String> = urls().iter().map(|_| shown.to_owned()).collect();
            (!values.is_empty()).then(|| values.into())
        };
        let one = |shown: &str| -> Option<Value> { self.media.map(|_| shown.into()) };
        match input {
            Input::Text | Input::LittleText => Some(TEXT.into()),
            Input::FirstLine => TEXT.lines().next().map(Value::from),
            Input::Target => Some(self.target.unwrap_or("<target>").into()),
            Input::MediaUrls => Some(urls()).filter(|urls| !urls.is_empty()).map(Value::from),
            Input::MediaUrl => urls().into_iter().next().map(Value::from),
            Input::MediaPaths => each("<file>"),
            Input::MediaPath => one("<file>"),
            Input::MediaIds => each("<media_id>"),
            Input::MediaId => one("<media_id>"),
            Input::Data => one("<base64>"),
            Input::FileName => urls().first().and_then(|url| Some(url.rsplit_once('/')?.1.into())),
            Input::Sha256 => one("<sha256>"),
            Input::Prepared => Some("<prepared>".into()),
            Input::Account | Input::Id => None,
        }
    }

    /// An argument without secrets: a sample is shown.
    fn redacted(&self, value: Value) -> Value {
        match value {
            Value::String(text) => self.binding.border().shown(&text, SHOWN).into(),
            Value::Array(items) => items.into_iter().map(|item| self.redacted(item)).collect(),
            Value::Object(members) => {
                let members: Map<String, Value> =
                    members.into_iter().map(|(name, value)| (name, self.redacted(value))).collect();
                Value::Object(members)
            }
            other => other,
        }
    }
}
