//! WAV files: 16-bit PCM by hound, A-law and μ-law by a small reader of our own; in and out as A-law.

use std::io::Cursor;

use super::g711;

/// Longest file that is read: ten minutes of 16-bit sound with room for other chunks.
pub const LARGEST: usize = 16 * 1024 * 1024;

/// Samples a second of everything here.
const RATE: u32 = 8_000;

/// What is wrong with a file, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WavError {
    #[error("it is not a WAV file: {0}; save it as WAV, 8 kHz, mono, 16-bit PCM or A-law")]
    NotWav(&'static str),
    #[error("it has {0} samples a second; convert it to 8000, such as with `sox in.wav -r 8000 -c 1 -b 16 out.wav`")]
    Rate(u32),
    #[error("it has {0} channels; convert it to one (mono), such as with `sox in.wav -r 8000 -c 1 -b 16 out.wav`")]
    Channels(u16),
    #[error("its samples have {0} bits; convert it to 16-bit PCM, such as with `sox in.wav -r 8000 -c 1 -b 16 out.wav`")]
    Bits(u16),
    #[error("its encoding (format tag {0}) is not known here; convert it to 16-bit PCM, A-law or μ-law")]
    Encoding(u16),
    #[error("it holds no sound; record it again")]
    Empty,
    #[error("it has {0} bytes; {LARGEST} are the most")]
    TooLarge(usize),
}

/// The A-law bytes of a file: format tag 1 (16-bit PCM), 6 (A-law) or 7 (μ-law), 8 kHz, mono.
///
/// # Errors
/// When the file is something else, with the finding and the cure.
pub fn read_alaw(file: &[u8]) -> Result<Vec<u8>, WavError> {
    if file.len() > LARGEST {
        return Err(WavError::TooLarge(file.len()));
    }
    let form = Form::read(file)?;
    if form.rate != RATE {
        return Err(WavError::Rate(form.rate));
    }
    if form.channels != 1 {
        return Err(WavError::Channels(form.channels));
    }
    let alaw: Vec<u8> = match (form.encoding, form.bits) {
        (ALAW, 8) => form.data.to_vec(),
        (MULAW, 8) => form.data.iter().map(|byte| g711::mulaw_to_alaw(*byte)).collect(),
        (PCM | EXTENSIBLE, 16) => read_pcm(file, form.data.len() / 2)?,
        (PCM | EXTENSIBLE | ALAW | MULAW, bits) => return Err(WavError::Bits(bits)),
        (other, _) => return Err(WavError::Encoding(other)),
    };
    if alaw.is_empty() { Err(WavError::Empty) } else { Ok(alaw) }
}

/// The same for what people record: 16-bit PCM of up to 48 kHz, one channel or two, is brought to 8 kHz and one.
///
/// # Errors
/// When the file is something else, with the finding and the cure.
pub fn convert(file: &[u8]) -> Result<Vec<u8>, WavError> {
    if file.len() > LARGEST {
        return Err(WavError::TooLarge(file.len()));
    }
    let form = Form::read(file)?;
    let pcm = matches!(form.encoding, PCM | EXTENSIBLE) && form.bits == 16;
    if !pcm || !(RATE..=48_000).contains(&form.rate) || !(1..=2).contains(&form.channels) {
        return read_alaw(file);
    }
    let samples = read_samples(file, form.data.len() / 2)?;
    let channels = usize::from(form.channels);
    let mix = |frame: &[i16]| i16::try_from(frame.iter().map(|sample| i32::from(*sample)).sum::<i32>() / i32::from(form.channels));
    let mono: Vec<i16> = samples.chunks_exact(channels).map(|frame| mix(frame).unwrap_or(0)).collect();
    let alaw: Vec<u8> = super::resample::to_8k(&mono, form.rate).into_iter().map(g711::linear_to_alaw).collect();
    if alaw.is_empty() { Err(WavError::Empty) } else { Ok(alaw) }
}

/// A WAV file with A-law inside (format tag 6), as small as sound gets.
#[must_use]
pub fn write_alaw(alaw: &[u8]) -> Vec<u8> {
    let padding = alaw.len() % 2;
    let mut file = Vec::with_capacity(alaw.len() + 60);
    let length = |of: usize| u32::try_from(of).unwrap_or(u32::MAX).to_le_bytes();
    file.extend_from_slice(b"RIFF");
    file.extend_from_slice(&length(4 + 26 + 12 + 8 + alaw.len() + padding));
    file.extend_from_slice(b"WAVEfmt ");
    file.extend_from_slice(&18_u32.to_le_bytes());
    file.extend_from_slice(&ALAW.to_le_bytes());
    file.extend_from_slice(&1_u16.to_le_bytes());
    file.extend_from_slice(&RATE.to_le_bytes());
    file.extend_from_slice(&RATE.to_le_bytes());
    file.extend_from_slice(&[1, 0, 8, 0, 0, 0]);
    file.extend_from_slice(b"fact");
    file.extend_from_slice(&4_u32.to_le_bytes());
    file.extend_from_slice(&length(alaw.len()));
    file.extend_from_slice(b"data");
    file.extend_from_slice(&length(alaw.len()));
    file.extend_from_slice(alaw);
    file.resize(file.len() + padding, 0);
    file
}

/// A WAV file with the sound as 16-bit PCM, which every player and browser opens.
#[must_use]
pub fn write_pcm(alaw: &[u8]) -> Vec<u8> {
    let spec = hound::WavSpec { channels: 1, sample_rate: RATE, bits_per_sample: 16, sample_format: hound::SampleFormat::Int };
    let mut file = Cursor::new(Vec::with_capacity(alaw.len() * 2 + 44));
    let written = hound::WavWriter::new(&mut file, spec).and_then(|mut writer| {
        alaw.iter().try_for_each(|byte| writer.write_sample(g711::alaw_to_linear(*byte)))?;
        writer.finalize()
    });
    written.expect("writing into memory does not fail");
    file.into_inner()
}

