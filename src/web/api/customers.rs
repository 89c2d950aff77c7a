//! Customers: found, made, shown with everything that happened, and changed with a trace.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{DESK, LEAD, LOOK, author, needed, phone, text, words};
use crate::domain::{BranchNumber, CustomerId, Identity, Pop, UserId};
use crate::store::{CustomerEdit, Happened};
use crate::web::body::Body;
use crate::web::{Answer, Problem, Viewer, Web, show_phone};
use crate::wire::pop::PopOut;
use crate::wire::time;

/// What is looked for.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Search {
    q: String,
}

/// Customers by telephone number or its last four digits and more, member number, or part of the name; at most twenty.
#[utoipa::path(post, path = "/api/customers/search", tag = "customers", request_body = inline(Search), responses((status = 200, description = "a list of customers")))]
pub(in crate::web) async fn search(State(web): State<Web>, viewer: Viewer, Body(search): Body<Search>) -> Answer<Json<Value>> {
    viewer.require(&LOOK)?;
    let search = search?;
    let found = web.store.search_customers(&text("q", &search.q, 40)?).await?;
    let show = |one: &crate::store::FoundCustomer| {
        json!({
            "id": one.id.as_str(),
            "name": one.name,
            "member_number": one.member,
            "level": one.level,
            "phones": one.phones.iter().map(|phone| show_phone(&viewer, phone)).collect::<Vec<_>>(),
            "last_order_at": one.last_order_at.map(time),
        })
    };
    Ok(Json(found.iter().map(show).collect()))
}

/// A new customer.
#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct NewCustomer {
    name: String,
    phone: String,
}

/// Makes a customer with a name and a number; the customer's page is the answer.
#[utoipa::path(post, path = "/api/customers", tag = "customers", request_body = inline(NewCustomer),
    responses((status = 201, description = "id, pop and timeline"), (status = 422, description = "no name or no number")))]
pub(in crate::web) async fn create(
    State(web): State<Web>,
    viewer: Viewer,
    headers: HeaderMap,
    Body(new): Body<NewCustomer>,
) -> Answer<Response> {
    viewer.require(&DESK)?;
    let new = new?;
    let name = needed("name", &new.name, 60)?;
    let number = phone(&new.phone)?;
    let work = async {
        let id = web.store.create_customer(&name, std::slice::from_ref(&number), &author(&viewer), web.wall()).await?;
        web.audit(&viewer, "customer.created", &format!("customer:{id}"), &number.to_string()).await;
        Ok((StatusCode::CREATED, whole(&web, &viewer, &id).await?))
    };
    web.once(&viewer, &headers, "POST /api/customers", &new, work).await
}

/// The card and everything that happened, latest first.
#[utoipa::path(get, path = "/api/customers/{id}", tag = "customers", params(("id" = String, Path)),
    responses((status = 200, description = "id, pop and timeline"), (status = 404, description = "no such customer")))]
pub(in crate::web) async fn page(State(web): State<Web>, viewer: Viewer, Path(id): Path<String>) -> Answer<Json<Value>> {
    viewer.require(&LOOK)?;
    whole(&web, &viewer, &CustomerId::new(id)).await.map(Json)
}

async fn whole(web: &Web, viewer: &Viewer, id: &CustomerId) -> Answer<Value> {
    let pop = web.store.pop(Some(id), None, Identity::Unknown, web.wall()).await?;
    if pop.customer.is_none() {
        return Err(Problem::not_found("customer"));
    }
    let timeline = web.store.timeline(id, 100).await?;
    let birthday = web.store.birthday(id).await?;
    Ok(
        json!({ "id": id.as_str(), "birthday": birthday, "pop": card(viewer, &pop), "timeline": timeline.iter().map(|one| happened(viewer, one)).collect::<Vec<_>>() }),
    )
}

/// The card as this viewer may see it.
fn card(viewer: &Viewer, pop: &Pop) -> Value {
    let mut card = serde_json::to_value(PopOut::of(pop)).unwrap_or_default();
    card["phones"] = json!(pop.phones.iter().map(|phone| show_phone(viewer, phone)).collect::<Vec<_>>());
    card["team"] = json!(pop.team);
    card
}

