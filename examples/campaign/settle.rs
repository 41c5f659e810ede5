//! Fifth step: what no look can tell ends at a person.
//!
//! The list that a lost comment would be looked up in fails for good on this sandbox. So the outcome stays unknown, with the
//! reason in its status, until a person who can see the platform says what is public. The word is audited, and it is not
//! taken from the one who asked for the comment.

use chimera::UnknownEffect;
use chimera::effect::{HandSettlement, HandVerdict, Page, Settled};
use chimera_examples::Failure;
use chimera_examples::screen::{Answer, Screen};
use chrono::TimeDelta;

use crate::engage::{self, Engaged, Standing, standing};
use crate::host::Host;
use crate::reviewer::reviewer;
use crate::show;

/// How many unknown outcomes are looked at.
const PAGE: usize = 100;

/// How often the same engagement may come back: attempted again after *not there*, and lost again.
const ROUNDS: usize = 3;

/// Shows a person what is unknown, and settles it by what the person sees on the platform.
pub(crate) async fn work_through(
    host: &Host,
    engaged: &mut [Engaged<'_>],
    screen: &Screen,
) -> Result<(), Failure> {
    show::step(screen, "5  unknown: what only a person can tell");
    for _ in 0..ROUNDS {
        let page = Page { after: None, limit: PAGE };
        let unknown = host.chimera.outcomes().unknown(&host.worker().namespace, page).await?;
        if unknown.is_empty() {
            break;
        }
        for unknown in &unknown {
            show::unknown(screen, unknown);
            if screen.ask("Have you looked at the platform?")? != Answer::Yes {
                show::left(screen, "no person looked");
                return Ok(());
            }
            settle(host, unknown, screen).await?;
        }
        for engaged in engaged.iter_mut().filter(|engaged| standing(&engaged.answer) == Standing::Unknown) {
            engaged.answer = engage::ask(host, engaged.engagement, screen).await?;
            show::answer(screen, &engaged.answer);
        }
    }
    Ok(())
}

/// The person sees what everybody sees: here the sandbox's own record stands for the platform's page.
async fn settle(host: &Host, unknown: &UnknownEffect, screen: &Screen) -> Result<(), Failure> {
    let seen = host.ground.public_id(unknown.platform, unknown.target.as_deref(), &unknown.text)?;
    let verdict = match &seen {
        Some(id) => HandVerdict::There { id: Some(id.clone()), url: None },
        None => HandVerdict::NotThere,
    };
    let note = "looked at the page of the target".to_owned();
    let settlement = HandSettlement { verdict, principal: reviewer(), note };
    let outcomes = host.chimera.outcomes();
    let namespace = &host.worker().namespace;
    let mut settled = outcomes.settle_by_hand(namespace, unknown.effect, &settlement).await?;
    if let Settled::TooEarly { from } = settled {
        // The server may still answer, and the platform still act.
        let from = from.checked_add_signed(TimeDelta::milliseconds(1)).unwrap_or(from);
        host.clock().sleep_until(from).await;
        settled = outcomes.settle_by_hand(namespace, unknown.effect, &settlement).await?;
    }
    match settled {
        Settled::Recorded(_) => show::settled(screen, seen.as_deref(), &settlement.principal),
        other => return Err(format!("the outcome could not be settled: {other:?}").into()),
    }
    Ok(())
}
