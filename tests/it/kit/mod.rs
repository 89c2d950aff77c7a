//! The test world: a whole hotline in virtual time, with real SIP text, real RTP, the real dialogue and a real store in memory.

pub mod agent;
pub mod desk;
pub mod network;
pub mod phone;
pub mod printer;
pub mod voice;
pub mod world;

pub use world::World;
