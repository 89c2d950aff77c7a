//! Tells other systems what happens: each subscription gets its events in order and at least once, signed, tried again until
//! they arrive. A receiver that is slow, away or lies holds up nobody but itself.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use hmac::{Hmac, Mac};
use reqwest::Client;
use sha2::Sha256;

use super::clock;
use crate::domain::Timestamp;
use crate::outward::{Outward, client};
use crate::store::{JournalEntry, Store, StoreError, Webhook};
use crate::web::journal_event;

/// How patient deliveries are.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// New subscriptions and new events are looked for so often.
    pub look: Duration,
    /// A receiver must have answered within this.
    pub answer: Duration,
    /// After the first failure; twice as long after each further one, up to the second.
    pub pause: Duration,
    pub longest_pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            look: Duration::from_millis(500),
            answer: Duration::from_secs(10),
            pause: Duration::from_secs(1),
            longest_pause: Duration::from_secs(300),
        }
    }
}

/// Entries that are read at a time.
const PAGE: u32 = 100;

/// What the deliveries share.
struct Courier {
    store: Store,
    node: String,
    client: Client,
    rule: Outward,
    patience: Patience,
}

fn now() -> Timestamp {
    Timestamp::from(clock::now().wall)
}

/// Delivers for as long as the program runs.
pub async fn run(store: Store, node: String, rule: Outward, patience: Patience) {
    let client = match client(&rule, patience.answer) {
        Ok(client) => client,
        Err(error) => return tracing::error!("no webhook can be called: {error}"),
    };
    let courier = Arc::new(Courier { store, node, client, rule, patience });
    let mut working: HashMap<String, tokio::task::JoinHandle<Option<()>>> = HashMap::new();
    let mut written = courier.store.news();
    loop {
        match courier.store.webhooks().await {
            Ok(hooks) => {
                working.retain(|_, task| !task.is_finished());
                metrics::gauge!("dinetone_webhooks_failing")
                    .set(hooks.iter().filter(|hook| hook.active && hook.failures > 0).count() as f64);
                let due: HashSet<String> =
                    hooks.into_iter().filter(|hook| hook.active && hook.next_at <= now()).map(|hook| hook.id).collect();
                for id in due {
                    let work = || super::tasks::spawn("webhook", Arc::clone(&courier).deliver(id.clone()));
                    working.entry(id.clone()).or_insert_with(work);
                }
            }
            Err(error) => tracing::debug!("webhooks wait for the store: {error}"),
        }
        super::follower::rest(&courier.store, &mut written, patience.look).await;
    }
}

impl Courier {
    /// Delivers what there is for one subscription, until there is nothing more, or a try fails.
    async fn deliver(self: Arc<Self>, id: String) {
        if let Err(error) = self.deliver_all(&id).await {
            tracing::warn!(webhook = id, "deliveries wait for the store: {error}");
        }
    }

    async fn deliver_all(&self, id: &str) -> Result<(), StoreError> {
        loop {
            // Long enough for one answer; taken again before each.
            let claim = self.patience.answer * 3;
            let Some(mut hook) = self.store.claim_webhook(id, &self.node, claim, now()).await? else { return Ok(()) };
            let (entries, last) = self.store.webhook_next(&hook, PAGE).await?;
            if last == hook.after {
                return Ok(());
            }
            for entry in &entries {
                if self.store.claim_webhook(id, &self.node, claim, now()).await?.is_none_or(|same| same.after != hook.after) {
                    // It was changed, dropped or taken over: from the beginning.
                    return Ok(());
                }
                let result = self.send(&hook, entry).await;
                metrics::counter!("dinetone_webhook_deliveries_total", "result" => if result.is_ok() { "arrived" } else { "failed" })
                    .increment(1);
                match result {
                    Ok(told) => {
                        if !self.store.webhook_arrived(&hook, &self.node, entry.seq, &told, now()).await? {
                            return Ok(());
                        }
                        hook.after = entry.seq;
                    }
                    Err(told) => {
                        let pause = self.pause(hook.failures);
                        if hook.failures == 0 {
                            tracing::warn!(webhook = hook.name, "event {} did not arrive: {told}; tried again until it does", entry.seq);
                        }
                        return self.store.webhook_failed(&hook, &self.node, &told, now().after(pause), now()).await;
                    }
                }
            }
            // Entries of other kinds behind the last one are done with.
            if last > hook.after && !self.store.webhook_arrived(&hook, &self.node, last, &hook.told, now()).await? {
                return Ok(());
            }
        }
    }

    /// Twice as long after each failure, with some chance in it, so that many receivers behind one gate are not called at once.
    fn pause(&self, failures: u32) -> Duration {
        let pause = self.patience.pause.saturating_mul(1 << failures.min(16)).min(self.patience.longest_pause);
        let chance = u32::from(clock::random::<1>()[0]);
        pause * (192 + chance / 4) / 256
    }

    /// One try; how it went, in a few words.
    async fn send(&self, hook: &Webhook, entry: &JournalEntry) -> Result<String, String> {
        let url = self.rule.target(&hook.url)?;
        let body = journal_event(entry).to_string();
        let at = now().as_millis() / 1000;
        let request = self
            .client
            .post(url)
            .header("content-type", "application/json")
            .header("x-dinetone-timestamp", at)
            .header("x-dinetone-signature", format!("sha256={}", sign(&hook.secret, at, &body)))
            .header("x-dinetone-delivery", format!("{}-{}", hook.id, entry.seq))
            .header("x-dinetone-event", &entry.kind)
            .header("x-dinetone-seq", entry.seq)
            .body(body);
        // The answer's body is never read: it may be endless.
        let answer = request.send().await.map_err(|error| {
            let why = if error.is_timeout() {
                "no answer in time".to_owned()
            } else if error.is_connect() {
                format!("no connection: {}", root(&error))
            } else {
                root(&error)
            };
            why.chars().take(200).collect::<String>()
        })?;
        let status = answer.status();
        if status.is_success() { Ok(format!("{status}")) } else { Err(format!("answered {status}")) }
    }
}

/// The innermost cause.
fn root(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

/// HMAC-SHA256 of `TIME.BODY` in hexadecimal digits: the time is part of it, so that nobody can send an old event again.
#[must_use]
pub fn sign(secret: &str, at: i64, body: &str) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return String::new() };
    mac.update(format!("{at}.{body}").as_bytes());
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn c105_the_signature_is_the_one_that_others_compute() {
        // printf '1795233600.{}' | openssl dgst -sha256 -hmac secret
        assert_eq!(super::sign("secret", 1_795_233_600, "{}"), "26135f12491e5650f3e94bda527505170bba5fd0de40704e3126159bcfe7c9a2");
    }
}
