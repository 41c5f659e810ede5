//! Real MCP servers that other people wrote, through our whole stack, against a stand-in of their platforms: the stand-in's
//! log is the oracle. Servers and profiles are data: a folder that `CHIMERA_PEERS_RIG` names, with another `servers.json` and
//! `profiles/NAME.toml`, runs through the same tests.

// Clippy takes code for test code only under this.
#![cfg(test)]

mod by_kernel;
mod engage;
mod lane;
mod lives;
mod publish;
mod rig;
mod told;

use futures_util::future::join_all;

use crate::lane::{Lane, servers};
use crate::rig::{StandIn, rig};
use crate::told::Report;

/// Runs the same cases over every server, each beside the others, in so many parts; a part has a server of its own.
async fn over_every_server<F>(parts: usize, cases: impl Fn(Lane, usize) -> F)
where
    F: Future<Output = (Lane, Report)>,
{
    let Some(rig) = rig().await else { return };
    let names = servers(rig, &StandIn::start(rig).await);
    let cases = &cases;
    let lanes = names.iter().flat_map(|name| (0..parts).map(move |part| (name, part)));
    let lanes = lanes.map(|(name, part)| async move {
        let (lane, report) = cases(Lane::open(rig, name).await, part).await;
        lane.close().await;
        report
    });
    let mut whole = Report::default();
    for report in join_all(lanes).await {
        whole.extend(report);
    }
    whole.judge();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn peers_publish_once_whatever_their_platforms_do() {
    const PARTS: usize = 4;
    over_every_server(PARTS, |mut lane, part| async move {
        let report = publish::cases(&mut lane, (part, PARTS)).await;
        (lane, report)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn peers_publish_once_in_every_kind_of_account() {
    over_every_server(3, |mut lane, part| async move {
        let report = publish::lost(&mut lane, part).await;
        (lane, report)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn peers_engage_once_whatever_their_platforms_do() {
    const PARTS: usize = 2;
    over_every_server(PARTS, |mut lane, part| async move {
        let report = engage::cases(&mut lane, (part, PARTS)).await;
        (lane, report)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn peers_that_are_killed_in_mid_call_posted_once() {
    over_every_server(1, |mut lane, _| async move {
        let report = lives::killed(&mut lane).await;
        (lane, report)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn peers_that_send_each_write_twice_are_not_made_to_send_more() {
    over_every_server(1, |mut lane, _| async move {
        let report = lives::doubling(&mut lane).await;
        (lane, report)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn peers_whose_tools_change_are_sent_nothing_that_they_do_not_offer() {
    let Some(rig) = rig().await else { return };
    let names = servers(rig, &StandIn::start(rig).await);
    let lanes = names.iter().map(|name| async move {
        let folder = tempfile::tempdir().expect("a folder");
        let flag = folder.path().join("renamed");
        let lane = Lane::open_renaming(rig, name, &flag).await;
        let report = lives::renaming(&lane, &flag).await;
        lane.close().await;
        report
    });
    let mut whole = Report::default();
    for report in join_all(lanes).await {
        whole.extend(report);
    }
    whole.judge();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn peers_of_two_accounts_post_each_in_its_own() {
    let Some(rig) = rig().await else { return };
    let names = servers(rig, &StandIn::start(rig).await);
    let pairs = names.iter().map(|name| async move {
        let (one, other) = (Lane::open(rig, name).await, Lane::open(rig, name).await);
        let report = lives::two_accounts(&one, &other).await;
        one.close().await;
        other.close().await;
        report
    });
    let mut whole = Report::default();
    for report in join_all(pairs).await {
        whole.extend(report);
    }
    whole.judge();
}
