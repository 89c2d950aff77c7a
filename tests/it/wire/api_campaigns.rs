//! Campaigns over HTTP: planned, listed, approved and begun by managers, proved by files; what customers say about being contacted.

use dinetone::domain::Role;
use serde_json::{Value, json};

use super::web_kit::{Browser, Floor};

fn plan(more: Value) -> Value {
    let mut plan = json!({ "name": "秋季新品", "kind": "voice_file", "prompt": "gen.bye", "from": "2026-11-20", "until": "2026-11-30", "hours": "10:00-20:00",
        "listed": true });
    for (key, value) in more.as_object().unwrap() {
        plan[key] = value.clone();
    }
    plan
}

fn step(by: &Browser, id: &str, step: &str, life: &Value) -> super::web_kit::Reply {
    by.send("POST", &format!("/api/campaigns/{id}/steps"), &json!({ "step": step, "life": life }))
}

#[test]
fn c99_a_campaign_is_planned_listed_approved_and_begun_by_a_manager() {
    let floor = Floor::open("", false);
    let chief = floor.person("chief1", Role::Manager, None);
    let lina = floor.signed_in("lina");
    // Agents plan nothing.
    assert_eq!(lina.get("/api/campaigns").problem(), "not-allowed");
    assert_eq!(lina.send("POST", "/api/campaigns", &plan(json!({}))).problem(), "not-allowed");
    // What cannot be carried out is refused with a reason.
    for (more, part) in [
        (json!({ "prompt": "no.such" }), "prompt"),
        (json!({ "prompt": "cb.nothing" }), "prompt"),
        (json!({ "kind": "voice_flow", "node": "nowhere" }), "campaign = true"),
        (json!({ "kind": "voice_flow", "node": "trap" }), "unsubscribe"),
        (json!({ "kind": "message", "text_zh": "新品八折" }), "退订"),
        (json!({ "hours": "20:00-10:00" }), "hours"),
        (json!({ "tries": 9 }), "tries"),
    ] {
        let refused = chief.send("POST", "/api/campaigns", &plan(more));
        assert!(refused.problem() == "invalid" && refused.json()["detail"].as_str().unwrap().contains(part), "{part}: {refused:?}");
    }
    assert_eq!(chief.send("POST", "/api/campaigns", &plan(json!({ "dial": 1 }))).problem(), "invalid");
    // The same click again is one campaign.
    let made = |key: &str| {
        let body = plan(json!({})).to_string();
        chief.raw("POST", "/api/campaigns", &format!("Idempotency-Key: {key}\r\nContent-Type: application/json\r\n"), body)
    };
    let (first, again) = (made("k1"), made("k1"));
    assert_eq!((first.status, first.json()["id"].clone()), (201, again.json()["id"].clone()), "{first:?}");
    let id = first.json()["id"].as_str().unwrap().to_owned();
    // Nobody can say yes to a list that is not there.
    assert_eq!(step(&chief, &id, "approve", &first.json()["life"]).problem(), "cannot");
    let numbers = json!({ "numbers": [
        { "phone": "138 1111 2222", "name": "赵先生", "consent": "门店登记表 2026-10" },
        { "phone": "13811113333" },
        { "phone": "kein Telefon" },
    ] });
    let taken = chief.send("PUT", &format!("/api/campaigns/{id}/numbers"), &numbers);
    assert_eq!(taken.json(), json!({ "taken": 2, "wrong_lines": [3] }), "{taken:?}");
    let listed = chief.send("POST", &format!("/api/campaigns/{id}/list"), &json!({}));
    let counts = &listed.json()["counts"];
    assert_eq!((&counts["listed"], &counts["out:no_consent"], &counts["waiting"]), (&json!(2), &json!(1), &json!(1)), "{listed:?}");
    assert_eq!(step(&chief, &id, "approve", &json!(0)).problem(), "cannot", "another list was seen");
    let approved = step(&chief, &id, "approve", &listed.json()["life"]);
    assert_eq!(
        (approved.status, &approved.json()["status"], &approved.json()["approved_by"]),
        (200, &json!("approved"), &json!("CHIEF1")),
        "{approved:?}"
    );
    assert_eq!(chief.send("PUT", &format!("/api/campaigns/{id}"), &plan(json!({}))).problem(), "cannot");
    assert_eq!(chief.send("PUT", &format!("/api/campaigns/{id}/numbers"), &numbers).problem(), "cannot");
    let begun = step(&chief, &id, "start", &approved.json()["life"]);
    assert_eq!(begun.json()["status"], "running", "{begun:?}");
    let paused = step(&chief, &id, "pause", &begun.json()["life"]);
    let stopped = step(&chief, &id, "stop", &paused.json()["life"]);
    assert_eq!((&paused.json()["status"], &stopped.json()["status"]), (&json!("paused"), &json!("stopped")));
    assert_eq!(step(&chief, &id, "start", &stopped.json()["life"]).problem(), "cannot", "stopped for good");
    assert_eq!(step(&chief, &id, "fly", &json!(1)).problem(), "invalid");
    assert_eq!(step(&chief, "nope", "stop", &json!(1)).problem(), "not-found");
    // Everything is told: the list, the report, the evidence and who did what.
    let all = chief.get("/api/campaigns").json();
    assert_eq!(
        (&all["campaigns"][0]["id"], &all["rules"]["hours"], &all["nodes"][0]["name"]),
        (&json!(id), &json!("09:00-20:00"), &json!("promo")),
        "{all}"
    );
    let report = chief.get("/api/reports/campaigns").json();
    assert!(report["rows"][0].as_array().unwrap().contains(&json!("秋季新品")), "{report}");
    assert_eq!(lina.get("/api/reports/campaigns").status, 403);
    assert_eq!(chief.get(&format!("/api/campaigns/{id}/evidence")).json()["rows"], json!([]));
    let csv = chief.get(&format!("/api/campaigns/{id}/evidence?format=csv&lang=en"));
    assert!(csv.body.starts_with("\u{feff}Time,Number,Try,Outcome"), "{csv:?}");
    let audit = chief.get("/api/audit").json().to_string();
    for action in ["campaign.made", "campaign.numbers", "campaign.approve", "campaign.start", "campaign.stop", "campaign.evidence"] {
        assert!(audit.contains(action), "{action}: {audit}");
    }
    assert!(!audit.contains("13811112222"), "no full numbers in the journal");
}

