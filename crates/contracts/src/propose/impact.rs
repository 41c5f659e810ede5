//! An expected effect as a number.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};

/// A finite number. Whole numbers that a double holds exactly are written without a fraction, and zero has no sign, so
/// that one value has one form (PRO-04).
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Deserialize, JsonSchema)]
#[serde(try_from = "f64")]
pub struct Impact(f64);

/// The number is not finite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an impact: expected a finite number")]
pub struct ImpactError;

impl Impact {
    /// The number.
    #[must_use]
    pub const fn get(self) -> f64 {
        self.0
    }
}

impl TryFrom<f64> for Impact {
    type Error = ImpactError;

    fn try_from(number: f64) -> Result<Self, Self::Error> {
        // Adding zero takes the sign from a negative zero and changes nothing else.
        if number.is_finite() { Ok(Self(number + 0.0)) } else { Err(ImpactError) }
    }
}

impl Serialize for Impact {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match whole(self.0) {
            Some(integer) => serializer.serialize_i64(integer),
            None => serializer.serialize_f64(self.0),
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "it is whole and below 2^53")]
fn whole(number: f64) -> Option<i64> {
    let exact = number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0;
    exact.then_some(number as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_has_one_form() {
        for (number, expected) in
            [(1200.0, "1200"), (-0.0, "0"), (0.25, "0.25"), (-3.0, "-3"), (1e300, "1e+300")]
        {
            let text = serde_json::to_string(&Impact::try_from(number).unwrap()).unwrap();
            assert_eq!(text, expected);
            assert_eq!(serde_json::from_str::<Impact>(&text).map(Impact::get).unwrap(), number);
        }
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(Impact::try_from(bad), Err(ImpactError));
        }
    }
}
