//! An attempt cannot be made outside the kernel, not even from something approved.

fn forge(approved: chimera_governance::Approved<chimera_effect::Effect>) -> chimera_effect::Attempt {
    chimera_effect::Attempt { approved }
}

fn main() {}
