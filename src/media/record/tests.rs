//! Recordings: sound in its place, ended by silence, by length or by order, never beyond their bound.

use std::time::{Duration, Instant};

use super::*;
use crate::media::g711::{ALAW_SILENCE, MULAW_SILENCE, linear_to_alaw};

fn origin() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "origin of virtual time")]
    Instant::now()
}

fn voice() -> Vec<u8> {
    (0..160_i16).map(|step| linear_to_alaw(step % 40 * 100 - 2_000)).collect()
}

/// Speaks (`v`) and is silent (`.`) in packets of 20 ms from a new recording on: when and how it ends.
fn told(longest: Duration, silence: Duration, sounds: &str) -> Option<(usize, RecordEnd)> {
    let origin = origin();
    let mut recording = Recording::new(origin, longest, silence);
    for (packet, sound) in sounds.chars().enumerate() {
        let now = origin + Duration::from_millis(packet as u64 * 20);
        if let Some(end) = recording.ended(now) {
            return Some((packet, end));
        }
        let payload = if sound == 'v' { voice() } else { vec![ALAW_SILENCE; 160] };
        recording.take(now, packet as u32 * 160, &payload, Codec::Pcma);
    }
    None
}

const LONG: Duration = Duration::from_secs(60);
const SECOND: Duration = Duration::from_secs(1);

#[test]
fn silence_after_speech_ends_it() {
    let sounds = format!("{}{}{}", ".".repeat(20), "v".repeat(50), ".".repeat(200));
    let (packet, end) = told(LONG, SECOND, &sounds).unwrap();
    assert_eq!(end, RecordEnd::Silence);
    assert!((119..=121).contains(&packet), "a second after the last word: {packet}");
}

#[test]
fn pauses_between_words_do_not_end_it() {
    let sounds = format!("{}{}", "vvvvvvvvvvvvvvvvvvvv..............................".repeat(6), "v");
    assert_eq!(told(LONG, SECOND, &sounds), None);
}

#[test]
fn nothing_said_at_all_ends_it_after_patience() {
    assert_eq!(told(LONG, SECOND, &".".repeat(400)), Some((250, RecordEnd::Silence)));
    assert_eq!(told(LONG, SECOND * 4, &".".repeat(600)), Some((400, RecordEnd::Silence)));
    let click = format!("{}v{}", ".".repeat(100), ".".repeat(400));
    assert_eq!(told(LONG, SECOND, &click), Some((250, RecordEnd::Silence)), "a click is not speech");
}

#[test]
fn the_longest_time_ends_it_and_bounds_it() {
    assert_eq!(told(SECOND * 2, SECOND, &"v".repeat(200)), Some((100, RecordEnd::Full)));
    let origin = origin();
    let mut recording = Recording::new(origin, SECOND, SECOND);
    for packet in 0..1_000_u32 {
        recording.take(origin, packet * 160, &[0x2A; 1_400], Codec::Pcma);
    }
    assert_eq!(recording.finish().len(), 8_000);
    assert_eq!(Recording::new(origin, SECOND * 1_000_000, SECOND).most(), 4_800_000);
}

#[test]
fn late_packets_find_their_place_and_lost_ones_leave_silence() {
    let origin = origin();
    let mut recording = Recording::new(origin, LONG, SECOND);
    for (timestamp, byte) in [(u32::MAX - 159, 1), (320, 4), (160, 3), (640, 6)] {
        recording.take(origin, timestamp, &[byte; 160], Codec::Pcma);
    }
    let audio = recording.finish();
    let frames: Vec<u8> = audio.chunks(160).map(|frame| frame[0]).collect();
    assert_eq!(frames, [1, ALAW_SILENCE, 3, 4, ALAW_SILENCE, 6]);
}

#[test]
fn a_leap_of_the_timestamp_is_not_filled_up() {
    let origin = origin();
    let mut recording = Recording::new(origin, LONG, SECOND);
    for timestamp in [0, 160, 1_000_000_000, 1_000_000_160, 5] {
        recording.take(origin, timestamp, &[9; 160], Codec::Pcma);
    }
    assert_eq!(recording.finish(), [9; 800]);
}

#[test]
fn mulaw_is_kept_as_alaw() {
    let origin = origin();
    let mut recording = Recording::new(origin, LONG, SECOND);
    recording.take(origin, 0, &[MULAW_SILENCE; 160], Codec::Pcmu);
    assert_eq!(recording.finish(), [ALAW_SILENCE; 160]);
}
