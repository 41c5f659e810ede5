//! Servers that die in mid-call or change their tools, and two accounts of one platform.

use std::path::Path;
use std::process::Command;

use chimera::contracts::publish::PublicationStatus;
use chimera::contracts::{AgentId, Clock as _, derive_uuid};
use chimera::effect::EffectKind;
use chimera::mcp::TokioClock;
use chimera::platform::ToolClient as _;
use chimera_testkit::{within, within_seconds};
use chimera_tests::stage::{approve, publish};
use chrono::TimeDelta;
use serde_json::json;
use tokio::time::{Duration, sleep};

use crate::lane::{Lane, host_of_two};
use crate::publish;
use crate::told::{Report, Seen, Told};

/// A server is killed while its platform is slow to answer a write: what it sent may become public all the same.
pub(crate) async fn killed(lane: &mut Lane) -> Report {
    let mut report = Report::default();
    lane.stand_in.well().await;
    lane.older_posts().await;
    let (token, text) = lane.words();
    let mut input = publish::input(lane.platform, &lane.name, &text);
    approve(&lane.store, &lane.host, &mut input, &TokioClock).await;
    let acts = lane.acts(EffectKind::Publish);
    let earlier = lane.stand_in.log().await.writes();
    lane.stand_in.mode(json!({ "mode": "slow", "seconds": 2, "times": 1 })).await;
    let kill = async {
        let sent = async {
            while lane.stand_in.log().await.writes() == earlier {
                sleep(Duration::from_millis(50)).await;
            }
        };
        within("the write to reach the platform", sent).await;
        lane.kill();
    };
    let asked = async { publish(&lane.host, &input).await };
    let (_, ()) = tokio::join!(asked, kill);
    lane.stand_in.well().await;
    let told = within_seconds(180, format!("{token} to be settled"), publish::settled(lane, &input)).await;
    let seen = Seen::of(&lane.stand_in.log().await, &token, earlier);
    let fault = seen.against(&told, lane.acts(EffectKind::Publish) - acts);
    let fault = fault.or_else(|| {
        let found = matches!(told, Told::Done(_) | Told::Accepted);
        (!found && !seen.ids.is_empty()).then(|| format!("it is there and was not found: {told:?}"))
    });
    report.row(lane, EffectKind::Publish, "killed in mid-call", &told, fault);
    report
}

/// A server that carries out each call twice makes a double that nobody here can prevent: it is told as done once, and not
/// made more of.
pub(crate) async fn doubling(lane: &mut Lane) -> Report {
    let mut report = Report::default();
    lane.stand_in.well().await;
    lane.older_posts().await;
    lane.double(EffectKind::Publish);
    for (name, mode) in [
        ("each write is sent twice", json!({ "mode": "ok" })),
        ("each write is sent twice, answers lost", json!({ "mode": "accepted_then_drop", "times": 2 })),
    ] {
        let (token, text) = lane.words();
        let mut input = publish::input(lane.platform, &lane.name, &text);
        approve(&lane.store, &lane.host, &mut input, &TokioClock).await;
        let (acts, earlier) = (lane.acts(EffectKind::Publish), lane.stand_in.log().await.writes());
        lane.stand_in.mode(mode).await;
        publish(&lane.host, &input).await;
        lane.stand_in.well().await;
        let told =
            within_seconds(180, format!("{token} to be settled"), publish::settled(lane, &input)).await;
        let seen = Seen::of(&lane.stand_in.log().await, &token, earlier);
        let acts = lane.acts(EffectKind::Publish) - acts;
        let more = (acts > 1).then(|| format!("the acting tool was called {acts} times"));
        report.row(lane, EffectKind::Publish, name, &told, more.or_else(|| seen.against(&told, acts)));
    }
    report
}

