//! The live socket of consoles, and that of the diner's phone: snapshot, then events; commands that are answered once.

mod journal;
mod memory;
mod socket;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::response::Response;
use tokio::time::timeout;

use super::problem::{Answer, Problem};
use super::routes::Routes;
use super::sessions::PHONES;
use super::viewer::{Viewer, address_of};
use super::{Web, origin};
use crate::domain::{Language, Role, UserId};
use crate::event::What;
use crate::wire::command::Door;
use crate::wire::live::Sight;

pub use memory::Memory;

/// Longest frame that a console may send.
const LONGEST_FRAME: usize = 64 * 1024;
/// Sockets of one session, and phones of one address.
pub(super) const MOST_OF_ONE: u32 = 16;
const MOST_PHONES: u32 = 64;
/// Whoever is told why the socket closes has so long to hear it.
const PARTING: Duration = Duration::from_secs(1);

/// Sockets of one session that are open.
#[derive(Debug, Clone, Copy)]
pub struct Open {
    pub sockets: u32,
    pub program: bool,
}

/// The routes.
pub fn routes() -> Routes {
    Routes::default().get("/api/live", live).get("/api/phone", phone)
}

/// Closes a socket with a reason. What still comes is read and dropped for a moment: a connection that is closed over unread bytes is
/// reset, and the reason lost with it.
pub(super) async fn close(socket: &mut WebSocket, code: u16, reason: &'static str) {
    let frame = CloseFrame { code, reason: reason.into() };
    let parting = async {
        if socket.send(Message::Close(Some(frame))).await.is_ok() {
            while let Some(Ok(_)) = socket.recv().await {}
        }
    };
    let _ = timeout(PARTING, parting).await;
}

/// Close code and reason for what cannot be read (RFC 6455, section 7.4.1). The library tells kinds of errors by words only.
#[must_use]
pub fn broken(error: &axum::Error) -> (u16, &'static str) {
    let words = error.to_string().to_ascii_lowercase();
    if words.contains("too l") {
        (1009, "that frame is too long")
    } else if words.contains("utf") {
        (1007, "text frames are UTF-8")
    } else if words.contains("protocol") && !words.contains("without closing handshake") {
        (1002, "that is no frame of RFC 6455")
    } else {
        (1001, "gone")
    }
}

/// A plain request to the address of a socket.
pub(super) type Upgrade = Result<WebSocketUpgrade, WebSocketUpgradeRejection>;

pub(super) fn upgraded(upgrade: Upgrade) -> Answer<WebSocketUpgrade> {
    upgrade.map_err(|refused| Problem::new("bad-request", format!("this address is a WebSocket: {}", refused.body_text())))
}

/// A number for each socket of this run: names the page towards the brain.
fn next_page() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// The `Origin` of a socket must be ours, cookie or not.
pub(super) struct OurPage;

impl FromRequestParts<Web> for OurPage {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Answer<Self> {
        origin::if_any_ours(web, &parts.headers).map(|()| Self)
    }
}

/// Where a socket comes from.
pub(super) struct From(std::net::IpAddr);

impl FromRequestParts<Web> for From {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Web) -> Answer<Self> {
        Ok(Self(address_of(parts)))
    }
}

/// The console's socket: see the section on it in `docs/api.md`.
#[utoipa::path(get, path = "/api/live", tag = "live", security(("session" = []), ("token" = [])),
    responses((status = 101, description = "a WebSocket"), (status = 401, description = "`sign-in`"),
        (status = 403, description = "`foreign-origin`")))]
pub(super) async fn live(State(web): State<Web>, _ours: OurPage, viewer: Viewer, upgrade: Upgrade) -> Answer<Response> {
    let upgrade = upgraded(upgrade)?;
    let seat = Seat::take(&web, Arc::clone(&viewer.session), viewer.program, MOST_OF_ONE)?;
    Ok(upgrade.max_frame_size(LONGEST_FRAME).max_message_size(LONGEST_FRAME).on_upgrade(move |socket| async move {
        socket::run(web, viewer, Door::Console, next_page(), socket).await;
        drop(seat);
    }))
}

