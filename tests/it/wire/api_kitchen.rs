//! Slips, printers and riders over HTTP: a branch sees its own, a rider's page needs no signing in and ends.

use std::sync::Arc;

use dinetone::domain::{BranchNumber, OrderId, Role};
use dinetone::house::House;
use dinetone::order::life::{Actor, ActorKind, Step};
use dinetone::store::NewUser;
use serde_json::json;

use super::web_kit::{Floor, PASSWORD, timestamp};

/// The shipped house and an order that branch 1 has sent on its way.
fn floor() -> (Floor, OrderId) {
    let floor = Floor::open("", false);
    let (house, findings) = House::read(&include_str!("../../../menus.toml").parse::<toml::Table>().unwrap());
    assert!(findings.is_empty(), "{findings:?}");
    let order = floor.wait(async {
        floor.store.import_house(&house, timestamp()).await.unwrap();
        floor.store.fill_demo(timestamp()).await.unwrap();
        let login = "kitchen1".to_owned();
        let user = NewUser { login, name: "店长".into(), role: Some(Role::Branch), branch: BranchNumber::new(1), ..NewUser::default() };
        floor.store.add_user(&user, PASSWORD, timestamp()).await.unwrap();
        // The demonstration's order for branch 1 that its kitchen has not taken yet.
        let filter = dinetone::store::OrderFilter { status: Some(dinetone::domain::OrderStatus::Out), ..Default::default() };
        floor.store.orders(&filter).await.unwrap().remove(0).id
    });
    let catalogue = floor.wait(floor.store.catalogue()).unwrap();
    floor.stock(Arc::new(catalogue));
    (floor, order)
}

#[test]
fn c83_slips_are_shown_as_lines_and_printers_are_set_up_by_those_who_may() {
    let (floor, order) = floor();
    let root = floor.signed_in("boss");
    let branch = floor.signed_in("kitchen1");
    let slip = branch.get(&format!("/api/orders/{order}/slip/delivery?copy=1&width=32")).json();
    assert_eq!(slip["width"], 32);
    let lines = slip["lines"].as_array().unwrap();
    assert_eq!(
        (lines[0]["text"].as_str(), lines[0]["big"].as_bool(), lines[0]["align"].as_str()),
        (Some("补打 1"), Some(true), Some("center"))
    );
    assert!(slip["barcode"].as_str().is_some(), "{slip}");
    assert_eq!(branch.get(&format!("/api/orders/{order}/slip/menu")).problem(), "invalid");
    let printer =
        json!({ "branch": 1, "name": "后厨", "address": "192.168.1.50", "width": 48, "slips": ["kitchen", "delivery"], "buzzer": true });
    assert_eq!(branch.send("PUT", "/api/printers", &printer).problem(), "not-allowed");
    let saved = root.send("PUT", "/api/printers", &printer);
    assert_eq!(saved.status, 204, "{saved:?}");
    let shown = branch.get("/api/printers").json();
    assert_eq!((shown[0]["address"].as_str(), shown[0]["state"].as_str()), (Some("192.168.1.50:9100"), Some("none")));
    for address in ["", "http://x", "a b:9100", "printer:0", "printer:99999"] {
        let mut wrong = printer.clone();
        wrong["address"] = json!(address);
        assert_eq!(root.send("PUT", "/api/printers", &wrong).problem(), "invalid", "{address}");
    }
    let printed = branch.send("POST", &format!("/api/orders/{order}/print"), &json!({ "slip": "kitchen" }));
    assert_eq!((printed.status, printed.json()["jobs"].as_u64()), (202, Some(1)), "{printed:?}");
    let jobs = branch.get("/api/print-jobs?open=1").json();
    assert_eq!((jobs[0]["slip"].as_str(), jobs[0]["status"].as_str()), (Some("kitchen"), Some("waiting")));
    let dropped = branch.send("POST", &format!("/api/print-jobs/{}", jobs[0]["id"].as_str().unwrap()), &json!({ "do": "drop" }));
    assert_eq!(dropped.status, 204, "{dropped:?}");
    assert_eq!(branch.get("/api/print-jobs?open=1").json(), json!([]));
    assert_eq!(branch.send("POST", &format!("/api/orders/{order}/print"), &json!({ "slip": "packing" })).problem(), "not-found");
}

