//! Publishes one approved bundle to three platforms through a real MCP server, and proves it.
//!
//! `cargo run --release --example publish` needs nothing but Rust: the store is a SQLite file, the MCP server is the
//! sandbox, which this program starts as a child process of its own (`--as-sandbox`).

mod args;
mod evidence;
mod host;
mod media;
mod review;
mod show;

use std::process::ExitCode;

use chimera::contracts::CallContext;
use chimera::contracts::publish::{PublicationStatus, PublishInput, PublishOutput, PublishStatus};
use clap::Parser;

use crate::args::Args;
use crate::host::Host;
use crate::show::Show;

/// What ends the program early; the text is for the person who started it.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// How often the same key is asked again before the program leaves the rest to a later run.
const ROUNDS: usize = 6;

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    let result = match &args.as_sandbox {
        Some(config) => sandbox(config).await,
        None => run(&args).await,
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        // Told in full on the way; something is not public.
        Ok(false) => ExitCode::from(2),
        Err(error) => {
            show::error(&*error);
            ExitCode::FAILURE
        }
    }
}

/// The other role of this program: the MCP server.
async fn sandbox(config: &str) -> Result<bool, Failure> {
    let config = chimera_sandbox::SandboxConfig::from_json(config)?;
    chimera_sandbox::serve_stdio(config).await?;
    Ok(true)
}

/// Whether everything is public in the end.
async fn run(args: &Args) -> Result<bool, Failure> {
    let show = Show::new(args.json);
    let mut input = media::read_campaign(&args.campaign)?;
    let folder = evidence::Folder::prepare(args.export.as_deref())?;
    let host = Host::start(args, &show).await?;
    let context = CallContext::worker("example/worker");

    let before = host.public_posts()?;
    review::approve(&host, &context, &mut input, args.yes, &show).await?;
    let output = publish(&host, &context, &input, &show).await?;
    let public = host.public_posts()?;
    show.result(&output, public.posts.saturating_sub(before.posts));
    let verdict = evidence::export(&host, &folder).await?;
    show.evidence(&verdict, args.export.as_deref());
    show.summary(&output, &verdict, &public)?;
    host.stop().await;
    Ok(output.status == PublishStatus::Success)
}

/// Asks, and asks again with the same key for as long as that may change something.
async fn publish(
    host: &Host,
    context: &CallContext,
    input: &PublishInput,
    show: &Show,
) -> Result<PublishOutput, Failure> {
    let skill = host.chimera.publish();
    let mut answer = ask(skill, context, input, show, "publishing").await;
    for _ in 0..ROUNDS {
        let Some(open) = answer.as_ref().ok().and_then(open) else { break };
        if let Ok(output) = &answer {
            show.round(output);
        }
        host.clock.sleep_until(open.max(host.clock.now())).await;
        answer = ask(skill, context, input, show, "asking again with the same key").await;
    }
    // `Err` is a request that was refused as a whole: there is nothing to show of single platforms.
    answer.map_err(|failure| refused(&failure).into())
}

async fn ask(
    skill: &chimera::skill_publish::PublishSkill,
    context: &CallContext,
    input: &PublishInput,
    show: &Show,
    what: &'static str,
) -> Result<PublishOutput, PublishOutput> {
    let progress = show.progress(what);
    let answer = chimera::contracts::Skill::call(skill, context, input.clone()).await;
    progress.finish();
    answer
}

/// When asking again may change something; `None` when it may not.
fn open(output: &PublishOutput) -> Option<chrono::DateTime<chrono::Utc>> {
    let now = chrono::DateTime::<chrono::Utc>::MIN_UTC;
    output
        .publications
        .iter()
        .filter(|result| match result.status {
            PublicationStatus::Failed => result.retry_eligible == Some(true),
            PublicationStatus::Unknown => result.next_attempt_at.is_some(),
            PublicationStatus::Processing => true,
            _ => false,
        })
        .map(|result| result.next_attempt_at.unwrap_or(now))
        .min()
}

fn refused(output: &PublishOutput) -> String {
    let code = output.error_code.map(|code| code.to_string()).unwrap_or_default();
    format!("{code}: {}", output.error_message.as_deref().unwrap_or_default())
}