/// The diner's phone in the page: a demonstration only.
#[utoipa::path(get, path = "/api/phone", tag = "live",
    responses((status = 101, description = "a WebSocket"), (status = 404, description = "this is no demonstration")))]
pub(super) async fn phone(State(web): State<Web>, _ours: OurPage, from: From, upgrade: Upgrade) -> Answer<Response> {
    if !web.demo {
        return Err(Problem::not_found("phone here: start with --demo"));
    }
    let upgrade = upgraded(upgrade)?;
    let page = next_page();
    let seat = Seat::take(&web, PHONES.into(), false, MOST_PHONES)?;
    let viewer = Viewer {
        user: UserId::new(format!("phone:{page}")),
        login: String::new(),
        name: "diner".into(),
        number: String::new(),
        role: Role::Agent,
        queues: Vec::new(),
        language: Language::Mandarin,
        branch: None,
        must_change_password: false,
        address: from.0,
        session: format!("phone:{page}").into(),
        program: false,
    };
    Ok(upgrade.max_frame_size(LONGEST_FRAME).max_message_size(LONGEST_FRAME).on_upgrade(move |socket| async move {
        socket::run(web, viewer, Door::Phone, page, socket).await;
        drop(seat);
    }))
}

/// A socket's place among those of its session; given back when dropped.
pub(super) struct Seat {
    web: Web,
    session: Arc<str>,
}

impl Seat {
    pub(super) fn take(web: &Web, session: Arc<str>, program: bool, most: u32) -> Answer<Self> {
        let mut open = web.desk.sockets.entry(Arc::clone(&session)).or_insert(Open { sockets: 0, program });
        if open.sockets >= most {
            return Err(Problem::new("slow-down", "too many pages of one session are open").retry_after(5));
        }
        open.sockets += 1;
        drop(open);
        metrics::gauge!("dinetone_consoles").increment(1.0);
        Ok(Self { web: web.clone(), session })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        metrics::gauge!("dinetone_consoles").decrement(1.0);
        let last = self.web.desk.sockets.get_mut(&self.session).is_some_and(|mut open| {
            open.sockets = open.sockets.saturating_sub(1);
            open.sockets == 0
        });
        if last {
            self.web.desk.sockets.remove_if(&self.session, |_, open| open.sockets == 0);
        }
    }
}

/// Who sees what, and how much of it: the one place that decides.
#[must_use]
pub fn visible_to(what: &What, viewer: &Viewer, page: u64) -> Sight {
    let only = |to: &UserId| if *to == viewer.user { Sight::Full } else { Sight::Nothing };
    let only_page = |to: &UserId, of: u64| if of == page { only(to) } else { Sight::Nothing };
    match what {
        What::Agent(agent) if agent.user == viewer.user => Sight::Full,
        What::Agent(_) => match viewer.role {
            Role::Supervisor | Role::Manager => Sight::Full,
            // Whom they may pass a caller on to.
            Role::Agent | Role::Dispatcher | Role::Administrator => Sight::Brief,
            Role::Branch => Sight::Nothing,
        },
        What::Queues(_) | What::Node(_) => match viewer.role {
            Role::Supervisor | Role::Agent => Sight::Full,
            Role::Manager | Role::Dispatcher | Role::Administrator => Sight::Brief,
            Role::Branch => Sight::Nothing,
        },
        What::Ring { to, .. } | What::Call { to, .. } | What::Withdrawn { to, .. } | What::Supervised { to, .. } => only(to),
        What::MediaAnswer { to, page, .. } | What::MediaState { to, page, .. } | What::TakenOver { to, page } => only_page(to, *page),
        What::NodeGone { .. } => {
            if viewer.role == Role::Branch {
                Sight::Nothing
            } else {
                Sight::Full
            }
        }
        What::Store { .. } => Sight::Full,
        What::Phone { page: of, .. } => {
            if *of == page {
                Sight::Full
            } else {
                Sight::Nothing
            }
        }
    }
}

/// How much of a snapshot a role sees of others.
#[must_use]
pub fn sight_of(role: Role) -> Sight {
    match role {
        Role::Supervisor => Sight::Full,
        Role::Agent | Role::Manager | Role::Dispatcher | Role::Administrator => Sight::Brief,
        Role::Branch => Sight::Nothing,
    }
}
