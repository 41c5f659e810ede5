//! Reading a profile: each section by itself, so that one error names the faults of all.

mod act;
mod check;
mod look;
mod raw;
mod schema;
mod target;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use chimera_contracts::{Json, PlatformName};
use chimera_effect::EffectKind;
use chrono::TimeDelta;
use serde::de::DeserializeOwned;
use serde_json::Value;

use self::check::RawCall;
use self::raw::{RawAct, RawError, RawIdempotency, RawSettings, RawSignIn, RawUpload, RawWhoAmI};
use super::operation::{ActTool, ErrorRule, SignInTool, UploadTool, WhoAmITool};
use super::{Input, PlatformProfile, Profile, ProfileError};

pub(super) use self::schema::schema;

/// The kinds of effect that a platform's section may describe.
const KINDS: [EffectKind; 6] = [
    EffectKind::Publish,
    EffectKind::Reply,
    EffectKind::Comment,
    EffectKind::Like,
    EffectKind::Follow,
    EffectKind::Share,
];

/// How long a platform's rate limit lasts where its refusal gives no time.
///
/// X: windows of 15 minutes (docs.x.com, *Rate limits*). Graph API: an hour, rolling (*Rate limits*, platform rate limits).
/// LinkedIn: a day, ended at midnight UTC (*Rate limiting*). YouTube: a day's quota (*Quota and compliance audits*). TikTok:
/// a minute (*Rate limits*), and a day for `spam_risk_too_many_posts`.
const fn usual_window(platform: PlatformName) -> TimeDelta {
    TimeDelta::minutes(match platform {
        PlatformName::Twitter => 15,
        PlatformName::Instagram | PlatformName::Threads => 60,
        PlatformName::LinkedIn | PlatformName::YouTube => 24 * 60,
        PlatformName::TikTok => 1,
    })
}

/// Where faults are gathered, and in which section reading is.
struct Reading {
    section: String,
    faults: Vec<String>,
}

