//! The kitchen over HTTP: the board socket of a branch and of headquarters, steps with their refusals, tablets, tasks, pauses, and changes of the house.

use std::sync::Arc;
use std::time::Duration;

use dinetone::domain::{
    BranchNumber, Cart, CartLine, Language, MenuNumber, Money, PhoneNumber, Place, PlacedVia, Quantity, Role, Timestamp, When,
};
use dinetone::store::{NewUser, OrderRequest, Placed};
use serde_json::{Value, json};

use super::web_kit::{Floor, Live};

fn now() -> Timestamp {
    Timestamp::from(dinetone::server::clock::now().wall)
}

/// The sample house, people of two branches and of headquarters.
fn house() -> Floor {
    let stand = Floor::open("", false);
    stand.wait(async {
        let (house, findings) = dinetone::house::House::read(&include_str!("../../../menus.toml").parse::<toml::Table>().unwrap());
        assert!(findings.is_empty(), "{findings:?}");
        stand.store.import_house(&house, now()).await.unwrap();
        for (login, role, branch) in [
            ("kitchen1", Role::Branch, Some(1)),
            ("kitchen2", Role::Branch, Some(2)),
            ("zhao", Role::Dispatcher, None),
            ("chen", Role::Manager, None),
        ] {
            let user = NewUser {
                login: login.into(),
                name: login.to_uppercase(),
                role: Some(role),
                branch: branch.and_then(BranchNumber::new),
                ..NewUser::default()
            };
            stand.store.add_user(&user, super::web_kit::PASSWORD, now()).await.unwrap();
        }
    });
    let catalogue = stand.wait(stand.store.catalogue()).unwrap();
    stand.stock(Arc::new(catalogue));
    stand
}

/// Fetched at branch 1, which never closes.
fn order(stand: &Floor, key: &str) -> String {
    let catalogue = stand.wait(stand.store.catalogue()).unwrap();
    let line = |dish, quantity| CartLine {
        dish: MenuNumber::new(dish).unwrap(),
        quantity: Quantity::new(quantity).unwrap(),
        size: None,
        spice: None,
    };
    let request = OrderRequest {
        key: key.into(),
        customer: None,
        member: None,
        phone: PhoneNumber::parse("13800138000").unwrap(),
        language: Language::Mandarin,
        cart: Cart { lines: vec![line(18, 2)] },
        place: Place::Pickup { branch: BranchNumber::new(1).unwrap() },
        when: When::Now,
        points: 0,
        note: None,
        heard: Money::yuan(76),
        again: true,
    };
    match stand.wait(stand.store.place_order(&request, PlacedVia::Keypad, now(), &catalogue)).unwrap() {
        Placed::Confirmed { id, .. } => id.as_str().to_owned(),
        other => panic!("{other:?}"),
    }
}

/// A board and its first frame.
fn board(stand: &Floor, login: &str) -> (Live, Value) {
    let mut live = stand.signed_in(login).socket("/api/board").unwrap_or_else(|refused| panic!("{refused:?}"));
    let snapshot = live.next().unwrap();
    assert_eq!(snapshot["type"], "snapshot", "{snapshot}");
    (live, snapshot)
}

/// The next frame about this order.
fn of_order(live: &mut Live, id: &str) -> Value {
    loop {
        let frame = live.until("order");
        if frame["order"]["id"] == id {
            return frame["order"].clone();
        }
    }
}

