//! Problem details (RFC 9457): the closed list of what can go wrong with a request, and how it is told.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::store::StoreError;

/// Every name with its status; `docs/api.md` says when. A test keeps the two equal.
pub const PROBLEMS: &[(&str, u16)] = &[
    ("bad-request", 400),
    ("malformed", 400),
    ("sign-in", 401),
    ("wrong-password", 401),
    ("not-allowed", 403),
    ("foreign-origin", 403),
    ("change-password", 403),
    ("not-found", 404),
    ("method-not-allowed", 405),
    ("conflict", 409),
    ("in-progress", 409),
    ("order-refused", 409),
    ("order-moved", 409),
    ("cannot", 409),
    ("price-changed", 409),
    ("too-much-cash", 409),
    ("too-late", 408),
    ("too-large", 413),
    ("not-json", 415),
    ("invalid", 422),
    ("key-reused", 422),
    ("slow-down", 429),
    ("headers-too-large", 431),
    ("fault", 500),
    ("busy", 503),
    ("stopped", 503),
    ("stopping", 503),
    ("store-away", 503),
    ("store-slow", 503),
];

/// Why a request was not done.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    name: &'static str,
    detail: String,
    retry_after: Option<u64>,
    more: Map<String, Value>,
}

/// What a handler gives.
pub type Answer<T> = Result<T, Problem>;

impl Problem {
    /// A problem of the list, with a sentence for the one who asked.
    #[must_use]
    pub fn new(name: &'static str, detail: impl Into<String>) -> Self {
        debug_assert!(PROBLEMS.iter().any(|(known, _)| *known == name), "{name} is not in the list of problems");
        Self { name, detail: detail.into(), retry_after: None, more: Map::new() }
    }

    /// Says when to try again, in seconds.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// Carries something more in the body.
    #[must_use]
    pub fn with(mut self, key: &str, value: Value) -> Self {
        self.more.insert(key.to_owned(), value);
        self
    }

    /// The part behind `/problems/`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The sentence.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The status of its name.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        let status = PROBLEMS.iter().find(|(name, _)| *name == self.name).map_or(500, |(_, status)| *status);
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The one for a bare status, for what the framework refuses by itself.
    #[must_use]
    pub fn of_status(status: StatusCode) -> Self {
        let name = match status.as_u16() {
            401 => "sign-in",
            403 => "not-allowed",
            404 => "not-found",
            405 => "method-not-allowed",
            408 => "too-late",
            409 => "conflict",
            413 => "too-large",
            415 => "not-json",
            422 => "invalid",
            429 => "slow-down",
            431 => "headers-too-large",
            503 => "busy",
            500.. => "fault",
            _ => "bad-request",
        };
        let detail = match name {
            "not-found" => "there is nothing at this address",
            "method-not-allowed" => "this address does not know that method",
            "too-large" => "that is more than this address takes",
            "not-json" => "send Content-Type: application/json",
            "too-late" => "that took too long",
            "fault" => "that is our fault; it was written down",
            _ => "this request cannot be understood",
        };
        Self::new(name, detail)
    }

    /// No such thing.
    #[must_use]
    pub fn not_found(what: &str) -> Self {
        Self::new("not-found", format!("there is no such {what}"))
    }

    /// A value that does not fit.
    #[must_use]
    pub fn invalid(detail: impl Into<String>) -> Self {
        Self::new("invalid", detail)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.status();
        let mut body = self.more;
        body.insert("type".into(), json!(format!("/problems/{}", self.name)));
        body.insert("title".into(), json!(self.name.replace('-', " ")));
        body.insert("status".into(), json!(status.as_u16()));
        body.insert("detail".into(), json!(self.detail));
        let kind = [(header::CONTENT_TYPE, "application/problem+json")];
        let mut response = (status, kind, Value::Object(body).to_string()).into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict => Self::new("conflict", "somebody else changed this first, or it is there already; load it again"),
            StoreError::Unavailable(_) => {
                tracing::warn!("the store is away: {error}");
                Self::new("store-away", "the store does not answer; what was asked for was not done").retry_after(2)
            }
            other => {
                tracing::error!("the store refused: {other}");
                Self::new("fault", "that is our fault; it was written down")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::PROBLEMS;

    fn sources(folder: &std::path::Path, text: &mut String) {
        for entry in std::fs::read_dir(folder).expect("is there").flatten() {
            if entry.path().is_dir() {
                sources(&entry.path(), text);
            } else {
                text.push_str(&std::fs::read_to_string(entry.path()).expect("can be read"));
            }
        }
    }

    #[test]
    fn the_manual_lists_every_problem_and_no_other() {
        let manual = include_str!("../../docs/api.md");
        let table = manual.split("## Problems").nth(1).and_then(|rest| rest.split("\n## ").next()).expect("has the section");
        let mut told = BTreeSet::new();
        for line in table.lines().filter(|line| line.starts_with("| `")) {
            let mut cells = line.split('|').skip(1);
            let (names, status) = (cells.next().unwrap_or(""), cells.next().unwrap_or("").trim());
            for name in names.split(',') {
                told.insert((name.trim().trim_matches('`').to_owned(), status.to_owned()));
            }
        }
        let known: BTreeSet<_> = PROBLEMS.iter().map(|(name, status)| ((*name).to_owned(), status.to_string())).collect();
        assert_eq!(told, known);
    }

    #[test]
    fn every_problem_that_is_told_is_on_the_list() {
        let mut text = String::new();
        sources(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web"), &mut text);
        let told: BTreeSet<&str> = text.split("Problem::new(\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert!(told.len() > 10, "the source was found");
        for name in told.iter().filter(|name| !name.contains(')')) {
            assert!(PROBLEMS.iter().any(|(known, _)| known == name), "{name} is told but not on the list");
        }
    }

    #[test]
    fn the_manual_lists_every_refusal_of_a_command() {
        let manual = include_str!("../../docs/api.md");
        let source = include_str!("../command.rs");
        let body = source.split("impl Refusal").nth(1).expect("has names");
        let names: Vec<&str> = body.split("=> \"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert!(names.len() >= 13, "{names:?}");
        for name in names {
            assert!(manual.contains(&format!("| `{name}` |")), "{name} is missing in docs/api.md");
        }
    }
}
