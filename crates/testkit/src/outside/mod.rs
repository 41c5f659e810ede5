//! A model of the outside: a platform and a server that follow the rules of real ones, and change what they show.
//!
//! A run is one seed. The seed draws a [`Scenario`]: what is asked for, what kind of server stands outside
//! ([`nature`]), what goes wrong with its calls ([`fault`]), how its platform shows texts ([`show`]), what other people do
//! meanwhile, and what happens to the host. [`OutsideServer`] stands at the port of tools, so that everything above it is
//! the real thing; the [`World`] behind it counts; the [`Oracle`] compares what was told with what is so. A scenario that
//! fails is made smaller by [`shrink`].
//!
//! What holds of every run:
//! 1. One effect is public at most once.
//! 2. It is told as public only with an id that is this effect's.
//! 3. It is told as not done only while nothing of it is public, and nothing is still to come.
//! 4. What is unknown is resolved in the end, or shown to a person with a reason.
//!
//! The server never lies beyond what its profile says: what it hides was never promised, what it does late it does before
//! it has settled. One window is drawn all the same, seldom, and counted apart: a call that is done after that.

mod acting;
mod dice;
mod display;
mod draw;
pub mod fault;
mod item;
pub mod nature;
mod oracle;
mod profile;
mod reading;
mod scenario;
mod server;
pub mod show;
mod shrink;
pub mod text;
mod trace;
mod world;

pub use dice::Dice;
pub use item::{Item, Maker};
pub use oracle::{Breach, BreachKind, Claim, Oracle};
pub use profile::PRICE_MICROS;
pub use reading::ACCOUNT;
pub use scenario::{Deed, DeedKind, Event, EventKind, KEPT_MS, LABEL, Older, Person, Says, Scenario, Wish};
pub use server::{GRACE_MS, OutsideServer, key_of};
pub use shrink::shrink;
pub use trace::Trace;
pub use world::{Act, Call, Sighting, World};
