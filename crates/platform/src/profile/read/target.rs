//! The sections about targets: their shapes, and the tools that show whether one is there.

use std::collections::BTreeMap;

use chimera_effect::EffectKind;
use serde_json::Value;

use super::Reading;
use super::check::RawCall;
use super::raw::RawTarget;
use crate::profile::{ActTool, Input, Shape, TargetTool};
use crate::targets::TargetKind;

impl Reading {
    pub(super) fn shapes(
        &mut self,
        raw: BTreeMap<TargetKind, String>,
    ) -> Option<BTreeMap<TargetKind, Shape>> {
        let mut shapes = BTreeMap::new();
        for (kind, pattern) in raw {
            match Shape::new(pattern.clone()) {
                Ok(shape) => drop(shapes.insert(kind, shape)),
                Err(error) => {
                    self.fault::<()>(format!("`{}`: `{pattern}` is no pattern: {error}", kind.as_str()));
                }
            }
        }
        Some(shapes)
    }

    pub(super) fn look_ups(
        &mut self,
        raw: BTreeMap<TargetKind, Value>,
    ) -> Option<BTreeMap<TargetKind, TargetTool>> {
        let read = raw
            .into_iter()
            .filter_map(|(kind, value)| Some((kind, self.within(kind.as_str(), Some(value), Self::target)?)));
        Some(read.collect())
    }

    /// Every act's target has a shape, so that what cannot be one is refused before anything is sent.
    pub(super) fn targets_of(
        &mut self,
        acts: &BTreeMap<EffectKind, ActTool>,
        shapes: &BTreeMap<TargetKind, Shape>,
    ) {
        for (kind, act) in acts {
            if let Some(target) = act.target.filter(|target| !shapes.contains_key(target)) {
                let (kind, target) = (kind.as_str(), target.as_str());
                self.fault::<()>(format!("`targets` says no shape of a {target}, which `{kind}` takes"));
            }
        }
    }

    fn target(&mut self, raw: RawTarget) -> Option<TargetTool> {
        let call = RawCall { tool: raw.tool, arguments: raw.arguments, json_arguments: raw.json_arguments };
        let invocation = self.invocation(call, &[Input::Target]);
        self.only("a look-up", &invocation, &[Input::Account, Input::Target]);
        self.conditions("confirm", [&raw.confirm]);
        self.conditions("missing", &raw.missing);
        self.pointers([("text", &raw.text), ("author", &raw.author)]);
        Some(TargetTool {
            invocation,
            confirm: raw.confirm,
            missing: raw.missing,
            text: raw.text,
            author: raw.author,
        })
    }
}
