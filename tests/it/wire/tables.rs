//! Tables by the command line: beside a running server, which follows, and without one (C105).

use std::time::Duration;

use serde_json::{Value, json};

use super::server::{Setup, eventually, text};
use super::web_kit::Browser;

const SOON: Duration = Duration::from_secs(20);

#[test]
fn c105_a_table_comes_in_beside_a_running_server_and_callers_pay_the_new_price() {
    let mut server = Setup::demo().start();
    let mut browser = Browser { to: server.web, from: None, cookie: None, origin: Some(format!("http://{}", server.web)) };
    assert_eq!(browser.sign_in("manager", "demo").status, 200);
    let price = |browser: &Browser| {
        let catalogue = browser.get("/api/catalogue").json();
        catalogue["dishes"].as_array().unwrap().iter().find(|dish| dish["number"] == 18).unwrap()["price_fen"].clone()
    };
    assert_eq!(price(&browser), json!(3800));
    let file = server.path("dishes.csv");
    let name = file.to_str().unwrap();

    // Every fault at once, nothing stored, and a script sees it by the exit status.
    std::fs::write(&file, "number,price_fen,category\n18,dear,hot\n19,30,sweets\n").unwrap();
    let refused = server.cli(&["import", "dishes", name]);
    let said = text(&refused);
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(said.contains("\"dear\"") && said.contains("sweets") && said.contains("2 fault(s); nothing was stored"), "{said}");
    let refused = server.cli(&["import", "dishes", name, "--json"]);
    let shown: Value = serde_json::from_slice(&refused.stdout).unwrap();
    assert_eq!(
        (shown["findings"].as_array().unwrap().len(), shown["findings"][0]["row"].as_u64(), &shown["stored"]),
        (2, Some(2), &json!(0))
    );

    // Looked at, and then stored: the running server follows.
    std::fs::write(&file, "number,price_fen\n18,39.50\n").unwrap();
    let looked = text(&server.cli(&["import", "dishes", name, "--dry-run"]));
    assert!(looked.contains("39.50") && looked.contains("1 row(s) would change; nothing was stored"), "{looked}");
    assert_eq!(price(&browser), json!(3800));
    let stored = server.json(&["import", "dishes", name, "--json"]);
    assert_eq!((&stored["stored"], &stored["changes"][0]["subject"]), (&json!(1), &json!("18")), "{stored}");
    eventually("the server sells it for the new price", SOON, || (price(&browser) == json!(3950)).then_some(()));
    let history = browser.get("/api/admin-changes?kind=dish&subject=18").json();
    assert_eq!(history[0]["after"]["price_fen"], 3950, "{history}");

    // Stopped, it goes on: out, and in again without a change; a workbook as well.
    server.terminate();
    server.ended(SOON);
    for (what, form) in [("dishes", "csv"), ("branches", "csv"), ("members", "xlsx")] {
        let file = server.path(&format!("{what}.{form}"));
        let name = file.to_str().unwrap();
        let out = server.cli(&["export", what, "--format", form, "--output", name]);
        assert!(out.status.success(), "{}", text(&out));
        let same = text(&server.cli(&["import", what, name]));
        assert!(same.contains("everything is as the table says"), "{what}: {same}");
    }
    let out = server.cli(&["export", "dishes", "--lang", "en"]);
    assert!(out.stdout.starts_with("\u{feff}Number,Chinese name,".as_bytes()), "{}", text(&out));
    let none = server.cli(&["import", "dishes", "nowhere.csv"]);
    assert!(!none.status.success() && text(&none).contains("nowhere.csv"), "{}", text(&none));
}
