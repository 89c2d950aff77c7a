//! The house as tables and by the administration's pages: taken out, changed, brought in again whole or not at all, taken back.

use std::sync::Arc;

use dinetone::domain::{MenuNumber, Role};
use dinetone::house::House;
use serde_json::{Value, json};

use super::server::eventually;
use super::web_kit::{Browser, Floor, Reply, timestamp};

const SOON: std::time::Duration = std::time::Duration::from_secs(10);

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

/// The yes to what was shown, with the same file.
fn store(by: &Browser, what: &str, shown: &Value, file: impl AsRef<[u8]>) -> Reply {
    let token = shown["token"].as_str().unwrap_or_else(|| panic!("no token: {shown}"));
    by.raw("POST", &format!("/api/import/{what}?token={token}"), "Content-Type: text/csv\r\n", file)
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
    assert_eq!(store(&chen, "dishes", &shown, &gb18030).problem(), "conflict");
    assert_eq!(store(&boss, "branches", &shown, &gb18030).problem(), "conflict");
    assert_eq!(store(&boss, "dishes", &shown, "number,price_fen\n18,1\n").problem(), "conflict", "nor for another file");
    let stored = store(&boss, "dishes", &shown, &gb18030);
    assert_eq!((stored.status, stored.json()["changed"].as_u64()), (200, shown["changes_total"].as_u64()), "{stored:?}");
    assert_eq!((price(&floor, 18), price(&floor, 901)), (3950, 2200));
    assert_eq!(store(&boss, "dishes", &shown, &gb18030).problem(), "conflict", "a yes counts once");
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
    let file = "number,price_fen\n18,40\n19,30\n";
    let shown = preview(&boss, "dishes", file).json();
    let between = boss.send("PUT", "/api/dishes/19", &json!({ "price_fen": 2900 }));
    assert_eq!(between.status, 200, "{between:?}");
    assert_eq!(store(&boss, "dishes", &shown, file).problem(), "conflict");
    assert_eq!((price(&floor, 18), price(&floor, 19)), (3800, 2900), "all or nothing");
    let shown = preview(&boss, "dishes", file).json();
    assert_eq!(store(&boss, "dishes", &shown, file).status, 200);
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
    assert_eq!(store(&boss, "branches", &shown, file).status, 200);
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
    assert_eq!(store(&boss, "members", &shown, &file).status, 200);
    let rows = floor.wait(floor.store.member_rows()).unwrap();
    let row = |number: &str| rows.iter().find(|row| row.number.as_str() == number).unwrap();
    assert_eq!((row("700700").name.as_str(), row("700700").phones.len(), row("700700").level.as_str()), ("新会员", 2, "silver"));
    assert_eq!(row(old.number.as_str()).phones.len(), 1, "the numbers of a member are those of the table, as the preview showed");
}

fn branch(floor: &Floor, number: u16) -> dinetone::domain::Branch {
    let number = dinetone::domain::BranchNumber::new(number).unwrap();
    floor.wait(floor.store.catalogue()).unwrap().branches[&number].clone()
}

fn at(text: &str) -> jiff::civil::DateTime {
    text.parse().unwrap()
}

