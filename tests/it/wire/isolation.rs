//! Branches of one house are kept apart (C106): whatever a branch's sign-in, tablet or program asks for, it neither sees nor changes what
//! is another branch's, at any address of the whole API.

use std::sync::Arc;

use dinetone::domain::{BranchNumber, Role};
use dinetone::house::House;
use dinetone::store::NewUser;
use serde_json::{Value, json};

use super::web_kit::{Browser, Floor, PASSWORD, timestamp};

/// What belongs to branch 2 and must never be read by branch 1.
struct Theirs {
    /// Texts that stand in nothing else.
    secrets: Vec<String>,
    order: String,
    number: String,
    rider: String,
    ticket: String,
    task: String,
    device: String,
    printer: String,
    job: String,
    customer: String,
}

fn house() -> Floor {
    let floor = Floor::open("", false);
    floor.wait(async {
        let (house, findings) = House::read(&include_str!("../../../menus.toml").parse::<toml::Table>().unwrap());
        assert!(findings.is_empty(), "{findings:?}");
        floor.store.import_house(&house, timestamp()).await.unwrap();
        for (login, role, branch) in [
            ("kitchen1", Role::Branch, Some(1)),
            ("kitchen2", Role::Branch, Some(2)),
            ("zhao", Role::Dispatcher, None),
            ("chen", Role::Manager, None),
        ] {
            let branch = branch.and_then(BranchNumber::new);
            let user = NewUser { login: login.into(), name: login.to_uppercase(), role: Some(role), branch, ..NewUser::default() };
            floor.store.add_user(&user, PASSWORD, timestamp()).await.unwrap();
        }
    });
    let mut catalogue = floor.wait(floor.store.catalogue()).unwrap();
    catalogue.offers.clear();
    floor.stock(Arc::new(catalogue));
    floor
}

#[track_caller]
fn made(reply: &super::web_kit::Reply) -> Value {
    assert!((200..300).contains(&reply.status), "{reply:?}");
    reply.json()
}

fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_else(|| panic!("no {field}: {value}")).to_owned()
}

/// An order of somebody, fetched at branch 1, which never closes.
fn order(floor: &Floor, phone: &str, name: &str, note: &str) -> Value {
    let wanted = json!({ "phone": phone, "contact": name, "note": note, "service": "pickup", "branch": 1, "key": format!("order-of-{phone}"),
        "lines": [{ "dish": 18, "quantity": 2 }] });
    made(&floor.signed_in("zhao").send("POST", "/api/orders", &wanted))
}

/// Everything of which branch 2 has something.
fn furnished(floor: &Floor) -> Theirs {
    let (zhao, chief, boss, chen) = (floor.signed_in("zhao"), floor.signed_in("watcher"), floor.signed_in("boss"), floor.signed_in("chen"));
    let (phone, name, note) = ("13900000002", "钱二先生", "二号口令");
    let placed = order(floor, phone, name, note);
    let (order, number) = (text(&placed, "id"), text(&placed, "number"));
    let invoice = json!({ "kind": "company", "title": "钱二餐饮公司", "tax_number": "91110000600037341L", "email": "qian2@example.com" });
    made(&zhao.send("PUT", &format!("/api/orders/{order}/invoice"), &invoice));
    let step = |by: &Browser, body: Value| made(&by.send("POST", &format!("/api/orders/{order}/steps"), &body));
    step(&zhao, json!({ "step": "reassign", "branch": 2, "why": "太忙" }));
    let kitchen = floor.signed_in("kitchen2");
    step(&kitchen, json!({ "step": "refuse", "reason": "busy" }));
    let tasks = floor.wait(floor.store.open_tasks()).unwrap();
    let task =
        tasks.iter().find(|task| task.order.as_ref().is_some_and(|id| id.as_str() == order)).expect("a refusal is a task").id.clone();
    step(&zhao, json!({ "step": "reassign", "branch": 2, "why": "再试" }));
    let rider = text(&made(&kitchen.send("POST", "/api/riders", &json!({ "name": "孙二骑手", "phone": "13500135222" }))), "id");
    let printer =
        json!({ "branch": 2, "name": "二店后厨机", "address": "192.168.2.222", "width": 48, "slips": ["kitchen"], "buzzer": true });
    assert_eq!(boss.send("PUT", "/api/printers", &printer).status, 204);
    assert_eq!(kitchen.send("POST", &format!("/api/orders/{order}/print"), &json!({ "slip": "kitchen" })).status, 202);
    let printer = text(&kitchen.get("/api/printers").json()[0], "id");
    let job = text(&kitchen.get("/api/print-jobs?open=1").json()[0], "id");
    let ticket = json!({ "kind": "complaint", "words": "二号店的菜凉了", "order": number });
    let ticket = text(&made(&chief.send("POST", "/api/tickets", &ticket)), "id");
    let device = text(&made(&zhao.send("POST", "/api/devices", &json!({ "branch": 2, "name": "二店平板机" }))), "id");
    made(&chen.send("PUT", "/api/branches/2", &json!({ "capacity_items": 77 })));
    let shown = zhao.get(&format!("/api/orders/{order}")).json();
    let customer = text(&shown, "customer");
    let secrets = [&order, &number, &rider, &ticket, &task, &device, &printer, &job, &customer].into_iter().cloned();
    let words = [
        phone,
        name,
        note,
        "钱二餐饮公司",
        "qian2@example.com",
        "孙二骑手",
        "13500135222",
        "二店后厨机",
        "192.168.2.222",
        "二号店的菜凉了",
        "二店平板机",
    ];
    let secrets = secrets.chain(words.map(str::to_owned)).collect();
    Theirs { secrets, order, number, rider, ticket, task, device, printer, job, customer }
}

