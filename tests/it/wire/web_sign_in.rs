//! As an operator I know who sits at my consoles: people sign in, see what their role needs, and are locked out at once.

use std::net::IpAddr;
use std::time::Duration;

use serde_json::json;

use super::server::{Setup, eventually, now};
use super::web_kit::{Browser, Floor, PASSWORD};

const SOON: Duration = Duration::from_secs(15);

fn elsewhere() -> Option<IpAddr> {
    Some(IpAddr::from([127, 0, 0, 2]))
}

#[test]
fn a_session_is_a_strict_cookie_that_is_renewed_and_ends() {
    let floor = Floor::open("", false);
    let mut browser = floor.browser();
    assert_eq!(browser.get("/api/me").problem(), "sign-in");
    let reply = browser.sign_in("lina", PASSWORD);
    assert_eq!(reply.status, 200, "{reply:?}");
    let cookie = &reply.headers["set-cookie"];
    for part in ["HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("Secure"), "plain HTTP: the cookie would never come back: {cookie}");
    let me = reply.json();
    assert_eq!((me["role"].as_str(), me["demo"].as_bool()), (Some("agent"), Some(false)), "{me}");
    assert_eq!(browser.get("/api/me").json(), me);
    let first = browser.cookie.clone().unwrap();
    assert_eq!(first.len(), 64, "256 bits");

    // Renewed at sign-in: the old secret opens nothing any more.
    assert_eq!(browser.sign_in("lina", PASSWORD).status, 200);
    assert_ne!(browser.cookie.as_ref(), Some(&first));
    let mut old = browser.clone();
    old.cookie = Some(first);
    assert_eq!(old.get("/api/me").problem(), "sign-in");

    let out = browser.send("DELETE", "/api/session", &json!({}));
    assert_eq!(out.status, 204, "{out:?}");
    assert!(out.headers["set-cookie"].contains("Max-Age=0"));
    assert_eq!(browser.get("/api/me").problem(), "sign-in");
    let kept = std::fs::read(floor.folder.path().join("house.db")).unwrap();
    let secret = browser.cookie.unwrap();
    assert!(!kept.windows(secret.len()).any(|part| part == secret.as_bytes()), "secrets are kept as hashes only");
}

#[test]
fn sessions_end_by_themselves() {
    let floor = Floor::open("session_idle = \"1s\"\nsession_longest = \"2s\"", false);
    let browser = floor.signed_in("lina");
    let (mut live, _) = browser.live();
    eventually("the session has ended", SOON, || (browser.get("/api/me").status == 401).then_some(()));
    // The watch is nudged by the next change of anybody's sign-in, or within its round.
    floor.wait(floor.store.end_session("nobody")).unwrap();
    assert_eq!(live.until("signed_out")["type"], "signed_out");
    live.is_closed();
}

#[test]
fn the_guesser_is_refused_by_the_tenth_try_and_the_owner_elsewhere_is_not() {
    let floor = Floor::open("", false);
    let mut guesser = floor.browser();
    let mut tries = 0;
    let refused = loop {
        let reply = guesser.sign_in("lina", &format!("guess {tries}"));
        tries += 1;
        if reply.status == 429 {
            break reply;
        }
        assert_eq!(reply.problem(), "wrong-password");
        assert!(tries < 12, "never refused");
    };
    assert!((8..=11).contains(&tries), "{tries}");
    assert_eq!(refused.problem(), "slow-down");
    let wait: u64 = refused.headers["retry-after"].parse().unwrap();
    assert!((1..=3600).contains(&wait));
    assert_eq!(guesser.sign_in("lina", PASSWORD).status, 429, "nor with the right one, from there");
    let mut owner = floor.browser();
    owner.from = elsewhere();
    assert_eq!(owner.sign_in("lina", PASSWORD).status, 200);
}

#[test]
fn a_shift_of_thirty_signs_in_at_once_behind_one_address() {
    let floor = Floor::open("", false);
    let browsers: Vec<_> = (0..30).map(|_| floor.browser()).collect();
    let signed: Vec<u16> = std::thread::scope(|scope| {
        let sign_in = |mut browser: Browser| move || browser.sign_in("lina", PASSWORD).status;
        let people: Vec<_> = browsers.into_iter().map(|browser| scope.spawn(sign_in(browser))).collect();
        people.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert!(signed.iter().all(|status| *status == 200), "nobody is taken for a guesser: {signed:?}");
}

#[test]
fn who_may_not_is_told_so_whatever_they_send() {
    let floor = Floor::open("", false);
    let mut browser = floor.browser();
    assert_eq!(browser.sign_in("lina", PASSWORD).status, 200);
    for (method, path) in [("POST", "/api/users"), ("PUT", "/api/dishes/18"), ("POST", "/api/webhooks"), ("PUT", "/api/branches/1/pause")] {
        for body in [json!({}), json!({ "zzz": 1 }), json!(["nothing"])] {
            assert_eq!(browser.send(method, path, &body).problem(), "not-allowed", "{method} {path} {body}");
        }
    }
    // A plain request to the address of a socket says what is there.
    assert!(browser.get("/api/live").body.contains("WebSocket"));
}

#[test]
fn names_that_exist_and_names_that_do_not_look_alike() {
    let floor = Floor::open("", false);
    let mut times = [Vec::new(), Vec::new()];
    let mut bodies = Vec::new();
    for round in 0..3_u8 {
        for (place, login) in ["lina", "nobody-here"].into_iter().enumerate() {
            let mut browser = floor.browser();
            browser.from = Some(IpAddr::from([127, 0, 1, round * 2 + u8::try_from(place).unwrap() + 1]));
            let begun = now();
            let reply = browser.sign_in(login, "wrong password");
            times[place].push(begun.elapsed());
            assert_eq!(reply.status, 401);
            bodies.push(reply.body);
        }
    }
    assert!(bodies.windows(2).all(|pair| pair[0] == pair[1]), "{bodies:?}");
    // A name that is not there costs a whole hash as well; without it the answer would come hundreds of times sooner.
    let fastest = |times: &[Duration]| times.iter().min().copied().unwrap();
    let (there, not) = (fastest(&times[0]), fastest(&times[1]));
    assert!(not * 5 > there && there * 5 > not, "{there:?} {not:?}");
    floor.wait(floor.store.user_by_login("lina")).unwrap().unwrap();
}

#[test]
fn foreign_pages_change_nothing() {
    let floor = Floor::open("origins = [\"https://hotline.example\"]", false);
    let browser = floor.signed_in("lina");
    let change = json!({ "language": "en" });
    for origin in [None, Some("null"), Some("http://evil.example"), Some("http://127.0.0.1"), Some("https://hotline.example.evil.example")]
    {
        let mut page = browser.clone();
        page.origin = origin.map(str::to_owned);
        assert_eq!(page.send("PATCH", "/api/me", &change).problem(), "foreign-origin", "{origin:?}");
        assert_eq!(page.socket("/api/live").err().unwrap().status, 403, "{origin:?}");
        if origin.is_some() {
            let mut fresh = page.clone();
            fresh.cookie = None;
            assert_eq!(fresh.sign_in("lina", PASSWORD).problem(), "foreign-origin", "{origin:?}");
        }
    }
    for origin in [format!("http://{}", floor.address), "https://hotline.example".to_owned()] {
        let mut page = browser.clone();
        page.origin = Some(origin.clone());
        assert_eq!(page.send("PATCH", "/api/me", &change).status, 200, "{origin}");
        assert!(page.socket("/api/live").is_ok(), "{origin}");
    }
}

#[test]
fn each_role_sees_what_it_needs_and_nothing_else() {
    let floor = Floor::open("", false);
    for login in ["lina", "watcher", "shop1"] {
        let browser = floor.signed_in(login);
        for path in ["/api/users", "/api/audit", "/api/tokens"] {
            assert_eq!(browser.get(path).problem(), "not-allowed", "{login} {path}");
        }
        assert_eq!(browser.send("POST", "/api/users", &json!({ "login": "x1", "role": "administrator" })).problem(), "not-allowed");
    }
    let boss = floor.signed_in("boss");
    let users = boss.get("/api/users");
    assert_eq!(users.json().as_array().unwrap().len(), 5);
    assert!(!users.body.contains("argon2"), "no secrets");
}

#[test]
fn an_administrator_makes_changes_resets_and_locks_out_people_and_all_is_written_down() {
    let floor = Floor::open("", false);
    let boss = floor.signed_in("boss");
    let made = boss.send(
        "POST",
        "/api/users",
        &json!({ "login": "zhou", "name": "周敏", "number": "8003", "role": "agent", "queues": ["order-zh"], "skills": "zh:70", "account": "8003", "phone_password": "desk-phone-1" }),
    );
    assert_eq!(made.status, 201, "{made:?}");
    let (id, password) = (made.json()["id"].as_str().unwrap().to_owned(), made.json()["password"].as_str().unwrap().to_owned());
    assert_eq!(boss.send("POST", "/api/users", &json!({ "login": "zhou", "role": "agent" })).problem(), "conflict");
    for bad in [
        json!({ "login": "Z", "role": "agent" }),
        json!({ "login": "zz", "role": "king" }),
        json!({ "login": "zz", "role": "agent", "skills": "zh:200" }),
        json!({ "login": "zz", "role": "agent", "password": "short" }),
        json!({ "login": "zz", "role": "agent", "crown": true }),
    ] {
        assert_eq!(boss.send("POST", "/api/users", &bad).problem(), "invalid", "{bad}");
    }

    // Somebody whose password was chosen by another changes it before anything else.
    let mut zhou = floor.browser();
    assert_eq!(zhou.sign_in("zhou", &password).status, 200);
    assert_eq!(zhou.get("/api/me").json()["must_change_password"], true);
    assert_eq!(zhou.socket("/api/live").err().unwrap().status, 403);
    let change = |old: &str, new: &str| json!({ "old": old, "new": new });
    assert_eq!(zhou.send("POST", "/api/me/password", &change("not it", "a better one")).problem(), "wrong-password");
    assert_eq!(zhou.send("POST", "/api/me/password", &change(&password, "88888888")).problem(), "invalid");
    let mut other = floor.browser();
    assert_eq!(other.sign_in("zhou", &password).status, 200);
    assert_eq!(zhou.send("POST", "/api/me/password", &change(&password, "a better one")).status, 204);
    assert_eq!(other.get("/api/me").status, 401, "other sessions end");
    assert_eq!(zhou.get("/api/me").json()["must_change_password"], false);
    let (mut live, _) = zhou.live();

    // Locked out: at once, on open pages too.
    let patched = boss.send("PATCH", &format!("/api/users/{id}"), &json!({ "disabled": true }));
    assert_eq!(patched.status, 200, "{patched:?}");
    assert_eq!(zhou.get("/api/me").status, 401);
    assert_eq!(live.until("signed_out")["why"], "forced");
    live.is_closed();
    assert_eq!(zhou.sign_in("zhou", "a better one").problem(), "wrong-password", "as if there were nobody");

    let myself = floor.id("boss");
    assert_eq!(boss.send("PATCH", &format!("/api/users/{myself}"), &json!({ "role": "agent" })).problem(), "conflict");
    assert_eq!(boss.send("POST", "/api/users/none/reset", &json!({})).problem(), "not-found");
    assert_eq!(boss.send("POST", &format!("/api/users/{id}/reset"), &json!({})).status, 200);

    let audit = boss.get("/api/audit?limit=50");
    let entries = audit.json();
    let of = |action: &str| entries.as_array().unwrap().iter().find(|entry| entry["action"] == action).cloned();
    for action in ["session.opened", "user.added", "password.changed", "user.disabled", "user.password_reset"] {
        let entry = of(action).unwrap_or_else(|| panic!("{action} is missing in {entries:#}"));
        assert!(entry["at"].is_string() && entry["address"] == "127.0.0.1" && entry["object"] != "", "{entry}");
    }
    assert_eq!(of("user.disabled").unwrap()["object"], "user:zhou");
    for secret in [password.as_str(), "a better one", "desk-phone-1"] {
        assert!(!audit.body.contains(secret), "{secret} is in the journal");
    }
    let phones = floor.wait(floor.store.phone_secrets()).unwrap();
    assert!(phones.is_empty(), "a disabled person's phone does not register");
}

#[test]
fn programs_sign_in_with_a_token_until_it_is_revoked() {
    let floor = Floor::open("", false);
    let boss = floor.signed_in("boss");
    let made = boss.send("POST", "/api/tokens", &json!({ "name": "report", "role": "manager" }));
    assert_eq!(made.status, 201, "{made:?}");
    let token = made.json()["token"].as_str().unwrap().to_owned();
    assert!(!boss.get("/api/tokens").body.contains(&token), "told once");
    let mut program = floor.browser();
    program.origin = None;
    let bearer = format!("Authorization: Bearer {token}\r\n");
    assert_eq!(program.raw("GET", "/api/users", &bearer, "").status, 200);
    assert_eq!(program.raw("GET", "/api/tokens", &bearer, "").problem(), "not-allowed");
    let id = made.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(boss.send("DELETE", &format!("/api/tokens/{id}"), &json!({})).status, 204);
    assert_eq!(program.raw("GET", "/api/users", &bearer, "").problem(), "sign-in");
    assert_eq!(boss.send("DELETE", &format!("/api/tokens/{id}"), &json!({})).problem(), "not-found");
}

/// The answer was lost on its way: asked again under the same key, nobody is made twice, and the secret is not told twice.
#[test]
fn people_and_tokens_are_made_once_by_their_key() {
    let floor = Floor::open("", false);
    let boss = floor.signed_in("boss");
    let more = "Content-Type: application/json\r\nIdempotency-Key: lost-answer\r\n";
    let body = json!({ "login": "zhao", "name": "赵明", "role": "agent" }).to_string();
    let (first, again) = (boss.raw("POST", "/api/users", more, &body), boss.raw("POST", "/api/users", more, &body));
    assert_eq!((first.status, again.status), (201, 201), "{again:?}");
    assert_eq!(first.json()["id"], again.json()["id"]);
    assert!(first.json()["password"].is_string() && again.json()["password"].is_null(), "told once, and not kept");
    let users = boss.get("/api/users").json();
    assert_eq!(users.as_array().unwrap().iter().filter(|user| user["login"] == "zhao").count(), 1);
    let other = json!({ "login": "qian", "name": "钱", "role": "agent" }).to_string();
    assert_eq!(boss.raw("POST", "/api/users", more, &other).problem(), "key-reused");
    let more = "Content-Type: application/json\r\nIdempotency-Key: lost-token\r\n";
    let body = json!({ "name": "report", "role": "manager" }).to_string();
    let (first, again) = (boss.raw("POST", "/api/tokens", more, &body), boss.raw("POST", "/api/tokens", more, &body));
    assert_eq!((first.status, &first.json()["id"]), (201, &again.json()["id"]), "{again:?}");
    assert!(first.json()["token"].is_string() && again.json()["token"].is_null());
    assert_eq!(boss.get("/api/tokens").json().as_array().map(Vec::len), Some(1));
}

/// Behind a proxy that is named in the settings the visitor's own address counts, for the audit and for who is slowed down.
#[test]
fn a_trusted_proxy_tells_where_visitors_come_from() {
    let sign_in = |floor: &Floor, password: &str, from: &str| {
        let body = json!({ "user": "boss", "password": password }).to_string();
        let more = format!("Content-Type: application/json\r\nX-Forwarded-For: {from}\r\n");
        floor.browser().raw("POST", "/api/session", &more, &body)
    };
    let address = |floor: &Floor| {
        let entries = floor.signed_in("boss").get("/api/audit").json();
        let opened: Vec<_> = entries.as_array().unwrap().iter().filter(|entry| entry["action"] == "session.opened").cloned().collect();
        opened.iter().map(|entry| entry["address"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let floor = Floor::open("proxies = [\"127.0.0.1\"]", false);
    assert_eq!(sign_in(&floor, PASSWORD, "198.51.100.7, 203.0.113.9").status, 200);
    eventually("the visitor's address", Duration::from_secs(10), || address(&floor).contains(&"203.0.113.9".to_owned()).then_some(()));
    let floor = Floor::open("", false);
    assert_eq!(sign_in(&floor, PASSWORD, "203.0.113.9").status, 200);
    assert!(address(&floor).iter().all(|address| address == "127.0.0.1"), "nobody else is believed");
}

#[test]
fn every_refusal_is_a_problem_and_every_answer_is_dressed() {
    let floor = Floor::open("", false);
    let browser = floor.signed_in("boss");
    let json_type = "Content-Type: application/json\r\n";
    assert_eq!(browser.get("/nowhere").problem(), "not-found");
    assert_eq!(browser.get("/api/nowhere").problem(), "not-found");
    assert_eq!(browser.raw("PUT", "/api/me", json_type, "{}").problem(), "method-not-allowed");
    assert_eq!(browser.raw("PATCH", "/api/me", "", "{}").problem(), "not-json");
    assert_eq!(browser.raw("PATCH", "/api/me", json_type, "{").problem(), "malformed");
    assert_eq!(browser.raw("PATCH", "/api/me", json_type, "{\"language\":7}").problem(), "invalid");
    let long = format!("{{\"language\":\"{}\"}}", "x".repeat(70_000));
    assert_eq!(browser.raw("PATCH", "/api/me", json_type, &long).problem(), "too-large");
    assert_eq!(browser.get("/api/audit?limit=many").problem(), "bad-request");
    assert_eq!(browser.get("/api/live").status, 400, "no WebSocket was asked for");
    assert_eq!(browser.get("/api/phone").status, 404, "a demonstration only");
    let flood = format!("X-Long: {}\r\n", "x".repeat(100_000));
    assert!(matches!(browser.raw("GET", "/healthz", &flood, "").status, 431 | 400 | 0), "a head has its bounds");
    assert_eq!(browser.get("/healthz").status, 200, "and the next one is served");

    for path in ["/", "/healthz", "/api/me", "/nowhere", "/api/docs/", "/api/openapi.json"] {
        let reply = browser.get(path);
        let policy = &reply.headers["content-security-policy"];
        for part in ["default-src 'self'", "object-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "script-src 'self'"] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe-eval") && (path.starts_with("/api/docs") || !policy.contains("unsafe")), "{path}: {policy}");
        assert_eq!(reply.headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(reply.headers["referrer-policy"], "no-referrer", "{path}");
        assert!(reply.headers["permissions-policy"].contains("microphone=(self)"), "{path}");
        assert!(!reply.headers.contains_key("strict-transport-security"), "not on plain HTTP");
    }
    assert!(browser.get("/api/docs/").body.contains("swagger"), "the API can be browsed");
    assert_eq!(browser.get("/phone").status, 404, "there is no diner's phone outside of the demonstration");
}

#[test]
fn a_store_that_is_away_is_told_as_a_problem_and_open_consoles_stay() {
    let floor = Floor::open("", false);
    let browser = floor.signed_in("boss");
    assert_eq!(browser.get("/api/me").status, 200);
    let (mut live, snapshot) = browser.live();
    assert_eq!(snapshot["store_away"], false);
    floor.wait(floor.store.close());
    assert_eq!(browser.get("/api/users").problem(), "store-away");
    let told = live.until("store");
    assert_eq!(told["away"], true, "{told}");
    // Who was signed in finds back to the call without the store.
    assert_eq!(browser.get("/api/me").status, 200);
    let (_again, snapshot) = browser.live();
    assert_eq!(snapshot["store_away"], true);
    let mut stranger = floor.browser();
    stranger.cookie = Some("0".repeat(64));
    assert_eq!(stranger.get("/api/me").problem(), "store-away");
    assert_eq!(stranger.sign_in("boss", PASSWORD).problem(), "store-away");
}

#[test]
fn the_first_start_makes_an_administrator_and_the_command_line_resets_and_locks_out() {
    let server = Setup::strict("").start();
    let said = server.said.join("\n");
    let password =
        said.split("with the password ").nth(1).and_then(|rest| rest.split_whitespace().next()).unwrap_or_else(|| panic!("{said}"));
    assert!(!server.log().contains(password), "the log does not hold it");
    let mut browser = Browser { to: server.web, from: None, cookie: None, origin: None };
    assert_eq!(browser.sign_in("admin", password).json()["must_change_password"], true);

    let added = server.cli(&["user", "add", "lina", "--name", "李娜", "--number", "8001", "--password", "a fine password", "--keep"]);
    assert!(added.status.success(), "{}", super::server::text(&added));
    let users = server.json(&["user", "list", "--json"]);
    assert!(users.as_array().unwrap().iter().any(|user| user["login"] == "lina" && user["name"] == "李娜"), "{users}");
    assert_eq!(browser.sign_in("lina", "a fine password").status, 200);
    assert_eq!(browser.get("/api/me").json()["number"], "8001");
    assert!(server.cli(&["user", "disable", "lina"]).status.success());
    assert_eq!(browser.get("/api/me").status, 401, "at once");
    assert!(!server.cli(&["user", "disable", "nobody"]).status.success());
    let reset = server.cli(&["user", "reset", "admin"]);
    let reset = String::from_utf8_lossy(&reset.stdout).into_owned();
    let fresh = reset.split("with the password ").nth(1).and_then(|rest| rest.split([';', '\n']).next()).unwrap();
    assert_eq!(browser.sign_in("admin", password).status, 401);
    assert_eq!(browser.sign_in("admin", fresh).status, 200);

    let demo = Setup::demo().start();
    let said = demo.said.join("\n");
    for name in ["李娜", "王强", "周敏", "supervisor", "manager"] {
        assert!(said.contains(name), "{name} is missing in {said}");
    }
    let mut browser = Browser { to: demo.web, ..browser };
    let me = browser.sign_in("8001", "demo").json();
    assert_eq!((me["name"].as_str(), me["demo"].as_bool()), (Some("李娜"), Some(true)), "{me}");
}

#[test]
fn over_https_cookies_are_secure_and_plain_http_is_not_understood() {
    use std::io::{Read, Write};
    use std::sync::Arc;

    let setup = Setup::demo();
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let mut server = setup.env("DINETONE__WEB__CERTIFICATE", "web.pem").env("DINETONE__WEB__KEY", "web-key.pem").install();
    std::fs::write(server.path("web.pem"), made.cert.pem()).unwrap();
    std::fs::write(server.path("web-key.pem"), made.signing_key.serialize_pem()).unwrap();
    server.run();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let config = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = rustls::pki_types::ServerName::try_from("localhost").unwrap();
    let client = rustls::ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = rustls::StreamOwned::new(client, std::net::TcpStream::connect(server.web).unwrap());
    let body = json!({ "user": "8001", "password": "demo" }).to_string();
    write!(
        stream,
        "POST /api/session HTTP/1.1\r\nHost: localhost\r\nOrigin: https://localhost\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer).to_lowercase();
    assert!(answer.starts_with("http/1.1 200"), "{answer}");
    assert!(answer.contains("; secure") && answer.contains("strict-transport-security:"), "{answer}");
    let plain = Browser { to: server.web, from: None, cookie: None, origin: None }.get("/healthz");
    assert_ne!(plain.status, 200);
}
