//! The brief: what a strategy is told.
//!
//! Nothing in it but what decides the answer (PRO-04): not who asks, not under which request id, not when.

use std::collections::{BTreeMap, BTreeSet};

use chimera_contracts::propose::ProposeInput;
use chimera_contracts::{Fault, Faults, PlatformName};

use crate::audience::{self, Audience};
use crate::insights::InsightsSnapshot;
use crate::show::shown;

/// What is to be proposed for.
#[derive(Clone, Debug, PartialEq)]
pub struct Brief {
    /// The content.
    pub artifact_id: String,
    /// The platforms, in the caller's order, each once; empty when the caller named none.
    pub platforms: Vec<PlatformName>,
    /// When and for whom.
    pub audience: Audience,
    /// All constraints as they were given, for those that only the strategy understands.
    pub constraints: BTreeMap<String, String>,
    /// What is known about the accounts.
    pub insights: Option<InsightsSnapshot>,
}

impl Brief {
    /// Reads the brief of an input, without insights; `own` names the constraints that only the strategy understands.
    ///
    /// # Errors
    /// With all faults: platforms that are none or are named twice, constraints that are unknown or cannot be read.
    pub fn read(input: &ProposeInput, own: &[&str]) -> Result<Self, Faults> {
        let context = input.candidate_context.clone().unwrap_or_default();
        let mut faults = Vec::new();
        let platforms = platforms(&context.target_platforms, &mut faults);
        let audience = audience::read(&context.audience_constraints, own).unwrap_or_else(|more| {
            faults.extend(more);
            Audience::default()
        });
        Faults::check(faults)?;
        Ok(Self {
            artifact_id: input.artifact_id.clone(),
            platforms,
            audience,
            constraints: context.audience_constraints,
            insights: None,
        })
    }
}

fn platforms(names: &[String], faults: &mut Vec<Fault>) -> Vec<PlatformName> {
    let mut known = BTreeSet::new();
    let mut platforms = Vec::with_capacity(names.len());
    for (index, name) in names.iter().enumerate() {
        let fault = |expected: String| {
            Fault::new(format!("/candidate_context/target_platforms/{index}"), expected, shown(name))
        };
        match name.parse::<PlatformName>() {
            Err(_) => faults.push(fault(format!("one of {}", supported()))),
            Ok(platform) if known.insert(platform) => platforms.push(platform),
            Ok(_) => faults.push(fault("a platform that is not named before".to_owned())),
        }
    }
    platforms
}

fn supported() -> String {
    let names: Vec<String> = PlatformName::ALL.iter().map(|platform| format!("`{platform}`")).collect();
    names.join(", ")
}
