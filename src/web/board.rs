//! The board socket of branches and headquarters: a snapshot, then every change as a card, a task or a branch (C76, C81).
//!
//! One task per node turns journal entries into frames, once for all sockets; a socket only passes on what its viewer may see.

mod socket;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use dashmap::DashMap;
use serde::Serialize;
use serde_json::json;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::Instant;

use super::live::{OurPage, Seat, Upgrade};
use super::problem::{Answer, Problem};
use super::routes::Routes;
use super::viewer::Viewer;
use super::{Web, live};
use crate::domain::Role;
use crate::order::board::BranchCard;
use crate::store::JournalEntry;

/// Frames that wait for the slowest board.
const FRAMES: usize = 4096;
/// Branches are looked at again so often, and soon after something happened there.
const LOOK: Duration = Duration::from_millis(1000);
const ANYWAY: Duration = Duration::from_secs(10);
/// Open boards are written down so often, for all nodes.
const SIGN: Duration = Duration::from_secs(5);
/// A board without a sign of life for so long is not open any more.
const ALIVE: Duration = Duration::from_secs(15);

/// Whom a frame concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Concerns {
    /// Headquarters and these two branches: an order that moves has two.
    Branches(u16, u16),
    Headquarters,
}

/// One change, written once for all sockets.
#[derive(Debug)]
pub struct Frame {
    seq: i64,
    concerns: Concerns,
    full: Arc<str>,
    /// With masked telephone numbers.
    masked: Arc<str>,
}

/// What the boards of this node share.
#[derive(Debug)]
pub struct Board {
    frames: broadcast::Sender<Arc<Frame>>,
    /// The last sign of life of each branch's boards here.
    alive: DashMap<u16, Instant>,
    branches: Mutex<HashMap<u16, BranchCard>>,
}

impl Default for Board {
    fn default() -> Self {
        Self { frames: broadcast::channel(FRAMES).0, alive: DashMap::new(), branches: Mutex::default() }
    }
}

/// The route.
pub fn routes() -> Routes {
    Routes::default().get("/api/board", board)
}

/// Who sees all branches.
pub(super) const HEADQUARTERS: [Role; 4] = [Role::Dispatcher, Role::Supervisor, Role::Manager, Role::Administrator];

/// The board of a branch, or of headquarters: see the section on it in `docs/api.md`.
#[utoipa::path(get, path = "/api/board", tag = "kitchen", security(("session" = []), ("token" = [])),
    responses((status = 101, description = "a WebSocket"), (status = 401, description = "`sign-in`"), (status = 403, description = "`not-allowed`")))]
pub(super) async fn board(State(web): State<Web>, _ours: OurPage, viewer: Viewer, upgrade: Upgrade) -> Answer<Response> {
    if viewer.role == Role::Branch {
        viewer.branch.ok_or_else(|| Problem::new("not-allowed", "this account belongs to no branch"))?;
    } else {
        viewer.require(&HEADQUARTERS)?;
    }
    let upgrade = live::upgraded(upgrade)?;
    let seat = Seat::take(&web, Arc::clone(&viewer.session), viewer.program, live::MOST_OF_ONE)?;
    Ok(upgrade.max_frame_size(4096).max_message_size(4096).on_upgrade(move |socket| async move {
        socket::run(web, viewer, socket).await;
        drop(seat);
    }))
}

impl Web {
    /// Turns what happens into frames; runs for as long as the program does.
    pub async fn follow_board(self) {
        let mut news = self.news.subscribe();
        let mut look = tokio::time::interval(LOOK);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let (mut changed, mut looked, mut signed) = (true, Instant::now(), Instant::now());
        loop {
            tokio::select! {
                entry = news.recv() => match entry {
                    Ok(entry) => {
                        changed = true;
                        let mut burst = vec![entry];
                        while let Ok(more) = news.try_recv() {
                            burst.push(more);
                        }
                        self.tell_burst(&burst).await;
                    }
                    // Everybody loads again.
                    Err(RecvError::Lagged(_)) => self.resync(),
                    Err(RecvError::Closed) => return,
                },
                _ = look.tick() => {
                    if signed.elapsed() >= SIGN {
                        signed = Instant::now();
                        self.sign().await;
                    }
                    if changed || looked.elapsed() >= ANYWAY {
                        changed = false;
                        looked = Instant::now();
                        self.tell_branches().await;
                    }
                }
            }
        }
    }

    /// Each order and task of a burst once, as it now is.
    async fn tell_burst(&self, burst: &[Arc<JournalEntry>]) {
        let mut told = HashSet::new();
        for entry in burst.iter().rev() {
            if told.insert((entry.kind.starts_with("task_"), entry.subject.as_str())) {
                self.tell_entry(entry).await;
            }
        }
    }

