//! Dishes, branches and zones changed by people: validated, and written down with how it was.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::told::show;
use super::{LEAD, author, needed, text};
use crate::domain::{BranchNumber, ClockTime, DishOption, MenuNumber, PhoneNumber, Point, Role, Zone, ZoneRule, is_reading};
use crate::store::{HousePart, HouseValue};
use crate::web::body::Body;
use crate::web::{Answer, Problem, Viewer, Web};

/// Who may change the house.
pub(super) const MAY: [Role; 2] = [Role::Manager, Role::Administrator];
pub(super) const DEAREST: i64 = 10_000_000;

pub(super) type Set = Vec<(&'static str, HouseValue)>;

pub(super) fn put_text(set: &mut Set, column: &'static str, given: Option<&String>, most: usize) -> Answer<()> {
    if let Some(given) = given {
        set.push((column, HouseValue::Text(Some(needed(column, given, most)?))));
    }
    Ok(())
}

pub(super) fn put_number(set: &mut Set, column: &'static str, given: Option<i64>, range: std::ops::RangeInclusive<i64>) -> Answer<()> {
    if let Some(given) = given {
        if !range.contains(&given) {
            return Err(Problem::invalid(format!("{column} is {} to {}", range.start(), range.end())));
        }
        set.push((column, HouseValue::Number(Some(given))));
    }
    Ok(())
}

/// Null takes it away, a value sets it, nothing leaves it.
fn double<'de, T: Deserialize<'de>, D: serde::Deserializer<'de>>(given: D) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(given).map(Some)
}

pub(super) fn put_optional(
    set: &mut Set,
    column: &'static str,
    given: Option<Option<i64>>,
    range: std::ops::RangeInclusive<i64>,
) -> Answer<()> {
    match given {
        Some(None) => set.push((column, HouseValue::Number(None))),
        Some(given) => put_number(set, column, given, range)?,
        None => {}
    }
    Ok(())
}

/// Hours within a day as the store holds them.
pub(super) fn span(given: &str) -> Answer<String> {
    let read = |text: &str| {
        let (from, to) = text.split_once('-')?;
        let (from, to) = (ClockTime::parse(from.trim())?, ClockTime::parse(to.trim())?);
        (from < to).then(|| format!("{from}-{to}"))
    };
    read(given).ok_or_else(|| Problem::invalid(format!("{given:?} is no span of hours within a day, such as 10:00-21:30")))
}

/// One day's spans as the store holds them: in order, without overlap.
fn hours_of(day: &[String]) -> Answer<String> {
    let spans = day.iter().map(|hours| span(hours)).collect::<Answer<Vec<_>>>()?;
    if spans.windows(2).any(|pair| pair[0].split('-').nth(1) > pair[1].split('-').next()) {
        return Err(Problem::invalid(format!("the hours {} are not in order, or overlap", spans.join(", "))));
    }
    Ok(spans.join(","))
}

/// Makes a change, and writes down who did.
pub(super) async fn change(web: &Web, viewer: &Viewer, part: HousePart, subject: &str, set: &Set) -> Answer<Value> {
    if set.is_empty() {
        return Err(Problem::invalid("nothing is to be changed"));
    }
    let edit = web.store.edit_house(part, subject, set, &author(viewer), web.wall()).await?;
    web.audit(viewer, "house.changed", &format!("{}:{subject}", part.name()), "").await;
    Ok(show(&edit))
}

