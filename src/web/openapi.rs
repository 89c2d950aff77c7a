//! The API's description: `GET /api/openapi.json`.

use axum::Json;
use serde_json::Value;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, OpenApi as Document, RefOr, Response, ResponseBuilder};
use utoipa::{Modify, OpenApi};

use super::answers::answers;
use super::{Routes, api, board, docs, health, live, sign_in, users};

/// Its route.
pub fn routes() -> Routes {
    Routes::default().get("/api/openapi.json", description)
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Dinetone",
        description = "A restaurant hotline: callers, orders, agents. Errors are problem+json; times RFC 3339 in UTC; money whole fen. \
            What is created takes an `Idempotency-Key` header: the same key again gets the same answer, and nothing is done twice."
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

/// What any operation of the API may answer besides what it says itself.
const ANY: [(&str, &str); 4] = [
    ("408", "`too-late`"),
    ("429", "`slow-down`, with `Retry-After`"),
    ("500", "`fault`"),
    ("503", "`busy`, `stopping`, `store-away` or `store-slow`: nothing was done, or the same `Idempotency-Key` tells"),
];
/// Where somebody must be signed in, where the address names a thing, and where there is a body or a key.
const SIGNED_IN: [(&str, &str); 2] =
    [("401", "`sign-in`"), ("403", "`not-allowed`: this role may not, `foreign-origin`, or `change-password` first")];
const NAMED: [(&str, &str); 1] = [("404", "`not-found`")];
const ASKED: [(&str, &str); 1] = [("400", "`bad-request`")];
const CHANGED: [(&str, &str); 2] =
    [("409", "`conflict`, or `in-progress` under the same `Idempotency-Key`"), ("422", "`invalid` or `key-reused`")];
const SENT: [(&str, &str); 3] = [("400", "`malformed` or `bad-request`"), ("413", "`too-large`"), ("415", "`not-json`")];
/// Whoever may come without a session.
const OPEN: [&str; 6] = ["/api/session", "/api/device-session", "/api/r/", "/api/docs", "/api/openapi.json", "/api/phone"];

/// The whole description.
#[must_use]
pub fn document() -> Document {
    let mut document = Description::openapi();
    document.merge(api::Description::openapi());
    for (path, item) in document.paths.paths.iter_mut().filter(|(path, _)| path.starts_with("/api/")) {
        let changes = [&mut item.post, &mut item.put, &mut item.patch, &mut item.delete].into_iter().filter_map(Option::as_mut);
        let operations = changes.map(|it| (it, true)).chain(item.get.as_mut().map(|it| (it, false)));
        for (operation, changes) in operations {
            let mut may: Vec<(&str, &str)> = ANY.to_vec();
            if !OPEN.iter().any(|open| path.starts_with(open)) {
                may.extend(SIGNED_IN);
            } else if changes {
                may.push(("403", "`foreign-origin`"));
            }
            if operation.request_body.is_some() {
                may.extend(SENT);
            }
            if changes {
                may.extend(CHANGED);
            }
            if path.contains('{') {
                may.extend(NAMED);
            }
            may.extend(ASKED);
            for (status, words) in may {
                let problem = || RefOr::T(problem(words));
                operation.responses.responses.entry(status.to_owned()).or_insert_with(problem);
            }
        }
    }
    document
}

/// An answer in the form of RFC 9457.
fn problem(words: &str) -> Response {
    let form = ObjectBuilder::new()
        .property("type", ObjectBuilder::new().schema_type(Type::String))
        .property("title", ObjectBuilder::new().schema_type(Type::String))
        .property("status", ObjectBuilder::new().schema_type(Type::Integer))
        .property("detail", ObjectBuilder::new().schema_type(Type::String));
    ResponseBuilder::new().description(words).content("application/problem+json", ContentBuilder::new().schema(Some(form)).build()).build()
}

/// This description.
#[utoipa::path(get, path = "/api/openapi.json", tag = "health", responses((status = 200, description = "OpenAPI 3.1")))]
async fn description() -> Json<Value> {
    Json(described())
}

/// The whole description, with the shapes of the answers.
#[must_use]
pub fn described() -> Value {
    let mut described = serde_json::to_value(document()).unwrap_or_default();
    let answers = answers();
    for ((method, path), shape) in answers.operations {
        let Some(responses) = described["paths"][&path][&method]["responses"].as_object_mut() else { continue };
        for (_, response) in responses.iter_mut().filter(|(status, _)| matches!(status.as_str(), "200" | "201" | "202")) {
            response["content"]["application/json"]["schema"] = shape.clone();
        }
    }
    for (name, shape) in answers.shared {
        described["components"]["schemas"][&name] = shape;
    }
    described
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{answers, described, document};

    /// What answers without JSON: pages, files, sound, and sockets.
    const NO_JSON: &[&str] = &[
        "/api/docs",
        "/api/docs/",
        "/api/docs/{*file}",
        "/api/openapi.json",
        "/api/export/{file}",
        "/api/prompt-sound/{language}/{key}",
        "/api/recordings/{id}",
        "/api/live",
        "/api/phone",
        "/api/board",
    ];

    #[test]
    fn every_answer_has_a_shape_and_every_shape_is_an_answers() {
        let value = described();
        let served: BTreeSet<(String, String)> =
            crate::web::all_routes().listed().iter().map(|(method, path)| ((*method).to_owned(), (*path).to_owned())).collect();
        let unknown: Vec<_> = answers().operations.into_keys().filter(|key| !served.contains(key)).collect();
        assert!(unknown.is_empty(), "no such operations: {unknown:?}");
        let mut bare = Vec::new();
        for (method, path) in
            served.iter().filter(|(method, path)| path.starts_with("/api/") && !(method == "get" && NO_JSON.contains(&path.as_str())))
        {
            let responses = value["paths"][path][method]["responses"].as_object().expect("has responses");
            let answers = responses.iter().filter(|(status, _)| matches!(status.as_str(), "200" | "201" | "202"));
            bare.extend(
                answers.filter(|(_, it)| !it["content"]["application/json"]["schema"].is_object()).map(|_| format!("{method} {path}")),
            );
        }
        assert!(bare.is_empty(), "without a shape: {bare:?}");
        let names = value["components"]["schemas"].as_object().expect("has shapes");
        let text = value.to_string();
        let named = text.split("#/components/schemas/").skip(1).filter_map(|rest| rest.split('"').next());
        let missing: BTreeSet<&str> = named.filter(|name| !names.contains_key(*name)).collect();
        assert!(missing.is_empty(), "no such shapes: {missing:?}");
    }

    /// Changes that need no body.
    const BARE: &[&str] = &[
        "/api/campaigns/{id}/list",
        "/api/users/{id}/reset",
        "/api/tasks/{id}/take",
        "/api/missed/{id}/take",
        "/api/orders/{id}/link",
        "/api/admin-changes/{id}/undo",
        "/api/invoices/export",
    ];

    #[test]
    fn every_body_and_every_refusal_is_described() {
        let value = serde_json::to_value(document()).expect("is JSON");
        let mut bare = Vec::new();
        for (path, methods) in value["paths"].as_object().expect("has paths").iter().filter(|(path, _)| path.starts_with("/api/")) {
            for (method, operation) in methods.as_object().expect("has methods") {
                let has_body = operation["requestBody"].is_object();
                let wants = ["post", "put", "patch"].contains(&method.as_str()) && !BARE.contains(&path.as_str());
                if wants && !has_body {
                    bare.push(format!("{method} {path}"));
                }
                assert!(operation["responses"]["503"]["content"]["application/problem+json"].is_object(), "{method} {path}");
                let open = super::OPEN.iter().any(|open| path.starts_with(open));
                assert!(open || operation["responses"]["401"].is_object(), "{method} {path} without a session");
            }
        }
        assert!(bare.is_empty(), "without a body: {bare:?}");
        let block = &value["paths"]["/api/blocks"]["post"]["requestBody"]["content"]["application/json"]["schema"];
        assert!(block["properties"]["level"].is_object(), "{block}");
    }

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
