//! People, tokens and the audit journal over HTTP, for administrators.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::body::{Body, Params};
use super::problem::{Answer, Problem};
use super::routes::Routes;
use super::sign_in::fits;
use super::viewer::Viewer;
use super::{Web, secret};
use crate::domain::{BranchNumber, Language, QueueId, Role, Skill, User, UserId};
use crate::store::{AuditEntry, NewUser, StoreError, Token, UserChange, is_login};
use crate::wire::time;

/// The routes.
pub fn routes() -> Routes {
    Routes::default()
        .get("/api/users", list)
        .post("/api/users", add)
        .patch("/api/users/{id}", change)
        .post("/api/users/{id}/reset", reset)
        .get("/api/tokens", tokens)
        .post("/api/tokens", add_token)
        .delete("/api/tokens/{id}", revoke)
        .get("/api/audit", audit)
}

const ADMINISTRATOR: &[Role] = &[Role::Administrator];

/// A person as administrators see them.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserOut {
    id: String,
    login: String,
    name: String,
    number: String,
    role: &'static str,
    queues: Vec<String>,
    /// `zh:80,en:30`
    skills: String,
    /// Account of the desk phone.
    account: Option<String>,
    language: &'static str,
    branch: Option<u16>,
    disabled: bool,
    must_change_password: bool,
}

impl UserOut {
    /// Everything but secrets.
    #[must_use]
    pub fn of(user: &User) -> Self {
        Self {
            id: user.id.to_string(),
            login: user.login.clone(),
            name: user.name.clone(),
            number: user.number.clone(),
            role: user.role.name(),
            queues: user.queues.iter().map(ToString::to_string).collect(),
            skills: Skill::write_list(&user.skills),
            account: user.account.clone(),
            language: user.language.tag(),
            branch: user.branch.map(BranchNumber::get),
            disabled: user.disabled,
            must_change_password: user.must_change_password,
        }
    }
}

/// A person to be made, or what is to be different; what is left out stays as it is.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UserIn {
    /// 2 to 40 of a–z, 0–9, `.`, `-`, `_`; only when made.
    login: Option<String>,
    name: Option<String>,
    number: Option<String>,
    role: Option<String>,
    queues: Option<Vec<String>>,
    skills: Option<String>,
    /// Empty takes it away.
    account: Option<String>,
    /// What the desk phone registers with; at least 8 characters.
    phone_password: Option<String>,
    language: Option<String>,
    /// 0 takes it away.
    branch: Option<u16>,
    disabled: Option<bool>,
    /// Only when made; without it one is made up and told once.
    password: Option<String>,
}

impl UserIn {
    fn change(&self) -> Answer<UserChange> {
        let role = self.role.as_deref().map(|role| Role::parse(role).ok_or_else(|| Problem::invalid("there is no such role")));
        let language =
            self.language.as_deref().map(|tag| Language::from_tag(tag).ok_or_else(|| Problem::invalid("language is zh-CN or en")));
        let skills = self
            .skills
            .as_deref()
            .map(|text| Skill::parse_list(text).ok_or_else(|| Problem::invalid("skills are written zh:80,en:30, each from 0 to 100")));
        let queues = self.queues.as_ref().map(|queues| {
            let right = queues.len() <= 64 && queues.iter().all(|queue| is_code(queue));
            right.then(|| queues.iter().map(QueueId::new).collect()).ok_or_else(|| Problem::invalid("a queue's name is like order"))
        });
        let branch = self.branch.map(|branch| match branch {
            0 => Ok(None),
            _ => BranchNumber::new(branch).map(Some).ok_or_else(|| Problem::invalid("there is no such branch")),
        });
        if self.name.as_ref().is_some_and(|name| name.trim().is_empty() || name.chars().count() > 40) {
            return Err(Problem::invalid("a name has 1 to 40 characters"));
        }
        if self.number.as_ref().is_some_and(|number| number.len() > 8 || !number.bytes().all(|b| b.is_ascii_digit())) {
            return Err(Problem::invalid("a number has at most 8 digits"));
        }
        if self.account.as_ref().is_some_and(|account| !account.is_empty() && !is_code(account)) {
            return Err(Problem::invalid("an account has letters, digits, - and _"));
        }
        if self.phone_password.as_ref().is_some_and(|password| !(8..=128).contains(&password.len())) {
            return Err(Problem::invalid("a phone's password has 8 to 128 bytes"));
        }
        Ok(UserChange {
            name: self.name.as_ref().map(|name| name.trim().to_owned()),
            number: self.number.clone(),
            role: role.transpose()?,
            queues: queues.transpose()?,
            skills: skills.transpose()?,
            account: self.account.clone().map(|account| (!account.is_empty()).then_some(account)),
            language: language.transpose()?,
            branch: branch.transpose()?,
            disabled: self.disabled,
        })
    }