/// What is to be different about a dish; what is missing stays.
#[derive(Debug, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(in crate::web) struct DishPut {
    zh: Option<String>,
    en: Option<String>,
    /// Pinyin with tone digits; null: as usual.
    #[serde(deserialize_with = "double")]
    #[schema(value_type = Option<String>)]
    reading: Option<Option<String>>,
    price_fen: Option<i64>,
    /// Large, medium, small; null: one price.
    #[serde(deserialize_with = "double")]
    #[schema(value_type = Option<[i64; 3]>)]
    size_price_fen: Option<Option<[i64; 3]>>,
    category: Option<String>,
    options: Option<Vec<String>>,
    #[serde(deserialize_with = "double")]
    #[schema(value_type = Option<String>)]
    served: Option<Option<String>>,
    #[serde(deserialize_with = "double")]
    #[schema(value_type = Option<String>)]
    new_until: Option<Option<String>>,
    #[serde(deserialize_with = "double")]
    #[schema(value_type = Option<i64>)]
    alternative: Option<Option<i64>>,
    #[serde(deserialize_with = "double")]
    #[schema(value_type = Option<i64>)]
    points: Option<Option<i64>>,
    retired: Option<bool>,
}

/// Changes a dish, or makes a new one; heard by callers within two seconds.
#[utoipa::path(put, path = "/api/dishes/{n}", tag = "house", request_body = inline(DishPut), params(("n" = u16, Path)),
    responses((status = 200, description = "the change, with how it was and how it is"), (status = 422, description = "a field does not fit, or a new dish lacks one")))]
pub(in crate::web) async fn dish(
    State(web): State<Web>,
    viewer: Viewer,
    Path(number): Path<u16>,
    headers: HeaderMap,
    Body(put): Body<DishPut>,
) -> Answer<Response> {
    viewer.require(&MAY)?;
    let put = put?;
    let number = MenuNumber::new(number).ok_or_else(|| Problem::invalid("a dish number is 1 to 9999"))?;
    let catalogue = web.store.catalogue().await?;
    let mut set = Set::new();
    put_text(&mut set, "zh", put.zh.as_ref(), 40)?;
    put_text(&mut set, "en", put.en.as_ref(), 60)?;
    if let Some(reading) = &put.reading {
        if reading.as_deref().is_some_and(|reading| !is_reading(reading)) {
            return Err(Problem::invalid("reading is pinyin with tone digits, such as gong1 bao3 ji1 ding1"));
        }
        set.push(("reading", HouseValue::Text(reading.clone())));
    }
    put_number(&mut set, "price_fen", put.price_fen, 0..=DEAREST)?;
    if let Some(prices) = &put.size_price_fen {
        if prices.as_ref().is_some_and(|prices| prices.iter().any(|price| !(0..=DEAREST).contains(price))) {
            return Err(Problem::invalid("size_price_fen are three prices in fen"));
        }
        let prices = prices.map(|prices| prices.map(|price| price.to_string()).join(","));
        set.push(("size_price_fen", HouseValue::Text(prices)));
    }
    if let Some(category) = &put.category {
        if !catalogue.categories.iter().any(|known| known.id == *category) {
            return Err(Problem::invalid("there is no such category"));
        }
        set.push(("category", HouseValue::Text(Some(category.clone()))));
    }
    if let Some(options) = &put.options {
        if options.iter().any(|option| option != "size" && option != "spice") {
            return Err(Problem::invalid("options are size and spice"));
        }
        set.push(("options", HouseValue::Text(Some(options.join(",")))));
    }
    let before = catalogue.dishes.get(&number);
    let asks_size = match &put.options {
        Some(options) => options.iter().any(|option| option == "size"),
        None => before.is_some_and(|dish| dish.options.contains(&DishOption::Size)),
    };
    let by_size = put.size_price_fen.map_or(before.is_some_and(|dish| dish.size_price.is_some()), |prices| prices.is_some());
    if by_size && !asks_size {
        return Err(Problem::invalid("prices by size need the option size"));
    }
    if let Some(served) = &put.served {
        set.push(("served", HouseValue::Text(served.as_deref().map(span).transpose()?)));
    }
    if let Some(until) = &put.new_until {
        if until.as_deref().is_some_and(|day| day.parse::<jiff::civil::Date>().is_err()) {
            return Err(Problem::invalid("new_until is a date such as 2026-12-31"));
        }
        set.push(("new_until", HouseValue::Text(until.clone())));
    }
    if let Some(Some(other)) = put.alternative {
        let known =
            u16::try_from(other).ok().and_then(MenuNumber::new).filter(|other| *other != number && catalogue.dish(*other).is_some());
        known.ok_or_else(|| Problem::invalid("alternative is another dish on the menu"))?;
    }
    put_optional(&mut set, "alternative", put.alternative, 1..=9999)?;
    put_optional(&mut set, "points", put.points, 1..=10_000_000)?;
    put_number(&mut set, "retired", put.retired.map(i64::from), 0..=1)?;
    if !catalogue.dishes.contains_key(&number) {
        if put.zh.is_none() || put.en.is_none() || put.price_fen.is_none() || put.category.is_none() {
            return Err(Problem::invalid("a new dish needs zh, en, price_fen and category"));
        }
        if put.retired.is_none() {
            set.push(("retired", HouseValue::Number(Some(0))));
        }
        if put.options.is_none() {
            set.push(("options", HouseValue::Text(Some(String::new()))));
        }
    }
    let work = async { Ok((StatusCode::OK, change(&web, &viewer, HousePart::Dish, &number.to_string(), &set).await?)) };
    web.once(&viewer, &headers, &format!("PUT /api/dishes/{number}"), &put, work).await
}