impl Theirs {
    /// The address with what is theirs in its gaps.
    fn address(&self, path: &str) -> String {
        let id = match path {
            _ if path.starts_with("/api/orders/") => &self.order,
            _ if path.starts_with("/api/riders/") => &self.rider,
            _ if path.starts_with("/api/tickets/") => &self.ticket,
            _ if path.starts_with("/api/tasks/") => &self.task,
            _ if path.starts_with("/api/devices/") => &self.device,
            _ if path.starts_with("/api/print-jobs/") => &self.job,
            _ if path.starts_with("/api/customers/") => &self.customer,
            _ => &self.number,
        };
        path.replace("{id}", id)
            .replace("{slip}", "delivery")
            .replace("{n}", "2")
            .replace("{dish}", "18")
            .replace("{file}", "members.csv")
            .replace("{what}", "members")
            .replace("{date}", "2026-12-26")
            .replace("{language}", "zh-CN")
            .replace("{key}", "main.menu")
            .replace("{name}", "orders")
            .replace("{secret}", "0000")
    }

    #[track_caller]
    fn are_not_in(&self, what: &str, body: &str) {
        for secret in &self.secrets {
            assert!(!body.contains(secret.as_str()), "{what} tells {secret}: {body}");
        }
    }
}

/// All that headquarters sees of branch 2, to be the same before and after.
fn state(floor: &Floor, theirs: &Theirs) -> Vec<String> {
    let (zhao, chief) = (floor.signed_in("zhao"), floor.signed_in("watcher"));
    let paths = [
        format!("/api/orders/{}", theirs.order),
        format!("/api/orders/{}/timeline", theirs.order),
        "/api/riders?branch=2".into(),
        "/api/printers?branch=2".into(),
        "/api/print-jobs?branch=2".into(),
        "/api/devices".into(),
        format!("/api/tickets/{}", theirs.ticket),
        "/api/house".into(),
        "/api/zones".into(),
        "/api/missed".into(),
        "/api/blocks".into(),
        format!("/api/customers/{}", theirs.customer),
        "/api/invoices".into(),
    ];
    let mut seen: Vec<String> =
        paths.iter().map(|path| if path == "/api/invoices" { chief.get(path) } else { zhao.get(path) }).map(|reply| reply.body).collect();
    seen.push(format!("{:?}", floor.wait(floor.store.open_tasks()).unwrap()));
    seen
}

