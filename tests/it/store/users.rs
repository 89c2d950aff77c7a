//! People who sign in: as an administrator I make, change and lock them out, and what they hold ends with it.

use std::time::Duration;

use dinetone::domain::{QueueId, Role, Skill};
use dinetone::store::{Answered, AuditEntry, NewUser, SessionLife, StoreError, UserChange, secret_hash};

use super::kit::{Database, saturday};

const LIFE: SessionLife = SessionLife { idle: Duration::from_secs(3600), longest: Duration::from_secs(10 * 3600) };

fn lina() -> NewUser {
    NewUser {
        login: "lina".into(),
        name: "李娜".into(),
        number: "8001".into(),
        role: Some(Role::Agent),
        queues: vec![QueueId::new("order-zh"), QueueId::new("order-en")],
        skills: Skill::parse_list("zh:80,en:30").unwrap(),
        account: Some("8001".into()),
        ..NewUser::default()
    }
}

pub async fn people_are_kept_as_they_were_made_and_names_are_theirs_alone(database: Database) {
    let store = database.store().await;
    let before = store.users_revision().await.unwrap();
    let user = store.add_user(&lina(), "a fine password", saturday()).await.unwrap();
    assert!(store.users_revision().await.unwrap() > before, "others hear of it");
    assert_eq!(store.user(&user.id).await.unwrap(), Some(user.clone()));
    assert_eq!(store.user_by_login("lina").await.unwrap(), Some(user.clone()));
    for (login, number, account) in [("lina", "", None), ("other", "8001", None), ("other", "", Some("8001"))] {
        let taken = NewUser { login: login.into(), number: number.into(), account: account.map(Into::into), ..lina() };
        assert!(matches!(store.add_user(&taken, "a fine password", saturday()).await, Err(StoreError::Conflict)), "{login} {number}");
    }
    // People without a number do not meet on it.
    for login in ["one", "two"] {
        let none = NewUser { login: login.into(), number: String::new(), account: None, ..lina() };
        store.add_user(&none, "a fine password", saturday()).await.unwrap();
    }
    assert_eq!(store.users().await.unwrap().len(), 3);
    assert!(
        store
            .change_user(&user.id, &UserChange { number: Some("8007".into()), ..UserChange::default() }, saturday())
            .await
            .unwrap()
            .is_some_and(|user| user.number == "8007" && user.queues.len() == 2)
    );
}

pub async fn a_password_opens_for_its_owner_only_and_never_for_the_disabled(database: Database) {
    let store = database.store().await;
    let user = store.add_user(&lina(), "a fine password", saturday()).await.unwrap();
    assert_eq!(store.check_password("lina", "a fine password").await.unwrap(), Some(user.clone()));
    for (login, password) in [("lina", "a fine passwore"), ("lina", ""), ("nobody", "a fine password")] {
        assert_eq!(store.check_password(login, password).await.unwrap(), None, "{login} {password}");
    }
    store.set_password(&user.id, "another password", true, None, saturday()).await.unwrap();
    assert_eq!(store.check_password("lina", "a fine password").await.unwrap(), None);
    assert!(store.check_password("lina", "another password").await.unwrap().is_some_and(|user| user.must_change_password));
    let disabled = UserChange { disabled: Some(true), ..UserChange::default() };
    store.change_user(&user.id, &disabled, saturday()).await.unwrap();
    assert_eq!(store.check_password("lina", "another password").await.unwrap(), None);
}

