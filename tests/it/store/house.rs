//! What the file says and what people changed since.

use dinetone::domain::Money;

use super::kit::{DAY, Database, MENUS, branch, dish, house, saturday};

pub async fn the_file_is_taken_in_once_and_again_only_where_it_changed(database: Database) {
    let (store, catalogue) = database.shop().await;
    assert_eq!(catalogue.dishes, house(MENUS).catalogue().dishes);
    assert_eq!(catalogue.branches, house(MENUS).catalogue().branches);
    assert_eq!((catalogue.offers, catalogue.levels), (house(MENUS).catalogue().offers, house(MENUS).catalogue().levels));
    assert!(store.import_house(&house(MENUS), saturday()).await.unwrap().is_empty());
    assert_eq!(store.catalogue_version().await.unwrap(), catalogue.version);
    store.set_paused(branch(2), true).await.unwrap();
    let dearer = MENUS.replace("price_fen = 1200", "price_fen = 1300").replace("delivery_minutes = 45", "delivery_minutes = 50");
    let change = store.import_house(&house(&dearer), saturday()).await.unwrap();
    assert_eq!(change.changed, ["dish 2", "branch 1", "branch 2", "branch 3"]);
    let now = store.catalogue().await.unwrap();
    assert_eq!(now.dishes[&dish(2)].price, Money::yuan(13));
    assert!(now.branches[&branch(2)].paused, "what a person closed stays closed");
    assert!(now.version > catalogue.version);
    let start = dearer.find("[[dish]]\nnumber = 212").unwrap();
    let end = start + dearer[start..].find("# ── Branches").unwrap();
    let without = format!("{}{}\n[[holiday]]\nfrom = \"2027-02-06\"\nuntil = \"2027-02-12\"\n", &dearer[..start], &dearer[end..]);
    let change = store.import_house(&house(&without), saturday()).await.unwrap();
    assert_eq!((change.retired.as_slice(), change.added.len()), (&["dish 212".to_owned()][..], 1));
    let now = store.catalogue().await.unwrap();
    assert!(now.dish(dish(212)).is_none() && now.dishes.contains_key(&dish(212)), "retired, the number kept");
    assert_eq!(now.holidays.closed.len(), 1);
    let change = store.import_house(&house(&dearer), saturday()).await.unwrap();
    assert_eq!((change.changed.as_slice(), change.retired.len()), (&["dish 212".to_owned()][..], 1));
    assert!(store.catalogue().await.unwrap().dish(dish(212)).is_some(), "back again");
}

pub async fn c79_sold_out_raises_the_version(database: Database) {
    let (store, catalogue) = database.shop().await;
    store.set_sold_out(dish(18), Some(branch(1)), saturday().after(DAY)).await.unwrap();
    let now = store.catalogue().await.unwrap();
    assert!(now.version > catalogue.version);
    assert!(now.is_sold_out(dish(18), Some(branch(1)), saturday()) && !now.is_sold_out(dish(18), Some(branch(2)), saturday()));
    store.clear_sold_out(dish(18), Some(branch(1))).await.unwrap();
    assert!(store.catalogue().await.unwrap().sold_out.is_empty());
    assert!(store.set_paused(branch(99), true).await.is_err());
}
