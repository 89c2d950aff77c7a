//! The house as it can be edited: all of it in one answer, and levels, offers, holidays and make-up days changed by people.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::catalogue::initials;
use super::house::{DEAREST, MAY, Set, change, put_number, put_optional, put_text, span};
use super::needed;
use crate::domain::{Branch, BranchNumber, Catalogue, Deal, Dish, DishOption, Money, Offer, Role, weekday, weekday_name};
use crate::store::{CardFilter, HousePart, HouseValue};
use crate::web::body::Body;
use crate::web::{Answer, Problem, Viewer, Web};

/// Who may look at how the house is set up.
const LOOK: [Role; 4] = [Role::Dispatcher, Role::Supervisor, Role::Manager, Role::Administrator];

/// Everything that people may change, in the fields of the requests that change it: dishes (retired ones too), branches with their
/// week, levels, categories, offers (past ones too), holidays and make-up days.
#[utoipa::path(get, path = "/api/house", tag = "house", responses((status = 200, description = "the house as it can be edited")))]
pub(in crate::web) async fn house(State(web): State<Web>, viewer: Viewer) -> Answer<Json<Value>> {
    viewer.require(&LOOK)?;
    Ok(Json(show(&web.store.catalogue().await?, &web.store.closed_branches().await?)))
}

fn show(catalogue: &Catalogue, closed: &[Branch]) -> Value {
    let names = |id: &str, zh: &str, en: &str| json!({ "id": id, "zh": zh, "en": en });
    let level = |level: &crate::domain::Level| json!({ "id": level.id, "zh": level.zh, "en": level.en, "discount_percent": level.discount_percent });
    let holiday = |(from, until, branch): &(Date, Date, Option<BranchNumber>)| json!({ "id": holiday_id(*from, *until, *branch), "from": from.to_string(), "until": until.to_string(), "branch": branch.map(BranchNumber::get) });
    json!({
        "dishes": catalogue.dishes.values().map(dish).collect::<Value>(),
        "branches": catalogue.branches.values().map(|one| branch(one, false)).chain(closed.iter().map(|one| branch(one, true))).collect::<Value>(),
        "levels": catalogue.levels.iter().map(level).collect::<Value>(),
        "categories": catalogue.categories.iter().map(|one| names(&one.id, &one.zh, &one.en)).collect::<Value>(),
        "offers": catalogue.offers.iter().map(offer).collect::<Value>(),
        "holidays": catalogue.holidays.closed.iter().map(holiday).collect::<Value>(),
        "make_up_days": catalogue.holidays.make_up.iter()
            .map(|(date, follows)| json!({ "date": date.to_string(), "follows": weekday_name(*follows) })).collect::<Value>(),
    })
}

fn dish(dish: &Dish) -> Value {
    let option = |option: &DishOption| if *option == DishOption::Size { "size" } else { "spice" };
    json!({
        "number": dish.number.get(), "zh": dish.zh, "en": dish.en, "reading": dish.reading, "pinyin": initials(dish),
        "price_fen": dish.price.as_fen(), "size_price_fen": dish.size_price.map(|prices| prices.map(Money::as_fen)),
        "category": dish.category, "options": dish.options.iter().map(option).collect::<Value>(),
        "served": dish.served.map(|(from, to)| format!("{from}-{to}")), "new_until": dish.new_until.map(|day| day.to_string()),
        "alternative": dish.alternative.map(crate::domain::MenuNumber::get), "points": dish.points, "retired": dish.retired,
    })
}

fn branch(branch: &Branch, closed: bool) -> Value {
    let week = branch.week.each_ref().map(|hours| hours.iter().map(|(from, to)| format!("{from}-{to}")).collect::<Vec<_>>());
    json!({
        "number": branch.number.get(), "zh": branch.zh, "en": branch.en, "address_zh": branch.address_zh, "address_en": branch.address_en,
        "transit_zh": branch.transit_zh, "transit_en": branch.transit_en, "location": branch.location.map(|at| at.to_string()), "phone": branch.phone, "week": week,
        "last_order_minutes": branch.last_order_minutes, "delivery_minutes": branch.delivery_minutes,
        "pickup_minutes": branch.pickup_minutes, "min_delivery_fen": branch.min_delivery.as_fen(),
        "delivery_fee_fen": branch.delivery_fee.as_fen(), "free_delivery_from_fen": branch.free_delivery_from.map(Money::as_fen),
        "cook_minutes": branch.kitchen.cook_minutes, "capacity_items": branch.kitchen.capacity_items,
        "capacity_yuan": branch.kitchen.capacity.map(|money| money.as_fen() / 100), "paused": branch.paused,
        "closed_for_good": closed,
    })
}

