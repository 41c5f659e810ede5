//! What an examination comes to. It never says that a profile fits as a whole: acts are not called, so that what their answers
//! hold is not known.

use std::fmt;

use chimera_contracts::PlatformName;
use chimera_effect::EffectKind;

use super::diagnosis::{Diagnosis, Health, Observation};

/// What an examination comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing is bound for the account.
    NothingBound,
    /// Something has to be done before anything is published.
    NotFit {
        /// How many things are to be mended.
        to_mend: usize,
        /// How many lines of the profile are open by its own words.
        to_dos: usize,
    },
    /// All that reading can show fits.
    FitAsRead {
        /// What reading could not show.
        untried: Vec<Untried>,
    },
}

/// A part of the profile that was not tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Untried {
    /// Which part: `id`, `list`, `get`, as in [`Observation::about`].
    pub about: String,
    /// Of which platforms and kinds; no kind where it is about the server as a whole.
    pub of: Vec<(PlatformName, Option<EffectKind>)>,
}

impl Verdict {
    /// Whether all that reading can show fits, and nothing is open.
    #[must_use]
    pub const fn is_fit_as_read(&self) -> bool {
        matches!(self, Self::FitAsRead { .. })
    }
}

impl Diagnosis {
    /// What it comes to.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let (to_mend, to_dos) = (self.to_mend(), self.to_dos.len());
        if self.platforms.is_empty() {
            Verdict::NothingBound
        } else if to_mend > 0 || to_dos > 0 {
            Verdict::NotFit { to_mend, to_dos }
        } else {
            Verdict::FitAsRead { untried: self.untried() }
        }
    }

    /// What was not tried, each part once, in the order in which it was met.
    fn untried(&self) -> Vec<Untried> {
        let mut untried: Vec<Untried> = Vec::new();
        let mut add = |found: &Observation, of: (PlatformName, Option<EffectKind>)| {
            if found.health != Health::Untried {
                return;
            }
            match untried.iter_mut().find(|known| known.about == found.about) {
                Some(known) if known.of.contains(&of) => {}
                Some(known) => known.of.push(of),
                None => untried.push(Untried { about: found.about.clone(), of: vec![of] }),
            }
        };
        for platform in &self.platforms {
            platform.observations.iter().for_each(|found| add(found, (platform.platform, None)));
            for kind in &platform.kinds {
                kind.observations.iter().for_each(|found| add(found, (platform.platform, Some(kind.kind))));
            }
        }
        untried
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NothingBound => formatter.write_str("nothing is bound for the account"),
            Self::NotFit { to_mend, to_dos } => {
                let things = match to_mend {
                    0 => None,
                    1 => Some("1 thing to mend".to_owned()),
                    several => Some(format!("{several} things to mend")),
                };
                let lines = match to_dos {
                    0 => None,
                    1 => Some("1 line `to do` is open".to_owned()),
                    several => Some(format!("{several} lines `to do` are open")),
                };
                let said: Vec<String> = [things, lines].into_iter().flatten().collect();
                write!(formatter, "not fit yet: {}", said.join(", "))
            }
            Self::FitAsRead { untried } => {
                formatter.write_str("fit, as far as reading shows")?;
                let several = untried.iter().flat_map(|part| &part.of).any(|(platform, _)| {
                    untried
                        .first()
                        .and_then(|part| part.of.first())
                        .is_some_and(|(first, _)| first != platform)
                });
                for (number, part) in untried.iter().enumerate() {
                    let before = if number == 0 { "; not tried: " } else { "; " };
                    write!(formatter, "{before}{}", part.shown(several))?;
                }
                Ok(())
            }
        }
    }
}

impl Untried {
    /// In words, with the platforms where there are several.
    fn shown(&self, with_platform: bool) -> String {
        let of = self.of.iter().map(|(platform, kind)| match (with_platform, kind) {
            (true, Some(kind)) => format!("{platform} {}", kind.as_str()),
            (true, None) => platform.to_string(),
            (false, Some(kind)) => kind.as_str().to_owned(),
            (false, None) => String::new(),
        });
        let of: Vec<String> = of.filter(|of| !of.is_empty()).collect();
        let about = &self.about;
        if of.is_empty() { format!("`{about}`") } else { format!("`{about}` of {}", of.join(", ")) }
    }
}
