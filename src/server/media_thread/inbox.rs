//! Orders on their way to a media thread: a queue that this thread empties without ever waiting for a sender.
//!
//! The thread runs ahead of all others. A channel whose reader spins while a sender is half-way through would spin for good
//! when both share a core: the sender never gets its turn. Here a held lock means "next time, in 5 ms".

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use crate::media::order::MediaOrder;

/// The queue of one thread.
pub(super) struct Inbox {
    state: Mutex<State>,
    wake: Condvar,
    most: usize,
}

struct State {
    orders: VecDeque<MediaOrder>,
    /// The thread sleeps until there is something.
    idle: bool,
    closed: bool,
}

impl Inbox {
    /// Room for `most` orders.
    pub(super) fn new(most: usize) -> Self {
        Self { state: Mutex::new(State { orders: VecDeque::new(), idle: false, closed: false }), wake: Condvar::new(), most: most.max(1) }
    }

    /// Puts an order in.
    ///
    /// # Errors
    /// The order comes back when there is no room or nobody reads any more.
    pub(super) fn put(&self, order: MediaOrder) -> Result<(), MediaOrder> {
        let mut state = self.lock();
        if state.closed || state.orders.len() >= self.most {
            return Err(order);
        }
        state.orders.push_back(order);
        let idle = state.idle;
        drop(state);
        if idle {
            self.wake.notify_one();
        }
        Ok(())
    }

    /// Nothing more comes in; what is there may still be read.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.wake.notify_one();
    }

    /// Moves what is there into `into`, which is empty, unless a sender is at it right now. False when nothing will come any more.
    pub(super) fn take(&self, into: &mut VecDeque<MediaOrder>) -> bool {
        match self.state.try_lock() {
            Ok(mut state) => state.hand_over(into),
            Err(TryLockError::Poisoned(state)) => state.into_inner().hand_over(into),
            Err(TryLockError::WouldBlock) => true,
        }
    }

    /// The same, but sleeps until there is something, for `longest` at most.
    pub(super) fn wait(&self, into: &mut VecDeque<MediaOrder>, longest: Duration) -> bool {
        let mut state = self.lock();
        if state.orders.is_empty() && !state.closed {
            state.idle = true;
            state = self.wake.wait_timeout(state, longest).unwrap_or_else(PoisonError::into_inner).0;
            state.idle = false;
        }
        state.hand_over(into)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn hand_over(&mut self, into: &mut VecDeque<MediaOrder>) -> bool {
        std::mem::swap(&mut self.orders, into);
        !self.closed || !into.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::order::LegId;

    fn stop(leg: u64) -> MediaOrder {
        MediaOrder::Stop { leg: LegId(leg) }
    }

    #[test]
    fn orders_come_out_in_order_and_room_is_bounded() {
        let inbox = Inbox::new(2);
        assert!(inbox.put(stop(1)).is_ok() && inbox.put(stop(2)).is_ok());
        assert!(inbox.put(stop(3)).is_err());
        let mut out = VecDeque::new();
        assert!(inbox.take(&mut out));
        assert!(matches!(out.make_contiguous(), [MediaOrder::Stop { leg: LegId(1) }, MediaOrder::Stop { leg: LegId(2) }]));
    }

    #[test]
    fn the_reader_never_waits_for_a_sender() {
        let inbox = Inbox::new(2);
        inbox.put(stop(1)).unwrap();
        let held = inbox.lock();
        let mut out = VecDeque::new();
        assert!(inbox.take(&mut out) && out.is_empty());
        drop(held);
        assert!(inbox.take(&mut out) && out.len() == 1);
    }

    #[test]
    fn after_the_close_the_rest_is_read_and_then_it_ends() {
        let inbox = Inbox::new(2);
        inbox.put(stop(1)).unwrap();
        inbox.close();
        assert!(inbox.put(stop(2)).is_err());
        let mut out = VecDeque::new();
        assert!(inbox.wait(&mut out, Duration::from_secs(10)) && out.len() == 1);
        out.clear();
        assert!(!inbox.wait(&mut out, Duration::from_secs(10)));
    }
}
