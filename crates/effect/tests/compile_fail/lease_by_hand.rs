//! The right to drive an effect cannot be made outside the kernel, not even from a record that a journal gave.

fn forge(grant: chimera_effect::LeaseGrant) -> chimera_effect::Leased {
    chimera_effect::Leased { grant }
}

fn main() {}
