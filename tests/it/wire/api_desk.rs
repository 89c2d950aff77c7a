//! The desk over HTTP: a customer is found and changed, an order is priced and placed once, and nobody sees more than they need.

use std::sync::Arc;

use dinetone::domain::{MissedCaller, MissedKind, PhoneNumber, Role};
use dinetone::house::House;
use serde_json::{Value, json};

use super::web_kit::{Floor, timestamp};

/// The shipped house with its sample members, open tomorrow at noon whatever the hour of the test is.
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

fn tomorrow() -> String {
    let local = dinetone::domain::ShopClock::named("Asia/Shanghai").unwrap().local(timestamp());
    format!("{}T12:00", local.date().tomorrow().unwrap())
}

fn draft(lines: &Value) -> Value {
    json!({ "phone": "13811112222", "contact": "赵先生", "service": "pickup", "branch": 1, "wanted_at": tomorrow(), "lines": lines })
}

#[test]
fn c61_dishes_are_listed_with_their_initials() {
    let floor = floor();
    let catalogue = floor.signed_in("lina").get("/api/catalogue").json();
    let dishes = catalogue["dishes"].as_array().unwrap();
    let dish = dishes.iter().find(|dish| dish["number"] == 18).unwrap();
    assert_eq!((dish["zh"].as_str(), dish["pinyin"].as_str(), dish["price_fen"].as_i64()), (Some("宫保鸡丁"), Some("gbjd"), Some(3800)));
    assert!(dishes.iter().any(|dish| dish["sold_out"] == json!([null])), "sold out everywhere");
    assert_eq!(floor.browser().get("/api/catalogue").problem(), "sign-in");
}

#[test]
fn c61_an_order_is_priced_and_placed_once_by_its_key() {
    let floor = floor();
    let lina = floor.signed_in("lina");
    let wanted = draft(&json!([{ "dish": 18, "quantity": 2, "note": "不要葱" }, { "dish": 61, "quantity": 1 }]));
    let quote = lina.send("POST", "/api/orders/quote", &wanted).json();
    assert_eq!((quote["problems"].clone(), quote["goods_fen"].as_i64()), (json!([]), Some(10_250)), "{quote}");
    let mut order = wanted.clone();
    order["key"] = json!("draft-0001");
    order["pay_fen"] = json!(1);
    for (path, misspelt) in [("/api/orders", "adress_text"), ("/api/orders/quote", "adress_text"), ("/api/orders", "call_id")] {
        let mut wrong = if path == "/api/orders" { order.clone() } else { wanted.clone() };
        wrong[misspelt] = json!("x");
        let refused = lina.send("POST", path, &wrong);
        assert!(refused.problem() == "invalid" && refused.body.contains(misspelt), "{refused:?}");
    }
    assert_eq!(lina.send("POST", "/api/orders", &order).problem(), "price-changed");
    order["pay_fen"] = quote["pay_fen"].clone();
    order["call"] = json!(7);
    let first = lina.send("POST", "/api/orders", &order);
    assert_eq!(first.status, 201, "{first:?}");
    let again = lina.send("POST", "/api/orders", &order);
    assert_eq!((again.status, again.json()), (201, first.json()));
    assert_eq!(first.json()["pay_fen"], quote["pay_fen"]);
    let number = first.json()["number"].as_str().unwrap().to_owned();
    assert!(
        floor.asked().iter().any(|what| matches!(what, dinetone::command::Command::Ordered { call: 7, number: told } if *told == number))
    );
    // The same lines under another key are asked about first.
    order["key"] = json!("draft-0002");
    let twice = lina.send("POST", "/api/orders", &order);
    assert_eq!((twice.problem().as_str(), twice.json()["duplicate"].clone()), ("order-refused", json!(true)));
    order["again"] = json!(true);
    assert_eq!(lina.send("POST", "/api/orders", &order).status, 201);
    let shown = lina.get(&format!("/api/orders/{number}")).json();
    assert_eq!(
        (shown["via"].as_str(), shown["contact"].as_str(), shown["agent_name"].as_str()),
        (Some("agent"), Some("赵先生"), Some("LINA"))
    );
    assert_eq!((shown["lines"][0]["note"].as_str(), shown["phone"].as_str()), (Some("不要葱"), Some("13811112222")));
}