    /// What was changed, in words for the journal: never a secret.
    fn told(&self) -> String {
        let mut told = Vec::new();
        let mut note = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                told.push(format!("{name}={value}"));
            }
        };
        note("name", self.name.clone());
        note("number", self.number.clone());
        note("role", self.role.clone());
        note("queues", self.queues.as_ref().map(|queues| queues.join("+")));
        note("skills", self.skills.clone());
        note("account", self.account.clone());
        note("language", self.language.clone());
        note("branch", self.branch.map(|branch| branch.to_string()));
        note("disabled", self.disabled.map(|disabled| disabled.to_string()));
        note("phone_password", self.phone_password.as_ref().map(|_| "***".into()));
        told.join(" ")
    }
}

fn is_code(text: &str) -> bool {
    (1..=40).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

fn taken(error: StoreError) -> Problem {
    match error {
        StoreError::Conflict => Problem::new("conflict", "this login, number or phone account belongs to somebody else"),
        other => other.into(),
    }
}

/// Everybody who may sign in.
#[utoipa::path(get, path = "/api/users", tag = "users", security(("session" = []), ("token" = [])),
    responses((status = 200, body = Vec<UserOut>), (status = 403, description = "`not-allowed`")))]
pub(super) async fn list(State(web): State<Web>, viewer: Viewer) -> Answer<Json<Vec<UserOut>>> {
    viewer.require(&[Role::Administrator, Role::Manager])?;
    Ok(Json(web.store.users().await?.iter().map(UserOut::of).collect()))
}

/// Makes a person. A password that was made up is in the answer, and nowhere else.
#[utoipa::path(post, path = "/api/users", tag = "users", security(("session" = []), ("token" = [])), request_body = UserIn,
    responses((status = 201, body = UserOut), (status = 409, description = "`conflict`: login, number or account is taken")))]
pub(super) async fn add(State(web): State<Web>, viewer: Viewer, headers: HeaderMap, Body(asked): Body<UserIn>) -> Answer<Response> {
    viewer.require(ADMINISTRATOR)?;
    let asked = asked?;
    web.once_but(&viewer, &headers, "POST /api/users", &asked, "password", async { add_once(&web, &viewer, &asked).await }).await
}

async fn add_once(web: &Web, viewer: &Viewer, asked: &UserIn) -> Answer<(StatusCode, Value)> {
    let login = asked.login.as_deref().map(str::to_lowercase).filter(|login| is_login(login));
    let login = login.ok_or_else(|| Problem::invalid("a login has 2 to 40 of a–z, 0–9, . - _"))?;
    let change = asked.change()?;
    let made_up = asked.password.is_none().then(secret::password);
    let password = asked.password.as_deref().or(made_up.as_deref()).unwrap_or_default();
    fits(password, &login)?;
    let user = NewUser {
        name: change.name.unwrap_or_else(|| login.clone()),
        number: change.number.unwrap_or_default(),
        role: Some(change.role.ok_or_else(|| Problem::invalid("role is missing"))?),
        queues: change.queues.unwrap_or_default(),
        skills: change.skills.unwrap_or_default(),
        account: change.account.flatten(),
        language: change.language.unwrap_or_default(),
        branch: change.branch.flatten(),
        must_change_password: true,
        login,
    };
    let user = web.store.add_user(&user, password, web.wall()).await.map_err(taken)?;
    set_phone(web, &user, asked).await?;
    web.audit(viewer, "user.added", &format!("user:{}", user.login), &asked.told()).await;
    let mut body = serde_json::to_value(UserOut::of(&user)).unwrap_or_default();
    if let Some(password) = made_up {
        body["password"] = password.into();
    }
    Ok((StatusCode::CREATED, body))
}

