//! Agents and queues by their places in the machine.

/// Place of an agent in the machine; kept for the whole run.
pub(super) type A = usize;
/// Place of a queue in the machine; kept for the whole run.
pub(super) type Q = usize;