fn offer(offer: &Offer) -> Value {
    let (kind, category, percent, from, off) = match &offer.deal {
        Deal::News => ("news", None, None, None, None),
        Deal::PercentOff { category, percent } => ("percent", Some(category), Some(percent), None, None),
        Deal::AmountOff { from, off } => ("amount", None, None, Some(from.as_fen()), Some(off.as_fen())),
    };
    json!({
        "id": offer.id, "zh": offer.zh, "en": offer.en, "from": offer.from.to_string(), "until": offer.until.to_string(),
        "days": offer.days.iter().map(|day| weekday_name(*day)).collect::<Value>(),
        "hours": offer.between.map(|(from, to)| format!("{from}-{to}")), "kind": kind, "category": category, "percent_off": percent,
        "from_fen": from, "off_fen": off, "repeat_days": offer.repeat_days,
    })
}

/// The id under which menus.toml files it too: what the file says and what a person says meet in one row.
fn holiday_id(from: Date, until: Date, branch: Option<BranchNumber>) -> String {
    format!("{from}:{until}:{}", branch.map_or_else(|| "*".to_owned(), |branch| branch.to_string()))
}

fn date(what: &str, given: &str) -> Answer<Date> {
    let fits = given.len() == 10 && (2000..2200).contains(&given[..given.len().min(4)].parse().unwrap_or(0));
    let date = if fits { given.parse::<Date>().ok() } else { None };
    date.ok_or_else(|| Problem::invalid(format!("{what} is a date such as 2027-02-06")))
}

fn short_id(given: &str) -> Answer<()> {
    let good =
        (1..=40).contains(&given.len()) && given.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_');
    if good { Ok(()) } else { Err(Problem::invalid("an id is a short name of small letters, digits, - and _")) }
}

/// How a branch is closed for good.
#[derive(Debug, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(in crate::web) struct Closing {
    /// Also while it has open orders; they stay with it, and headquarters may give them away.
    anyway: bool,
}

/// Closes a branch for good: it takes no orders, is named to no caller, and its number stays its own.
#[utoipa::path(put, path = "/api/branches/{n}/closed", tag = "house", request_body = inline(Closing), params(("n" = u16, Path)),
    responses((status = 200, description = "the change, and `orders`: the numbers of its open orders"), (status = 404, description = "no such branch, or closed already"),
        (status = 409, description = "it has open orders (`orders`) and `anyway` is not set, or it is the only branch")))]
pub(in crate::web) async fn close_branch(
    State(web): State<Web>,
    viewer: Viewer,
    Path(number): Path<u16>,
    Body(closing): Body<Closing>,
) -> Answer<Json<Value>> {
    viewer.require(&MAY)?;
    let closing = closing?;
    let catalogue = web.store.catalogue().await?;
    let number = BranchNumber::new(number).filter(|number| catalogue.branches.contains_key(number));
    let number = number.ok_or_else(|| Problem::not_found("branch"))?;
    if catalogue.branches.len() == 1 {
        return Err(Problem::new("cannot", "it is the only branch"));
    }
    let open = open_orders(&web, number).await?;
    if !open.is_empty() && !closing.anyway {
        let told = format!("it has open orders: {}", open.join(", "));
        return Err(Problem::new("cannot", told).with("orders", json!(open)));
    }
    let mut done = change(&web, &viewer, HousePart::Branch, &number.to_string(), &vec![("retired", HouseValue::Number(Some(1)))]).await?;
    // One that was confirmed a moment before is among them.
    done["orders"] = json!(open_orders(&web, number).await?);
    Ok(Json(done))
}

/// Opens a branch again that was closed for good.
#[utoipa::path(delete, path = "/api/branches/{n}/closed", tag = "house", params(("n" = u16, Path)),
    responses((status = 204, description = "it takes orders again, by its hours"), (status = 404, description = "no branch of this number is closed for good")))]
