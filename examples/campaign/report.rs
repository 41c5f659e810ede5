//! The end: one table over all steps, and the counts.

use chimera::audit::verify::Verdict;
use chimera::contracts::propose::{ProposeOutput, ProposedAction};
use chimera::contracts::publish::{PublicationResult, PublicationStatus, PublishOutput};
use chimera::contracts::{PlatformName, SkillName};
use chimera::effect::EffectRecord;
use chimera::governance::Approver;
use chimera::governance::review::Review;
use chimera_examples::Failure;
use chimera_examples::publish::{post, status};
use chimera_examples::sandbox::Public;
use chimera_examples::screen::{Audit, Screen};
use serde::Serialize;

use crate::engage::{Engaged, Standing, standing};
use crate::host::Host;
use crate::launch::Campaign;
use crate::show;

/// Step, platform, what, status, id and URL, who allowed it.
type Row = [String; 6];

/// Everything that came of a campaign.
pub(crate) struct Report<'a> {
    pub(crate) proposal: &'a ProposeOutput,
    pub(crate) action: &'a ProposedAction,
    pub(crate) review: &'a Review,
    pub(crate) published: &'a PublishOutput,
    pub(crate) engaged: &'a [Engaged<'a>],
}

/// The line that `--json` prints.
#[derive(Serialize)]
struct Summary {
    posts: usize,
    engagements: usize,
    pending: usize,
    refused: usize,
    duplicates: usize,
    unknown: usize,
    audit: Audit,
}

impl Report<'_> {
    /// One table over all steps.
    pub(crate) async fn table(
        &self,
        host: &Host,
        campaign: &Campaign,
        screen: &Screen,
    ) -> Result<(), Failure> {
        let posts = host.effects(SkillName::Publish, &campaign.input.idempotency_key).await?;
        let actions = self.proposal.proposed_actions.iter().map(|action| self.proposed(action, campaign));
        let publications = self.published.publications.iter().map(|result| publication(result, &posts));
        let mut rows: Vec<Row> = actions.chain(publications).collect();
        for engaged in self.engaged {
            let effects = host.effects(SkillName::Engage, &engaged.engagement.key).await?;
            rows.push(engagement(engaged, effects.first()));
        }
        screen.table(["step", "platform", "what", "status", "id", "allowed by"], rows);
        Ok(())
    }

    fn proposed(&self, action: &ProposedAction, campaign: &Campaign) -> Row {
        let ours = action.action_id == self.action.action_id;
        let decision = self.review.decision.as_ref().filter(|_| ours);
        [
            "propose".to_owned(),
            action.target.clone(),
            format!("{}\n{}", action.action_type, show::time(action, campaign)),
            if ours { "permitted" } else { "proposed" }.to_owned(),
            action.action_id.clone(),
            decision.map_or_else(|| "nobody yet".to_owned(), |decision| by(&decision.approver)),
        ]
    }

    /// The last line: counts from the sandbox's own record and from the final answers.
    pub(crate) fn summary(&self, verdict: &Verdict, public: Public, screen: &Screen) -> Result<(), Failure> {
        let Public { posts, engagements, duplicates } = public;
        let summary = Summary {
            posts,
            engagements,
            pending: self.count(PublicationStatus::Processing, &[Standing::Waiting, Standing::UnderWay]),
            refused: self.count(PublicationStatus::Failed, &[Standing::Refused]),
            duplicates,
            unknown: self.count(PublicationStatus::Unknown, &[Standing::Unknown]),
            audit: verdict.into(),
        };
        let Summary { pending, refused, unknown, .. } = &summary;
        let words = format!(
            "counted in the sandbox's own record: {posts} posts, {engagements} engagements, {duplicates} duplicates; \
             by their answers: {pending} pending, {refused} refused, {unknown} unknown"
        );
        screen.last(&summary, words)
    }

    fn count(&self, published: PublicationStatus, engaged: &[Standing]) -> usize {
        let publications = self.published.publications.iter().filter(|result| result.status == published);
        let engagements = self.engaged.iter().filter(|one| engaged.contains(&standing(&one.answer)));
        publications.count().saturating_add(engagements.count())
    }
}

fn publication(result: &PublicationResult, posts: &[EffectRecord]) -> Row {
    let of = |platform: PlatformName| posts.iter().find(|post| post.effect.content().platform == platform);
    [
        "publish".to_owned(),
        result.platform.to_string(),
        "post".to_owned(),
        status(result),
        post(result.external_id.as_deref(), result.external_url.as_deref()),
        of(result.platform).map_or_else(|| "nobody".to_owned(), |post| by(&post.approver)),
    ]
}

fn engagement(engaged: &Engaged<'_>, effect: Option<&EffectRecord>) -> Row {
    let (input, error) = (&engaged.engagement.input, engaged.answer.error.as_ref());
    let found = effect.and_then(|effect| effect.progress.post.as_ref());
    let code = error.map(|error| error.code.as_str()).unwrap_or_default();
    let (status, nobody) = match standing(&engaged.answer) {
        Standing::Done => ("success".to_owned(), "nobody"),
        Standing::Waiting => ("pending: review".to_owned(), "nobody yet"),
        Standing::UnderWay => ("pending".to_owned(), "nobody"),
        Standing::Unknown => ("unknown".to_owned(), "nobody"),
        Standing::Refused => (format!("refused\n{code}"), "nobody"),
    };
    [
        "engage".to_owned(),
        input.platform.to_string(),
        format!("{}\nconfidence {}", show::what(input), engaged.engagement.confidence),
        status,
        post(found.map(|found| found.id.as_str()), found.and_then(|found| found.url.as_deref())),
        effect.map_or_else(|| nobody.to_owned(), |effect| by(&effect.approver)),
    ]
}

fn by(approver: &Approver) -> String {
    format!("{}\n{}", approver.role, approver.id)
}
