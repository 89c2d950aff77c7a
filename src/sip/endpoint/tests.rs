//! The endpoint as others meet it: datagrams in virtual time.

mod calls;
mod dialling;
pub(crate) mod kit;
mod lines;
mod network;
mod outgoing;
mod phones;
mod ringing;
mod sessions;
mod torture;
mod transfer;
