#![doc = include_str!("../README.md")]

mod bare;
mod canonical;
mod caseless;
mod emoji;
mod entity;
mod folded;
mod garbled;
mod hidden;
mod invisible;
mod link;
#[cfg(test)]
mod published;
mod scripts;
mod sentence;
mod shown;
mod signs;
mod similarity;
mod skeleton;
mod unescape;
mod unsafe_characters;
mod weight;

pub use bare::bare;
pub use canonical::canonical;
pub use caseless::caseless;
pub use emoji::emoji_count;
pub use folded::Folded;
pub use garbled::is_garbled;
pub use hidden::{hides_characters, spelled_in_tags};
pub use invisible::is_invisible;
pub use link::{links, scheme_links, without_links};
pub use scripts::mixes_scripts;
pub use sentence::sentence_count;
pub use shown::{is_placeholder, is_shortened, without_marks};
pub use signs::is_dash;
pub use similarity::{is_clearly_other, overlap};
pub use skeleton::skeleton;
pub use unsafe_characters::{UnsafeCharacter, unsafe_characters};
pub use weight::{WeightConfig, characters_and_emoji_bytes, weighted_length};
