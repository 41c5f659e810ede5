//! Looking whether the media are there, and which bytes they are, before anything is recorded (PUB-12).

use std::collections::BTreeMap;

use chimera_contracts::publish::PublishInput;
use chimera_contracts::{Digest, ErrorCode, Fault};
use chimera_effect::{MediaIdentity, RequestView};
use chimera_platform::media::{MediaProbe, MediaUrl};
use chrono::{DateTime, Utc};
use futures_util::future::join_all;

use crate::refuse::Refusal;

/// Which bytes each medium is, by its reference as the input spells it; `None` where the platform pulls it and no bytes
/// were ever fixed.
pub(crate) type MediaDigests = BTreeMap<String, Option<Digest>>;

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
    known: MediaDigests,
    deadline: DateTime<Utc>,
) -> Result<MediaDigests, Refusal> {
    let mut places = places(input);
    places.retain(|reference, _| !known.contains_key(*reference));
    let probes = places.iter().map(|(reference, pointer)| async move {
        let refused = |reason| Fault::new(pointer, "a public https URL", reason);
        let url = MediaUrl::parse(reference)
            .map_err(|error| (ErrorCode::ValidationError, refused(error.reason)))?;
        let missing = |message| Fault::new(pointer, "a medium that can be reached", message);
        match media.probe(&url, deadline).await {
            Ok(probed) => Ok(((*reference).to_owned(), Some(probed.sha256))),
            Err(error) => Err((ErrorCode::MediaNotAccessible, missing(error.message))),
        }
    });
    let mut digests = known;
    let mut faults = Vec::new();
    for result in join_all(probes).await {
        match result {
            Ok((reference, digest)) => {
                digests.insert(reference, digest);
            }
            Err(fault) => faults.push(fault),
        }
    }
    match faults.iter().map(|(code, _)| *code).min() {
        None => Ok(digests),
        Some(code) => Err(Refusal::faults(code, faults.into_iter().map(|(_, fault)| fault).collect())),
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
