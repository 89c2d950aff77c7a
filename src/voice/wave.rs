//! Finds the sound inside an A-law WAV file without copying it.

use std::ops::Range;

/// Where the samples are, when `file` is one-channel A-law at 8 kHz; `None` for anything else.
#[must_use]
pub(super) fn alaw_data(file: &[u8]) -> Option<Range<usize>> {
    if file.get(..4)? != b"RIFF" || file.get(8..12)? != b"WAVE" {
        return None;
    }
    let mut place = 12;
    let mut is_alaw = false;
    loop {
        let head = file.get(place..place + 8)?;
        let size = usize::try_from(u32::from_le_bytes([head[4], head[5], head[6], head[7]])).ok()?;
        let start = place + 8;
        match &head[..4] {
            b"fmt " => {
                let format = file.get(start..start + 16)?;
                // WAVE_FORMAT_ALAW, one channel, 8000 Hz.
                is_alaw = format[..8] == [6, 0, 1, 0, 0x40, 0x1f, 0, 0];
            }
            b"data" => {
                let end = start.saturating_add(size).min(file.len());
                return (is_alaw && end > start).then_some(start..end);
            }
            _ => {}
        }
        // Chunks begin at even places.
        place = start.checked_add(size)?.checked_add(size & 1)?;
    }
}

/// A WAV file around A-law samples.
#[cfg(test)]
pub(super) fn wrap(samples: &[u8]) -> Vec<u8> {
    let size = u32::try_from(samples.len()).expect("short");
    let mut file = b"RIFF\0\0\0\0WAVEfmt \x12\0\0\0\x06\0\x01\0\x40\x1f\0\0\x40\x1f\0\0\x01\0\x08\0\0\0data".to_vec();
    file.extend(size.to_le_bytes());
    file.extend(samples);
    file
}

#[cfg(test)]
mod tests {
    use super::{alaw_data, wrap};

    #[test]
    fn the_sound_is_found_behind_other_chunks() {
        let file = wrap(&[1, 2, 3, 4]);
        assert_eq!(alaw_data(&file).map(|range| file[range].to_vec()), Some(vec![1, 2, 3, 4]));
        assert_eq!(alaw_data(&file[..20]), None);
        assert_eq!(alaw_data(b"RIFF"), None);
        let mut other = file.clone();
        other[20] = 1;
        assert_eq!(alaw_data(&other), None, "16-bit samples are decoded elsewhere");
        for end in 0..file.len() {
            let _ = alaw_data(&file[..end]);
        }
    }

    #[test]
    fn a_size_beyond_the_file_is_cut() {
        let mut file = wrap(&[7; 10]);
        let place = file.len() - 14;
        file[place..place + 4].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(alaw_data(&file).map(|range| range.len()), Some(10));
    }
}
