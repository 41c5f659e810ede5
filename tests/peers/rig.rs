//! The rig: the stand-in of the platforms, and the servers that it makes ready. Data alone decides which they are.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use chimera::mcp::ServerCommand;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::OnceCell;

use chimera_testkit::{TestProcess, finished, within};

/// The most of an answer of the stand-in that is read.
const MOST: u64 = 16 * 1024 * 1024;

/// The folder that `CHIMERA_PEERS_RIG` names, else the one beside the repository, with its servers installed. `None`, said
/// aloud, where something of it is missing.
pub(crate) async fn rig() -> Option<&'static Path> {
    static RIG: OnceCell<Option<PathBuf>> = OnceCell::const_new();
    RIG.get_or_init(install).await.as_deref()
}

async fn install() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/peers");
    let rig = std::env::var_os("CHIMERA_PEERS_RIG").map_or_else(beside, PathBuf::from);
    if !rig.join("standin.py").is_file() {
        println!("skipped: peers: no rig at {}", rig.display());
        return None;
    }
    if !is_there("python3") {
        println!("skipped: peers: there is no `python3`");
        return None;
    }
    let setup = rig.join("setup.sh");
    if setup.is_file() {
        let installed =
            finished("the installation of the peers", Command::new("bash").arg(&setup).arg(servers()));
        if !installed.status.success() {
            println!("skipped: peers: {}", String::from_utf8_lossy(&installed.stderr));
            return None;
        }
    }
    Some(rig)
}

/// Whether a program is in the path.
fn is_there(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// Where the servers are installed: the folder that `CHIMERA_PEERS` names, else one of the build.
fn servers() -> PathBuf {
    let of_build = || Path::new(env!("CARGO_TARGET_TMPDIR")).join("peers");
    std::env::var_os("CHIMERA_PEERS").map_or_else(of_build, PathBuf::from)
}

/// A server of the rig, ready to be started.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Launch {
    pub(crate) installed: bool,
    command: Vec<String>,
    env: BTreeMap<String, String>,
    cwd: String,
    post: Value,
}

/// Something that the public sees.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Post {
    pub(crate) id: String,
    pub(crate) text: String,
}

/// A request that reached the platforms.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Request {
    pub(crate) kind: String,
}

/// What the outside saw.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Log {
    pub(crate) posts: Vec<Post>,
    pub(crate) requests: Vec<Request>,
}

#[derive(Deserialize)]
struct Ready {
    control: String,
    servers: BTreeMap<String, Launch>,
}

impl Log {
    /// How many requests made something public, or tried to.
    pub(crate) fn writes(&self) -> usize {
        self.requests.iter().filter(|request| request.kind == "write").count()
    }
}

/// The platforms. They end when this is dropped.
#[derive(Debug)]
pub(crate) struct StandIn {
    /// Runs until its standard input ends.
    _process: TestProcess,
    control: String,
    pub(crate) servers: BTreeMap<String, Launch>,
}

impl StandIn {
    pub(crate) async fn start(rig: &Path) -> Self {
        let mut process = TestProcess::start(
            "the stand-in",
            // The rig is read in place, and nothing is written there.
            Command::new("python3")
                .arg(rig.join("standin.py"))
                .arg("--peers")
                .arg(servers())
                .env("PYTHONDONTWRITEBYTECODE", "1"),
        );
        let line = process.next_line("the stand-in to be ready").expect("it says where it listens");
        let ready: Ready = serde_json::from_str(&line).expect("the stand-in tells its servers in JSON");
        let control = ready.control.trim_start_matches("http://").to_owned();
        Self { _process: process, control, servers: ready.servers }
    }

    /// From now on the platforms behave so.
    pub(crate) async fn mode(&self, mode: Value) {
        self.ask("POST", "/mode", &mode).await;
    }

    pub(crate) async fn well(&self) {
        self.mode(json!({ "mode": "ok" })).await;
    }

    /// Empties the platforms and what is remembered of them.
    pub(crate) async fn reset(&self) {
        self.ask("POST", "/reset", &json!({})).await;
    }

    pub(crate) async fn log(&self) -> Log {
        serde_json::from_str(&self.ask("GET", "/log", &json!({})).await).expect("a log in JSON")
    }

    async fn ask(&self, method: &str, path: &str, body: &Value) -> String {
        let body = body.to_string();
        let request = format!(
            "{method} {path} HTTP/1.0\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.control,
            body.len()
        );
        let asked = async {
            let mut stream = TcpStream::connect(&self.control).await?;
            stream.write_all(request.as_bytes()).await?;
            let mut answer = Vec::new();
            stream.take(MOST).read_to_end(&mut answer).await?;
            Ok::<_, std::io::Error>(answer)
        };
        let answer = within(format!("the stand-in to answer {method} {path}"), asked).await;
        let answer = String::from_utf8(answer.expect("the stand-in answers")).expect("UTF-8");
        let (head, body) = answer.split_once("\r\n\r\n").expect("an answer of HTTP");
        assert!(head.contains(" 200 "), "{method} {path}: {answer}");
        body.to_owned()
    }
}

impl Launch {
    /// The same, and its process id stands in a file.
    pub(crate) fn noting(&self, pid_file: &Path) -> Self {
        let script = format!("echo $$ > '{}'; exec \"$0\" \"$@\"", pid_file.display());
        let shell = ["/bin/sh".to_owned(), "-c".to_owned(), script];
        Self { command: shell.into_iter().chain(self.command.iter().cloned()).collect(), ..self.clone() }
    }

    /// The same behind a program that gives these tools other names while a file is there.
    pub(crate) fn renaming(&self, tools: &[String], flag: &Path) -> Self {
        let program = env!("CARGO_BIN_EXE_chimera-test-renaming").to_owned();
        let before = [program, flag.display().to_string(), tools.join(","), "--".to_owned()];
        Self { command: before.into_iter().chain(self.command.iter().cloned()).collect(), ..self.clone() }
    }

    /// How our client starts it.
    pub(crate) fn command(&self, name: &str) -> ServerCommand {
        let (program, args) = self.command.split_first().expect("a program");
        let command = ServerCommand::new(name, program)
            .cwd(&self.cwd)
            .start_timeout(Duration::from_secs(60))
            .grace(Duration::from_secs(20));
        let command = args.iter().fold(command, |command, arg| command.arg(arg));
        self.env.iter().fold(command, |command, (name, value)| command.env(name, value))
    }

    /// The tool and the arguments that post a text past our stack: a person at the same account.
    pub(crate) fn by_hand(&self, text: &str) -> (String, serde_json::Map<String, Value>) {
        let filled = self.post["arguments"].to_string().replace("{text}", text);
        let arguments = serde_json::from_str(&filled).expect("arguments");
        (self.post["tool"].as_str().expect("a tool").to_owned(), arguments)
    }
}
