//! What an examination found, as data and in words.

use std::fmt;

use chimera_contracts::PlatformName;
use chimera_effect::EffectKind;
use serde_json::{Map, Value};

/// What an examination of bindings found. Displayed, its last line is `fit` or how many things are to be mended.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Diagnosis {
    /// Each platform that is bound for the account.
    pub platforms: Vec<PlatformDiagnosis>,
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// Which part of the profile it is about: `tools`, `whoami`, `list`, `get`.
    pub about: String,
    /// Whether something has to be done.
    pub health: Health,
    /// What it is; redacted.
    pub text: String,
}

/// Whether something has to be done about an observation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// It fits.
    Fit,
    /// It works, and something could be better, or could not be tried.
    Hint,
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
    /// Whether nothing has to be mended.
    #[must_use]
    pub fn is_fit(&self) -> bool {
        !self.platforms.is_empty() && self.to_mend() == 0
    }

    /// How many things have to be mended.
    #[must_use]
    pub fn to_mend(&self) -> usize {
        self.observations().filter(|found| found.health == Health::Mend).count()
    }

    /// Everything that was observed, of all platforms and kinds.
    pub fn observations(&self) -> impl Iterator<Item = &Observation> {
        self.platforms.iter().flat_map(|platform| {
            platform.observations.iter().chain(platform.kinds.iter().flat_map(|kind| &kind.observations))
        })
    }
}

impl KindDiagnosis {
    /// Of a kind whose server could not be asked.
    pub(super) fn unread(kind: EffectKind) -> Self {
        Self {
            kind,
            served: false,
            observations: vec![Observation::hint("tools", "the server could not be asked what it offers")],
            absence: Absence::Unread,
            samples: Vec::new(),
        }
    }
}

impl Observation {
    pub(super) fn fit(about: &str, text: impl Into<String>) -> Self {
        Self { about: about.to_owned(), health: Health::Fit, text: text.into() }
    }

    pub(super) fn hint(about: &str, text: impl Into<String>) -> Self {
        Self { about: about.to_owned(), health: Health::Hint, text: text.into() }
    }

    pub(super) fn mend(about: &str, text: impl Into<String>) -> Self {
        Self { about: about.to_owned(), health: Health::Mend, text: text.into() }
    }
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for platform in &self.platforms {
            writeln!(formatter, "{platform}")?;
        }
        match self.to_mend() {
            _ if self.platforms.is_empty() => formatter.write_str("nothing is bound for the account"),
            0 => formatter.write_str("fit"),
            1 => formatter.write_str("1 thing to mend"),
            several => write!(formatter, "{several} things to mend"),
        }
    }
}

impl fmt::Display for PlatformDiagnosis {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { platform, server, account, .. } = self;
        writeln!(formatter, "{platform} as `{account}`, by the server `{server}`")?;
        self.observations.iter().try_for_each(|found| writeln!(formatter, "  {found}"))?;
        self.kinds.iter().try_for_each(|kind| write!(formatter, "{kind}"))
    }
}

impl fmt::Display for KindDiagnosis {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let served = if self.served { "served" } else { "not served" };
        writeln!(formatter, "\n  {}: {served}", self.kind.as_str())?;
        self.observations.iter().try_for_each(|found| writeln!(formatter, "    {found}"))?;
        writeln!(formatter, "    absence is proven {}", self.absence)?;
        self.samples.iter().try_for_each(|call| writeln!(formatter, "    would send {call}"))
    }
}

impl fmt::Display for Observation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let health = match self.health {
            Health::Fit => "ok  ",
            Health::Hint => "hint",
            Health::Mend => "MEND",
        };
        write!(formatter, "{health} {}: {}", self.about, self.text)
    }
}

impl fmt::Display for Absence {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::State => formatter.write_str("by the tool of `state`"),
            Self::Complete => formatter.write_str("by completeness"),
            Self::Reach { shown: true } => formatter.write_str("by reach: the list goes back by its times"),
            Self::Reach { shown: false } => {
                formatter.write_str("by reach once there is an older post: two of different times")
            }
            Self::SentAgain => {
                formatter.write_str("by nothing, and need not be: a lost call is sent again within an hour")
            }
            Self::Never { add } => write!(formatter, "never: a lost answer ends at a person; {add}"),
            Self::Unread => formatter.write_str("by nothing that is known: the list was not read"),
        }
    }
}

impl fmt::Display for SampleCall {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { step, media, tool, arguments } = self;
        let media = media.map(|media| format!(" with {media}")).unwrap_or_default();
        let arguments = Value::Object(arguments.clone());
        write!(formatter, "({step}{media}) {tool} {arguments}")
    }
}
