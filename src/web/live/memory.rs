//! What was asked lately and what was answered, by session: the same id again gets the same answer and is not done twice.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use dashmap::DashMap;
use tokio::sync::watch;

/// Answers that a session remembers.
const MOST: usize = 64;
/// Sessions that are remembered; the oldest sessions' memories go first.
const MOST_SESSIONS: usize = 10_000;

/// `None` while it is being done.
pub type Pending = watch::Receiver<Option<Arc<str>>>;

/// One session's, the oldest first.
type Asked = Arc<Mutex<VecDeque<(String, Pending)>>>;

/// Answers of all sessions.
#[derive(Debug, Default)]
pub struct Memory {
    sessions: DashMap<Arc<str>, Asked>,
}

/// What is known of an id.
pub enum Known {
    /// It was asked before: its answer comes, or has come, here.
    Before(Pending),
    /// It is new: the answer is to be put here.
    New(watch::Sender<Option<Arc<str>>>),
}

impl Memory {
    /// Looks an id up, and remembers it.
    pub fn recall(&self, session: &Arc<str>, id: &str) -> Known {
        if self.sessions.len() >= MOST_SESSIONS {
            self.sessions.clear();
        }
        let asked = Arc::clone(&self.sessions.entry(Arc::clone(session)).or_default());
        let mut asked = asked.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, pending)) = asked.iter().find(|(known, _)| known == id) {
            return Known::Before(pending.clone());
        }
        if asked.len() >= MOST {
            asked.pop_front();
        }
        let (answer, pending) = watch::channel(None);
        asked.push_back((id.to_owned(), pending));
        Known::New(answer)
    }

    /// A session that has ended asks no more.
    pub fn forget(&self, session: &str) {
        self.sessions.remove(session);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Known, Memory};

    #[test]
    fn the_same_id_of_a_session_is_known_and_another_session_has_its_own() {
        let (memory, one, other) = (Memory::default(), Arc::from("one"), Arc::from("other"));
        let Known::New(answer) = memory.recall(&one, "c1") else { panic!("new") };
        answer.send_replace(Some("ok".into()));
        let Known::Before(pending) = memory.recall(&one, "c1") else { panic!("known") };
        assert_eq!(pending.borrow().as_deref(), Some("ok"));
        assert!(matches!(memory.recall(&other, "c1"), Known::New(_)));
        for n in 0..64 {
            let _ = memory.recall(&one, &format!("d{n}"));
        }
        assert!(matches!(memory.recall(&one, "c1"), Known::New(_)), "only the last 64 are kept");
    }
}
