//! Whether the bytes of an entry have the one form that a log may hold.
//!
//! A parser of its own, written from the form and not from the code that writes it: restricted canonical JSON whose
//! strings are tokens, so that there are no escapes, no spaces, no fractions, and one text for each value. Whoever
//! smuggles free text into a log under the hands of its writer is found here as well.

use chimera_contracts::Digest;

/// How deep a statement may nest.
const MAX_DEPTH: usize = 16;

/// The largest integer, 2^53 - 1.
const MAX_INTEGER: u64 = (1 << 53) - 1;

/// The type of the event that tells of an erased attachment.
const ATTACHMENT_ERASED: &str = "audit.attachment_erased";

/// What the verifier needs of an entry.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct LeafForm {
    pub(super) id: u128,
    pub(super) attachment: Option<Digest>,
    /// Of which erasure it tells.
    pub(super) erasure: Option<ToldErasure>,
}

/// The entry whose attachment was erased, as an event tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ToldErasure {
    /// The place of the entry.
    pub(super) index: u64,
    /// Its id.
    pub(super) id: u128,
}

enum Value<'a> {
    Text(&'a str),
    Integer(i64),
    List,
    Object(Vec<(&'a str, Value<'a>)>),
}

/// Reads an entry; the error says what is wrong with it.
pub(super) fn read(text: &str) -> Result<LeafForm, String> {
    let mut rest = text;
    let value = value(&mut rest, 0)
        .ok_or_else(|| format!("it is not canonical from byte {}", text.len() - rest.len()))?;
    if !rest.is_empty() {
        return Err("something follows its end".to_owned());
    }
    let Value::Object(members) = value else { return Err("it is no object".to_owned()) };
    let mut form = LeafForm { id: 0, attachment: None, erasure: None };
    let (mut kind, mut statement) = ("", Vec::new());
    let mut seen = 0_u8;
    for (name, value) in members {
        let required = match (name, value) {
            ("v", Value::Integer(1)) => 1,
            ("id", Value::Text(id)) => {
                form.id = uuid_of(id).ok_or("its id is no UUID")?;
                2
            }
            ("type", Value::Text(text)) => {
                kind = text;
                4
            }
            ("time", Value::Text(time)) if is_time(time) => 8,
            ("namespace", Value::Text(name)) if is_namespace(name) => 16,
            ("statement", Value::Object(members)) => {
                statement = members;
                32
            }
            ("correlation", Value::Text(id)) if uuid_of(id).is_some() => 0,
            ("subject", Value::Text(subject)) if is_subject(subject) => 0,
            ("attachment", Value::Text(hex)) => {
                form.attachment = Some(hex.parse().map_err(|_| "its commitment is no digest")?);
                0
            }
            (other, _) => return Err(format!("its member `{other}` is unknown or has the wrong form")),
        };
        seen |= required;
    }
    if seen != 63 {
        return Err("a member is missing".to_owned());
    }
    if kind == ATTACHMENT_ERASED {
        let told = erasure(&statement).filter(|_| form.attachment.is_none());
        form.erasure = Some(told.ok_or("it does not tell of an erasure as such an event does")?);
    }
    Ok(form)
}

/// The statement of an event that tells of an erasure: exactly these members, in their order.
fn erasure(statement: &[(&str, Value<'_>)]) -> Option<ToldErasure> {
    match statement {
        [
            ("event_id", Value::Text(id)),
            ("index", Value::Integer(index)),
            ("principal", Value::Text(principal)),
            ("reason", Value::Text(_)),
        ] => {
            principal.parse::<Digest>().ok()?;
            Some(ToldErasure { index: u64::try_from(*index).ok()?, id: uuid_of(id)? })
        }
        _ => None,
    }
}

fn value<'a>(rest: &mut &'a str, depth: usize) -> Option<Value<'a>> {
    if depth > MAX_DEPTH {
        return None;
    }
    match rest.bytes().next()? {
        b'"' => string(rest).map(Value::Text),
        b'{' => object(rest, depth).map(Value::Object),
        b'[' => list(rest, depth).map(|()| Value::List),
        _ => integer(rest).map(Value::Integer),
    }
}

