//! What callers did in the dialogue, read from the paths of their calls: outcomes of nodes, and how far orders came.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::super::StoreError;
use super::super::db::{Tx, vals};
use super::super::steps;
use crate::domain::{StepKind, Timestamp};
use crate::report::source::{Ask, Group, Key, Row as SumRow, Source, Sums, add};

/// Calls that are read at a time.
const PAGE: i64 = 256;

/// What one day's calls add up to.
#[derive(Default)]
pub(super) struct Found {
    /// Node and outcome: how often, in how many calls.
    nodes: BTreeMap<(String, String), (i64, i64)>,
    stages: BTreeMap<&'static str, i64>,
}

/// Reads the paths of a day's calls.
pub(super) async fn walk(tx: &mut Tx, start: Timestamp, end: Timestamp) -> Result<Found, StoreError> {
    const SQL: &str = "select arrived_at, id, answered_at, coalesce(steps, ''), \
        case when exists (select 1 from call_parts as p where p.call_id = calls.id and p.kind = 'agent') then 1 else 0 end \
        from calls where arrived_at < $1 and (arrived_at, id) > ($2, $3) order by arrived_at, id limit $4";
    let mut found = Found::default();
    let (mut at, mut id) = (start.as_millis(), String::new());
    loop {
        let page = tx.rows(SQL, vals![end.as_millis(), at, &id, PAGE]).await?;
        for row in &page {
            found.add(row.opt_int(2)?.is_some(), row.text(3)?, row.flag(4)?);
        }
        let Some(last) = page.last().filter(|_| page.len() as i64 == PAGE) else { return Ok(found) };
        (at, id) = (last.int(0)?, last.text(1)?.to_owned());
    }
}

impl Found {
    /// The sums of this day, in the groups that are asked for.
    pub(super) fn sums(&self, ask: &Ask, day: Date) -> Vec<SumRow> {
        let mut sums = Sums::new();
        let mut put = |value: &dyn Fn(&str) -> Key, row: &[i64]| {
            let key = ask.by.iter().map(|group| match group {
                Group::Column(column) => value(column),
                _ => Key::Text(day.to_string()),
            });
            add(ask.source, &mut sums, key.collect(), row);
        };
        if ask.source == Source::Funnel {
            for (stage, came) in &self.stages {
                put(&|_| Key::Text((*stage).to_owned()), &[*came]);
            }
        } else {
            for ((node, outcome), (times, calls)) in &self.nodes {
                put(&|column| Key::Text(if column == "node" { node.clone() } else { outcome.clone() }), &[*times, *calls]);
            }
        }
        sums.into_iter().collect()
    }

    fn add(&mut self, answered: bool, path: &str, with_agent: bool) {
        if answered {
            *self.stages.entry("answered").or_default() += 1;
        }
        let mut outcomes: BTreeMap<(String, String), i64> = BTreeMap::new();
        let mut stages = BTreeSet::new();
        for step in steps::from_text(path, Timestamp::from_millis(0)) {
            match step.kind {
                StepKind::Node(node) => match node.as_str() {
                    "order.read_back" | "order.final" => drop(stages.insert("read_back")),
                    "order.done" => {}
                    node if node.starts_with("order.") => drop(stages.insert("order_begun")),
                    _ => {}
                },
                StepKind::Outcome { node, outcome } => {
                    if node == "order.dish" && outcome == "dish" || node == "order.quantity" && outcome == "added" {
                        stages.insert("dish_chosen");
                    }
                    *outcomes.entry((node, outcome)).or_default() += 1;
                }
                StepKind::Ordered(_) if !with_agent => drop(stages.insert("submitted")),
                _ => {}
            }
        }
        for stage in stages {
            *self.stages.entry(stage).or_default() += 1;
        }
        for (key, times) in outcomes {
            let sums = self.nodes.entry(key).or_default();
            sums.0 += times;
            sums.1 += 1;
        }
    }
}
