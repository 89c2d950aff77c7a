//! Follows the people who may sign on, and the desk phones that may register: whatever changes in the store reaches the brain.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc};

use crate::centre::Input;
use crate::domain::User;
use crate::event::Today;
use crate::queue::Profile;
use crate::sip::event::{Account, SipCommand, SipInput};
use crate::store::Store;

/// How often the store is asked whether somebody has changed.
const LOOK: Duration = Duration::from_secs(1);

/// Tells the brain at the start, after each change, and when it asks.
pub async fn follow(store: Store, wanted: Arc<Notify>, inbox: mpsc::Sender<Input>) {
    let mut known = None;
    loop {
        let asked = tokio::select! {
            () = wanted.notified() => true,
            () = tokio::time::sleep(if known.is_none() { Duration::ZERO } else { store.rest(LOOK) }) => false,
        };
        let Ok(revision) = store.users_revision().await else {
            tokio::time::sleep(LOOK).await;
            continue;
        };
        if known == Some(revision) && !asked {
            continue;
        }
        let (Ok(users), Ok(secrets)) = (store.users().await, store.phone_secrets().await) else {
            tokio::time::sleep(LOOK).await;
            continue;
        };
        known = Some(revision);
        let accounts = secrets
            .into_iter()
            .map(|secret| Account { user: secret.account, ha1_md5: secret.ha1_md5, ha1_sha256: secret.ha1_sha256 })
            .collect();
        let people = users.into_iter().filter(|user| !user.disabled).map(profile).collect();
        let told = [Input::People(people), Input::Sip(SipInput::Command(SipCommand::Accounts(accounts)))];
        for input in told {
            if inbox.send(input).await.is_err() {
                return;
            }
        }
    }
}

fn profile(user: User) -> Profile {
    Profile {
        user: user.id,
        number: user.number,
        name: user.name,
        role: user.role,
        team: None,
        queues: user.queues,
        skills: user.skills,
        today: Today::default(),
    }
}