/// A server gives its publishing tools other names while it runs, and back: meanwhile nothing is sent, what is missing is named, and
/// the same request is published afterwards, once.
pub(crate) async fn renaming(lane: &Lane, flag: &Path) -> Report {
    let mut report = Report::default();
    lane.stand_in.well().await;
    lane.older_posts().await;
    let (token, text) = lane.words();
    let mut input = publish::input(lane.platform, &lane.name, &text);
    approve(&lane.store, &lane.host, &mut input, &TokioClock).await;
    let (acts, earlier) = (lane.acts(EffectKind::Publish), lane.stand_in.log().await.writes());
    for (name, there) in [("while a tool has another name", false), ("when it has its name again", true)] {
        if there {
            std::fs::remove_file(flag).expect("it is there");
        } else {
            std::fs::write(flag, "").expect("a file");
        }
        within_seconds(30, format!("{}: the tools to change", lane.name), lane.offers_publishing(there))
            .await;
        let told =
            within_seconds(180, format!("{token} to be settled"), publish::settled(lane, &input)).await;
        let acts = lane.acts(EffectKind::Publish) - acts;
        let seen = Seen::of(&lane.stand_in.log().await, &token, earlier);
        let fault = seen.against(&told, acts).or_else(|| match &told {
            Told::Done(_) | Told::Accepted if there => None,
            Told::NotDone(why) if !there && acts == 0 => {
                (!why.contains("offers no tool")).then(|| "the tool is not named".to_owned())
            }
            _ => Some(format!("{acts} calls")),
        });
        report.row(lane, EffectKind::Publish, name, &told, fault);
    }
    report
}

/// Two accounts of one platform, each with a server and platforms of its own: what is posted for one is nowhere else, and a
/// server that acts for somebody else is sent nothing.
pub(crate) async fn two_accounts(one: &Lane, other: &Lane) -> Report {
    let mut report = Report::default();
    let folder = tempfile::tempdir().expect("a folder");
    let agent = |name: &str| AgentId::from_uuid(derive_uuid("chimera-peers", &[name.as_bytes()]));
    let agents = ["acme", "labs", "strangers"].map(|account| (agent(account), account));
    let (host, store) = host_of_two([one, other], folder.path(), agents);
    for (agent, account) in agents {
        let (token, text) = one.words();
        let mut input = publish::input(one.platform, &one.name, &text);
        input.agent_id = agent;
        approve(&store, &host, &mut input, &TokioClock).await;
        let output = publish(&host, &input).await;
        let told = match output.publications.first() {
            Some(result)
                if matches!(result.status, PublicationStatus::Published | PublicationStatus::Processing) =>
            {
                Told::Done(result.external_id.clone().unwrap_or_default())
            }
            Some(result) => Told::NotDone(result.error_message.clone().unwrap_or_default()),
            None => Told::NotDone(output.error_message.unwrap_or_default()),
        };
        let mut there = Vec::new();
        for (lane, name) in [(one, "acme"), (other, "labs")] {
            let log = lane.stand_in.log().await;
            there.extend(log.posts.iter().any(|post| post.text.contains(&token)).then_some(name));
        }
        let expected: &[&str] = if account == "strangers" { &[] } else { &[account] };
        let fault = (there != expected).then(|| format!("it is at {there:?}: {told:?}"));
        let unnamed = matches!(&told, Told::NotDone(why) if !why.contains("is not that of `strangers`"));
        let fault = fault.or_else(|| unnamed.then(|| format!("{told:?}")));
        report.row(one, EffectKind::Publish, &format!("as {account}"), &told, fault);
    }
    report
}

impl Lane {
    /// Waits until the server lists its publishing tools, or no longer does.
    async fn offers_publishing(&self, wanted: bool) {
        let names = self.profile.acting_tools(EffectKind::Publish);
        loop {
            let deadline = TokioClock.now() + TimeDelta::seconds(30);
            let tools = self.server.tools(deadline).await.expect("the server runs");
            if tools.iter().any(|tool| names.contains(&tool.name)) == wanted {
                return;
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Kills the server's process.
    fn kill(&self) {
        let pid = std::fs::read_to_string(&self.pid_file).expect("the server wrote its process id");
        let killed = Command::new("kill").args(["-KILL", pid.trim()]).status().expect("`kill` runs");
        assert!(killed.success(), "{}: no process {pid}", self.name);
    }
}
