//! Carries campaigns out (C99): asks what may begin, claims it, and hands calls to the brain; the rules are asked again inside each claim.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};

use super::clock;
use crate::bus::Query;
use crate::centre::Input;
use crate::domain::{CampaignKind, Timestamp};
use crate::outreach::Rules;
use crate::store::{Claimed, Store, StoreError};

/// How often campaigns that run are looked at.
const LOOK: Duration = Duration::from_secs(1);
/// While none may run.
const REST: Duration = Duration::from_secs(60);
/// While the store is away.
const PAUSE: Duration = Duration::from_secs(5);
/// Claims of one campaign at one look.
const AT_ONCE: usize = 20;
/// How often evidence that has become old is looked for.
const FORGET: Duration = Duration::from_secs(3600);

/// What campaigns need.
pub struct Outreach {
    pub store: Store,
    pub node: String,
    pub rules: Rules,
    pub queries: mpsc::Sender<Query>,
    pub inbox: mpsc::Sender<Input>,
    pub stopping: Arc<AtomicBool>,
}

impl Outreach {
    /// Until the program ends.
    pub async fn run(self) {
        let mut forgotten: Option<Instant> = None;
        loop {
            let now = clock::now();
            if forgotten.is_none_or(|at| now.instant.saturating_duration_since(at) > FORGET) {
                forgotten = Some(now.instant);
                self.forget(Timestamp::from(now.wall)).await;
            }
            let rest = match self.round().await {
                Ok(()) if self.rules.on => LOOK,
                Ok(()) => REST,
                Err(error) => {
                    metrics::counter!("dinetone_store_errors_total", "verb" => "claim_campaign").increment(1);
                    tracing::debug!("campaigns wait for the store: {error}");
                    PAUSE
                }
            };
            tokio::time::sleep(rest).await;
        }
    }

    async fn forget(&self, now: Timestamp) {
        match self.store.forget_campaigns(&self.rules, now).await {
            Ok(0) => {}
            Ok(tries) => {
                tracing::info!("the evidence of {tries} tries of campaigns is older than {} days and was deleted", self.rules.keep_days)
            }
            Err(error) => tracing::debug!("old evidence waits for the store: {error}"),
        }
    }

    async fn round(&self) -> Result<(), StoreError> {
        if !self.rules.on || self.stopping.load(Ordering::Relaxed) {
            return Ok(());
        }
        for (id, plan) in self.store.running_campaigns().await? {
            let now = Timestamp::from(clock::now().wall);
            let closed = self.rules.open_until(&plan, self.store.clock().local(now)).is_none();
            // When its time is over it is to be ended, whatever lines there are.
            let over = closed && self.rules.is_over(&plan, self.store.clock().local(now));
            if closed && !over {
                continue;
            }
            let calls = plan.kind != CampaignKind::Message;
            let mut spare = if calls && !over { self.spare().await } else { AT_ONCE };
            for _ in 0..AT_ONCE {
                if spare == 0 || self.stopping.load(Ordering::Relaxed) {
                    break;
                }
                let now = Timestamp::from(clock::now().wall);
                match self.store.claim_campaign(&id, &self.node, &self.rules, now).await? {
                    Claimed::Call(call) => {
                        spare -= 1;
                        metrics::counter!("dinetone_campaign_tries_total", "kind" => plan.kind.name()).increment(1);
                        tracing::info!(campaign = id, r#try = call.id, "campaign {:?} calls {}", plan.name, call.phone);
                        let _ = self.inbox.send(Input::CallFor(Box::new(call))).await;
                    }
                    Claimed::Message => metrics::counter!("dinetone_campaign_tries_total", "kind" => "message").increment(1),
                    Claimed::Left => {}
                    Claimed::Nothing => break,
                    Claimed::Done => {
                        tracing::info!(campaign = id, "campaign {:?} is done", plan.name);
                        break;
                    }
                }
            }
        }
        Ok(())
    }

    /// Lines beside those of callers.
    async fn spare(&self) -> usize {
        let (answer, spare) = oneshot::channel();
        if self.queries.send(Query::Spare { answer }).await.is_err() {
            return 0;
        }
        spare.await.unwrap_or(0)
    }
}
