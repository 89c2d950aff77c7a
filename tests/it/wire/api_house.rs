//! The house as tables and by the administration's pages: taken out, changed, brought in again whole or not at all, taken back.

use std::sync::Arc;

use dinetone::domain::{MenuNumber, Role};
use dinetone::house::House;
use serde_json::{Value, json};

use super::web_kit::{Browser, Floor, Reply, timestamp};

/// The shipped house with the demonstration's members.
fn floor() -> Floor {
    let floor = Floor::open("", false);
    let (house, findings) = House::read(&include_str!("../../../menus.toml").parse::<toml::Table>().unwrap());
    assert!(findings.is_empty(), "{findings:?}");
    floor.wait(async {
        floor.store.import_house(&house, timestamp()).await.unwrap();
        floor.store.fill_demo(timestamp()).await.unwrap();
    });
    let catalogue = floor.wait(floor.store.catalogue()).unwrap();
    floor.stock(Arc::new(catalogue));
    floor
}

fn preview(by: &Browser, what: &str, file: impl AsRef<[u8]>) -> Reply {
    by.raw("POST", &format!("/api/import/{what}?preview=1"), "Content-Type: text/csv\r\n", file)
}

fn store(by: &Browser, what: &str, shown: &Value) -> Reply {
    let token = shown["token"].as_str().unwrap_or_else(|| panic!("no token: {shown}"));
    by.send("POST", &format!("/api/import/{what}?token={token}"), &json!({}))
}

fn price(floor: &Floor, dish: u16) -> i64 {
    floor.wait(floor.store.catalogue()).unwrap().dishes[&MenuNumber::new(dish).unwrap()].price.as_fen()
}

#[test]
fn c105_what_is_taken_out_can_be_brought_in_again_and_changes_nothing() {
    let floor = floor();
    let boss = floor.signed_in("boss");
    for what in ["dishes", "branches", "members"] {
        for end in ["csv", "xlsx"] {
            let file = boss.get(&format!("/api/export/{what}.{end}"));
            assert_eq!((file.status, file.headers["content-disposition"].contains(&format!("{what}.{end}"))), (200, true));
            assert_eq!(file.bytes.starts_with(&[0xef, 0xbb, 0xbf]), end == "csv", "Chinese shows in spreadsheet programs");
            let shown = preview(&boss, what, &file.bytes).json();
            assert_eq!((&shown["findings"], &shown["changes"], &shown["token"]), (&json!([]), &json!([]), &Value::Null), "{what}.{end}");
        }
    }
    let english = boss.get("/api/export/dishes.csv?lang=en");
    assert!(english.body.starts_with("\u{feff}Number,Chinese name,"), "{}", &english.body[..60]);
    assert_eq!(boss.get("/api/export/dishes.pdf").problem(), "not-found");
    let audit = boss.get("/api/audit?limit=20").json().to_string();
    assert!(audit.contains("table.exported") && audit.contains("members"), "who took members out is written down: {audit}");
    let manager = floor.person("chen", Role::Manager, None);
    assert_eq!(manager.get("/api/export/dishes.csv").status, 200);
    for (by, path) in [(&manager, "members.csv"), (&floor.signed_in("lina"), "dishes.csv"), (&floor.signed_in("watcher"), "branches.csv")] {
        assert_eq!(by.get(&format!("/api/export/{path}")).problem(), "not-allowed");
        let what = path.trim_end_matches(".csv");
        assert_eq!(preview(by, what, "x").problem(), "not-allowed");
    }
    assert_eq!(floor.browser().get("/api/export/dishes.csv").problem(), "sign-in");
}

