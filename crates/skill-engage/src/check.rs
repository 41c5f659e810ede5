//! What can be said about an engagement before anybody else is asked: every fault at once.

use chimera_contracts::{ErrorCode, Fault, PlatformName};
use chimera_effect::EffectKind;
use chimera_platform::text;

use crate::ask::Ask;
use crate::persona::Persona;
use crate::refuse::{Refusal, shown};
use crate::skill::EngageSkill;

impl EngageSkill {
    /// Whether the profile serves the action there; no other platform's tool is ever taken instead (ENG-04).
    pub(crate) fn check_served(&self, ask: &Ask<'_>) -> Result<(), Refusal> {
        let platform = ask.input.platform;
        let served = self.ports.targets.served(ask.account_ref());
        if served.contains(&ask.kind) && self.ports.kernel.service(ask.account_ref(), ask.kind).is_some() {
            return Ok(());
        }
        let names: Vec<_> = served
            .iter()
            .filter(|kind| **kind != EffectKind::Publish)
            .map(|kind| format!("`{}`", kind.as_str()))
            .collect();
        let action = ask.input.action;
        let message = if names.is_empty() {
            format!("no tool is configured to engage on `{platform}`")
        } else {
            format!("`{platform}` has no tool to {action}; it serves {}", names.join(", "))
        };
        Err(Refusal::of(ErrorCode::UnsupportedAction, message))
    }

    /// The personas that the input names.
    pub(crate) fn personas(&self, names: &[String]) -> Result<Vec<Persona>, Vec<(ErrorCode, Fault)>> {
        let mut personas = Vec::with_capacity(names.len());
        let mut faults = Vec::new();
        for (index, name) in names.iter().enumerate() {
            match self.ports.personas.get(name) {
                Some(persona) => personas.push(persona),
                None => {
                    let known: Vec<_> = self.ports.personas.names().map(|name| format!("`{name}`")).collect();
                    let expected = format!("one of {}", known.join(", "));
                    let pointer = format!("/persona_constraints/{index}");
                    faults.push((ErrorCode::ValidationError, Fault::new(pointer, expected, shown(name))));
                }
            }
        }
        if faults.is_empty() { Ok(personas) } else { Err(faults) }
    }

    /// Everything that is wrong with an input by itself.
    pub(crate) fn check_input(&self, ask: &Ask<'_>) -> Result<Vec<Persona>, Refusal> {
        let platform = ask.input.platform;
        let mut faults = Vec::new();
        let personas = self.personas(&ask.input.persona_constraints).unwrap_or_else(|unknown| {
            faults.extend(unknown);
            Vec::new()
        });
        if let Err(fault) = self.ports.targets.check(ask.account_ref(), ask.kind, &ask.input.target) {
            let got = shown(&ask.input.target);
            faults.push((ErrorCode::InvalidTarget, Fault::new("/target", fault.expected, got)));
        }
        match &ask.input.content {
            Some(_) if !self.ports.targets.takes_text(ask.account_ref(), ask.kind) => {
                let expected =
                    format!("no content: nothing takes words to {} on `{platform}`", ask.input.action);
                faults.push((ErrorCode::ValidationError, Fault::new("/content", expected, "a text")));
            }
            Some(content) => faults.extend(check_text(platform, ask.kind, content, &personas)),
            None if ask.input.action.needs_content() && self.ports.composer.is_none() => {
                let expected =
                    format!("the text of the {}, since no composer is configured", ask.input.action);
                faults.push((ErrorCode::MissingContent, Fault::new("/content", expected, "nothing")));
            }
            None => {}
        }
        Refusal::check(faults)?;
        Ok(personas)
    }
}

/// What is wrong with sharing somebody else's text (ENG-09).
pub(crate) fn check_shared(thread: Option<&str>, personas: &[Persona]) -> Result<(), Refusal> {
    let thread = thread.unwrap_or_default();
    let broken = personas.iter().flat_map(|persona| persona.broken_by_shared(thread));
    let fault = |broken: crate::persona::RuleBroken| {
        let expected = format!("persona `{}`, rule `{}`: {}", broken.persona, broken.rule, broken.expected);
        (ErrorCode::PersonaViolation, Fault::new("/target", expected, broken.got))
    };
    Refusal::check(broken.map(fault).collect())
}

/// Everything that is wrong with a text: length and safety by the platform's rules, then the personas' rules.
pub(crate) fn check_text(
    platform: PlatformName,
    kind: EffectKind,
    content: &str,
    personas: &[Persona],
) -> Vec<(ErrorCode, Fault)> {
    let expected = format!("a text that `{platform}` takes as a {}", kind.as_str());
    let by_platform = text::check_for(platform, kind, content)
        .into_iter()
        .map(|fault| (fault.code, Fault::new("/content", expected.clone(), fault.message)));
    let by_personas = personas.iter().flat_map(|persona| persona.broken_by(content)).map(|broken| {
        let expected = format!("persona `{}`, rule `{}`: {}", broken.persona, broken.rule, broken.expected);
        (ErrorCode::PersonaViolation, Fault::new("/content", expected, broken.got))
    });
    by_platform.chain(by_personas).collect()
}