fn object<'a>(rest: &mut &'a str, depth: usize) -> Option<Vec<(&'a str, Value<'a>)>> {
    let mut members: Vec<(&str, Value<'_>)> = Vec::new();
    take(rest, "{")?;
    while take(rest, "}").is_none() {
        if !members.is_empty() {
            take(rest, ",")?;
        }
        let name = string(rest)?;
        // Ascending, and so without repetition (RFC 8785 §3.2.3).
        if members.last().is_some_and(|(last, _)| *last >= name) {
            return None;
        }
        take(rest, ":")?;
        members.push((name, value(rest, depth + 1)?));
    }
    Some(members)
}

fn list(rest: &mut &str, depth: usize) -> Option<()> {
    take(rest, "[")?;
    let mut first = true;
    while take(rest, "]").is_none() {
        if !first {
            take(rest, ",")?;
        }
        first = false;
        value(rest, depth + 1)?;
    }
    Some(())
}

fn string<'a>(rest: &mut &'a str) -> Option<&'a str> {
    take(rest, "\"")?;
    let (text, after) = rest.split_once('"')?;
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"_.:/+-".contains(&byte);
    if !(1..=128).contains(&text.len()) || !text.bytes().all(is_token) {
        return None;
    }
    *rest = after;
    Some(text)
}

fn integer(rest: &mut &str) -> Option<i64> {
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != '-').unwrap_or(rest.len());
    let (digits, after) = rest.split_at_checked(end)?;
    let number: i64 = digits.parse().ok()?;
    // Printed again, it shows leading zeros and `-0`.
    if number.unsigned_abs() > MAX_INTEGER || number.to_string() != digits {
        return None;
    }
    *rest = after;
    Some(number)
}

fn take(rest: &mut &str, text: &str) -> Option<()> {
    *rest = rest.strip_prefix(text)?;
    Some(())
}

/// A UUID with hyphens in lower case.
fn uuid_of(text: &str) -> Option<u128> {
    let parts: Vec<&str> = text.split('-').collect();
    let shape: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    let hex = parts.concat();
    let lower = hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if shape == [8, 4, 4, 4, 12] && lower { u128::from_str_radix(&hex, 16).ok() } else { None }
}

/// `2026-01-02T03:04:05.000006Z` by shape: the verifier does not judge whether a day exists.
fn is_time(text: &str) -> bool {
    const SHAPE: &[u8] = b"0000-00-00T00:00:00.000000Z";
    let fits = |(byte, shape): (u8, &u8)| if *shape == b'0' { byte.is_ascii_digit() } else { byte == *shape };
    text.len() == SHAPE.len() && text.bytes().zip(SHAPE).all(fits)
}

/// What an entry is about, in its one form. Entries of earlier versions have none.
fn is_subject(text: &str) -> bool {
    let is_digest = |text: &str| text.parse::<Digest>().is_ok();
    let is_word = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase());
    match text.split_once(':') {
        None => matches!(text, "all" | "namespace"),
        Some(("request" | "review", id)) => uuid_of(id).is_some(),
        Some(("proposal", digest)) => is_digest(digest),
        Some(("effect", ids)) => {
            ids.split_once('/').is_some_and(|(one, two)| uuid_of(one).is_some() && uuid_of(two).is_some())
        }
        Some(("account", named)) => {
            named.split_once('/').is_some_and(|(platform, account)| is_word(platform) && is_digest(account))
        }
        Some(_) => false,
    }
}

