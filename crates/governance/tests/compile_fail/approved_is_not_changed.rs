//! What is inside `Approved` can be looked at, not changed.

fn change(approved: &mut chimera_governance::Approved<String>) {
    approved.get().push('!');
}

fn main() {}
