//! Publishes one approved bundle to three platforms through a real MCP server, and proves it.
//!
//! `cargo run --release --example publish -- --yes` needs nothing but Rust: the store is a SQLite file, the MCP server is the
//! sandbox, which this program starts as a child process of its own (`--as-sandbox`).

mod args;
mod host;
mod review;
mod show;

use std::process::ExitCode;

use chimera::contracts::CallContext;
use chimera::contracts::publish::PublishStatus;
use chimera_examples::screen::Screen;
use chimera_examples::{Failure, evidence, media, publish, role};
use clap::Parser;

use crate::args::Args;
use crate::host::Host;

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    role::play(&args.options, run(&args)).await
}

/// Whether everything is public in the end.
async fn run(args: &Args) -> Result<bool, Failure> {
    let screen = Screen::new(args.options.json, args.options.yes);
    let export = args.options.export.as_deref();
    let mut input = media::read_campaign(&args.campaign)?;
    let folder = evidence::Folder::prepare(export)?;
    let host = Host::start(args, &screen).await?;
    let context = CallContext::worker("example/worker");

    let before = host.ground.public()?;
    review::approve(&host, &context, &mut input, &screen).await?;
    let output = publish::publish(&host.chimera, host.clock(), &context, &input, &screen).await?;
    let public = host.ground.public()?;
    show::result(&screen, &output, public.posts.saturating_sub(before.posts));
    let verdict = evidence::export(&host.ground, &folder).await?;
    screen.evidence(&verdict, export);
    show::summary(&screen, &output, &verdict, public)?;
    host.ground.stop().await;
    Ok(output.status == PublishStatus::Success)
}
