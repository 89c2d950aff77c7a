//! What can be ordered, where, and at what price, as consoles show it; found by number, name or pinyin initials.

use axum::extract::State;
use axum::response::Response;
use pinyin::ToPinyin;
use serde_json::{Value, json};

use super::made;
use crate::domain::{Branch, Catalogue, ClockTime, DateTime, Dish, DishOption, Opening, Timestamp};
use crate::web::{Answer, Viewer, Web};

/// Dishes with pinyin initials, branches with whether they are open, levels, categories, offers of today.
#[utoipa::path(get, path = "/api/catalogue", tag = "catalogue", responses((status = 200, description = "the catalogue as it is now")))]
pub(in crate::web) async fn catalogue(State(web): State<Web>, _viewer: Viewer) -> Answer<Response> {
    let catalogue = web.catalogue.borrow().clone();
    let now = web.wall();
    // What is open, served and sold out changes with the minute; everything else raises the version.
    let key = format!("{} {}", catalogue.version, now.as_millis() / 60_000);
    if let Some(body) = web.desk.shelf.find("catalogue", &key) {
        return Ok(made(body));
    }
    let body = show(&catalogue, web.store.clock().local(now), now).to_string();
    web.desk.shelf.put("catalogue", key, body.clone());
    Ok(made(body))
}

fn show(catalogue: &Catalogue, local: DateTime, now: Timestamp) -> Value {
    let names = |id: &str, zh: &str, en: &str| json!({ "id": id, "zh": zh, "en": en });
    let levels = catalogue
        .levels
        .iter()
        .map(|level| json!({ "id": level.id, "zh": level.zh, "en": level.en, "discount_percent": level.discount_percent }));
    let offers = catalogue.offers.iter().filter(|offer| offer.from <= local.date() && local.date() <= offer.until);
    json!({
        "version": catalogue.version,
        "currency": "CNY",
        "levels": levels.collect::<Vec<_>>(),
        "categories": catalogue.categories.iter().map(|one| names(&one.id, &one.zh, &one.en)).collect::<Vec<_>>(),
        "dishes": catalogue.dishes.values().filter(|dish| !dish.retired).map(|one| dish(one, catalogue, local, now)).collect::<Vec<_>>(),
        "branches": catalogue.branches.values().map(|one| branch(one, catalogue, local)).collect::<Vec<_>>(),
        "offers": offers.map(|one| names(&one.id, &one.zh, &one.en)).collect::<Vec<_>>(),
    })
}

fn dish(dish: &Dish, catalogue: &Catalogue, local: DateTime, now: Timestamp) -> Value {
    let sizes = dish
        .size_price
        .map(|[large, medium, small]| json!({ "large_fen": large.as_fen(), "medium_fen": medium.as_fen(), "small_fen": small.as_fen() }));
    let options: Vec<&str> = dish
        .options
        .iter()
        .map(|option| match option {
            DishOption::Size => "size",
            DishOption::Spice => "spice",
        })
        .collect();
    let gone = catalogue.sold_out.iter().filter(|gone| gone.dish == dish.number && now < gone.until);
    json!({
        "number": dish.number.get(),
        "zh": dish.zh,
        "en": dish.en,
        "pinyin": initials(dish),
        "price_fen": dish.price.as_fen(),
        "sizes": sizes,
        "options": options,
        "category": dish.category,
        "served": dish.served_at(ClockTime::of(local)),
        "points": dish.points,
        "sold_out": gone.map(|gone| gone.branch.map(crate::domain::BranchNumber::get)).collect::<Vec<_>>(),
        "new": dish.new_until.is_some_and(|until| local.date() <= until),
    })
}

/// The first letter of each syllable: 宫保鸡丁 is `gbjd`. A reading that the house gives counts before the usual one.
pub(super) fn initials(dish: &Dish) -> String {
    let first = |syllable: &str| syllable.chars().next().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase());
    if let Some(reading) = &dish.reading {
        return reading.split_whitespace().filter_map(first).collect();
    }
    dish.zh
        .chars()
        .filter_map(|c| match c.to_pinyin() {
            Some(syllable) => first(syllable.plain()),
            None => first(c.encode_utf8(&mut [0; 4])),
        })
        .collect()
}

fn branch(branch: &Branch, catalogue: &Catalogue, local: DateTime) -> Value {
    let clock = |at: DateTime| at.strftime("%H:%M").to_string();
    let (open, opens_at, closes_at) = match branch.opening(local, &catalogue.holidays) {
        Opening::Open { closes, .. } => {
            let from = branch.hours_on(local.date(), &catalogue.holidays).map(|(from, _)| from.to_string());
            (true, from, Some(clock(closes)))
        }
        Opening::Closed { opens } => {
            let to = opens.and_then(|opens| branch.hours_on(opens.date(), &catalogue.holidays)).map(|(_, to)| to.to_string());
            (false, opens.map(clock), to)
        }
    };
    json!({
        "number": branch.number.get(),
        "zh": branch.zh,
        "en": branch.en,
        "address_zh": branch.address_zh,
        "address_en": branch.address_en,
        "transit_zh": branch.transit_zh,
        "transit_en": branch.transit_en,
        "phone": branch.phone,
        "open": open,
        "opens_at": opens_at,
        "closes_at": closes_at,
        "delivery_minutes": branch.delivery_minutes,
        "pickup_minutes": branch.pickup_minutes,
        "min_delivery_fen": branch.min_delivery.as_fen(),
        "delivery_fee_fen": branch.delivery_fee.as_fen(),
        "free_delivery_from_fen": branch.free_delivery_from.map(crate::domain::Money::as_fen),
    })
}

#[cfg(test)]
mod tests {
    use super::initials;
    use crate::domain::{Dish, MenuNumber, Money};

    fn dish(zh: &str, reading: Option<&str>) -> Dish {
        Dish {
            number: MenuNumber::new(1).expect("is one"),
            zh: zh.into(),
            en: String::new(),
            reading: reading.map(str::to_owned),
            price: Money::ZERO,
            size_price: None,
            category: String::new(),
            options: Vec::new(),
            served: None,
            new_until: None,
            alternative: None,
            points: None,
            retired: false,
        }
    }

    #[test]
    fn c61_a_dish_is_found_by_its_initials() {
        assert_eq!(initials(&dish("宫保鸡丁", None)), "gbjd");
        assert_eq!(initials(&dish("扬州炒饭", None)), "yzcf");
        assert_eq!(initials(&dish("Coca-Cola 可乐", None)), "cocacolakl");
        assert_eq!(initials(&dish("重庆小面", Some("chong2 qing4 xiao3 mian4"))), "cqxm");
        assert_eq!(initials(&dish("", None)), "");
    }
}
