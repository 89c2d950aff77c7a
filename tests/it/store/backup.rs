//! Backup and restore: the same house again, here or in the other database; a damaged file changes nothing.

use dinetone::domain::{CallRecord, Money};
use dinetone::ivr::question::Placed;
use dinetone::store::{CallFilter, OrderFilter, Store, StoreError};
use sha2::{Digest, Sha256};

use super::calls::{call, ended};
use super::kit::{DAY, Database, confirmed, member, phone, place, request, saturday};

/// Everything a caller could notice, as text.
async fn seen(store: &Store) -> String {
    let orders = store.orders(&OrderFilter { limit: 1000, ..OrderFilter::default() }).await.unwrap();
    let card = store.card_by_phone(&phone("13800138000"), saturday()).await.unwrap();
    let points = store.points(&member("200001"), saturday()).await.unwrap();
    let catalogue = store.catalogue().await.unwrap();
    let journal = store.journal_after(0, 1000).await.unwrap();
    format!("{orders:?}\n{card:?}\n{points:?}\n{:?}\n{:?}\n{journal:?}", catalogue.dishes, catalogue.branches)
}

async fn lively(database: &Database) -> Store {
    let (store, catalogue) = database.shop().await;
    store.fill_demo(saturday()).await.unwrap();
    confirmed(place(&store, &catalogue, &request("k1", "13811112222"), saturday()).await);
    store
}

pub async fn c108_a_backup_gives_the_same_house_back(database: Database) {
    let store = lively(&database).await;
    let before = seen(&store).await;
    let file = database.folder.path().join("backup.jsonl");
    let mut told = Vec::new();
    let summary = store.backup(&file, |done, total| told.push((done, total))).await.unwrap();
    assert_eq!(told.last(), Some(&(summary.rows, summary.rows)));
    let catalogue = store.catalogue().await.unwrap();
    let mut later = request("k2", "13811112222");
    later.again = true;
    confirmed(place(&store, &catalogue, &later, saturday()).await);
    assert_ne!(seen(&store).await, before);
    // As the command does it: from another handle, while the first one is in use.
    let other = database.store().await;
    let restored = other.restore(&file, saturday(), |_, _| {}).await.unwrap();
    other.close().await;
    assert_eq!(restored, summary);
    assert_eq!(seen(&store).await, before, "the running handle sees it");
    assert!(store.catalogue_version().await.unwrap() > catalogue.version, "and knows that it must load the house again");
    let placed = place(&store, &catalogue, &request("k1", "13811112222"), saturday().after(DAY)).await;
    assert!(matches!(placed, Placed::Confirmed { pay, .. } if pay == Money::fen(10_250)), "keys are kept");
    assert_eq!(confirmed(place(&store, &catalogue, &later, saturday()).await).1.len(), 10);
}

pub async fn c108_a_damaged_backup_changes_nothing(database: Database) {
    let store = lively(&database).await;
    let before = seen(&store).await;
    let file = database.folder.path().join("backup.jsonl");
    store.backup(&file, |_, _| {}).await.unwrap();
    let whole = std::fs::read_to_string(&file).unwrap();
    let last_line = whole.trim_end().rfind('\n').unwrap();
    let damaged = [
        ("empty", String::new()),
        ("another file", "# a letter\n".to_owned()),
        ("a cut", whole.chars().take(whole.chars().count() / 2).collect()),
        ("a missing end", whole[..=last_line].to_owned()),
        ("a changed price", whole.replacen("3800", "3801", 1)),
        ("a missing line", whole.lines().enumerate().filter(|(place, _)| *place != 9).map(|(_, line)| format!("{line}\n")).collect()),
        ("a strange table", whole.replacen("\"table\":\"dishes\"", "\"table\":\"fishes\"", 1)),
    ];
    for (what, text) in damaged {
        std::fs::write(&file, text).unwrap();
        let refused = store.restore(&file, saturday(), |_, _| {}).await.unwrap_err();
        assert!(matches!(refused, StoreError::Backup(_)), "{what}: {refused:?}");
    }
    std::fs::write(&file, whole.replacen("\"schema\":", "\"schema\":9", 1)).unwrap();
    let newer = store.restore(&file, saturday(), |_, _| {}).await.unwrap_err();
    assert!(matches!(&newer, StoreError::Backup(why) if why.contains("a newer program")), "{newer}");
    assert!(store.restore(&database.folder.path().join("nowhere"), saturday(), |_, _| {}).await.is_err());
    assert_eq!(seen(&store).await, before);
}

/// A backup that an older program made, before call records knew where and how long somebody waited.
pub async fn c108_a_backup_of_an_older_program_is_brought_up_to_date(database: Database) {
    let store = lively(&database).await;
    let record = ended(call("c1", saturday()));
    store.record_calls("n1", &[], &[(record.clone(), Vec::new())]).await.unwrap();
    let file = database.folder.path().join("backup.jsonl");
    store.backup(&file, |_, _| {}).await.unwrap();
    let newer = ["queue", "agent", "waited_ms", "disposition"];
    let mut lines = Vec::new();
    let mut places: Option<Vec<usize>> = None;
    for line in std::fs::read_to_string(&file).unwrap().lines() {
        let mut line: serde_json::Value = serde_json::from_str(line).unwrap();
        if let Some(table) = line["table"].as_str().map(str::to_owned) {
            let columns = line["columns"].as_array().unwrap();
            let gone = |column: &serde_json::Value| newer.contains(&column.as_str().unwrap());
            places =
                (table == "calls").then(|| columns.iter().enumerate().filter(|(_, column)| gone(column)).map(|(place, _)| place).collect());
            assert!(places.as_ref().is_none_or(|places| places.len() == 4));
        }
        if line.get("schema").is_some() {
            line["schema"] = 9.into();
        }
        let cells = if line.is_array() { line.as_array_mut() } else { line["columns"].as_array_mut() };
        if let (Some(cells), Some(places)) = (cells, &places) {
            for place in places.iter().rev() {
                cells.remove(*place);
            }
        }
        if line.get("sha256").is_none() {
            lines.push(format!("{line}\n"));
        }
    }
    let old = lines.concat();
    let sum = Sha256::digest(old.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    std::fs::write(&file, format!("{old}{{\"sha256\":\"{sum}\"}}\n")).unwrap();
    store.restore(&file, saturday(), |_, _| {}).await.unwrap();
    let kept = store.call("c1").await.unwrap().unwrap().record;
    let known = CallRecord { queue: None, agent: None, waited_ms: 0, disposition: None, ..record };
    assert_eq!(kept, known, "as the older program knew it");
    let listed = store.calls_with_people(&CallFilter::default()).await.unwrap();
    assert!(listed.iter().any(|(call, _)| call.record.id.as_str() == "c1"), "and it is listed");
}

/// SQLite to PostgreSQL and back.
pub async fn a_house_moves_between_the_databases(from: Database, over: Database, back: Database) {
    let store = lively(&from).await;
    let before = seen(&store).await;
    let (one, two) = (from.folder.path().join("one.jsonl"), from.folder.path().join("two.jsonl"));
    store.backup(&one, |_, _| {}).await.unwrap();
    let middle = over.store().await;
    middle.restore(&one, saturday(), |_, _| {}).await.unwrap();
    assert_eq!(seen(&middle).await, before);
    middle.backup(&two, |_, _| {}).await.unwrap();
    let end = back.store().await;
    end.restore(&two, saturday(), |_, _| {}).await.unwrap();
    assert_eq!(seen(&end).await, before);
}
