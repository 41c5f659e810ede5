//! The profile of a server of a given nature: what a host would write for it, in TOML.
//!
//! One place decides what the profile says of the server, so that a new key is one more line here, and the server that
//! the key speaks of is the same [`Nature`].

use std::fmt::Write as _;

use chimera_effect::EffectKind;

use super::nature::{
    AnswerForm, GetNature, KeyHandling, Lie, ListNature, Nature, Pages, Scope, States, TimeForm, Wraps,
};

/// The mark before a text, in the wrapper that profiles name.
pub(super) const BEGIN: &str = "<<<UNTRUSTED";
/// The mark behind it.
pub(super) const END: &str = "UNTRUSTED>>>";

/// What one effect costs, in micros of a dollar.
pub const PRICE_MICROS: u64 = 1_000;

impl Nature {
    /// The profile, for these kinds of effect.
    #[must_use]
    pub fn profile(&self, kinds: &[EffectKind], lie: Option<Lie>) -> String {
        let mut text = String::with_capacity(2_000);
        let mut sections = String::with_capacity(2_000);
        for kind in kinds {
            self.act(&mut sections, *kind, lie);
        }
        self.platform_section(&mut text, lie);
        text.push_str(&sections);
        if kinds.iter().any(|kind| *kind != EffectKind::Publish) {
            let platform = self.platform;
            let _ = write!(
                text,
                "[platforms.{platform}.targets]\npost = 't[0-9]{{1,4}}'\nuser = 'u[0-9]{{1,4}}'\n"
            );
        }
        text
    }

    fn platform_section(&self, text: &mut String, lie: Option<Lie>) {
        let Self { platform, timeout_ms, settle_ms, .. } = self;
        let settle_ms = if lie == Some(Lie::Settled) { 0 } else { *settle_ms };
        let keys = match self.keys {
            _ if lie == Some(Lie::Keys) => {
                "idempotency = { arg = \"key\", enforced_for_s = 864000 }\n".to_owned()
            }
            KeyHandling::None => String::new(),
            KeyHandling::Advisory => "idempotency = { arg = \"key\" }\n".to_owned(),
            KeyHandling::Enforced { for_s } => {
                format!("idempotency = {{ arg = \"key\", enforced_for_s = {for_s} }}\n")
            }
        };
        let errors = if self.error_words {
            "errors = [{ pattern = '(?i)rate limited', code = \"PLATFORM_RATE_LIMIT\" }]\n"
        } else {
            ""
        };
        let _ = write!(
            text,
            "name = \"outside\"\n[platforms.{platform}]\ntimeout_ms = {timeout_ms}\nsettle_ms = {settle_ms}\n\
             price = {{ micros = {PRICE_MICROS}, currency = \"USD\" }}\n{keys}{errors}"
        );
    }

    fn act(&self, text: &mut String, kind: EffectKind, lie: Option<Lie>) {
        let (platform, name) = (self.platform, kind.as_str());
        let words =
            if kind == EffectKind::Like || kind == EffectKind::Follow { "" } else { "text = \"{text}\", " };
        let target = if kind == EffectKind::Publish { "" } else { "target = \"{target}\", " };
        let _ = write!(
            text,
            "[platforms.{platform}.{name}]\ntool = \"{name}\"\n\
             arguments = {{ {words}{target}account = \"{{account}}\" }}\nnot_published = [{{ pointer = \"/draft\" }}]\n"
        );
        if kind != EffectKind::Publish {
            let target_kind = if kind == EffectKind::Follow { "user" } else { "post" };
            let _ = writeln!(text, "target_kind = \"{target_kind}\"");
            if let KeyHandling::Enforced { for_s } = self.keys {
                let _ = writeln!(text, "idempotency = {{ arg = \"key\", enforced_for_s = {for_s} }}");
            } else if lie == Some(Lie::Keys) {
                let _ = writeln!(text, "idempotency = {{ arg = \"key\", enforced_for_s = 864000 }}");
            }
        }
        self.naming(text, kind);
        self.promises(text, kind, lie);
        if let Some(list) = &self.list {
            self.list_section(text, kind, list);
        }
        if let Some(get) = self.get.as_ref().filter(|_| super::fault::makes_items(kind)) {
            self.get_section(text, kind, get);
        }
    }