fn happened(viewer: &Viewer, one: &Happened) -> Value {
    let mut shown = json!({ "at": time(one.at), "kind": one.kind, "by": one.by });
    let mut put = |key: &str, value: Value| shown[key] = value;
    match one.kind.as_str() {
        "call" => {
            put("call", json!(one.subject));
            put("agent_name", json!(one.by));
            put("reason", json!(one.state));
            put("code", json!(one.number));
            put("note", json!(one.text));
        }
        "order" => {
            put("number", json!(one.subject));
            put("status", json!(one.state));
            put("pay_fen", json!(one.number));
            put("note", json!(one.text));
        }
        "case" => {
            put("number", json!(one.subject));
            put("status", json!(one.state));
            put("case", json!(one.text));
        }
        "block" => {
            put("level", json!(one.subject));
            put("reason", json!(one.text));
            put("until", json!(one.number.map(|until| time(crate::domain::Timestamp::from_millis(until)))));
        }
        _ => {
            // What a person changed is a note on the record.
            put("kind", json!("note"));
            put("field", json!(one.subject));
            let show = |text: &str| if one.subject == "phones" { phones_in(viewer, text) } else { text.to_owned() };
            put("before", json!(show(&one.before)));
            put("after", json!(show(&one.after)));
            put("reason", json!(one.text));
        }
    }
    shown
}

fn phones_in(viewer: &Viewer, lines: &str) -> String {
    let numbers = lines.lines().filter_map(crate::domain::PhoneNumber::parse);
    numbers.map(|number| show_phone(viewer, &number)).collect::<Vec<_>>().join("\n")
}

fn birthday(given: &str) -> Answer<String> {
    if given.trim().is_empty() {
        return Ok(String::new());
    }
    crate::domain::birthday(given).ok_or_else(|| Problem::invalid("birthday is month and day, as in 3-8; no year"))
}

/// What is to be changed; what is left out stays.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(in crate::web) struct Edit {
    name: Option<String>,
    tastes: Option<Vec<String>>,
    allergies: Option<Vec<String>>,
    tags: Option<Vec<String>>,
    note: Option<String>,
    /// Id of a person; empty for nobody. Needs a reason, and a role that leads.
    owner: Option<String>,
    team: Option<String>,
    /// Month and day, as in `3-8`; empty takes it away.
    birthday: Option<String>,
    /// Ids of people. Needs a reason, and a role that leads.
    never: Option<Vec<String>>,
    reason: String,
}

/// Changes a customer; every change is written down with who and why.
#[utoipa::path(patch, path = "/api/customers/{id}", tag = "customers", request_body = inline(Edit), params(("id" = String, Path)),
    responses((status = 200, description = "id, pop and timeline"), (status = 404, description = "no such customer"),
        (status = 409, description = "somebody else changed the owner first"), (status = 422, description = "a reason is missing")))]
pub(in crate::web) async fn edit(
    State(web): State<Web>,
    viewer: Viewer,
    Path(id): Path<String>,
    Body(edit): Body<Edit>,
) -> Answer<Json<Value>> {
    viewer.require(&LOOK)?;
    let edit = edit?;
    let id = CustomerId::new(id);
    let leads = edit.owner.is_some() || edit.never.is_some() || edit.team.is_some();
    let reason = text("reason", &edit.reason, 200)?;
    if leads {
        viewer.require(&LEAD)?;
        needed("reason", &reason, 200)?;
    }
    let pop = web.store.pop(Some(&id), None, Identity::Unknown, web.wall()).await?;
    if pop.customer.is_none() {
        return Err(Problem::not_found("customer"));
    }
    let list = |what: &str, given: &Option<Vec<String>>| given.as_deref().map(|given| words(what, given)).transpose();
    let line = |what: &str, given: &Option<String>, most: usize| given.as_deref().map(|given| text(what, given, most)).transpose();
    let change = CustomerEdit {
        name: line("name", &edit.name, 60)?,
        tastes: list("tastes", &edit.tastes)?,
        allergies: list("allergies", &edit.allergies)?,
        tags: list("tags", &edit.tags)?,
        note: line("note", &edit.note, 1000)?,
        team: line("team", &edit.team, 60)?,
        birthday: edit.birthday.as_deref().map(birthday).transpose()?,
    };
    if change != (CustomerEdit { team: change.team.clone(), ..CustomerEdit::default() }) {
        viewer.require(&DESK)?;
    }
    let never = edit.never.as_deref().map(|never| words("never", never)).transpose()?;
    let owner = edit.owner.as_deref().map(|owner| text("owner", owner, 60)).transpose()?;
    let (by, now) = (author(&viewer), web.wall());
    if change != CustomerEdit::default() {
        web.store.edit_customer(&id, &change, &reason, &by, now).await?;
    }
    if let Some(owner) = owner {
        let owner = Some(owner).filter(|owner| !owner.is_empty()).map(UserId::new);
        if owner != pop.owner {
            web.store.set_owner(&id, pop.owner.as_ref(), owner.as_ref(), &reason, &by, now).await?;
        }
    }
    if let Some(never) = never {
        let never: Vec<UserId> = never.into_iter().map(UserId::new).collect();
        web.store.set_never(&id, &never, &reason, &by, now).await?;
    }
    web.audit(&viewer, "customer.changed", &format!("customer:{id}"), &reason).await;
    whole(&web, &viewer, &id).await.map(Json)
}