#[test]
fn c76_c81_a_confirmed_order_rings_on_its_branchs_board_and_nowhere_else() {
    let stand = house();
    let (mut own, snapshot) = board(&stand, "kitchen1");
    assert_eq!((&snapshot["me"]["branch"], snapshot["orders"].as_array().unwrap().len()), (&json!(1), 0));
    assert_eq!(snapshot["branches"].as_array().unwrap().len(), 1, "its own only");
    let (mut other, _) = board(&stand, "kitchen2");
    let (mut headquarters, whole) = board(&stand, "zhao");
    assert!(whole["branches"].as_array().unwrap().len() >= 3);
    let (mut manager, _) = board(&stand, "chen");
    let id = order(&stand, "first-order");
    let card = of_order(&mut own, &id);
    assert_eq!(
        (&card["ring"], &card["owner"], &card["phone"], &card["tail"]),
        (&json!(true), &json!("branch"), &json!("13800138000"), &json!("0001"))
    );
    assert_eq!(of_order(&mut headquarters, &id)["phone"], "13800138000");
    assert_eq!(of_order(&mut manager, &id)["phone"], "138****8000", "who calls nobody sees no numbers (C98)");
    let kitchen = stand.signed_in("kitchen1");
    let step = |body: Value| kitchen.send("POST", &format!("/api/orders/{id}/steps"), &body);
    let seen = step(json!({ "step": "seen", "life": card["life"] }));
    assert_eq!((seen.status, &seen.json()["ring"]), (200, &json!(false)), "{seen:?}");
    let late = step(json!({ "step": "accept", "life": card["life"], "minutes": 25 }));
    assert_eq!((late.problem().as_str(), &late.json()["card"]["life"]), ("order-moved", &json!(2)));
    assert_eq!(step(json!({ "step": "accept", "minutes": 25 })).json()["status"], "accepted");
    let wrong = step(json!({ "step": "grant" }));
    assert_eq!((wrong.problem().as_str(), &wrong.json()["why"]), ("cannot", &json!("nothing_asked")));
    assert_eq!(step(json!({ "step": "dance" })).problem(), "invalid");
    let stranger = stand.signed_in("kitchen2").send("POST", &format!("/api/orders/{id}/steps"), &json!({ "step": "cook" }));
    assert_eq!(stranger.problem(), "not-allowed");
    assert_eq!(stand.signed_in("kitchen2").get(&format!("/api/orders/{id}/timeline")).problem(), "not-found");
    // The other branch hears of it when it becomes its own.
    let dispatcher = stand.signed_in("zhao");
    let branches = dispatcher.get(&format!("/api/orders/{id}/branches")).json();
    assert_eq!(branches.as_array().unwrap().len(), 3);
    let moved = dispatcher.send("POST", &format!("/api/orders/{id}/steps"), &json!({ "step": "reassign", "branch": 2, "why": "太忙" }));
    assert_eq!((moved.status, &moved.json()["branch"]), (200, &json!(2)), "{moved:?}");
    let card = of_order(&mut other, &id);
    assert_eq!((&card["branch"], &card["ring"], &card["branch_why"]), (&json!(2), &json!(true), &json!("太忙")));
    while of_order(&mut own, &id)["branch"] != 2 {}
    let events = dispatcher.get(&format!("/api/orders/{id}/timeline")).json();
    let kinds: Vec<&str> = events["events"].as_array().unwrap().iter().filter_map(|event| event["kind"].as_str()).collect();
    assert_eq!(kinds, ["placed", "seen", "accept", "reassign"]);
}

#[test]
fn c81_a_task_reaches_headquarters_and_is_settled_there() {
    let stand = house();
    let (mut headquarters, _) = board(&stand, "zhao");
    let id = order(&stand, "first-order");
    let refuse = json!({ "step": "refuse", "reason": "sold_out", "dishes": [18] });
    assert_eq!(stand.signed_in("kitchen1").send("POST", &format!("/api/orders/{id}/steps"), &refuse).status, 200);
    let task = headquarters.until("task")["task"].clone();
    assert_eq!((&task["kind"], &task["order"], &task["words"]["code"]), (&json!("refused"), &json!(id), &json!("sold_out")));
    let path = format!("/api/tasks/{}", task["id"].as_str().unwrap());
    assert_eq!(stand.signed_in("kitchen1").send("POST", &format!("{path}/take"), &json!({})).problem(), "not-allowed");
    let zhao = stand.signed_in("zhao");
    assert_eq!(zhao.send("POST", &format!("{path}/take"), &json!({})).json()["taken_name"], "ZHAO");
    assert_eq!(stand.signed_in("watcher").send("POST", &format!("{path}/take"), &json!({})).problem(), "conflict");
    assert_eq!(zhao.send("POST", &format!("{path}/done"), &json!({ "how": "打过电话" })).status, 200);
    assert_eq!(zhao.send("POST", &format!("{path}/done"), &json!({ "how": "打过电话" })).problem(), "conflict");
}

