//! Signing in and out, and one's own account: `/api/session` and `/api/me`.

use std::time::Duration;

use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use utoipa::ToSchema;

use super::body::Body;
use super::problem::{Answer, Problem};
use super::routes::Routes;
use super::throttle::{Held, Try};
use super::viewer::{COOKIE_NAME, SignedIn, Viewer, address_of, cookie};
use super::{Web, origin, secret};
use crate::domain::{Language, User};
use crate::store::{UserChange, secret_hash};

/// Passwords that are compared at once; each takes a core for some tens of milliseconds.
const AT_ONCE: usize = 2;
/// Sign-ins that wait for their turn; beyond that they are sent away.
const WAITING: usize = 256;
const PATIENCE: Duration = Duration::from_secs(5);
/// How often a try that waits for others from its address looks again.
const TURN: Duration = Duration::from_millis(20);
const LONGEST_PASSWORD: usize = 256;
const SHORTEST_PASSWORD: usize = 8;

/// Turns at comparing passwords.
#[derive(Debug)]
pub struct Turns {
    comparing: Semaphore,
    waiting: Semaphore,
}

impl Default for Turns {
    fn default() -> Self {
        Self { comparing: Semaphore::new(AT_ONCE), waiting: Semaphore::new(WAITING) }
    }
}

/// The routes.
pub fn routes() -> Routes {
    Routes::default()
        .post("/api/session", sign_in)
        .delete("/api/session", sign_out)
        .get("/api/me", me)
        .patch("/api/me", change_me)
        .post("/api/me/password", change_password)
}

/// Who signs in, and with what.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    user: String,
    password: String,
}

/// What a console must know about its person.
#[derive(Debug, Serialize, ToSchema)]
pub struct Me {
    user: String,
    login: String,
    name: String,
    number: String,
    role: &'static str,
    language: &'static str,
    queues: Vec<String>,
    /// Codes of the breaks that may be taken.
    breaks: Vec<String>,
    /// For people and tablets of one branch.
    branch: Option<u16>,
    must_change_password: bool,
    demo: bool,
    ring_seconds: u64,
    /// How long each break may last.
    break_minutes: std::collections::BTreeMap<String, u64>,
    /// When a number of the floor turns amber, and when red.
    thresholds: Thresholds,
}

/// Amber, then red: callers who wait, seconds of the longest wait, per cent in time and per cent abandoned; seconds of a long call.
#[derive(Debug, Serialize, ToSchema)]
pub struct Thresholds {
    waiting: [u64; 2],
    longest_s: [u64; 2],
    in_time: [u64; 2],
    abandoned: [u64; 2],
    long_call_s: u64,
}

impl Thresholds {
    fn of(wall: &crate::config::Wall) -> Self {
        Self {
            waiting: wall.waiting.into(),
            longest_s: [wall.longest.0.as_secs(), wall.longest.1.as_secs()],
            in_time: wall.in_time.into(),
            abandoned: wall.abandoned.into(),
            long_call_s: wall.long_call.as_secs(),
        }
    }
}

impl Me {
    fn of(web: &Web, user: &User) -> Self {
        Self {
            user: user.id.to_string(),
            login: user.login.clone(),
            name: user.name.clone(),
            number: user.number.clone(),
            role: user.role.name(),
            language: user.language.tag(),
            queues: user.queues.iter().map(ToString::to_string).collect(),
            breaks: web.floor.breaks.iter().map(|(code, _)| code.clone()).collect(),
            branch: user.branch.map(crate::domain::BranchNumber::get),
            must_change_password: user.must_change_password,
            demo: web.demo,
            ring_seconds: web.plant.ring_and_level().0.as_secs(),
            break_minutes: web.floor.breaks.iter().map(|(code, length)| (code.clone(), length.as_secs() / 60)).collect(),
            thresholds: Thresholds::of(&web.floor.wall),
        }
    }
}

/// Where a request comes from, and which session its cookie names.
pub(super) struct Origin {
    address: std::net::IpAddr,
    old: Option<String>,
    headers: HeaderMap,
}

impl Origin {
    pub(super) const fn address(&self) -> std::net::IpAddr {
        self.address
    }

    pub(super) const fn headers(&self) -> &HeaderMap {
        &self.headers
    }
}

impl FromRequestParts<Web> for Origin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Answer<Self> {
        // A foreign page must not sign a browser in as somebody else.
        origin::if_any_ours(web, &parts.headers)?;
        Ok(Self { address: address_of(parts), old: cookie(&parts.headers).map(secret_hash), headers: parts.headers.clone() })
    }
}

