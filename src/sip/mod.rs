//! The telephone's language: messages, transactions, dialogs, offers and answers, without a socket or a clock.

pub mod event;

pub mod message;
pub mod sdp;

pub mod digest;
pub mod transaction;

pub mod dialog;
pub mod reliable;
pub mod session_timer;

pub mod guard;
pub mod outbound;
pub mod registrar;
pub mod trunk;

pub mod endpoint;
