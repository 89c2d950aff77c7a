//! G.711 by table: A-law, μ-law and 16-bit linear samples.

/// The two codecs of the telephone network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    /// G.711 A-law, payload type 8.
    Pcma,
    /// G.711 μ-law, payload type 0.
    Pcmu,
}

impl Codec {
    /// Payload type (RFC 3551).
    #[must_use]
    pub const fn payload_type(self) -> u8 {
        match self {
            Self::Pcma => 8,
            Self::Pcmu => 0,
        }
    }

    /// The codec of a static payload type.
    #[must_use]
    pub const fn of_static(payload_type: u8) -> Option<Self> {
        match payload_type {
            8 => Some(Self::Pcma),
            0 => Some(Self::Pcmu),
            _ => None,
        }
    }
}

/// A-law for no sound.
pub const ALAW_SILENCE: u8 = 0xD5;
/// μ-law for no sound.
pub const MULAW_SILENCE: u8 = 0xFF;

static ALAW_TO_LINEAR: [i16; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = expand_alaw(byte as u8);
        byte += 1;
    }
    table
};

static MULAW_TO_LINEAR: [i16; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = expand_mulaw(byte as u8);
        byte += 1;
    }
    table
};

static ALAW_TO_MULAW: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = linear_to_mulaw(expand_alaw(byte as u8));
        byte += 1;
    }
    table
};

static MULAW_TO_ALAW: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = linear_to_alaw(expand_mulaw(byte as u8));
        byte += 1;
    }
    table
};

/// The byte for no sound.
#[must_use]
pub const fn silence(codec: Codec) -> u8 {
    match codec {
        Codec::Pcma => ALAW_SILENCE,
        Codec::Pcmu => MULAW_SILENCE,
    }
}

/// One A-law byte as a 16-bit sample.
#[must_use]
pub fn alaw_to_linear(byte: u8) -> i16 {
    ALAW_TO_LINEAR[usize::from(byte)]
}

/// One μ-law byte as a 16-bit sample.
#[must_use]
pub fn mulaw_to_linear(byte: u8) -> i16 {
    MULAW_TO_LINEAR[usize::from(byte)]
}

/// One A-law byte as the nearest μ-law byte.
#[must_use]
pub fn alaw_to_mulaw(byte: u8) -> u8 {
    ALAW_TO_MULAW[usize::from(byte)]
}

/// One μ-law byte as the nearest A-law byte.
#[must_use]
pub fn mulaw_to_alaw(byte: u8) -> u8 {
    MULAW_TO_ALAW[usize::from(byte)]
}

/// One 16-bit sample as A-law (ITU-T G.711 table 1a).
#[must_use]
pub const fn linear_to_alaw(sample: i16) -> u8 {
    let mut value = (sample >> 3) as i32;
    let mask = if value >= 0 {
        0xD5
    } else {
        value = -value - 1;
        0x55
    };
    // The segment is the place of the highest bit, counted from 32.
    let mut segment = 0;
    while segment < 8 && value > (0x20 << segment) - 1 {
        segment += 1;
    }
    if segment >= 8 {
        return 0x7F ^ mask;
    }
    let step = if segment < 2 { value >> 1 } else { value >> segment };
    ((segment << 4) as u8 | (step as u8 & 0x0F)) ^ mask
}

/// One 16-bit sample as μ-law (ITU-T G.711 table 2a).
#[must_use]
pub const fn linear_to_mulaw(sample: i16) -> u8 {
    let mut value = (sample >> 2) as i32;
    let mask = if value < 0 {
        value = -value;
        0x7F
    } else {
        0xFF
    };
    if value > 8159 {
        value = 8159;
    }
    value += 0x21;
    let mut segment = 0;
    while segment < 8 && value > (0x40 << segment) - 1 {
        segment += 1;
    }
    if segment >= 8 {
        return 0x7F ^ mask;
    }
    ((segment << 4) as u8 | ((value >> (segment + 1)) as u8 & 0x0F)) ^ mask
}

const fn expand_alaw(byte: u8) -> i16 {
    let byte = byte ^ 0x55;
    let step = ((byte & 0x0F) as i16) << 4;
    let segment = (byte & 0x70) >> 4;
    let size = match segment {
        0 => step + 8,
        _ => (step + 0x108) << (segment - 1),
    };
    if byte & 0x80 != 0 { size } else { -size }
}

const fn expand_mulaw(byte: u8) -> i16 {
    let byte = !byte;
    let size = ((((byte & 0x0F) as i16) << 3) + 0x84) << ((byte & 0x70) >> 4);
    if byte & 0x80 != 0 { 0x84 - size } else { size - 0x84 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_alaw_byte_comes_back_from_linear() {
        for byte in 0..=255 {
            assert_eq!(linear_to_alaw(alaw_to_linear(byte)), byte);
        }
    }

    #[test]
    fn every_mulaw_byte_comes_back_from_linear_except_minus_zero() {
        for byte in (0..=255).filter(|byte| *byte != 0x7F) {
            assert_eq!(linear_to_mulaw(mulaw_to_linear(byte)), byte);
        }
    }

    #[test]
    fn the_companding_error_stays_within_a_step() {
        for sample in (i16::MIN..=i16::MAX).step_by(7) {
            let size = i32::from(sample).abs();
            let allowed = (size / 16).max(16) + 8;
            let clipped = i32::from(sample).clamp(-32_256, 32_256);
            assert!((i32::from(alaw_to_linear(linear_to_alaw(sample))) - clipped).abs() <= allowed, "A-law at {sample}");
            assert!((i32::from(mulaw_to_linear(linear_to_mulaw(sample))) - clipped).abs() <= allowed, "μ-law at {sample}");
        }
    }

    #[test]
    fn silence_is_silent_in_both() {
        assert_eq!(alaw_to_linear(ALAW_SILENCE), 8);
        assert_eq!(mulaw_to_linear(MULAW_SILENCE), 0);
        assert!(mulaw_to_linear(alaw_to_mulaw(ALAW_SILENCE)).abs() <= 8);
        assert_eq!(mulaw_to_alaw(MULAW_SILENCE), ALAW_SILENCE);
    }

    #[test]
    fn known_values_of_the_standard() {
        assert_eq!(alaw_to_linear(0x2A), -32_256);
        assert_eq!(alaw_to_linear(0xAA), 32_256);
        assert_eq!(mulaw_to_linear(0x00), -32_124);
        assert_eq!(mulaw_to_linear(0x80), 32_124);
    }
}
