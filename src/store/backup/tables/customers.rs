//! Members, their numbers and addresses, and what is remembered of them.

use super::Kind::{Int, Text};
use super::Table;

pub(super) const TABLES: &[Table] = &[
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
            ("birthday", Text),
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
            ("doubted_by", Text),
            ("doubted_branch", Int),
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
        columns: &[
            ("phone", Text),
            ("level", Text),
            ("until_at", Int),
            ("reason", Text),
            ("at", Int),
            ("by_name", Text),
            ("id", Text),
            ("degree", Text),
        ],
    },
    Table {
        name: "carts",
        key: 1,
        columns: &[("id", Text), ("customer", Text), ("phone", Text), ("lines", Text), ("step", Text), ("saved_at", Int)],
    },
];
