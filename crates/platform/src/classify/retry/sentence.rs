//! Sentences that say how long to wait: *try again in 15 minutes*, *limit resets at 2027-01-15T08:15:00Z*.
//!
//! A length of time means something only behind a word that asks to wait, or before one; *50 posts in 24 hours* says how much is
//! allowed.

use chrono::{DateTime, Utc};
use regex_lite::Regex;

use super::wait::{exact, of_number};
use super::{Pattern, patterns};

/// How many words may stand between a word that asks to wait and the time.
const GAP: usize = 6;
/// How many words a time has at most: `Fri, 15 Jan 2027 08:15:00 GMT`, `1 day, 2 hours, 3 minutes`.
const LONGEST_TIME: usize = 8;
/// How many bytes behind such a word are looked at.
const LOOKED_AT: usize = 160;

/// Every moment that a text gives.
pub(super) fn ends(text: &str, now: DateTime<Utc>) -> impl Iterator<Item = DateTime<Utc>> {
    let asks = ASKS.as_ref().into_iter().flat_map(|pattern| pattern.find_iter(text));
    let behind = asks.filter_map(move |asks| {
        let rest = beginning(text.get(asks.end()..)?);
        // A part of a header's name; those are read with what is left of their limit.
        let of_a_name = text.get(..asks.start())?.ends_with(['-', '_'])
            || rest.trim_start_matches(['"', '\'', ' ']).starts_with([':', '=']);
        if of_a_name {
            return None;
        }
        behind(asks.as_str(), rest, now)
    });
    let before = BEFORE.as_ref().into_iter().flat_map(|pattern| pattern.captures_iter(text));
    let before = before.filter_map(move |found| first(found.iter().skip(1).flatten().next()?.as_str(), now));
    behind.chain(before)
}

/// The first moment that a text gives by any of its words.
pub(super) fn first(text: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let spaced = parted(beginning(text));
    let words: Vec<&str> = spaced.split_whitespace().collect();
    (0..words.len().min(GAP)).find_map(|at| longest(words.get(at..)?, now))
}

