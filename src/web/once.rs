//! Commands with an `Idempotency-Key`: the same key gives the same answer and is not done twice.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Mutex, PoisonError};

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::Value;

use super::Web;
use super::problem::{Answer, Problem};
use super::viewer::Viewer;
use crate::store::{Answered, secret_hash};

/// Commands with a key that are being done at this moment, at most.
const MOST: usize = 4096;

/// Keys of commands that are being done.
#[derive(Debug, Default)]
pub struct InProgress(Mutex<HashMap<String, ()>>);

/// Marks a key until it is dropped.
struct Mark<'a>(&'a InProgress, String);

impl InProgress {
    fn begin(&self, key: &str) -> Answer<Mark<'_>> {
        let mut keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if keys.len() >= MOST {
            return Err(Problem::new("busy", "too many commands at once").retry_after(1));
        }
        if keys.insert(key.to_owned(), ()).is_some() {
            return Err(Problem::new("in-progress", "the same command is being done; ask again in a moment").retry_after(1));
        }
        Ok(Mark(self, key.to_owned()))
    }
}

impl Drop for Mark<'_> {
    fn drop(&mut self) {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.1);
    }
}

impl Web {
    /// Does `work` once for the request's `Idempotency-Key`; without a key it is simply done.
    ///
    /// `what` names method and address, `request` is the body: the same key with another request is refused. Answers of
    /// success are remembered for a day; a refusal changed nothing and may be tried again.
    pub async fn once<T: Serialize + Sync>(
        &self,
        viewer: &Viewer,
        headers: &HeaderMap,
        what: &str,
        request: &T,
        work: impl Future<Output = Answer<(StatusCode, Value)>>,
    ) -> Answer<Response> {
        self.once_but(viewer, headers, what, request, "", work).await
    }

    /// The same for an answer with a secret in it, which is told once and not kept: a repetition gets the answer without the field
    /// of this name.
    pub async fn once_but<T: Serialize + Sync>(
        &self,
        viewer: &Viewer,
        headers: &HeaderMap,
        what: &str,
        request: &T,
        secret: &str,
        work: impl Future<Output = Answer<(StatusCode, Value)>>,
    ) -> Answer<Response> {
        let Some(key) = headers.get("idempotency-key") else {
            let (status, body) = work.await?;
            return Ok(answer(status, body.to_string()));
        };
        let key = key.to_str().ok().filter(|key| (1..=128).contains(&key.len()));
        let key = key.ok_or_else(|| Problem::new("bad-request", "an Idempotency-Key has 1 to 128 ASCII characters"))?;
        let id = format!("{} {key}", viewer.user);
        let body = serde_json::to_string(request).unwrap_or_default();
        let fingerprint = secret_hash(&format!("{what} {body}"));
        let _mark = self.desk.in_progress.begin(&id)?;
        if let Some(before) = self.store.answered(&id, self.wall()).await? {
            if before.request != fingerprint {
                return Err(Problem::new("key-reused", "this Idempotency-Key belongs to another request"));
            }
            return Ok(answer(StatusCode::from_u16(before.status).unwrap_or(StatusCode::OK), before.body));
        }
        let (status, body) = work.await?;
        let mut without = body.clone();
        if let Some(fields) = without.as_object_mut() {
            fields.remove(secret);
        }
        let body = body.to_string();
        let kept = Answered { request: fingerprint, status: status.as_u16(), body: without.to_string() };
        if let Err(error) = self.store.record_answer(&id, &kept, self.wall()).await {
            tracing::warn!("an answer could not be kept under its key: {error}");
        }
        Ok(answer(status, body))
    }
}

/// A JSON answer; nothing at all for 204.
fn answer(status: StatusCode, body: String) -> Response {
    if status == StatusCode::NO_CONTENT {
        return status.into_response();
    }
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}