pub(in crate::web) async fn reopen_branch(State(web): State<Web>, viewer: Viewer, Path(number): Path<u16>) -> Answer<StatusCode> {
    viewer.require(&MAY)?;
    if !web.store.closed_branches().await?.iter().any(|branch| branch.number.get() == number) {
        return Err(Problem::not_found("closed branch"));
    }
    change(&web, &viewer, HousePart::Branch, &number.to_string(), &vec![("retired", HouseValue::Number(Some(0)))]).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn open_orders(web: &Web, branch: BranchNumber) -> Answer<Vec<String>> {
    let cards = web.store.cards(&CardFilter { branch: Some(branch), since: None }).await?;
    Ok(cards.iter().map(|card| card.number.clone()).collect())
}

/// Days on which the house or one branch is closed.
#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct HolidayNew {
    from: String,
    /// The last day; the first when left out.
    #[serde(default)]
    until: Option<String>,
    /// All branches when left out.
    #[serde(default)]
    branch: Option<u16>,
}

/// Closes the house or one branch on some days; no order is promised for them from then on, by nobody.
#[utoipa::path(post, path = "/api/holidays", tag = "house", request_body = inline(HolidayNew),
    responses((status = 201, description = "the change; `subject` is the holiday's id"), (status = 409, description = "it is there already"), (status = 422, description = "a field does not fit")))]
pub(in crate::web) async fn add_holiday(
    State(web): State<Web>,
    viewer: Viewer,
    headers: HeaderMap,
    Body(new): Body<HolidayNew>,
) -> Answer<Response> {
    viewer.require(&MAY)?;
    let new = new?;
    let catalogue = web.store.catalogue().await?;
    let from = date("from", &new.from)?;
    let until = new.until.as_deref().filter(|until| !until.is_empty()).map_or(Ok(from), |until| date("until", until))?;
    if until < from {
        return Err(Problem::invalid("until is before from"));
    }
    let known = |number: u16| BranchNumber::new(number).filter(|number| catalogue.branches.contains_key(number));
    let branch = new.branch.map(|number| known(number).ok_or_else(|| Problem::invalid("there is no such branch"))).transpose()?;
    let set: Set = vec![
        ("first_day", HouseValue::Text(Some(from.to_string()))),
        ("last_day", HouseValue::Text(Some(until.to_string()))),
        ("branch", HouseValue::Number(branch.map(|branch| i64::from(branch.get())))),
        ("retired", HouseValue::Number(Some(0))),
    ];
    let id = holiday_id(from, until, branch);
    let work = async {
        if catalogue.holidays.closed.contains(&(from, until, branch)) {
            return Err(Problem::new("conflict", "these days are a holiday already"));
        }
        Ok((StatusCode::CREATED, change(&web, &viewer, HousePart::Holiday, &id, &set).await?))
    };
    web.once(&viewer, &headers, "POST /api/holidays", &new, work).await
}

/// Opens again on these days.
#[utoipa::path(delete, path = "/api/holidays/{id}", tag = "house", params(("id" = String, Path)),
    responses((status = 204, description = "open as usual"), (status = 404, description = "no such holiday")))]
pub(in crate::web) async fn drop_holiday(State(web): State<Web>, viewer: Viewer, Path(id): Path<String>) -> Answer<StatusCode> {
    viewer.require(&MAY)?;
    let catalogue = web.store.catalogue().await?;
    let there = catalogue.holidays.closed.iter().any(|(from, until, branch)| holiday_id(*from, *until, *branch) == id);
    retire(&web, &viewer, HousePart::Holiday, &id, there, "holiday").await
}

async fn retire(web: &Web, viewer: &Viewer, part: HousePart, id: &str, there: bool, name: &str) -> Answer<StatusCode> {
    if !there {
        return Err(Problem::not_found(name));
    }
    change(web, viewer, part, id, &vec![("retired", HouseValue::Number(Some(1)))]).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Whose hours a date follows.
#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct MakeUpPut {
    /// `mon` to `sun`
    follows: String,
}