#[test]
fn c82_a_tablet_is_tied_by_its_code_once_and_taken_away() {
    let stand = house();
    let zhao = stand.signed_in("zhao");
    let made = zhao.send("POST", "/api/devices", &json!({ "branch": 1, "name": "厨房平板" })).json();
    let code = made["code"].as_str().unwrap();
    assert_eq!(code.len(), 8);
    let mut tablet = stand.browser();
    assert_eq!(tablet.send("POST", "/api/device-session", &json!({ "code": "00000000" })).problem(), "wrong-password");
    let tied = tablet.send("POST", "/api/device-session", &json!({ "code": code }));
    assert_eq!((tied.status, &tied.json()["branch"]), (200, &json!(1)), "{tied:?}");
    let cookie = tied.headers["set-cookie"].clone();
    assert!(cookie.contains("HttpOnly") && cookie.contains("Max-Age=31536000"));
    tablet.cookie = cookie.split([';', '=']).nth(1).map(str::to_owned);
    assert_eq!(stand.browser().send("POST", "/api/device-session", &json!({ "code": code })).problem(), "wrong-password", "once");
    let me = tablet.get("/api/me").json();
    assert_eq!((&me["role"], &me["branch"], &me["name"]), (&json!("branch"), &json!(1), &json!("厨房平板")));
    let mut live = tablet.socket("/api/board").unwrap_or_else(|refused| panic!("{refused:?}"));
    assert_eq!(live.next().unwrap()["me"]["branch"], 1);
    // Its branch is there for headquarters at once.
    let (_, whole) = board(&stand, "zhao");
    let one = whole["branches"].as_array().unwrap().iter().find(|branch| branch["number"] == 1).unwrap().clone();
    assert_eq!(one["online"], true);
    live.say(&json!({ "type": "ping" }));
    live.until("pong");
    let devices = zhao.get("/api/devices").json();
    assert_eq!((devices.as_array().unwrap().len(), &devices[0]["tied"]), (1, &json!(true)));
    assert_eq!(tablet.get("/api/devices").problem(), "not-allowed");
    assert_eq!(zhao.send("DELETE", &format!("/api/devices/{}", made["id"].as_str().unwrap()), &json!({})).status, 204);
    assert_eq!(live.until("signed_out")["why"], "forced");
    assert_eq!(tablet.get("/api/me").problem(), "sign-in");
}

#[test]
fn c79_a_branch_pauses_and_runs_out_of_a_dish_by_itself_only() {
    let stand = house();
    let kitchen = stand.signed_in("kitchen1");
    let (mut headquarters, _) = board(&stand, "zhao");
    assert_eq!(kitchen.send("PUT", "/api/branches/2/pause", &json!({ "minutes": 15, "reason": "太忙" })).problem(), "not-allowed");
    assert_eq!(kitchen.send("PUT", "/api/branches/1/pause", &json!({ "minutes": 15, "reason": "" })).problem(), "invalid");
    assert_eq!(kitchen.send("PUT", "/api/branches/1/pause", &json!({ "minutes": 15, "reason": "太忙" })).status, 204);
    let paused = |live: &mut Live, is: bool| loop {
        let frame = live.until("branch");
        if frame["branch"]["number"] == 1 && frame["branch"]["paused"].is_null() != is {
            return frame["branch"].clone();
        }
    };
    assert_eq!(paused(&mut headquarters, true)["paused"]["reason"], "太忙");
    assert_eq!(kitchen.send("DELETE", "/api/branches/1/pause", &json!({})).status, 204);
    paused(&mut headquarters, false);
    let gone = kitchen.send("PUT", "/api/branches/1/sold-out/18", &json!({ "until": "closing" }));
    assert!(gone.json()["until"].as_i64().unwrap() > now().as_millis(), "{gone:?}");
    assert!(stand.wait(stand.store.catalogue()).unwrap().is_sold_out(
        MenuNumber::new(18).unwrap(),
        BranchNumber::new(1),
        now().after(Duration::from_secs(60))
    ));
    assert_eq!(kitchen.send("PUT", "/api/branches/1/sold-out/9998", &json!({})).problem(), "not-found");
    assert_eq!(kitchen.send("DELETE", "/api/branches/1/sold-out/18", &json!({})).status, 204);
}

