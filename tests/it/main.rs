//! All integration tests are one program: one link step, one kit, one place to look.

mod architecture;
mod kit;
mod scenarios;
