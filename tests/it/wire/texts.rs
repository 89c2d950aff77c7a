//! Text messages by the whole program over TLS: what the settings say, the branch's step, the message centre, and a stop in order (C87).

use std::time::Duration;

use serde_json::json;

use super::server::{Setup, eventually, text as text_of};
use super::web_kit::Browser;
use crate::store::texts::Centre;

const SOON: Duration = Duration::from_secs(30);

#[test]
fn c87_a_branch_accepts_and_the_customers_telephone_says_so() {
    let (centre, certificate) = Centre::start_tls(Vec::new());
    let port = centre.address.rsplit(':').next().unwrap();
    let setup = Setup::demo()
        .env("DINETONE__SMPP__ADDRESS", &format!("localhost:{port}"))
        .env("DINETONE__SMPP__TLS_CA", "centre.pem")
        .env("DINETONE__SMPP__SYSTEM_ID", "dinetone")
        .env("DINETONE__SMPP__PASSWORD", "s3cret")
        .env("DINETONE__SMPP__SOURCE", "10690001");
    let mut server = setup.install();
    // Checked with everything else before the first call.
    let checked = text_of(&server.cli(&["check", "--menus", "menus.toml"]));
    assert!(checked.contains("smpp.tls_ca") && checked.contains("centre.pem"), "{checked}");
    std::fs::write(server.path("centre.pem"), certificate).unwrap();
    server.run();
    let signed_in = |login: &str| {
        let mut browser = Browser { to: server.web, from: None, cookie: None, origin: Some(format!("http://{}", server.web)) };
        assert_eq!(browser.sign_in(login, "demo").status, 200);
        browser
    };
    let (desk, shop) = (signed_in("dispatcher"), signed_in("branch1"));
    let order =
        json!({ "key": "texts-0001", "phone": "13811112222", "service": "pickup", "branch": 1, "lines": [{ "dish": 18, "quantity": 2 }] });
    let placed = desk.send("POST", "/api/orders", &order);
    assert_eq!(placed.status, 201, "{placed:?}");
    let id = placed.json()["id"].as_str().unwrap().to_owned();
    let accepted = eventually("the branch accepts", SOON, || {
        let answer = shop.send("POST", &format!("/api/orders/{id}/steps"), &json!({ "step": "accept", "minutes": 20 }));
        (answer.status == 200).then(|| answer.json())
    });
    let text = eventually("the customer is told", SOON, || centre.texts().pop());
    assert!(text.contains(accepted["tail"].as_str().unwrap()) && text.contains("徐家汇店"), "{text}");
    let log = eventually("the receipt is in the log", SOON, || {
        let log = desk.get(&format!("/api/messages-log?order={id}")).json();
        (log[0]["receipt"] == "delivered").then_some(log)
    });
    assert_eq!((log[0]["channel"].as_str(), log[0]["status"].as_str()), (Some("smpp"), Some("sent")), "{log}");
    // The log is a report, masked by role, and a file.
    let boss = signed_in("supervisor");
    let report = boss.get("/api/reports/messages").json();
    let columns: Vec<&str> = report["columns"].as_array().unwrap().iter().filter_map(|head| head["key"].as_str()).collect();
    let row = &report["rows"][0];
    let cell = |key: &str| row[columns.iter().position(|one| *one == key).unwrap()].clone();
    assert_eq!(
        (cell("state"), cell("state_zh"), cell("channel"), cell("tries")),
        (json!("delivered"), json!("已送达"), json!("smpp"), json!(1)),
        "{row}"
    );
    assert_eq!((cell("to"), cell("branch"), cell("text")), (json!("13811112222"), json!(1), json!(text)));
    let masked = shop.get("/api/reports/messages").json();
    assert_eq!(masked["rows"][0][1], "138****2222", "a branch sees who it was by the last digits");
    assert_eq!(shop.get("/api/reports/messages?branch=2").problem(), "not-allowed");
    let csv = boss.get("/api/reports/messages?format=csv&lang=en").body;
    assert!(csv.starts_with("\u{feff}Time,To,Order,Branch,Event") && csv.contains("13811112222"), "{csv}");
    assert_eq!(boss.get("/api/reports/messages?format=xlsx").status, 200);
    assert!(boss.get("/api/reports/messages?to=2020-01-01").json()["rows"].as_array().unwrap().is_empty());
    server.terminate();
    assert_eq!(server.ended(SOON).code(), Some(0));
    assert_eq!((centre.goodbyes(), centre.texts().len()), (1, 1));
}