/// Signs in: a fresh session in an HttpOnly cookie.
#[utoipa::path(post, path = "/api/session", tag = "session", request_body = SignIn, responses(
    (status = 200, description = "signed in; the cookie is set", body = Me),
    (status = 401, description = "`wrong-password`: name or password do not fit"),
    (status = 429, description = "`slow-down`: too many wrong tries from here; see Retry-After")))]
pub(super) async fn sign_in(State(web): State<Web>, from: Origin, Body(asked): Body<SignIn>) -> Answer<Response> {
    let asked = asked?;
    let login = asked.user.trim().to_lowercase();
    if login.len() > LONGEST_PASSWORD || asked.password.len() > LONGEST_PASSWORD {
        return Err(Problem::invalid(format!("names and passwords have at most {LONGEST_PASSWORD} bytes")));
    }
    let Some(user) = compare(&web, from.address, &login, &asked.password).await? else {
        tracing::warn!(address = %from.address, "a sign-in from {} was refused", from.address);
        counted("refused");
        return Err(Problem::new("wrong-password", "name or password do not fit"));
    };
    let new = secret::text();
    web.store.open_session(&new, &user.id, &from.address.to_string(), web.wall()).await?;
    if let Some(old) = &from.old {
        web.end_session(old, "elsewhere").await?;
    }
    web.audit_as(&user.id, &user.name, from.address, "session.opened", &format!("user:{}", user.login), "").await;
    counted("right");
    let mut response = Json(Me::of(&web, &user)).into_response();
    set_cookie(&web, &from.headers, &mut response, &new, web.settings.session_longest.as_secs());
    Ok(response)
}

fn counted(result: &'static str) {
    metrics::counter!("dinetone_sign_ins_total", "result" => result).increment(1);
}

/// Compares a password as slowly as the tries from this address deserve. `None` when it is wrong.
async fn compare(web: &Web, address: std::net::IpAddr, login: &str, password: &str) -> Answer<Option<User>> {
    let busy = || Problem::new("busy", "too many people sign in at once").retry_after(2);
    let _waiting = web.desk.turns.waiting.try_acquire().map_err(|_| {
        counted("busy");
        busy()
    })?;
    let one = tokio::time::timeout(PATIENCE, turn_to_try(web, address, login)).await.map_err(|_| busy())??;
    tokio::time::sleep(one.wait).await;
    let turn = tokio::time::timeout(PATIENCE, web.desk.turns.comparing.acquire()).await;
    let Ok(Ok(_turn)) = turn else {
        one.undone();
        return Err(busy());
    };
    match web.store.check_password(login, password).await {
        Ok(Some(user)) => {
            one.right();
            Ok(Some(user))
        }
        Ok(None) => Ok(None),
        Err(error) => {
            one.undone();
            Err(error.into())
        }
    }
}

/// Waits until a try from here may begin.
///
/// # Errors
/// `slow-down` when nothing is tried from here for a while.
pub(super) async fn turn_to_try<'a>(web: &'a Web, address: std::net::IpAddr, login: &str) -> Answer<Try<'a>> {
    loop {
        match web.desk.throttle.begin(address, login, (web.now)().instant) {
            Ok(one) => return Ok(one),
            Err(Held::Busy) => tokio::time::sleep(TURN).await,
            Err(Held::Refused(after)) => {
                counted("slowed");
                let seconds = after.as_secs() + 1;
                return Err(
                    Problem::new("slow-down", format!("too many wrong tries from here; try again in {seconds} s")).retry_after(seconds)
                );
            }
        }
    }
}

pub(super) fn set_cookie(web: &Web, headers: &HeaderMap, response: &mut Response, secret: &str, seconds: u64) {
    // Behind a proxy that speaks HTTPS for us the page's origin says so.
    let https = headers.get(header::ORIGIN).is_some_and(|origin| origin.as_bytes().starts_with(b"https://"));
    let secure = if web.secure || https { "; Secure" } else { "" };
    let text = format!("{COOKIE_NAME}={secret}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}");
    if let Ok(value) = HeaderValue::from_str(&text) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}

/// Signs out: the session ends here and on every open page of it.
#[utoipa::path(delete, path = "/api/session", tag = "session", security(("session" = [])),
    responses((status = 204, description = "signed out"), (status = 401, description = "nobody is signed in")))]