#[test]
fn c30_hours_days_off_and_make_up_days_are_the_house_s_for_everybody_at_once() {
    use dinetone::domain::Opening;
    let floor = floor();
    let manager = floor.person("chen", Role::Manager, None);
    let open = |moment: &str| {
        let holidays = floor.wait(floor.store.catalogue()).unwrap().holidays;
        matches!(branch(&floor, 1).opening(at(moment), &holidays), Opening::Open { .. })
    };
    // A Monday.
    assert!(open("2027-02-08T12:00:00"));
    let closed: Vec<Vec<&str>> = vec![vec![], vec!["10:00-14:00", "17:00-21:00"], vec![], vec![], vec![], vec![], vec!["00:00-24:00"]];
    let put = manager.send("PUT", "/api/branches/1", &json!({ "week": closed }));
    assert_eq!(put.status, 200, "{put:?}");
    assert!(!open("2027-02-08T12:00:00") && open("2027-02-09T12:00:00") && !open("2027-02-09T15:00:00") && open("2027-02-07T23:30:00"));
    for wrong in [json!([["10:00-09:00"], [], [], [], [], [], []]), json!([["10:00-14:00", "13:00-15:00"], [], [], [], [], [], []])] {
        assert_eq!(manager.send("PUT", "/api/branches/1", &json!({ "week": wrong })).problem(), "invalid");
    }
    // 调休: Monday works with Tuesday's hours; then the whole house is off.
    assert_eq!(manager.send("PUT", "/api/make-up-days/2027-02-08", &json!({ "follows": "tue" })).status, 200);
    assert!(open("2027-02-08T12:00:00"));
    let made = manager.send("POST", "/api/holidays", &json!({ "from": "2027-02-06", "until": "2027-02-12" }));
    assert_eq!((made.status, made.json()["subject"].as_str()), (201, Some("2027-02-06:2027-02-12:*")), "{made:?}");
    assert!(!open("2027-02-08T12:00:00"));
    assert_eq!(manager.send("POST", "/api/holidays", &json!({ "from": "2027-02-06", "until": "2027-02-12" })).problem(), "conflict");
    let shown = manager.get("/api/house").json();
    assert_eq!(
        shown["holidays"],
        json!([{ "id": "2027-02-06:2027-02-12:*", "from": "2027-02-06", "until": "2027-02-12", "branch": null }])
    );
    assert_eq!(shown["make_up_days"], json!([{ "date": "2027-02-08", "follows": "tue" }]));
    assert_eq!(shown["branches"][0]["week"][1], json!(["10:00-14:00", "17:00-21:00"]));
    // Only one branch, one day.
    let one = manager.send("POST", "/api/holidays", &json!({ "from": "2027-03-01", "branch": 2 }));
    assert_eq!(one.json()["subject"].as_str(), Some("2027-03-01:2027-03-01:2"));
    // Taken away, and taken back.
    assert_eq!(manager.raw("DELETE", "/api/holidays/2027-02-06:2027-02-12:*", "", "").status, 204);
    assert!(open("2027-02-08T12:00:00"));
    assert_eq!(manager.raw("DELETE", "/api/holidays/2027-02-06:2027-02-12:*", "", "").problem(), "not-found");
    let history = manager.get("/api/admin-changes?kind=holiday").json();
    let gone = history.as_array().unwrap().iter().find(|one| one["after"]["retired"] == 1).unwrap()["id"].as_str().unwrap().to_owned();
    assert_eq!(manager.send("POST", &format!("/api/admin-changes/{gone}/undo"), &json!({})).status, 200);
    assert!(!open("2027-02-08T12:00:00"));
    assert_eq!(manager.raw("DELETE", "/api/make-up-days/2027-02-08", "", "").status, 204);
    for (path, body) in [
        ("/api/holidays", json!({ "from": "2027-13-01" })),
        ("/api/holidays", json!({ "from": "2027-02-06", "until": "2027-02-01" })),
        ("/api/holidays", json!({ "from": "2027-02-06", "branch": 99 })),
    ] {
        assert_eq!(manager.send("POST", path, &body).problem(), "invalid", "{body}");
    }
    assert_eq!(manager.send("PUT", "/api/make-up-days/2027-02-08", &json!({ "follows": "someday" })).problem(), "invalid");
    assert_eq!(floor.signed_in("lina").send("POST", "/api/holidays", &json!({ "from": "2027-02-06" })).problem(), "not-allowed");
}

