//! The tables of a backup, in the order in which rows may be written; the key columns come first.

mod customers;
mod floor;
mod house;
mod kitchen;
mod orders;
mod outreach;
mod service;

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
pub(super) fn tables() -> impl DoubleEndedIterator<Item = &'static Table> {
    [house::TABLES, customers::TABLES, orders::TABLES, floor::TABLES, kitchen::TABLES, service::TABLES, outreach::TABLES]
        .into_iter()
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::{Kind, tables};
    use crate::store::open::MIGRATIONS;

    /// Holds for a day at most (nobody is signed in, no board is open and no node begins by a restore), or can be added up again from the records.
    const NOT_KEPT: &[&str] = &[
        "sessions",
        "answers",
        "boards",
        "nodes",
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
        "roll_deliveries",
        "roll_delivery_times",
        "roll_outcomes",
        "roll_kitchens",
        "roll_unserved",
        "roll_contacts",
        "roll_offers",
        "roll_guests",
        "roll_quality",
    ];

    /// What `create table` says, read from the migrations.
    fn written() -> Vec<(String, Vec<(String, Kind)>)> {
        let mut tables: Vec<(String, Vec<(String, Kind)>)> = Vec::new();
        for line in MIGRATIONS.iter().flat_map(|(_, _, file)| file.lines()).map(str::trim) {
            let words: Vec<&str> = line.split([' ', ',']).filter(|word| !word.is_empty()).collect();
            match words.as_slice() {
                // Made anew under its name.
                ["alter", "table", from, "rename", "to", to] => {
                    let place = tables.iter().position(|table| table.0 == *from).unwrap();
                    let columns = tables.remove(place).1;
                    tables.iter_mut().find(|table| table.0 == to.trim_end_matches(';')).unwrap().1 = columns;
                }
                ["create", "table", name, ..] => tables.push(((*name).to_owned(), Vec::new())),
                ["alter", "table", name, "add", "column", column, kind, ..] => {
                    let table = tables.iter_mut().find(|table| table.0 == *name).unwrap();
                    table.1.push(((*column).to_owned(), if kind.trim_end_matches(';') == "bigint" { Kind::Int } else { Kind::Text }));
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
        let listed: Vec<(String, Vec<(String, Kind)>)> = tables()
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
