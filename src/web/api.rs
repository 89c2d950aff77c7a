//! The HTTP side of customers, orders and everything else that agents handle: one file a noun.

use utoipa::OpenApi;

use super::Routes;

/// All of their routes.
pub fn routes() -> Routes {
    Routes::default()
}

/// Their descriptions.
#[derive(OpenApi)]
#[openapi(paths())]
pub struct Description;
