//! One open board: what goes out, what comes in, and when it ends.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket};
use serde_json::json;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use super::{Concerns, Frame};
use crate::domain::Role;
use crate::store::{CardFilter, StoreError};
use crate::web::sessions::Ended;
use crate::web::{Viewer, Web};

/// A board that has not taken a frame after this time is closed.
const WRITE: Duration = Duration::from_secs(5);
const PING: Duration = Duration::from_secs(5);
const GONE: Duration = Duration::from_secs(15);

/// Why a socket ends: close code and reason.
struct End(u16, &'static str);

struct Socket {
    web: Web,
    viewer: Viewer,
    socket: WebSocket,
    frames: broadcast::Receiver<Arc<Frame>>,
    /// Entries up to this one are in the snapshot.
    known: i64,
    heard: Instant,
    /// Frames that came within the present second.
    frames_heard: u32,
}

/// Serves a board to its end.
pub async fn run(web: Web, viewer: Viewer, socket: WebSocket) {
    let frames = web.desk.board.frames.subscribe();
    metrics::gauge!("dinetone_boards").increment(1.0);
    let mut open = Socket { web, viewer, socket, frames, known: 0, heard: Instant::now(), frames_heard: 0 };
    let End(code, reason) = open.serve().await;
    crate::web::live::close(&mut open.socket, code, reason).await;
    metrics::gauge!("dinetone_boards").decrement(1.0);
}

impl Socket {
    async fn serve(&mut self) -> End {
        let mut ended = self.web.desk.watch.ended.subscribe();
        let mut ping = interval(PING);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        self.alive();
        if let Err(end) = self.snapshot().await {
            return end;
        }
        loop {
            let step = tokio::select! {
                frame = self.socket.recv() => match frame {
                    Some(Ok(frame)) => self.heard(frame).await,
                    Some(Err(error)) => {
                        let (code, reason) = crate::web::live::broken(&error);
                        Err(End(code, reason))
                    }
                    None => Err(End(1001, "gone")),
                },
                frame = self.frames.recv() => self.told(frame).await,
                over = ended.recv() => self.over(over).await,
                _ = ping.tick() => self.look().await,
            };
            if let Err(end) = step {
                return end;
            }
        }
    }

    /// A sign of life of the branch whose board this is.
    fn alive(&self) {
        if let Some(branch) = self.viewer.branch.filter(|_| self.viewer.role == Role::Branch) {
            self.web.desk.board.alive.insert(branch.get(), Instant::now());
        }
    }

    async fn send(&mut self, text: &str) -> Result<(), End> {
        match timeout(WRITE, self.socket.send(Message::Text(text.into()))).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End(1001, "gone")),
            Err(_) => Err(End(1008, "you do not read")),
        }
    }

    /// Listens first and asks then, so that nothing falls between.
    async fn snapshot(&mut self) -> Result<(), End> {
        self.frames = self.frames.resubscribe();
        match self.read_all().await {
            Ok(text) => self.send(&text).await,
            Err(error) => {
                tracing::warn!("a board could not be filled: {error}");
                Err(End(1013, "the store does not answer; try again"))
            }
        }
    }

    async fn read_all(&mut self) -> Result<String, StoreError> {
        let (web, viewer) = (&self.web, &self.viewer);
        let own = viewer.branch.filter(|_| viewer.role == Role::Branch);
        let now = web.wall();
        let clock = web.store.clock();
        let midnight = clock.timestamp(clock.local(now).date().at(0, 0, 0, 0));
        let seq = web.store.journal_last().await?;
        let mut orders = web.store.cards(&CardFilter { branch: own, since: Some(midnight) }).await?;
        if self.masked() {
            orders = orders.iter().map(crate::order::board::Card::masked).collect();
        }
        let tasks = if own.is_some() { Vec::new() } else { web.store.open_tasks().await? };
        let mut branches = web.branch_cards().await?;
        branches.retain(|card| own.is_none_or(|own| own.get() == card.number));
        let me = json!({ "role": viewer.role.name(), "branch": viewer.branch.map(|branch| branch.get()), "name": viewer.name });
        let masked = self.masked();
        let riders: Vec<_> = web.store.riders(own).await?.iter().map(|rider| rider.card(masked)).collect();
        self.known = seq;
        let snapshot = json!({
            "type": "snapshot", "seq": seq, "at": now.as_millis(), "me": me, "orders": orders, "tasks": tasks, "branches": branches,
            "riders": riders,
        });
        Ok(snapshot.to_string())
    }

    /// Branches deliver, the rest of these roles does not call customers (C98).
    const fn masked(&self) -> bool {
        !self.viewer.calls_customers() && !matches!(self.viewer.role, Role::Branch)
    }

    async fn told(&mut self, frame: Result<Arc<Frame>, RecvError>) -> Result<(), End> {
        let frame = match frame {
            Ok(frame) => frame,
            Err(RecvError::Lagged(missed)) => {
                tracing::warn!(missed, "a board was too slow and loads again");
                metrics::counter!("dinetone_resyncs_total").increment(1);
                self.send("{\"type\":\"resync\"}").await?;
                return self.snapshot().await;
            }
            Err(RecvError::Closed) => return Err(End(1001, "stopped")),
        };
        if frame.seq <= self.known {
            return Ok(());
        }
        let own = self.viewer.branch.filter(|_| self.viewer.role == Role::Branch).map(|branch| branch.get());
        let mine = match (own, frame.concerns) {
            (None, _) | (_, Concerns::Branches(0, 0)) => true,
            (Some(own), Concerns::Branches(one, other)) => own == one || own == other,
            (Some(_), Concerns::Headquarters) => false,
        };
        if !mine {
            return Ok(());
        }
        let text = Arc::clone(if self.masked() { &frame.masked } else { &frame.full });
        self.send(&text).await?;
        if frame.concerns == Concerns::Branches(0, 0) { self.snapshot().await } else { Ok(()) }
    }

    async fn over(&mut self, over: Result<Ended, RecvError>) -> Result<(), End> {
        let why = match over {
            Ok(over) if over.session == self.viewer.session => over.why,
            Ok(_) => return Ok(()),
            Err(RecvError::Lagged(_)) => {
                self.web.sessions_changed();
                return Ok(());
            }
            Err(RecvError::Closed) => return Err(End(1001, "stopped")),
        };
        self.send(&json!({ "type": "signed_out", "why": why }).to_string()).await?;
        Err(End(1008, "signed out"))
    }

    async fn look(&mut self) -> Result<(), End> {
        self.frames_heard = 0;
        if self.heard.elapsed() >= GONE {
            return Err(End(1001, "no sign of life"));
        }
        match timeout(WRITE, self.socket.send(Message::Ping(Vec::new().into()))).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(End(1001, "gone")),
        }
    }

    async fn heard(&mut self, frame: Message) -> Result<(), End> {
        self.heard = Instant::now();
        self.alive();
        let text = match &frame {
            Message::Text(text) => text.as_str(),
            Message::Binary(_) => "",
            Message::Close(_) => return Err(End(1000, "")),
            Message::Ping(_) | Message::Pong(_) => return Ok(()),
        };
        self.frames_heard += 1;
        if self.frames_heard > 100 {
            return Err(End(1008, "too many frames"));
        }
        let asked = serde_json::from_str::<serde_json::Value>(text).unwrap_or_default();
        match asked["type"].as_str() {
            Some("ping") => self.send("{\"type\":\"pong\"}").await,
            Some("resync") => self.snapshot().await,
            _ => Ok(()),
        }
    }
}
