//! Who asks: a session's cookie or a program's token becomes a viewer, or the request ends here.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header::{AUTHORIZATION, COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};

use super::problem::{Answer, Problem};
use super::{Web, origin};
use crate::domain::{BranchNumber, Language, PhoneNumber, QueueId, Role, User, UserId};
use crate::store::{Device, Session, secret_hash};

/// Name of the cookie.
pub const COOKIE_NAME: &str = "dinetone_session";

/// Where a request came from; put there by the listener.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

/// Somebody who has signed in, or a program with a token. As a handler's argument it lets nobody else in.
///
/// Someone who still has to change a password that another person chose is let in by [`SignedIn`] only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Viewer {
    pub user: UserId,
    /// What they sign in with; empty for programs.
    pub login: String,
    pub name: String,
    /// Empty for programs and for people without one.
    pub number: String,
    pub role: Role,
    pub queues: Vec<QueueId>,
    pub language: Language,
    pub branch: Option<BranchNumber>,
    pub must_change_password: bool,
    /// Where they are.
    pub address: IpAddr,
    /// Hash of the session's secret, or of the token.
    pub session: Arc<str>,
    /// Whether it is a program with a token.
    pub program: bool,
}

impl Viewer {
    /// Lets only these roles on.
    ///
    /// # Errors
    /// `not-allowed` for the others.
    pub fn require(&self, roles: &[Role]) -> Answer<()> {
        if roles.contains(&self.role) { Ok(()) } else { Err(Problem::new("not-allowed", "your role may not do this")) }
    }

    /// Whether this role calls customers, and therefore sees their numbers (C98).
    #[must_use]
    pub const fn calls_customers(&self) -> bool {
        matches!(self.role, Role::Agent | Role::Dispatcher | Role::Supervisor)
    }

    /// A person in a session.
    #[must_use]
    pub fn of_session(session: &Session, address: IpAddr) -> Self {
        Self::of_user(&session.user, session.hash.as_str().into(), address)
    }

    /// A tablet of a branch.
    fn of_device(device: &Device, session: Arc<str>, address: IpAddr) -> Self {
        Self {
            user: UserId::new(format!("device:{}", device.id)),
            login: String::new(),
            name: device.name.clone(),
            number: String::new(),
            role: Role::Branch,
            queues: Vec::new(),
            language: Language::Mandarin,
            branch: Some(device.branch),
            must_change_password: false,
            address,
            session,
            program: false,
        }
    }

    fn of_user(user: &User, session: Arc<str>, address: IpAddr) -> Self {
        Self {
            user: user.id.clone(),
            login: user.login.clone(),
            name: user.name.clone(),
            number: user.number.clone(),
            role: user.role,
            queues: user.queues.clone(),
            language: user.language,
            branch: user.branch,
            must_change_password: user.must_change_password,
            address,
            session,
            program: false,
        }
    }
}

/// A telephone number as this viewer may see it: in full for roles that call customers, masked for others (C98).
#[must_use]
pub fn show_phone(viewer: &Viewer, phone: &PhoneNumber) -> String {
    if viewer.calls_customers() { phone.reveal().to_owned() } else { phone.to_string() }
}

/// A viewer who may still have to change their password.
#[derive(Debug, Clone)]
pub struct SignedIn(pub Viewer);

impl FromRequestParts<Web> for Viewer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Answer<Self> {
        let SignedIn(viewer) = SignedIn::from_request_parts(parts, web).await?;
        if viewer.must_change_password {
            return Err(Problem::new("change-password", "change the password that was given to you first: POST /api/me/password"));
        }
        Ok(viewer)
    }
}

impl FromRequestParts<Web> for SignedIn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Answer<Self> {
        let address = address_of(parts);
        if let Some(token) = bearer(&parts.headers) {
            return program(web, token, address).await.map(SignedIn);
        }
        let Some(secret) = cookie(&parts.headers) else { return Err(nobody()) };
        // A cookie travels with requests that other sites make: what changes something must come from our own pages.
        let harmless = matches!(parts.method, Method::GET | Method::HEAD) && !parts.headers.contains_key("upgrade");
        if !harmless {
            origin::must_be_ours(web, &parts.headers)?;
        }
        let hash = secret_hash(secret);
        if let Some(session) = web.session(&hash).await? {
            return Ok(Self(Viewer::of_session(&session, address)));
        }
        let device = web.store.device(&hash).await?.ok_or_else(nobody)?;
        Ok(Self(Viewer::of_device(&device, hash.into(), address)))
    }
}

fn nobody() -> Problem {
    Problem::new("sign-in", "sign in first, or show a token")
}

async fn program(web: &Web, token: &str, address: IpAddr) -> Answer<Viewer> {
    let hash = secret_hash(token);
    let Some(token) = web.store.token(&hash).await? else { return Err(nobody()) };
    Ok(Viewer {
        user: UserId::new(format!("program:{}", token.name)),
        login: String::new(),
        name: token.name,
        number: String::new(),
        role: token.role,
        queues: Vec::new(),
        language: Language::Mandarin,
        branch: None,
        must_change_password: false,
        address,
        session: hash.into(),
        program: true,
    })
}

/// Where a request came from.
#[must_use]
pub fn address_of(parts: &Parts) -> IpAddr {
    parts.extensions.get::<Peer>().map_or(IpAddr::from([0, 0, 0, 0]), |peer| peer.0.ip().to_canonical())
}

/// What `Authorization: Bearer` shows.
#[must_use]
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The secret in our cookie.
#[must_use]
pub fn cookie(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == COOKIE_NAME)
        .map(|(_, value)| value)
}
