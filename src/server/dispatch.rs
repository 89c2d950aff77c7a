//! The clock of dispatch: what is due is done, once, by whichever node comes first; nothing is kept in memory that a restart
//! could lose (C80, C81, C82, I6).
//!
//! An order's time stands in the store. Every node looks; a step is taken only when the order still is what was seen, so two
//! nodes cannot both escalate it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use super::clock;
use crate::domain::{BranchNumber, MenuNumber, OrderId, Timestamp};
use crate::order::dispatch::{Asked, next_branch};
use crate::order::life::{Actor, Step, TaskKind};
use crate::order::quality;
use crate::store::{NewTask, SILENT, Stepped, Store, StoreError};

/// How often the store is asked what is due, and what others wrote.
const LOOK: Duration = Duration::from_millis(500);
/// How often branches and numbers are looked at.
const ROUND: Duration = Duration::from_secs(5);
/// How often what happened lately is held against the rules of quality.
const WATCH: Duration = Duration::from_secs(60);
/// Orders that are dealt with at one look.
const AT_ONCE: u32 = 100;
/// A branch with open orders whose board is away for so long is a task.
const AWAY: Duration = Duration::from_secs(60);

/// Runs for as long as the program does.
pub async fn run(store: Store, quality: quality::Rules) {
    let (mut away, mut round, mut watched, mut written) = (false, None::<Instant>, None::<Instant>, store.news());
    loop {
        super::follower::rest(&store, &mut written, LOOK).await;
        let now = Timestamp::from(clock::now().wall);
        let mut done = look(&store, now).await;
        if done.is_ok() && round.is_none_or(|last| last.elapsed() >= ROUND) {
            round = Some(Instant::now());
            done = look_around(&store, now).await;
        }
        if done.is_ok() && watched.is_none_or(|last| last.elapsed() >= WATCH) {
            watched = Some(Instant::now());
            done = store.watch_quality(&quality, now).await;
        }
        match done {
            Err(error) if !std::mem::replace(&mut away, true) => tracing::error!("dispatch waits for the store: {error}"),
            Ok(()) if std::mem::take(&mut away) => tracing::info!("dispatch goes on"),
            _ => {}
        }
    }
}

/// Everything that is due at `now`.
///
/// # Errors
/// When the store cannot answer; what was done is done, the rest stays due.
pub async fn look(store: &Store, now: Timestamp) -> Result<(), StoreError> {
    for branch in store.end_pauses(now).await? {
        tracing::info!(branch, "the pause of branch {branch} is over");
    }
    let due = store.due_orders(now, AT_ONCE).await?;
    if due.is_empty() {
        return Ok(());
    }
    let boards = store.boards().await?;
    for (id, life) in due {
        overdue(store, &id, life, &boards, now).await?;
    }
    Ok(())
}

async fn overdue(store: &Store, id: &OrderId, life: i64, boards: &BTreeMap<u16, Timestamp>, now: Timestamp) -> Result<(), StoreError> {
    let Some(card) = store.card(id.as_str()).await? else { return Ok(()) };
    let silent = boards.get(&card.branch).is_none_or(|last| last.after(SILENT) < now);
    // Another branch is looked for only when one is needed: nobody answers, or it was refused.
    let wanted = card.status == "new" && card.fulfilment == "delivery" && (card.stage >= 3 || card.owner == "headquarters");
    let next = if wanted {
        let dishes: Vec<MenuNumber> = card.lines.iter().filter_map(|line| MenuNumber::new(line.dish)).collect();
        let mut not: Vec<BranchNumber> = card.refused_by.iter().filter_map(|number| BranchNumber::new(*number)).collect();
        not.extend(BranchNumber::new(card.branch));
        let catalogue = store.catalogue().await?;
        let asked = Asked { address: &card.address, dishes: &dishes };
        let promised = Timestamp::from_millis(card.promised_at);
        next_branch(asked, &not, promised, &catalogue, &store.loads().await?, now, store.clock())
    } else {
        None
    };
    let stepped = store.order_step(id, Some(life), &Step::Overdue { next, silent }, &Actor::system(), now).await?;
    if let Stepped::Done(after) = stepped {
        let what = match (card.owner, card.branch != after.branch.get(), after.stage) {
            ("clock", ..) => "released",
            (_, true, _) => "next_branch",
            (.., 1) => "loud",
            (.., 3) => "telephone",
            _ if !after.status.is_open() => "kept_in_vain",
            _ => "task",
        };
        metrics::counter!("dinetone_escalations_total", "what" => what).increment(1);
        tracing::info!(order = %card.number, branch = card.branch, what, "order {} was due: {what}", card.number);
    }
    Ok(())
}

/// Orders that will be late, branches that are away with open orders, and the numbers of the operator.
///
/// # Errors
/// When the store cannot answer.
pub async fn look_around(store: &Store, now: Timestamp) -> Result<(), StoreError> {
    let foretold = store.foresee(now).await?;
    metrics::counter!("dinetone_foretold_total").increment(foretold as u64);
    let open: BTreeSet<String> = store
        .open_tasks()
        .await?
        .into_iter()
        .filter(|task| task.kind == "branch_away")
        .filter_map(|task| task.branch)
        .map(subject)
        .collect();
    for card in store.branch_cards(now).await? {
        let silent_for = card.silent_since.map_or(0, |since| now.as_millis() - since);
        let away = card.open_orders > 0 && !card.online && silent_for >= i64::try_from(AWAY.as_millis()).unwrap_or(i64::MAX);
        let subject = subject(card.number);
        match (away, open.contains(&subject)) {
            (true, false) => {
                let words = json!({ "code": "board", "open_orders": card.open_orders, "since": card.silent_since });
                let branch = BranchNumber::new(card.number);
                let kind = TaskKind::BranchAway;
                store.open_task(&NewTask { kind, subject, order: None, number: None, branch, due_at: Some(now), words }, now).await?;
            }
            (false, true) if card.online || card.open_orders == 0 => {
                store.close_tasks(TaskKind::BranchAway, &subject, "back", now).await?;
            }
            _ => {}
        }
    }
    let counts = store.order_counts().await?;
    for (status, owner, count) in &counts.orders {
        metrics::gauge!("dinetone_orders", "status" => status.clone(), "owner" => owner.clone()).set(*count as f64);
    }
    let ringing = counts.ringing_since.map_or(0, |since| now.as_millis() - since.as_millis()).max(0);
    metrics::gauge!("dinetone_oldest_ringing_seconds").set(ringing as f64 / 1000.0);
    metrics::gauge!("dinetone_open_tasks").set(counts.tasks as f64);
    Ok(())
}

fn subject(branch: u16) -> String {
    format!("branch:{branch}")
}