#[test]
fn c106_a_branch_reads_nothing_of_another_branch_at_any_address() {
    let floor = house();
    let theirs = furnished(&floor);
    let own = order(&floor, "13900000001", "赵一先生", "一号口令");
    let kitchen = floor.signed_in("kitchen1");
    // The test would find it: its own branch reads all of it.
    let seen_by_them = floor.signed_in("kitchen2").get("/api/orders").body;
    assert!(seen_by_them.contains(&theirs.number) && kitchen.get("/api/orders").body.contains(&text(&own, "number")));
    let mut looked = 0;
    for (method, path) in dinetone::web::all_routes().listed() {
        // A link of the rider's opens for whoever has it; sockets are looked at below.
        if *method != "get" || ["/api/board", "/api/live", "/api/phone"].contains(path) {
            continue;
        }
        let address = theirs.address(path);
        for address in [address.clone(), format!("{address}?branch=2&all=1&customer={}&order={}", theirs.customer, theirs.order)] {
            let reply = kitchen.get(&address);
            theirs.are_not_in(&address, &reply.body);
            looked += 1;
        }
    }
    assert!(looked > 80, "the list is the real one: {looked}");
    // By number as well as by id.
    for path in [format!("/api/orders/{}", theirs.number), format!("/api/orders/{}/timeline", theirs.number)] {
        assert_eq!(kitchen.get(&path).problem(), "not-found", "{path}");
    }
    // Figures: what a branch reads is what headquarters reads of this branch alone.
    let zhao = floor.signed_in("zhao");
    let mut compared = 0;
    for report in kitchen.get("/api/reports").json().as_array().unwrap() {
        let name = report["name"].as_str().unwrap();
        let mine = kitchen.get(&format!("/api/reports/{name}"));
        theirs.are_not_in(name, &mine.body);
        let other = kitchen.get(&format!("/api/reports/{name}?branch=2"));
        assert!(other.status == 403 || other.status == 422, "{name}: {other:?}");
        if mine.status == 200 && name != "messages" {
            assert_eq!(mine.json()["rows"], zhao.get(&format!("/api/reports/{name}?branch=1")).json()["rows"], "{name}");
            compared += 1;
        }
    }
    assert!(compared >= 3, "{compared} reports are told by branch");
    // An account of a branch without a branch, and a program with that role, belong nowhere and see nothing.
    let nowhere = floor.signed_in("shop1");
    for path in ["/api/orders", "/api/riders", "/api/tickets", "/api/printers", "/api/print-jobs"] {
        let reply = nowhere.get(path);
        theirs.are_not_in(path, &reply.body);
        assert!(!reply.body.contains("13900000001") && !reply.body.contains(&text(&own, "number")), "{path}: {reply:?}");
    }
    assert!(nowhere.socket("/api/board").is_err());
}

