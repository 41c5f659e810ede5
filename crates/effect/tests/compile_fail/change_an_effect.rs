//! What has a digest cannot be changed any more.

fn change(effect: chimera_effect::Effect) -> chimera_effect::Effect {
    effect.content().text.push('!');
    effect
}

fn main() {}
