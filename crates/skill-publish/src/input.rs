//! What a readable input may still not ask for.

use chimera_contracts::publish::PublishInput;
use chimera_contracts::{CallContext, CallerRole, ErrorCode, Fault, Faults};

use crate::refuse::Refusal;

/// Who may call (PUB-02).
pub(crate) fn check_role(context: &CallContext) -> Result<(), Refusal> {
    if context.role == CallerRole::Worker {
        return Ok(());
    }
    let message = format!("only a worker may publish; the caller is a {}", context.role.as_str());
    Err(Refusal::whole(ErrorCode::AuthzFailure, message))
}

/// Who acts and who pays is the host's to say: where it set the agent or the campaign in the call's context, the input has to
/// name the same (GOV-09). The input is a model's, which else chooses in whose account it posts, and from whose budget. The
/// account follows from the agent, and the namespace stands in no input.
pub(crate) fn check_context(context: &CallContext, input: &PublishInput) -> Result<(), Refusal> {
    let others = [
        ("agent_id", context.agent.is_some_and(|agent| agent != input.agent_id)),
        ("campaign_id", context.campaign.is_some_and(|campaign| campaign != input.campaign_id)),
    ];
    let others: Vec<_> = others.into_iter().filter_map(|(field, other)| other.then_some(field)).collect();
    if others.is_empty() {
        return Ok(());
    }
    let message = format!("`{}` differs from what the host says in the call's context", others.join("`, `"));
    Err(Refusal::whole(ErrorCode::AuthzFailure, message))
}

/// Fields that the contract knows and this version does not serve yet: refused by name, never silently ignored.
pub(crate) fn check_served(input: &PublishInput) -> Result<(), Faults> {
    let not_yet = [
        (
            !input.partial_success_allowed,
            "/partial_success_allowed",
            "true: publishing all or nothing is not built yet",
            "false",
        ),
        (
            input.schedule_time.is_some(),
            "/schedule_time",
            "null or absent: scheduling is not built yet",
            "a time",
        ),
        (input.dry_run, "/dry_run", "false: the dry run is not built yet", "true"),
    ];
    let faults = not_yet
        .into_iter()
        .filter(|(asked, ..)| *asked)
        .map(|(_, pointer, expected, got)| Fault::new(pointer, expected, got))
        .collect();
    Faults::check(faults)
}

#[cfg(test)]
mod tests {
    use chimera_contracts::publish::{ContentBundle, PublishStrategy};
    use chimera_contracts::{AgentId, CampaignId, CorrelationId, TaskId, derive_uuid};

    use super::*;

    fn agent(name: &str) -> AgentId {
        AgentId::from_uuid(derive_uuid("test", &[name.as_bytes()]))
    }

    fn campaign(name: &str) -> CampaignId {
        CampaignId::from_uuid(derive_uuid("test", &[name.as_bytes()]))
    }

    fn input(agent_id: AgentId, campaign_id: CampaignId) -> PublishInput {
        PublishInput {
            correlation_id: CorrelationId::from_uuid(derive_uuid("test", &[b"trace"])),
            task_id: TaskId::from_uuid(derive_uuid("test", &[b"task"])),
            agent_id,
            campaign_id,
            content_bundle: ContentBundle {
                bundle_id: "bundle-1".to_owned(),
                variants: Vec::new(),
                approval_record: None,
            },
            target_platforms: Vec::new(),
            idempotency_key: "key-1".to_owned(),
            publish_strategy: PublishStrategy::default(),
            partial_success_allowed: true,
            schedule_time: None,
            dry_run: false,
        }
    }

    #[test]
    fn who_acts_and_who_pays_is_what_the_host_says() {
        let input = input(agent("a"), campaign("c"));
        for (says_agent, says_campaign, named) in [
            (None, None, None),
            (Some("a"), None, None),
            (None, Some("c"), None),
            (Some("a"), Some("c"), None),
            (Some("b"), None, Some("`agent_id` differs")),
            (Some("b"), Some("c"), Some("`agent_id` differs")),
            (None, Some("d"), Some("`campaign_id` differs")),
            (Some("a"), Some("d"), Some("`campaign_id` differs")),
            (Some("b"), Some("d"), Some("`agent_id`, `campaign_id` differs")),
        ] {
            let context = CallContext {
                agent: says_agent.map(agent),
                campaign: says_campaign.map(campaign),
                ..CallContext::worker("worker-7")
            };
            match (check_context(&context, &input), named) {
                (Ok(()), None) => {}
                (Err(refusal), Some(named)) => {
                    assert_eq!(refusal.why.code, ErrorCode::AuthzFailure);
                    assert!(refusal.why.message.starts_with(named), "{}", refusal.why.message);
                }
                (found, _) => panic!("{says_agent:?}, {says_campaign:?}: {found:?}"),
            }
        }
    }

    /// What the host alone says has no place in the JSON.
    #[test]
    fn no_input_names_an_account_or_a_tenant() {
        let faults = PublishInput::parser()
            .unwrap()
            .parse::<PublishInput>(br#"{"account":"x","namespace":"x"}"#)
            .unwrap_err();
        for pointer in ["/account", "/namespace"] {
            assert!(faults.as_slice().iter().any(|fault| fault.pointer == pointer), "{pointer}: {faults}");
        }
    }
}