/// 调休: this date follows the hours of that weekday.
#[utoipa::path(put, path = "/api/make-up-days/{date}", tag = "house", request_body = inline(MakeUpPut), params(("date" = String, Path, description = "YYYY-MM-DD")),
    responses((status = 200, description = "the change"), (status = 422, description = "no date, or no weekday")))]
pub(in crate::web) async fn put_make_up(
    State(web): State<Web>,
    viewer: Viewer,
    Path(day): Path<String>,
    Body(put): Body<MakeUpPut>,
) -> Answer<Json<Value>> {
    viewer.require(&MAY)?;
    let put = put?;
    let day = date("date", &day)?;
    if weekday(&put.follows).is_none() {
        return Err(Problem::invalid("follows is mon, tue, wed, thu, fri, sat or sun"));
    }
    let set: Set = vec![("weekday", HouseValue::Text(Some(put.follows))), ("retired", HouseValue::Number(Some(0)))];
    Ok(Json(change(&web, &viewer, HousePart::MakeUp, &day.to_string(), &set).await?))
}

/// The date follows its own weekday again.
#[utoipa::path(delete, path = "/api/make-up-days/{date}", tag = "house", params(("date" = String, Path)),
    responses((status = 204, description = "as usual again"), (status = 404, description = "no such day")))]
pub(in crate::web) async fn drop_make_up(State(web): State<Web>, viewer: Viewer, Path(day): Path<String>) -> Answer<StatusCode> {
    viewer.require(&MAY)?;
    let catalogue = web.store.catalogue().await?;
    let there = catalogue.holidays.make_up.keys().any(|known| known.to_string() == day);
    retire(&web, &viewer, HousePart::MakeUp, &day, there, "make-up day").await
}

/// What is to be different about a level; what is missing stays.
#[derive(Debug, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(in crate::web) struct LevelPut {
    zh: Option<String>,
    en: Option<String>,
    discount_percent: Option<i64>,
}

/// Changes a level of members, or makes a new one (the lowest).
#[utoipa::path(put, path = "/api/levels/{id}", tag = "house", request_body = inline(LevelPut), params(("id" = String, Path)),
    responses((status = 200, description = "the change"), (status = 422, description = "a field does not fit, or a new level lacks one")))]
pub(in crate::web) async fn level(
    State(web): State<Web>,
    viewer: Viewer,
    Path(id): Path<String>,
    Body(put): Body<LevelPut>,
) -> Answer<Json<Value>> {
    viewer.require(&MAY)?;
    let put = put?;
    short_id(&id)?;
    let catalogue = web.store.catalogue().await?;
    let mut set = Set::new();
    put_text(&mut set, "zh", put.zh.as_ref(), 20)?;
    put_text(&mut set, "en", put.en.as_ref(), 30)?;
    put_number(&mut set, "discount_percent", put.discount_percent, 0..=100)?;
    if catalogue.level(&id).is_none() {
        if put.zh.is_none() || put.en.is_none() {
            return Err(Problem::invalid("a new level needs zh and en"));
        }
        if put.discount_percent.is_none() {
            set.push(("discount_percent", HouseValue::Number(Some(0))));
        }
        set.push(("place", HouseValue::Number(i64::try_from(catalogue.levels.len()).ok())));
        set.push(("retired", HouseValue::Number(Some(0))));
    }
    Ok(Json(change(&web, &viewer, HousePart::Level, &id, &set).await?))
}

/// An offer as it should be.
#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct OfferPut {
    zh: String,
    en: String,
    from: String,
    until: String,
    /// Weekdays `mon` to `sun`; every day when empty.
    #[serde(default)]
    days: Vec<String>,
    /// Such as `10:00-14:00`; all day when left out.
    #[serde(default)]
    hours: Option<String>,
    /// `news`, `percent` (with `category` and `percent_off`), `amount` (with `from_fen` and `off_fen`)
    kind: String,
    #[serde(default)]
    category: Option<String>,
    #[serde(default)]
    percent_off: Option<i64>,
    #[serde(default)]
    from_fen: Option<i64>,
    #[serde(default)]
    off_fen: Option<i64>,
    /// After so many days a caller hears it again.
    #[serde(default = "a_week")]
    repeat_days: i64,
}

const fn a_week() -> i64 {
    7
}

