//! What the file says and what people changed since.

use dinetone::domain::{Money, UserId};
use dinetone::store::{Author, HousePart, HouseValue, MemberRow, SealKey, StoreError};

use super::kit::{DAY, Database, MENUS, MINUTE, a_member, branch, dish, house, member, phone, saturday};

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

fn manager() -> Author {
    Author { user: UserId::new("u1"), name: "陈经理".into() }
}

pub async fn c105_many_changes_are_made_whole_or_not_at_all_and_each_can_be_taken_back(database: Database) {
    let (store, before) = database.shop().await;
    let price = |fen: i64| vec![("price_fen", HouseValue::Number(Some(fen)))];
    let rows = vec![("18".to_owned(), price(4000)), ("19".to_owned(), price(3100))];
    let refused = store.edit_house_all(HousePart::Dish, &rows, |_| false, &manager(), saturday()).await;
    assert!(matches!(refused, Err(StoreError::Conflict)));
    // A new dish without a name cannot be: then the others have not changed either.
    let broken = [rows.clone(), vec![("905".to_owned(), price(100))]].concat();
    assert!(store.edit_house_all(HousePart::Dish, &broken, |_| true, &manager(), saturday()).await.is_err());
    assert_eq!(store.catalogue().await.unwrap().dishes, before.dishes);
    assert!(store.house_edits(None, "", 10).await.unwrap().is_empty());
    let seen = |now: &dinetone::domain::Catalogue| now.dishes[&dish(18)].price == before.dishes[&dish(18)].price;
    store.edit_house_all(HousePart::Dish, &rows, seen, &manager(), saturday()).await.unwrap();
    let now = store.catalogue().await.unwrap();
    assert_eq!((now.dishes[&dish(18)].price, now.dishes[&dish(19)].price), (Money::yuan(40), Money::yuan(31)));
    let edits = store.house_edits(Some(HousePart::Dish), "18", 10).await.unwrap();
    store.undo_house_edit(&edits[0].id, &manager(), saturday()).await.unwrap().unwrap();
    let now = store.catalogue().await.unwrap();
    assert_eq!((now.dishes[&dish(18)].price, now.dishes[&dish(19)].price), (before.dishes[&dish(18)].price, Money::yuan(31)));
    // What a person changed stays when the file is taken in again.
    assert!(store.import_house(&house(MENUS), saturday()).await.unwrap().is_empty());
}

pub async fn c105_members_come_in_by_table_and_keep_what_is_known_of_them(database: Database) {
    let (store, _) = database.shop().await;
    let known = a_member(&store, "102938", "gold", "13800138000").await;
    // Somebody who only called so far.
    let caller = store.create_customer("王小姐", &[phone("13911112222")], &manager(), saturday()).await.unwrap();
    let row = |number: &str, level: &str, name: &str, phones: &[&str]| MemberRow {
        number: member(number),
        level: level.into(),
        name: name.into(),
        phones: phones.iter().map(|number| phone(number)).collect(),
    };
    let rows = [
        row("102938", "silver", "张先生", &["13800138000", "13800138001"]),
        row("700700", "gold", "", &["13911112222", "13911113333"]),
        row("700701", "silver", "新会员", &["13711110000"]),
    ];
    assert!(store.put_members(&rows, |_| false, &manager(), saturday()).await.is_err());
    assert_eq!(store.member_rows().await.unwrap().len(), 1);
    store.put_members(&rows, |now| now.len() == 1, &manager(), saturday()).await.unwrap();
    let now = store.member_rows().await.unwrap();
    assert_eq!(now[0], rows[0]);
    assert_eq!((now[1].name.as_str(), now[1].phones.len()), ("王小姐", 2), "a caller who becomes a member keeps the name");
    assert_eq!(now[2], rows[2]);
    let card = store.card_by_phone(&phone("13911113333"), saturday()).await.unwrap();
    assert_eq!((card.customer, card.members.len()), (Some(caller), 1), "one customer, not a second one");
    assert_eq!(store.card_by_phone(&phone("13800138001"), saturday()).await.unwrap().customer, Some(known));
}

