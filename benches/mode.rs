//! What a bench was started for.
//!
//! `cargo bench` passes `--bench` to a bench without libtest's harness; `cargo test --benches` and `--all-targets` pass
//! nothing. So a bench measures only when it is told to, and is otherwise a quick test of itself.

/// What a bench was started for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// To measure.
    Measure,
    /// To show that it still runs: as little as touches everything.
    Smoke,
    /// To list tests, of which it has none.
    List,
}

impl Mode {
    /// The mode that these arguments ask for.
    pub fn of(arguments: impl IntoIterator<Item = String>) -> Self {
        let arguments: Vec<String> = arguments.into_iter().collect();
        let has = |wanted: &str| arguments.iter().any(|argument| argument == wanted);
        if has("--list") {
            Self::List
        } else if has("--bench") && !has("--test") {
            Self::Measure
        } else {
            Self::Smoke
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Mode;

    #[test]
    fn only_cargo_bench_measures() {
        let check = |arguments: &[&str], expected: Mode| {
            let mode = Mode::of(arguments.iter().map(|argument| (*argument).to_owned()));
            assert_eq!(mode, expected, "{arguments:?}");
        };
        check(&[], Mode::Smoke);
        check(&["--test"], Mode::Smoke);
        check(&["--bench"], Mode::Measure);
        check(&["--test", "--bench"], Mode::Smoke);
        check(&["--list", "--format", "terse"], Mode::List);
    }
}