pub async fn sessions_end_by_idleness_by_age_and_with_the_account(database: Database) {
    let store = database.store().await;
    let user = store.add_user(&lina(), "a fine password", saturday()).await.unwrap();
    let (start, hash) = (saturday(), secret_hash("s1"));
    let minutes = |minutes: u64| start.after(Duration::from_secs(minutes * 60));
    store.open_session("s1", &user.id, "192.0.2.1", start).await.unwrap();
    assert!(store.session(&hash, LIFE, minutes(59)).await.unwrap().is_some_and(|session| session.user == user));
    assert_eq!(store.session(&secret_hash("s2"), LIFE, start).await.unwrap(), None);
    assert_eq!(store.session(&hash, LIFE, minutes(61)).await.unwrap(), None, "idle");
    for hour in 0..10 {
        store.touch_sessions(std::slice::from_ref(&hash), LIFE, minutes(hour * 60 + 55)).await.unwrap();
    }
    assert!(store.session(&hash, LIFE, minutes(599)).await.unwrap().is_some(), "used");
    assert_eq!(store.session(&hash, LIFE, minutes(601)).await.unwrap(), None, "too old, however busy");
    store.touch_sessions(&[], LIFE, minutes(700)).await.unwrap();
    assert_eq!(store.session(&hash, LIFE, minutes(10)).await.unwrap(), None, "swept out");

    for secret in ["a", "b"] {
        store.open_session(secret, &user.id, "192.0.2.1", start).await.unwrap();
    }
    store.set_password(&user.id, "another password", false, Some(&secret_hash("a")), start).await.unwrap();
    assert_eq!(store.sessions_that_hold(LIFE, start).await.unwrap(), [secret_hash("a")], "the one in which it was changed stays");
    let role = UserChange { role: Some(Role::Supervisor), ..UserChange::default() };
    store.change_user(&user.id, &role, start).await.unwrap();
    assert!(store.sessions_that_hold(LIFE, start).await.unwrap().is_empty(), "another role needs another sign-in");
}

pub async fn a_desk_phones_password_is_kept_as_its_proof(database: Database) {
    let store = database.store().await;
    let user = store.add_user(&NewUser { account: Some("Mufasa".into()), ..lina() }, "a fine password", saturday()).await.unwrap();
    assert!(store.phone_secrets().await.unwrap().is_empty());
    store.set_phone_password(&user.id, "testrealm@host.com", "Circle Of Life").await.unwrap();
    let phones = store.phone_secrets().await.unwrap();
    // RFC 2617 section 3.5 has this H(A1) in its example.
    assert_eq!((phones[0].account.as_str(), phones[0].ha1_md5.as_str()), ("Mufasa", "939e7578ed9e3c518a452acee763bce9"));
    assert_eq!(phones[0].ha1_sha256.len(), 64);
    let other = UserChange { account: Some(Some("8002".into())), ..UserChange::default() };
    store.change_user(&user.id, &other, saturday()).await.unwrap();
    assert!(store.phone_secrets().await.unwrap().is_empty(), "another account needs its password anew");
}

pub async fn the_first_start_makes_one_administrator_and_the_demonstration_its_people(database: Database) {
    let store = database.store().await;
    let admin = store.first_administrator("made-up-password", saturday()).await.unwrap().unwrap();
    assert!(admin.role == Role::Administrator && admin.must_change_password);
    assert_eq!(store.first_administrator("another-password", saturday()).await.unwrap(), None);
    assert_eq!(store.fill_demo_users("dinetone", &[QueueId::new("order")], saturday()).await.unwrap(), 0, "not into a house with people");
    assert!(store.check_password("admin", "made-up-password").await.unwrap().is_some());
}

pub async fn the_audit_journal_is_in_order_and_answers_are_kept_under_their_key(database: Database) {
    let store = database.store().await;
    for n in 0..5 {
        let entry = AuditEntry {
            seq: 0,
            at: saturday(),
            who: dinetone::domain::UserId::new("u1"),
            name: "李娜".into(),
            address: "192.0.2.1".into(),
            action: format!("thing.{n}"),
            object: "call:7".into(),
            detail: String::new(),
        };
        store.record_audit(&entry).await.unwrap();
    }
    let latest = store.audit(2, None).await.unwrap();
    assert_eq!(latest.iter().map(|entry| entry.action.as_str()).collect::<Vec<_>>(), ["thing.4", "thing.3"]);
    let earlier = store.audit(10, Some(latest[1].seq)).await.unwrap();
    assert_eq!((earlier.len(), earlier[0].action.as_str()), (3, "thing.2"));

    let answer = Answered { request: "f1".into(), status: 201, body: "{}".into() };
    store.record_answer("u1 k1", &answer, saturday()).await.unwrap();
    store.record_answer("u1 k1", &Answered { status: 200, ..answer.clone() }, saturday()).await.unwrap();
    assert_eq!(store.answered("u1 k1", saturday()).await.unwrap(), Some(answer), "the first stays");
    assert_eq!(store.answered("u1 k1", saturday().after(Duration::from_secs(25 * 3600))).await.unwrap(), None, "for a day");
    assert_eq!(store.answered("u2 k1", saturday()).await.unwrap(), None);
}
