//! C6: every key in the sound, as weak, short, twisted and noisy as ITU-T Q.24 asks; none in speech.

use super::*;
use crate::machine::Ids;
use crate::media::dtmf::KEYS;
use crate::media::g711::{alaw_to_linear, linear_to_alaw};

/// Level of a full-scale sine in A-law, in dBm0.
const FULL_SCALE: f32 = 3.139;

/// Amplitude of one tone at this level.
fn amplitude(dbm0: f32) -> f32 {
    32_768.0 * 10_f32.powf((dbm0 - FULL_SCALE) / 20.0)
}

fn pair(row: f32, column: f32, samples: usize, row_amplitude: f32, column_amplitude: f32) -> Vec<f32> {
    (0..samples)
        .map(|time| {
            let turn = TAU * time as f32 / RATE;
            row_amplitude * (row * turn).sin() + column_amplitude * (column * turn).sin()
        })
        .collect()
}

struct Noise(Ids);

impl Noise {
    fn next(&mut self, rms: f32) -> f32 {
        // The sum of twelve even numbers is nearly normal.
        let sum: f32 = (0..12).map(|_| self.0.below(65_536) as f32 / 65_536.0).sum();
        (sum - 6.0) * rms
    }
}

fn heard(sound: &[f32]) -> String {
    let bytes: Vec<u8> = sound.iter().map(|sample| linear_to_alaw(sample.clamp(-32_768.0, 32_767.0) as i16)).collect();
    let mut detector = Detector::default();
    let mut keys = String::new();
    for packet in bytes.chunks(160) {
        detector.listen(packet, alaw_to_linear, |key| keys.push(key));
    }
    keys
}

/// All keys in a row, with this much sound and pause in samples, beginning at some offset.
fn row(offset: usize, on: usize, off: usize, row_level: f32, column_level: f32, detune: f32, noise_rms: f32) -> String {
    let mut sound = vec![0.0; offset];
    for key in KEYS {
        let (low, high) = tones_of(key).unwrap();
        sound.extend(pair(low * detune, high * detune, on, amplitude(row_level), amplitude(column_level)));
        sound.resize(sound.len() + off, 0.0);
    }
    let mut noise = Noise(Ids::seeded(5));
    if noise_rms > 0.0 {
        sound.iter_mut().for_each(|sample| *sample += noise.next(noise_rms));
    }
    heard(&sound)
}

fn all() -> String {
    KEYS.iter().collect()
}

#[test]
fn c6_all_sixteen_keys_at_usual_and_extreme_levels() {
    for level in [0.0, -3.0, -6.0, -10.0, -20.0, -25.0, -29.0] {
        assert_eq!(row(0, 800, 800, level, level, 1.0, 0.0), all(), "at {level} dBm0");
    }
    assert_eq!(row(0, 800, 800, -55.0, -55.0, 1.0, 0.0), "", "too weak to be meant");
}

#[test]
fn c6_the_shortest_tone_and_pause_of_q24_at_every_offset() {
    for offset in 0..102 {
        assert_eq!(row(offset, 320, 320, -10.0, -10.0, 1.0, 0.0), all(), "at offset {offset}");
    }
}

#[test]
fn c6_what_is_too_short_is_no_press() {
    for offset in 0..102 {
        assert_eq!(row(offset, 96, 400, -10.0, -10.0, 1.0, 0.0), "", "12 ms at offset {offset}");
    }
}

#[test]
fn c6_twist_both_ways() {
    for (low, high) in [(-10.0, -6.0), (-6.0, -10.0), (-6.0, -13.0), (-13.0, -6.0)] {
        assert_eq!(row(7, 400, 400, low, high, 1.0, 0.0), all(), "row {low}, column {high}");
    }
    assert_eq!(row(7, 400, 400, -6.0, -20.0, 1.0, 0.0), "", "14 dB apart is not a keypad");
}

#[test]
fn c6_tones_that_are_a_little_off() {
    for detune in [0.985, 0.99, 1.01, 1.015] {
        assert_eq!(row(3, 480, 480, -10.0, -10.0, detune, 0.0), all(), "at {detune}");
    }
}

#[test]
fn c6_noise_below_the_tones() {
    for noise_below in [15.0, 20.0, 26.0] {
        let rms = amplitude(-10.0 - noise_below) / std::f32::consts::SQRT_2;
        for offset in [0, 31, 62, 93] {
            assert_eq!(row(offset, 400, 400, -10.0, -10.0, 1.0, rms), all(), "noise {noise_below} dB below, offset {offset}");
        }
    }
}

#[test]
fn c6_a_long_press_is_one_even_with_a_short_break() {
    let (low, high) = tones_of('8').unwrap();
    let mut sound = pair(low, high, 16_000, 3_000.0, 3_000.0);
    assert_eq!(heard(&sound), "8");
    sound[8_000..8_080].fill(0.0);
    assert_eq!(heard(&sound), "8", "a break of 10 ms is bridged");
}

#[test]
fn c6_lost_packets_do_not_double_a_press() {
    let samples = sound_of('6', 160 * 20, 4_000.0);
    let mut detector = Detector::default();
    let mut keys = String::new();
    for (place, packet) in samples.chunks(160).enumerate() {
        if place % 3 == 1 {
            detector.skip(1);
            continue;
        }
        let bytes: Vec<u8> = packet.iter().map(|sample| linear_to_alaw(*sample)).collect();
        detector.listen(&bytes, alaw_to_linear, |key| keys.push(key));
    }
    assert_eq!(keys, "6");
}

#[test]
fn c6_noise_single_tones_and_dial_tone_are_no_keys() {
    let mut noise = Noise(Ids::seeded(9));
    assert_eq!(heard(&(0..8_000 * 60).map(|_| noise.next(3_000.0)).collect::<Vec<_>>()), "");
    for tone in ROWS.iter().chain(&COLUMNS) {
        assert_eq!(heard(&pair(*tone, 450.0, 8_000, 6_000.0, 0.0)), "");
        assert_eq!(heard(&pair(*tone, 450.0, 8_000, 6_000.0, 6_000.0)), "");
    }
}

/// Sums of harmonics with formants and a gliding pitch: nothing like it is a key.
#[test]
fn c6_speech_like_sound_gives_no_key() {
    let mut ids = Ids::seeded(77);
    let mut noise = Noise(Ids::seeded(78));
    let mut sound = Vec::new();
    for _ in 0..600 {
        let (pitch, glide) = (80.0 + ids.below(220) as f32, ids.below(60) as f32 - 30.0);
        let formants = [250.0 + ids.below(650) as f32, 800.0 + ids.below(1_600) as f32, 2_200.0 + ids.below(1_000) as f32];
        let length = 500 + ids.below(1_600) as usize;
        let mut turn = 0.0;
        for time in 0..length {
            let pitch = pitch + glide * time as f32 / length as f32;
            turn += TAU * pitch / RATE;
            let voiced: f32 = (1..30)
                .map(|harmonic| {
                    let frequency = pitch * harmonic as f32;
                    let weight: f32 = formants.iter().map(|formant| 1.0 / (1.0 + ((frequency - formant) / 90.0).powi(2))).sum();
                    weight * (turn * harmonic as f32).sin()
                })
                .sum();
            sound.push(voiced * 4_000.0 + noise.next(60.0));
        }
        sound.resize(sound.len() + ids.below(900) as usize, 0.0);
    }
    assert_eq!(heard(&sound), "");
}