fn beginning(text: &str) -> &str {
    let end = text.char_indices().map(|(at, _)| at).find(|at| *at >= LOOKED_AT).unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

/// The first time behind a word that asks to wait, within its clause.
fn behind(asks: &str, rest: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let spaced = parted(rest);
    let words: Vec<&str> = spaced.split_whitespace().collect();
    for at in 0..words.len().min(GAP) {
        let from = words.get(at..)?;
        if let Some(found) = longest(from, now) {
            return Some(found);
        }
        let word = bare(from.first()?);
        if word.starts_with(|first: char| first.is_ascii_digit()) {
            return alone(asks, at, from, now);
        }
        if from.first()?.ends_with(['.', '!', '?', ';']) {
            return None;
        }
    }
    None
}

/// A number without a unit: a moment in seconds since 1970, or, as Telegram's *retry after 35*, seconds.
fn alone(asks: &str, at: usize, words: &[&str], now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let word = words.first()?;
    let number: f64 = bare(word).parse().ok()?;
    let ends_here = words.len() == 1 || word.ends_with(['.', ',', ';', ')', ']']);
    let asks = asks.to_ascii_lowercase();
    let of_seconds = (asks.ends_with("after") && at == 0 && ends_here) || asks.starts_with("flood_wait");
    (number >= 1e9 || of_seconds).then(|| of_number(number, None, now)).flatten()
}

/// The longest time that words begin with.
fn longest(words: &[&str], now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let first = bare(words.first()?);
    let begins = first.starts_with(|first: char| first.is_ascii_digit() || first == 'P' || first == '/')
        || is_one(first)
        || WEEKDAYS.iter().any(|day| first.starts_with(day));
    if !begins {
        return None;
    }
    (1..=words.len().min(LONGEST_TIME)).rev().find_map(|count| {
        let (words, after) = words.split_at_checked(count)?;
        if after.first().is_some_and(|next| bare(next) == "ago") {
            return None;
        }
        let joined = words.join(" ");
        exact(bare(&joined), now).or_else(|| exact(&in_english(words), now))
    })
}

/// The same with the names of units in English, and without *and*.
fn in_english(words: &[&str]) -> String {
    let last = words.len().saturating_sub(1);
    let words = words.iter().enumerate().filter_map(|(at, word)| {
        let plain = bare(word).trim_end_matches(',').to_lowercase();
        let plain = match plain.as_str() {
            "and" | "und" | "et" | "y" | "e" if at < last => return None,
            "sekunde" | "sekunden" | "seconde" | "secondes" | "segundo" | "segundos" | "secondi" | "秒" => {
                "seconds"
            }
            "minuten" | "minuto" | "minutos" | "minuti" | "分" | "分钟" | "分鐘" | "分間" => "minutes",
            "stunde" | "stunden" | "heure" | "heures" | "hora" | "horas" | "ora" | "ore" | "uur" | "小时"
            | "小時" | "時間" => "hours",
            "tag" | "tage" | "tagen" | "jour" | "jours" | "día" | "días" | "dia" | "dias" | "giorno"
            | "giorni" | "天" | "日" => "days",
            one if at == 0 && is_one(one) => "1",
            other => other,
        };
        Some(plain.to_owned())
    });
    words.collect::<Vec<_>>().join(" ")
}

fn is_one(word: &str) -> bool {
    matches!(
        word.to_lowercase().as_str(),
        "a" | "an" | "one" | "einer" | "einem" | "une" | "un" | "una" | "uma" | "um" | "een"
    )
}

/// A word without what stands around it.
fn bare(word: &str) -> &str {
    word.trim_start_matches(['(', '[', '~', '≈', '"', '\'', '`', ':', '=', '<', '>'])
        .trim_end_matches([')', ']', '"', '\'', '`', '.', ',', ';', '!', '?', ':'])
}

/// With a space between a number and a sign of Chinese or Japanese, and behind the last of these.
fn parted(text: &str) -> String {
    let mut parted = String::with_capacity(text.len());
    let is_sign =
        |letter: char| matches!(letter, '秒' | '分' | '钟' | '鐘' | '間' | '小' | '时' | '時' | '天' | '日');
    let mut last = ' ';
    for letter in text.chars() {
        let begins = is_sign(letter) && last.is_ascii_digit();
        let ends = is_sign(last) && !is_sign(letter);
        let number = letter.is_ascii_digit() && !last.is_ascii();
        if begins || ends || number {
            parted.push(' ');
        }
        parted.push(letter);
        last = letter;
    }
    parted
}

const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

patterns! {
    /// Words that ask to wait, or tell when waiting ends.
    ASKS concat!(
        r"(?i)\bretry(?:ing)?(?:[ _-]?after)?\b|\bagain\b|\bwait(?:ing)?\b|\bresets?\b|\bavailable\b|\b(?:a|take) break\b|\bcool(?:ing)?[ -]?down\b|",
        r"\bback ?off\b|\blifted\b|\bunblocked\b|\bflood_wait_?|",
        // A token is valid until a date, too.
        r"\b(?:blocked|limited|locked|banned|paused|suspended|restricted|throttled|exceeded|retry|again)\b[^.!?;\n]{0,30}?\buntil\b|",
        r"\berneut\b|\bversuch\w*|\bwarten?\b|r[e\x{e9}]essa\w*|\bpatient\w*|",
        r"\bint[e\x{e9}]nta\w*|\bnuevo\b|\bespera\w*|\btent[ae]\w*|\bnovamente\b|\briprova\w*|\bopnieuw\b|再試行|重试|重試|稍后|请在|請在",
    );
    /// A time before a word that tells what it is until: *14 minutes left*, *15分後*.
    BEFORE concat!(
        r"(?i)([0-9]+(?:[.][0-9]+)? ?(?:[a-z]{1,12}[ ,]{0,2}(?:and )?(?:[0-9]+(?:[.][0-9]+)? ?[a-z]{1,12}[ ,]{0,2}){0,3}))(?:before|until|remaining|left\b|from now)|",
        r"([0-9]+ ?(?:秒|分钟|分鐘|分間|分|小时|小時|時間|天|日))(?:後|后|以后|以後|之后)",
    );
}
