//! Reading the constraints of a request, every fault at once.

use std::collections::BTreeMap;

use chimera_contracts::Fault;
use chrono::{DateTime, Datelike, FixedOffset, NaiveDateTime, Utc};
use icu_locale_core::Locale;

use super::{Audience, Zone, constraint};
use crate::show::shown;

/// Where constraints stand in an input.
const PLACE: &str = "/candidate_context/audience_constraints";

/// The years for which clock changes are known well enough to plan by.
const YEARS: std::ops::RangeInclusive<i32> = 1970..=2099;

/// A moment as it was written.
#[derive(Clone, Copy)]
enum Moment {
    At(DateTime<FixedOffset>),
    Local(NaiveDateTime),
}

/// What the constraints say; `own` are those that only the strategy understands.
///
/// # Errors
/// With a fault for each constraint that cannot be read or that nobody understands.
pub(crate) fn read(constraints: &BTreeMap<String, String>, own: &[&str]) -> Result<Audience, Vec<Fault>> {
    let mut faults: Vec<Fault> =
        constraints.iter().filter_map(|(name, value)| stray(name, value, own)).collect();
    let mut form = Form { constraints, faults: &mut faults };
    let zone = form.take(constraint::TIMEZONE, "an IANA time zone, such as `Europe/Berlin`", Zone::named);
    let moment = form.take(
        constraint::NOT_BEFORE,
        "a time of the years 1970 to 2099 (RFC 3339), such as `2026-02-10T09:00:00+01:00`; without its offset where \
         `timezone` is given",
        moment,
    );
    let spans = "a span of a day, such as `22:00-07:00`";
    let quiet_hours = form.take(constraint::QUIET_HOURS, spans, |text| text.parse().ok());
    let active_hours = form.take(constraint::ACTIVE_HOURS, spans, |text| text.parse().ok());
    let locale = form.take(constraint::LOCALE, "a language tag (BCP 47), such as `de-DE`", locale);
    let not_before = moment.and_then(|moment| form.start(moment, zone.as_ref()));
    let offset = match moment {
        Some(Moment::At(time)) => Zone::fixed(*time.offset()),
        _ => Zone::default(),
    };
    let zone = zone.unwrap_or(offset);
    let audience = Audience { zone, not_before, quiet_hours, active_hours, locale };
    if faults.is_empty() { Ok(audience) } else { Err(faults) }
}

/// The constraints, and what is wrong with them so far.
struct Form<'a> {
    constraints: &'a BTreeMap<String, String>,
    faults: &'a mut Vec<Fault>,
}

impl Form<'_> {
    /// Reads one constraint, if it is given.
    fn take<T>(&mut self, name: &str, expected: &str, read: impl Fn(&str) -> Option<T>) -> Option<T> {
        let text = self.constraints.get(name)?;
        let value = read(text);
        if value.is_none() {
            self.faults.push(Fault::new(pointer(name), expected, shown(text)));
        }
        value
    }

    /// The instant of a moment; a local one needs a zone.
    fn start(&mut self, moment: Moment, zone: Option<&Zone>) -> Option<DateTime<Utc>> {
        let start = match (moment, zone) {
            (Moment::At(time), _) => Some(time.with_timezone(&Utc)),
            (Moment::Local(local), Some(zone)) => zone.not_before(local),
            // A zone that is given and wrong is a fault already.
            (Moment::Local(_), None) if self.constraints.contains_key(constraint::TIMEZONE) => return None,
            (Moment::Local(_), None) => None,
        };
        if start.is_none() {
            let text =
                self.constraints.get(constraint::NOT_BEFORE).map_or_else(String::new, |text| shown(text));
            let expected = "a time with its offset (RFC 3339), or a `timezone` beside it";
            self.faults.push(Fault::new(pointer(constraint::NOT_BEFORE), expected, text));
        }
        start
    }
}

/// A fault where nobody understands a constraint.
fn stray(name: &str, value: &str, own: &[&str]) -> Option<Fault> {
    if constraint::ALL.contains(&name) || own.contains(&name) {
        return None;
    }
    let mut known: Vec<&str> = constraint::ALL.iter().chain(own).copied().collect();
    known.sort_unstable();
    let expected = format!("no such constraint; known: `{}`", known.join("`, `"));
    Some(Fault::new(pointer(name), expected, shown(value)))
}

/// A time with its offset, or the same without it.
fn moment(text: &str) -> Option<Moment> {
    let known = |time: &DateTime<FixedOffset>| YEARS.contains(&time.year());
    let with_offset = DateTime::parse_from_rfc3339(text).ok().filter(known).map(Moment::At);
    with_offset.or_else(|| {
        // Whatever becomes RFC 3339 by an offset behind it is RFC 3339 without its offset.
        let local = DateTime::parse_from_rfc3339(&format!("{text}Z")).ok().filter(known);
        local.map(|time| Moment::Local(time.naive_utc()))
    })
}

