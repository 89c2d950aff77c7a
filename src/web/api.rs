//! The HTTP side of customers, orders and everything else that agents handle: one file a noun.

mod blocks;
mod call_list;
mod calls;
mod campaign_list;
mod campaigns;
mod catalogue;
mod changes;
mod credits;
mod customers;
mod devices;
mod drafts;
mod exchange;
mod house;
mod invoices;
mod kitchen;
mod message_log;
mod missed;
mod notices;
mod orders;
mod plant;
mod printing;
mod prompts;
mod proposals;
mod quoting;
mod report_form;
mod reports;
mod riders;
mod row_list;
mod shifts;
mod shop;
mod staffing;
mod tickets;
mod told;
mod wall;
mod webhooks;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use axum::http::header;
use axum::response::{IntoResponse, Response};
use utoipa::OpenApi;

pub use plant::page_entries;
pub use webhooks::journal_event;

use super::{Answer, Problem, Routes, Viewer};
use crate::domain::{BranchNumber, PhoneNumber, Role};
use crate::store::Author;

/// All of their routes.
pub fn routes() -> Routes {
    Routes::default()
        .get("/api/catalogue", catalogue::catalogue)
        .post("/api/customers/search", customers::search)
        .post("/api/customers", customers::create)
        .get("/api/customers/{id}", customers::page)
        .patch("/api/customers/{id}", customers::edit)
        .post("/api/customers/{id}/addresses", customers::add_address)
        .put("/api/customers/{id}/phones", customers::set_phones)
        .post("/api/orders/quote", orders::quote)
        .get("/api/orders/overriders", orders::overriders)
        .post("/api/orders", orders::place)
        .get("/api/orders", orders::list)
        .get("/api/orders/{id}", orders::one)
        .get("/api/orders/{id}/credit", credits::of_order)
        .put("/api/orders/{id}/credit", credits::grant)
        .delete("/api/orders/{id}/credit", credits::withdraw)
        .get("/api/orders/{id}/invoice", invoices::of_order)
        .put("/api/orders/{id}/invoice", invoices::ask)
        .delete("/api/orders/{id}/invoice", invoices::withdraw)
        .post("/api/orders/{id}/invoice/export", invoices::export_anyway)
        .get("/api/customers/{id}/invoice-titles", invoices::titles)
        .get("/api/invoices", invoices::list)
        .post("/api/invoices/export", invoices::export)
        .post("/api/invoices/results", invoices::results)
        .post("/api/orders/{id}/steps", kitchen::step)
        .get("/api/orders/{id}/timeline", kitchen::timeline)
        .get("/api/orders/{id}/branches", kitchen::branches)
        .post("/api/tasks/{id}/take", kitchen::take_task)
        .post("/api/tasks/{id}/done", kitchen::finish_task)
        .put("/api/branches/{n}/pause", kitchen::pause)
        .delete("/api/branches/{n}/pause", kitchen::resume)
        .put("/api/branches/{n}/sold-out/{dish}", kitchen::sold_out)
        .delete("/api/branches/{n}/sold-out/{dish}", kitchen::has_again)
        .put("/api/dishes/{n}", house::dish)
        .put("/api/branches/{n}", house::branch)
        .get("/api/zones", house::zones)
        .post("/api/zones", house::add_zone)
        .put("/api/zones/{id}", house::change_zone)
        .delete("/api/zones/{id}", house::drop_zone)
        .get("/api/queues", plant::queues)
        .put("/api/queues/{id}", plant::put_queue)
        .delete("/api/queues/{id}", plant::drop_queue)
        .get("/api/trunks", plant::trunks)
        .put("/api/trunks/{name}", plant::put_trunk)
        .delete("/api/trunks/{name}", plant::drop_trunk)
        .get("/api/prompts", prompts::list)
        .get("/api/prompts/{id}", prompts::one)
        .get("/api/prompt-sound/{language}/{key}", prompts::sound)
        .put("/api/prompt-sound/{language}/{key}", prompts::upload)
        .post("/api/prompt-sound/{language}/{key}/use", prompts::choose)
        .post("/api/prompt-sound/{language}/{key}/call", prompts::listen)
        .get("/api/house", shop::house)
        .put("/api/branches/{n}/closed", shop::close_branch)
        .delete("/api/branches/{n}/closed", shop::reopen_branch)
        .post("/api/holidays", shop::add_holiday)
        .delete("/api/holidays/{id}", shop::drop_holiday)
        .put("/api/make-up-days/{date}", shop::put_make_up)
        .delete("/api/make-up-days/{date}", shop::drop_make_up)
        .put("/api/levels/{id}", shop::level)
        .put("/api/offers/{id}", shop::put_offer)
        .delete("/api/offers/{id}", shop::drop_offer)
        .get("/api/admin-changes", changes::changes)
        .post("/api/admin-changes/{id}/undo", changes::undo)
        .get("/api/export/{file}", exchange::export)
        .post("/api/import/{what}", exchange::import)
        .post("/api/devices", devices::add)
        .get("/api/devices", devices::list)
        .delete("/api/devices/{id}", devices::revoke)
        .post("/api/device-session", devices::tie)
        .get("/api/drafts", drafts::list)
        .put("/api/drafts/{key}", drafts::save)
        .delete("/api/drafts/{key}", drafts::drop)
        .get("/api/missed", missed::list)
        .post("/api/missed/{id}/take", missed::take)
        .post("/api/missed/{id}/done", missed::done)
        .get("/api/blocks", blocks::list)
        .post("/api/blocks", blocks::add)
        .delete("/api/blocks/{id}", blocks::lift)
        .get("/api/calls", calls::list)
        .get("/api/calls/{id}", calls::one)
        .get("/api/orders/{id}/slip/{slip}", printing::slip)
        .post("/api/orders/{id}/print", printing::print)
        .get("/api/riders", riders::list)
        .post("/api/riders", riders::add)
        .patch("/api/riders/{id}", riders::change)
        .post("/api/riders/{id}/in", riders::back)
        .post("/api/orders/{id}/link", riders::link)
        .get("/api/r/{secret}", riders::page)
        .post("/api/r/{secret}", riders::report)
        .get("/api/block-proposals", proposals::list)
        .post("/api/block-proposals/{id}", proposals::decide)
        .get("/api/messages-log", notices::log)
        .put("/api/message-refusals", notices::refuse)
        .get("/api/campaigns", campaigns::list)
        .post("/api/campaigns", campaigns::add)
        .get("/api/campaigns/{id}", campaigns::one)
        .put("/api/campaigns/{id}", campaigns::change)
        .put("/api/campaigns/{id}/numbers", campaigns::numbers)
        .post("/api/campaigns/{id}/list", campaigns::preview)
        .post("/api/campaigns/{id}/steps", campaigns::step)
        .get("/api/campaigns/{id}/evidence", campaigns::evidence)
        .put("/api/contact-wishes", campaigns::wish)
        .post("/api/contact-wishes/find", campaigns::find_wish)
        .post("/api/message-replies", campaigns::reply)
        .get("/api/printers", printing::printers)
        .put("/api/printers", printing::save)
        .get("/api/print-jobs", printing::jobs)
        .post("/api/print-jobs/{id}", printing::decide)
        .get("/api/wall", wall::wall)
        .get("/api/reports", reports::list)
        .get("/api/reports/{name}", reports::one)
        .get("/api/staffing", staffing::plan_of)
        .get("/api/shifts", shifts::list)
        .post("/api/shifts", shifts::add)
        .put("/api/shifts/{id}", shifts::change)
        .delete("/api/shifts/{id}", shifts::drop)
        .post("/api/shifts/table", shifts::table)
        .get("/api/webhooks", webhooks::list)
        .post("/api/webhooks", webhooks::add)
        .patch("/api/webhooks/{id}", webhooks::change)
        .delete("/api/webhooks/{id}", webhooks::drop)
        .get("/api/events", webhooks::events)
        .get("/api/tickets", tickets::list)
        .post("/api/tickets", tickets::open)
        .get("/api/tickets/{id}", tickets::one)
        .patch("/api/tickets/{id}", tickets::change)
        .get("/api/recordings/{id}", tickets::recording)
}

