//! Looking whether the media are there, and which bytes they are, before anything is recorded (PUB-12).

use std::collections::BTreeMap;

use chimera_contracts::publish::PublishInput;
use chimera_contracts::{Digest, ErrorCode, Fault};
use chimera_platform::media::{MediaProbe, MediaUrl};
use chrono::{DateTime, Utc};
use futures_util::future::join_all;

use crate::refuse::Refusal;

/// The digest of each medium of the targets, by its reference as the input spells it.
pub(crate) type MediaDigests = BTreeMap<String, Digest>;

/// Probes every medium once; all that are missing are named together.
pub(crate) async fn probe(
    media: &dyn MediaProbe,
    input: &PublishInput,
    deadline: DateTime<Utc>,
) -> Result<MediaDigests, Refusal> {
    let places = places(input);
    let probes = places.iter().map(|(reference, pointer)| async move {
        let url = MediaUrl::parse(reference).map_err(|error| {
            (ErrorCode::ValidationError, Fault::new(pointer, "a public https URL", error.reason))
        })?;
        match media.probe(&url, deadline).await {
            Ok(probed) => Ok(((*reference).to_owned(), probed.sha256)),
            Err(error) => Err((
                ErrorCode::MediaNotAccessible,
                Fault::new(pointer, "a medium that can be reached", error.message),
            )),
        }
    });
    let mut digests = MediaDigests::new();
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
