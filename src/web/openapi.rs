//! The API's description: `GET /api/openapi.json`.

use axum::Json;
use utoipa::openapi::OpenApi as Document;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

use super::{Routes, api, board, docs, health, live, sign_in, users};

/// Its route.
pub fn routes() -> Routes {
    Routes::default().get("/api/openapi.json", description)
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Dinetone",
        description = "A restaurant hotline: callers, orders, agents. Errors are problem+json; times RFC 3339 in UTC; money whole fen."
    ),
    paths(
        description, docs::to_front, docs::front, docs::file,
        health::healthz, health::ready, health::metrics, health::live_calls, health::live_call,
        sign_in::sign_in, sign_in::sign_out, sign_in::me, sign_in::change_me, sign_in::change_password,
        users::list, users::add, users::change, users::reset, users::tokens, users::add_token, users::revoke, users::audit,
        live::live, live::phone, board::board,
    ),
    modifiers(&Keys)
)]
struct Description;

/// How one signs in.
struct Keys;

impl Modify for Keys {
    fn modify(&self, document: &mut Document) {
        let parts = document.components.get_or_insert_default();
        let cookie = ApiKey::Cookie(ApiKeyValue::new(super::viewer::COOKIE_NAME));
        parts.add_security_scheme("session", SecurityScheme::ApiKey(cookie));
        let bearer = || SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
        parts.add_security_scheme("token", bearer());
        parts.add_security_scheme("machine", bearer());
    }
}

/// The whole description.
#[must_use]
pub fn document() -> Document {
    let mut document = Description::openapi();
    document.merge(api::Description::openapi());
    document
}

/// This description.
#[utoipa::path(get, path = "/api/openapi.json", tag = "health", responses((status = 200, description = "OpenAPI 3.1")))]
async fn description() -> Json<Document> {
    Json(document())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::document;

    #[test]
    fn every_route_is_described_and_every_description_is_a_route() {
        let served: BTreeSet<String> = crate::web::all_routes().listed().iter().map(|(method, path)| format!("{method} {path}")).collect();
        let value = serde_json::to_value(document()).expect("is JSON");
        let mut described = BTreeSet::new();
        for (path, methods) in value["paths"].as_object().expect("has paths") {
            for method in methods.as_object().expect("has methods").keys() {
                described.insert(format!("{method} {path}"));
            }
        }
        assert_eq!(served, described);
        assert!(served.len() > 4, "the list is the real one");
    }
}
