//! The diner's whole experience: the checked script, the interpreter that runs it, and one folder for each thing a caller can do.

pub mod io;
pub mod question;

pub mod script;

pub mod dialogue;

mod branch_call;
mod browsing;
mod campaign;
mod greeting;
mod info;
mod message;
mod ordering;
mod points;
mod queue;
mod rider;
mod status;

pub use dialogue::{Dialogue, Snapshot};
pub use io::{DialogueInput, DialogueOutput, Hangup};
pub use script::Script;
