//! From what is to be said to sound: values to words, words to clips, clips to one playable row; and back again.

mod catalogue;
mod check;
mod cut;
mod library;
mod names;
mod recognise;
mod render;
pub mod say;
mod shipped;
#[cfg(test)]
mod tests;
mod wave;

pub use cut::cut;
pub use library::{Decode, Fetch, Library, Origin, Piece, PromptState, Sources};
pub use names::{Names, named};
pub use recognise::{Heard, Recogniser, SoundBook};
pub use render::{Around, Rendered};
pub use shipped::shipped;
