//! What a schema cannot say of a publish input: the platforms and the variants belong together (PUB-01).

use serde_json::Value;

use super::{
    ContentVariant, MAX_ATTESTATION, MAX_BUNDLE_ID, MAX_DISCLOSURE, MAX_HASHTAG, MAX_KEY, MAX_LIST,
    MAX_MEDIA_REF, MAX_PLATFORMS, MAX_TEXT, PublishInput,
};
use crate::fault::{Fault, Faults};
use crate::parse::{Length, Parser, ParserError, opaque, opaque_members};
use crate::platform::PlatformName;

impl PublishInput {
    /// A parser of this input: schema, bounds and cross-field rules.
    ///
    /// # Errors
    /// When the schema does not compile.
    pub fn parser() -> Result<Parser, ParserError> {
        Ok(Parser::new::<Self>()?.with_rules(document))
    }

    /// Checks what the types cannot hold, for inputs that were built and not parsed: bounds, empty or duplicate
    /// targets, a target without a variant, a second variant for a platform, a variant nobody asked for (PUB-01).
    ///
    /// An input that [`PublishInput::parser`] returned has passed.
    ///
    /// # Errors
    /// With all faults.
    pub fn check(&self) -> Result<(), Faults> {
        let bundle = &self.content_bundle;
        let targets: Vec<_> = self.target_platforms.iter().copied().map(Some).collect();
        let wanted: Vec<_> = bundle.variants.iter().map(|variant| Some(variant.platform)).collect();
        let attestation = bundle.approval_record.as_ref().and_then(|record| record.attestation.as_deref());
        let bounds = [
            Length::of("/target_platforms", &self.target_platforms).within(1, MAX_PLATFORMS),
            Length::of("/content_bundle/variants", &bundle.variants).within(0, MAX_PLATFORMS),
            Length::characters("/idempotency_key", &self.idempotency_key).within(1, MAX_KEY),
            Length::characters("/content_bundle/bundle_id", &bundle.bundle_id).within(1, MAX_BUNDLE_ID),
            opaque("/idempotency_key", &self.idempotency_key),
            opaque("/content_bundle/bundle_id", &bundle.bundle_id),
            attestation.and_then(|text| {
                Length::characters("/content_bundle/approval_record/attestation", text)
                    .within(1, MAX_ATTESTATION)
            }),
        ];
        let mut faults: Vec<_> = bounds.into_iter().flatten().collect();
        faults.extend(bundle.variants.iter().enumerate().flat_map(|(index, variant)| texts(index, variant)));
        faults.extend(across(&targets, &wanted));
        Faults::check(faults)
    }
}

/// The bounds of one variant.
fn texts(index: usize, variant: &ContentVariant) -> Vec<Fault> {
    let at = "/content_bundle/variants";
    let (text, label) = (&variant.text_content, &variant.disclosure_label);
    let mut faults = vec![
        Length::characters(format_args!("{at}/{index}/text_content"), text).within(0, MAX_TEXT),
        Length::characters(format_args!("{at}/{index}/disclosure_label"), label).within(0, MAX_DISCLOSURE),
    ];
    for (name, list, most) in
        [("media_refs", &variant.media_refs, MAX_MEDIA_REF), ("hashtags", &variant.hashtags, MAX_HASHTAG)]
    {
        faults.push(Length::of(format_args!("{at}/{index}/{name}"), list).within(0, MAX_LIST));
        faults.extend(list.iter().enumerate().map(|(item, text)| {
            Length::characters(format_args!("{at}/{index}/{name}/{item}"), text).within(1, most)
        }));
    }
    faults.into_iter().flatten().collect()
}

/// What no schema says, over a document that may hold other faults.
fn document(input: &Value) -> Vec<Fault> {
    let list = |pointer, read: fn(&Value) -> Option<PlatformName>| match input.pointer(pointer) {
        Some(Value::Array(items)) => items.iter().map(read).collect(),
        // There is no list to compare with: as good as one that cannot be read.
        _ => vec![None],
    };
    let targets: Vec<_> = list("/target_platforms", platform);
    let variants = list("/content_bundle/variants", |variant| variant.get("platform").and_then(platform));
    let mut faults = opaque_members(input, &["/idempotency_key", "/content_bundle/bundle_id"]);
    faults.extend(across(&targets, &variants));
    faults
}

fn platform(name: &Value) -> Option<PlatformName> {
    name.as_str()?.parse().ok()
}

/// `None` stands for a place whose platform cannot be read: where there is one, nothing is said to be missing or
/// superfluous on its other side.
fn across(targets: &[Option<PlatformName>], variants: &[Option<PlatformName>]) -> Vec<Fault> {
    let target_at = |index| format!("/target_platforms/{index}");
    let variant_at = |index| format!("/content_bundle/variants/{index}/platform");
    let mut faults = Vec::new();
    for (index, platform) in repeats(targets) {
        faults.push(Fault::new(target_at(index), "each platform once", format!("`{platform}` again")));
    }
    for (index, platform) in repeats(variants) {
        faults.push(Fault::new(
            variant_at(index),
            "one variant for each platform",
            format!("a second for `{platform}`"),
        ));
    }
    if !variants.contains(&None) {
        for (index, platform) in firsts(targets).filter(|(_, platform)| !variants.contains(&Some(*platform)))
        {
            let expected = "a platform with a variant in `content_bundle.variants`";
            faults.push(Fault::new(target_at(index), expected, format!("`{platform}`, which has none")));
        }
    }
    if !targets.is_empty() && !targets.contains(&None) {
        for (index, platform) in firsts(variants).filter(|(_, platform)| !targets.contains(&Some(*platform)))
        {
            let expected = "a variant for one of `target_platforms`";
            faults.push(Fault::new(
                variant_at(index),
                expected,
                format!("`{platform}`, which nobody asked for"),
            ));
        }
    }
    faults
}

/// Platforms at their first place.
fn firsts(platforms: &[Option<PlatformName>]) -> impl Iterator<Item = (usize, PlatformName)> {
    places(platforms, false)
}

/// Platforms at every place but their first.
fn repeats(platforms: &[Option<PlatformName>]) -> impl Iterator<Item = (usize, PlatformName)> {
    places(platforms, true)
}

fn places(platforms: &[Option<PlatformName>], again: bool) -> impl Iterator<Item = (usize, PlatformName)> {
    let mut seen = std::collections::BTreeSet::new();
    platforms
        .iter()
        .enumerate()
        .filter_map(|(index, platform)| Some((index, (*platform)?)))
        .filter(move |(_, platform)| seen.insert(*platform) != again)
}

#[cfg(test)]
mod tests;
