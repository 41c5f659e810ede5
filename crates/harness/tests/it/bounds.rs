//! Each bound, hit. What ends the process runs in a process of its own: this very program, asked for one test.

use std::env;
use std::future::{pending, poll_fn, ready};
use std::panic::catch_unwind;
use std::process::{Command, Stdio};
use std::task::Poll;

use chimera_harness::{TestProcess, finished, guard_for, tries, within, within_seconds};
use futures_executor::block_on;

/// Set where this program is the child that is to hang.
const CHILD: &str = "CHIMERA_HARNESS_CHILD";

/// What a test panics with.
fn panic_of(test: fn()) -> String {
    let panic = catch_unwind(test).unwrap_err();
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap()
}

/// Runs the test of this name as a child that hangs, and gives what it said before the watchdog ended it.
fn last_words(test: &str) -> String {
    let mut child = Command::new(env::current_exe().unwrap());
    // The output is held back as in every other run: the words must be seen all the same.
    let name = format!("bounds::{test}");
    child.args(["--exact", &name, "--test-threads", "2"]).env(CHILD, "1").stdin(Stdio::null());
    let output = finished("a child that hangs", &mut child);
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains(&format!("watchdog: {name}: waited 1 s for ")), "{said}");
    said
}

fn is_child() -> bool {
    env::var_os(CHILD).is_some()
}

#[test]
fn what_comes_in_time_is_given() {
    assert_eq!(block_on(within("nothing", ready(4))), 4);
}

#[test]
fn a_future_that_is_never_woken_is_given_up() {
    let said = panic_of(|| block_on(within_seconds(1, "an answer that never comes", pending())));
    assert!(said.starts_with("waited 1 s for an answer that never comes, at "), "{said}");
    assert!(said.contains(file!()), "{said}");
}

#[test]
fn a_future_that_always_wants_to_run_again_is_given_up() {
    let said = panic_of(|| {
        block_on(within_seconds(1, "a change", async {
            poll_fn(|context| {
                context.waker().wake_by_ref();
                Poll::<()>::Pending
            })
            .await;
        }));
    });
    assert!(said.starts_with("waited 1 s for a change, at "), "{said}");
}

/// The inner one says more, and it is heard although it began later.
#[test]
fn the_inner_bound_speaks() {
    let said = panic_of(|| {
        block_on(within_seconds(30, "the whole", async {
            within_seconds(1, "a part", pending::<()>()).await;
        }));
    });
    assert!(said.starts_with("waited 1 s for a part, at "), "{said}");
}

#[test]
fn a_future_that_does_not_give_way_ends_the_process() {
    if is_child() {
        block_on(within_seconds(1, "a future that spins", async {
            loop {
                std::hint::spin_loop();
            }
        }));
    }
    last_words("a_future_that_does_not_give_way_ends_the_process");
}

#[test]
fn a_thread_that_blocks_ends_the_process() {
    if is_child() {
        let _guard = guard_for(1, "a thread that is parked");
        loop {
            std::thread::park();
        }
    }
    last_words("a_thread_that_blocks_ends_the_process");
}

#[test]
fn a_loop_without_a_change_is_given_up() {
    assert_eq!(tries(3, "nothing").take(3).collect::<Vec<_>>(), [0, 1, 2]);
    let said = panic_of(|| {
        for number in tries(3, "a number above ten") {
            assert!(number < 10);
        }
    });
    assert!(said.starts_with("gave up after 3 tries: a number above ten, at "), "{said}");
}

#[test]
fn a_process_is_read_line_by_line_and_ends_with_its_test() {
    let mut cat = TestProcess::start("cat", &mut Command::new("cat"));
    for line in ["one", "two"] {
        cat.write_line(line);
        assert_eq!(cat.next_line("an echo").as_deref(), Some(line));
    }
    cat.close_input();
    assert_eq!(cat.next_line("the end of its output"), None);
    assert!(cat.end().success());

    let mut killed = TestProcess::start("cat", &mut Command::new("cat"));
    killed.kill();
    assert!(!killed.end().success());
}
