//! Invoices over HTTP: taken down with the order, checked while the guest is there, given to the provider as a file, settled.

use std::sync::Arc;

use dinetone::domain::{OrderId, OrderStatus, Role};
use dinetone::house::House;
use serde_json::{Value, json};

use super::web_kit::{Browser, Floor, timestamp};

const CODE: &str = "91110000600037341L";

fn floor() -> Floor {
    let floor = Floor::open("", false);
    let (house, findings) = House::read(&include_str!("../../../menus.toml").parse::<toml::Table>().unwrap());
    assert!(findings.is_empty(), "{findings:?}");
    floor.wait(async { floor.store.import_house(&house, timestamp()).await.unwrap() });
    let mut catalogue = floor.wait(floor.store.catalogue()).unwrap();
    // What an order costs is the same at lunch and at night.
    catalogue.offers.clear();
    floor.stock(Arc::new(catalogue));
    floor
}

fn order(by: &Browser, key: &str, invoice: Value) -> super::web_kit::Reply {
    let mut wanted = json!({ "phone": "13811112222", "contact": "赵先生", "service": "pickup", "branch": 1, "key": key,
        "lines": [{ "dish": 18, "quantity": 2 }], "again": true });
    if !invoice.is_null() {
        wanted["invoice"] = invoice;
    }
    by.send("POST", "/api/orders", &wanted)
}

fn deliver(floor: &Floor, id: &str) {
    use OrderStatus::{Accepted, Cooking, Done, New, Ready};
    for (from, to) in [(New, Accepted), (Accepted, Cooking), (Cooking, Ready), (Ready, Done)] {
        floor.wait(floor.store.move_order(&OrderId::new(id), from, to, timestamp())).unwrap();
    }
}

#[test]
fn c91_an_invoice_is_taken_down_with_the_order_and_checked_at_once() {
    let floor = floor();
    let lina = floor.signed_in("lina");
    let company = |code: &str| json!({ "kind": "company", "title": "某某科技有限公司", "tax_number": code, "email": "fapiao@example.com" });
    // One character misheard: the form says so before the order is placed.
    let refused = order(&lina, "draft-0001", company("91110000600037841L"));
    assert_eq!(refused.problem(), "order-refused");
    let problem = &refused.json()["quote"]["problems"][0];
    assert_eq!(problem["code"], "invoice");
    assert!(problem["zh"].as_str().unwrap().contains("校验位") && problem["en"].as_str().unwrap().contains("check character"), "{problem}");
    let placed = order(&lina, "draft-0001", company("91110000-600037341l"));
    assert_eq!(placed.status, 201, "{placed:?}");
    let id = placed.json()["id"].as_str().unwrap().to_owned();
    let shown = lina.get(&format!("/api/orders/{id}")).json();
    assert_eq!((&shown["invoice"]["status"], &shown["invoice"]["tax_number"]), (&json!("asked"), &json!(CODE)), "{shown}");
    let titles = lina.get(&format!("/api/customers/{}/invoice-titles", shown["customer"].as_str().unwrap())).json();
    assert_eq!((titles.as_array().unwrap().len(), &titles[0]["title"]), (1, &json!("某某科技有限公司")));
    // Later, changed, withdrawn; the same again changes nothing.
    let path = format!("/api/orders/{id}/invoice");
    let person = json!({ "kind": "person", "phone": "13811112222" });
    let first = lina.send("PUT", &path, &person);
    assert_eq!((first.status, &first.json()["title"]), (200, &json!("个人")), "{first:?}");
    assert_eq!(lina.send("PUT", &path, &person).json(), first.json());
    let wrong = lina.send("PUT", &path, &json!({ "kind": "person" }));
    assert!(wrong.problem() == "invalid" && wrong.json()["zh"].as_str().unwrap().contains("邮箱或手机"), "{wrong:?}");
    assert_eq!(lina.send("PUT", &path, &json!({ "kind": "person", "phone": "13811112222", "taxnumber": "x" })).problem(), "invalid");
    assert_eq!(lina.send("PUT", "/api/orders/nope/invoice", &person).problem(), "not-found");
    assert_eq!(lina.send("DELETE", &path, &json!({})).status, 204);
    assert_eq!(lina.send("DELETE", &path, &json!({})).problem(), "conflict");
    assert_eq!(lina.get(&path).json()["status"], "withdrawn");
    let without = order(&lina, "draft-0002", Value::Null).json();
    assert_eq!(lina.get(&format!("/api/orders/{}/invoice", without["id"].as_str().unwrap())).problem(), "not-found");
}

