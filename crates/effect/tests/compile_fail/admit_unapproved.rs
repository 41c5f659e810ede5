//! A journal admits what is approved, nothing else.

fn admit(effect: chimera_effect::Effect, price: chimera_contracts::Money) -> chimera_effect::NewEffect {
    chimera_effect::NewEffect { approved: effect, price, begin: None, lease: chrono::TimeDelta::zero() }
}

fn main() {}
