//! Sound of other rates brought to 8 kHz, once, when a recording is taken in: a low-pass by windowed sinc, one filter for each phase.

use std::f64::consts::PI;

/// Samples a second of everything here.
const RATE: u32 = 8_000;
/// Of the sinc, on each side; the passband ends at 3.6 kHz, and what would fold back is 60 dB down.
const CROSSINGS: f64 = 24.0;
const PASSES: f64 = 0.92;

/// `samples` of `rate` (8 to 192 kHz) as samples of 8 kHz.
#[must_use]
pub fn to_8k(samples: &[i16], rate: u32) -> Vec<i16> {
    if rate <= RATE || samples.is_empty() {
        return samples.to_vec();
    }
    let common = gcd(rate, RATE);
    let (step, phases) = ((rate / common) as usize, (RATE / common) as usize);
    let filters: Vec<Vec<f64>> = (0..phases).map(|phase| filter(f64::from(rate), phase as f64 / phases as f64)).collect();
    let reach = filters.first().map_or(0, Vec::len) / 2;
    let count = samples.len() * phases / step;
    let value = |place: usize| {
        // Where this sample lies among those that came: whole, and the phase behind it.
        let (at, phase) = (place * step / phases, place * step % phases);
        let taps = &filters[phase];
        let sum: f64 = taps
            .iter()
            .enumerate()
            .filter_map(|(tap, weight)| Some(f64::from(*samples.get((at + tap).checked_sub(reach)?)?) * weight))
            .sum();
        sum.round().clamp(f64::from(i16::MIN), f64::from(i16::MAX)) as i16
    };
    (0..count).map(value).collect()
}

/// The weights around a place that lies `phase` behind a sample; together they are one.
fn filter(rate: f64, phase: f64) -> Vec<f64> {
    let ratio = f64::from(RATE) / rate * PASSES;
    let reach = (CROSSINGS / ratio).ceil() as i32;
    let weight = |tap: i32| {
        let x = (f64::from(tap) - phase) * ratio;
        let sinc = if x.abs() < 1e-9 { 1.0 } else { (PI * x).sin() / (PI * x) };
        // Blackman's window.
        let place = (x / CROSSINGS).clamp(-1.0, 1.0);
        sinc * (0.42 + 0.5 * (PI * place).cos() + 0.08 * (2.0 * PI * place).cos())
    };
    let taps: Vec<f64> = (-reach..=reach).map(weight).collect();
    let sum: f64 = taps.iter().sum();
    taps.into_iter().map(|tap| tap / sum).collect()
}

const fn gcd(one: u32, other: u32) -> u32 {
    if other == 0 { one } else { gcd(other, one % other) }
}

#[cfg(test)]
mod tests {
    use super::to_8k;

    fn tone(hz: f64, rate: u32) -> Vec<i16> {
        (0..rate).map(|n| ((f64::from(n) * hz * std::f64::consts::TAU / f64::from(rate)).sin() * 10_000.0) as i16).collect()
    }

    fn level(samples: &[i16]) -> f64 {
        let middle = &samples[samples.len() / 4..samples.len() * 3 / 4];
        (middle.iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>() / middle.len() as f64).sqrt()
    }

    #[test]
    fn c32_a_tone_keeps_its_height_and_level_and_what_a_telephone_cannot_carry_is_gone() {
        for rate in [11_025, 16_000, 22_050, 44_100, 48_000] {
            for hz in [300.0, 1_000.0, 3_000.0] {
                let (got, wanted) = (to_8k(&tone(hz, rate), rate), tone(hz, 8_000));
                assert!(got.len().abs_diff(8_000) <= 1, "{rate}: {}", got.len());
                let off: Vec<i16> = got.iter().zip(&wanted).map(|(got, wanted)| got - wanted).collect();
                assert!(level(&off) < 60.0, "{hz} Hz at {rate}: {}", level(&off));
            }
            assert!(level(&to_8k(&tone(5_000.0, rate), rate)) < 40.0, "5 kHz folds back from {rate}");
        }
        assert_eq!(to_8k(&[1, -2, 3], 8_000), [1, -2, 3]);
        assert_eq!(to_8k(&[], 48_000), [0_i16; 0]);
    }
}