#[test]
fn i7_what_stands_in_the_way_is_said_and_cannot_be_placed() {
    let floor = floor();
    let lina = floor.signed_in("lina");
    let codes = |draft: &Value| -> Vec<String> {
        let quote = lina.send("POST", "/api/orders/quote", draft).json();
        quote["problems"]
            .as_array()
            .unwrap_or_else(|| panic!("{quote}"))
            .iter()
            .map(|one| one["code"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(codes(&draft(&json!([]))), ["empty"]);
    assert_eq!(codes(&draft(&json!([{ "dish": 7777, "quantity": 1 }]))), ["unknown_dish"]);
    assert_eq!(codes(&draft(&json!([{ "dish": 212, "quantity": 1 }]))), ["sold_out"]);
    let mut past = draft(&json!([{ "dish": 18, "quantity": 1 }]));
    past["wanted_at"] = json!("2020-01-01T12:00");
    assert_eq!(codes(&past), ["past"]);
    // A bare day would be midnight.
    for vague in ["2030-01-01", "2030-01-01 12:00", "2030-01-01T12", "2030-13-01T12:00Z", "12:00"] {
        past["wanted_at"] = json!(vague);
        assert_eq!(lina.send("POST", "/api/orders/quote", &past).problem(), "invalid", "{vague}");
    }
    // A moment is what it is on the restaurant's clock, wherever it was written down.
    let noon = tomorrow();
    let date = noon.split('T').next().unwrap();
    let mut moment = draft(&json!([{ "dish": 18, "quantity": 1 }]));
    let promised = |wanted: &Value| lina.send("POST", "/api/orders/quote", wanted).json()["promised_at"].clone();
    let wanted = promised(&moment);
    assert!(wanted.is_string(), "{wanted}");
    for same in
        [format!("{date}T12:00:00+08:00"), format!("{date}T04:00:00Z"), format!("{date}T04:00:00.000Z"), format!("{date}T13:00+09:00")]
    {
        moment["wanted_at"] = json!(same);
        assert_eq!(promised(&moment), wanted, "{same}");
    }
    let mut nowhere = draft(&json!([{ "dish": 18, "quantity": 9 }]));
    (nowhere["service"], nowhere["phone"]) = (json!("delivery"), json!(""));
    assert_eq!(codes(&nowhere), ["no_phone", "no_address"]);
    let mut order = draft(&json!([{ "dish": 212, "quantity": 1 }]));
    order["key"] = json!("draft-0003");
    let refused = lina.send("POST", "/api/orders", &order);
    assert_eq!((refused.problem().as_str(), refused.json()["quote"]["problems"][0]["code"].as_str()), ("order-refused", Some("sold_out")));
    for nonsense in [
        json!({ "lines": 1 }),
        json!({ "service": "boat", "lines": [], "phone": "13811112222" }),
        draft(&json!([{ "dish": 18, "quantity": 0 }])),
    ] {
        assert_eq!(lina.send("POST", "/api/orders/quote", &nonsense).status, 422, "{nonsense}");
    }
    // An address of another branch's zone: a reason, and a supervisor or manager by name.
    let found = lina.send("POST", "/api/customers/search", &json!({ "q": "102938" })).json();
    let customer = found[0]["id"].as_str().unwrap();
    let page = lina.get(&format!("/api/customers/{customer}")).json();
    let home = page["pop"]["addresses"].as_array().unwrap().iter().find(|address| address["branch"] == 1).unwrap()["id"].clone();
    let mut far = draft(&json!([{ "dish": 18, "quantity": 9 }]));
    (far["service"], far["customer"], far["address_id"], far["branch"]) = (json!("delivery"), json!(customer), home, json!(2));
    assert_eq!(codes(&far), ["outside"]);
    far["key"] = json!("draft-0004");
    for who in ["", "LINA", "lina", "王主管", "shop1", "boss"] {
        far["override"] = json!({ "who": who, "why": "常客" });
        assert_eq!(codes(&far), ["override_who", "outside"], "{who:?} may not");
        assert_eq!(lina.send("POST", "/api/orders", &far).problem(), "order-refused", "{who:?}");
    }
    let quote = lina.send("POST", "/api/orders/quote", &far).json();
    let said = &quote["problems"][0];
    assert!(
        said["zh"].as_str().unwrap().contains("班长或经理") && said["en"].as_str().unwrap().contains("supervisor or manager"),
        "{said}"
    );
    far["override"] = json!({ "who": "WATCHER" });
    assert_eq!(lina.send("POST", "/api/orders", &far).status, 422, "a reason is missing");
    let may = lina.get("/api/orders/overriders").json();
    assert!(may.as_array().unwrap().contains(&json!({ "name": "WATCHER", "role": "supervisor" })), "{may}");
    assert!(!may.to_string().contains("LINA"), "{may}");
    // By sign-in name, and kept by the name on record.
    far["override"] = json!({ "who": "watcher", "why": "常客" });
    assert_eq!(codes(&far), [""; 0]);
    let placed = lina.send("POST", "/api/orders", &far);
    assert_eq!(placed.status, 201, "{placed:?}");
    let shown = lina.get(&format!("/api/orders/{}", placed.json()["number"].as_str().unwrap())).json();
    assert_eq!(shown["override"], json!({ "who": "WATCHER", "why": "常客" }));
}

#[test]
fn c98_nobody_sees_more_than_they_need() {
    let floor = floor();
    let (lina, boss, shop) = (floor.signed_in("lina"), floor.signed_in("boss"), floor.signed_in("shop1"));
    for path in ["/api/customers/x", "/api/missed", "/api/blocks", "/api/drafts", "/api/calls"] {
        assert_eq!(shop.get(path).problem(), "not-allowed", "{path}");
        assert_eq!(boss.get(path).problem(), "not-allowed", "{path}");
    }
    assert_eq!(shop.send("POST", "/api/orders/quote", &draft(&json!([]))).problem(), "not-allowed");
    let found = lina.send("POST", "/api/customers/search", &json!({ "q": "王晓梅" })).json();
    let id = found[0]["id"].as_str().unwrap();
    let path = format!("/api/customers/{id}");
    assert_eq!(lina.send("PATCH", &path, &json!({ "owner": "u1", "reason": "我的" })).problem(), "not-allowed");
    let watcher = floor.signed_in("watcher");
    assert_eq!(watcher.send("PATCH", &path, &json!({ "owner": "u1" })).status, 422, "a reason is missing");
    let page = watcher.send("PATCH", &path, &json!({ "owner": "u1", "never": ["u2"], "reason": "老客户" })).json();
    assert_eq!((page["pop"]["owner"].as_str(), page["pop"]["never"].clone()), (Some("u1"), json!(["u2"])));
    assert_eq!(lina.send("PATCH", &path, &json!({ "allergies": ["花生", "虾"] })).json()["pop"]["allergies"], json!(["花生", "虾"]));
    assert_eq!(lina.get("/api/customers/nobody").problem(), "not-found");
}

#[test]
fn c68_c69_blocks_and_missed_callers_are_handled() {
    let floor = floor();
    let (lina, wang, watcher) = (floor.signed_in("lina"), floor.signed_in("wang"), floor.signed_in("watcher"));
    let block = json!({ "phone": "138 1111 3333", "level": "hard", "reason": "骚扰" });
    assert_eq!(lina.send("POST", "/api/blocks", &json!({ "phone": "13811113333", "level": "hard", "reason": " " })).status, 422);
    let id = lina.send("POST", "/api/blocks", &block).json()["id"].as_str().unwrap().to_owned();
    let listed = watcher.get("/api/blocks").json();
    assert_eq!((listed[0]["phone"].as_str(), listed[0]["by"].as_str()), (Some("13811113333"), Some("LINA")));
    assert_eq!(wang.send("DELETE", &format!("/api/blocks/{id}"), &json!({})).problem(), "not-allowed");
    // Nor is it weakened, or made one's own and then taken off.
    let weaker = json!({ "phone": block["phone"], "level": "no_cash", "reason": "熟人" });
    assert_eq!(wang.send("POST", "/api/blocks", &weaker).problem(), "not-allowed");
    assert_eq!(watcher.get("/api/blocks").json(), listed, "as it was");
    let misspelt = json!({ "phone": "13811113333", "level": "hard", "reason": "x", "days": 3 });
    assert_eq!(lina.send("POST", "/api/blocks", &misspelt).status, 422, "not for good by mistake");
    // It holds, and a supervisor is to look at it; taken off the list, it is settled.
    let to_look_at = || watcher.get("/api/block-proposals").json().as_array().unwrap().iter().filter(|one| one["status"] == "open").count();
    let tasks = || floor.wait(floor.store.open_tasks()).unwrap().len();
    assert_eq!((to_look_at(), tasks()), (1, 1));
    assert_eq!(watcher.send("DELETE", &format!("/api/blocks/{id}"), &json!({})).status, 204);
    assert_eq!(watcher.send("DELETE", &format!("/api/blocks/{id}"), &json!({})).problem(), "not-found");
    assert_eq!((to_look_at(), tasks()), (0, 0));
    // Levels at which the caller still gets through need no look, and none does a supervisor's own.
    for (who, level) in [(&lina, "soft"), (&watcher, "decline")] {
        let made = who.send("POST", "/api/blocks", &json!({ "phone": "13811115555", "level": level, "reason": "骚扰" }));
        assert_eq!((made.status, made.json()["reviewed"].clone()), (201, json!(false)), "{level}");
    }
    assert_eq!(to_look_at(), 0);
    // Dismissed: what the agent blocked is undone.
    let again = lina.send("POST", "/api/blocks", &json!({ "phone": "13811116666", "level": "decline", "reason": "骚扰" })).json();
    assert_eq!(again["reviewed"], json!(true));
    let open = watcher.get("/api/block-proposals").json()[0].clone();
    assert_eq!(
        (&open["why"], &open["by"], &open["note"], &open["phone"]),
        (&json!("block"), &json!("LINA"), &json!("骚扰"), &json!("13811116666"))
    );
    let path = format!("/api/block-proposals/{}", open["id"].as_str().unwrap());
    assert_eq!(lina.send("POST", &path, &json!({ "do": "dismiss" })).problem(), "not-allowed");
    let held = || watcher.get("/api/blocks").json().as_array().unwrap().iter().any(|one| one["phone"] == "13811116666");
    assert!(held());
    assert_eq!(watcher.send("POST", &path, &json!({ "do": "dismiss" })).status, 204);
    assert!(!held() && tasks() == 0);
    let phone = PhoneNumber::parse("13811114444").unwrap();
    let caller = MissedCaller { kind: MissedKind::Abandoned, call: None, phone, customer: None, queue: None, at: timestamp() };
    floor.wait(floor.store.record_missed(&caller)).unwrap();
    let missed = lina.get("/api/missed").json()[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(lina.send("POST", &format!("/api/missed/{missed}/take"), &json!({})).status, 204);
    assert_eq!(wang.send("POST", &format!("/api/missed/{missed}/take"), &json!({})).problem(), "conflict");
    assert_eq!(lina.send("POST", &format!("/api/missed/{missed}/done"), &json!({ "how": "spoken" })).status, 204);
    assert_eq!(lina.get("/api/missed").json(), json!([]));
    // Drafts are one's own.
    assert_eq!(lina.send("PUT", "/api/drafts/d1", &json!({ "title": "李先生", "draft": { "lines": [1] } })).status, 204);
    assert_eq!(lina.get("/api/drafts").json()[0]["draft"]["lines"], json!([1]));
    assert_eq!(wang.get("/api/drafts").json(), json!([]));
    assert_eq!(lina.send("PUT", "/api/drafts/d2", &json!({ "x": "y".repeat(17_000) })).problem(), "too-large");
    assert_eq!(lina.send("DELETE", "/api/drafts/d1", &json!({})).status, 204);
    let wall = watcher.get("/api/wall").json();
    assert_eq!((wall["today"]["offered"].as_i64(), wall["today"]["in_time_percent"].clone()), (Some(0), Value::Null));
    assert!(wall["formulas"]["in_time_percent"].is_string());
    assert_eq!((&wall["in_time_seconds"], &wall["short_seconds"]), (&json!(20), &json!(5)), "what the formulas speak of");
    assert_eq!(lina.get("/api/calls").json(), json!([]));
}

#[test]
fn c102_reports_are_read_by_those_who_may_and_leave_as_tables() {
    let floor = floor();
    let boss = floor.signed_in("boss");
    let listed = boss.get("/api/reports").json();
    let names: Vec<&str> = listed.as_array().unwrap().iter().filter_map(|report| report["name"].as_str()).collect();
    assert!(names.contains(&"service-level") && names.contains(&"dishes"), "{names:?}");
    let report = boss.get("/api/reports/orders-by-branch?from=2026-11-01&to=2026-11-30").json();
    assert_eq!((report["columns"][0]["key"].as_str(), report["columns"][3]["kind"].as_str()), (Some("branch"), Some("count")));
    assert_eq!(report["formula"].as_array().unwrap().len(), report["columns"].as_array().unwrap().len() - 3, "one for each figure");
    let csv = boss.get("/api/reports/orders?format=csv&lang=en");
    assert_eq!((csv.status, csv.headers["content-type"].as_str()), (200, "text/csv; charset=utf-8"));
    assert!(csv.body.starts_with("\u{feff}Day,Orders,Sales (yuan),Average order (yuan)\r\n"), "{}", csv.body);
    let book = boss.get("/api/reports/orders?format=xlsx");
    assert!(book.status == 200 && book.body.starts_with("PK"), "{book:?}");
    // Kept in the audit journal: figures left the house.
    let audit = boss.get("/api/audit").json();
    assert!(audit.as_array().unwrap().iter().any(|entry| entry["action"] == "report.exported"), "{audit}");
    for refused in [
        "from=2026-11-30&to=2026-11-01",
        "from=yesterday",
        "from=2026-01-01&to=2026-12-31&grain=15m",
        "queue=a",
        "format=pdf",
        "grain=week",
    ] {
        assert_eq!(boss.get(&format!("/api/reports/orders?{refused}")).problem(), "invalid", "{refused}");
    }
    assert_eq!(boss.get("/api/reports/unknown").problem(), "not-found");
    // An agent reads none; a branch only orders, and only its own.
    assert_eq!(floor.signed_in("lina").get("/api/reports").problem(), "not-allowed");
    let shop = floor.signed_in("shop1");
    assert_eq!(shop.get("/api/reports/service-level").problem(), "not-allowed");
    assert_eq!(shop.get("/api/reports/orders").problem(), "not-allowed", "this account belongs to no branch");
    assert_eq!(floor.browser().get("/api/reports").problem(), "sign-in");
}

#[test]
fn c103_staffing_is_planned_by_those_who_may() {
    let floor = floor();
    let boss = floor.signed_in("boss");
    let plan = boss.get("/api/staffing?date=2026-11-27").json();
    assert_eq!((plan["date"].as_str(), plan["rows"].clone(), plan["target_percent"].as_i64()), (Some("2026-11-27"), json!([]), Some(80)));
    assert!(plan["formula"].as_array().unwrap().len() == 4);
    assert_eq!(boss.get("/api/staffing?target=100").problem(), "invalid");
    assert_eq!(floor.signed_in("lina").get("/api/staffing").problem(), "not-allowed");
}

/// C67: shifts are planned one by one or by a table, all of it or nothing; agents see their own.
#[test]
fn c67_shifts_are_planned_by_page_and_by_table() {
    let floor = floor();
    let boss = floor.signed_in("watcher");
    floor.wait(async {
        for (login, number) in [("lina", "8001"), ("wang", "8002")] {
            let user = floor.store.user_by_login(login).await.unwrap().unwrap();
            let change = dinetone::store::UserChange { number: Some(number.into()), ..Default::default() };
            floor.store.change_user(&user.id, &change, timestamp()).await.unwrap();
        }
    });
    let day = |shift: i64| {
        let clock = dinetone::domain::ShopClock::named("Asia/Shanghai").unwrap();
        clock.local(timestamp()).date().checked_add(jiff::Span::new().days(shift)).unwrap().to_string()
    };
    let one = json!({ "number": "8001", "day": day(1), "spans": ["09:00-12:00", "13:00-17:30"] });
    let made = boss.send("POST", "/api/shifts", &one);
    assert_eq!((made.status, &made.json()["spans"]), (201, &one["spans"]), "{made:?}");
    let id = made.json()["id"].as_str().unwrap().to_owned();
    for spans in
        [json!(["12:00-09:00", "13:00-14:00"]), json!(["9-12"]), json!(["09:00-09:00"]), json!(["10:00-12:00", "11:00-13:00"]), json!([])]
    {
        assert_eq!(boss.send("PUT", &format!("/api/shifts/{id}"), &json!({ "spans": spans })).problem(), "invalid", "{spans}");
    }
    assert_eq!(boss.send("PUT", &format!("/api/shifts/{id}"), &json!({ "spans": ["22:00-02:00"] })).status, 200);
    let table = |text: &str| boss.raw("POST", "/api/shifts/table", "Content-Type: text/csv\r\n", text);
    let wrong = table(&format!("工号,日期,班次\n8002,{},09:00-12:00\n8009,{},09:00-12:00\n", day(1), day(1)));
    assert!(wrong.problem() == "invalid" && wrong.json()["detail"].as_str().unwrap().starts_with("row 3"), "{wrong:?}");
    let done =
        table(&format!("工号,日期,班次\n8002,{0},09:00-12:00 13:00-17:00\n8002,{1},09:00-12:00\n8001,{0},10:00-16:00\n", day(1), day(2)));
    assert_eq!(done.json()["days"], 3, "{done:?}");
    let rows = boss.get("/api/shifts").json();
    let told: Vec<_> = rows.as_array().unwrap().iter().map(|row| (row["number"].clone(), row["spans"].clone())).collect();
    assert!(told.len() == 3 && told.contains(&(json!("8001"), json!(["10:00-16:00"]))), "{rows:#}");
    assert_eq!(floor.signed_in("lina").get("/api/shifts").json().as_array().unwrap().len(), 1, "an agent's own");
    assert_eq!(floor.signed_in("lina").send("POST", "/api/shifts", &one).problem(), "not-allowed");
    // What goes out comes in again.
    let file = boss.get("/api/shifts?format=csv");
    assert_eq!(table(&file.body).json()["days"], 3);
    assert_eq!(boss.send("DELETE", &format!("/api/shifts/{id}"), &json!({})).status, 204);
    assert_eq!(boss.send("DELETE", &format!("/api/shifts/{id}"), &json!({})).problem(), "not-found");
    let planned = boss.get("/api/reports/adherence").json();
    assert_eq!(planned["rows"], json!([]), "nothing of it has been yet: {planned}");
}

/// An order of somebody else's; its number.
fn placed(by: &super::web_kit::Browser, branch: u16, key: &str) -> String {
    let mut order = draft(&json!([{ "dish": 18, "quantity": 1 }]));
    (order["branch"], order["key"], order["again"]) = (json!(branch), json!(key), json!(true));
    let made = by.send("POST", "/api/orders", &order);
    assert_eq!(made.status, 201, "{made:?}");
    made.json()["number"].as_str().unwrap().to_owned()
}

/// C98: who calls no customers sees no whole numbers, wherever an order shows one.
#[test]
fn c98_managers_see_masked_numbers() {
    let floor = floor();
    let lina = floor.signed_in("lina");
    let number = placed(&lina, 1, "masked-0001");
    let manager = floor.person("chief", Role::Manager, None);
    let one = format!("/api/orders/{number}");
    assert_eq!(lina.get(&one).json()["phone"], "13811112222");
    assert_eq!(manager.get(&one).json()["phone"], "138****2222");
    let list = manager.get("/api/orders");
    assert_eq!(list.json()[0]["phone"], "138****2222");
    assert!(!list.body.contains("13811112222"), "{list:?}");
}

/// A branch's list is cut after other branches' orders are left out, not before.
#[test]
fn a_branch_sees_its_own_orders_however_many_others_have() {
    let floor = floor();
    let lina = floor.signed_in("lina");
    let own = placed(&lina, 2, "branch-0001");
    placed(&lina, 1, "branch-0002");
    placed(&lina, 1, "branch-0003");
    let shop = floor.person("shop2", Role::Branch, Some(2));
    let list = shop.get("/api/orders?limit=1").json();
    assert_eq!((list.as_array().map(Vec::len), list[0]["number"].as_str()), (Some(1), Some(own.as_str())), "{list}");
}

/// C105: a program reads day by day, and goes on behind what it has; a name that no list knows is no silence.
#[test]
fn c105_lists_are_asked_for_by_day_branch_number_and_go_on_behind_the_last() {
    let floor = floor();
    let lina = floor.signed_in("lina");
    let numbers: Vec<String> =
        [1, 2, 1].iter().enumerate().map(|(place, branch)| placed(&lina, *branch, &format!("list-000{place}"))).collect();
    let orders = |asked: &str| -> Vec<String> {
        // The sample members have orders, too.
        let listed = lina.get(&format!("/api/orders?phone=138-1111-2222&{asked}"));
        assert_eq!(listed.status, 200, "{listed:?}");
        listed.json().as_array().unwrap().iter().map(|order| order["number"].as_str().unwrap().to_owned()).collect()
    };
    let latest = |places: &[usize]| places.iter().map(|place| numbers[*place].clone()).collect::<Vec<_>>();
    assert_eq!(orders("branch=1"), latest(&[2, 0]));
    assert_eq!(orders("status=new"), latest(&[2, 1, 0]));
    assert_eq!(lina.get("/api/orders?phone=13900000000").json(), json!([]));
    assert_eq!(orders("limit=1"), latest(&[2]));
    assert_eq!(orders(&format!("limit=1&after={}", numbers[2])), latest(&[1]));
    assert_eq!(orders(&format!("after={}", numbers[1])), latest(&[0]));
    let today = dinetone::domain::ShopClock::named("Asia/Shanghai").unwrap().local(timestamp()).date();
    assert_eq!(orders(&format!("from={today}")), latest(&[2, 1, 0]));
    assert_eq!(orders(&format!("to={}", today.yesterday().unwrap())), latest(&[]));
    for wrong in ["from=monday", "from=2026-11-02&to=2026-11-01", "status=eaten", "phone=x", "after=2611010001", "branch=0"] {
        assert_eq!(lina.get(&format!("/api/orders?{wrong}")).problem(), "invalid", "{wrong}");
    }
    let shop = floor.person("shop2", Role::Branch, Some(2));
    assert_eq!(shop.get("/api/orders?branch=1").problem(), "not-allowed");
    assert_eq!(shop.get(&format!("/api/orders?after={}", numbers[2])).problem(), "invalid", "another branch's order is none");

    let chief = floor.person("chief", Role::Manager, None);
    assert_eq!(chief.get(&format!("/api/calls?from={today}&to={today}&queue=order&caller=13811112222&after=")).json(), json!([]));
    for wrong in ["to=x", "caller=no", "after=none"] {
        assert_eq!(chief.get(&format!("/api/calls?{wrong}")).problem(), "invalid", "{wrong}");
    }
    for path in ["/api/orders?since=1", "/api/calls?day=1", "/api/tickets?open=1", "/api/missed?page=2", "/api/reports/orders?form=csv"] {
        let refused = chief.get(path);
        assert_eq!(refused.problem(), "bad-request", "{path}");
        assert!(refused.body.contains("expected"), "it says which names there are: {refused:?}");
    }
}

#[test]
fn c100_a_ticket_is_opened_taken_and_closed_over_http() {
    let floor = floor();
    let lina = floor.signed_in("lina");
    let wish = json!({ "kind": "complaint", "words": "少了一份米饭", "phone": "13811112222" });
    assert_eq!(lina.send("POST", "/api/tickets", &json!({ "kind": "complaint" })).problem(), "invalid");
    let opened = lina.send("POST", "/api/tickets", &wish);
    assert_eq!(opened.status, 201, "{opened:?}");
    let id = opened.json()["id"].as_str().unwrap().to_owned();
    let listed = lina.get("/api/tickets").json();
    assert_eq!((listed[0]["phone"].as_str(), listed[0]["status"].as_str()), (Some("13811112222"), Some("open")));
    let path = format!("/api/tickets/{id}");
    let taken = lina.send("PATCH", &path, &json!({ "revision": 0, "do": "take" })).json();
    assert_eq!((taken["owner"]["name"].as_str(), taken["revision"].as_i64()), (Some("LINA"), Some(1)));
    assert_eq!(lina.send("PATCH", &path, &json!({ "revision": 0, "do": "take" })).problem(), "conflict");
    for incomplete in [
        json!({ "revision": 1, "do": "close" }),
        json!({ "revision": 1, "do": "close", "text": "补送" }),
        json!({ "revision": 1, "do": "sing" }),
    ] {
        assert_eq!(lina.send("PATCH", &path, &incomplete).problem(), "invalid", "{incomplete}");
    }
    let closed = lina.send("PATCH", &path, &json!({ "revision": 1, "do": "close", "text": "补送", "told": "called" })).json();
    assert_eq!((closed["closed"]["outcome"].as_str(), closed["notes"].as_array().map(Vec::len)), (Some("补送"), Some(3)));
    assert!(lina.get("/api/tickets").json().as_array().unwrap().is_empty());
    assert_eq!(floor.signed_in("shop1").get("/api/tickets").problem(), "not-allowed", "this account belongs to no branch");
    for nothing in ["/api/recordings/none", "/api/recordings/..%2Fhouse", "/api/tickets/none"] {
        assert_eq!(lina.get(nothing).problem(), "not-found", "{nothing}");
    }
}

#[test]
fn c105_subscriptions_are_made_by_administrators_and_never_point_inside() {
    let floor = floor();
    let boss = floor.signed_in("boss");
    for inside in ["http://127.0.0.1/", "http://169.254.169.254/x", "ftp://shop.example/", "http://a:b@shop.example/"] {
        assert_eq!(boss.send("POST", "/api/webhooks", &json!({ "name": "till", "url": inside })).problem(), "invalid", "{inside}");
    }
    let made =
        boss.send("POST", "/api/webhooks", &json!({ "name": "till", "url": "https://shop.example/hook", "kinds": ["order_placed"] }));
    assert!(made.status == 201 && made.json()["secret"].as_str().is_some_and(|secret| secret.len() == 64), "{made:?}");
    let listed = boss.get("/api/webhooks").json();
    assert_eq!((listed[0]["behind"].as_i64(), listed[0]["secret"].is_null()), (Some(0), true), "told once: {listed}");
    let path = format!("/api/webhooks/{}", made.json()["id"].as_str().unwrap());
    assert_eq!(boss.send("PATCH", &path, &json!({ "after": 0, "active": false })).status, 204);
    let listed = boss.get("/api/webhooks").json();
    assert!(listed[0]["behind"].as_i64().unwrap() > 0 && listed[0]["active"] == false, "{listed}");
    let events = boss.get("/api/events?after=0&limit=1").json();
    assert_eq!((events["events"][0]["seq"].as_i64(), events["after"].as_i64()), (Some(1), Some(1)));
    assert_eq!(boss.raw("DELETE", &path, "", "").status, 204);
    assert_eq!(boss.raw("DELETE", &path, "", "").problem(), "not-found");
    assert_eq!(floor.signed_in("watcher").get("/api/webhooks").problem(), "not-allowed");
    assert_eq!(floor.signed_in("lina").get("/api/events").problem(), "not-allowed");
}

/// Where this value is not as the description says.
fn differs(api: &Value, shape: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    if let Some(name) = shape["$ref"].as_str() {
        return differs(api, &api["components"]["schemas"][name.rsplit('/').next().unwrap()], value, at, found);
    }
    if let Some(ways) = shape["oneOf"].as_array() {
        if !value.is_null() || !ways.iter().any(|way| way["type"] == "null") {
            differs(api, &ways[0], value, at, found);
        }
        return;
    }
    let kinds: Vec<&str> = match &shape["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => return,
    };
    let is = |kind: &&str| match *kind {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => value.is_null(),
    };
    if !kinds.iter().any(is) {
        return found.push(format!("{at}: {value} is no {kinds:?}"));
    }
    for (place, item) in value.as_array().into_iter().flatten().enumerate() {
        differs(api, &shape["items"], item, &format!("{at}[{place}]"), found);
    }
    let Some(fields) = value.as_object() else { return };
    for name in shape["required"].as_array().into_iter().flatten().filter_map(Value::as_str).filter(|name| !fields.contains_key(*name)) {
        found.push(format!("{at}.{name} is missing"));
    }
    for (name, field) in fields {
        match (&shape["properties"][name], &shape["additionalProperties"]) {
            (Value::Null, Value::Bool(false)) => found.push(format!("{at}.{name} is not described")),
            (Value::Null, other) => differs(api, other, field, &format!("{at}.{name}"), found),
            (known, _) => differs(api, known, field, &format!("{at}.{name}"), found),
        }
    }
}

/// Every GET is asked by everybody, and the answers are as the description says.
#[test]
fn answers_are_as_the_description_says() {
    let floor = floor();
    let desk = floor.signed_in("lina");
    let number = placed(&desk, 1, "an-order-of-shapes");
    let order =
        desk.get("/api/orders").json().as_array().unwrap().iter().find(|order| order["number"] == json!(number)).unwrap()["id"].clone();
    let ticket = desk.send("POST", "/api/tickets", &json!({ "kind": "complaint", "words": "cold", "phone": "13811112222" })).json();
    assert_eq!(desk.send("POST", "/api/blocks", &json!({ "phone": "13811112223", "level": "soft", "reason": "rude" })).status, 201);
    assert_eq!(desk.send("PUT", "/api/drafts/d1", &json!({ "title": "t", "body": {} })).status, 204);
    let boss = floor.signed_in("boss");
    boss.send("PUT", "/api/dishes/18", &json!({ "price_fen": 3900 }));
    let customers = desk.send("POST", "/api/customers/search", &json!({ "q": "13800138000" })).json();
    let api = boss.get("/api/openapi.json").json();
    let everybody =
        [desk, boss, floor.signed_in("watcher"), floor.person("chief", Role::Manager, None), floor.person("shop7", Role::Branch, Some(1))];
    let (mut found, mut seen) = (Vec::new(), 0);
    for (path, item) in api["paths"].as_object().unwrap() {
        let shape = &item["get"]["responses"]["200"]["content"]["application/json"]["schema"];
        if !shape.is_object() {
            continue;
        }
        let ids: Vec<String> = match path.as_str() {
            path if path.starts_with("/api/orders/{id}") => vec![order.as_str().unwrap().to_owned()],
            path if path.starts_with("/api/customers/{id}") => vec![customers[0]["id"].as_str().unwrap().to_owned()],
            "/api/tickets/{id}" => vec![ticket["id"].as_str().unwrap().to_owned()],
            "/api/prompts/{id}" => vec!["greet.open".into(), "q.agent".into()],
            "/api/reports/{name}" => boss_reports(&everybody[2]),
            path if path.contains('{') => continue,
            _ => vec![String::new()],
        };
        for id in ids {
            let address = path.replace("{id}", &id).replace("{name}", &id).replace("{slip}", "kitchen");
            for person in &everybody {
                let reply = person.get(&address);
                if reply.status == 200 {
                    seen += 1;
                    differs(&api, shape, &reply.json(), path, &mut found);
                }
            }
        }
    }
    found.sort_unstable();
    found.dedup();
    assert!(found.is_empty(), "{}", found.join("\n"));
    assert!(seen > 100, "{seen}");
}

fn boss_reports(by: &super::web_kit::Browser) -> Vec<String> {
    by.get("/api/reports").json().as_array().unwrap().iter().map(|report| report["name"].as_str().unwrap().to_owned()).collect()
}
