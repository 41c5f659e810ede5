//! Planning: from an input to the effects it asks for. Pure: it talks to no port and reads no clock, so the same input
//! over the same media gives the same digests today, tomorrow and in another process.

use chimera_contracts::publish::{ContentVariant, PublishInput};
use chimera_contracts::{ErrorCode, Fault, Namespace, PlatformName};
use chimera_effect::{
    AccountRef, ContentPart, Disclosure, Effect, EffectKind, EffectV1, Media, MediaIdentity, Service, Unfit,
};
use chimera_platform::Accounts;
use chimera_platform::text::{self, Rendered, TextCount};

use crate::probe::ProbedMedia;
use crate::refuse::Refusal;

/// One effect of a plan.
#[derive(Clone, Debug)]
pub(crate) struct Planned {
    pub(crate) platform: PlatformName,
    pub(crate) effect: Effect,
    pub(crate) count: TextCount,
}

/// What a plan is made from, beside the input.
pub(crate) struct Ground<'a> {
    pub(crate) namespace: &'a Namespace,
    pub(crate) accounts: &'a Accounts,
    pub(crate) media: &'a ProbedMedia,
    /// What is served for an account; constant data.
    pub(crate) service: &'a dyn Fn(AccountRef<'_>) -> Option<Service>,
    /// What the tools cannot carry of a content whose media are of these types; constant data.
    pub(crate) unfit: &'a dyn Fn(&EffectV1, &[String]) -> Vec<Unfit>,
}

/// Plans every target, in the order of the input; everything that is wrong is named at once.
pub(crate) fn plan(ground: &Ground<'_>, input: &PublishInput) -> Result<Vec<Planned>, Refusal> {
    let mut planned = Vec::with_capacity(input.target_platforms.len());
    let mut faults: Vec<(ErrorCode, Fault)> = Vec::new();
    for (t, platform) in input.target_platforms.iter().enumerate() {
        let found = input.content_bundle.variants.iter().enumerate().find(|(_, v)| v.platform == *platform);
        let Some((v, variant)) = found else {
            let fault =
                Fault::new(format!("/target_platforms/{t}"), "a platform with a variant", platform.as_str());
            faults.push((ErrorCode::ValidationError, fault));
            continue;
        };
        let pointer = format!("/content_bundle/variants/{v}");
        let label = Some(variant.disclosure_label.as_str());
        let rendered = text::render(*platform, &variant.text_content, &variant.hashtags, label);
        faults.extend(text_faults(&pointer, variant, &rendered));
        let Some(account) = ground.accounts.account(input.agent_id, *platform) else {
            let expected = format!("a platform on which agent {} has an account", input.agent_id);
            let fault = Fault::new(format!("/target_platforms/{t}"), expected, platform.as_str());
            faults.push((ErrorCode::PlatformNotConfigured, fault));
            continue;
        };
        let Some(service) = (ground.service)(AccountRef::new(*platform, account)) else {
            let fault = Fault::new(
                format!("/target_platforms/{t}"),
                "a platform for which a tool is configured",
                platform.as_str(),
            );
            faults.push((ErrorCode::PlatformNotConfigured, fault));
            continue;
        };
        match effect(ground, input, variant, rendered, account, &service) {
            Ok(effect_and_count) => {
                faults.extend(unfit(ground, &pointer, variant, &effect_and_count.effect));
                planned.push(effect_and_count);
            }
            Err(fault) => faults.push((ErrorCode::ValidationError, Fault { pointer, ..fault })),
        }
    }
    match faults.iter().map(|(code, _)| *code).min() {
        None => Ok(planned),
        Some(code) => Err(Refusal::faults(code, faults.into_iter().map(|(_, fault)| fault).collect())),
    }
}

fn text_faults(pointer: &str, variant: &ContentVariant, rendered: &Rendered) -> Vec<(ErrorCode, Fault)> {
    let ContentVariant { platform, hashtags, disclosure_label, .. } = variant;
    let mut faults: Vec<(ErrorCode, Fault)> = text::check(rendered, hashtags)
        .into_iter()
        .map(|fault| {
            let expected = format!("a text that `{platform}` takes");
            (fault.code, Fault::new(format!("{pointer}/text_content"), expected, fault.message))
        })
        .collect();
    if disclosure_label.trim().is_empty() {
        let fault =
            Fault::new(format!("{pointer}/disclosure_label"), "a disclosure label (PUB-13)", "nothing");
        faults.push((ErrorCode::ValidationError, fault));
    }
    faults
}

/// What the tools cannot carry. Of media that were not looked at again nothing is told: their request is known already.
fn unfit(
    ground: &Ground<'_>,
    pointer: &str,
    variant: &ContentVariant,
    effect: &Effect,
) -> Vec<(ErrorCode, Fault)> {
    let types = variant.media_refs.iter().map(|media| ground.media.get(media)?.media_type.clone());
    let Some(types) = types.collect::<Option<Vec<_>>>() else { return Vec::new() };
    let fault = |fault: Unfit| {
        let part = match fault.part {
            ContentPart::Text => "text_content",
            ContentPart::Media => "media_refs",
        };
        let expected = format!("what the tools for `{}` can carry", variant.platform);
        (fault.code, Fault::new(format!("{pointer}/{part}"), expected, fault.message))
    };
    (ground.unfit)(effect.content(), &types).into_iter().map(fault).collect()
}

fn effect(
    ground: &Ground<'_>,
    input: &PublishInput,
    variant: &ContentVariant,
    rendered: Rendered,
    account: &str,
    service: &Service,
) -> Result<Planned, Fault> {
    let ContentVariant { platform, disclosure_label, media_refs, .. } = variant;
    let identify = |reference: &String| {
        let probed =
            ground.media.get(reference).ok_or_else(|| Fault::new("", "media that were probed", reference))?;
        // What the platform pulls by itself may be other bytes by then; nothing is claimed about them (PUB-21).
        let identity = match (service.uploads, probed.sha256) {
            (true, Some(sha256)) => MediaIdentity::Sha256(sha256),
            _ => MediaIdentity::ByReference,
        };
        Ok(Media { url: probed.url.clone(), identity })
    };
    let content = EffectV1 {
        namespace: ground.namespace.clone(),
        campaign: input.campaign_id,
        kind: EffectKind::Publish,
        platform: *platform,
        account: account.to_owned(),
        target: None,
        text: rendered.text,
        media: media_refs.iter().map(identify).collect::<Result<_, Fault>>()?,
        disclosure: Some(Disclosure { label: disclosure_label.clone(), placement: rendered.placement }),
        not_before: None,
        not_after: None,
    };
    let effect = Effect::new(content)
        .map_err(|error| Fault::new("", "content with a canonical form", error.to_string()))?;
    Ok(Planned { platform: *platform, effect, count: rendered.count })
}
