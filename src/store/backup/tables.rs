//! The tables of a backup, in the order in which rows may be written; the key columns come first.

use Kind::{Int, Text};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Int,
    Text,
}

/// One table.
pub(super) struct Table {
    pub(super) name: &'static str,
    /// So many of the first columns are its key.
    pub(super) key: usize,
    pub(super) columns: &'static [(&'static str, Kind)],
}

/// All of them: kept the same as `migrations/` by a test.
pub(super) const TABLES: [Table; 40] = [
    Table { name: "shop", key: 1, columns: &[("id", Int), ("catalogue_version", Int)] },
    Table { name: "counters", key: 1, columns: &[("name", Text), ("last", Int)] },
    Table {
        name: "levels",
        key: 1,
        columns: &[
            ("id", Text),
            ("zh", Text),
            ("en", Text),
            ("discount_percent", Int),
            ("place", Int),
            ("retired", Int),
            ("file_hash", Text),
        ],
    },
    Table {
        name: "categories",
        key: 1,
        columns: &[("id", Text), ("zh", Text), ("en", Text), ("place", Int), ("retired", Int), ("file_hash", Text)],
    },
    Table {
        name: "dishes",
        key: 1,
        columns: &[
            ("number", Int),
            ("zh", Text),
            ("en", Text),
            ("reading", Text),
            ("price_fen", Int),
            ("size_price_fen", Text),
            ("category", Text),
            ("options", Text),
            ("served", Text),
            ("new_until", Text),
            ("alternative", Int),
            ("points", Int),
            ("retired", Int),
            ("file_hash", Text),
        ],
    },
    Table {
        name: "branches",
        key: 1,
        columns: &[
            ("number", Int),
            ("zh", Text),
            ("en", Text),
            ("reading", Text),
            ("address_zh", Text),
            ("address_en", Text),
            ("transit_zh", Text),
            ("transit_en", Text),
            ("phone", Text),
            ("week", Text),
            ("last_order_minutes", Int),
            ("delivery_minutes", Int),
            ("pickup_minutes", Int),
            ("min_delivery_fen", Int),
            ("delivery_fee_fen", Int),
            ("free_delivery_from_fen", Int),
            ("paused", Int),
            ("retired", Int),
            ("file_hash", Text),
        ],
    },
    Table {
        name: "offers",
        key: 1,
        columns: &[
            ("id", Text),
            ("zh", Text),
            ("en", Text),
            ("from_day", Text),
            ("until_day", Text),
            ("days", Text),
            ("hours", Text),
            ("kind", Text),
            ("category", Text),
            ("percent_off", Int),
            ("from_fen", Int),
            ("off_fen", Int),
            ("repeat_days", Int),
            ("place", Int),
            ("retired", Int),
            ("file_hash", Text),
        ],
    },
    Table {
        name: "holidays",
        key: 1,
        columns: &[("id", Text), ("first_day", Text), ("last_day", Text), ("branch", Int), ("retired", Int), ("file_hash", Text)],
    },
    Table { name: "make_up_days", key: 1, columns: &[("day", Text), ("weekday", Text), ("retired", Int), ("file_hash", Text)] },
    Table { name: "sold_out", key: 1, columns: &[("id", Text), ("dish", Int), ("branch", Int), ("until_at", Int)] },
    Table {
        name: "customers",
        key: 1,
        columns: &[
            ("id", Text),
            ("created_at", Int),
            ("name", Text),
            ("tastes", Text),
            ("allergies", Text),
            ("tags", Text),
            ("note", Text),
            ("owner", Text),
            ("team", Text),
        ],
    },
    Table { name: "customer_phones", key: 2, columns: &[("phone", Text), ("customer", Text)] },
    Table {
        name: "addresses",
        key: 1,
        columns: &[
            ("id", Text),
            ("customer", Text),
            ("label", Text),
            ("text", Text),
            ("clip", Text),
            ("recording", Text),
            ("branch", Int),
            ("unchecked", Int),
            ("created_at", Int),
            ("used_at", Int),
        ],
    },
    Table {
        name: "members",
        key: 1,
        columns: &[
            ("number", Text),
            ("customer", Text),
            ("level", Text),
            ("pin_hash", Text),
            ("pin_day", Text),
            ("pin_wrong", Int),
            ("revision", Int),
        ],
    },
    Table {
        name: "points",
        key: 1,
        columns: &[
            ("id", Text),
            ("member", Text),
            ("at", Int),
            ("seq", Int),
            ("points", Int),
            ("expires", Int),
            ("why", Text),
            ("order_id", Text),
        ],
    },
    Table { name: "languages", key: 1, columns: &[("phone", Text), ("language", Text), ("at", Int)] },
    Table { name: "offers_heard", key: 2, columns: &[("phone", Text), ("offer", Text), ("at", Int)] },
    Table {
        name: "block_list",
        key: 2,
        columns: &[("phone", Text), ("level", Text), ("until_at", Int), ("reason", Text), ("at", Int), ("by_name", Text), ("id", Text)],
    },
    Table {
        name: "carts",
        key: 1,
        columns: &[("id", Text), ("customer", Text), ("phone", Text), ("lines", Text), ("step", Text), ("saved_at", Int)],
    },
    Table {
        name: "orders",
        key: 1,
        columns: &[
            ("id", Text),
            ("key", Text),
            ("number", Text),
            ("customer", Text),
            ("member", Text),
            ("phone", Text),
            ("language", Text),
            ("via", Text),
            ("status", Text),
            ("fulfilment", Text),
            ("branch", Int),
            ("address_id", Text),
            ("address_text", Text),
            ("recording", Text),
            ("wanted_at", Text),
            ("goods_fen", Int),
            ("fee_fen", Int),
            ("pay_fen", Int),
            ("points", Int),
            ("note", Text),
            ("fingerprint", Text),
            ("placed_at", Int),
            ("promised_at", Int),
            ("out_at", Int),
            ("done_at", Int),
            ("urged_at", Int),
            ("changed_at", Int),
            ("agent", Text),
            ("agent_name", Text),
            ("call_id", Text),
            ("contact", Text),
            ("remark", Text),
            ("override_by", Text),
            ("override_why", Text),
        ],
    },
    Table {
        name: "order_lines",
        key: 2,
        columns: &[
            ("order_id", Text),
            ("place", Int),
            ("dish", Int),
            ("zh", Text),
            ("en", Text),
            ("quantity", Int),
            ("size", Int),
            ("spice", Int),
            ("price_fen", Int),
            ("amount_fen", Int),
            ("note", Text),
        ],
    },
    Table {
        name: "order_discounts",
        key: 2,
        columns: &[
            ("order_id", Text),
            ("place", Int),
            ("kind", Text),
            ("subject", Text),
            ("percent", Int),
            ("count", Int),
            ("amount_fen", Int),
        ],
    },
    Table { name: "journal", key: 1, columns: &[("seq", Int), ("at", Int), ("kind", Text), ("subject", Text), ("data", Text)] },
    Table {
        name: "calls",
        key: 1,
        columns: &[
            ("id", Text),
            ("sip_call_id", Text),
            ("node", Text),
            ("trunk", Text),
            ("caller", Text),
            ("dialled", Text),
            ("customer", Text),
            ("language", Text),
            ("arrived_at", Int),
            ("answered_at", Int),
            ("ended_at", Int),
            ("end_by", Text),
            ("end_reason", Text),
            ("codec", Text),
            ("order_number", Text),
            ("keys", Int),
            ("errors", Int),
            ("packets_in", Int),
            ("packets_lost", Int),
            ("one_way", Int),
            ("no_keys", Int),
            ("steps", Text),
        ],
    },
    Table { name: "recordings", key: 1, columns: &[("id", Text), ("call_id", Text), ("kind", Text), ("length_ms", Int), ("at", Int)] },
    Table {
        name: "messages",
        key: 1,
        columns: &[
            ("number", Text),
            ("kind", Text),
            ("recording", Text),
            ("customer", Text),
            ("phone", Text),
            ("order_id", Text),
            ("status", Text),
            ("at", Int),
        ],
    },
    Table {
        name: "users",
        key: 1,
        columns: &[
            ("id", Text),
            ("login", Text),
            ("name", Text),
            ("number", Text),
            ("role", Text),
            ("queues", Text),
            ("skills", Text),
            ("account", Text),
            ("ha1_md5", Text),
            ("ha1_sha256", Text),
            ("language", Text),
            ("branch", Int),
            ("password_hash", Text),
            ("must_change", Int),
            ("disabled", Int),
            ("created_at", Int),
            ("changed_at", Int),
        ],
    },
    Table {
        name: "tokens",
        key: 1,
        columns: &[
            ("id", Text),
            ("name", Text),
            ("hash", Text),
            ("role", Text),
            ("made_by", Text),
            ("created_at", Int),
            ("revoked_at", Int),
        ],
    },
    Table {
        name: "audit",
        key: 1,
        columns: &[
            ("seq", Int),
            ("at", Int),
            ("who", Text),
            ("name", Text),
            ("address", Text),
            ("action", Text),
            ("object", Text),
            ("detail", Text),
        ],
    },
    Table { name: "customer_never", key: 2, columns: &[("customer", Text), ("agent", Text)] },
    Table {
        name: "customer_changes",
        key: 1,
        columns: &[
            ("id", Text),
            ("customer", Text),
            ("at", Int),
            ("by_user", Text),
            ("by_name", Text),
            ("kind", Text),
            ("before", Text),
            ("after", Text),
            ("reason", Text),
        ],
    },
    Table { name: "last_agents", key: 1, columns: &[("who", Text), ("agent", Text), ("name", Text), ("call_id", Text), ("at", Int)] },
    Table {
        name: "wrap_ups",
        key: 2,
        columns: &[
            ("call_id", Text),
            ("agent", Text),
            ("agent_name", Text),
            ("customer", Text),
            ("phone", Text),
            ("disposition", Int),
            ("note", Text),
            ("order_number", Text),
            ("follow", Text),
            ("saved_at", Int),
        ],
    },
    Table {
        name: "call_parts",
        key: 1,
        columns: &[
            ("id", Text),
            ("call_id", Text),
            ("kind", Text),
            ("agent", Text),
            ("name", Text),
            ("queue", Text),
            ("from_at", Int),
            ("until_at", Int),
            ("began", Text),
            ("ended", Text),
            ("held_ms", Int),
            ("note", Text),
        ],
    },
    Table {
        name: "queue_visits",
        key: 1,
        columns: &[
            ("id", Text),
            ("call_id", Text),
            ("node", Text),
            ("queue", Text),
            ("phone", Text),
            ("customer", Text),
            ("language", Text),
            ("entered_at", Int),
            ("left_at", Int),
            ("outcome", Text),
            ("agent", Text),
            ("is_callback", Int),
        ],
    },
    Table { name: "drafts", key: 2, columns: &[("agent", Text), ("key", Text), ("title", Text), ("body", Text), ("saved_at", Int)] },
    Table {
        name: "missed",
        key: 1,
        columns: &[
            ("id", Text),
            ("kind", Text),
            ("call_id", Text),
            ("phone", Text),
            ("customer", Text),
            ("queue", Text),
            ("at", Int),
            ("times", Int),
            ("taken_by", Text),
            ("taken_name", Text),
            ("taken_at", Int),
            ("done_at", Int),
            ("done_by", Text),
            ("done_how", Text),
        ],
    },
    Table {
        name: "call_backs",
        key: 1,
        columns: &[
            ("id", Text),
            ("phone", Text),
            ("customer", Text),
            ("queue", Text),
            ("language", Text),
            ("call_id", Text),
            ("status", Text),
            ("since", Int),
            ("not_before", Int),
            ("not_after", Int),
            ("tries", Int),
            ("claimed_by", Text),
            ("claimed_until", Int),
            ("why", Text),
            ("changed_at", Int),
        ],
    },
    Table {
        name: "block_changes",
        key: 1,
        columns: &[
            ("id", Text),
            ("phone", Text),
            ("at", Int),
            ("by_user", Text),
            ("by_name", Text),
            ("level", Text),
            ("until_at", Int),
            ("reason", Text),
        ],
    },
    Table { name: "agent_times", key: 4, columns: &[("day", Text), ("agent", Text), ("run", Text), ("state", Text), ("ms", Int)] },
];

