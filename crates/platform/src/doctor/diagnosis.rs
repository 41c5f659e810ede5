//! What an examination found, as data.

use std::collections::BTreeSet;

use chimera_contracts::PlatformName;
use chimera_effect::EffectKind;
use serde_json::{Map, Value};

use super::to_do::ToDo;

/// What an examination of bindings found. Displayed, its last line is the [`Verdict`](super::Verdict).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Diagnosis {
    /// Each platform that is bound for the account.
    pub platforms: Vec<PlatformDiagnosis>,
    /// What is open in the profile itself, by its own words.
    pub to_dos: Vec<ToDo>,
}

/// What was found of one platform.
#[derive(Clone, Debug, PartialEq)]
pub struct PlatformDiagnosis {
    /// The platform.
    pub platform: PlatformName,
    /// The server's name in the configuration.
    pub server: String,
    /// The account that was asked for, as the host names it.
    pub account: String,
    /// What is the same for every kind: settings, the start of the server, sign-in, account.
    pub observations: Vec<Observation>,
    /// Each kind of effect that the profile describes.
    pub kinds: Vec<KindDiagnosis>,
}

/// What was found of one kind of effect.
#[derive(Clone, Debug, PartialEq)]
pub struct KindDiagnosis {
    /// The kind.
    pub kind: EffectKind,
    /// Whether the server offers all that the profile calls for it.
    pub served: bool,
    /// What was found, in the order in which it was asked.
    pub observations: Vec<Observation>,
    /// What could prove that a lost call did nothing.
    pub absence: Absence,
    /// What would be sent for samples; nothing of it was sent.
    pub samples: Vec<SampleCall>,
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Observation {
    /// Which part of the profile it is about: `tools`, `whoami`, `list`, `get`.
    pub about: String,
    /// Whether something has to be done.
    pub health: Health,
    /// What it is; redacted.
    pub text: String,
    /// What to do about it; redacted. Each [`Health::Mend`] has it.
    pub fix: Option<String>,
}

/// Whether something has to be done about an observation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Health {
    /// It fits.
    Fit,
    /// It works, and something could be better, or rests on the profile's word.
    Hint,
    /// It was not tried: it is about an act, none of which is called, or about something that is not known yet.
    Untried,
    /// The profile or the server has to be mended.
    Mend,
}

/// What could prove that a lost call did nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Absence {
    /// The tool of `state` tells it.
    State,
    /// The list says that it is complete.
    Complete,
    /// The list reaches back, by times of its items, behind the attempt.
    Reach {
        /// Whether it did so already; else as soon as there are posts of two times.
        shown: bool,
    },
    /// Nothing, and it need not be: the tool sets a state, and a lost call is sent again within an hour.
    SentAgain,
    /// Nothing: a lost answer ends at a person.
    Never {
        /// Why, and what would have to be in the profile.
        add: String,
    },
    /// The list could not be read.
    Unread,
}

/// One call that would be made for a sample.
#[derive(Clone, Debug, PartialEq)]
pub struct SampleCall {
    /// Which step: `upload`, `prepare`, or the kind of effect.
    pub step: &'static str,
    /// Of which media: `image`, `video` and so on; `None` for a post without.
    pub media: Option<&'static str>,
    /// The tool.
    pub tool: String,
    /// Its arguments. `<settings.NAME>` stands for a setting that was not given, `<prepared>`, `<media_id>`, `<file>`,
    /// `<base64>` and `<key>` for what is only known then.
    pub arguments: Map<String, Value>,
}

impl Diagnosis {
    /// How many things have to be mended. A fault that several kinds of a platform share is one.
    #[must_use]
    pub fn to_mend(&self) -> usize {
        let of = |platform: &PlatformDiagnosis| {
            let faults = platform.all().filter(|found| found.health == Health::Mend);
            faults.collect::<BTreeSet<_>>().len()
        };
        self.platforms.iter().map(of).sum()
    }

    /// Everything that was observed, of all platforms and kinds.
    pub fn observations(&self) -> impl Iterator<Item = &Observation> {
        self.platforms.iter().flat_map(PlatformDiagnosis::all)
    }
}

impl PlatformDiagnosis {
    fn all(&self) -> impl Iterator<Item = &Observation> {
        self.observations.iter().chain(self.kinds.iter().flat_map(|kind| &kind.observations))
    }
}

impl KindDiagnosis {
    /// Of a kind whose server could not be asked.
    pub(super) fn unread(kind: EffectKind) -> Self {
        Self {
            kind,
            served: false,
            observations: vec![Observation::untried("tools", "the server could not be asked what it offers")],
            absence: Absence::Unread,
            samples: Vec::new(),
        }
    }
}

impl Observation {
    pub(super) fn fit(about: &str, text: impl Into<String>) -> Self {
        Self { about: about.to_owned(), health: Health::Fit, text: text.into(), fix: None }
    }

    pub(super) fn hint(about: &str, text: impl Into<String>) -> Self {
        Self { about: about.to_owned(), health: Health::Hint, text: text.into(), fix: None }
    }

    pub(super) fn untried(about: &str, text: impl Into<String>) -> Self {
        Self { about: about.to_owned(), health: Health::Untried, text: text.into(), fix: None }
    }

    /// With what to do about it: whoever is told of a fault is told that.
    pub(super) fn mend(about: &str, text: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { about: about.to_owned(), health: Health::Mend, text: text.into(), fix: Some(fix.into()) }
    }
}