const PCM: u16 = 1;
const ALAW: u16 = 6;
const MULAW: u16 = 7;
const EXTENSIBLE: u16 = 0xFFFE;

fn read_pcm(file: &[u8], samples: usize) -> Result<Vec<u8>, WavError> {
    Ok(read_samples(file, samples)?.into_iter().map(g711::linear_to_alaw).collect())
}

fn read_samples(file: &[u8], samples: usize) -> Result<Vec<i16>, WavError> {
    let not_wav = |_| WavError::NotWav("its samples cannot be read");
    let mut reader = hound::WavReader::new(Cursor::new(file)).map_err(not_wav)?;
    let spec = reader.spec();
    if spec.sample_format != hound::SampleFormat::Int {
        return Err(WavError::Encoding(3));
    }
    reader.samples::<i16>().take(samples).map(|sample| sample.map_err(not_wav)).collect()
}

/// What the chunks `fmt ` and `data` say.
struct Form<'a> {
    encoding: u16,
    channels: u16,
    rate: u32,
    bits: u16,
    data: &'a [u8],
}

impl<'a> Form<'a> {
    fn read(file: &'a [u8]) -> Result<Self, WavError> {
        let [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'A', b'V', b'E', chunks @ ..] = file else {
            return Err(WavError::NotWav("it does not begin with RIFF and WAVE"));
        };
        let mut rest = chunks;
        let mut format = None;
        while let [a, b, c, d, l0, l1, l2, l3, after @ ..] = rest {
            let length = u32::from_le_bytes([*l0, *l1, *l2, *l3]) as usize;
            // Programs that record into a pipe leave the length at its greatest: the rest of the file is meant.
            let body = &after[..length.min(after.len())];
            match [*a, *b, *c, *d] {
                [b'f', b'm', b't', b' '] => match body {
                    [e0, e1, c0, c1, r0, r1, r2, r3, _, _, _, _, _, _, b0, b1, ..] => {
                        format = Some((
                            u16::from_le_bytes([*e0, *e1]),
                            u16::from_le_bytes([*c0, *c1]),
                            u32::from_le_bytes([*r0, *r1, *r2, *r3]),
                            u16::from_le_bytes([*b0, *b1]),
                        ));
                    }
                    _ => return Err(WavError::NotWav("its format chunk is too short")),
                },
                [b'd', b'a', b't', b'a'] => {
                    let (encoding, channels, rate, bits) = format.ok_or(WavError::NotWav("its sound comes before its format"))?;
                    return Ok(Self { encoding, channels, rate, bits, data: body });
                }
                _ => {}
            }
            rest = after.get(length.saturating_add(length % 2)..).unwrap_or_default();
        }
        Err(WavError::NotWav("it has no sound chunk"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sound() -> Vec<u8> {
        (0..=255).map(|byte| if byte == 0x55 { 0xD5 } else { byte }).collect()
    }

    fn with(file: &[u8], place: usize, bytes: &[u8]) -> Vec<u8> {
        let mut file = file.to_vec();
        file[place..place + bytes.len()].copy_from_slice(bytes);
        file
    }

    #[test]
    fn alaw_and_pcm_files_come_back_alike() {
        assert_eq!(read_alaw(&write_alaw(&sound())).unwrap(), sound());
        assert_eq!(read_alaw(&write_pcm(&sound())).unwrap(), sound());
        assert_eq!(read_alaw(&write_alaw(&[1, 2, 3])).unwrap(), [1, 2, 3], "an odd length is padded outside the sound");
    }

    #[test]
    fn mulaw_files_are_read() {
        let file = with(&write_alaw(&[g711::MULAW_SILENCE; 160]), 20, &7_u16.to_le_bytes());
        assert_eq!(read_alaw(&file).unwrap(), vec![g711::ALAW_SILENCE; 160]);
    }

    #[test]
    fn a_wrong_file_is_refused_with_its_finding() {
        let file = write_pcm(&sound());
        assert_eq!(read_alaw(&with(&file, 24, &44_100_u32.to_le_bytes())), Err(WavError::Rate(44_100)));
        assert_eq!(read_alaw(&with(&file, 22, &2_u16.to_le_bytes())), Err(WavError::Channels(2)));
        assert_eq!(read_alaw(&with(&file, 34, &24_u16.to_le_bytes())), Err(WavError::Bits(24)));
        assert_eq!(read_alaw(&with(&file, 20, &85_u16.to_le_bytes())), Err(WavError::Encoding(85)));
        assert_eq!(read_alaw(&write_alaw(&[])), Err(WavError::Empty));
        assert!(matches!(read_alaw(b"ID3 an mp3"), Err(WavError::NotWav(_))));
        assert!(matches!(read_alaw(&file[..30]), Err(WavError::NotWav(_))));
        assert!(WavError::Rate(44_100).to_string().contains("sox"));
    }

    proptest! {
        #[test]
        fn no_file_makes_the_reader_panic(
            bytes in proptest::collection::vec(any::<u8>(), 0..120), place in 0_usize..70, whole in any::<bool>()
        ) {
            let mut file = if whole { write_pcm(&sound()) } else { write_alaw(&sound()) };
            let end = (place + bytes.len()).min(file.len());
            file[place..end].copy_from_slice(&bytes[..end - place]);
            let _ = read_alaw(&file);
            let _ = read_alaw(&bytes);
        }
    }
}