    async fn tell_entry(&self, entry: &JournalEntry) {
        let data: serde_json::Value = serde_json::from_str(&entry.data).unwrap_or_default();
        let branch_of = |value: &serde_json::Value| value.as_u64().and_then(|number| u16::try_from(number).ok());
        match entry.kind.as_str() {
            "order_placed" | "order_moved" | "order_urged" | "order_foreseen" => {
                let Ok(Some(card)) = self.store.card(&entry.subject).await else { return };
                let other = branch_of(&data["from_branch"]).unwrap_or(card.branch);
                let (full, masked) = (frame("order", "order", entry.seq, &card), frame("order", "order", entry.seq, &card.masked()));
                self.tell(Frame { seq: entry.seq, concerns: Concerns::Branches(card.branch, other), full, masked });
                if let Some(rider) = &card.rider {
                    self.tell_rider(&rider.id, entry.seq).await;
                }
                if entry.kind == "order_placed" {
                    let late = self.wall().as_millis() - entry.at.as_millis();
                    metrics::histogram!("dinetone_board_seconds").record(Duration::from_millis(late.max(0).unsigned_abs()).as_secs_f64());
                }
            }
            "task_opened" | "task_taken" | "task_changed" | "task_closed" => {
                let Ok(Some(task)) = self.store.task(&entry.subject).await else { return };
                let text = frame("task", "task", entry.seq, &task);
                self.tell(Frame { seq: entry.seq, concerns: Concerns::Headquarters, full: Arc::clone(&text), masked: text });
            }
            "rider_changed" => self.tell_rider(&entry.subject, entry.seq).await,
            _ => {}
        }
    }

    /// What a rider carries and owes changes with their orders.
    async fn tell_rider(&self, id: &str, seq: i64) {
        let Ok(Some(rider)) = self.store.rider(id).await else { return };
        let branch = rider.branch.get();
        let (full, masked) = (frame("rider", "rider", seq, &rider.card(false)), frame("rider", "rider", seq, &rider.card(true)));
        self.tell(Frame { seq, concerns: Concerns::Branches(branch, branch), full, masked });
    }

    fn tell(&self, frame: Frame) {
        let _ = self.desk.board.frames.send(Arc::new(frame));
    }

    fn resync(&self) {
        let text: Arc<str> = "{\"type\":\"resync\"}".into();
        self.tell(Frame { seq: i64::MAX, concerns: Concerns::Branches(0, 0), full: Arc::clone(&text), masked: text });
    }

    /// Branches that are not what they were.
    async fn tell_branches(&self) {
        let Ok(cards) = self.branch_cards().await else { return };
        let seq = self.store.journal_last().await.unwrap_or(0);
        let mut fresh = Vec::new();
        {
            let mut known = self.desk.board.branches.lock().unwrap_or_else(PoisonError::into_inner);
            for card in cards {
                metrics::gauge!("dinetone_branch_online", "branch" => card.number.to_string()).set(f64::from(u8::from(card.online)));
                if known.get(&card.number) != Some(&card) {
                    known.insert(card.number, card.clone());
                    fresh.push(card);
                }
            }
        }
        for card in fresh {
            let text = frame("branch", "branch", seq, &card);
            let concerns = Concerns::Branches(card.number, card.number);
            self.tell(Frame { seq: i64::MAX, concerns, full: Arc::clone(&text), masked: text });
        }
    }

    /// All branches, with the boards that are open here counted at once.
    pub(super) async fn branch_cards(&self) -> Result<Vec<BranchCard>, crate::store::StoreError> {
        let mut cards = self.store.branch_cards(self.wall()).await?;
        for card in &mut cards {
            if self.desk.board.alive.get(&card.number).is_some_and(|last| last.elapsed() < ALIVE) {
                card.online = true;
                card.silent_since = None;
            }
        }
        Ok(cards)
    }

    /// The branches whose boards are open here, for all nodes.
    async fn sign(&self) {
        let alive: Vec<u16> =
            self.desk.board.alive.iter().filter(|entry| entry.value().elapsed() < ALIVE).map(|entry| *entry.key()).collect();
        if alive.is_empty() {
            return;
        }
        if let Err(error) = self.store.boards_seen(&self.node, &alive, self.wall()).await {
            tracing::warn!("open boards could not be written down: {error}");
        }
    }
}

fn frame<T: Serialize>(kind: &str, name: &str, seq: i64, value: &T) -> Arc<str> {
    json!({ "type": kind, "seq": seq, name: value }).to_string().into()
}