#[test]
fn c26_c77_people_change_the_house_with_history_and_take_it_back() {
    let stand = house();
    let chen = stand.signed_in("chen");
    assert_eq!(stand.signed_in("zhao").send("PUT", "/api/dishes/18", &json!({ "price_fen": 4200 })).problem(), "not-allowed");
    let change = chen.send("PUT", "/api/dishes/18", &json!({ "price_fen": 4200, "served": "10:00-21:00" })).json();
    assert_eq!(
        (&change["before"]["price_fen"], &change["after"]["price_fen"], &change["by"]),
        (&json!(3800), &json!(4200), &json!("CHEN"))
    );
    for wrong in [
        json!({ "price_fen": -1 }),
        json!({ "category": "none" }),
        json!({ "served": "21:00-10:00" }),
        json!({ "alternative": 18 }),
        json!({}),
    ] {
        assert_eq!(chen.send("PUT", "/api/dishes/18", &wrong).problem(), "invalid", "{wrong}");
    }
    let price = || stand.wait(stand.store.catalogue()).unwrap().dishes[&MenuNumber::new(18).unwrap()].price;
    assert_eq!(price(), Money::yuan(42));
    // The file does not win against a person.
    stand.wait(async {
        let text = include_str!("../../../menus.toml").replacen("number = 18\n", "number = 18\npoints = 7777\n", 1);
        let (house, _) = dinetone::house::House::read(&text.parse::<toml::Table>().unwrap());
        stand.store.import_house(&house, now()).await.unwrap();
    });
    assert_eq!(price(), Money::yuan(42));
    let undo = format!("/api/admin-changes/{}/undo", change["id"].as_str().unwrap());
    let back = chen.send("POST", &undo, &json!({}));
    assert_eq!((back.status, &back.json()["undoes"]), (200, &change["id"]), "{back:?}");
    assert_eq!(price(), Money::yuan(38));
    assert_eq!(chen.send("POST", &undo, &json!({})).problem(), "conflict", "it is not as that change left it");
    assert_eq!(chen.get("/api/admin-changes?kind=dish&subject=18").json().as_array().unwrap().len(), 2);
    assert_eq!(chen.send("PUT", "/api/branches/1", &json!({ "capacity_items": 40, "cook_minutes": 12 })).status, 200);
    assert_eq!(stand.wait(stand.store.catalogue()).unwrap().branches[&BranchNumber::new(1).unwrap()].kitchen.capacity_items, Some(40));
    let zone = json!({ "branch": 3, "name": "古美", "kind": "streets", "lines": ["古美路 1-200 双"], "fee_fen": 300 });
    let made = chen.send("POST", "/api/zones", &zone);
    assert_eq!(made.status, 201, "{made:?}");
    let id = made.json()["subject"].as_str().unwrap().to_owned();
    let bad = chen.send("PUT", &format!("/api/zones/{id}"), &json!({ "branch": 3, "name": "古美", "kind": "polygon", "lines": ["1,1"] }));
    assert!(bad.problem() == "invalid" && bad.json()["detail"].as_str().unwrap().contains("three corners"));
    let listed = stand.signed_in("zhao").get("/api/zones").json();
    assert!(listed.as_array().unwrap().iter().any(|zone| zone["id"] == id && zone["lines"] == json!(["古美路 1-200 双"])));
    assert_eq!(chen.send("DELETE", &format!("/api/zones/{id}"), &json!({})).status, 204);
}

#[test]
fn c84_a_rider_is_one_of_the_branch_by_the_name_on_record() {
    let stand = house();
    let wanted = json!({
        "phone": "13800138000", "service": "delivery", "branch": 1, "address_text": "漕溪北路八十八号", "key": "a-riders-order",
        "lines": [{ "dish": 18, "quantity": 2 }],
    });
    let placed = stand.signed_in("zhao").send("POST", "/api/orders", &wanted);
    let id = placed.json()["id"].as_str().unwrap_or_else(|| panic!("{placed:?}")).to_owned();
    let kitchen = stand.signed_in("kitchen1");
    let step = |body: Value| kitchen.send("POST", &format!("/api/orders/{id}/steps"), &body);
    let rider = |login: &str, name: &str| {
        let made = stand.signed_in(login).send("POST", "/api/riders", &json!({ "name": name }));
        made.json()["id"].as_str().unwrap_or_else(|| panic!("{made:?}")).to_owned()
    };
    let (ours, theirs) = (rider("kitchen1", "老周"), rider("kitchen2", "小陈"));
    assert_eq!(step(json!({ "step": "accept" })).status, 200);
    for who in ["nobody", theirs.as_str()] {
        let refused = step(json!({ "step": "rider", "rider": who, "rider_name": "x" }));
        assert_eq!(refused.problem(), "invalid", "nobody else owes the cash: {refused:?}");
    }
    let card = step(json!({ "step": "rider", "rider": ours, "rider_name": "somebody else" })).json();
    assert_eq!(card["rider"]["name"], "老周", "{card}");
}