/// Their descriptions.
#[derive(OpenApi)]
#[openapi(paths(
    catalogue::catalogue,
    customers::search,
    customers::create,
    customers::page,
    customers::edit,
    customers::add_address,
    customers::set_phones,
    orders::quote,
    orders::overriders,
    orders::place,
    orders::list,
    orders::one,
    credits::of_order,
    credits::grant,
    credits::withdraw,
    invoices::of_order,
    invoices::ask,
    invoices::withdraw,
    invoices::titles,
    invoices::list,
    invoices::export,
    invoices::export_anyway,
    invoices::results,
    kitchen::step,
    kitchen::timeline,
    kitchen::branches,
    kitchen::take_task,
    kitchen::finish_task,
    kitchen::pause,
    kitchen::resume,
    kitchen::sold_out,
    kitchen::has_again,
    house::dish,
    house::branch,
    house::zones,
    house::add_zone,
    house::change_zone,
    house::drop_zone,
    changes::changes,
    changes::undo,
    plant::queues,
    plant::put_queue,
    plant::drop_queue,
    plant::trunks,
    plant::put_trunk,
    plant::drop_trunk,
    prompts::list,
    prompts::one,
    prompts::sound,
    prompts::upload,
    prompts::choose,
    prompts::listen,
    shop::house,
    shop::close_branch,
    shop::reopen_branch,
    shop::add_holiday,
    shop::drop_holiday,
    shop::put_make_up,
    shop::drop_make_up,
    shop::level,
    shop::put_offer,
    shop::drop_offer,
    exchange::export,
    exchange::import,
    devices::add,
    devices::list,
    devices::revoke,
    devices::tie,
    drafts::list,
    drafts::save,
    drafts::drop,
    missed::list,
    missed::take,
    missed::done,
    blocks::list,
    blocks::add,
    blocks::lift,
    calls::list,
    calls::one,
    riders::list,
    riders::add,
    riders::change,
    riders::back,
    riders::link,
    riders::page,
    riders::report,
    proposals::list,
    proposals::decide,
    notices::log,
    notices::refuse,
    campaigns::list,
    campaigns::add,
    campaigns::one,
    campaigns::change,
    campaigns::numbers,
    campaigns::preview,
    campaigns::step,
    campaigns::evidence,
    campaigns::wish,
    campaigns::find_wish,
    campaigns::reply,
    printing::slip,
    printing::print,
    printing::printers,
    printing::save,
    printing::jobs,
    printing::decide,
    wall::wall,
    reports::list,
    reports::one,
    staffing::plan_of,
    shifts::list,
    shifts::add,
    shifts::change,
    shifts::drop,
    shifts::table,
    webhooks::list,
    webhooks::add,
    webhooks::change,
    webhooks::drop,
    webhooks::events,
    tickets::list,
    tickets::open,
    tickets::one,
    tickets::change,
    tickets::recording
))]
pub struct Description;

