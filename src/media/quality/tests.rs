//! RFC 3550 in figures: loss, jitter, copies, wraps and new beginnings.

use std::time::{Duration, Instant};

use super::*;

fn origin() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "origin of virtual time")]
    Instant::now()
}

fn after(sequences: impl IntoIterator<Item = u16>) -> Quality {
    let mut quality = Quality::new(origin());
    for sequence in sequences {
        quality.arrived(1, sequence);
    }
    quality
}

#[test]
fn loss_is_what_never_came() {
    assert_eq!(after(0..100).lost(), 0);
    assert_eq!(after((0..100).filter(|sequence| sequence % 4 != 1)).lost(), 25);
    assert_eq!(after([0, 1, 2, 2, 2, 3, 3]).lost(), 0, "copies are not packets");
    assert_eq!(after([0, 2, 1, 4, 3, 5]).lost(), 0, "late is not lost");
    assert_eq!(after([0, 2, 2, 1, 1, 1, 4]).lost(), 1, "copies do not hide a loss");
    assert_eq!(after((0..200_u16).map(|step| step.wrapping_add(65_500)).filter(|sequence| sequence % 2 == 0)).lost(), 99, "over the wrap");
}

#[test]
fn what_arrives_is_told_apart() {
    let mut quality = Quality::new(origin());
    let mut arrived = |sequence| quality.arrived(1, sequence);
    assert_eq!(arrived(65_534), Arrival::Restart);
    assert_eq!(arrived(65_533), Arrival::Repeated, "before the beginning");
    assert_eq!(arrived(65_535), Arrival::Next { missing: 0 });
    assert_eq!(arrived(2), Arrival::Next { missing: 2 });
    assert_eq!(arrived(0), Arrival::Late);
    assert_eq!(arrived(0), Arrival::Repeated);
    assert_eq!(arrived(2), Arrival::Repeated);
    assert_eq!(arrived(30_000), Arrival::Repeated, "one stray");
    assert_eq!(arrived(3), Arrival::Next { missing: 0 });
    assert_eq!(arrived(40_000), Arrival::Repeated);
    assert_eq!(arrived(40_001), Arrival::Restart, "two in a row begin anew");
}

#[test]
fn a_new_stream_keeps_the_loss_of_the_old_one() {
    let mut quality = after([0, 1, 5]);
    assert_eq!(quality.arrived(2, 500), Arrival::Restart);
    quality.arrived(2, 502);
    assert_eq!((quality.lost(), quality.lost_now()), (4, 1));
}

#[test]
fn the_fraction_is_that_of_the_last_interval() {
    let mut quality = after((0..100).filter(|sequence| sequence % 4 != 1));
    assert_eq!(quality.fraction_lost(), 64);
    (100..200).for_each(|sequence| {
        quality.arrived(1, sequence);
    });
    assert_eq!(quality.fraction_lost(), 0);
    assert_eq!(quality.fraction_lost(), 0, "nothing expected, nothing lost");
    assert_eq!(Quality::new(origin()).fraction_lost(), 0);
}

#[test]
fn jitter_settles_at_the_mean_difference() {
    let origin = origin();
    let mut quality = Quality::new(origin);
    for packet in 0..2_000_u32 {
        quality.timed(origin + Duration::from_millis(u64::from(packet) * 20), packet * 160);
    }
    assert_eq!(quality.jitter(), 0);
    for packet in 2_000..6_000_u32 {
        let shift = if packet % 2 == 0 { 0 } else { 10 };
        quality.timed(origin + Duration::from_millis(u64::from(packet) * 20 + shift), packet * 160);
    }
    assert!((76..=84).contains(&quality.jitter()), "10 ms are 80 units: {}", quality.jitter());
    quality.timed(origin + Duration::from_secs(200), 0xF000_0000);
    assert!(quality.jitter() < 90, "a new timestamp base is not jitter");
}

#[test]
fn silence_and_the_noise_of_a_line_are_not_sound() {
    let mut quality = Quality::new(origin());
    quality.listen(&[g711::ALAW_SILENCE; 160], g711::alaw_to_linear);
    let noise: Vec<u8> = (0..160).map(|step: i16| g711::linear_to_alaw(step % 7 * 8 - 24)).collect();
    quality.listen(&noise, g711::alaw_to_linear);
    quality.listen(&[], g711::alaw_to_linear);
    assert!(!quality.heard_sound());
    let voice: Vec<u8> = (0..160).map(|step: i16| g711::linear_to_mulaw(step % 40 * 20 - 400)).collect();
    quality.listen(&voice, g711::mulaw_to_linear);
    assert!(quality.heard_sound());
}

#[test]
fn c9_missing_sound_is_told_once_and_so_is_its_return() {
    let origin = origin();
    let at = |ms| origin + Duration::from_millis(ms);
    let mut watch = Watch::new(origin);
    assert_eq!(watch.missing(at(4_999)), None);
    assert_eq!(watch.missing(at(5_000)), Some(Duration::from_secs(5)));
    assert_eq!(watch.missing(at(9_000)), None);
    assert!(watch.heard(at(9_010)));
    assert!(!watch.heard(at(9_030)));
    assert_eq!(watch.missing(at(14_000)), None);
    assert!(watch.missing(at(14_040)).is_some());
}
