//! What a sound is like, without knowing it: how loud, which tone is strongest, and how far that tone stands out.

use crate::media::g711;

/// Samples that are looked at: a tenth of a second, so that every multiple of ten hertz is a whole number of swings.
const WINDOW: usize = 800;
/// Tones that are looked for, in steps of ten hertz.
const LOWEST: u32 = 200;
const HIGHEST: u32 = 2000;
/// Sound this quiet (dBov) is silence: A-law's smallest step is far below.
pub const SILENCE_DB: f32 = -66.0;
/// A tone is heard when it stands so far above everything else together.
pub const CLEAR_DB: f32 = 20.0;

/// A tenth of a second of sound.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sound {
    /// Mean level, dB under digital overload.
    pub level_db: f32,
    /// The strongest tone, a multiple of ten hertz.
    pub hz: u32,
    /// How far it stands above everything else.
    pub over_db: f32,
}

impl Sound {
    /// Whether it is this tone (to ten hertz) and little else.
    #[must_use]
    pub fn is_tone(&self, hz: u32) -> bool {
        self.hz.abs_diff(hz) <= 10 && self.over_db >= CLEAR_DB && self.level_db > -45.0
    }

    /// Whether nothing is to be heard.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.level_db < SILENCE_DB
    }
}

/// Collects samples and judges the last tenth of a second.
#[derive(Debug, Default)]
pub struct Meter {
    samples: Vec<i16>,
}

impl Meter {
    /// Takes the payload of a packet.
    pub fn push(&mut self, payload: &[u8], mulaw: bool) {
        let linear = if mulaw { g711::mulaw_to_linear } else { g711::alaw_to_linear };
        self.samples.extend(payload.iter().take(WINDOW).map(|byte| linear(*byte)));
        let old = self.samples.len().saturating_sub(WINDOW);
        self.samples.drain(..old);
    }

    /// The last tenth of a second; none while less than that has come. The next look begins anew.
    pub fn take(&mut self) -> Option<Sound> {
        let sound = (self.samples.len() == WINDOW).then(|| judge(&self.samples));
        if sound.is_some() {
            self.samples.clear();
        }
        sound
    }
}

fn judge(samples: &[i16]) -> Sound {
    let all = samples.iter().map(|sample| power(f32::from(*sample))).sum::<f32>() / samples.len() as f32;
    let strongest = (LOWEST / 10..=HIGHEST / 10).map(|step| (step * 10, tone(samples, step * 10))).max_by(|a, b| a.1.total_cmp(&b.1));
    let (hz, tone) = strongest.unwrap_or((0, 0.0));
    // Rounding can leave a little less than nothing.
    let rest = (all - tone).max(all * 1e-5).max(1e-3);
    Sound { level_db: db(all / power(32_768.0)), hz, over_db: db(tone / rest) }
}

fn power(value: f32) -> f32 {
    value * value
}

fn db(ratio: f32) -> f32 {
    10.0 * ratio.max(1e-12).log10()
}

/// Goertzel: the mean power of the part of the sound that swings at `hz`.
fn tone(samples: &[i16], hz: u32) -> f32 {
    let step = (std::f32::consts::TAU * hz as f32 / 8000.0).cos() * 2.0;
    let (mut before, mut last) = (0.0_f32, 0.0_f32);
    for sample in samples {
        (before, last) = (last, step.mul_add(last, f32::from(*sample) - before));
    }
    let size = samples.len() as f32;
    2.0 * (power(before) + power(last) - step * before * last) / (size * size)
}

#[cfg(test)]
mod tests {
    use super::Meter;
    use crate::media::g711;

    fn hear(sound: impl Fn(f32) -> f32) -> Option<super::Sound> {
        let mut meter = Meter::default();
        let bytes: Vec<u8> = (0..800_u16).map(|place| g711::linear_to_alaw(sound(f32::from(place) / 8000.0) as i16)).collect();
        bytes.chunks(160).for_each(|chunk| meter.push(chunk, false));
        meter.take()
    }

    fn sine(hz: f32, time: f32) -> f32 {
        (std::f32::consts::TAU * hz * time).sin()
    }

    #[test]
    fn a_tone_is_told_with_its_level() {
        let heard = hear(|time| 8000.0 * sine(440.0, time)).expect("a tenth of a second");
        assert!(heard.is_tone(440) && !heard.is_tone(700), "{heard:?}");
        assert!((heard.level_db + 15.3).abs() < 0.3, "{heard:?}");
    }

    #[test]
    fn two_tones_are_not_one_and_silence_is_none() {
        let both = hear(|time| 6000.0f32.mul_add(sine(440.0, time), 4000.0 * sine(700.0, time))).expect("sound");
        assert!(both.hz == 440 && !both.is_tone(440), "{both:?}");
        let silence = hear(|_| 0.0).expect("sound");
        assert!(silence.is_silent() && !silence.is_tone(440), "{silence:?}");
    }

    #[test]
    fn too_little_sound_is_not_judged() {
        let mut meter = Meter::default();
        meter.push(&[0xD5; 640], false);
        assert_eq!(meter.take(), None);
        meter.push(&[0xD5; 640], false);
        assert!(meter.take().is_some());
        assert_eq!(meter.take(), None, "each tenth of a second is judged once");
    }
}