/// A new address of a customer.
#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct NewAddress {
    #[serde(default)]
    label: String,
    text: String,
    #[serde(default)]
    branch: Option<u16>,
}

/// Adds an address; it is unchecked while no branch is named.
#[utoipa::path(post, path = "/api/customers/{id}/addresses", tag = "customers", request_body = inline(NewAddress), params(("id" = String, Path)),
    responses((status = 201, description = "the address"), (status = 404, description = "no such customer"), (status = 422, description = "no text, no such branch")))]
pub(in crate::web) async fn add_address(
    State(web): State<Web>,
    viewer: Viewer,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(new): Body<NewAddress>,
) -> Answer<Response> {
    viewer.require(&DESK)?;
    let new = new?;
    let id = CustomerId::new(id);
    let (label, line) = (text("label", &new.label, 20)?, needed("text", &new.text, 200)?);
    let branch = new.branch.map(|number| known_branch(&web, number)).transpose()?;
    let work = async {
        let added = web.store.add_address(&id, &label, &line, branch, &author(&viewer), web.wall()).await;
        let address = added.map_err(|error| match error {
            crate::store::StoreError::Conflict => Problem::not_found("customer"),
            other => other.into(),
        })?;
        web.audit(&viewer, "customer.address_added", &format!("customer:{id}"), "").await;
        let body = json!({ "id": address.id, "label": address.label, "text": address.text, "branch": new.branch, "unchecked": address.unchecked, "recording": null });
        Ok((StatusCode::CREATED, body))
    };
    web.once(&viewer, &headers, &format!("POST /api/customers/{id}/addresses"), &new, work).await
}

/// A branch of the house.
pub(super) fn known_branch(web: &Web, number: u16) -> Answer<BranchNumber> {
    let branch = BranchNumber::new(number).filter(|branch| web.catalogue.borrow().branches.contains_key(branch));
    branch.ok_or_else(|| Problem::invalid("there is no such branch"))
}

/// All numbers of a customer.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Phones {
    phones: Vec<String>,
}

/// These numbers, and no others, are this customer's.
#[utoipa::path(put, path = "/api/customers/{id}/phones", tag = "customers", request_body = inline(Phones), params(("id" = String, Path)),
    responses((status = 200, description = "id, pop and timeline"), (status = 404, description = "no such customer")))]
pub(in crate::web) async fn set_phones(
    State(web): State<Web>,
    viewer: Viewer,
    Path(id): Path<String>,
    Body(given): Body<Phones>,
) -> Answer<Json<Value>> {
    viewer.require(&DESK)?;
    let given = given?;
    if given.phones.len() > 20 {
        return Err(Problem::invalid("a customer has at most 20 numbers"));
    }
    let id = CustomerId::new(id);
    let phones = given.phones.iter().map(|number| phone(number)).collect::<Answer<Vec<_>>>()?;
    web.store.set_phones(&id, &phones, &author(&viewer), web.wall()).await.map_err(|error| match error {
        crate::store::StoreError::Conflict => Problem::not_found("customer"),
        other => other.into(),
    })?;
    web.audit(&viewer, "customer.phones_set", &format!("customer:{id}"), &format!("{} numbers", phones.len())).await;
    whole(&web, &viewer, &id).await.map(Json)
}