#[test]
fn c105_with_one_fault_nothing_is_stored_and_without_all_of_it_is() {
    let floor = floor();
    let boss = floor.signed_in("boss");
    let faulty = "菜号,价格(元),类别\n18,39.50,hot\n19,很贵,hot\n20,30,甜点\n20,31,hot\n";
    let shown = preview(&boss, "dishes", faulty).json();
    let told: Vec<(i64, &str)> =
        shown["findings"].as_array().unwrap().iter().map(|one| (one["row"].as_i64().unwrap(), one["column"].as_str().unwrap())).collect();
    assert_eq!(told, [(3, "price_fen"), (4, "category"), (5, "number")]);
    assert_eq!((&shown["token"], shown["findings"][0]["title"].as_str()), (&Value::Null, Some("价格(元)")));
    assert!(
        shown["findings"][0]["found"].as_str().unwrap().contains("很贵")
            && shown["findings"][0]["cure"].as_str().unwrap().contains("38.50")
    );
    assert_eq!(price(&floor, 18), 3800, "not even the row that was right");
    // Mended, in the character set that spreadsheet programs in China save.
    let mended = "菜号,价格(元),类别,中文名,英文名\n18,39.50,hot,宫保鸡丁,Kung Pao chicken\n19,28,hot,鱼香肉丝,Shredded pork in garlic sauce\n901,22,staple,=菜饭,Rice with greens\n";
    let (gb18030, _, lost) = encoding_rs::GB18030.encode(mended);
    assert!(!lost);
    let shown = preview(&boss, "dishes", &gb18030).json();
    assert_eq!(shown["findings"], json!([]));
    assert_eq!(shown["changes_total"], shown["changes"].as_array().unwrap().len());
    let first = &shown["changes"][0];
    assert_eq!((first["subject"].as_str(), first["new"].as_bool()), (Some("18"), Some(false)));
    assert_eq!(first["columns"][0], json!({ "column": "price_fen", "title": "价格(元)", "before": "38", "after": "39.50" }));
    assert_eq!(price(&floor, 18), 3800, "nothing before the yes");
    // The yes of somebody else, and for something else, is none.
    let chen = floor.person("chen", Role::Manager, None);
    assert_eq!(store(&chen, "dishes", &shown).problem(), "conflict");
    assert_eq!(store(&boss, "branches", &shown).problem(), "conflict");
    let stored = store(&boss, "dishes", &shown);
    assert_eq!((stored.status, stored.json()["changed"].as_u64()), (200, shown["changes_total"].as_u64()), "{stored:?}");
    assert_eq!((price(&floor, 18), price(&floor, 901)), (3950, 2200));
    assert_eq!(store(&boss, "dishes", &shown).problem(), "conflict", "a yes counts once");
    let file = boss.get("/api/export/dishes.csv");
    assert!(file.body.contains("901,'=菜饭,"), "what looks like a formula is text for the spreadsheet program");
    assert_eq!(preview(&boss, "dishes", &file.bytes).json()["changes"], json!([]), "and the same text for us");
    // Each row is in the history and can be taken back.
    let history = boss.get("/api/admin-changes?kind=dish&subject=18").json();
    let change = &history[0];
    assert_eq!((change["before"]["price_fen"].as_i64(), change["after"]["price_fen"].as_i64()), (Some(3800), Some(3950)));
    let undone = boss.send("POST", &format!("/api/admin-changes/{}/undo", change["id"].as_str().unwrap()), &json!({}));
    assert_eq!((undone.status, price(&floor, 18)), (200, 3800), "{undone:?}");
}

#[test]
fn c105_a_preview_that_means_something_else_by_now_is_not_done() {
    let floor = floor();
    let boss = floor.signed_in("boss");
    let shown = preview(&boss, "dishes", "number,price_fen\n18,40\n19,30\n").json();
    let between = boss.send("PUT", "/api/dishes/19", &json!({ "price_fen": 2900 }));
    assert_eq!(between.status, 200, "{between:?}");
    assert_eq!(store(&boss, "dishes", &shown).problem(), "conflict");
    assert_eq!((price(&floor, 18), price(&floor, 19)), (3800, 2900), "all or nothing");
    let shown = preview(&boss, "dishes", "number,price_fen\n18,40\n19,30\n").json();
    assert_eq!(store(&boss, "dishes", &shown).status, 200);
    assert_eq!((price(&floor, 18), price(&floor, 19)), (4000, 3000));
}

