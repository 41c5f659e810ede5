//! What the arguments of `fill` ask for.

/// What may be asked for.
pub const USAGE: &str = "cargo bench -p chimera-benches --bench fill -- --posts 1000000 [--step 100000]\n\
     cargo bench -p chimera-benches --bench fill -- --layouts";

/// What is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// The long run.
    Long {
        /// How many posts.
        posts: usize,
        /// After how many of them the figures are told.
        step: usize,
    },
    /// The layouts to choose from.
    Layouts,
}

impl Asked {
    /// What `cargo bench` was given; `None` where it cannot be understood. Without arguments it is a short long run.
    pub fn by(arguments: impl IntoIterator<Item = String>) -> Option<Self> {
        let (mut posts, mut step, mut layouts) = (None, None, false);
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--bench" => {}
                "--layouts" => layouts = true,
                "--posts" => posts = Some(number(arguments.next())?),
                "--step" => step = Some(number(arguments.next())?),
                _ => return None,
            }
        }
        if layouts {
            return (posts.is_none() && step.is_none()).then_some(Self::Layouts);
        }
        let posts = posts.unwrap_or(50_000);
        Some(Self::Long { posts, step: step.unwrap_or(posts.div_ceil(10)) })
    }
}

/// A number above zero.
fn number(argument: Option<String>) -> Option<usize> {
    argument?.parse().ok().filter(|number| *number > 0)
}

#[cfg(test)]
mod tests {
    use super::Asked;

    #[test]
    fn what_is_not_understood_is_not_run() {
        let check = |arguments: &str, expected: Option<Asked>| {
            let asked = Asked::by(arguments.split_whitespace().map(str::to_owned));
            assert_eq!(asked, expected, "{arguments}");
        };
        let long = |posts, step| Some(Asked::Long { posts, step });
        check("--bench --posts 1000000", long(1_000_000, 100_000));
        check("--posts 1000 --step 300 --bench", long(1_000, 300));
        check("--bench", long(50_000, 5_000));
        check("--layouts --bench", Some(Asked::Layouts));
        check("--layouts --posts 10", None);
        check("--posts", None);
        check("--posts 0", None);
        check("--post 10", None);
    }
}
