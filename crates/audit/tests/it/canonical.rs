//! An export counts in one spelling alone: every other one of the same content is refused, and the line named.

use chimera_audit::CheckpointSigner as _;
use chimera_audit::verify::{Anchor, CheckpointFault, VerifyError, verify};

use crate::evidence::Log;
use crate::tamper::{Case, Lines, after, lines, replaced};

const NOT_CANONICAL: &str = "the line is not in canonical form";

fn check(expected: &str, change: impl Fn(&mut Lines)) {
    let found = after(change);
    assert!(found.contains(expected), "expected `{expected}`, found `{found}`");
}

/// Entry 4 of the log has an attachment in base64, entry 6 one in text, entry 5 none; line 10 is the checkpoint.
#[test]
fn every_other_spelling_of_a_line_is_refused() {
    let before = |line: usize, text: &'static str| {
        Box::new(move |lines: &mut Lines| lines[line].insert_str(0, text)) as Box<dyn Fn(&mut Lines)>
    };
    let upper = |line: usize, name: &'static str| {
        Box::new(move |lines: &mut Lines| {
            let at = lines[line].find(name).unwrap() + name.len();
            let digits = lines[line].split_at(at).1.split_at(64).0.to_owned();
            assert_ne!(digits, digits.to_ascii_uppercase(), "no letter in {name} of line {line}");
            lines[line].replace_range(at..at + 64, &digits.to_ascii_uppercase());
        }) as Box<dyn Fn(&mut Lines)>
    };
    let cases: Vec<Case> = vec![
        ("entry 5", Box::new(|lines| lines[5] = lines[5].replace('\n', "\r\n"))),
        ("entry 10", Box::new(|lines| lines[10] = lines[10].replace("}\n", "}\r\n"))),
        ("entry 5", Box::new(replaced(5, "}\n", "} \n"))),
        ("entry 5", before(5, " ")),
        ("entry 5", before(5, "\t")),
        ("entry 0", before(0, "\u{feff}")),
        ("entry 10", before(10, "\u{feff}")),
        ("entry 5", Box::new(replaced(5, "\"index\":5", "\"index\": 5"))),
        ("entry 5", Box::new(replaced(5, "\"index\":5,", "\"index\":5, "))),
        ("entry 10", Box::new(replaced(10, "\"checkpoint\":", "\"checkpoint\" :"))),
        // The order of members.
        (
            "entry 5",
            Box::new(|lines| {
                lines[5] = lines[5].replace("{\"index\":5,", "{").replace("}\n", ",\"index\":5}\n");
            }),
        ),
        (
            "entry 6",
            Box::new(|lines| {
                let at = lines[6].find(",\"salt\"").unwrap();
                let salt = lines[6].split_at(at).1.split_at(74).0.to_owned();
                lines[6] = lines[6].replace(&salt, "").replace("}\n", &format!("{salt}}}\n"));
            }),
        ),
        // Members that stand twice, also with one value.
        ("entry 5", Box::new(replaced(5, "{\"index\":5", "{\"index\":5,\"index\":5"))),
        ("entry 6", Box::new(replaced(6, ",\"salt\"", ",\"attachment\":\"x\",\"salt\""))),
        ("entry 10", Box::new(replaced(10, "{", "{\"checkpoint\":\"\","))),
        // Escapes.
        ("entry 5", Box::new(replaced(5, "published", "\\u0070ublished"))),
        ("entry 5", Box::new(replaced(5, "{\"index\"", "{\"\\u0069ndex\""))),
        ("entry 6", Box::new(replaced(6, "said", "s\\u0061id"))),
        ("entry 6", Box::new(replaced(6, "said", "\\u0073aid"))),
        ("entry 6", Box::new(replaced(6, "\\n\"", "\\u000a\""))),
        ("entry 6", Box::new(replaced(6, "said \\\"", "said \\u0022"))),
        ("entry 10", Box::new(replaced(10, "example.com/", "example.com\\/"))),
        ("entry 10", Box::new(replaced(10, "\u{2014}", "\\u2014"))),
        // Numbers.
        ("entry 5", Box::new(replaced(5, "\"index\":5", "\"index\":5.0"))),
        ("entry 5", Box::new(replaced(5, "\"index\":5", "\"index\":5e0"))),
        ("entry 5", Box::new(replaced(5, "\"index\":5", "\"index\":5E+0"))),
        ("entry 0", Box::new(replaced(0, "\"index\":0", "\"index\":-0"))),
        // Hex and base64.
        ("entry 5", upper(5, "\"hash\":\"")),
        ("entry 4", Box::new(replaced(4, "\"/wAB\"", "\"/wA\\u0042\""))),
        (
            "entry 6",
            Box::new(replaced(
                6,
                "\"attachment\":\"said \\\"6\\\"\\n\"",
                "\"attachment_base64\":\"c2FpZCAiNiIK\"",
            )),
        ),
    ];
    for (number, (expected, change)) in cases.into_iter().enumerate() {
        let found = after(change);
        let named = found.starts_with(&format!("{expected}:")) && found.contains(NOT_CANONICAL);
        assert!(named, "case {number}: expected {expected}, found `{found}`");
    }
}