#[test]
fn c85_a_riders_page_opens_without_signing_in_reports_and_ends() {
    let (floor, order) = floor();
    let branch = floor.signed_in("kitchen1");
    let made = branch.send("POST", "/api/riders", &json!({ "name": "老周", "phone": "13500135009" }));
    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!(branch.send("POST", "/api/riders", &json!({ "name": "小陈", "phone": "13500135009" })).problem(), "conflict");
    let riders = branch.get("/api/riders").json();
    let rider = riders.as_array().unwrap().iter().find(|rider| rider["phone"] == "13500135009").expect("in full for their branch").clone();
    assert_eq!((rider["state"].as_str(), rider["due_fen"].as_i64()), (Some("in"), Some(0)));
    let path = branch.send("POST", &format!("/api/orders/{order}/link"), &json!({})).json()["path"].as_str().unwrap().to_owned();
    let api = path.replacen("/r/", "/api/r/", 1);
    let stranger = floor.browser();
    assert_eq!(stranger.get("/api/r/0000").problem(), "not-found");
    let page = stranger.get(&api).json();
    assert_eq!((page["out"].as_bool(), page["address"].as_str()), (Some(true), Some("漕溪北路八十八号")), "{page}");
    assert!(page["phone"].as_str().unwrap().len() == 11 && page["pay_fen"].as_i64().unwrap() > 0);
    assert_eq!(stranger.send("POST", &api, &json!({ "code": "D55" })).problem(), "invalid");
    // Nobody there: it is tried once more.
    let said = stranger.send("POST", &api, &json!({ "code": "D71", "note": "没人接电话" }));
    assert_eq!((said.status, said.json()["attempts"].as_i64(), &said.json()["outcome"]), (200, Some(1), &json!(null)), "{said:?}");
    // Another time needs the time, and then is what is promised.
    assert_eq!(stranger.send("POST", &api, &json!({ "code": "D73" })).problem(), "invalid");
    let said = stranger.send("POST", &api, &json!({ "code": "D73", "minutes": 20 }));
    assert_eq!((said.status, said.json()["attempts"].as_i64(), said.json()["out"].as_bool()), (200, Some(0), Some(true)), "{said:?}");
    assert_ne!(said.json()["promised_at"], page["promised_at"]);
    let said = stranger.send("POST", &api, &json!({ "code": "D72", "note": "不要了" }));
    assert_eq!((said.status, said.json()["outcome"]["code"].as_str()), (200, Some("D72")), "{said:?}");
    // A second word within the window is a correction.
    let said = stranger.send("POST", &api, &json!({ "code": "auto" }));
    assert_eq!(said.status, 200, "{said:?}");
    let tasks = floor.wait(floor.store.open_tasks()).unwrap();
    assert!(!tasks.iter().any(|task| task.kind == "undelivered"), "the correction settles the task: {tasks:?}");
}

#[test]
fn c89_a_proposal_is_decided_by_a_supervisor_only() {
    let (floor, order) = floor();
    floor.wait(async {
        let by = Actor::new(ActorKind::Branch, "b", "店长").of(BranchNumber::new(1).unwrap());
        let prank = Step::Deliver { code: Some(dinetone::order::life::Outcome::Prank), note: String::new(), minutes_late: None };
        floor.store.order_step(&order, None, &prank, &by, timestamp()).await.unwrap();
        floor.store.mark_customer(&order, timestamp()).await.unwrap();
    });
    let (lina, boss) = (floor.signed_in("lina"), floor.signed_in("watcher"));
    let open = lina.get("/api/block-proposals").json();
    assert_eq!((open[0]["why"].as_str(), open[0]["status"].as_str()), (Some("D90"), Some("open")));
    let path = format!("/api/block-proposals/{}", open[0]["id"].as_str().unwrap());
    let confirm = json!({ "do": "confirm", "level": "no_cash", "days": 30 });
    assert_eq!(lina.send("POST", &path, &confirm).problem(), "not-allowed");
    assert_eq!(boss.send("POST", &path, &json!({ "do": "confirm", "level": "harsh" })).problem(), "invalid");
    assert_eq!(boss.send("POST", &path, &confirm).status, 204);
    assert_eq!(boss.send("POST", &path, &confirm).problem(), "conflict");
    let blocks = lina.get("/api/blocks").json();
    let entry = blocks.as_array().unwrap().iter().find(|entry| entry["level"] == "no_cash").expect("it is on the list").clone();
    assert!(entry["until"].is_string() && entry["hits"] == 0, "{entry}");
}

/// The guest waited for an hour: who leads makes it good, once, and takes it back.
#[test]
fn c85_d60_a_credit_is_granted_by_those_who_lead() {
    let (floor, order) = floor();
    let (lina, boss) = (floor.signed_in("lina"), floor.signed_in("watcher"));
    let path = format!("/api/orders/{order}/credit");
    let wish = json!({ "amount_fen": 2000, "why": "晚到一小时" });
    assert_eq!(lina.send("PUT", &path, &wish).problem(), "not-allowed");
    assert_eq!(boss.get(&path).json(), json!(null));
    for wrong in [
        json!({ "amount_fen": 0, "why": "x" }),
        json!({ "amount_fen": 20_001, "why": "x" }),
        json!({ "amount_fen": 2000, "why": " " }),
        json!({ "amount_fen": 2000, "why": "x", "days": 0 }),
    ] {
        assert_eq!(boss.send("PUT", &path, &wrong).problem(), "invalid", "{wrong}");
    }
    let given = boss.send("PUT", &path, &wish);
    assert_eq!((given.status, given.json()["amount_fen"].as_i64()), (200, Some(2000)), "{given:?}");
    assert_eq!(boss.send("PUT", &path, &wish).problem(), "cannot", "once");
    // It comes off the next order by itself, with its own line.
    let customer = lina.get(&format!("/api/orders/{order}")).json()["customer"].clone();
    let next =
        json!({ "phone": "13900139000", "customer": customer, "service": "pickup", "branch": 1, "lines": [{ "dish": 18, "quantity": 2 }] });
    let quote = lina.send("POST", "/api/orders/quote", &next).json();
    let credit = quote["discounts"].as_array().unwrap().iter().find(|off| off["why"] == "credit").cloned();
    assert_eq!(credit.map(|off| off["off_fen"].clone()), Some(json!(2000)), "{quote}");
    assert_eq!(boss.send("DELETE", &path, &json!({})).status, 204);
    assert_eq!(boss.send("DELETE", &path, &json!({})).problem(), "cannot");
    assert_eq!(boss.send("PUT", "/api/orders/nope/credit", &wish).problem(), "not-found");
}