#[test]
fn c105_files_that_are_too_long_broken_or_hostile_are_answered_clearly() {
    let floor = floor();
    let boss = floor.signed_in("boss");
    let long = vec![b'1'; 9 * 1024 * 1024];
    let refused = preview(&boss, "dishes", &long);
    assert_eq!(refused.problem(), "too-large");
    for file in [&b"PK\x03\x04 and no more"[..], b"\xd0\xcf\x11\xe0 an old workbook", b"a\0b", b"\xff\xff\xff"] {
        let refused = preview(&boss, "dishes", file);
        assert_eq!(
            (refused.problem().as_str(), refused.json()["detail"].as_str().is_some_and(|detail| detail.len() > 10)),
            ("invalid", true)
        );
    }
    let wide = vec!["x"; 200].join(",");
    assert!(preview(&boss, "dishes", &wide).json()["detail"].as_str().unwrap().contains("columns"));
    let many: String = std::iter::once("number,price_fen\n".to_owned()).chain((0..600).map(|_| "x,y\n".to_owned())).collect();
    let told = preview(&boss, "dishes", &many).json()["findings"].as_array().unwrap().len();
    assert!((500..=510).contains(&told), "{told}");
    assert_eq!(preview(&boss, "dishes", "").json()["findings"][0]["column"], "number");
    assert_eq!(preview(&boss, "cooks", "x").problem(), "not-found");
    assert_eq!(boss.raw("POST", "/api/import/dishes", "", "number\n1\n").problem(), "invalid");
    // The session's cookie on a page of somebody else does nothing.
    let mut foreign = boss.clone();
    foreign.origin = Some("http://elsewhere.example".into());
    assert_eq!(preview(&foreign, "dishes", "number\n1\n").problem(), "foreign-origin");
}

#[test]
fn c105_branches_with_hours_and_members_with_numbers_come_in_by_table() {
    let floor = floor();
    let boss = floor.signed_in("boss");
    let file = "门店号,中文名,英文名,中文地址,英文地址,电话,周一,周二,周三,周四,周五,周六,周日,打烊前停止接单(分),外送(分),自取(分),制作(分),起送价(元),配送费(元)\n\
        12,古北店,Gubei,黄金城道1号,1 Golden Avenue,021-62700012,,10:00-21:00,10:00-21:00,10:00-21:00,10:00-21:00,\"10:00-14:00,17:00-22:00\",10:00-22:00,30,45,20,15,30,6\n";
    let shown = preview(&boss, "branches", file).json();
    assert_eq!(shown["findings"], json!([]), "{shown}");
    assert_eq!(store(&boss, "branches", &shown).status, 200);
    let branch = floor.wait(floor.store.catalogue()).unwrap().branches[&dinetone::domain::BranchNumber::new(12).unwrap()].clone();
    assert_eq!((branch.zh.as_str(), branch.week[0].len(), branch.week[5].len(), branch.delivery_fee.as_fen()), ("古北店", 0, 2, 600));

    let rows = floor.wait(floor.store.member_rows()).unwrap();
    let old = &rows[0];
    let file = format!(
        "会员号,等级,姓名,电话\n{},gold,{},13911119999\n700700,silver,新会员,13700007000 13700007001\n",
        old.number.as_str(),
        old.name
    );
    let shown = preview(&boss, "members", &file).json();
    assert_eq!(shown["findings"], json!([]), "{shown}");
    assert_eq!(store(&boss, "members", &shown).status, 200);
    let rows = floor.wait(floor.store.member_rows()).unwrap();
    let row = |number: &str| rows.iter().find(|row| row.number.as_str() == number).unwrap();
    assert_eq!((row("700700").name.as_str(), row("700700").phones.len(), row("700700").level.as_str()), ("新会员", 2, "silver"));
    assert_eq!(row(old.number.as_str()).phones.len(), 1, "the numbers of a member are those of the table, as the preview showed");
}