pub(super) async fn sign_out(State(web): State<Web>, SignedIn(viewer): SignedIn, headers: HeaderMap) -> Answer<Response> {
    if viewer.program {
        return Err(Problem::new("not-allowed", "tokens are revoked, not signed out"));
    }
    web.end_session(&viewer.session, "elsewhere").await?;
    web.audit(&viewer, "session.closed", &format!("user:{}", viewer.user), "").await;
    let mut response = StatusCode::NO_CONTENT.into_response();
    set_cookie(&web, &headers, &mut response, "", 0);
    Ok(response)
}

/// Who one is.
#[utoipa::path(get, path = "/api/me", tag = "session", security(("session" = []), ("token" = [])),
    responses((status = 200, body = Me), (status = 401, description = "nobody is signed in")))]
pub(super) async fn me(State(web): State<Web>, SignedIn(viewer): SignedIn) -> Answer<Json<Me>> {
    Ok(Json(Me::of(&web, &viewer_as_user(&viewer))))
}

fn viewer_as_user(viewer: &Viewer) -> User {
    User {
        id: viewer.user.clone(),
        login: viewer.login.clone(),
        name: viewer.name.clone(),
        number: viewer.number.clone(),
        role: viewer.role,
        queues: viewer.queues.clone(),
        skills: Vec::new(),
        account: None,
        language: viewer.language,
        branch: viewer.branch,
        disabled: false,
        must_change_password: viewer.must_change_password,
    }
}

/// What one may change about oneself.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeMe {
    /// `zh-CN` or `en`
    language: String,
}

/// Changes one's own language.
#[utoipa::path(patch, path = "/api/me", tag = "session", security(("session" = [])), request_body = ChangeMe,
    responses((status = 200, body = Me), (status = 422, description = "`invalid`: no such language")))]
pub(super) async fn change_me(State(web): State<Web>, SignedIn(viewer): SignedIn, Body(asked): Body<ChangeMe>) -> Answer<Json<Me>> {
    let asked = asked?;
    let language = Language::from_tag(&asked.language).ok_or_else(|| Problem::invalid("language is zh-CN or en"))?;
    let change = UserChange { language: Some(language), ..UserChange::default() };
    let user = web.store.change_user(&viewer.user, &change, web.wall()).await?.ok_or_else(|| Problem::not_found("user"))?;
    Ok(Json(Me::of(&web, &user)))
}

/// An old password for a new one.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangePassword {
    old: String,
    new: String,
}

/// Changes one's own password; all other sessions end.
#[utoipa::path(post, path = "/api/me/password", tag = "session", security(("session" = [])), request_body = ChangePassword,
    responses((status = 204, description = "changed"), (status = 401, description = "`wrong-password`: the old one does not fit"),
        (status = 422, description = "`invalid`: the new one is too short or too plain")))]
pub(super) async fn change_password(
    State(web): State<Web>,
    SignedIn(viewer): SignedIn,
    Body(asked): Body<ChangePassword>,
) -> Answer<StatusCode> {
    let asked = asked?;
    if viewer.program {
        return Err(Problem::new("not-allowed", "programs have no password"));
    }
    fits(&asked.new, &viewer.login)?;
    if asked.old.len() > LONGEST_PASSWORD || compare(&web, viewer.address, &viewer.login, &asked.old).await?.is_none() {
        return Err(Problem::new("wrong-password", "the old password does not fit"));
    }
    if asked.old == asked.new {
        return Err(Problem::invalid("the new password is the old one"));
    }
    web.store.set_password(&viewer.user, &asked.new, false, Some(&viewer.session), web.wall()).await?;
    web.sessions_changed();
    web.audit(&viewer, "password.changed", &format!("user:{}", viewer.login), "").await;
    Ok(StatusCode::NO_CONTENT)
}

/// Whether a password is good enough for this account.
///
/// # Errors
/// `invalid` with the reason.
pub(super) fn fits(password: &str, login: &str) -> Answer<()> {
    if password.chars().count() < SHORTEST_PASSWORD {
        return Err(Problem::invalid(format!("a password has at least {SHORTEST_PASSWORD} characters")));
    }
    if password.len() > LONGEST_PASSWORD {
        return Err(Problem::invalid(format!("a password has at most {LONGEST_PASSWORD} bytes")));
    }
    let plain = password.chars().all(|c| password.starts_with(c)) || password.to_lowercase() == login;
    if plain || ["password", "12345678", "123456789", "1234567890", "88888888", "qwertyui"].contains(&password.to_lowercase().as_str()) {
        return Err(Problem::invalid("that password is the first that anybody would try"));
    }
    Ok(())
}