#[test]
fn i7_a_day_off_is_promised_by_nobody_from_the_moment_on_that_it_is_written_down() {
    let floor = floor();
    let (boss, lina) = (floor.signed_in("boss"), floor.signed_in("lina"));
    let round_the_clock = vec![vec!["00:00-24:00"]; 7];
    assert_eq!(boss.send("PUT", "/api/branches/1", &json!({ "week": round_the_clock, "last_order_minutes": 0 })).status, 200);
    let today = floor.store.clock().local(timestamp()).date();
    let quote = || {
        floor.stock(Arc::new(floor.wait(floor.store.catalogue()).unwrap()));
        let wanted = json!({ "phone": "13811112222", "contact": "赵先生", "service": "pickup", "branch": 1, "wanted_at": format!("{}T12:00", today.tomorrow().unwrap()), "lines": [{ "dish": 18, "quantity": 1 }] });
        let told = lina.send("POST", "/api/orders/quote", &wanted).json();
        told["problems"]
            .as_array()
            .unwrap_or_else(|| panic!("{told}"))
            .iter()
            .map(|one| one["code"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(quote(), Vec::<String>::new());
    let until = today.checked_add(jiff::Span::new().days(3)).unwrap();
    let made = boss.send("POST", "/api/holidays", &json!({ "from": today.to_string(), "until": until.to_string(), "branch": 1 }));
    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!(quote(), ["closed"], "the desk's price uses the function that confirms keyed orders, too");
    let undone = boss.send("POST", &format!("/api/admin-changes/{}/undo", made.json()["id"].as_str().unwrap()), &json!({}));
    assert_eq!((undone.status, quote()), (200, vec![]));
}

#[test]
fn c105_dishes_branches_levels_and_offers_are_made_changed_and_taken_back() {
    let floor = floor();
    let boss = floor.signed_in("boss");
    let dish = boss.send("PUT", "/api/dishes/910", &json!({ "zh": "蟹粉豆腐", "en": "Crab tofu", "price_fen": 5800, "category": "hot" }));
    assert_eq!((dish.status, dish.json()["before"].is_null()), (200, true), "{dish:?}");
    assert_eq!(price(&floor, 910), 5800);
    let undone = boss.send("POST", &format!("/api/admin-changes/{}/undo", dish.json()["id"].as_str().unwrap()), &json!({}));
    assert_eq!(undone.status, 200);
    let known = floor.wait(floor.store.catalogue()).unwrap();
    assert!(known.dish(MenuNumber::new(910).unwrap()).is_none(), "off the menu, the number kept");
    for wrong in [json!({ "size_price_fen": [1, 2, 3], "options": [] }), json!({ "reading": "宫保" }), json!({ "price_fen": -1 })] {
        assert_eq!(boss.send("PUT", "/api/dishes/18", &wrong).problem(), "invalid", "{wrong}");
    }
    let week = vec![vec!["10:00-21:30"]; 7];
    let new = json!({ "zh": "古北店", "en": "Gubei", "address_zh": "黄金城道1号", "address_en": "1 Golden Avenue", "phone": "021-62700012", "week": week });
    let mut lacking = new.clone();
    lacking.as_object_mut().unwrap().remove("week");
    assert_eq!(boss.send("PUT", "/api/branches/12", &lacking).problem(), "invalid");
    let made = boss.send("PUT", "/api/branches/12", &new);
    assert_eq!(made.status, 200, "{made:?}");
    assert_eq!((branch(&floor, 12).delivery_minutes, branch(&floor, 12).last_order_minutes, branch(&floor, 12).paused), (45, 20, false));
    assert_eq!(boss.send("PUT", "/api/levels/jade", &json!({ "zh": "翡翠", "en": "Jade", "discount_percent": 15 })).status, 200);
    assert_eq!(boss.send("PUT", "/api/levels/jade", &json!({ "discount_percent": 20 })).status, 200);
    assert_eq!(floor.wait(floor.store.catalogue()).unwrap().level("jade").unwrap().discount_percent, 20);
    assert_eq!(boss.send("PUT", "/api/levels/a b", &json!({ "zh": "x", "en": "x" })).status, 400);
    let offer = json!({ "zh": "周二热菜八折", "en": "Hot dishes 20 % off on Tuesdays", "from": "2026-11-01", "until": "2027-12-31", "days": ["tue"], "kind": "percent", "category": "hot", "percent_off": 20 });
    assert_eq!(boss.send("PUT", "/api/offers/tuesday", &offer).status, 200);
    let shown = boss.get("/api/house").json();
    let found = shown["offers"].as_array().unwrap().iter().find(|one| one["id"] == "tuesday").unwrap();
    assert_eq!((found["days"].clone(), found["percent_off"].as_u64(), found["repeat_days"].as_u64()), (json!(["tue"]), Some(20), Some(7)));
    let mut wrong = offer;
    wrong["off_fen"] = json!(100);
    assert_eq!(boss.send("PUT", "/api/offers/tuesday", &wrong).problem(), "invalid");
    assert_eq!(boss.raw("DELETE", "/api/offers/tuesday", "", "").status, 204);
    assert!(!floor.wait(floor.store.catalogue()).unwrap().offers.iter().any(|offer| offer.id == "tuesday"));
    let kinds: Vec<String> =
        boss.get("/api/admin-changes").json().as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap().to_owned()).collect();
    assert!(["dish", "branch", "level", "offer"].iter().all(|kind| kinds.iter().any(|there| there == kind)), "{kinds:?}");
}

#[test]
fn c105_a_branch_is_closed_for_good_with_its_open_orders_named_and_opens_again() {
    let floor = floor();
    let (boss, lina) = (floor.signed_in("boss"), floor.signed_in("lina"));
    let round_the_clock = vec![vec!["00:00-24:00"]; 7];
    assert_eq!(boss.send("PUT", "/api/branches/1", &json!({ "week": round_the_clock, "last_order_minutes": 0 })).status, 200);
    let stock = || floor.stock(Arc::new(floor.wait(floor.store.catalogue()).unwrap()));
    stock();
    let wanted =
        json!({ "phone": "13811112222", "contact": "赵先生", "service": "pickup", "branch": 1, "lines": [{ "dish": 18, "quantity": 1 }] });
    let quoted = lina.send("POST", "/api/orders/quote", &wanted).json();
    let mut order = wanted.clone();
    (order["key"], order["pay_fen"]) = (json!("last-order-1"), quoted["pay_fen"].clone());
    let placed = lina.send("POST", "/api/orders", &order);
    assert!(placed.status == 201, "{placed:?}, quoted {quoted}");
    let number = placed.json()["number"].as_str().unwrap().to_owned();
    let held = boss.send("PUT", "/api/branches/1/closed", &json!({}));
    assert_eq!(held.problem(), "cannot", "{held:?}");
    let open = held.json()["orders"].clone();
    assert!(open.as_array().unwrap().contains(&json!(number)), "{open}");
    let closed = boss.send("PUT", "/api/branches/1/closed", &json!({ "anyway": true })).json();
    assert_eq!(closed["orders"], open, "{closed}");
    stock();
    assert!(floor.wait(floor.store.catalogue()).unwrap().branches.keys().all(|branch| branch.get() != 1));
    order["key"] = json!("last-order-2");
    let refused = lina.send("POST", "/api/orders", &order);
    assert!(refused.status >= 400 && refused.status < 500, "no new orders: {refused:?}");
    assert_eq!(boss.send("PUT", "/api/branches/1/closed", &json!({})).problem(), "not-found", "closed already");
    let shown = |number: u64| {
        let house = boss.get("/api/house").json();
        house["branches"].as_array().unwrap().iter().find(|one| one["number"] == number).unwrap()["closed_for_good"].clone()
    };
    assert_eq!((shown(1), shown(2)), (json!(true), json!(false)));
    let undone = boss.send("POST", &format!("/api/admin-changes/{}/undo", closed["id"].as_str().unwrap()), &json!({}));
    assert_eq!((undone.status, shown(1)), (200, json!(false)));
    assert_eq!(boss.send("PUT", "/api/branches/2/closed", &json!({ "anyway": true })).status, 200);
    assert_eq!(boss.raw("DELETE", "/api/branches/2/closed", "", "").status, 204);
    assert_eq!((shown(2), boss.raw("DELETE", "/api/branches/2/closed", "", "").problem()), (json!(false), "not-found".into()));
    assert_eq!(lina.send("PUT", "/api/branches/2/closed", &json!({})).problem(), "not-allowed");
}

#[test]
fn c32_the_name_of_a_dish_or_a_branch_gets_its_recording() {
    let floor = floor();
    let boss = floor.signed_in("boss");
    assert_eq!(
        boss.send("PUT", "/api/dishes/910", &json!({ "zh": "蟹粉豆腐", "en": "Crab tofu", "price_fen": 5800, "category": "hot" })).status,
        200
    );
    floor.stock(Arc::new(floor.wait(floor.store.catalogue()).unwrap()));
    let pieces = boss.get("/api/prompts/name:dish-910").json()["pieces"].clone();
    assert_eq!((pieces[0]["text"].as_str(), pieces[0]["recording"].as_str()), (Some("蟹粉豆腐"), Some("missing")), "{pieces}");
    let place = "/api/prompt-sound/zh-CN/name:dish-910";
    let put = boss.raw("PUT", place, "Content-Type: audio/wav\r\n", tone(440.0, 12_000.0)).json();
    assert_eq!((put["heard"].as_bool(), put["recording"].as_str(), put["ms"].as_u64()), (Some(true), Some("own"), Some(1000)), "{put}");
    assert_eq!(boss.get(place).status, 200);
    let back = boss.send("POST", &format!("{place}/use"), &json!({ "version": null })).json();
    assert_eq!((back["heard"].as_bool(), back["recording"].as_str()), (Some(true), Some("missing")), "{back}");
    assert_eq!(boss.get("/api/prompts/name:branch-1-address").json()["pieces"][1]["text"].as_str().map(str::is_empty), Some(false));
    for nothing in ["name:dish-911", "name:dish-x", "name:branch-77", "name:", "name:table-1"] {
        assert_eq!(boss.get(&format!("/api/prompts/{nothing}")).problem(), "not-found", "{nothing}");
    }
}

#[test]
fn c105_queues_and_trunks_are_shown_to_those_who_lead() {
    let floor = floor();
    let watcher = floor.signed_in("watcher");
    let queues = watcher.get("/api/queues").json();
    assert_eq!(
        (queues[0]["id"].as_str(), queues[0]["strategy"].as_str(), queues[0]["ring_seconds"].as_u64()),
        (Some("order"), Some("longest-idle"), Some(20))
    );
    assert_eq!(watcher.get("/api/trunks").json(), json!([]), "none in these settings");
    assert_eq!(floor.signed_in("lina").get("/api/queues").problem(), "not-allowed");
    assert_eq!(floor.signed_in("shop1").get("/api/trunks").problem(), "not-allowed");
}

/// A second of a tone as a WAV file of 16-bit samples.
fn tone(hz: f64, level: f64) -> Vec<u8> {
    let samples = (0..8000).map(|n| ((f64::from(n) * hz * std::f64::consts::TAU / 8000.0).sin() * level) as i16);
    let alaw: Vec<u8> = samples.map(dinetone::media::g711::linear_to_alaw).collect();
    dinetone::media::wav::write_alaw(&alaw)
}

#[test]
fn c32_an_own_recording_wins_over_the_shipped_one_and_an_older_one_comes_back() {
    let floor = floor();
    let boss = floor.signed_in("boss");
    let all = boss.get("/api/prompts").json();
    let greeting = all.as_array().unwrap().iter().find(|one| one["id"] == "greet.open").expect("the greeting is a prompt").clone();
    assert_eq!((greeting["zh_recording"].as_str(), greeting["zh_ms"].as_u64() > Some(500)), (Some("shipped"), true));
    let place = "/api/prompt-sound/zh-CN/greet.open";
    let shipped = boss.get(place);
    assert_eq!((shipped.status, shipped.headers["content-type"].as_str(), &shipped.bytes[..4]), (200, "audio/wav", &b"RIFF"[..]));
    let put = |file: &[u8]| boss.raw("PUT", place, "Content-Type: audio/wav\r\n", file);
    for (wrong, why) in [(&b"no sound"[..], "invalid"), (&tone(440.0, 0.0), "invalid"), (&vec![0; 13 << 20], "too-large")] {
        assert_eq!(put(wrong).problem(), why);
    }
    let first = put(&tone(440.0, 12_000.0)).json();
    assert_eq!(
        (first["heard"].as_bool(), first["recording"].as_str(), first["ms"].as_u64(), &first["advice"]),
        (Some(true), Some("own"), Some(1000), &json!([]))
    );
    let second = put(&tone(880.0, 2_000.0)).json();
    assert_eq!((second["versions"].as_array().unwrap().len(), &second["advice"]), (2, &json!(["quiet"])));
    assert_eq!((second["versions"][0]["current"].as_bool(), second["versions"][0]["by"].as_str()), (Some(true), Some("boss")));
    let heard = boss.get(place).bytes;
    assert_ne!(heard, shipped.bytes);
    let older = second["versions"][1]["name"].as_str().unwrap();
    assert_ne!(boss.get(&format!("{place}?version={older}")).bytes, heard, "the older one can be played before it is chosen");
    let back = boss.send("POST", &format!("{place}/use"), &json!({ "version": older })).json();
    assert_eq!((back["heard"].as_bool(), back["versions"][1]["current"].as_bool()), (Some(true), Some(true)), "{back}");
    let back = boss.send("POST", &format!("{place}/use"), &json!({ "version": null })).json();
    assert_eq!((back["recording"].as_str(), back["versions"].as_array().unwrap().len()), (Some("shipped"), 2), "older ones are kept");
    assert_eq!(boss.get(place).bytes, shipped.bytes);
    assert_eq!(boss.send("POST", &format!("{place}/use"), &json!({ "version": "../../house.db" })).problem(), "not-found");
    for path in
        ["/api/prompt-sound/zh-CN/nothing", "/api/prompt-sound/xx/greet.open", "/api/prompts/nothing", "/api/prompt-sound/en/..%2f..%2fx"]
    {
        assert_eq!(boss.get(path).problem(), "not-found", "{path}");
    }
    // The operator's own file is heard where nothing was uploaded, and again when the upload is put back.
    let file = floor.folder.path().join("prompts/zh-CN/ui/greet.open.wav");
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(&file, tone(300.0, 12_000.0)).unwrap();
    let whose = || boss.get("/api/prompts/greet.open").json()["pieces"][0].clone();
    eventually("the file is heard", SOON, || (whose()["recording"] == "own").then_some(()));
    assert_eq!(whose()["uploaded"], false);
    let of_file = boss.get(place).bytes;
    let put_over = put(&tone(440.0, 12_000.0)).json();
    assert_eq!((put_over["heard"].as_bool(), put_over["uploaded"].as_bool()), (Some(true), Some(true)));
    let back = boss.send("POST", &format!("{place}/use"), &json!({ "version": null })).json();
    assert_eq!((back["heard"].as_bool(), back["recording"].as_str(), back["uploaded"].as_bool()), (Some(true), Some("own"), Some(false)));
    assert_eq!(boss.get(place).bytes, of_file);
    let audit = boss.get("/api/audit?limit=20").json().to_string();
    assert!(audit.contains("prompt.uploaded") && audit.contains("prompt.chosen"), "{audit}");
    assert_eq!(floor.signed_in("lina").get("/api/prompts").problem(), "not-allowed");
    assert_eq!(floor.signed_in("watcher").raw("PUT", place, "", tone(440.0, 9_000.0)).problem(), "not-allowed");
}
