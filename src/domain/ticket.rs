//! Complaints and messages as tickets: how bad each kind is, and how soon somebody must have dealt with it.

use std::time::Duration;

use super::{CallId, CustomerId, OrderId, PhoneNumber, RecordingId};

/// What a ticket is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TicketKind {
    Complaint,
    Suggestion,
    Voicemail,
    /// Somebody wants to become a member.
    Join,
    /// Something was missing, wrong or spilled.
    Delivery,
    FoodSafety,
    Other,
}

impl TicketKind {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Complaint, Self::Suggestion, Self::Voicemail, Self::Join, Self::Delivery, Self::FoodSafety, Self::Other];

    /// Stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Complaint => "complaint",
            Self::Suggestion => "suggestion",
            Self::Voicemail => "voicemail",
            Self::Join => "join",
            Self::Delivery => "delivery",
            Self::FoodSafety => "food_safety",
            Self::Other => "other",
        }
    }

    /// By its stable name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// How bad it is when nobody says otherwise; 1 is the worst.
    #[must_use]
    pub const fn severity(self) -> u8 {
        match self {
            Self::FoodSafety => 1,
            Self::Complaint | Self::Delivery => 2,
            Self::Suggestion | Self::Voicemail | Self::Join | Self::Other => 3,
        }
    }
}

/// How soon a ticket of this severity must be closed, and how long after that it is escalated again.
#[must_use]
pub const fn ticket_time(severity: u8) -> Duration {
    match severity {
        1 => Duration::from_secs(30 * 60),
        2 => Duration::from_secs(2 * 3600),
        _ => Duration::from_secs(24 * 3600),
    }
}

/// A ticket that is to be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTicket {
    pub kind: TicketKind,
    /// None: as bad as its kind.
    pub severity: Option<u8>,
    pub customer: Option<CustomerId>,
    pub phone: Option<PhoneNumber>,
    pub order: Option<OrderId>,
    pub call: Option<CallId>,
    pub recording: Option<RecordingId>,
    pub words: String,
    /// Who opened it: a person's name, `caller`, `rule`.
    pub by: String,
}

#[cfg(test)]
mod tests {
    use super::{TicketKind, ticket_time};

    #[test]
    fn c100_food_safety_is_the_most_urgent() {
        let time = |kind: TicketKind| ticket_time(kind.severity()).as_secs() / 60;
        assert_eq!((time(TicketKind::FoodSafety), time(TicketKind::Complaint), time(TicketKind::Suggestion)), (30, 120, 1440));
        for kind in TicketKind::ALL {
            assert_eq!(TicketKind::parse(kind.name()), Some(kind));
        }
    }
}