#[cfg(test)]
mod tests {
    use super::{Kind, TABLES};

    /// Holds for a day at most (nobody is signed in by a restore), or can be added up again from the records.
    const NOT_KEPT: [&str; 12] = [
        "sessions",
        "answers",
        "report_days",
        "roll_lines",
        "roll_queues",
        "roll_agents",
        "roll_nodes",
        "roll_funnel",
        "roll_codes",
        "roll_orders",
        "roll_order_times",
        "roll_dishes",
    ];

    /// What `create table` says, read from the migrations.
    fn written() -> Vec<(String, Vec<(String, Kind)>)> {
        let files = [
            include_str!("../../../migrations/0001_house.sql"),
            include_str!("../../../migrations/0002_people.sql"),
            include_str!("../../../migrations/0003_orders.sql"),
            include_str!("../../../migrations/0004_calls.sql"),
            include_str!("../../../migrations/0005_users.sql"),
            include_str!("../../../migrations/0006_people.sql"),
            include_str!("../../../migrations/0009_reports.sql"),
        ];
        let mut tables: Vec<(String, Vec<(String, Kind)>)> = Vec::new();
        for line in files.iter().flat_map(|file| file.lines()).map(str::trim) {
            let words: Vec<&str> = line.split([' ', ',']).filter(|word| !word.is_empty()).collect();
            match words.as_slice() {
                ["create", "table", name, ..] => tables.push(((*name).to_owned(), Vec::new())),
                ["alter", "table", name, "add", "column", column, kind, ..] => {
                    let table = tables.iter_mut().find(|table| table.0 == *name).unwrap();
                    table.1.push(((*column).to_owned(), if *kind == "bigint" { Kind::Int } else { Kind::Text }));
                }
                [column, kind @ ("bigint" | "text"), ..] => {
                    let kind = if *kind == "bigint" { Kind::Int } else { Kind::Text };
                    tables.last_mut().unwrap().1.push(((*column).to_owned(), kind));
                }
                _ => {}
            }
        }
        tables
    }

    #[test]
    fn a_backup_holds_every_column_of_every_table() {
        let sorted = |mut columns: Vec<(String, Kind)>| {
            columns.sort_by(|one, other| one.0.cmp(&other.0));
            columns
        };
        let listed: Vec<(String, Vec<(String, Kind)>)> = TABLES
            .iter()
            .map(|table| (table.name.to_owned(), sorted(table.columns.iter().map(|(name, kind)| ((*name).to_owned(), *kind)).collect())))
            .collect();
        let written: Vec<_> = written()
            .into_iter()
            .filter(|(name, _)| !NOT_KEPT.contains(&name.as_str()))
            .map(|(name, columns)| (name, sorted(columns)))
            .collect();
        assert_eq!(listed, written);
    }
}
