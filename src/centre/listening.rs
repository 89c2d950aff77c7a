//! Somebody of the house hears a recording by telephone (C32): a desk phone or an outside number is rung, the sound is played, and that
//! is all.

use std::sync::Arc;
use std::time::Duration;

use super::floor::{Alarm, For};
use super::{Centre, Output};
use crate::command::{ListenAt, Refusal};
use crate::machine::Now;
use crate::media::clip::{Clip, ClipBytes, Piece};
use crate::media::order::{MediaOrder, PlayId};
use crate::sip::event::{DialogId, EndCause, Ring, Shown, SipCommand};

/// A telephone that nobody takes up is given up after this.
const REACH: Duration = Duration::from_secs(45);
/// The sound is over; should nobody have said so, the call ends all the same.
const OVER: Duration = Duration::from_secs(5);
/// Silence around the sound, in frames: until the handset is at the ear, and before the click.
const AROUND: u16 = 40;

impl Centre {
    /// Rings this telephone and plays it the sound (A-law at 8 kHz). The line, of which [`Output::Listener`] tells.
    ///
    /// # Errors
    /// Why nobody is rung.
    pub fn listen(&mut self, now: Now, at: ListenAt, sound: Vec<u8>) -> Result<u64, Refusal> {
        if self.draining || self.calls.len() >= self.limits.max_calls {
            return Err(Refusal::Unavailable);
        }
        let account = match &at {
            ListenAt::Phone { account } => Some(account.clone()),
            ListenAt::Number { .. } => None,
        };
        if account.as_ref().is_some_and(|account| self.sip.contacts_of(account).next().is_none()) {
            return Err(Refusal::NoTarget);
        }
        let line = self.open_line(now, For::Listen { account }).ok_or(Refusal::Unavailable)?;
        if let ListenAt::Number { number } = at {
            self.numbers.insert(line, number);
        }
        let clip = Arc::new(Clip::new("listen", ClipBytes::Shared(sound.into())));
        self.listeners.insert(line, clip);
        self.floor.alarm(now.instant + REACH, Alarm::Listen { line, up: false });
        self.settle(now);
        Ok(line)
    }

    /// What rings a desk phone for it.
    pub(super) fn ring_listener(line: u64, account: String, sdp: String, browser: Option<String>) -> SipCommand {
        let caller = Shown { number: String::new(), name: "Dinetone".to_owned() };
        SipCommand::Ring(Box::new(Ring { dialog: DialogId(line), account, caller, headers: Vec::new(), sdp, browser, auto_answer: false }))
    }

    /// It was taken up: the sound begins.
    pub(super) fn listener_up(&mut self, now: Now, line: u64) {
        let leg = self.floor.lines.get(&line).map(|(line, _)| line.leg());
        let (Some(clip), Some(leg)) = (self.listeners.get(&line).map(Arc::clone), leg) else { return self.hang_up_line(now, line) };
        let length = Duration::from_millis((clip.frames() as u64 + 2 * u64::from(AROUND)) * 20);
        let pieces = [Piece::Gap(AROUND), Piece::Clip(clip), Piece::Gap(AROUND)];
        self.out.push_back(Output::Media(MediaOrder::Play { leg, play: PlayId(0), pieces: pieces.into(), repeat: false }));
        self.floor.alarm(now.instant + length + OVER, Alarm::Listen { line, up: true });
        self.tell_listener(line, Ok("answered"));
    }

    /// The sound is over, or has no end.
    pub(super) fn listener_heard(&mut self, now: Now, line: u64) {
        if matches!(self.floor.lines.get(&line), Some((_, For::Listen { .. }))) {
            self.hang_up_line(now, line);
        }
    }

    /// Nobody has taken it up, or the end of the sound was not told.
    pub(super) fn listener_due(&mut self, now: Now, line: u64, up: bool) {
        if self.floor.lines.get(&line).is_some_and(|(line, _)| line.is_up() == up) {
            self.listener_heard(now, line);
        }
    }

    pub(super) fn listener_gone(&mut self, line: u64, cause: &EndCause) {
        let why = match cause {
            EndCause::Barred(barred) => barred.to_string(),
            EndCause::Refused(486 | 600 | 603) => "it is busy, or was declined".to_owned(),
            EndCause::Refused(status) => format!("it cannot be reached ({status})"),
            _ => "it cannot be reached".to_owned(),
        };
        self.tell_listener(line, Err(why));
        self.listeners.remove(&line);
        self.numbers.remove(&line);
    }

    pub(super) fn tell_listener(&mut self, line: u64, how: Result<&'static str, String>) {
        self.out.push_back(Output::Listener { line, how });
    }
}