#[test]
fn c106_a_branch_changes_nothing_of_another_branch_at_any_address() {
    let floor = house();
    let theirs = furnished(&floor);
    let kitchen = floor.signed_in("kitchen1");
    let before = state(&floor, &theirs);
    // Requests that would be right at the branch whose they are.
    let right = [
        ("POST", "/api/orders/{id}/steps", json!({ "step": "accept", "minutes": 20 })),
        ("POST", "/api/orders/{id}/steps", json!({ "step": "refuse", "reason": "busy" })),
        ("POST", "/api/orders/{id}/steps", json!({ "step": "seen" })),
        ("POST", "/api/orders/{id}/steps", json!({ "step": "rider", "rider": theirs.rider })),
        ("POST", "/api/orders/{id}/print", json!({ "slip": "kitchen" })),
        ("POST", "/api/orders/{id}/link", json!({})),
        ("PATCH", "/api/riders/{id}", json!({ "name": "他店" })),
        ("PATCH", "/api/riders/{id}", json!({ "retired": true })),
        ("POST", "/api/riders/{id}/in", json!({ "cash_fen": 0 })),
        ("POST", "/api/tasks/{id}/take", json!({})),
        ("POST", "/api/tasks/{id}/done", json!({ "how": "x" })),
        ("PATCH", "/api/tickets/{id}", json!({ "revision": 0, "do": "note", "text": "x" })),
        ("PUT", "/api/branches/{n}/pause", json!({ "minutes": 15, "reason": "太忙" })),
        ("DELETE", "/api/branches/{n}/pause", json!({})),
        ("PUT", "/api/branches/{n}/sold-out/{dish}", json!({ "until": "closing" })),
        ("DELETE", "/api/branches/{n}/sold-out/{dish}", json!({})),
        ("POST", "/api/print-jobs/{id}", json!({ "do": "drop" })),
        ("POST", "/api/print-jobs/{id}", json!({ "do": "print" })),
        ("DELETE", "/api/devices/{id}", json!({})),
        ("PUT", "/api/branches/{n}", json!({ "capacity_items": 1 })),
        ("PUT", "/api/branches/{n}/closed", json!({ "anyway": true })),
        ("PUT", "/api/orders/{id}/invoice", json!({ "kind": "person", "phone": "13900000001" })),
        ("DELETE", "/api/orders/{id}/invoice", json!({})),
    ];
    for (method, path, body) in &right {
        let reply = kitchen.send(method, &theirs.address(path), body);
        assert!([403, 404].contains(&reply.status), "{method} {path} {body}: {reply:?}");
        theirs.are_not_in(path, &reply.body);
    }
    // And every address that changes something, whatever is sent there.
    for (method, path) in dinetone::web::all_routes().listed() {
        // Their own session, password and language; signing in.
        let own = path.starts_with("/api/session") || path.starts_with("/api/me") || *path == "/api/device-session";
        if *method == "get" || own {
            continue;
        }
        for body in
            [json!({}), json!({ "branch": 2, "name": "x", "order": theirs.order, "customer": theirs.customer, "id": theirs.printer })]
        {
            let reply = kitchen.send(&method.to_uppercase(), &theirs.address(path), &body);
            // A rider is always made at one's own branch.
            let at_home = *path == "/api/riders" && reply.status == 201;
            assert!(reply.status >= 400 || at_home, "{method} {path} {body}: {reply:?}");
            theirs.are_not_in(path, &reply.body);
        }
    }
    assert_eq!(state(&floor, &theirs), before);
    // A tablet of the branch may no more than its people.
    let code = text(&made(&floor.signed_in("zhao").send("POST", "/api/devices", &json!({ "branch": 1, "name": "一店平板" }))), "code");
    let mut tablet = floor.browser();
    let tied = tablet.send("POST", "/api/device-session", &json!({ "code": code }));
    tablet.cookie = tied.headers["set-cookie"].split([';', '=']).nth(1).map(str::to_owned);
    for (method, path, body) in &right {
        let reply = tablet.send(method, &theirs.address(path), body);
        assert!([403, 404].contains(&reply.status), "{method} {path} {body}: {reply:?}");
    }
}

#[test]
fn c106_a_branchs_board_tells_nothing_of_another_branch() {
    let floor = house();
    let theirs = furnished(&floor);
    let kitchen = floor.signed_in("kitchen1");
    let refused = kitchen.socket("/api/live");
    if let Ok(mut live) = refused {
        // Whoever may open it is told nothing of the floor.
        let snapshot = live.next().unwrap();
        theirs.are_not_in("/api/live", &snapshot.to_string());
        assert_eq!((&snapshot["calls"], &snapshot["agents"]), (&json!([]), &json!([])), "{snapshot}");
    }
    let mut board = kitchen.socket("/api/board").unwrap_or_else(|refused| panic!("{refused:?}"));
    let snapshot = board.next().unwrap();
    theirs.are_not_in("the snapshot", &snapshot.to_string());
    assert_eq!((&snapshot["me"]["branch"], snapshot["branches"].as_array().unwrap().len()), (&json!(1), 1));
    // Much happens at branch 2, and then something here.
    let them = floor.signed_in("kitchen2");
    for step in [json!({ "step": "accept", "minutes": 20 }), json!({ "step": "cook" }), json!({ "step": "ready" })] {
        made(&them.send("POST", &format!("/api/orders/{}/steps", theirs.order), &step));
    }
    assert_eq!(them.send("PUT", "/api/branches/2/pause", &json!({ "minutes": 15, "reason": "二店太忙" })).status, 204);
    assert_eq!(them.send("PATCH", &format!("/api/riders/{}", theirs.rider), &json!({ "name": "孙二骑手" })).status, 204);
    let own = order(&floor, "13900000001", "赵一先生", "一号口令");
    let mut frames = 0;
    loop {
        let frame = board.next().expect("the board is open");
        theirs.are_not_in("a frame", &frame.to_string());
        assert!(!frame.to_string().contains("二店太忙"), "{frame}");
        frames += 1;
        if frame["order"]["id"] == own["id"] {
            break;
        }
        assert!(frames < 100, "our own order came");
    }
}