async fn set_phone(web: &Web, user: &User, asked: &UserIn) -> Answer<()> {
    let Some(password) = &asked.phone_password else { return Ok(()) };
    if user.account.is_none() {
        return Err(Problem::invalid("a phone's password needs an account"));
    }
    web.store.set_phone_password(&user.id, &web.realm, password).await.map_err(taken)
}

/// Changes a person; disabled people and those with a new role are signed out at once.
#[utoipa::path(patch, path = "/api/users/{id}", tag = "users", security(("session" = []), ("token" = [])), request_body = UserIn,
    params(("id" = String, Path, description = "the person's id")),
    responses((status = 200, body = UserOut), (status = 404, description = "`not-found`"), (status = 409, description = "`conflict`")))]
pub(super) async fn change(
    State(web): State<Web>,
    viewer: Viewer,
    Path(id): Path<String>,
    Body(asked): Body<UserIn>,
) -> Answer<Json<UserOut>> {
    viewer.require(ADMINISTRATOR)?;
    let asked = asked?;
    if asked.login.is_some() || asked.password.is_some() {
        return Err(Problem::invalid("a login stays; a password is set by POST /api/users/{id}/reset"));
    }
    let change = asked.change()?;
    let id = UserId::new(id);
    let loses = change.disabled == Some(true) || change.role.is_some_and(|role| role != Role::Administrator);
    if loses && is_last_administrator(&web, &id).await? {
        return Err(Problem::new("conflict", "this is the last administrator"));
    }
    let user = web.store.change_user(&id, &change, web.wall()).await.map_err(taken)?;
    let user = user.ok_or_else(|| Problem::not_found("user"))?;
    set_phone(&web, &user, &asked).await?;
    web.sessions_changed();
    let action = if asked.disabled == Some(true) { "user.disabled" } else { "user.changed" };
    web.audit(&viewer, action, &format!("user:{}", user.login), &asked.told()).await;
    Ok(Json(UserOut::of(&user)))
}

async fn is_last_administrator(web: &Web, id: &UserId) -> Answer<bool> {
    let users = web.store.users().await?;
    let mut able = users.iter().filter(|user| user.role == Role::Administrator && !user.disabled);
    Ok(able.clone().any(|user| user.id == *id) && able.all(|user| user.id == *id))
}

/// A password that was made up.
#[derive(Debug, Serialize, ToSchema)]
pub struct NewPassword {
    /// To be told to the person, who must change it.
    password: String,
}

/// Gives a person a new password, made up and told once; all their sessions end.
#[utoipa::path(post, path = "/api/users/{id}/reset", tag = "users", security(("session" = []), ("token" = [])),
    params(("id" = String, Path, description = "the person's id")),
    responses((status = 200, body = NewPassword), (status = 404, description = "`not-found`")))]
pub(super) async fn reset(State(web): State<Web>, viewer: Viewer, Path(id): Path<String>) -> Answer<Json<NewPassword>> {
    viewer.require(ADMINISTRATOR)?;
    let user = web.store.user(&UserId::new(id)).await?.ok_or_else(|| Problem::not_found("user"))?;
    let password = secret::password();
    web.store.set_password(&user.id, &password, true, None, web.wall()).await?;
    web.sessions_changed();
    web.audit(&viewer, "user.password_reset", &format!("user:{}", user.login), "").await;
    Ok(Json(NewPassword { password }))
}

/// A program's right to ask.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenOut {
    id: String,
    name: String,
    role: &'static str,
    created_at: String,
    /// The secret, once, when it is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
}

impl TokenOut {
    fn of(token: &Token, secret: Option<String>) -> Self {
        Self { id: token.id.clone(), name: token.name.clone(), role: token.role.name(), created_at: time(token.created_at), token: secret }
    }
}

/// A token to be made.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenIn {
    /// What it is for.
    name: String,
    role: String,
}

