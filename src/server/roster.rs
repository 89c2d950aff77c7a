//! Follows the people who may sign on, and the desk phones that may register: whatever changes in the store reaches the brain.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc};

use crate::centre::Input;
use crate::domain::User;
use crate::event::Today;
use crate::queue::Profile;
use crate::sip::event::{Account, SipCommand, SipInput};
use crate::store::{Store, StoreError};

/// How often the store is asked whether somebody has changed.
const LOOK: Duration = Duration::from_secs(1);

/// What the brain is to know of the people, and which revision of the store that is.
///
/// # Errors
/// The store does not answer.
pub async fn read(store: &Store) -> Result<(i64, [Input; 2]), StoreError> {
    let revision = store.users_revision().await?;
    let people = store.users().await?.into_iter().filter(|user| !user.disabled).map(profile).collect();
    let accounts = store
        .phone_secrets()
        .await?
        .into_iter()
        .map(|secret| Account { user: secret.account, ha1_md5: secret.ha1_md5, ha1_sha256: secret.ha1_sha256 })
        .collect();
    Ok((revision, [Input::People(people), Input::Sip(SipInput::Command(SipCommand::Accounts(accounts)))]))
}

/// Tells the brain, which knows the people of this revision, after each change, and when it asks.
pub async fn follow(store: Store, mut known: i64, wanted: Arc<Notify>, inbox: mpsc::Sender<Input>) {
    loop {
        let asked = tokio::select! {
            () = wanted.notified() => true,
            () = tokio::time::sleep(store.rest(LOOK)) => false,
        };
        let Ok(revision) = store.users_revision().await else {
            tokio::time::sleep(LOOK).await;
            continue;
        };
        if known == revision && !asked {
            continue;
        }
        let Ok((revision, told)) = read(&store).await else {
            tokio::time::sleep(LOOK).await;
            continue;
        };
        known = revision;
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
