//! Both errors of [`is_clearly_other`] on texts that people wrote: how often it asks a person about two different texts, and how
//! often it takes a changed form of a text for another. The README of this crate shows the figures.
//!
//! A debug build takes a part of the texts; a release build takes all of them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

use super::*;
use crate::published::published;

const LABEL: &str = "AI-generated content";
const TAGS: &str = "#launch #spring #news";

const PEOPLE: &str = "people";
const LABELLED: &str = "people, with tags and label";
const TAKEN_OFF: &str = "people, tags and label taken off";

/// With fewer pairs a share says nothing.
const TELLING_COUNT: usize = 200;

/// How many texts of a file are taken, and with how many others each is compared.
const TEXTS: usize = if cfg!(debug_assertions) { 120 } else { usize::MAX };
const PARTNERS: usize = if cfg!(debug_assertions) { 3 } else { 20 };

/// Texts of one file: of people, or made from templates that differ in a word.
struct Corpus {
    made: bool,
    texts: Vec<String>,
    /// What each text was taken from, where several were taken from one.
    documents: Vec<Option<String>>,
}

fn corpora() -> Vec<Corpus> {
    let mut corpora = Vec::new();
    for (path, file) in published("comments", "", ".csv") {
        let texts = column(&file, &["text", "tweet", "test_case"]);
        let made = path.to_string_lossy().contains("hate");
        corpora.push(Corpus { made, documents: vec![None; texts.len()], texts });
    }
    for (path, file) in published("comments", "", "GroundTruth.txt") {
        let tweets = path.to_string_lossy().contains("tweets");
        let lines = file.lines().filter_map(|line| {
            let mut parts = line.splitn(3, '\t');
            Some((parts.next()?, parts.nth(1)?))
        });
        let document = |id: &str| id.split_once('_').map(|(id, _)| id.to_owned()).filter(|_| !tweets);
        let (documents, texts) = lines.map(|(id, text)| (document(id), text.to_owned())).unzip();
        corpora.push(Corpus { made: false, texts, documents });
    }
    for (_, file) in published("platform-text", "", ".json") {
        let mut texts = Vec::new();
        values(&serde_json::from_str(&file).unwrap(), &mut texts);
        corpora.push(Corpus { made: true, documents: vec![None; texts.len()], texts });
    }
    for corpus in &mut corpora {
        let every = corpus.texts.len().div_ceil(TEXTS).max(1);
        corpus.texts = corpus.texts.iter().step_by(every).cloned().collect();
        corpus.documents = corpus.documents.iter().step_by(every).cloned().collect();
    }
    corpora
}

/// The members `text` of a JSON file, wherever they are.
fn values(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            texts.extend(members.get("text").and_then(Value::as_str).map(str::to_owned));
            members.values().for_each(|value| values(value, texts));
        }
        Value::Array(items) => items.iter().for_each(|item| values(item, texts)),
        _ => {}
    }
}

/// The first of some columns of a CSV file (RFC 4180) that it has.
fn column(file: &str, names: &[&str]) -> Vec<String> {
    let rows = rows(file);
    let header = rows.first().unwrap();
    let Some(at) = names.iter().find_map(|name| header.iter().position(|field| field == name)) else {
        return Vec::new();
    };
    rows.iter().skip(1).filter_map(|row| row.get(at).cloned()).collect()
}

fn rows(file: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut field) = (Vec::new(), Vec::new(), String::new());
    let mut quoted = false;
    let mut rest = file.chars().peekable();
    while let Some(next) = rest.next() {
        match next {
            '"' if quoted && rest.peek() == Some(&'"') => field.extend(rest.next()),
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut field)),
            '\n' if !quoted => {
                row.push(std::mem::take(&mut field));
                rows.push(std::mem::take(&mut row));
            }
            '\r' if !quoted => {}
            _ => field.push(next),
        }
    }
    rows
}

