//! Many at once: what must be one stays one.

use std::collections::BTreeSet;

use dinetone::domain::{Money, OrderStatus};
use dinetone::ivr::question::{PinCheck, Placed};
use dinetone::store::{OrderFilter, StoreError};

use super::kit::{Database, a_member, confirmed, member, place, request, saturday};

pub async fn forty_orders_at_once_get_forty_numbers(database: Database) {
    let (store, catalogue) = database.shop().await;
    // Another process on the same database takes half of them.
    let other = database.store().await;
    let mut orders = Vec::new();
    for guest in 0..40 {
        let (store, catalogue) = (if guest % 2 == 0 { store.clone() } else { other.clone() }, catalogue.clone());
        let wanted = request(&format!("k{guest}"), &format!("138000000{guest:02}"));
        orders.push(tokio::spawn(async move { confirmed(place(&store, &catalogue, &wanted, saturday()).await).1 }));
    }
    let mut numbers = BTreeSet::new();
    for order in orders {
        numbers.insert(order.await.unwrap());
    }
    let wanted: BTreeSet<String> = (1..=40).map(|number| format!("261121{number:04}")).collect();
    assert_eq!(numbers, wanted);
    other.close().await;
}

pub async fn i6_one_key_twenty_times_at_once_is_one_order(database: Database) {
    let (store, catalogue) = database.shop().await;
    let mut tries = Vec::new();
    for _ in 0..20 {
        let (store, catalogue) = (store.clone(), catalogue.clone());
        tries.push(tokio::spawn(async move { confirmed(place(&store, &catalogue, &request("same", "13811112222"), saturday()).await) }));
    }
    let mut ids = BTreeSet::new();
    for done in tries {
        ids.insert(done.await.unwrap());
    }
    assert_eq!(ids.len(), 1);
    assert_eq!(store.orders(&OrderFilter::default()).await.unwrap().len(), 1);
}

pub async fn i7_points_are_not_spent_twice(database: Database) {
    let (store, catalogue) = database.shop().await;
    store.fill_demo(saturday()).await.unwrap();
    let mut tries = Vec::new();
    for place_of in 0..10 {
        let (store, catalogue) = (store.clone(), catalogue.clone());
        let mut wanted = request(&format!("k{place_of}"), &format!("1390013900{place_of}"));
        (wanted.member, wanted.points, wanted.heard) = (Some(member("200001")), 1000, Money::fen(9250));
        tries.push(tokio::spawn(async move { place(&store, &catalogue, &wanted, saturday()).await }));
    }
    let mut spent = 0;
    for done in tries {
        match done.await.unwrap() {
            Placed::Confirmed { .. } => spent += 1,
            Placed::NoPoints => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(spent, 2);
    assert_eq!(store.points_balance(&member("200001"), saturday()).await.unwrap(), 450);
}

pub async fn of_forty_moves_at_once_one_wins(database: Database) {
    let (store, catalogue) = database.shop().await;
    let (id, _) = confirmed(place(&store, &catalogue, &request("k", "13811112222"), saturday()).await);
    let mut moves = Vec::new();
    for _ in 0..40 {
        let (store, id) = (store.clone(), id.clone());
        moves.push(tokio::spawn(async move { store.move_order(&id, OrderStatus::New, OrderStatus::Accepted, saturday()).await }));
    }
    let mut won = 0;
    for done in moves {
        match done.await.unwrap() {
            Ok(()) => won += 1,
            Err(StoreError::Conflict) => {}
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(won, 1);
}

pub async fn c24_many_guesses_at_once_are_three(database: Database) {
    let (store, _) = database.shop().await;
    a_member(&store, "102938", "gold", "13800138000").await;
    store.set_pin(&member("102938"), Some("1234"), saturday()).await.unwrap();
    let mut guesses = Vec::new();
    for guess in 0..12 {
        let store = store.clone();
        guesses.push(tokio::spawn(async move { store.check_pin(&member("102938"), &format!("{guess:04}"), saturday()).await.unwrap() }));
    }
    let mut looked_at = 0;
    for guess in guesses {
        looked_at += usize::from(guess.await.unwrap() == PinCheck::Wrong);
    }
    assert_eq!(looked_at, 2, "the third answers locked");
    assert_eq!(store.check_pin(&member("102938"), "1234", saturday()).await.unwrap(), PinCheck::Locked);
}
