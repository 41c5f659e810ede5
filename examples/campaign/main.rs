//! Runs one campaign through all three skills: proposed, reviewed, published, engaged, and proven.
//!
//! `cargo run --release --example campaign -- --yes` needs nothing but Rust: the store is a SQLite file, the MCP server is the
//! sandbox, which this program starts as a child process of its own (`--as-sandbox`).

mod action;
mod args;
mod engage;
mod host;
mod launch;
mod permit;
mod propose;
mod queue;
mod recorded;
mod report;
mod reviewer;
mod settle;
mod show;

use std::process::ExitCode;

use chimera::contracts::publish::PublishStatus;
use chimera_examples::screen::Screen;
use chimera_examples::{Failure, evidence, role};
use clap::Parser;

use crate::args::Args;
use crate::engage::{Engaged, Standing, standing};
use crate::host::Host;
use crate::launch::Campaign;
use crate::report::Report;

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    role::play(&args.options, run(&args)).await
}

/// Whether everything is public that was allowed, and nothing is left open.
async fn run(args: &Args) -> Result<bool, Failure> {
    let screen = Screen::new(args.options.json, args.options.yes);
    let export = args.options.export.as_deref();
    let campaign = Campaign::read(&args.campaign)?;
    let folder = evidence::Folder::prepare(export)?;
    let host = Host::start(args, &campaign, &screen).await?;
    let before = host.ground.public()?;

    let proposal = propose::propose(&host, &campaign, &screen).await?;
    let (action, review) = action::review(&host, &campaign, &proposal, &screen).await?;
    let published = permit::publish(&host, &campaign, &proposal, action, &review, &screen).await?;
    let mut engaged = engage::engage(&host, &campaign.launch.engage, &screen).await?;
    queue::work_through(&host, &mut engaged, &screen).await?;
    settle::work_through(&host, &mut engaged, &screen).await?;

    show::step(&screen, "6  evidence: what is public, and who allowed it");
    let report =
        Report { proposal: &proposal, action, review: &review, published: &published, engaged: &engaged };
    report.table(&host, &campaign, &screen).await?;
    let public = host.ground.public()?;
    show::new(&screen, before, public);
    let verdict = evidence::export(&host.ground, &folder).await?;
    screen.evidence(&verdict, export);
    report.summary(&verdict, public, &screen)?;
    host.ground.stop().await;
    Ok(published.status == PublishStatus::Success && engaged.iter().all(is_settled))
}

/// Whether nobody but a reviewer can change anything about it.
fn is_settled(engaged: &Engaged<'_>) -> bool {
    !matches!(standing(&engaged.answer), Standing::Unknown | Standing::UnderWay)
}
