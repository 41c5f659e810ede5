//! Servers that die in mid-call, and two accounts of one platform.

use std::process::Command;

use chimera::effect::EffectKind;
use chimera::mcp::TokioClock;
use chimera_testkit::{within, within_seconds};
use chimera_tests::stage::{approve, publish};
use serde_json::json;
use tokio::time::{Duration, sleep};

use crate::lane::Lane;
use crate::publish;
use crate::told::{Report, Seen, Told};

/// A server is killed while its platform is slow to answer a write: what it sent may become public all the same.
pub(crate) async fn killed(lane: &mut Lane) -> Report {
    let mut report = Report::default();
    lane.stand_in.well().await;
    // Something that is listed before ours, so that a look can reach back.
    publish::published(lane, &format!("older {} of {}", lane.serial(), lane.name)).await;
    let token = format!("killed {} of {}", lane.serial(), lane.name);
    let mut input = publish::input(lane.platform, &token);
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

impl Lane {
    /// Kills the server's process.
    fn kill(&self) {
        let pid = std::fs::read_to_string(&self.pid_file).expect("the server wrote its process id");
        let killed = Command::new("kill").args(["-KILL", pid.trim()]).status().expect("`kill` runs");
        assert!(killed.success(), "{}: no process {pid}", self.name);
    }
}
