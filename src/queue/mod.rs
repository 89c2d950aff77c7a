//! Who waits, and who gets whom: one machine over all queues and all agents.

mod acd;
mod callbacks;
mod caller;
mod estimate;
pub mod io;
mod line;
mod matching;
mod offers;
mod places;
mod reconcile;
pub mod rule;
pub mod settings;
mod shifts;
mod sticky;
pub mod strategy;
mod views;

pub use acd::Acd;
pub use io::{AcdInput, AcdOutput, CallBack, Joining, LegState, LiveLeg, OfferKind, Profile, Sticky, Urgency};
pub use settings::{JoinRule, LastRule, QueueSettings, Settings};
pub use sticky::Key;
pub use strategy::Strategy;

#[cfg(test)]
mod tests;
