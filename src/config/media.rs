//! `[media]`: ports of the sound, how long silence may last, and whether sound is encrypted.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::read::Section;
use crate::sip::sdp::Policy;

/// `[media]`
#[derive(Debug, Clone)]
pub struct Media {
    pub rtp_ports: RangeInclusive<u16>,
    /// Where all browsers send their sound; 0: a free port, another one at every start.
    pub browser_port: u16,
    /// A call without any sound from the caller ends after this time (hold exempt).
    pub no_audio_after: Duration,
    /// Whether sound is encrypted with keys in the description (SDES).
    pub srtp: Policy,
}

/// Reads `[media]`.
pub(super) fn media(mut s: Section<'_>) -> Media {
    const PORTS: &str = "write FROM-TO between 1024 and 65535 with room for two ports a call, such as \"20000-29999\"";
    let range = |text: &str| {
        let (from, to) = text.split_once('-')?;
        let (from, to): (u16, u16) = (from.trim().parse().ok()?, to.trim().parse().ok()?);
        (from >= 1024 && to > from).then_some(from..=to)
    };
    let media = Media {
        rtp_ports: s.parse("rtp_ports", range, PORTS).unwrap_or(20_000..=29_999),
        browser_port: s.number("browser_port", 0, 0..=65_535) as u16,
        no_audio_after: s.duration("no_audio_after", Duration::from_secs(60)),
        srtp: s
            .parse(
                "srtp",
                |text| match text {
                    "off" => Some(Policy::Off),
                    "offered" => Some(Policy::Offered),
                    "required" => Some(Policy::Required),
                    _ => None,
                },
                "write \"off\", \"offered\" or \"required\"",
            )
            .unwrap_or_default(),
    };
    // One thread carries all sound, so that any two parties can hear each other.
    s.number("threads", 0, 0..=1);
    if media.rtp_ports.contains(&media.browser_port) {
        s.fault("browser_port", "lies among rtp_ports", "write a port of its own, such as 3478, or 0 for a free one");
    }
    s.finish();
    media
}
