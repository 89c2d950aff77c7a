//! The shell: opens sockets, store and files, starts the brain and its helpers, and stops them in order.

pub mod brain;
pub mod clock;
pub mod cluster;
pub mod dispatch;
pub mod effects;
pub mod errands;
mod escalation;
pub mod files;
pub mod follower;
pub mod keeper;
pub mod ladder;
pub mod media_thread;
pub mod nats;
pub mod notices;
mod patience;
pub mod printing;
pub mod records;
pub mod reload;
mod rollup;
mod roster;
pub mod sip_ws;
pub mod sockets;
pub mod start;
pub mod streams;
pub mod tasks;
pub mod webhooks;
pub mod who;
