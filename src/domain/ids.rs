//! Names of things: each its own type, so that two of them cannot be swapped.

use std::fmt;
use std::str::FromStr;

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Takes over an id made by the program (sortable by time) or read back from the store.
            #[must_use]
            pub fn new(id: impl Into<String>) -> Self {
                Self(id.into())
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id!(
    /// One customer of the chain, with all their numbers and addresses.
    CustomerId
);
text_id!(
    /// One order, for ever.
    OrderId
);
text_id!(
    /// One call, from the first INVITE until the last leg is gone.
    CallId
);
text_id!(
    /// One recorded sound: an address, a message, a name.
    RecordingId
);

text_id!(
    /// One person who signs in: agent, dispatcher, branch, supervisor, manager or administrator.
    UserId
);
text_id!(
    /// One queue in which callers wait for a person, such as `order-zh`.
    QueueId
);

/// The number of the day that is spoken for an order: `YYMMDDnnnn`, of which callers hear the last four digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderNumber(String);

impl OrderNumber {
    /// Takes over a number made by the store.
    #[must_use]
    pub fn new(number: impl Into<String>) -> Self {
        Self(number.into())
    }

    /// All of it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is spoken.
    #[must_use]
    pub fn last4(&self) -> &str {
        &self.0[self.0.len().saturating_sub(4)..]
    }
}

impl fmt::Display for OrderNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A six digit member number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MemberNumber(String);

impl MemberNumber {
    /// Exactly six digits, nothing else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        (text.len() == 6 && text.bytes().all(|b| b.is_ascii_digit())).then(|| Self(text.to_owned()))
    }

    /// The six digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last four digits, as spoken to a known caller.
    #[must_use]
    pub fn last4(&self) -> &str {
        &self.0[2..]
    }
}

macro_rules! small_number {
    ($(#[$doc:meta])* $name:ident, $from:literal, $to:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u16);

        impl $name {
            /// `None` outside its range.
            #[must_use]
            pub const fn new(number: u16) -> Option<Self> {
                if number >= $from && number <= $to { Some(Self(number)) } else { None }
            }

            /// The bare number, for arithmetic and for the edges.
            #[must_use]
            pub const fn get(self) -> u16 {
                self.0
            }
        }

        impl FromStr for $name {
            type Err = ();

            fn from_str(text: &str) -> Result<Self, ()> {
                text.parse().ok().and_then(Self::new).ok_or(())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0)
            }
        }
    };
}

small_number!(
    /// The number of a dish that a caller keys in: 1 to 9999.
    MenuNumber, 1, 9999
);
small_number!(
    /// The number of a branch that a caller keys in: 1 to 9999.
    BranchNumber, 1, 9999
);
small_number!(
    /// Portions of one dish: 1 to 99.
    Quantity, 1, 99
);

#[cfg(test)]
mod tests {
    use super::{MemberNumber, MenuNumber, OrderNumber, Quantity};

    #[test]
    fn numbers_refuse_the_first_value_on_each_side() {
        assert!(MenuNumber::new(0).is_none() && MenuNumber::new(1).is_some());
        assert!(MenuNumber::new(9999).is_some() && MenuNumber::new(10_000).is_none());
        assert!(Quantity::new(0).is_none() && Quantity::new(99).is_some() && Quantity::new(100).is_none());
    }

    #[test]
    fn a_member_number_has_six_digits() {
        assert!(MemberNumber::parse("102938").is_some());
        assert!(MemberNumber::parse("10293").is_none() && MemberNumber::parse("1029a8").is_none());
    }

    #[test]
    fn callers_hear_the_last_four_digits_of_an_order() {
        assert_eq!(OrderNumber::new("2611213072").last4(), "3072");
    }
}
