//! What is open in a profile by its own words: the lines that a draft marks.

/// How many lines are kept; a draft has some twenty.
const KEPT: usize = 100;
/// How much of one is kept, in characters.
const LONGEST: usize = 200;

/// A line of a profile that says `to do:`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToDo {
    /// Which line, from 1.
    pub line: usize,
    /// What it says behind the mark.
    pub text: String,
}

/// Every open line, a hundred at most.
pub(super) fn all(profile: &str) -> Vec<ToDo> {
    let open = |(line, text): (usize, &str)| {
        let text = text.match_indices(['#', '"', '\'']).find_map(|(at, sign)| {
            let told = behind_the_mark(text.get(at..)?.strip_prefix(sign)?)?;
            // A comment goes to the end of its line, a text to its other quote.
            if sign == "#" { Some(told) } else { told.split(sign).next() }
        })?;
        Some(ToDo { line, text: text.chars().take(LONGEST).collect() })
    };
    (1..).zip(profile.lines()).filter_map(open).take(KEPT).collect()
}

/// What stands behind a `to do:` that a comment or a text begins with.
fn behind_the_mark(part: &str) -> Option<&str> {
    let part = part.trim_start();
    ["to do:", "todo:"].into_iter().find_map(|mark| {
        let (begin, rest) = part.split_at_checked(mark.len())?;
        begin.eq_ignore_ascii_case(mark).then(|| rest.trim())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_placeholders_are_open_and_other_words_are_not() {
        let profile = "# each line behind `to do` is a guess\n\
                       name = \"mine\" # TODO: a name\n\
                       settings = { urn = \"to do: what it is\" }\n\
                       #  to do: where it holds the id, such as `id = \"/id\"`\n\
                       arguments = { title = \"to do list\", text = \"{text}\" }\n\
                       # nothing to do: all is said";
        let told: Vec<_> = all(profile).into_iter().map(|open| (open.line, open.text)).collect();
        let expected =
            [(2, "a name"), (3, "what it is"), (4, "where it holds the id, such as `id = \"/id\"`")];
        assert_eq!(told, expected.map(|(line, text)| (line, text.to_owned())));
    }

    #[test]
    fn no_more_is_kept_than_a_person_reads() {
        let long = format!("# to do: {}\n", "x".repeat(1_000)).repeat(1_000);
        let told = all(&long);
        assert_eq!((told.len(), told[0].text.len()), (KEPT, LONGEST));
    }
}
