//! One open socket: what goes out, what comes in, and when it ends.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use super::journal;
use super::memory::{Known, Pending};
use super::{sight_of, visible_to};
use crate::bus::{Published, Query};
use crate::command::{Command, Refusal, Wish};
use crate::event::{Snapshot, What};
use crate::media::webrtc;
use crate::web::Web;
use crate::web::sessions::Ended;
use crate::web::viewer::Viewer;
use crate::wire::command::{self, Asked, Door, Request};
use crate::wire::live::{self, Sight};
use crate::wire::time;

/// A console that has not taken a frame after this time is closed.
const WRITE: Duration = Duration::from_secs(5);
/// How often the other side is asked for a sign of life, and after how long without one it is gone.
const PING: Duration = Duration::from_secs(5);
const GONE: Duration = Duration::from_secs(15);
/// How long the brain has for a command.
const PATIENCE: Duration = Duration::from_secs(2);
/// A console that was told to load again must do so within this time.
const RESYNC: Duration = Duration::from_secs(15);
/// Frames at once and a second; a person clicks less, and a page that loops is stopped.
const BURST: f64 = 120.0;
const RATE: f64 = 40.0;
/// Commands of one socket that may be under way.
const AT_ONCE: usize = 32;

/// Why a socket ends: close code and reason.
struct End(u16, &'static str);

struct Socket {
    web: Web,
    viewer: Viewer,
    door: Door,
    page: u64,
    socket: WebSocket,
    events: broadcast::Receiver<Arc<Published>>,
    /// Number of the last frame with one.
    seq: u64,
    /// Events up to this one are in the snapshot.
    known: u64,
    /// Set while the console has been told to load again and has not yet.
    behind_since: Option<Instant>,
    heard: Instant,
    allowance: f64,
    filled: Instant,
    commands: JoinSet<Arc<str>>,
}

/// Serves a socket to its end.
pub async fn run(web: Web, viewer: Viewer, door: Door, page: u64, socket: WebSocket) {
    let events = web.events.subscribe();
    let now = Instant::now();
    let (asking, asked) = (web.clone(), viewer.clone());
    let mut open = Socket {
        web,
        viewer,
        door,
        page,
        socket,
        events,
        seq: 0,
        known: 0,
        behind_since: None,
        heard: now,
        allowance: BURST,
        filled: now,
        commands: JoinSet::new(),
    };
    let End(code, reason) = open.serve().await;
    super::close(&mut open.socket, code, reason).await;
    // What was asked is done to its end: the console will ask for the answer again.
    open.commands.detach_all();
    // The brain gives the page its grace time. It must hear this, however busy it is.
    let gone = Wish { by: asked.user.clone(), role: asked.role, page, what: Command::PageGone };
    let (answer, _) = oneshot::channel();
    let _ = asking.queries.send(Query::Wish { wish: Box::new(gone), answer }).await;
}

impl Socket {
    async fn serve(&mut self) -> End {
        let mut ended = self.web.desk.watch.ended.subscribe();
        let mut store = self.web.desk.watch.store_away.subscribe();
        let mut ping = interval(PING);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        if self.door == Door::Console
            && let Err(end) = self.snapshot().await
        {
            return end;
        }
        loop {
            let step = tokio::select! {
                frame = self.socket.recv() => match frame {
                    Some(Ok(frame)) => self.heard(frame).await,
                    Some(Err(error)) => {
                        let (code, reason) = super::broken(&error);
                        Err(End(code, reason))
                    }
                    None => Err(End(1001, "gone")),
                },
                event = self.events.recv() => self.event(event).await,
                Some(answer) = self.commands.join_next(), if !self.commands.is_empty() => match answer {
                    Ok(answer) => self.send(&answer).await,
                    Err(_) => Ok(()),
                },
                over = ended.recv() => self.over(over).await,
                Ok(()) = store.changed() => {
                    let away = *store.borrow_and_update();
                    self.store_is(away).await
                }
                _ = ping.tick() => self.alive().await,
            };
            if let Err(end) = step {
                return end;
            }
        }
    }

    async fn send(&mut self, text: &str) -> Result<(), End> {
        match timeout(WRITE, self.socket.send(Message::Text(text.into()))).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End(1001, "gone")),
            Err(_) => {
                metrics::counter!("dinetone_consoles_stuck_total").increment(1);
                Err(End(1008, "you do not read"))
            }
        }
    }

    /// A frame with the next number of this socket: a console that misses one loads again.
    async fn numbered(&mut self, tail: &str) -> Result<(), End> {
        self.seq += 1;
        let frame = format!("{{\"seq\":{},{tail}", self.seq);
        self.send(&frame).await
    }

    async fn snapshot(&mut self) -> Result<(), End> {
        // Listens first and asks then, so that nothing falls between.
        self.events = self.events.resubscribe();
        let (answer, snapshot) = oneshot::channel();
        let query = Query::Snapshot { of: self.viewer.user.clone(), role: self.viewer.role, answer };
        let asked = timeout(PATIENCE, async {
            self.web.queries.send(query).await.ok()?;
            snapshot.await.ok()
        });
        let snapshot = match asked.await {
            Ok(Some(snapshot)) => snapshot,
            // Nobody answers: an empty floor, until there is one.
            Ok(None) => Box::new(Snapshot {
                seq: 0,
                at: self.web.wall(),
                me: None,
                calls: Vec::new(),
                queues: Arc::default(),
                agents: Vec::new(),
                node: self.web.node.to_string(),
                nodes: Vec::new(),
                store_away: false,
            }),
            Err(_) => return Err(End(1013, "the call centre is busy; try again")),
        };
        self.known = snapshot.seq;
        self.seq = self.seq.max(snapshot.seq) + 1;
        self.behind_since = None;
        let away = *self.web.desk.watch.store_away.borrow();
        let text = live::snapshot(&snapshot, self.seq, away, sight_of(self.viewer.role));
        self.send(&text).await
    }

    async fn event(&mut self, event: Result<Arc<Published>, RecvError>) -> Result<(), End> {
        let event = match event {
            Ok(event) => event,
            Err(RecvError::Lagged(missed)) => {
                if self.door == Door::Phone {
                    return Ok(());
                }
                tracing::warn!(page = self.page, missed, "a console was too slow and loads again");
                metrics::counter!("dinetone_resyncs_total").increment(1);
                self.behind_since.get_or_insert_with(Instant::now);
                return self.send("{\"type\":\"resync\"}").await;
            }
            Err(RecvError::Closed) => return Err(End(1001, "the call centre has stopped")),
        };
        if self.behind_since.is_some() || (self.door == Door::Console && event.event.seq <= self.known) {
            return Ok(());
        }
        let phone = matches!(event.event.what, What::Phone { .. });
        if phone != (self.door == Door::Phone) {
            return Ok(());
        }
        let tail = match visible_to(&event.event.what, &self.viewer, self.page) {
            Sight::Nothing => return Ok(()),
            Sight::Brief => event.brief(|event| live::event_tail(event, Sight::Brief).into()),
            Sight::Full => event.full(|event| live::event_tail(event, Sight::Full).into()),
        };
        self.numbered(tail).await?;
        if matches!(event.event.what, What::Ring { .. }) {
            metrics::histogram!("dinetone_pop_seconds").record(event.told.elapsed().as_secs_f64());
        }
        Ok(())
    }

    async fn store_is(&mut self, away: bool) -> Result<(), End> {
        if self.door == Door::Phone {
            return Ok(());
        }
        let tail = format!("\"at\":\"{}\",\"type\":\"store\",\"away\":{away}}}", time(self.web.wall()));
        self.numbered(&tail).await
    }

    async fn over(&mut self, over: Result<Ended, RecvError>) -> Result<(), End> {
        let why = match over {
            Ok(over) if over.session == self.viewer.session => over.why,
            Ok(_) => return Ok(()),
            // Many ended at once: the watch looks through all again.
            Err(RecvError::Lagged(_)) => {
                self.web.sessions_changed();
                return Ok(());
            }
            Err(RecvError::Closed) => return Err(End(1001, "stopped")),
        };
        self.send(&format!("{{\"type\":\"signed_out\",\"why\":\"{why}\"}}")).await?;
        Err(End(1008, "signed out"))
    }

    async fn alive(&mut self) -> Result<(), End> {
        if self.heard.elapsed() >= GONE {
            return Err(End(1001, "no sign of life"));
        }
        if self.behind_since.is_some_and(|since| since.elapsed() >= RESYNC) {
            return Err(End(1008, "you were told to resync"));
        }
        match timeout(WRITE, self.socket.send(Message::Ping(Vec::new().into()))).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(End(1001, "gone")),
        }
    }

    async fn heard(&mut self, frame: Message) -> Result<(), End> {
        self.heard = Instant::now();
        let text = match &frame {
            Message::Text(text) => text.as_str(),
            Message::Binary(_) => "",
            Message::Close(_) => return Err(End(1000, "")),
            Message::Ping(_) | Message::Pong(_) => return Ok(()),
        };
        self.allowance = (self.allowance + RATE * self.filled.elapsed().as_secs_f64()).min(BURST) - 1.0;
        self.filled = self.heard;
        if self.allowance < 0.0 {
            metrics::counter!("dinetone_wishes_total", "result" => "flood").increment(1);
            return Err(End(1008, "too many frames"));
        }
        let Asked { id, kind, request } = command::read(text, self.door);
        match (id, request) {
            (id, Err(wrong)) => {
                metrics::counter!("dinetone_wishes_total", "result" => wrong.name()).increment(1);
                self.send(&command::error(id.as_deref(), wrong.name(), wrong.detail())).await
            }
            (Some(id), Ok(Request::Ping)) => {
                self.send(&command::ok(&id)).await?;
                self.send("{\"type\":\"pong\"}").await
            }
            (Some(id), Ok(Request::Resync)) => {
                self.send(&command::ok(&id)).await?;
                self.snapshot().await
            }
            (Some(id), Ok(Request::Command(what))) => match unfit(&what) {
                Some(why) => {
                    metrics::counter!("dinetone_wishes_total", "result" => "malformed").increment(1);
                    self.send(&command::error(Some(&id), "malformed", &format!("sdp: {why}"))).await
                }
                None => self.wish(id, kind, *what).await,
            },
            (None, Ok(_)) => Ok(()),
        }
    }

    /// Hands a command to the brain, in the order in which they came; the answer comes by itself.
    async fn wish(&mut self, id: String, kind: String, what: Command) -> Result<(), End> {
        if self.commands.len() >= AT_ONCE {
            metrics::counter!("dinetone_wishes_total", "result" => "busy").increment(1);
            return self.send(&command::error(Some(&id), Refusal::Limit.name(), "wait for the answers to what you asked")).await;
        }
        let answer = match self.web.desk.memory.recall(&self.viewer.session, &id) {
            Known::New(answer) => answer,
            Known::Before(pending) => {
                self.commands.spawn(wait(pending, id));
                return Ok(());
            }
        };
        let entry = journal::entry(&what);
        let wish = Wish { by: self.viewer.user.clone(), role: self.viewer.role, page: self.page, what };
        let (reply, replied) = oneshot::channel();
        let query = Query::Wish { wish: Box::new(wish), answer: reply };
        let handed = timeout(PATIENCE, self.web.queries.send(query)).await;
        let (web, viewer) = (self.web.clone(), self.viewer.clone());
        self.commands.spawn(async move {
            let result = match handed {
                Ok(Ok(())) => match timeout(PATIENCE, replied).await {
                    Ok(Ok(result)) => result,
                    _ => Err(Refusal::Unavailable),
                },
                _ => Err(Refusal::Unavailable),
            };
            let name = result.as_ref().err().map_or("ok", |refusal| refusal.name());
            metrics::counter!("dinetone_wishes_total", "result" => name).increment(1);
            let text: Arc<str> = match &result {
                Ok(()) => command::ok(&id).into(),
                Err(refusal) => command::error(Some(&id), refusal.name(), &refusal.to_string()).into(),
            };
            answer.send_replace(Some(Arc::clone(&text)));
            if let Some((object, detail)) = entry {
                let detail = if result.is_ok() { detail } else { format!("{detail} refused: {name}").trim().to_owned() };
                web.audit_later(&viewer, &kind, &object, &detail);
            }
            text
        });
        Ok(())
    }
}

/// Why an offer of a page's sound leads to nothing, where that can be seen from it alone.
fn unfit(what: &Command) -> Option<&'static str> {
    match what {
        Command::MediaOffer { sdp } | Command::PhoneDial { sdp, .. } => webrtc::usable(sdp).err(),
        _ => None,
    }
}

/// Waits for the answer to what was asked before.
async fn wait(mut pending: Pending, id: String) -> Arc<str> {
    match pending.wait_for(Option::is_some).await {
        Ok(answer) => answer.clone().unwrap_or_else(|| command::ok(&id).into()),
        Err(_) => command::error(Some(&id), Refusal::Unavailable.name(), &Refusal::Unavailable.to_string()).into(),
    }
}