fn is_namespace(text: &str) -> bool {
    text.len() <= 64 && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"{"attachment":"ATTACHMENT","correlation":"00000000-0000-0000-0000-000000000001","id":"00000000-0000-0000-0000-00000000000a","namespace":"default","statement":{"a":[1,-2,["x"]],"b":{},"c":0},"time":"2026-01-02T03:04:05.000006Z","type":"skill.x.start","v":1}"#;

    #[test]
    fn the_form_is_read() {
        let digest = Digest::of(b"x");
        let text = GOOD.replace("ATTACHMENT", &digest.to_string());
        assert_eq!(read(&text), Ok(LeafForm { id: 10, attachment: Some(digest), erasure: None }));
    }

    #[test]
    fn a_subject_has_one_form() {
        const ID: &str = "00000000-0000-0000-0000-00000000000a";
        let good = GOOD.replace("ATTACHMENT", &"0".repeat(64));
        let with =
            |subject: &str| read(&good.replace(",\"time\"", &format!(",\"subject\":{subject},\"time\"")));
        let digest = "0".repeat(64);
        for subject in [
            "all",
            "namespace",
            &format!("request:{ID}"),
            &format!("effect:{ID}/{ID}"),
            &format!("review:{ID}"),
            &format!("proposal:{digest}"),
            &format!("account:twitter/{digest}"),
        ] {
            assert!(with(&format!("\"{subject}\"")).is_ok(), "{subject}");
        }
        for subject in [
            "\"everything\"",
            "\"request\"",
            "7",
            &format!("\"request:{}\"", ID.to_ascii_uppercase()),
            &format!("\"request:{ID}/{ID}\""),
            &format!("\"effect:{ID}\""),
            "\"account:twitter/us\"",
            &format!("\"account:Twitter/{digest}\""),
            &format!("\"account:/{digest}\""),
            &format!("[\"request:{ID}\"]"),
        ] {
            assert!(with(subject).is_err(), "{subject}");
        }
        let moved = good.replace(",\"statement\"", ",\"subject\":\"all\",\"statement\"");
        assert!(read(&moved).is_err(), "it has its place");
    }

    const ERASURE: &str = r#"{"id":"00000000-0000-0000-0000-00000000000a","namespace":"default","statement":{"event_id":"00000000-0000-0000-0000-000000000007","index":3,"principal":"PRINCIPAL","reason":"gdpr.article_17"},"time":"2026-01-02T03:04:05.000006Z","type":"audit.attachment_erased","v":1}"#;

    #[test]
    fn an_erasure_is_read_and_has_one_form() {
        let good = ERASURE.replace("PRINCIPAL", &"0".repeat(64));
        let told = ToldErasure { index: 3, id: 7 };
        assert_eq!(read(&good), Ok(LeafForm { id: 10, attachment: None, erasure: Some(told) }));
        let commitment = format!("{{\"attachment\":\"{}\",\"id\"", "0".repeat(64));
        for (from, to) in [
            ("\"index\":3,", ""),
            ("\"index\":3,", "\"index\":-3,"),
            ("\"index\":3,", "\"index\":\"3\","),
            ("\"index\":3,", "\"index\":3,\"more\":1,"),
            ("\"event_id\":\"00000000-0000-0000-0000-000000000007\",", ""),
            ("000000000007", "00000000007"),
            ("\"principal\":\"0", "\"principal\":\""),
            (",\"reason\":\"gdpr.article_17\"", ""),
            ("\"gdpr.article_17\"", "17"),
            ("{\"id\"", commitment.as_str()),
        ] {
            assert!(good.contains(from), "{from}");
            let bad = good.replacen(from, to, 1);
            assert!(read(&bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn every_other_form_is_refused() {
        let good = GOOD.replace("ATTACHMENT", &"0".repeat(64));
        for (from, to) in [
            ("[1,", "[ 1,"),
            ("[1,", "[01,"),
            ("[1,", "[1.0,"),
            ("[1,", "[9007199254740992,"),
            ("-2", "-0"),
            ("\"x\"", "\"x y\""),
            ("\"x\"", "\"\""),
            ("\"x\"", "\"\\u0078\""),
            ("\"x\"", "null"),
            ("\"x\"", "true"),
            ("\"c\":0", "\"a\":0"),
            ("\"c\":0", "\"aa\":0"),
            ("\"v\":1", "\"v\":2"),
            (",\"v\":1", ""),
            (",\"v\":1}", ",\"v\":1} "),
            (",\"v\":1}", ",\"v\":1,\"w\":1}"),
            (",\"v\":1}", ",\"v\":1"),
            ("00a\"", "00A\""),
            ("T03", "t03"),
            ("default", "Default"),
            ("\"id\":\"0", "\"id\":\""),
            ("000\",\"corr", "00g\",\"corr"),
        ] {
            assert!(good.contains(from), "{from}");
            let bad = good.replacen(from, to, 1);
            assert!(read(&bad).is_err(), "{bad}");
        }
        assert!(read(&"[".repeat(100_000)).is_err());
    }
}