/// Escapes that no export of the log above needs, a salt with letters, and base64 with padding.
#[test]
fn every_other_spelling_of_an_attachment_is_refused() {
    let log = Log::with([
        "tab\t, slash /, bell \u{7}, delete \u{7f}, é and \u{2028}\r\u{c}\u{8}\\".as_bytes(),
        &[0xff, 0xfe, 0xfd, 0xfc],
    ]);
    let export = log.export();
    verify(export.as_slice(), log.signer.verifier_key(), None).unwrap();
    for (line, from, to) in [
        (0, "\\t", "\\u0009"),
        (0, "slash /", "slash \\/"),
        (0, "\\u0007", "\\u0007\\u0007"),
        (0, "é", "\\u00e9"),
        (0, "\u{7f}", "\\u007f"),
        (0, "\u{2028}", "\\u2028"),
        (0, "\\r", "\\u000D"),
        (0, "\\f", "\\u000c"),
        (0, "\\b", "\\u0008"),
        (0, "\\\\", "\\u005c"),
        (1, "//79/A==", "//79/A="),
        (1, "//79/A==", "//79/A"),
        (1, "//79/A==", "//79/B=="),
        (1, "//79/A==", "\\/\\/79\\/A=="),
    ] {
        let mut changed = lines(export.clone());
        assert!(changed[line].contains(from), "{from}: {}", changed[line]);
        changed[line] = changed[line].replacen(from, to, 1);
        let error = verify(changed.concat().as_bytes(), log.signer.verifier_key(), None).unwrap_err();
        match error {
            // Two bells are other bytes, in the right spelling.
            VerifyError::Attachment { entry: 0, .. } if to.ends_with("\\u0007\\u0007") => {}
            VerifyError::NotCanonical { entry, .. } => assert_eq!(entry, line as u64, "{to}"),
            other => panic!("{from} as {to}: {other}"),
        }
    }
    let upper = lines(export)[0].replacen(&"ab".repeat(32), &"AB".repeat(32), 1);
    let error = verify(upper.as_bytes(), log.signer.verifier_key(), None).unwrap_err();
    assert!(matches!(error, VerifyError::NotCanonical { entry: 0, .. }), "{error}");
}

#[test]
fn nothing_stands_around_the_lines() {
    check("entry 0: the line is damaged", |lines| lines.insert(0, "\n".to_owned()));
    check("entry 5: the line is damaged", |lines| lines.insert(5, "\n".to_owned()));
    check("something follows the checkpoint", |lines| lines.push("\n".to_owned()));
    check("something follows the checkpoint", |lines| lines.push(" ".to_owned()));
    check("something follows the checkpoint", |lines| lines.push(lines[10].clone()));
    check("entry 10: cut off", |lines| lines[10] = lines[10].replace('\n', ""));
    check("entry 5: the line is damaged", |lines| lines[5] = lines[5].replace("\"index\":5", "\"index\":05"));
    check("entry 5: the line is damaged", |lines| {
        lines[5] = lines[5].replace("}\n", ",\"checkpoint\":1}\n");
    });
}

/// The note in the last line of an export, changed: what C2SP allows beside the log's own signature has no place there.
#[test]
fn a_checkpoint_has_one_spelling() {
    let log = Log::of(3);
    let export = lines(log.export());
    let note = log.checkpoint();
    let (text, signature) = note.split_once("\n\n").unwrap();
    let foreign = "\u{2014} witness.example/w AAAAAAAA";
    let key = log.signer.verifier_key();
    let verdict = |note: &str, trusted: Option<&str>| {
        let last = format!("{}\n", serde_json::json!({ "checkpoint": note }));
        let changed = [&export[..3], &[last]].concat().concat();
        verify(changed.as_bytes(), key, trusted)
    };
    assert!(verdict(&note, None).is_ok());
    let signature = signature.trim_end();
    for changed in [
        format!("{text}\n\n{signature}\n{signature}\n"),
        format!("{text}\n\n{signature}\n{foreign}\n"),
        format!("{text}\n\n{foreign}\n{signature}\n"),
        format!("{text}\n\n{foreign}\n{signature}\n{foreign}\n"),
    ] {
        let error = verdict(&changed, None).unwrap_err();
        let named = matches!(error, VerifyError::Checkpoint(CheckpointFault::NotCanonical));
        assert!(named, "{changed}: {error}");
    }
    for changed in [
        format!("{text}\n\n{signature}\n\n"),
        format!("{text}\n\n{signature}"),
        format!("{text}\n\n {signature}\n"),
        format!("{text}\n\n{}\n", signature.replace(' ', "  ")),
        format!("{text}\r\n\r\n{signature}\r\n"),
        format!("{text}\n\n{}\n", signature.trim_end_matches('=')),
        note.replacen("\n3\n", "\n03\n", 1),
        note.replacen("\n3\n", "\n+3\n", 1),
        note.to_uppercase(),
    ] {
        let error = verdict(&changed, None).unwrap_err();
        assert!(matches!(error, VerifyError::Checkpoint(_)), "{changed}: {error}");
    }
    // A checkpoint from elsewhere may carry the signatures of witnesses.
    let cosigned = format!("{text}\n\n{foreign}\n{signature}\n");
    assert_eq!(verdict(&note, Some(&cosigned)).unwrap().anchored, Anchor::TrustedCheckpoint { size: 3 });
}
