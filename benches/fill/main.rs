//! What a post costs when many have gone before: `--posts 1000000 [--step 100000]` publishes them into one database, and
//! `--layouts` writes the rows of posts by hand, in layouts to choose from, beside a million keys.
#![expect(clippy::expect_used, reason = "a bench that cannot run has nothing to say")]
#![expect(clippy::print_stdout, reason = "what it measured is its output")]

mod layouts;
mod long;

use std::process::ExitCode;

use chimera_benches::asked::{Asked, USAGE};
use chimera_benches::disk;
use chimera_benches::mode::Mode;

use layouts::Size;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mode = Mode::of(arguments.iter().cloned());
    let asked = Asked::by(arguments);
    if mode == Mode::List {
        return ExitCode::SUCCESS;
    }
    let folder = tempfile::tempdir_in(disk::base(env!("CARGO_TARGET_TMPDIR")))
        .expect("the folder of the bench can be written");
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_time().build().expect("a runtime starts");
    match (mode, asked) {
        (Mode::Measure, Some(Asked::Long { posts, step })) => long::run(&runtime, folder.path(), posts, step),
        (Mode::Measure, Some(Asked::Layouts)) => layouts::run(&runtime, folder.path(), Size::FULL),
        (Mode::Measure, None) => {
            println!("{USAGE}");
            return ExitCode::FAILURE;
        }
        // As little as touches everything.
        (Mode::Smoke | Mode::List, _) => {
            long::run(&runtime, folder.path(), 96, 64);
            layouts::run(&runtime, folder.path(), Size::LITTLE);
        }
    }
    ExitCode::SUCCESS
}
