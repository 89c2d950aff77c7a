//! The media threads: they own the sockets and the legs, wake every 5 ms, and carry sound without a lock, a wait or an allocation.

mod door;
mod inbox;
mod pages;
mod realtime;
mod socket;
mod strain;
mod wires;
mod worker;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;

use self::inbox::Inbox;
use crate::machine::Ids;
use crate::media::order::{LegId, MediaOrder, MediaReport};

/// Where reports go: gives a report back when it has no room, and gets it again 5 ms later. Must not block.
pub type ReportSink = Arc<dyn Fn(MediaReport) -> Result<(), MediaReport> + Send + Sync>;

pub use door::{Entry, entries};

/// How the threads are run.
#[derive(Debug, Clone)]
pub struct MediaSettings {
    /// Orders that may wait for one thread; more are refused.
    pub orders: usize,
    /// Ask for a real-time class (SCHED_RR), and take a better nice value where it is refused.
    pub realtime: bool,
    /// For SSRC, first sequence number and first timestamp: from the system's random source.
    pub seed: u128,
    /// Bytes that recordings may come to, for each thread; beyond that a recording ends as full at once.
    pub recordings: usize,
    /// Where browsers come in; empty: nowhere.
    pub browsers: Vec<Entry>,
}

impl MediaSettings {
    /// The settings of a server; `seed` from the system's random source.
    #[must_use]
    pub fn new(seed: u128) -> Self {
        Self { orders: 16_384, realtime: true, seed, recordings: 256 * 1024 * 1024, browsers: Vec::new() }
    }

    /// Of the ordinary class.
    #[must_use]
    pub fn for_testing() -> Self {
        Self { realtime: false, ..Self::new(1) }
    }
}

/// The running threads. Dropping it ends them, and waits for that.
pub struct MediaThreads {
    threads: Vec<Thread>,
    legs: Arc<AtomicUsize>,
    full: Arc<AtomicBool>,
}

struct Thread {
    orders: Arc<Inbox>,
    handle: Option<JoinHandle<()>>,
}

impl MediaThreads {
    /// Starts the threads.
    ///
    /// # Errors
    /// When the system gives no thread or no epoll descriptor.
    pub fn start(settings: &MediaSettings, sink: ReportSink) -> std::io::Result<Self> {
        // Parties that hear each other live on one thread, and any two may come to: so there is one.
        let count = 1;
        let legs = Arc::new(AtomicUsize::new(0));
        let mut ids = Ids::seeded(settings.seed);
        let full = Arc::new(AtomicBool::new(false));
        let mut started = Self { threads: Vec::with_capacity(count), legs: Arc::clone(&legs), full: Arc::clone(&full) };
        for place in 0..count {
            let orders = Arc::new(Inbox::new(settings.orders));
            let seed = u128::from(ids.next_u64()) << 64 | u128::from(ids.next_u64());
            let counts = (Arc::clone(&legs), Arc::clone(&full));
            let mut worker = worker::Worker::new(Arc::clone(&orders), Arc::clone(&sink), counts, Ids::seeded(seed), settings)?;
            let realtime = settings.realtime;
            let handle = std::thread::Builder::new().name(format!("media-{place}")).spawn(move || {
                realtime::ask(realtime, place == 0);
                worker.run();
            })?;
            started.threads.push(Thread { orders, handle: Some(handle) });
        }
        Ok(started)
    }

    /// Gives an order to the thread of its leg. Does not block.
    ///
    /// # Errors
    /// The order comes back when the thread's queue is full or the thread is gone.
    pub fn send(&self, order: MediaOrder) -> Result<(), MediaOrder> {
        let place = (leg_of(&order).0 % self.threads.len() as u64) as usize;
        self.threads[place].orders.put(order).inspect_err(|_| metrics::counter!("dinetone_media_orders_refused_total").increment(1))
    }

    /// Whether more is up than can be carried: then no further call is to be taken in.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.full.load(Ordering::Relaxed)
    }

    /// Legs that are up.
    #[must_use]
    pub fn legs(&self) -> usize {
        self.legs.load(Ordering::Relaxed)
    }
}

impl Drop for MediaThreads {
    fn drop(&mut self) {
        self.threads.iter().for_each(|thread| thread.orders.close());
        for thread in &mut self.threads {
            if let Some(handle) = thread.handle.take()
                && handle.join().is_err()
            {
                tracing::error!("a media thread had ended by a panic");
            }
        }
    }
}

impl fmt::Debug for MediaThreads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MediaThreads({}, {} legs)", self.threads.len(), self.legs())
    }
}

/// The leg that an order is for.
fn leg_of(order: &MediaOrder) -> LegId {
    match order {
        MediaOrder::Open { leg, .. }
        | MediaOrder::Change { leg, .. }
        | MediaOrder::Sends { leg, .. }
        | MediaOrder::Play { leg, .. }
        | MediaOrder::GiveWay { leg, .. }
        | MediaOrder::Stop { leg }
        | MediaOrder::Collect { leg, .. }
        | MediaOrder::Record { leg, .. }
        | MediaOrder::StopRecording { leg }
        | MediaOrder::OpenBrowser { leg, .. }
        | MediaOrder::OfferBrowser { leg }
        | MediaOrder::AcceptBrowser { leg, .. }
        | MediaOrder::Candidate { leg, .. }
        | MediaOrder::Hear { leg, .. }
        | MediaOrder::SendKeys { leg, .. }
        | MediaOrder::Close { leg } => *leg,
    }
}
