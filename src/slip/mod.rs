//! Slips of an order for kitchen, packing and delivery: laid out in columns, and as bytes for a thermal printer (C83).
//!
//! | file | what it decides |
//! |---|---|
//! | `ticket` | what a slip knows of an order, and what has changed between two versions |
//! | `layout` | lines of 32 or 48 columns; a Chinese character takes two |
//! | `escpos` | those lines as ESC/POS in GB18030, and what a printer answers |

pub mod escpos;
mod layout;
mod ticket;

pub use layout::{Align, Line, Slip, Width, changed, columns, laid_out};
pub use ticket::{Dish, Ticket, Which};

/// Why a slip is printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mark {
    /// The first time.
    New,
    /// Once more, and which time: 补打.
    Again(u32),
    /// The order is off: 退单.
    Cancelled,
}

#[cfg(test)]
mod tests;
