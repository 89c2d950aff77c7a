//! Sound ready to be sent: encoded once to A-law and μ-law, shared by every call that plays it.

use std::fmt;
use std::sync::{Arc, OnceLock};

/// Samples in one packet: 20 ms at 8 kHz.
pub const FRAME: usize = 160;

/// A clip's bytes: of the program itself, or loaded.
#[derive(Clone)]
pub enum ClipBytes {
    /// Inside the program.
    Static(&'static [u8]),
    /// Loaded from a file or recorded.
    Shared(Arc<[u8]>),
}

impl ClipBytes {
    fn get(&self) -> &[u8] {
        match self {
            Self::Static(bytes) => bytes,
            Self::Shared(bytes) => bytes,
        }
    }
}

/// One clip: A-law, whole frames.
pub struct Clip {
    name: String,
    alaw: ClipBytes,
    mulaw: OnceLock<Box<[u8]>>,
}

impl Clip {
    /// Takes A-law bytes; a last part frame is filled up with silence.
    #[must_use]
    pub fn new(name: impl Into<String>, alaw: ClipBytes) -> Self {
        let alaw = if alaw.get().len().is_multiple_of(FRAME) {
            alaw
        } else {
            let mut whole = alaw.get().to_vec();
            whole.resize(whole.len().next_multiple_of(FRAME), super::g711::ALAW_SILENCE);
            ClipBytes::Shared(whole.into())
        };
        Self { name: name.into(), alaw, mulaw: OnceLock::new() }
    }

    /// Its name, such as `ui/main.menu`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// All of it in A-law.
    #[must_use]
    pub fn alaw(&self) -> &[u8] {
        self.alaw.get()
    }

    /// All of it in μ-law, made at the first use.
    pub fn mulaw(&self) -> &[u8] {
        self.mulaw.get_or_init(|| self.alaw().iter().map(|byte| super::g711::alaw_to_mulaw(*byte)).collect())
    }

    /// Its length in frames of 20 ms.
    #[must_use]
    pub fn frames(&self) -> usize {
        self.alaw().len() / FRAME
    }
}

impl fmt::Debug for Clip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Clip({}, {} frames)", self.name, self.frames())
    }
}

/// One piece of what is played.
#[derive(Debug, Clone)]
pub enum Piece {
    Clip(Arc<Clip>),
    /// Silence of so many frames.
    Gap(u16),
}

impl Piece {
    /// Its length in frames of 20 ms.
    #[must_use]
    pub fn frames(&self) -> usize {
        match self {
            Self::Clip(clip) => clip.frames(),
            Self::Gap(frames) => usize::from(*frames),
        }
    }
}