/// By the letters of the shorter of two texts.
fn class(a: &Folded, b: &Folded) -> &'static str {
    match a.letters().min(b.letters()) {
        0..12 => "under 12 letters",
        12..40 => "12 to 39",
        40..140 => "40 to 139",
        _ => "140 and more",
    }
}

/// How many pairs were judged, and how many of them wrongly; and the overlaps of those that the share decides about.
#[derive(Default)]
struct Count {
    pairs: usize,
    wrong: usize,
    overlaps: Vec<f64>,
}

type Counts = BTreeMap<(String, &'static str), Count>;

fn judge(counts: &mut Counts, name: &str, [a, b]: [&Folded; 2], right: bool) -> bool {
    let count = counts.entry((name.to_owned(), class(a, b))).or_default();
    let wrong = is_clearly_other(a, b) != right;
    count.pairs += 1;
    count.wrong += usize::from(wrong);
    if a.letters().min(b.letters()) >= TELLING {
        count.overlaps.push(overlap(a, b));
    }
    wrong
}

fn table(counts: &Counts) -> String {
    let mut table = String::new();
    for ((name, class), count) in counts {
        let share = 100.0 * as_f64(count.wrong) / as_f64(count.pairs);
        writeln!(table, "| {name} | {class} | {} | {} | {share:.2} % |", count.pairs, count.wrong).unwrap();
    }
    table
}

/// What the error would be with another number than [`CLEAR`], for texts of 12 letters and more.
fn scan(counts: &Counts, wrong: impl Fn(f64, f64) -> bool) -> String {
    let mut names: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for ((name, _), count) in counts {
        names.entry(name).or_default().extend(&count.overlaps);
    }
    let mut table = String::new();
    for (name, overlaps) in names.into_iter().filter(|(_, overlaps)| !overlaps.is_empty()) {
        write!(table, "| {name}").unwrap();
        for clear in [0.2, 0.25, 0.3, 0.35, 0.4, 0.5] {
            let wrong = overlaps.iter().filter(|overlap| wrong(**overlap, clear)).count();
            write!(table, " | {:.3} %", 100.0 * as_f64(wrong) / as_f64(overlaps.len())).unwrap();
        }
        writeln!(table, " |").unwrap();
    }
    table
}

/// Pairs of different texts: an error asks a person for nothing.
#[test]
fn published_pairs_of_different_texts_are_mostly_clear() {
    let mut counts = Counts::new();
    let end = Folded::new(&format!("{TAGS}\n\n{LABEL}"));
    let mut state = 1_u64;
    for corpus in corpora() {
        let kind = if corpus.made { "templates" } else { PEOPLE };
        let folded: Vec<Folded> = corpus.texts.iter().map(|text| Folded::new(text)).collect();
        let labelled: Vec<Folded> =
            corpus.texts.iter().map(|text| Folded::new(&format!("{text}\n\n{TAGS}\n\n{LABEL}"))).collect();
        for (first, text) in folded.iter().enumerate() {
            for _ in 0..PARTNERS {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let second = usize::try_from(state >> 33).unwrap() % folded.len();
                let other = &folded[second];
                if text == other || text.is_empty() || other.is_empty() {
                    continue;
                }
                judge(&mut counts, kind, [text, other], true);
                if corpus.made {
                    continue;
                }
                let [ours, theirs] = [&labelled[first], &labelled[second]];
                judge(&mut counts, LABELLED, [ours, theirs], true);
                let [ours, theirs] = [ours.without_end(&end), theirs.without_end(&end)];
                judge(&mut counts, TAKEN_OFF, [&ours, &theirs], true);
            }
            let next = first + 1;
            if let Some(other) = folded.get(next).filter(|other| *other != text)
                && corpus.documents[first].is_some()
                && corpus.documents[first] == corpus.documents[next]
            {
                judge(&mut counts, "people, of one page", [text, other], true);
            }
        }
    }
    println!("{}\n{}", table(&counts), scan(&counts, |overlap, clear| overlap > clear));
    for ((name, class), count) in counts.iter().filter(|(_, count)| count.pairs >= TELLING_COUNT) {
        let most = match (name.as_str(), *class) {
            // Why a label is taken off before texts are compared.
            (LABELLED, _) => 1.0,
            (_, "under 12 letters") => 0.6,
            (PEOPLE | TAKEN_OFF, "12 to 39") => 0.15,
            (PEOPLE | TAKEN_OFF, "40 to 139") => 0.06,
            _ => 0.3,
        };
        let share = as_f64(count.wrong) / as_f64(count.pairs);
        assert!(share <= most, "{name}, {class}: {share}");
    }
    let wrong = |name: &str| -> usize {
        counts.iter().filter(|((counted, _), _)| counted == name).map(|(_, count)| count.wrong).sum()
    };
    assert_eq!(wrong(PEOPLE), wrong(TAKEN_OFF), "nothing is left of a label that was taken off");
}

/// A text as a platform shows it, by the kind of change. `None` where it would not change.
fn changed(text: &str) -> Vec<(&'static str, String)> {
    let tagged = format!("{text}\n\n{TAGS}\n\n{LABEL}");
    let cut = |most: usize| text.chars().take(most).collect::<String>();
    let words: Vec<&str> = text.split_whitespace().collect();
    let without = |gone: &dyn Fn(&str) -> bool| {
        words.iter().copied().filter(|word| !gone(word)).collect::<Vec<_>>().join(" ")
    };
    let middle = words.len() / 2;
    let edited = words.iter().enumerate().map(|(at, word)| if at == middle { "quite" } else { word });
    let punctuation = text.chars().map(|sign| match sign {
        '.' => '。',
        ',' => '、',
        '!' => '！',
        '?' => '？',
        _ => sign,
    });
    let no_emoji = |sign: &char| !crate::emoji::is_emoji(*sign) || sign.is_ascii();
    let one_edited = if words.len() < 3 { text.to_owned() } else { edited.collect::<Vec<_>>().join(" ") };
    vec![
        ("the first 20 characters", cut(20)),
        ("the first 40 characters", cut(40)),
        ("the first 100 characters", cut(100)),
        ("the first 140 characters", cut(140)),
        ("upper case", text.to_uppercase()),
        ("hashtags left out", without(&|word| word.starts_with('#'))),
        ("links replaced", with_other_links(text)),
        ("emoji left out", text.chars().filter(no_emoji).collect()),
        ("one word edited", one_edited),
        ("other punctuation", punctuation.collect()),
        ("the first line", text.lines().next().unwrap_or_default().to_owned()),
        ("tags and label added", tagged.clone()),
        ("tags and label added, the first 40 characters", tagged.chars().take(40).collect()),
    ]
}

fn with_other_links(text: &str) -> String {
    let mut shown = String::new();
    let mut at = 0;
    for link in crate::links(text) {
        shown.push_str(text.get(at..link.start).unwrap());
        shown.push_str("https://sho.rt/x1");
        at = link.end;
    }
    shown + text.get(at..).unwrap()
}

/// A text and a form of it: an error posts twice.
#[test]
fn published_forms_of_a_text_are_never_clearly_another() {
    let mut counts = Counts::new();
    for corpus in corpora() {
        for text in &corpus.texts {
            let ours = Folded::new(text);
            for (name, shown) in changed(text).into_iter().filter(|(_, shown)| shown != text) {
                let shown = Folded::new(&shown);
                if judge(&mut counts, name, [&ours, &shown], false) {
                    println!("{name}: {ours:?} {shown:?}");
                }
            }
        }
    }
    println!("{}\n{}", table(&counts), scan(&counts, |overlap, clear| overlap <= clear));
    for ((name, class), Count { pairs, wrong, .. }) in &counts {
        let short = *class == "under 12 letters";
        let most = if short || !name.contains("first") { pairs / 500 } else { 0 };
        assert!(*wrong <= most, "{name}, {class}: {wrong} of {pairs}");
    }
}