#[test]
fn c99_agents_write_down_what_customers_say_and_a_reply_of_td_counts_at_once() {
    let floor = Floor::open("", false);
    let lina = floor.signed_in("lina");
    let find = || lina.send("POST", "/api/contact-wishes/find", &json!({ "phone": "+86 138 1111 2222" })).json();
    assert_eq!(find(), json!({ "agrees": null }));
    let wish = |agrees: bool, words: &str| {
        lina.send("PUT", "/api/contact-wishes", &json!({ "phone": "13811112222", "agrees": agrees, "words": words }))
    };
    assert_eq!(wish(true, " ").problem(), "invalid", "a yes needs its words");
    assert_eq!(wish(true, "电话中同意接收优惠").status, 204);
    assert_eq!((&find()["agrees"], &find()["words"], &find()["how"]), (&json!(true), &json!("电话中同意接收优惠"), &json!("agent")));
    let reply = |text: &str| lina.send("POST", "/api/message-replies", &json!({ "phone": "8613811112222", "text": text })).json();
    assert_eq!(reply("谢谢"), json!({ "refused": false }));
    assert_eq!(find()["agrees"], true);
    assert_eq!(reply("td"), json!({ "refused": true }));
    assert_eq!((&find()["agrees"], &find()["how"]), (&json!(false), &json!("reply")));
    // They change their mind; the last word counts.
    assert_eq!(wish(true, "来电要求恢复").status, 204);
    assert_eq!(find()["agrees"], true);
    let branch = floor.signed_in("shop1");
    assert_eq!(branch.send("POST", "/api/contact-wishes/find", &json!({ "phone": "13811112222" })).problem(), "not-allowed");
}