/// The canonical spelling of a language tag; `de_DE`, as operating systems write it, is one.
fn locale(text: &str) -> Option<String> {
    Locale::try_from_str(&text.replace('_', "-")).ok().map(|locale| locale.to_string())
}

/// The place of a constraint (RFC 6901).
fn pointer(name: &str) -> String {
    format!("{PLACE}/{}", name.replace('~', "~0").replace('/', "~1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn audience(constraints: &[(&str, &str)]) -> Result<Audience, Vec<String>> {
        let constraints = constraints.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let read = read(&constraints.collect(), &["tone"]);
        read.map_err(|faults| faults.into_iter().map(|fault| fault.pointer).collect())
    }

    fn start(constraints: &[(&str, &str)]) -> Option<String> {
        audience(constraints).unwrap().not_before.map(|time| time.to_rfc3339())
    }

    #[test]
    fn nothing_given_constrains_nothing() {
        assert_eq!(audience(&[]), Ok(Audience::default()));
        assert_eq!(audience(&[("tone", "whatever the strategy makes of it")]), Ok(Audience::default()));
    }

    #[test]
    fn a_start_is_an_instant() {
        let zone = ("timezone", "Europe/Berlin");
        for (written, expected) in [
            ("2026-02-10T09:00:00", "2026-02-10T08:00:00+00:00"),
            ("2026-02-10T09:00:00.5", "2026-02-10T08:00:00.500+00:00"),
            ("2026-02-10T09:00:00Z", "2026-02-10T09:00:00+00:00"),
            ("2026-02-10T09:00:00-05:00", "2026-02-10T14:00:00+00:00"),
        ] {
            assert_eq!(start(&[zone, ("not_before", written)]).as_deref(), Some(expected), "{written}");
        }
    }

    /// T4.
    #[test]
    fn a_start_where_the_clocks_are_kept_since_2026() {
        for (zone, expected) in [
            ("America/Vancouver", "2026-12-01T16:00:00+00:00"),
            ("America/Edmonton", "2026-12-01T15:00:00+00:00"),
            ("Africa/Casablanca", "2026-12-01T09:00:00+00:00"),
            ("America/Los_Angeles", "2026-12-01T17:00:00+00:00"),
        ] {
            let found = start(&[("timezone", zone), ("not_before", "2026-12-01T09:00:00")]);
            assert_eq!(found.as_deref(), Some(expected), "{zone}");
        }
    }

    #[test]
    fn without_a_zone_the_offset_of_the_start_is_the_audiences() {
        let found = audience(&[("not_before", "2026-02-10T09:00:00-05:00")]).unwrap();
        assert_eq!(found.zone.local(found.not_before.unwrap()).to_string(), "2026-02-10 09:00:00");
    }

    #[test]
    fn tags_have_one_spelling() {
        for (written, expected) in [("de-de", "de-DE"), ("PT_br", "pt-BR"), ("zh-hant", "zh-Hant")] {
            assert_eq!(audience(&[("locale", written)]).unwrap().locale.as_deref(), Some(expected));
        }
    }

    #[test]
    fn everything_wrong_is_named_at_once() {
        let bad = [
            ("timezone", "Berlin"),
            ("not_before", "tomorrow"),
            ("quiet_hours", "22-7"),
            ("active_hours", ""),
            ("locale", "the moon"),
            ("a/b~c", "1"),
        ];
        let expected = ["a~1b~0c", "timezone", "not_before", "quiet_hours", "active_hours", "locale"];
        assert_eq!(audience(&bad), Err(expected.map(|name| format!("{PLACE}/{name}")).to_vec()));
    }

    #[test]
    fn a_start_that_cannot_be_placed_is_one_fault() {
        let place = |name: &str| format!("{PLACE}/{name}");
        for (constraints, expected) in [
            (vec![("not_before", "2026-02-10T09:00:00")], "not_before"),
            (vec![("not_before", "2026-02-10T09:00:00"), ("timezone", "Mars")], "timezone"),
            (vec![("not_before", "2026-02-10")], "not_before"),
            (vec![("not_before", "2026-02-30T09:00:00Z")], "not_before"),
            (vec![("not_before", "2150-01-01T00:00:00Z")], "not_before"),
            (vec![("not_before", "1969-12-31T23:59:59Z")], "not_before"),
        ] {
            assert_eq!(audience(&constraints), Err(vec![place(expected)]), "{constraints:?}");
        }
    }
}
