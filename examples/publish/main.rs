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
use chimera::contracts::ErrorCode;
use chimera::contracts::publish::{PublicationStatus, PublishInput, PublishOutput};
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
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            show::error(&*error);
            ExitCode::FAILURE
        }
    }
}

/// The other role of this program: the MCP server.
async fn sandbox(config: &str) -> Result<(), Failure> {
    let config = chimera_sandbox::SandboxConfig::from_json(config)?;
    Ok(chimera_sandbox::serve_stdio(config).await?)
}

async fn run(args: &Args) -> Result<(), Failure> {
    let show = Show::new(args.json);
    let host = Host::start(args, &show).await?;
    let mut input = media::read_campaign(&args.campaign)?;
    let context = CallContext::worker("example/worker");

    let before = host.public_posts()?;
    review::approve(&host, &context, &mut input, args.yes, &show).await?;
    let output = publish(&host, &context, &input, &show).await?;
    let evidence = evidence::export(&host, args.export.as_deref()).await?;
    let public = host.public_posts()?;
    show.result(&output, &evidence, public.posts.saturating_sub(before.posts));
    show.summary(&output, &evidence, &public)?;
    host.stop().await;
    Ok(())
}

/// Asks, and asks again with the same key for as long as that may change something.
async fn publish(
    host: &Host,
    context: &CallContext,
    input: &PublishInput,
    show: &Show,
) -> Result<PublishOutput, Failure> {
    let skill = host.chimera.publish();
    let mut output = ask(skill, context, input, show, "publishing").await;
    for _ in 0..ROUNDS {
        let Some(open) = open(&output) else { break };
        show.round(&output);
        host.clock.sleep_until(open.max(host.clock.now())).await;
        output = ask(skill, context, input, show, "asking again with the same key").await;
    }
    match output.error_code {
        // Everything that concerns single platforms stands in the table; what refused the request as a whole ends here.
        Some(ErrorCode::ValidationError | ErrorCode::IdempotencyConflict) => Err(refused(&output).into()),
        _ => Ok(output),
    }
}

async fn ask(
    skill: &chimera::skill_publish::PublishSkill,
    context: &CallContext,
    input: &PublishInput,
    show: &Show,
    what: &'static str,
) -> PublishOutput {
    let progress = show.progress(what);
    let answer = chimera::contracts::Skill::call(skill, context, input.clone()).await;
    progress.finish();
    answer.unwrap_or_else(|failure| failure)
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