pub async fn c105_what_people_write_of_queues_and_trunks_is_kept_with_its_history(database: Database) {
    let store = database.store().await;
    let text = |text: &str| HouseValue::Text(Some(text.to_owned()));
    let on = |settings: &str| vec![("settings", text(settings)), ("retired", HouseValue::Number(Some(0)))];
    let edit = async |part, name, set: &[(&'static str, HouseValue)], seen| {
        store.edit_page_entry(part, name, set, seen, &manager(), saturday()).await
    };
    let version = store.catalogue_version().await.unwrap();
    let first = edit(HousePart::Queue, "vip", &on("{\"ring\":\"9s\"}"), None).await.unwrap();
    assert!(store.catalogue_version().await.unwrap() > version, "the other nodes see that something changed");
    let mut trunk = on("{}");
    trunk.push(("password", text("secret")));
    let made = edit(HousePart::Trunk, "telecom", &trunk, None).await.unwrap();
    assert!(made.before.is_null() && made.after["password"] == "secret");
    let kept = store.page_entries().await.unwrap();
    let shown: Vec<_> = kept.iter().map(|one| (one.part, one.name.as_str(), one.settings.as_str(), one.password.as_deref())).collect();
    let expected = [(HousePart::Queue, "vip", "{\"ring\":\"9s\"}", None), (HousePart::Trunk, "telecom", "{}", Some("secret"))];
    assert_eq!(shown, expected);
    // Who has not seen the last change does not undo it unknowingly.
    let late = edit(HousePart::Queue, "vip", &on("{\"ring\":\"7s\"}"), None).await;
    assert!(matches!(late, Err(StoreError::Conflict)));
    edit(HousePart::Queue, "vip", &on("{\"ring\":\"7s\"}"), Some("{\"ring\":\"9s\"}")).await.unwrap();
    let back = [("retired", HouseValue::Number(Some(1))), ("password", HouseValue::Text(None))];
    let back = edit(HousePart::Trunk, "telecom", &back, Some("{}")).await.unwrap();
    assert_eq!(store.page_entries().await.unwrap().len(), 1);
    assert_eq!(store.house_edit(&back.id).await.unwrap(), Some(back.clone()));
    store.undo_house_edit(&back.id, &manager(), saturday()).await.unwrap().unwrap();
    assert_eq!(store.page_entries().await.unwrap()[1].password.as_deref(), Some("secret"));
    assert_eq!(store.house_edits(Some(HousePart::Queue), "vip", 10).await.unwrap().len(), 2);
    let late = store.undo_house_edit(&first.id, &manager(), saturday()).await;
    assert!(matches!(late, Err(StoreError::Conflict)), "something happened to it since");
}

pub async fn c105_passwords_of_trunks_are_sealed_with_their_history_and_in_backups(database: Database) {
    let store = database.store().await;
    store.import_house(&house(MENUS), saturday()).await.unwrap();
    let change = async |store: &dinetone::store::Store, seen: Option<&str>, settings: &str, password: &str| {
        let text = |text: &str| HouseValue::Text(Some(text.to_owned()));
        let set = [("settings", text(settings)), ("password", text(password)), ("retired", HouseValue::Number(Some(0)))];
        store.edit_page_entry(HousePart::Trunk, "telecom", &set, seen, &manager(), saturday()).await.unwrap()
    };
    let read = async |store: &dinetone::store::Store| {
        let entry = store.page_entries().await.unwrap().remove(0);
        (entry.password, entry.unread)
    };
    // From before there was a key.
    change(&store, None, "{}", "open-1").await;
    let old = change(&store, Some("{}"), "{\"max_calls\":1}", "open-2").await;
    assert_eq!((store.plain_passwords().await.unwrap(), store.seal_passwords().await.unwrap()), (1, 0), "no key, no seal");
    let key = |name: &str| SealKey::make(&database.folder.path().join(name)).unwrap();
    let sealing = store.clone().with_key(Some(key("store.key")));
    assert_eq!(read(&sealing).await, (Some("open-2".into()), None), "what is plain is read");
    assert_eq!((sealing.seal_passwords().await.unwrap(), sealing.seal_passwords().await.unwrap()), (2, 0), "once");
    assert_eq!((read(&sealing).await.0.as_deref(), sealing.plain_passwords().await.unwrap()), (Some("open-2"), 0));
    sealing.undo_house_edit(&old.id, &manager(), saturday()).await.unwrap().unwrap();
    assert_eq!(read(&sealing).await.0.as_deref(), Some("open-1"), "an old change is taken back");
    let new = change(&sealing, Some("{}"), "{\"max_calls\":2}", "open-3").await;
    assert!(new.after["password"].as_str().unwrap().starts_with("sealed:1:"), "{new:?}");
    let file = database.folder.path().join("house.jsonl");
    sealing.backup(&file, |_, _| ()).await.unwrap();
    let backup = std::fs::read_to_string(&file).unwrap();
    assert!(backup.contains("sealed:1:") && !["open-1", "open-2", "open-3"].iter().any(|open| backup.contains(open)));
    // Without the key or with another one nothing is read, and nothing is lost.
    let (none, why) = read(&store).await;
    assert!(none.is_none() && why.unwrap().ends_with("there is no key file"));
    let other = store.clone().with_key(Some(key("other.key")));
    let (none, why) = read(&other).await;
    assert!(none.is_none() && why.unwrap().contains("the key file holds another one"));
    assert_eq!(other.seal_passwords().await.unwrap(), 0);
    sealing.restore(&file, saturday(), |_, _| ()).await.unwrap();
    assert_eq!(read(&sealing).await, (Some("open-3".into()), None));
    // The key is lost for good: the password is typed anew.
    change(&other, Some("{\"max_calls\":2}"), "{\"max_calls\":2}", "open-4").await;
    assert_eq!((read(&other).await.0.as_deref(), read(&sealing).await.0), (Some("open-4"), None));
}

pub async fn c32_uploaded_recordings_keep_their_versions_and_are_in_the_backup(database: Database) {
    use dinetone::domain::Language::{English, Mandarin};
    let store = database.store().await;
    let keep = async |language, clip: &str, sound: &[u8], minutes: u32| {
        store.keep_prompt(language, clip, sound, &manager(), saturday().after(MINUTE * minutes)).await.unwrap()
    };
    let version = store.catalogue_version().await.unwrap();
    let first = keep(Mandarin, "ui/main.menu", &[0xd5, 0x00, 0xff], 0).await;
    assert!(store.catalogue_version().await.unwrap() > version, "the other nodes see that something changed");
    let second = keep(Mandarin, "ui/main.menu", &[1, 2], 1).await;
    keep(English, "ui/main.menu", &[3], 2).await;
    let name = keep(Mandarin, "name/dish-18", &[4; 9], 3).await;
    let chosen = async |store: &dinetone::store::Store| {
        let all = store.chosen_prompts().await.unwrap();
        all.into_iter().map(|one| (one.language, one.clip, one.id)).collect::<Vec<_>>()
    };
    let now = chosen(&store).await;
    assert_eq!(now.len(), 3);
    assert!(
        now.contains(&(Mandarin, "ui/main.menu".to_owned(), second.clone())) && now.contains(&(Mandarin, "name/dish-18".to_owned(), name))
    );
    assert!(store.choose_prompt(Mandarin, "ui/main.menu", Some(&first)).await.unwrap());
    assert_eq!(store.prompt_sound(Mandarin, "ui/main.menu", &first).await.unwrap().unwrap(), [0xd5, 0x00, 0xff]);
    // A version belongs to its clip, and a wrong name changes nothing.
    assert!(!store.choose_prompt(English, "ui/main.menu", Some(&first)).await.unwrap());
    assert_eq!(store.prompt_sound(English, "ui/main.menu", &first).await.unwrap(), None);
    assert_eq!(chosen(&store).await.len(), 3);
    assert!(store.choose_prompt(English, "ui/main.menu", None).await.unwrap());
    for minutes in 0..60 {
        keep(Mandarin, "ui/greet.open", &[7], 10 + minutes).await;
    }
    let versions = store.prompt_versions(Mandarin, "ui/greet.open").await.unwrap();
    assert_eq!((versions.len(), versions[0].chosen, versions[0].by_name.as_str()), (50, true, "陈经理"));
    let file = database.folder.path().join("house.backup");
    store.backup(&file, |_, _| {}).await.unwrap();
    let other = Database::sqlite();
    let restored = other.store().await;
    restored.restore(&file, saturday(), |_, _| {}).await.unwrap();
    assert_eq!(chosen(&restored).await, chosen(&store).await);
    assert_eq!(restored.prompt_sound(Mandarin, "ui/main.menu", &first).await.unwrap().unwrap(), [0xd5, 0x00, 0xff]);
}
