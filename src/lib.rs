//! Dinetone: a call-centre telephony and IVR server for restaurant chains.
//!
//! The modules stand in the order in which a newcomer should read them; `ARCHITECTURE.md` has the map.

// —— words ——
pub mod domain;
pub mod machine;

// —— a call arrives ——
pub mod media;
pub mod sip;

// —— the caller is understood ——
pub mod house;
pub mod ivr;
pub mod order;
pub mod outreach;
pub mod slip;
pub mod voice;

// —— a person helps ——
pub mod agent;
pub mod queue;

// —— one call, start to end ——
pub mod call;
pub mod centre;
pub mod command;
pub mod event;

// —— the head office looks ——
pub mod exchange;
pub mod report;
pub mod sheet;

// —— the world outside ——
pub mod bus;
pub mod config;
pub mod outward;
pub mod server;
pub mod simulate;
pub mod store;
pub mod telemetry;
pub mod web;
pub mod wire;

// —— at the keyboard ——
pub mod cli;
pub mod diner;
