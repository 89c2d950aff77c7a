//! The handle on the running centre: what pages and the shell may ask it.

use tokio::sync::oneshot;

use crate::call::live::LiveCall;

/// A question to the running brain.
#[derive(Debug)]
pub enum Query {
    /// What is up; with the path of one call.
    Live { only: Option<String>, answer: oneshot::Sender<Vec<LiveCall>> },
    /// How many calls are up, and each trunk's health.
    Health { answer: oneshot::Sender<(usize, Vec<(String, bool)>)> },
    /// Nothing more is to be done.
    Stop,
}
