//! Money in integer micros (PUB-15): API calls cost fractions of a cent, and floats lose them.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// An ISO 4217 currency code: three upper-case letters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

/// The text is not three upper-case letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a currency: expected three upper-case letters (ISO 4217)")]
pub struct ParseCurrencyError;

impl Currency {
    /// US dollars.
    pub const USD: Self = Self(*b"USD");
}

impl TryFrom<String> for Currency {
    type Error = ParseCurrencyError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.as_bytes() {
            [a, b, c] if [a, b, c].iter().all(|letter| letter.is_ascii_uppercase()) => Ok(Self([*a, *b, *c])),
            _ => Err(ParseCurrencyError),
        }
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.to_string()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|letter| write!(f, "{}", char::from(*letter)))
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl JsonSchema for Currency {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Currency".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[A-Z]{3}$", "description": "ISO 4217" })
    }
}

/// An amount that is not negative, in micros (10^-6) of a currency. At most 2^53 - 1 micros, the largest exact JSON integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "an amount `{ micros, currency }`")]
pub struct Money {
    /// Millionths of one unit of the currency.
    #[schemars(range(min = 0, max = 9_007_199_254_740_991_u64))]
    pub micros: u64,
    /// The currency.
    pub currency: Currency,
}

impl Money {
    /// The largest amount.
    pub const MAX_MICROS: u64 = 9_007_199_254_740_991;

    /// `micros` millionths of a US dollar.
    #[must_use]
    pub const fn usd_micros(micros: u64) -> Self {
        Self { micros, currency: Currency::USD }
    }

    /// Nothing, in this currency.
    #[must_use]
    pub const fn zero(currency: Currency) -> Self {
        Self { micros: 0, currency }
    }

    /// The sum; `None` when the currencies differ or the sum passes [`Money::MAX_MICROS`].
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        let micros = self.micros.checked_add(other.micros).filter(|sum| *sum <= Self::MAX_MICROS)?;
        (self.currency == other.currency).then_some(Self { micros, currency: self.currency })
    }

    /// The difference; `None` when the currencies differ or it would be negative.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        let micros = self.micros.checked_sub(other.micros)?;
        (self.currency == other.currency).then_some(Self { micros, currency: self.currency })
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06} {}", self.micros / 1_000_000, self.micros % 1_000_000, self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_keep_the_currency_and_the_bound() {
        let eur = Money { micros: 1, currency: Currency(*b"EUR") };
        assert_eq!(Money::usd_micros(1).checked_add(eur), None);
        assert_eq!(Money::usd_micros(Money::MAX_MICROS).checked_add(Money::usd_micros(1)), None);
        assert_eq!(Money::usd_micros(1).checked_add(Money::usd_micros(2)), Some(Money::usd_micros(3)));
        assert_eq!(Money::usd_micros(1).checked_sub(Money::usd_micros(2)), None);
    }

    #[test]
    fn display_shows_six_decimals() {
        assert_eq!(Money::usd_micros(1_500_000).to_string(), "1.500000 USD");
    }
}
