//! What follows from an order's steps outside the order itself: slips, calls to branches, what is known of customers. Works
//! through the journal, so that a restart forgets nothing; every errand is harmless when it is run twice.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::{Notify, mpsc};

use super::clock;
use crate::centre::Input;
use crate::config::Texts;
use crate::domain::{Barred, BranchCall, OrderId, Timestamp};
use crate::order::life::Outcome;
use crate::sip::outbound::Rules;
use crate::store::{JournalEntry, Store, StoreError};

/// Other nodes' entries are looked for so often; what this node writes is printed, and its branch rung, at once.
const LOOK: Duration = Duration::from_millis(500);
/// While the store is away.
const PAUSE: Duration = Duration::from_secs(2);
/// Entries at once.
const GROUP: u32 = 200;
const NAME: &str = "errands";

/// What the errands need.
pub struct Errands {
    pub store: Store,
    pub node: String,
    pub inbox: mpsc::Sender<Input>,
    /// Rung when a slip was made.
    pub print: Arc<Notify>,
    /// A slip that did not come out within this is asked about.
    pub stale_after: Duration,
    /// Which numbers may be called.
    pub outbound: Rules,
    /// What customers are told; nothing without a gateway.
    pub texts: Option<Texts>,
}

impl Errands {
    /// Until the program ends.
    pub async fn run(self) {
        let (mut barred, mut written) = (Vec::new(), self.store.news());
        loop {
            match self.round(&mut barred).await {
                Ok(()) => super::follower::rest(&self.store, &mut written, LOOK).await,
                Err(error) => {
                    tracing::debug!("errands wait for the store: {error}");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    async fn round(&self, barred: &mut Vec<Barred>) -> Result<(), StoreError> {
        self.bar(barred).await?;
        // Asked each time: another node may have run them meanwhile.
        let mut done = self.store.followed(NAME).await?;
        loop {
            let entries = self.store.journal_after(done, GROUP).await?;
            let Some(last) = entries.last().map(|entry| entry.seq) else { break };
            for entry in &entries {
                if let Err(error) = self.run_one(entry).await {
                    if error.may_pass() {
                        return Err(error);
                    }
                    // One that can never be run must not hold up the others.
                    metrics::counter!("dinetone_errands_failed_total", "kind" => entry.kind.clone()).increment(1);
                    tracing::error!(seq = entry.seq, kind = entry.kind, "an errand could not be run: {error}");
                }
            }
            self.store.follow_to(NAME, last).await?;
            done = last;
        }
        self.call_branches().await
    }

    async fn run_one(&self, entry: &JournalEntry) -> Result<(), StoreError> {
        let now = Timestamp::from(clock::now().wall);
        let order = OrderId::new(&entry.subject);
        match entry.kind.as_str() {
            "order_moved" => {
                if self.store.make_slips(&order, self.stale_after, now).await? > 0 {
                    self.print.notify_one();
                }
                let data: Value = serde_json::from_str(&entry.data).unwrap_or_default();
                if let Some(texts) = &self.texts {
                    tell_customer(&self.store, texts, &order, &data, now).await?;
                }
                // Also what was taken back or moved to another time: then nothing is said of the customer any more.
                if data["outcome"].is_string() || data["from"] == "done" {
                    self.store.mark_customer(&order, now).await?;
                }
                Ok(())
            }
            "order_telephone" => self.store.want_branch_call(&order, now).await.map(|_| ()),
            _ => Ok(()),
        }
    }

    /// The brain knows whom it need not answer.
    async fn bar(&self, known: &mut Vec<Barred>) -> Result<(), StoreError> {
        let barred = self.store.barred(Timestamp::from(clock::now().wall)).await?;
        if barred != *known {
            let _ = self.inbox.send(Input::Barred(barred.clone())).await;
            *known = barred;
        }
        Ok(())
    }

    /// Branches whose call is due are rung, by whichever node claims it; a telephone that still rings about an order that somebody has
    /// answered meanwhile falls silent.
    async fn call_branches(&self) -> Result<(), StoreError> {
        let now = Timestamp::from(clock::now().wall);
        for id in self.store.settled_branch_calls(&self.node).await? {
            let _ = self.inbox.send(Input::BranchSettled(id)).await;
        }
        for call in due_branch_calls(&self.store, &self.node, &self.outbound, now).await? {
            metrics::counter!("dinetone_branch_calls_total", "result" => "dialled").increment(1);
            tracing::info!(order.number = %call.number, branch = call.branch.get(), "branch {} is called about order {}", call.branch, call.number);
            let _ = self.inbox.send(Input::CallBranch(Box::new(call))).await;
        }
        Ok(())
    }
}

/// Tells the customer what a step means to them: the order is accepted, on its way, delivered, or promised for another time. `data` is
/// what the journal says of the step.
///
/// # Errors
/// When the store cannot write.
pub async fn tell_customer(store: &Store, texts: &Texts, order: &OrderId, data: &Value, now: Timestamp) -> Result<(), StoreError> {
    let delivered = data["outcome"].as_str().and_then(Outcome::from_name).is_some_and(Outcome::is_delivered);
    if let (Some("reschedule"), Some(times)) = (data["step"].as_str(), data["rescheduled"].as_u64()) {
        // Each new promise is news of its own.
        return store.make_notice(order, &format!("later:{times}"), &texts.later, now).await.map(|_| ());
    }
    let (event, text) = match data["to"].as_str() {
        Some("accepted") => ("accepted", &texts.accepted),
        Some("out") => ("out", &texts.out),
        Some("done") if delivered => ("delivered", &texts.delivered),
        _ => return Ok(()),
    };
    store.make_notice(order, event, text, now).await.map(|_| ())
}

/// The calls to branches that are due and that this server may make. The others are headquarters' to hear of, once.
///
/// # Errors
/// When the store cannot answer.
pub async fn due_branch_calls(store: &Store, node: &str, outbound: &Rules, now: Timestamp) -> Result<Vec<BranchCall>, StoreError> {
    let mut calls = Vec::new();
    for call in store.claim_branch_calls(node, now).await? {
        match outbound.check(call.phone.reveal(), 0) {
            Ok(_) => calls.push(call),
            Err(barred) => {
                metrics::counter!("dinetone_branch_calls_total", "result" => "barred").increment(1);
                if store.branch_call_barred(&call.id, barred.name(), now).await? {
                    tracing::warn!(order.number = %call.number, branch = call.branch.get(),
                        "branch {} cannot be called about order {}: {barred}; [outbound] says who may be called", call.branch, call.number);
                }
            }
        }
    }
    Ok(calls)
}
