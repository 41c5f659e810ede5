//! A journal admits what is approved, nothing else.

fn admit(effect: chimera_effect::Effect, price: chimera_contracts::Money) -> chimera_effect::NewEffect {
    let lease = chrono::TimeDelta::zero();
    chimera_effect::NewEffect { approved: effect, price, begin: None, lease, undoes: None }
}

fn main() {}