/// What is to be different about a branch; what is missing stays.
#[derive(Debug, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(in crate::web) struct BranchPut {
    zh: Option<String>,
    en: Option<String>,
    address_zh: Option<String>,
    address_en: Option<String>,
    transit_zh: Option<String>,
    transit_en: Option<String>,
    /// Longitude and latitude, as in `121.437,31.188`; null when nobody knows.
    #[serde(deserialize_with = "double")]
    #[schema(value_type = Option<String>)]
    location: Option<Option<String>>,
    phone: Option<String>,
    /// Monday to Sunday, each with its spans.
    week: Option<[Vec<String>; 7]>,
    last_order_minutes: Option<i64>,
    delivery_minutes: Option<i64>,
    pickup_minutes: Option<i64>,
    min_delivery_fen: Option<i64>,
    delivery_fee_fen: Option<i64>,
    #[serde(deserialize_with = "double")]
    #[schema(value_type = Option<i64>)]
    free_delivery_from_fen: Option<Option<i64>>,
    cook_minutes: Option<i64>,
    #[serde(deserialize_with = "double")]
    #[schema(value_type = Option<i64>)]
    capacity_items: Option<Option<i64>>,
    #[serde(deserialize_with = "double")]
    #[schema(value_type = Option<i64>)]
    capacity_yuan: Option<Option<i64>>,
}

/// Changes a branch, or makes a new one; heard by callers within two seconds.
#[utoipa::path(put, path = "/api/branches/{n}", tag = "house", request_body = inline(BranchPut), params(("n" = u16, Path)),
    responses((status = 200, description = "the change, with how it was and how it is"), (status = 422, description = "a field does not fit, or a new branch lacks one")))]
