//! The columns of the house's tables, named in one place: what the file fills, what people change, what callers hear.

/// Of `levels`, after the id.
pub(super) const LEVEL: &[&str] = &["zh", "en", "discount_percent", "place"];

/// Of `categories`, after the id.
pub(super) const CATEGORY: &[&str] = &["zh", "en", "place"];

/// Of `dishes`, after the number.
pub(super) const DISH: &[&str] =
    &["zh", "en", "reading", "price_fen", "size_price_fen", "category", "options", "served", "new_until", "alternative", "points", RETIRED];

/// Of `branches`, after the number. Whether one is paused or retired is not the file's alone to say: see [`PAUSED`], [`RETIRED`].
pub(super) const BRANCH: &[&str] = &[
    "zh",
    "en",
    "reading",
    "address_zh",
    "address_en",
    "transit_zh",
    "transit_en",
    "phone",
    "week",
    "last_order_minutes",
    "delivery_minutes",
    "pickup_minutes",
    "min_delivery_fen",
    "delivery_fee_fen",
    "free_delivery_from_fen",
    "cook_minutes",
    "capacity_items",
    "capacity_fen",
    "location",
];

/// Of `offers`, after the id.
pub(super) const OFFER: &[&str] = &[
    "zh",
    "en",
    "from_day",
    "until_day",
    "days",
    "hours",
    "kind",
    "category",
    "percent_off",
    "from_fen",
    "off_fen",
    "repeat_days",
    "place",
];

/// Of `holidays`, after the id.
pub(super) const HOLIDAY: &[&str] = &["first_day", "last_day", "branch"];

/// Of `zones`, after the id.
pub(super) const ZONE: &[&str] = &["branch", "name", "kind", "rule", "fee_fen", "min_fen", "minutes"];

/// Of `make_up_days`, after the day.
pub(super) const MAKE_UP: &[&str] = &["weekday"];

/// Of `page_queues`, after the id.
pub(super) const PAGE_QUEUE: &[&str] = &["settings"];

/// Of `page_trunks`, after the id.
pub(super) const PAGE_TRUNK: &[&str] = &["settings", "password"];

/// A branch that takes no orders for now.
pub(super) const PAUSED: &str = "paused";

/// Gone, the number or id kept; every table of the house has it.
pub(super) const RETIRED: &str = "retired";