    /// Where the id stands, or what confirms where there is none.
    fn naming(&self, text: &mut String, kind: EffectKind) {
        let told = match kind {
            EffectKind::Like => {
                "id_template = \"like:{target}:{key}\"\nconfirm = { pointer = \"/done\", equals = true }\n"
            }
            EffectKind::Follow => {
                "id_template = \"follow:{target}:{key}\"\nconfirm = { pointer = \"/done\", equals = true }\n"
            }
            _ => match self.answers {
                AnswerForm::Nested => "id = \"/data/id\"\npublished_at = \"/data/created_at\"\n",
                AnswerForm::Sentence => "id = \"/id\"\nid_pattern = 'with the id ([^ ]+)'\n",
                AnswerForm::Structured | AnswerForm::TextJson | AnswerForm::Wrapped => {
                    "id = \"/id\"\nurl = \"/url\"\npublished_at = \"/created_at\"\n"
                }
            },
        };
        text.push_str(told);
    }

    /// What the profile says about what the tool does around its write.
    fn promises(&self, text: &mut String, kind: EffectKind, lie: Option<Lie>) {
        let reads_back = if lie == Some(Lie::ReadsBack) { Some(false) } else { self.reads_back };
        if let Some(reads_back) = reads_back {
            let _ = writeln!(text, "reads_back = {reads_back}");
        }
        let state = matches!(kind, EffectKind::Like | EffectKind::Follow | EffectKind::Share);
        if state && self.says_states && self.states != States::Toggles {
            text.push_str("sets_state = true\n");
        }
        if state && self.asks_state {
            let _ = writeln!(
                text,
                "state = {{ tool = \"get_state\", \
                 arguments = {{ target = \"{{target}}\", account = \"{{account}}\", kind = \"{}\" }}, confirm = {{ pointer = \"/done\", equals = true }} }}",
                kind.as_str()
            );
        }
    }

    fn list_section(&self, text: &mut String, kind: EffectKind, list: &ListNature) {
        let (platform, name) = (self.platform, kind.as_str());
        let publish = kind == EffectKind::Publish;
        let within = if publish { String::new() } else { format!("{name}.") };
        let target = if list.by_target && !publish { ", target = \"{target}\"" } else { "" };
        let items = if list.lone { "/result" } else { "/items" };
        let _ = write!(
            text,
            "[platforms.{platform}.{within}list]\ntool = \"list_items\"\n\
             arguments = {{ account = \"{{account}}\", kind = \"{name}\"{target} }}\n\
             items = \"{items}\"\nlook_every_ms = 5000\n"
        );
        if super::fault::makes_items(kind) {
            text.push_str("id = \"/id\"\ntext = \"/text\"\nurl = \"/url\"\n");
        }
        if !publish {
            text.push_str("target = \"/target\"\n");
        }
        if list.times != TimeForm::None {
            text.push_str("created_at = \"/created_at\"\n");
        }
        if list.complete {
            text.push_str("complete = \"/complete\"\n");
        }
        match list.scope {
            Scope::Own => text.push_str("own = true\n"),
            Scope::Authors => text.push_str("author = \"/author\"\n"),
            Scope::Unsaid => {}
        }
        if list.pages != Pages::None {
            text.push_str("next = \"/paging/next\"\nnext_argument = \"cursor\"\n");
        }
        if list.total {
            text.push_str("total = \"/total\"\n");
        }
        if list.edited {
            text.push_str("edited = \"/edited\"\n");
        }
        wraps(text, list.wraps);
    }

    fn get_section(&self, text: &mut String, kind: EffectKind, get: &GetNature) {
        let (platform, name) = (self.platform, kind.as_str());
        let within = if kind == EffectKind::Publish { String::new() } else { format!("{name}.") };
        let _ = write!(
            text,
            "[platforms.{platform}.{within}get]\ntool = \"get_item\"\narguments = {{ id = \"{{id}}\" }}\ntext = \"/text\"\n"
        );
        if get.full {
            text.push_str(
                "id = \"/id\"\nauthor = \"/author\"\ncreated_at = \"/created_at\"\nurl = \"/url\"\n",
            );
            if kind != EffectKind::Publish {
                text.push_str("target = \"/target\"\n");
            }
        }
        wraps(text, self.list.as_ref().map_or(Wraps::None, |list| list.wraps));
    }
}

fn wraps(text: &mut String, wraps: Wraps) {
    if wraps == Wraps::Named {
        let _ = writeln!(text, "wraps = [{{ begin = \"{BEGIN}\", end = \"{END}\" }}]");
    }
}
