//! Alarms that an operator can read: what goes wrong again and again is told once a minute, with how often it was not told.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const PAUSE: Duration = Duration::from_secs(60);

/// One kind of alarm.
#[derive(Debug)]
pub struct Alarm {
    /// When it was told last, and how many were held back since.
    told: Mutex<Option<(Instant, u64)>>,
}

impl Alarm {
    /// Nothing has happened yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { told: Mutex::new(None) }
    }

    /// It happens: when it is to be told now, how many were held back since the last time.
    pub fn due(&self, now: Instant) -> Option<u64> {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        match told.as_mut() {
            Some((last, held)) if now.saturating_duration_since(*last) < PAUSE => {
                *held += 1;
                None
            }
            _ => Some(told.replace((now, 0)).map_or(0, |(_, held)| held)),
        }
    }
}

/// The end of a line that tells an alarm.
#[must_use]
pub fn held(more: u64) -> String {
    if more == 0 { String::new() } else { format!(" ({more} more since this was last told)") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_wrong_all_the_time_is_told_once_a_minute_with_how_often() {
        #[expect(clippy::disallowed_methods, reason = "the origin of virtual time")]
        let start = Instant::now();
        let alarm = Alarm::new();
        let told: Vec<(u64, u64)> = (0..150).filter_map(|second| Some((second, alarm.due(start + Duration::from_secs(second))?))).collect();
        assert_eq!(told, [(0, 0), (60, 59), (120, 59)]);
        assert_eq!((held(0), held(59)), (String::new(), " (59 more since this was last told)".to_owned()));
    }
}