pub(in crate::web) async fn branch(
    State(web): State<Web>,
    viewer: Viewer,
    Path(number): Path<u16>,
    headers: HeaderMap,
    Body(put): Body<BranchPut>,
) -> Answer<Response> {
    viewer.require(&MAY)?;
    let put = put?;
    let number = BranchNumber::new(number).ok_or_else(|| Problem::invalid("a branch number is 1 to 9999"))?;
    let new = !web.store.catalogue().await?.branches.contains_key(&number);
    let mut set = Set::new();
    for (column, given) in
        [("zh", &put.zh), ("en", &put.en), ("address_zh", &put.address_zh), ("address_en", &put.address_en), ("phone", &put.phone)]
    {
        put_text(&mut set, column, given.as_ref(), 200)?;
    }
    // Directions may be none.
    for (column, given) in [("transit_zh", &put.transit_zh), ("transit_en", &put.transit_en)] {
        if let Some(given) = given {
            set.push((column, HouseValue::Text(Some(text(column, given, 200)?))));
        }
    }
    if let Some(location) = &put.location {
        let given = location.as_deref().filter(|text| !text.trim().is_empty());
        let wrong = || Problem::invalid("location is longitude,latitude in degrees, such as 121.437,31.188");
        let at = given.map(|text| Point::parse(text).ok_or_else(wrong)).transpose()?;
        set.push(("location", HouseValue::Text(at.map(|at| at.to_string()))));
    }
    if put.phone.as_deref().is_some_and(|phone| PhoneNumber::parse(phone).is_none()) {
        return Err(Problem::invalid("phone is no telephone number"));
    }
    if let Some(week) = &put.week {
        let days = week.iter().map(|day| hours_of(day));
        set.push(("week", HouseValue::Text(Some(days.collect::<Answer<Vec<_>>>()?.join(";")))));
    }
    put_number(&mut set, "last_order_minutes", put.last_order_minutes, 0..=720)?;
    put_number(&mut set, "delivery_minutes", put.delivery_minutes, 1..=600)?;
    put_number(&mut set, "pickup_minutes", put.pickup_minutes, 1..=600)?;
    put_number(&mut set, "min_delivery_fen", put.min_delivery_fen, 0..=DEAREST)?;
    put_number(&mut set, "delivery_fee_fen", put.delivery_fee_fen, 0..=DEAREST)?;
    put_optional(&mut set, "free_delivery_from_fen", put.free_delivery_from_fen, 0..=DEAREST)?;
    put_number(&mut set, "cook_minutes", put.cook_minutes, 1..=240)?;
    put_optional(&mut set, "capacity_items", put.capacity_items, 1..=100_000)?;
    let fen = put.capacity_yuan.map(|yuan| yuan.map(|yuan| yuan.saturating_mul(100)));
    put_optional(&mut set, "capacity_fen", fen, 100..=100_000_000)?;
    if new {
        if [&put.zh, &put.en, &put.address_zh, &put.address_en, &put.phone].into_iter().any(Option::is_none) || put.week.is_none() {
            return Err(Problem::invalid("a new branch needs zh, en, address_zh, address_en, phone and week"));
        }
        // What menus.toml takes for granted as well.
        let usual = [
            ("last_order_minutes", 20),
            ("delivery_minutes", 45),
            ("pickup_minutes", 20),
            ("min_delivery_fen", 0),
            ("delivery_fee_fen", 0),
            ("cook_minutes", 15),
            ("retired", 0),
        ];
        let given = |column: &str, set: &Set| set.iter().any(|(there, _)| *there == column);
        for (column, value) in usual {
            if !given(column, &set) {
                set.push((column, HouseValue::Number(Some(value))));
            }
        }
        for column in ["transit_zh", "transit_en"] {
            if !given(column, &set) {
                set.push((column, HouseValue::Text(Some(String::new()))));
            }
        }
    }
    let work = async { Ok((StatusCode::OK, change(&web, &viewer, HousePart::Branch, &number.to_string(), &set).await?)) };
    web.once(&viewer, &headers, &format!("PUT /api/branches/{number}"), &put, work).await
}

/// A zone as it should be.
#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct ZonePut {
    branch: u16,
    name: String,
    /// `polygon`, `streets`, `keywords`
    kind: String,
    lines: Vec<String>,
    #[serde(default)]
    fee_fen: Option<i64>,
    #[serde(default)]
    min_fen: Option<i64>,
    #[serde(default)]
    minutes: Option<i64>,
}

impl ZonePut {
    fn set(&self, web: &Web) -> Answer<Set> {
        let known = BranchNumber::new(self.branch).filter(|number| web.catalogue.borrow().branches.contains_key(number));
        known.ok_or_else(|| Problem::invalid("there is no such branch"))?;
        let lines: Vec<&str> = self.lines.iter().map(String::as_str).collect();
        if lines.len() > 500 || lines.iter().any(|line| line.len() > 300 || line.contains('\n')) {
            return Err(Problem::invalid("a zone has at most 500 lines of 300 bytes"));
        }
        let rule = ZoneRule::written(&self.kind, &lines).map_err(Problem::invalid)?;
        let mut set: Set = vec![
            ("branch", HouseValue::Number(Some(i64::from(self.branch)))),
            ("name", HouseValue::Text(Some(needed("name", &self.name, 40)?))),
            ("kind", HouseValue::Text(Some(rule.kind().to_owned()))),
            ("rule", HouseValue::Text(Some(rule.lines().join("\n")))),
        ];
        put_optional(&mut set, "fee_fen", Some(self.fee_fen), 0..=DEAREST)?;
        put_optional(&mut set, "min_fen", Some(self.min_fen), 0..=DEAREST)?;
        put_optional(&mut set, "minutes", Some(self.minutes), 1..=600)?;
        set.push(("retired", HouseValue::Number(Some(0))));
        Ok(set)
    }
}

