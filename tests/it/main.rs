//! All integration tests are one program: one link step, one kit, one place to look.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod architecture;
mod golden;
mod kit;
mod scenarios;
mod store;
mod wire;
