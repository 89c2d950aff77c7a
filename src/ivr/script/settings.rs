//! Timers, tries and the house's habits of the dialogue, each with the default of the dialogue paper.

use std::time::Duration;

/// The `[dialogue]` table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// First key after the end of a menu.
    pub menu_wait: Duration,
    /// First key after the end of a question for digits.
    pub entry_wait: Duration,
    /// Between digits.
    pub between_digits: Duration,
    /// Between digits once four are in.
    pub between_long: Duration,
    /// Silence after which the house language is taken.
    pub language_wait: Duration,
    /// A `#` so soon after the last digit of a fixed length is swallowed.
    pub swallow: Duration,
    /// A committing node hears no key for so long.
    pub deaf: Duration,
    /// After so long without an answer "one moment" is said.
    pub answer_notice: Duration,
    /// After so long without an answer the dialogue goes on without it.
    pub answer_limit: Duration,
    /// A whole call in self service.
    pub self_service: Duration,
    /// Silence that ends a recording.
    pub record_silence: Duration,
    pub record_address: Duration,
    pub record_note: Duration,
    pub record_message: Duration,
    /// Mistakes or silences at one node before it is left.
    pub tries: u8,
    /// Mistakes and silences in the whole call before an agent is offered.
    pub errors_in_call: u8,
    /// Finished orders that make a regular caller, who hears short menus.
    pub short_after: u32,
    /// Points from which spending them is offered.
    pub points_from: i64,
    /// Portions that are confirmed one by one.
    pub confirm_from: u16,
    /// More portions than this are for a person.
    pub agent_above: u16,
    /// Whether a note for the kitchen is offered.
    pub kitchen_note: bool,
    /// A second "hurry up" within this time is declined.
    pub urge_pause: Duration,
    /// How long before the last order callers are told of it.
    pub closing_notice: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            menu_wait: Duration::from_secs(5),
            entry_wait: Duration::from_secs(8),
            between_digits: Duration::from_secs(4),
            between_long: Duration::from_millis(2500),
            language_wait: Duration::from_secs(4),
            swallow: Duration::from_millis(1500),
            deaf: Duration::from_millis(700),
            answer_notice: Duration::from_secs(1),
            answer_limit: Duration::from_secs(5),
            self_service: Duration::from_secs(600),
            record_silence: Duration::from_secs(4),
            record_address: Duration::from_secs(30),
            record_note: Duration::from_secs(20),
            record_message: Duration::from_secs(180),
            tries: 3,
            errors_in_call: 6,
            short_after: 3,
            points_from: 100,
            confirm_from: 20,
            agent_above: 50,
            kitchen_note: false,
            urge_pause: Duration::from_secs(300),
            closing_notice: Duration::from_secs(1200),
        }
    }
}
