//! `Approved` has no public fields and no constructor.

fn forge<T>(thing: T) -> chimera_governance::Approved<T> {
    chimera_governance::Approved { thing: std::sync::Arc::new(thing) }
}

fn main() {}
