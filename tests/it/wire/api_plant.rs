//! Queues and trunks by the administration's pages: changed over the settings file, checked whole, taken back, and back to the file.

use serde_json::json;

use super::web_kit::Floor;

const TWO_LINES: &str = r#"
    [[queue]]
    id = "order"
    ring = "25s"
    [[trunk]]
    name = "telecom"
    targets = ["203.0.113.5:5060"]
    register = true
    user = "02988001234"
    password = "the-file's"
"#;

#[test]
fn c105_a_queue_is_changed_by_page_and_goes_back_to_the_file() {
    let floor = Floor::open(TWO_LINES, false);
    let boss = floor.signed_in("boss");
    let queue = |id: &str| boss.get("/api/queues").json().as_array().unwrap().iter().find(|one| one["id"] == id).cloned();
    let before = queue("order").unwrap();
    assert_eq!((before["source"].as_str(), before["ring"].as_str(), before["file"].clone()), (Some("file"), Some("25s"), json!({})));
    let wrong = boss.send("PUT", "/api/queues/order", &json!({ "ring": "20", "strategy": "best", "overflow": ["nobody"], "rings": 3 }));
    assert_eq!(wrong.problem(), "invalid");
    let places: Vec<String> =
        wrong.json()["findings"].as_array().unwrap().iter().map(|one| one["place"].as_str().unwrap().to_owned()).collect();
    assert_eq!(places, ["queue order.strategy", "queue order.ring", "queue order.rings"], "all faults at once");
    assert_eq!(queue("order").unwrap(), before);
    let changed = boss.send("PUT", "/api/queues/order", &json!({ "ring": "15s", "strategy": "ring-all" }));
    assert_eq!((changed.status, changed.json()["after"]["ring"].as_str()), (200, Some("15s")), "{changed:?}");
    let now = queue("order").unwrap();
    assert_eq!(
        (now["source"].as_str(), now["strategy"].as_str(), now["service_level"].as_str()),
        (Some("page_over_file"), Some("ring-all"), Some("20s"))
    );
    assert_eq!(now["file"], json!({ "ring": "25s", "strategy": "longest-idle" }), "what the file says differently");
    // A new one, that another one then leads to, stays as long as it does.
    assert_eq!(boss.send("PUT", "/api/queues/vip", &json!({ "zh": "贵宾", "en": "VIP", "priority": 3 })).status, 200);
    assert_eq!(boss.send("PUT", "/api/queues/order", &json!({ "overflow": ["vip"] })).status, 200);
    let held = boss.raw("DELETE", "/api/queues/vip", "", "");
    assert!(held.problem() == "invalid" && held.json()["findings"][0]["found"] == "\"vip\" is no other queue", "{held:?}");
    let history = boss.get("/api/admin-changes?kind=queue&subject=order").json();
    assert_eq!(boss.send("POST", &format!("/api/admin-changes/{}/undo", history[0]["id"].as_str().unwrap()), &json!({})).status, 200);
    assert_eq!(queue("order").unwrap()["overflow"], json!([]));
    assert_eq!(boss.raw("DELETE", "/api/queues/vip", "", "").status, 204);
    assert!(queue("vip").is_none());
    // A node of menus.toml names this one.
    assert_eq!(boss.send("PUT", "/api/queues/complaint", &json!({ "zh": "投诉" })).status, 200);
    let named = boss.raw("DELETE", "/api/queues/complaint", "", "");
    assert!(named.problem() == "invalid" && named.json()["findings"][0]["found"] == "is named by a node of menus.toml", "{named:?}");
    assert_eq!(boss.raw("DELETE", "/api/queues/order", "", "").status, 204);
    assert_eq!(queue("order").unwrap(), before, "back to the file");
    assert_eq!(boss.raw("DELETE", "/api/queues/order", "", "").problem(), "not-found");
    let manager = floor.signed_in("watcher");
    assert_eq!(manager.send("PUT", "/api/queues/order", &json!({ "ring": "9s" })).problem(), "not-allowed");
    for (path, body) in
        [("/api/queues/a%20b", json!({})), ("/api/queues/order", json!({ "password": "x" })), ("/api/queues/order", json!([]))]
    {
        assert_eq!(boss.send("PUT", path, &body).problem(), "invalid", "{path} {body}");
    }
}

#[test]
fn c105_a_trunk_is_changed_by_page_and_its_password_never_comes_out() {
    let floor = Floor::open(TWO_LINES, false);
    let boss = floor.signed_in("boss");
    let trunk = || boss.get("/api/trunks").json()[0].clone();
    assert_eq!((trunk()["source"].as_str(), trunk()["user"].as_str()), (Some("file"), Some("02988001234")));
    let changed = boss.send("PUT", "/api/trunks/telecom", &json!({ "max_calls": 12, "password": "" }));
    assert_eq!(changed.status, 200, "the file's password holds: {changed:?}");
    let changed = boss.send("PUT", "/api/trunks/telecom", &json!({ "password": "very-secret-1" }));
    assert_eq!(changed.json()["after"]["password"], "*** (new)", "{changed:?}");
    assert_eq!((trunk()["max_calls"].as_u64(), trunk()["password_set"].as_bool()), (Some(12), Some(true)));
    let stored = || floor.wait(floor.store.page_entries()).unwrap();
    assert_eq!(stored()[0].password.as_deref(), Some("very-secret-1"));
    assert_eq!(boss.send("PUT", "/api/trunks/telecom", &json!({ "password": "very-secret-2", "max_calls": 9 })).status, 200);
    let history = boss.get("/api/admin-changes?kind=trunk").json();
    assert_eq!(boss.send("POST", &format!("/api/admin-changes/{}/undo", history[0]["id"].as_str().unwrap()), &json!({})).status, 200);
    assert_eq!((stored()[0].password.as_deref(), trunk()["max_calls"].as_u64()), (Some("very-secret-1"), Some(12)), "the old one is back");
    for path in ["/api/trunks", "/api/admin-changes", "/api/admin-changes?kind=trunk", "/api/audit"] {
        let told = boss.get(path).json().to_string();
        assert!(!told.contains("very-secret") && !told.contains("the-file"), "{path}: {told}");
    }
    let wrong = boss.send("PUT", "/api/trunks/new", &json!({ "register": true, "targets": ["carrier.example"], "transport": "tls" }));
    assert_eq!(wrong.json()["findings"].as_array().map(Vec::len), Some(3), "{wrong:?}");
    assert_eq!(boss.raw("DELETE", "/api/trunks/telecom", "", "").status, 204);
    assert_eq!((stored().len(), trunk()["source"].as_str(), trunk()["max_calls"].as_u64()), (0, Some("file"), Some(0)));
    let manager = floor.signed_in("watcher");
    assert_eq!(manager.raw("DELETE", "/api/trunks/telecom", "", "").problem(), "not-allowed");
}
