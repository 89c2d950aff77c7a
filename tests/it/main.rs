//! All integration tests are one program: one link step, one kit, one place to look.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod architecture;
mod golden;
mod kit;
/// The page of the library's own tests.
#[path = "../../src/media/webrtc/page.rs"]
mod page;
mod scenarios;
mod store;
mod wire;

/// The page asks for it by this name.
mod machine {
    pub use dinetone::machine::Now;
}
