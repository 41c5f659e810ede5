//! Child processes that a test talks to, line by line, and does not wait for without end.

use std::io::{BufRead as _, BufReader, Write as _};
use std::panic::Location;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use crate::guard::{guard, guard_for};

/// How long a line may take: more than the bounds inside the child, so that the child says by itself what it waits for.
const LINE: Duration = Duration::from_secs(120);

/// How long a command may run, in seconds: long enough for one that compiles.
const COMMAND: u32 = 900;

/// How many lines may wait to be read; a child that says more than that waits in its turn.
const LINES: usize = 1_024;

/// A child process with pipes to its standard input and from its standard output; it ends with this value.
#[derive(Debug)]
pub struct TestProcess {
    name: String,
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<std::io::Result<String>>,
}

impl TestProcess {
    /// Starts a command. `name` is how failures call it.
    pub fn start(name: impl Into<String>, command: &mut Command) -> Self {
        let name = name.into();
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{name} does not start: {error}"));
        let input = child.stdin.take();
        let output = child.stdout.take().expect("its standard output is a pipe");
        let (told, lines) = sync_channel(LINES);
        // It ends with the pipe, which ends with the child, or when nobody listens any more.
        thread::spawn(move || read_lines(output, &told));
        Self { name, child, input, lines }
    }

    /// Writes a line to its standard input.
    #[track_caller]
    pub fn write_line(&mut self, line: &str) {
        let _guard = guard(format!("{} to read its input", self.name));
        let input = self.input.as_mut().expect("its input is open");
        writeln!(input, "{line}").unwrap_or_else(|error| panic!("{} does not read: {error}", self.name));
    }

    /// Closes its standard input.
    pub fn close_input(&mut self) {
        self.input = None;
    }

    /// The next line of its standard output; `None` at its end. `what` completes the sentence *waited 120 s for …*.
    #[track_caller]
    pub fn next_line(&mut self, what: &str) -> Option<String> {
        match self.lines.recv_timeout(LINE) {
            Ok(line) => Some(line.unwrap_or_else(|error| panic!("{} says no text: {error}", self.name))),
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => {
                let place = Location::caller();
                panic!("waited {} s for {what} of {}, at {place}", LINE.as_secs(), self.name)
            }
        }
    }

    /// Waits until it has ended by itself.
    #[track_caller]
    pub fn end(&mut self) -> ExitStatus {
        let _guard = guard(format!("the end of {}", self.name));
        self.child.wait().expect("a child can be waited for")
    }

    /// Ends it as `kill -9` does.
    #[track_caller]
    pub fn kill(&mut self) {
        let _guard = guard(format!("the end of {}, which was killed", self.name));
        self.child.kill().expect("a child can be killed");
        self.child.wait().expect("a child can be waited for");
    }
}

impl Drop for TestProcess {
    fn drop(&mut self) {
        let _guard = guard(format!("the end of {}, whose test is over", self.name));
        // A failed test must not leave its processes behind; one that has ended already cannot be killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a command to its end and gives what it said. `what` completes the sentence *waited 900 s for …*.
#[track_caller]
pub fn finished(what: &str, command: &mut Command) -> Output {
    let _guard = guard_for(COMMAND, what);
    command.output().unwrap_or_else(|error| panic!("{what}: {error}"))
}

fn read_lines(output: ChildStdout, told: &SyncSender<std::io::Result<String>>) {
    for line in BufReader::new(output).lines() {
        if told.send(line).is_err() {
            return;
        }
    }
}
