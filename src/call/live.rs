//! A call that is up, as the person on duty sees it.

use crate::domain::{CallRecord, Step};

/// One live call.
#[derive(Debug, Clone)]
pub struct LiveCall {
    pub record: CallRecord,
    /// The node the caller is in.
    pub node: String,
    /// Filled when one call was asked for.
    pub steps: Vec<Step>,
}
