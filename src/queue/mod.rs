//! Who waits, and who gets whom: one machine over all queues and all agents.

mod acd;
pub mod io;
pub mod settings;

pub use acd::Acd;
pub use io::{AcdInput, AcdOutput, CallBack, Joining, LegState, LiveLeg, OfferKind, Profile, Sticky, Urgency};
pub use settings::{QueueSettings, Settings, Strategy};