/// All zones.
#[utoipa::path(get, path = "/api/zones", tag = "house", responses((status = 200, description = "a list of zones")))]
pub(in crate::web) async fn zones(State(web): State<Web>, viewer: Viewer) -> Answer<Json<Value>> {
    viewer.require(&[&LEAD[..], &[Role::Dispatcher, Role::Administrator, Role::Agent]].concat())?;
    let catalogue = web.store.catalogue().await?;
    let show = |zone: &Zone| {
        json!({
            "id": zone.id, "branch": zone.branch.get(), "name": zone.name, "kind": zone.rule.kind(), "lines": zone.rule.lines(),
            "fee_fen": zone.fee.map(crate::domain::Money::as_fen), "min_fen": zone.least.map(crate::domain::Money::as_fen), "minutes": zone.minutes,
        })
    };
    Ok(Json(catalogue.zones.iter().map(show).collect()))
}

/// Makes a zone.
#[utoipa::path(post, path = "/api/zones", tag = "house", request_body = inline(ZonePut),
    responses((status = 201, description = "the change; `subject` is the zone's id"), (status = 422, description = "what is wrong with its rule, with the line")))]
pub(in crate::web) async fn add_zone(
    State(web): State<Web>,
    viewer: Viewer,
    headers: HeaderMap,
    Body(put): Body<ZonePut>,
) -> Answer<Response> {
    viewer.require(&MAY)?;
    let put = put?;
    let set = put.set(&web)?;
    let work = async {
        let id = format!("z{}", &crate::web::secret::text()[..12]);
        Ok((StatusCode::CREATED, change(&web, &viewer, HousePart::Zone, &id, &set).await?))
    };
    web.once(&viewer, &headers, "POST /api/zones", &put, work).await
}

/// Changes a zone.
#[utoipa::path(put, path = "/api/zones/{id}", tag = "house", request_body = inline(ZonePut), params(("id" = String, Path)),
    responses((status = 200, description = "the change"), (status = 404, description = "no such zone"), (status = 422, description = "what is wrong with its rule")))]
pub(in crate::web) async fn change_zone(
    State(web): State<Web>,
    viewer: Viewer,
    Path(id): Path<String>,
    Body(put): Body<ZonePut>,
) -> Answer<Json<Value>> {
    viewer.require(&MAY)?;
    let put = put?;
    there(&web, &id).await?;
    Ok(Json(change(&web, &viewer, HousePart::Zone, &id, &put.set(&web)?).await?))
}

/// Takes a zone away; it can be brought back by taking that change back.
#[utoipa::path(delete, path = "/api/zones/{id}", tag = "house", params(("id" = String, Path)),
    responses((status = 204, description = "nobody delivers by it any more"), (status = 404, description = "no such zone")))]
pub(in crate::web) async fn drop_zone(State(web): State<Web>, viewer: Viewer, Path(id): Path<String>) -> Answer<StatusCode> {
    viewer.require(&MAY)?;
    there(&web, &id).await?;
    change(&web, &viewer, HousePart::Zone, &id, &vec![("retired", HouseValue::Number(Some(1)))]).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn there(web: &Web, id: &str) -> Answer<()> {
    let known = web.store.catalogue().await?.zones.iter().any(|zone| zone.id == id);
    if known { Ok(()) } else { Err(Problem::not_found("zone")) }
}
