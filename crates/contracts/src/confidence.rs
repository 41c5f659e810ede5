//! Confidence: a finite number from 0 to 1, or it does not exist (GOV-06).

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A finite number in `0.0..=1.0`, compared exactly as it is (ENG-05).
///
/// In hashed documents it stands as its shortest decimal in a string, because RFC 8785 numbers are doubles.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "f64", into = "f64")]
#[schemars(extend("minimum" = 0, "maximum" = 1))]
pub struct Confidence(f64);

/// The number is not finite or not in `0.0..=1.0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a confidence: expected a finite number from 0 to 1")]
pub struct ConfidenceError;

impl Confidence {
    /// The number.
    #[must_use]
    pub const fn get(self) -> f64 {
        self.0
    }
}

impl TryFrom<f64> for Confidence {
    type Error = ConfidenceError;

    fn try_from(number: f64) -> Result<Self, Self::Error> {
        // Negative zero is refused: it equals zero but prints otherwise, and one value has one form.
        let fits = (0.0..=1.0).contains(&number) && !(number == 0.0 && number.is_sign_negative());
        if fits { Ok(Self(number)) } else { Err(ConfidenceError) }
    }
}

impl From<Confidence> for f64 {
    fn from(confidence: Confidence) -> Self {
        confidence.0
    }
}

impl fmt::Display for Confidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_finite_numbers_from_zero_to_one() {
        for good in [0.0, 0.5, 0.69996, 0.90004, 1.0] {
            assert_eq!(Confidence::try_from(good).map(Confidence::get), Ok(good));
        }
        for bad in [-0.0, -0.1, 1.000_000_1, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(Confidence::try_from(bad), Err(ConfidenceError), "{bad}");
        }
    }
}
