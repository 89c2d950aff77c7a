//! The endpoint as others meet it: datagrams in virtual time.

mod calls;
pub(crate) mod kit;
mod lines;
mod network;
mod outgoing;
mod phones;
mod sessions;
mod torture;