/// Who talks with customers and works on their records.
const DESK: [Role; 3] = [Role::Agent, Role::Dispatcher, Role::Supervisor];
/// Who may look at them.
const LOOK: [Role; 4] = [Role::Agent, Role::Dispatcher, Role::Supervisor, Role::Manager];
/// Who may take something back, or give a customer away.
const LEAD: [Role; 2] = [Role::Supervisor, Role::Manager];

/// Texts of some length, without what no text has.
fn text(what: &str, given: &str, most: usize) -> Answer<String> {
    let given = given.trim();
    if given.chars().count() > most {
        return Err(Problem::invalid(format!("{what} has at most {most} characters")));
    }
    if given.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        return Err(Problem::invalid(format!("{what} has characters that no text has")));
    }
    Ok(given.to_owned())
}

/// A text that must be there.
fn needed(what: &str, given: &str, most: usize) -> Answer<String> {
    match text(what, given, most)? {
        given if given.is_empty() => Err(Problem::invalid(format!("{what} is missing"))),
        given => Ok(given),
    }
}

/// A short list of short words.
fn words(what: &str, given: &[String]) -> Answer<Vec<String>> {
    if given.len() > 30 {
        return Err(Problem::invalid(format!("{what} has at most 30 entries")));
    }
    let words = given.iter().map(|word| text(what, &word.replace('\n', " "), 60)).collect::<Answer<Vec<_>>>()?;
    Ok(words.into_iter().filter(|word| !word.is_empty()).collect())
}

fn phone(given: &str) -> Answer<PhoneNumber> {
    PhoneNumber::parse(given).ok_or_else(|| Problem::invalid("this is not a telephone number"))
}

/// People of a branch have to do with its orders only.
fn of_branch(viewer: &Viewer, branch: BranchNumber) -> Answer<()> {
    if viewer.role == Role::Branch && viewer.branch != Some(branch) {
        return Err(Problem::new("not-allowed", "this belongs to another branch"));
    }
    Ok(())
}

/// The branch that is asked for; people of a branch always mean their own.
fn wanted_branch(viewer: &Viewer, given: Option<u16>) -> Answer<Option<BranchNumber>> {
    if viewer.role == Role::Branch {
        let own = viewer.branch.ok_or_else(|| Problem::new("not-allowed", "this account belongs to no branch"))?;
        return Ok(Some(own));
    }
    given.map(|branch| BranchNumber::new(branch).ok_or_else(|| Problem::invalid("branch is a number from 1 on"))).transpose()
}

fn author(viewer: &Viewer) -> Author {
    Author { user: viewer.user.clone(), name: viewer.name.clone() }
}

/// Answers that many consoles ask for and that cost something to make: one of each kind, as long as its key holds.
#[derive(Debug, Default)]
pub struct Shelf(Mutex<HashMap<&'static str, (String, String)>>);

impl Shelf {
    fn find(&self, what: &'static str, key: &str) -> Option<String> {
        let shelf = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shelf.get(what).filter(|(kept, _)| kept == key).map(|(_, body)| body.clone())
    }

    fn put(&self, what: &'static str, key: String, body: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(what, (key, body));
    }
}

/// JSON that was made before.
fn made(body: String) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}