#[test]
fn c91_the_provider_gets_what_was_delivered_once_and_says_what_became_of_it() {
    let floor = floor();
    let (lina, chief) = (floor.signed_in("lina"), floor.signed_in("watcher"));
    let invoice = json!({ "kind": "company", "title": "=甲公司", "tax_number": CODE, "phone": "13811112222" });
    let placed = order(&lina, "draft-0001", invoice).json();
    let (id, number) = (placed["id"].as_str().unwrap().to_owned(), placed["number"].as_str().unwrap().to_owned());
    let nothing = chief.send("POST", "/api/invoices/export", &json!({}));
    assert_eq!((nothing.status, nothing.json()), (200, json!({ "batch": null, "count": 0 })), "not delivered");
    deliver(&floor, &id);
    let given = chief.send("POST", "/api/invoices/export", &json!({})).json();
    assert_eq!(given["count"], 1, "{given}");
    let batch = given["batch"].as_str().unwrap();
    let file = chief.get(&format!("/api/invoices?batch={batch}&format=csv&lang=zh"));
    assert!(file.bytes.starts_with(&[0xef, 0xbb, 0xbf]), "Chinese shows in spreadsheet programs");
    let line = file.body.lines().nth(1).unwrap();
    for part in [number.as_str(), "公司", "'=甲公司", CODE, "76.00", "13811112222", "exported"] {
        assert!(line.contains(part), "{part}: {line}");
    }
    assert_eq!(chief.get(&format!("/api/invoices?batch={batch}&format=csv&lang=zh")).bytes, file.bytes, "as often as one likes");
    let book = chief.get(&format!("/api/invoices?batch={batch}&format=xlsx"));
    assert!(book.status == 200 && book.bytes.starts_with(b"PK"));
    assert_eq!(
        lina.send("PUT", &format!("/api/orders/{id}/invoice"), &json!({ "kind": "person", "phone": "13811112222" })).problem(),
        "conflict"
    );
    let results = json!({ "results": [{ "order": number, "status": "issued", "told": "25312000000012345678" }, { "order": "2601010001", "status": "failed", "told": "抬头不符" }] });
    for _ in 0..2 {
        let told = chief.send("POST", "/api/invoices/results", &results);
        assert_eq!((told.status, told.json()), (200, json!({ "changed": 1, "unknown": ["2601010001"] })), "{told:?}");
    }
    for wrong in [json!({ "order": number, "status": "lost", "told": "x" }), json!({ "order": number, "status": "issued", "told": " " })] {
        assert_eq!(chief.send("POST", "/api/invoices/results", &json!({ "results": [wrong] })).problem(), "invalid");
    }
    let issued = chief.get("/api/invoices?status=issued").json();
    assert_eq!((&issued[0]["told"], &issued[0]["amount_fen"]), (&json!("25312000000012345678"), &json!(7600)));
    assert_eq!(chief.get("/api/invoices?status=paid").problem(), "invalid");
    let audit = floor.signed_in("boss").get("/api/audit?limit=50").json().to_string();
    for what in ["invoice.exported", "report.exported", "invoice.results"] {
        assert!(audit.contains(what), "{what} is written down: {audit}");
    }
}

#[test]
fn c91_who_does_not_need_it_sees_nothing_of_an_invoice() {
    let floor = floor();
    let lina = floor.signed_in("lina");
    let invoice = json!({ "kind": "company", "title": "某公司", "tax_number": CODE, "phone": "13811112222" });
    let placed = order(&lina, "draft-0001", invoice).json();
    let id = placed["id"].as_str().unwrap();
    let kitchen = floor.person("kitchen1", Role::Branch, Some(1));
    let manager = floor.person("chen", Role::Manager, None);
    let boss = floor.signed_in("boss");
    let shown = kitchen.get(&format!("/api/orders/{id}")).json();
    assert!(shown["number"].is_string() && shown.get("invoice").is_none(), "{shown}");
    assert!(!kitchen.get("/api/orders").body.contains(CODE));
    for (by, path) in [
        (&kitchen, format!("/api/orders/{id}/invoice")),
        (&boss, format!("/api/orders/{id}/invoice")),
        (&lina, "/api/invoices".into()),
        (&kitchen, "/api/invoices".into()),
        (&boss, "/api/invoices".into()),
    ] {
        assert_eq!(by.get(&path).problem(), "not-allowed", "{path}");
    }
    assert_eq!(lina.send("POST", "/api/invoices/export", &json!({})).problem(), "not-allowed");
    assert_eq!(manager.send("PUT", &format!("/api/orders/{id}/invoice"), &json!({ "kind": "person" })).problem(), "not-allowed");
    let masked = manager.get("/api/invoices").json();
    assert_eq!(masked[0]["phone"], "138****2222", "numbers on the page are masked (C98), the file for the provider has them");
    assert_eq!(floor.browser().get("/api/invoices").problem(), "sign-in");
}
