//! One call, start to end: its SIP dialog, its sound, its dialogue and what remains of it.

pub mod bridge;
pub mod conversation;
pub mod handover;
pub mod keys;
pub mod line;
pub mod live;
pub mod plan;
pub mod request;
pub mod session;
