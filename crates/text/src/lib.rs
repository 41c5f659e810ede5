#![doc = include_str!("../README.md")]

mod canonical;
mod entity;
mod folded;
mod invisible;
mod link;
mod shown;
mod signs;
mod similarity;
mod unescape;

pub use canonical::canonical;
pub use folded::Folded;
pub use invisible::is_invisible;
pub use link::{links, scheme_links, without_links};
pub use shown::{is_placeholder, is_shortened};
pub use similarity::{is_clearly_other, overlap};