/// The tokens that hold.
#[utoipa::path(get, path = "/api/tokens", tag = "users", security(("session" = [])), responses((status = 200, body = Vec<TokenOut>)))]
pub(super) async fn tokens(State(web): State<Web>, viewer: Viewer) -> Answer<Json<Vec<TokenOut>>> {
    viewer.require(ADMINISTRATOR)?;
    Ok(Json(web.store.tokens().await?.iter().map(|token| TokenOut::of(token, None)).collect()))
}

/// Makes a token for a program: its secret is in the answer, and nowhere else.
#[utoipa::path(post, path = "/api/tokens", tag = "users", security(("session" = [])), request_body = TokenIn,
    responses((status = 201, body = TokenOut), (status = 422, description = "`invalid`")))]
pub(super) async fn add_token(State(web): State<Web>, viewer: Viewer, headers: HeaderMap, Body(asked): Body<TokenIn>) -> Answer<Response> {
    viewer.require(ADMINISTRATOR)?;
    let asked = asked?;
    web.once_but(&viewer, &headers, "POST /api/tokens", &asked, "token", async { add_token_once(&web, &viewer, &asked).await }).await
}

async fn add_token_once(web: &Web, viewer: &Viewer, asked: &TokenIn) -> Answer<(StatusCode, Value)> {
    if viewer.program {
        return Err(Problem::new("not-allowed", "a person makes tokens"));
    }
    if !is_code(&asked.name) {
        return Err(Problem::invalid("a token's name has 1 to 40 letters, digits, - . _"));
    }
    let role = Role::parse(&asked.role).ok_or_else(|| Problem::invalid("there is no such role"))?;
    let secret = secret::text();
    let token = web.store.add_token(&secret, &asked.name, role, &viewer.user, web.wall()).await?;
    web.audit(viewer, "token.added", &format!("token:{}", token.name), role.name()).await;
    Ok((StatusCode::CREATED, serde_json::to_value(TokenOut::of(&token, Some(secret))).unwrap_or_default()))
}

/// Revokes a token, at once.
#[utoipa::path(delete, path = "/api/tokens/{id}", tag = "users", security(("session" = [])),
    params(("id" = String, Path, description = "the token's id")),
    responses((status = 204, description = "revoked"), (status = 404, description = "`not-found`")))]
pub(super) async fn revoke(State(web): State<Web>, viewer: Viewer, Path(id): Path<String>) -> Answer<StatusCode> {
    viewer.require(ADMINISTRATOR)?;
    if !web.store.revoke_token(&id, web.wall()).await? {
        return Err(Problem::not_found("token"));
    }
    web.sessions_changed();
    web.audit(&viewer, "token.revoked", &format!("token:{id}"), "").await;
    Ok(StatusCode::NO_CONTENT)
}

/// One thing that somebody did.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditOut {
    seq: i64,
    at: String,
    who: String,
    name: String,
    address: String,
    action: String,
    object: String,
    detail: String,
}

impl From<AuditEntry> for AuditOut {
    fn from(entry: AuditEntry) -> Self {
        Self {
            seq: entry.seq,
            at: time(entry.at),
            who: entry.who.to_string(),
            name: entry.name,
            address: entry.address,
            action: entry.action,
            object: entry.object,
            detail: entry.detail,
        }
    }
}

/// How much of the journal.
#[derive(Debug, Deserialize)]
pub struct AuditPage {
    /// At most so many, 1 to 1000; 100 without it.
    limit: Option<u32>,
    /// Only entries before this number.
    before: Option<i64>,
}

/// What operators did, the latest first.
#[utoipa::path(get, path = "/api/audit", tag = "users", security(("session" = []), ("token" = [])), params(("limit" = Option<u32>, Query, description = "at most so many, 1 to 1000"), ("before" = Option<i64>, Query, description = "only entries before this number")),
    responses((status = 200, body = Vec<AuditOut>), (status = 403, description = "`not-allowed`")))]
pub(super) async fn audit(State(web): State<Web>, viewer: Viewer, Params(page): Params<AuditPage>) -> Answer<Json<Vec<AuditOut>>> {
    viewer.require(&[Role::Administrator, Role::Manager])?;
    let entries = web.store.audit(page.limit.unwrap_or(100).clamp(1, 1000), page.before).await?;
    Ok(Json(entries.into_iter().map(AuditOut::from).collect()))
}