/// Reads a profile, as TOML or as JSON: a document that begins with a brace is JSON, which no TOML does.
pub(super) fn profile(text: &str) -> Result<Profile, ProfileError> {
    let document: Value = if text.trim_start().starts_with('{') {
        let json = Json::parse(text.as_bytes()).map_err(|error| ProfileError::one(error.to_string()))?;
        serde_json::to_value(json).map_err(|error| ProfileError::one(error.to_string()))?
    } else {
        toml::from_str(text).map_err(|error| ProfileError::one(error.to_string().trim().to_owned()))?
    };
    let Value::Object(mut table) = document else {
        return Err(ProfileError::one("profile: not a table".to_owned()));
    };
    let mut reading = Reading { section: "profile".to_owned(), faults: Vec::new() };
    let name = match table.remove("name") {
        Some(Value::String(name)) if !name.is_empty() => name,
        _ => reading.fault("`name` is missing").unwrap_or_default(),
    };
    let sections = match table.remove("platforms") {
        Some(Value::Object(sections)) if !sections.is_empty() => sections,
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

    fn section<T: DeserializeOwned>(&mut self, value: Value) -> Option<T> {
        match serde_path_to_error::deserialize(value) {
            Ok(value) => Some(value),
            Err(error) => {
                let place = error.path().to_string();
                // A key of a table that is none has no name of its own in the path.
                let place = place.trim_end_matches(".?");
                let error: serde_json::Error = error.into_inner();
                if place == "." {
                    self.fault(error.to_string())
                } else {
                    self.fault(format!("`{place}`: {error}"))
                }
            }
        }
    }

    /// Reads a section within this one, where it is there.
    fn within<R: DeserializeOwned, T>(
        &mut self,
        name: &str,
        value: Option<Value>,
        read: impl FnOnce(&mut Self, R) -> Option<T>,
    ) -> Option<T> {
        let value = value?;
        let home = self.section.clone();
        self.section.push('.');
        self.section.push_str(name);
        let raw = self.section(value);
        let read = raw.and_then(|raw| read(self, raw));
        self.section = home;
        read
    }

    fn platform(&mut self, name: &str, section: Value) -> Option<(PlatformName, PlatformProfile)> {
        let Ok(platform) = name.parse::<PlatformName>() else {
            let known: Vec<_> = PlatformName::ALL.iter().map(|name| format!("`{name}`")).collect();
            return self.fault(format!("no such platform; there are {}", known.join(", ")));
        };
        let Value::Object(mut section) = section else { return self.fault("not a table") };
        let described = KINDS.map(|kind| (kind, section.remove(kind.as_str())));
        let [upload, list, get, delete] =
            ["upload", "list", "get", "delete"].map(|name| section.remove(name));
        let [sign_in, who_am_i] = ["sign_in", "whoami"].map(|name| section.remove(name));
        let [shapes, look_ups] = ["targets", "look_up"].map(|name| section.remove(name));
        // The settings first: acts go by them where they say nothing of their own.
        let settings = self.section::<RawSettings>(Value::Object(section));
        let idempotency = settings.as_ref().map(|raw| raw.idempotency.clone()).unwrap_or_default();
        if described.iter().all(|(_, section)| section.is_none()) {
            self.fault::<()>("neither `publish` nor an engagement is described");
        }
        if described.iter().all(|(kind, section)| *kind != EffectKind::Publish || section.is_none()) {
            self.only_beside_publish([
                ("upload", &upload),
                ("list", &list),
                ("get", &get),
                ("delete", &delete),
            ]);
        }
        let mut acts = self.acts(described, &idempotency);
        let upload = self.within("upload", upload, Self::upload);
        if let Some(publish) = acts.get_mut(&EffectKind::Publish) {
            publish.list =
                self.within("list", list, |reading, raw| reading.list(EffectKind::Publish, raw, publish));
            publish.get = self.within("get", get, |reading, raw| reading.get(EffectKind::Publish, raw));
            publish.delete =
                self.within("delete", delete, |reading, raw| reading.delete(EffectKind::Publish, raw));
        }
        for act in acts.values_mut() {
            act.look_rules = act.number_of_look_rules();
        }
        let sign_in = self.within("sign_in", sign_in, Self::sign_in);
        let who_am_i = self.within("whoami", who_am_i, Self::who_am_i);
        let shapes = self.within("targets", shapes, Self::shapes).unwrap_or_default();
        self.targets_of(&acts, &shapes);
        let look_ups = self.within("look_up", look_ups, Self::look_ups).unwrap_or_default();
        let settings = settings?;
        self.url_template("account_url", settings.account_url.as_ref(), "{account}", &["account"]);
        self.conditions("soft_errors", &settings.soft_errors);
        let rules = settings.errors.iter().enumerate();
        let errors = rules.filter_map(|(number, raw)| self.error_rule(number, raw)).collect();
        let profile = PlatformProfile {
            platform,
            account_url: settings.account_url,
            timeout: self.timeout(settings.timeout_ms),
            settle: TimeDelta::milliseconds(settings.settle_ms.into()),
            price: settings.price,
            read_price: settings.read_price,
            settings: settings.settings,
            answer_limit: settings.answer_limit_bytes,
            sign_in,
            who_am_i,
            acts,
            upload,
            shapes,
            look_ups,
            errors,
            soft_errors: settings.soft_errors,
            rate_window: settings
                .rate_window_s
                .map_or_else(|| usual_window(platform), |seconds| TimeDelta::seconds(seconds.into())),
        };
        self.settings_of(&profile);
        Some((platform, profile))
    }

    /// Every setting that a tool takes is described, so that a host can be told what to give.
    fn settings_of(&mut self, profile: &PlatformProfile) {
        let mut unknown: Vec<String> = profile
            .every_call()
            .flat_map(|call| call.settings())
            .filter(|name| !profile.settings.contains_key(*name))
            .map(str::to_owned)
            .collect();
        unknown.sort();
        unknown.dedup();
        for name in unknown {
            self.fault::<()>(format!(
                "`{{settings.{name}}}` is not described; say in `settings` what the host has to give"
            ));
        }
    }

    fn acts(
        &mut self,
        described: [(EffectKind, Option<Value>); 6],
        idempotency: &RawIdempotency,
    ) -> BTreeMap<EffectKind, ActTool> {
        let read = described.into_iter().filter_map(|(kind, section)| {
            let read = |reading: &mut Self, raw: RawAct| reading.act(kind, raw, idempotency);
            Some((kind, self.within(kind.as_str(), section, read)?))
        });
        read.collect()
    }

    fn only_beside_publish(&mut self, sections: [(&str, &Option<Value>); 4]) {
        for (name, _) in sections.into_iter().filter(|(_, section)| section.is_some()) {
            self.fault::<()>(format!("`{name}` serves `publish`, which is not described"));
        }
    }

    fn error_rule(&mut self, number: usize, raw: &RawError) -> Option<ErrorRule> {
        let pattern = self.pattern(&format!("errors[{number}].pattern"), &raw.pattern)?;
        Some(ErrorRule { pattern, code: raw.code })
    }

    fn upload(&mut self, raw: RawUpload) -> Option<UploadTool> {
        let call = RawCall { tool: raw.tool, arguments: raw.arguments, json_arguments: raw.json_arguments };
        let invocation = self.invocation(call, &[]);
        if !invocation.takes(Input::Data) && !invocation.takes(Input::MediaPath) {
            self.fault::<()>("`arguments`: none takes `{data}` or `{media_path}`");
        }
        let known =
            [Input::Data, Input::MediaPath, Input::FileName, Input::Sha256, Input::Account, Input::MediaUrl];
        self.only("an upload", &invocation, &known);
        let id = self.all_pointers("id", raw.id);
        let timeout = self.timeout(raw.timeout_ms);
        Some(UploadTool { invocation, id, timeout })
    }

    fn sign_in(&mut self, raw: RawSignIn) -> Option<SignInTool> {
        let call = RawCall { tool: raw.tool, arguments: raw.arguments, json_arguments: raw.json_arguments };
        let invocation = self.invocation(call, &[]);
        self.only("a sign-in", &invocation, &[Input::Account]);
        self.conditions("confirm", &raw.confirm);
        Some(SignInTool { invocation, confirm: raw.confirm })
    }

    fn who_am_i(&mut self, raw: RawWhoAmI) -> Option<WhoAmITool> {
        let call = RawCall { tool: raw.tool, arguments: raw.arguments, json_arguments: raw.json_arguments };
        let invocation = self.invocation(call, &[]);
        self.only("whoami", &invocation, &[Input::Account]);
        let account = self.all_pointers("account", raw.account);
        if account.is_empty() {
            self.fault::<()>("`account` is missing");
        }
        Some(WhoAmITool { invocation, account })
    }
}
