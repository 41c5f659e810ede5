//! Looking whether the media are there, and which bytes they are, before anything is recorded (PUB-12).

use std::collections::BTreeMap;

use chimera_contracts::publish::PublishInput;
use chimera_contracts::{Digest, ErrorCode, Fault};
use chimera_effect::{MediaIdentity, RequestView};
use chimera_platform::media::{MediaProbe, MediaUrl};
use chrono::{DateTime, Utc};
use futures_util::future::join_all;

use crate::refuse::Refusal;

/// Which bytes each medium is, by its URL in the effect; `None` where the platform pulls it and no bytes were ever fixed.
pub(crate) type MediaDigests = BTreeMap<String, Option<Digest>>;

/// The media of an input, by their references as the input spells them.
pub(crate) type ProbedMedia = BTreeMap<String, ProbedMedium>;

/// A medium that an effect can have.
#[derive(Clone, Debug)]
pub(crate) struct ProbedMedium {
    /// Its URL in the parsed form: what a reviewer approves, what is fetched and what is sent on. Of two parsers that read the
    /// reference itself one may find another host.
    pub(crate) url: String,
    /// Which bytes, where they were ever fixed.
    pub(crate) sha256: Option<Digest>,
    /// Its media type; `None` of one that is known and was not looked at again.
    pub(crate) media_type: Option<String>,
}

/// What a known request says about its media: they were looked at when it was first asked for, and are not needed again
/// to tell what became of it.
pub(crate) fn known_media(view: &RequestView) -> MediaDigests {
    let media = view.effects.iter().flat_map(|record| &record.effect.content().media);
    media
        .map(|medium| match medium.identity {
            MediaIdentity::Sha256(digest) => (medium.url.clone(), Some(digest)),
            MediaIdentity::ByReference => (medium.url.clone(), None),
        })
        .collect()
}

/// Probes every medium that is not known, once; all that are missing are named together.
pub(crate) async fn probe(
    media: &dyn MediaProbe,
    input: &PublishInput,
    known: &MediaDigests,
    deadline: DateTime<Utc>,
) -> Result<ProbedMedia, Refusal> {
    let places = places(input);
    let probes = places.iter().map(|(reference, pointer)| async move {
        let found = one(media, reference, known, deadline).await;
        found
            .map(|medium| ((*reference).to_owned(), medium))
            .map_err(|(code, expected, reason)| (code, Fault::new(pointer, expected, reason)))
    });
    let mut probed = ProbedMedia::new();
    let mut faults = Vec::new();
    for result in join_all(probes).await {
        match result {
            Ok((reference, medium)) => {
                probed.insert(reference, medium);
            }
            Err(fault) => faults.push(fault),
        }
    }
    match faults.iter().map(|(code, _)| *code).min() {
        None => Ok(probed),
        Some(code) => Err(Refusal::faults(code, faults.into_iter().map(|(_, fault)| fault).collect())),
    }
}

/// One medium; else the code, what was expected, and what is wrong.
async fn one(
    media: &dyn MediaProbe,
    reference: &str,
    known: &MediaDigests,
    deadline: DateTime<Utc>,
) -> Result<ProbedMedium, (ErrorCode, &'static str, String)> {
    // As it was recorded, whatever the rules have become since.
    if let Some(sha256) = known.get(reference) {
        return Ok(ProbedMedium { url: reference.to_owned(), sha256: *sha256, media_type: None });
    }
    let url = MediaUrl::parse(reference)
        .map_err(|error| (ErrorCode::ValidationError, "a public https URL", error.reason.to_owned()))?;
    if let Some(sha256) = known.get(url.as_str()) {
        return Ok(ProbedMedium { url: url.as_str().to_owned(), sha256: *sha256, media_type: None });
    }
    match media.probe(&url, deadline).await {
        Ok(probed) => Ok(ProbedMedium {
            url: url.as_str().to_owned(),
            sha256: Some(probed.sha256),
            media_type: Some(probed.media_type),
        }),
        Err(error) => Err((ErrorCode::MediaNotAccessible, "a medium that can be reached", error.message)),
    }
}

/// Each reference once, with the pointer to its first place.
fn places(input: &PublishInput) -> BTreeMap<&str, String> {
    let mut places = BTreeMap::new();
    for (v, variant) in input.content_bundle.variants.iter().enumerate() {
        for (m, reference) in variant.media_refs.iter().enumerate() {
            places
                .entry(reference.as_str())
                .or_insert_with(|| format!("/content_bundle/variants/{v}/media_refs/{m}"));
        }
    }
    places
}
