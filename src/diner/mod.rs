//! The simulated diner: places real calls, presses keys by a script, and hears which prompts come back.

mod call;
mod ear;
mod meter;
mod mouth;
mod phone;
mod script;
mod stories;

pub use call::{Call, CallPlan, Ended, Failure, Line, Order, Verdict, Who};
pub use ear::Ear;
pub use meter::{Meter, Sound};
pub use mouth::{KeysBy, Mouth, Sent};
pub use phone::{Phone, PhoneSettings, Typed, Whom};
pub use script::{Script, Step};
pub use stories::{STORIES, story};
