//! Stories of callers, told key by key in virtual time.

mod errors;
mod house;
mod kitchen;
mod mashing;
mod ordering;
mod other;
mod prompts;
mod waiting;
mod world;
