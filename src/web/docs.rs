//! The API's description to browse: `/api/docs/`, from files that the program carries.

use std::sync::Arc;

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use utoipa_swagger_ui::Config;

use super::Routes;
use super::problem::Problem;

/// Its routes.
pub fn routes() -> Routes {
    Routes::default().get("/api/docs", to_front).get("/api/docs/", front).get("/api/docs/{*file}", file)
}

/// Leads to the page.
#[utoipa::path(get, path = "/api/docs", tag = "health", responses((status = 303, description = "to /api/docs/")))]
pub(super) async fn to_front() -> Redirect {
    Redirect::to("/api/docs/")
}

/// The API to browse.
#[utoipa::path(get, path = "/api/docs/", tag = "health", responses((status = 200, description = "a page")))]
pub(super) async fn front() -> Response {
    deliver("index.html")
}

/// The page's files.
#[utoipa::path(get, path = "/api/docs/{*file}", tag = "health", params(("file" = String, Path, description = "its name")),
    responses((status = 200, description = "the file")))]
pub(super) async fn file(Path(file): Path<String>) -> Response {
    deliver(&file)
}

fn deliver(name: &str) -> Response {
    let config = Arc::new(Config::from("/api/openapi.json"));
    match utoipa_swagger_ui::serve(name, config) {
        Ok(Some(file)) => {
            let bytes = file.bytes.into_owned();
            let mut response = ([(header::CONTENT_TYPE, file.content_type)], bytes).into_response();
            if file.gzpipped {
                response.headers_mut().insert(header::CONTENT_ENCODING, header::HeaderValue::from_static("gzip"));
            }
            response
        }
        Ok(None) => Problem::of_status(StatusCode::NOT_FOUND).into_response(),
        Err(error) => {
            tracing::error!("the API's page cannot be shown: {error}");
            Problem::of_status(StatusCode::INTERNAL_SERVER_ERROR).into_response()
        }
    }
}