impl OfferPut {
    fn set(&self, catalogue: &Catalogue) -> Answer<Set> {
        let (from, until) = (date("from", &self.from)?, date("until", &self.until)?);
        if until < from {
            return Err(Problem::invalid("until is before from"));
        }
        if self.days.iter().any(|day| weekday(day).is_none()) {
            return Err(Problem::invalid("days are mon, tue, wed, thu, fri, sat and sun"));
        }
        let hours = self.hours.as_deref().filter(|hours| !hours.is_empty()).map(span).transpose()?;
        let category = self.category.as_ref().filter(|category| !category.is_empty());
        let given = (category.is_some(), self.percent_off.is_some(), self.from_fen.is_some(), self.off_fen.is_some());
        match (self.kind.as_str(), given) {
            ("news", (false, false, false, false)) | ("percent", (true, true, false, false)) => {}
            ("amount", (false, false, true, true)) if self.off_fen <= self.from_fen => {}
            ("amount", (false, false, true, true)) => return Err(Problem::invalid("off_fen is more than from_fen")),
            ("news", _) => return Err(Problem::invalid("news has no category, percent_off, from_fen and off_fen")),
            ("percent", _) => return Err(Problem::invalid("percent needs category and percent_off, and no amounts")),
            ("amount", _) => return Err(Problem::invalid("amount needs from_fen and off_fen, and no category and percent_off")),
            _ => return Err(Problem::invalid("kind is news, percent or amount")),
        }
        if category.is_some_and(|category| !catalogue.categories.iter().any(|known| known.id == *category)) {
            return Err(Problem::invalid("there is no such category"));
        }
        let mut set: Set = vec![
            ("zh", HouseValue::Text(Some(needed("zh", &self.zh, 100)?))),
            ("en", HouseValue::Text(Some(needed("en", &self.en, 200)?))),
            ("from_day", HouseValue::Text(Some(from.to_string()))),
            ("until_day", HouseValue::Text(Some(until.to_string()))),
            ("days", HouseValue::Text(Some(self.days.join(",")))),
            ("hours", HouseValue::Text(hours)),
            ("kind", HouseValue::Text(Some(self.kind.clone()))),
            ("category", HouseValue::Text(category.cloned())),
        ];
        put_optional(&mut set, "percent_off", Some(self.percent_off), 1..=100)?;
        put_optional(&mut set, "from_fen", Some(self.from_fen), 0..=DEAREST)?;
        put_optional(&mut set, "off_fen", Some(self.off_fen), 0..=DEAREST)?;
        put_number(&mut set, "repeat_days", Some(self.repeat_days), 0..=365)?;
        Ok(set)
    }
}

/// Changes an offer, or makes a new one (told last).
#[utoipa::path(put, path = "/api/offers/{id}", tag = "house", request_body = inline(OfferPut), params(("id" = String, Path)),
    responses((status = 200, description = "the change"), (status = 422, description = "a field does not fit")))]
pub(in crate::web) async fn put_offer(
    State(web): State<Web>,
    viewer: Viewer,
    Path(id): Path<String>,
    Body(put): Body<OfferPut>,
) -> Answer<Json<Value>> {
    viewer.require(&MAY)?;
    let put = put?;
    short_id(&id)?;
    let catalogue = web.store.catalogue().await?;
    let mut set = put.set(&catalogue)?;
    if !catalogue.offers.iter().any(|offer| offer.id == id) {
        set.push(("place", HouseValue::Number(i64::try_from(catalogue.offers.len()).ok())));
        set.push(("retired", HouseValue::Number(Some(0))));
    }
    Ok(Json(change(&web, &viewer, HousePart::Offer, &id, &set).await?))
}

/// Takes an offer away; it can be brought back by taking that change back.
#[utoipa::path(delete, path = "/api/offers/{id}", tag = "house", params(("id" = String, Path)),
    responses((status = 204, description = "nobody hears of it any more"), (status = 404, description = "no such offer")))]
pub(in crate::web) async fn drop_offer(State(web): State<Web>, viewer: Viewer, Path(id): Path<String>) -> Answer<StatusCode> {
    viewer.require(&MAY)?;
    let there = web.store.catalogue().await?.offers.iter().any(|offer| offer.id == id);
    retire(&web, &viewer, HousePart::Offer, &id, there, "offer").await
}