/// The branch has run out after accepting: the change needs the guest's yes, and is shown on both boards' cards.
#[test]
fn c85_d83_another_dish_needs_the_guests_yes() {
    let (floor, _) = floor();
    let (lina, branch) = (floor.signed_in("lina"), floor.signed_in("kitchen1"));
    let wanted = json!({ "phone": "13811112222", "contact": "赵先生", "service": "pickup", "branch": 1, "key": "draft-0083", "lines": [{ "dish": 18, "quantity": 1 }], "again": true });
    let id = lina.send("POST", "/api/orders", &wanted).json()["id"].as_str().unwrap().to_owned();
    let path = format!("/api/orders/{id}/steps");
    assert_eq!(branch.send("POST", &path, &json!({ "step": "accept" })).status, 200);
    let gone = branch.send("POST", &path, &json!({ "step": "deliver", "code": "D83", "dishes": [18] })).json();
    assert_eq!((&gone["status"], &gone["owner"], &gone["lacks"]), (&json!("accepted"), &json!("headquarters"), &json!([18])), "{gone}");
    let mut swap = json!({ "step": "ask_edit", "lines": [{ "dish": 61, "quantity": 1 }] });
    assert_eq!(lina.send("POST", &path, &swap).problem(), "invalid", "nobody has said that the guest agrees");
    swap["agreed"] = json!(true);
    assert_eq!(lina.send("POST", &path, &swap).status, 200);
    let granted = branch.send("POST", &path, &json!({ "step": "grant" })).json();
    assert_eq!((&granted["owner"], &granted["lacks"], &granted["version"]), (&json!("branch"), &json!(null), &json!(2)), "{granted}");
    let told = lina.get(&format!("/api/orders/{id}/timeline")).json();
    let asked = told["events"].as_array().unwrap().iter().find(|event| event["kind"] == "ask_edit").unwrap().clone();
    assert_eq!((&asked["data"]["why"], &asked["by"]), (&json!("agreed"), &json!("LINA")), "who says so");
}

/// 改派: nearest first, in kilometres where both places are known.
#[test]
fn c77_branches_are_suggested_by_distance() {
    let (floor, _) = floor();
    let (lina, boss) = (floor.signed_in("lina"), floor.signed_in("boss"));
    for (number, at) in [(1, "121.4370,31.1885"), (2, "121.4453,31.2235")] {
        let put = boss.send("PUT", &format!("/api/branches/{number}"), &json!({ "location": at }));
        assert_eq!(put.status, 200, "{put:?}");
    }
    assert_eq!(boss.send("PUT", "/api/branches/1", &json!({ "location": "徐家汇" })).problem(), "invalid");
    let catalogue = floor.wait(floor.store.catalogue()).unwrap();
    floor.stock(Arc::new(catalogue));
    let wanted = json!({ "phone": "13811112222", "contact": "赵先生", "service": "delivery", "branch": 1, "address_text": "漕溪北路八十八号 (121.4453,31.2200)",
        "key": "draft-0077", "lines": [{ "dish": 18, "quantity": 2 }], "again": true });
    let placed = lina.send("POST", "/api/orders", &wanted);
    assert_eq!(placed.status, 201, "{placed:?}");
    let found = boss.get(&format!("/api/orders/{}/branches", placed.json()["id"].as_str().unwrap())).json();
    let metres = |number: u16| found.as_array().unwrap().iter().find(|one| one["branch"] == number).unwrap()["distance_m"].as_u64();
    assert!(metres(1).is_some_and(|metres| (3500..3700).contains(&metres)), "{found}");
    assert!(metres(2).is_some_and(|metres| (350..420).contains(&metres)), "{found}");
    assert_eq!(metres(3), None, "nobody has written down where it is");
    let order: Vec<u64> = found.as_array().unwrap().iter().filter_map(|one| one["branch"].as_u64()).collect();
    assert_eq!(order.iter().position(|one| *one == 2), Some(0), "{found}");
}
