//! What a request carries: JSON and query parameters, refused with problems that say what is wrong.

use std::convert::Infallible;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;

use super::Web;
use super::problem::{Answer, Problem};

/// A request's body is at most so long.
pub const LONGEST_BODY: usize = 64 * 1024;

/// A JSON body of this shape, or what is wrong with it: a handler looks first whether the viewer may do this at all, so that
/// who may not is told so, whatever they sent.
#[derive(Debug, Clone)]
pub struct Body<T>(pub Answer<T>);

impl<T: DeserializeOwned> FromRequest<Web> for Body<T> {
    type Rejection = Infallible;

    async fn from_request(request: Request, _: &Web) -> Result<Self, Infallible> {
        Ok(Self(Self::read(request).await))
    }
}

impl<T: DeserializeOwned> Body<T> {
    async fn read(request: Request) -> Answer<T> {
        let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("");
        let kind = kind.split(';').next().unwrap_or("").trim();
        if !kind.eq_ignore_ascii_case("application/json") {
            return Err(Problem::new("not-json", "send Content-Type: application/json"));
        }
        read(&whole(request, LONGEST_BODY, || format!("a request has at most {LONGEST_BODY} bytes")).await?)
    }
}

/// The whole body of a request.
///
/// # Errors
/// `too-large` with these words when it is longer than so many bytes, `bad-request` when it breaks off.
pub async fn whole(request: Request, longest: usize, words: impl FnOnce() -> String) -> Answer<Bytes> {
    match Limited::new(request.into_body(), longest).collect().await {
        Ok(bytes) => Ok(bytes.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Problem::new("too-large", words())),
        Err(_) => Err(Problem::new("bad-request", "the request broke off")),
    }
}

/// Reads JSON: `malformed` when it is none, `invalid` when it has another shape.
///
/// # Errors
/// One of the two.
pub fn read<T: DeserializeOwned>(bytes: &[u8]) -> Answer<T> {
    serde_json::from_slice(bytes).map_err(|error| {
        if error.is_data() {
            Problem::new("invalid", error.to_string())
        } else {
            Problem::new("malformed", format!("this is not JSON: {error}"))
        }
    })
}

/// The parameters behind `?`.
#[derive(Debug, Clone)]
pub struct Params<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<Web> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Answer<Self> {
        match Query::<T>::from_request_parts(parts, web).await {
            Ok(Query(params)) => Ok(Self(params)),
            Err(refused) => Err(Problem::new("bad-request", refused.body_text())),
        }
    }
}
