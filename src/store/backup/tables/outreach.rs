//! Who wants to be contacted, and campaigns with their evidence.

use super::Kind::{Int, Text};
use super::Table;

pub(super) const TABLES: &[Table] = &[
    Table {
        name: "contact_wishes",
        key: 1,
        columns: &[("phone", Text), ("wish", Text), ("at", Int), ("how", Text), ("words", Text), ("by_name", Text)],
    },
    Table {
        name: "campaigns",
        key: 1,
        columns: &[
            ("id", Text),
            ("name", Text),
            ("kind", Text),
            ("status", Text),
            ("plan", Text),
            ("life", Int),
            ("turn", Int),
            ("listed_at", Int),
            ("made_by", Text),
            ("made_at", Int),
            ("approved_by", Text),
            ("approved_at", Int),
            ("began_at", Int),
            ("ended_at", Int),
            ("changed_at", Int),
        ],
    },
    Table { name: "campaign_listed", key: 2, columns: &[("campaign", Text), ("phone", Text), ("name", Text), ("consent", Text)] },
    Table {
        name: "campaign_numbers",
        key: 2,
        columns: &[
            ("campaign", Text),
            ("phone", Text),
            ("customer", Text),
            ("name", Text),
            ("status", Text),
            ("why", Text),
            ("tries", Int),
            ("next_at", Int),
            ("claimed_by", Text),
            ("changed_at", Int),
        ],
    },
    Table {
        name: "campaign_tries",
        key: 1,
        columns: &[
            ("id", Text),
            ("campaign", Text),
            ("phone", Text),
            ("try", Int),
            ("node", Text),
            ("at", Int),
            ("answered_at", Int),
            ("ended_at", Int),
            ("outcome", Text),
            ("why", Text),
            ("keys", Text),
            ("call_id", Text),
            ("said", Text),
            ("consent_at", Int),
            ("consent_how", Text),
            ("consent_words", Text),
        ],
    },
    Table { name: "campaign_counts", key: 2, columns: &[("campaign", Text), ("what", Text), ("count", Int)] },
    Table { name: "contact_turns", key: 1, columns: &[("phone", Text), ("at", Int)] },
];
