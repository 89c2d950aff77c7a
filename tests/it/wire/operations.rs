//! As an operator I stop, watch, change, back up and trace the server while diners are on the line.

use std::process::{Child, Stdio};
use std::time::Duration;

use dinetone::domain::UserId;
use dinetone::store::{Author, HousePart, HouseValue};

use super::calls::{QUICK_ORDER, orders};
use super::server::{Server, Setup, ask, eventually, now, request, text};

const SOON: Duration = Duration::from_secs(15);

/// A caller who stays; `dials` is a line of the load generator's menu.
fn caller(server: &Server, dials: &str, seconds: &str, from: &str) -> Child {
    let script = format!("dials {dials}\nfrom {from}\nwaits {seconds}\nhangs up\n");
    server.diner(&script, &["--json"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn live(server: &Server) -> Vec<serde_json::Value> {
    server.json(&["calls", "list", "--live", "--json"]).as_array().unwrap().clone()
}

/// Waits until so many calls to `dialled` are up and answered.
#[track_caller]
fn up(server: &Server, dialled: &str, count: usize) {
    eventually(&format!("{count} call(s) up"), SOON, || {
        let calls = live(server);
        (calls.iter().filter(|call| call["answered_at"].is_string() && call["dialled"] == dialled).count() == count).then_some(())
    });
}

fn invited(server: &Server, number: u32) -> String {
    ask(server.sip, &request("INVITE", server.sip, number, "UDP"), Duration::from_secs(5)).expect("an answer to the INVITE")
}

#[test]
fn c33_a_stop_lets_the_call_finish_and_sends_new_ones_elsewhere() {
    let mut server = Setup::bench().start();
    let staying = caller(&server, "2000", "5s", "13600136001");
    up(&server, "2000", 1);
    assert_eq!(server.get("/readyz").0, 200);
    server.terminate();
    eventually("a balancer is told", SOON, || (server.get("/readyz").0 == 503).then_some(()));
    // An INVITE that slipped in before would be a call that must be waited for.
    std::thread::sleep(Duration::from_millis(300));
    let refused = invited(&server, 7);
    assert!(refused.starts_with("SIP/2.0 503") && refused.contains("Retry-After:"), "{refused}");
    assert_eq!(server.get("/healthz").0, 200, "but it lives");
    let output = staying.wait_with_output().unwrap();
    assert!(output.status.success(), "the call in progress ends by itself: {}", text(&output));
    let status = server.ended(SOON);
    assert_eq!(status.code(), Some(0), "{status}");
    let calls = server.json(&["calls", "list", "--json"]);
    assert_eq!(calls[0]["reason"], "finished", "{calls}");
    assert_eq!(calls[0]["ended_by"], "caller", "{calls}");
}

#[test]
fn c33_a_second_signal_ends_the_calls_at_once() {
    let mut server = Setup::bench().start();
    let staying = caller(&server, "2000", "60s", "13600136002");
    up(&server, "2000", 1);
    server.terminate();
    eventually("the stop began", SOON, || server.log().contains("stopping").then_some(()));
    let second = now();
    server.terminate();
    let status = server.ended(Duration::from_secs(10));
    assert_eq!(status.code(), Some(0), "{status}");
    assert!(second.elapsed() < Duration::from_secs(10));
    // The diner got a BYE instead of silence.
    let output = staying.wait_with_output().unwrap();
    assert!(text(&output).contains("\"ended\":\"system\""), "{}", text(&output));
    let calls = server.json(&["calls", "list", "--json"]);
    assert!(calls[0]["ended_at"].is_string(), "the record is closed: {calls}");
}

#[test]
fn c35_health_numbers_and_live_calls() {
    let server = Setup::bench().start();
    assert_eq!(server.get("/healthz").0, 200);
    let staying = caller(&server, "5000", "20s", "13600136003");
    let keyed = server
        .diner("dials 5000\nfrom 13600136004\nhears main.menu\npress 1\nwaits 20s\n", &["--quiet"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let (_staying, _keyed) = (super::server::Guarded(staying), super::server::Guarded(keyed.unwrap()));
    up(&server, "5000", 2);
    let refused = ask(
        server.sip,
        &request("INVITE", server.sip, 9, "UDP").replace("Content-Length", "Require: unobtainium\r\nContent-Length"),
        Duration::from_secs(5),
    );
    assert!(refused.is_some_and(|answer| answer.starts_with("SIP/2.0 420")));
    let (status, ready) = server.get("/readyz");
    assert_eq!(status, 200, "{ready}");
    let ready: serde_json::Value = serde_json::from_str(&ready).unwrap();
    assert_eq!(ready["calls"], 2, "{ready}");
    // The sound's numbers are told once a second.
    let numbers = eventually("the key and the sound are counted", SOON, || {
        let (_, numbers) = server.get("/metrics");
        (numbers.contains("dinetone_keys_total{") && numbers.contains("dinetone_rtp_packets_total")).then_some(numbers)
    });
    let missing: Vec<&str> = [
        "dinetone_calls ",
        "dinetone_keys_total{",
        "dinetone_prompts_total",
        "dinetone_refused_total{",
        "dinetone_store_seconds",
        "dinetone_media_tick_lateness_seconds",
        "dinetone_rtp_packets_total",
    ]
    .into_iter()
    .filter(|name| !numbers.contains(name))
    .collect();
    assert!(missing.is_empty(), "{missing:?} are missing in\n{numbers}");
    assert!(numbers.lines().any(|line| line.starts_with("dinetone_calls ") && line.ends_with(" 2")), "two calls are up:\n{numbers}");
    let calls = live(&server);
    assert!(calls.iter().all(|call| call["dialled"] == "5000" && call["node"] == "every-key"), "{calls:?}");
    let one = calls.iter().find(|call| call["keys"] == 1).expect("one has pressed a key");
    let shown = server.json(&["calls", "show", one["id"].as_str().unwrap(), "--json"]);
    assert!(
        shown["steps"].as_array().unwrap().iter().any(|step| step["type"] == "key" && step["key"] == "1"),
        "shown while it lasts: {shown}"
    );
    let said = server.cli(&["calls", "list", "--live"]);
    assert!(String::from_utf8_lossy(&said.stdout).contains("2 call(s) up"), "{}", text(&said));
    let listed = server.cli(&["calls", "list"]);
    assert_eq!(text(&listed).matches("up, at every-key").count(), 2, "the list knows what is up: {}", text(&listed));
    // A sign of another server's, as a killed one leaves it when the other has taken its port: what is kept is shown.
    let sign = server.path("data/running");
    let true_sign = std::fs::read_to_string(&sign).unwrap();
    std::fs::write(&sign, format!("{}\nnot-the-token\n", true_sign.lines().next().unwrap())).unwrap();
    let shown = server.cli(&["calls", "show", one["id"].as_str().unwrap()]);
    assert!(shown.status.success() && text(&shown).contains("no end on record"), "{}", text(&shown));
}

#[test]
fn c14_a_changed_dialogue_is_taken_over_and_a_bad_one_refused() {
    let server = Setup::bench().start();
    let menus = std::fs::read_to_string(server.path("menus.toml")).unwrap();
    let short = "dials 7777\nhears test.short\nnever hears test.long\n";
    server.call(short, &[]);
    // A call that is up keeps the dialogue that it began with.
    let old = server
        .diner("dials 5000\nhears main.menu\nwaits 6s\npress 1\nhears main.menu\nhangs up\n", &[])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    up(&server, "5000", 1);
    let changed = menus
        .replace("[node.hello]\nsay = [\"test.short\"]", "[node.hello]\nsay = [\"test.long\"]")
        .replace("[node.every-key]\nkind = \"loop\"\nsay = [\"main.menu\"]", "[node.every-key]\nkind = \"loop\"\nsay = [\"test.short\"]");
    assert_ne!(changed, menus);
    std::fs::write(server.path("menus.toml"), &changed).unwrap();
    eventually("the change is taken over", SOON, || server.log().contains("taken over").then_some(()));
    server.call("dials 7777\nhears test.long\nnever hears test.short\n", &[]);
    let output = old.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", text(&output));

    let bad = changed
        .replace("[node.hello]\nsay = [\"test.long\"]\nthen = \"bye\"", "[node.hello]\nsay = [\"no.such.prompt\"]\nthen = \"nowhere\"");
    assert_ne!(bad, changed);
    std::fs::write(server.path("menus.toml"), &bad).unwrap();
    eventually("the bad file is refused", SOON, || server.log().contains("refused").then_some(()));
    let log = server.log();
    assert!(log.contains("nowhere") && log.contains("no.such.prompt"), "both faults are told: {log}");
    assert!(log.contains("hello"), "and their place: {log}");
    server.call("dials 7777\nhears test.long\n", &[]);
    assert!(server.get("/metrics").1.contains("dinetone_reloads_total{result=\"refused\"} 1"));

    // What is broken as TOML is refused by its line, and the right file is taken over again.
    std::fs::write(server.path("menus.toml"), "start = \n").unwrap();
    eventually("the broken file is refused", SOON, || server.log().contains("menus.toml:1").then_some(()));
    std::fs::write(server.path("menus.toml"), &menus).unwrap();
    eventually("the old file is back", SOON, || (server.log().matches("taken over").count() == 2).then_some(()));
    server.call(short, &[]);
}

/// C11: a file that changes while the store is away is taken over whole, its dishes as soon as the store is back.
#[test]
fn c11_dishes_of_a_changed_file_follow_when_the_store_is_back() {
    use sqlx::Connection as _;
    let server = Setup::bench().start();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let url = format!("sqlite:{}", server.path("data/store.db").display());
    let mut other = runtime.block_on(sqlx::SqliteConnection::connect(&url)).unwrap();
    let mut run = |sql: &'static str| {
        runtime.block_on(sqlx::query(sql).execute(&mut other)).unwrap();
    };
    run("begin immediate");
    let menus = std::fs::read_to_string(server.path("menus.toml")).unwrap();
    let dearer = menus.replacen("price_fen = 3800", "price_fen = 4100", 1);
    assert_ne!(menus, dearer);
    std::fs::write(server.path("menus.toml"), dearer).unwrap();
    eventually("the dialogue is taken over", SOON, || server.log().contains("the dishes follow when the store is back").then_some(()));
    run("rollback");
    eventually("the dishes follow", SOON, || server.log().contains("were taken over, too").then_some(()));
    let dishes = text(&server.cli(&["export", "dishes"]));
    assert!(dishes.lines().any(|line| line.starts_with("18,") && line.contains(",41,")), "{dishes}");
}

#[test]
fn c35_all_faults_of_the_settings_are_told_at_once() {
    let server = Setup::demo()
        .env("DINETONE__SIP__LISTEN", "here")
        .env("DINETONE__MEDIA__RTP_PORTS", "9-1")
        .env("DINETONE__LIMITS__MAX_CALLS", "many")
        .install();
    std::fs::write(server.path("config.toml"), "[sipp]\nx = 1\n[shop]\ntime_zone = \"Nowhere/City\"\n").unwrap();
    let begun = now();
    let output = server.cli(&["serve", "--demo", "--config", "config.toml"]);
    assert!(begun.elapsed() < SOON);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    let told = String::from_utf8_lossy(&output.stderr);
    for place in ["sip.listen", "media.rtp_ports", "limits.max_calls", "sipp", "shop.time_zone"] {
        assert!(told.contains(place), "{place} is not told: {told}");
    }
    assert!(!String::from_utf8_lossy(&output.stdout).contains("Ready"));

    let elsewhere = Setup::demo().env("DINETONE__SIP__LISTEN", "203.0.113.77:5060").install();
    let told = text(&elsewhere.cli(&["check"]));
    assert!(told.contains("no network of this machine has this address"), "{told}");

    // A dialogue with faults and a port that is taken, too.
    let running = Setup::demo().start();
    let mut other = Setup::demo();
    other.menus = other.menus.replacen("start = \"welcome\"", "start = \"nowhere\"", 1);
    let other = other.env("DINETONE__SIP__LISTEN", &running.sip.to_string()).install();
    let output = other.cli(&["serve", "--demo"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("nowhere") && told.contains("sip.listen"), "both are told: {told}");
}

/// `check` looks: in a fresh folder it leaves nothing behind, and says what the first start will do.
#[test]
fn c35_check_makes_no_store() {
    let fresh = Setup::demo().install();
    std::fs::remove_dir(fresh.path("data")).unwrap();
    let output = fresh.cli(&["check"]);
    assert!(output.status.success() && text(&output).contains("there is no store at"), "{}", text(&output));
    assert!(!fresh.path("data").exists(), "to look is not to make");
    let mut nowhere = Setup::demo().install();
    let url = format!("sqlite:{}/data/store.db", nowhere.path("config.toml").display());
    nowhere.set("DINETONE__STORE__URL", &url);
    let output = nowhere.cli(&["check"]);
    assert!(!output.status.success() && text(&output).contains("Not a directory"), "{}", text(&output));
}

/// C105, C108: a backup from before there was a key holds passwords of trunks in plain text; restored, they are sealed at once.
#[test]
fn c105_c108_an_old_backup_is_sealed_when_it_is_restored() {
    let mut old = Setup::bench().install();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let store_of = |server: &Server| {
        let url = format!("sqlite:{}", server.path("data/store.db").display());
        let clock = dinetone::domain::ShopClock::named("Asia/Shanghai").unwrap();
        runtime.block_on(dinetone::store::Store::open(&url, clock)).unwrap()
    };
    old.run();
    old.terminate();
    old.ended(SOON);
    let text_of = |text: &str| HouseValue::Text(Some(text.to_owned()));
    let set = [("settings", text_of("{}")), ("password", text_of("open-sesame")), ("retired", HouseValue::Number(Some(0)))];
    let by = Author { user: UserId::new("u-1"), name: "BOSS".into() };
    let store = store_of(&old);
    let wall = dinetone::server::clock::now().wall.into();
    runtime.block_on(store.edit_page_entry(HousePart::Trunk, "telecom", &set, None, &by, wall)).unwrap();
    let file = old.path("old.jsonl");
    runtime.block_on(store.backup(&file, |_, _| ())).unwrap();
    assert!(std::fs::read_to_string(&file).unwrap().contains("open-sesame"));
    let fresh = Setup::bench().install();
    let output = fresh.cli(&["restore", &file.display().to_string(), "--yes"]);
    assert!(output.status.success() && text(&output).contains("1 password(s) of trunks lay in plain text"), "{}", text(&output));
    let restored = store_of(&fresh);
    assert_eq!(runtime.block_on(restored.plain_passwords()).unwrap(), 0);
    let again = fresh.path("again.jsonl");
    runtime.block_on(restored.backup(&again, |_, _| ())).unwrap();
    let kept = std::fs::read_to_string(&again).unwrap();
    assert!(kept.contains("sealed:1:") && !kept.contains("open-sesame"), "in the history of changes, too");
}

#[test]
fn c58_a_backup_while_running_restores_into_a_fresh_store() {
    let server = Setup::bench().start();
    server.call(QUICK_ORDER, &["--from", "13600136010"]);
    let staying = super::server::Guarded(caller(&server, "2000", "30s", "13600136011"));
    up(&server, "2000", 1);
    let file = server.path("house.jsonl").display().to_string();
    let output = server.cli(&["backup", &file]);
    assert!(output.status.success(), "{}", text(&output));
    drop(staying);
    server.call(QUICK_ORDER, &["--from", "13600136012"]);
    assert_eq!(orders(&server).len(), 2);

    let mut fresh = Setup::bench().install();
    let unsure = fresh.cli(&["restore", &file]);
    assert_eq!(unsure.status.code(), Some(1), "without --yes nothing is replaced");
    let output = fresh.cli(&["restore", &file, "--yes"]);
    assert!(output.status.success(), "{}", text(&output));
    fresh.run();
    use std::os::unix::fs::PermissionsExt as _;
    let key = fresh.path("data/store.key");
    assert_eq!(std::fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600, "made at the first start");
    std::fs::write(&key, "nonsense").unwrap();
    let checked = fresh.cli(&["check"]);
    assert!(!checked.status.success() && text(&checked).contains("store.key holds no key"), "{}", text(&checked));
    let (kept, all) = (orders(&fresh), orders(&server));
    assert_eq!(kept.len(), 1, "what was there at the backup: {kept:?}");
    assert!(all.contains(&kept[0]), "to the last field: {kept:?} {all:?}");
    fresh.call(QUICK_ORDER, &["--from", "13600136013"]);
    let both = orders(&fresh);
    assert_eq!(both.len(), 2);
    assert_ne!(both[0]["number"], both[1]["number"], "numbers go on behind the restored ones");
}

/// C108: in the wrong folder nothing is listed or backed up as if the house were empty, and nothing is made.
#[test]
fn c108_without_a_store_nothing_is_listed_or_backed_up() {
    let nowhere = Setup::bench().install();
    let backup = nowhere.path("house.jsonl");
    let saved = backup.display().to_string();
    for command in
        [&["calls", "list"][..], &["orders", "list", "--json"], &["backup", &saved], &["user", "list"], &["user", "disable", "x"]]
    {
        let output = nowhere.cli(command);
        assert_eq!(output.status.code(), Some(1), "{command:?}: {}", text(&output));
        assert!(text(&output).contains("there is no store at"), "{command:?}: {}", text(&output));
    }
    let output = nowhere.cli(&["prompts", "no-such"]);
    assert!(output.status.code() == Some(1) && text(&output).contains("no prompt begins with"), "{}", text(&output));
    assert!(nowhere.cli(&["prompts", "main."]).status.success());
    assert!(!backup.exists() && !nowhere.path("data/store.db").exists());
}

/// C108: a store file that another program holds is named as that, with what to do.
#[test]
fn c108_a_store_that_another_program_holds_is_told() {
    use sqlx::Connection as _;
    let mut server = Setup::bench().install();
    server.run();
    server.terminate();
    server.ended(SOON);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let url = format!("sqlite:{}", server.path("data/store.db").display());
    let mut other = runtime.block_on(sqlx::SqliteConnection::connect(&url)).unwrap();
    for hold in ["pragma locking_mode = exclusive", "begin exclusive"] {
        runtime.block_on(sqlx::query(hold).execute(&mut other)).unwrap();
    }
    for command in [&["orders", "list"][..], &["serve"]] {
        let output = server.cli(command);
        assert_eq!(output.status.code(), Some(1), "{}", text(&output));
        assert!(text(&output).contains("store.db is held by another program"), "{}", text(&output));
    }
}

/// C98: members and their numbers lie in files that nobody else of the machine reads.
#[test]
fn c98_what_is_kept_of_people_is_read_by_its_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let server = Setup::demo().start();
    let (mut folders, mut files) = (vec![server.path("data")], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let kept = if entry.file_type().unwrap().is_dir() { &mut folders } else { &mut files };
            kept.push(entry.path());
        }
    }
    let others = |path: &&std::path::PathBuf| std::fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0);
    assert!(files.iter().any(|path| path.extension().is_some_and(|extension| extension == "db")), "{files:?}");
    assert_eq!(files.iter().filter(others).collect::<Vec<_>>(), Vec::<&std::path::PathBuf>::new());
}

#[test]
fn what_is_wrong_in_both_files_is_told_at_once() {
    let server = Setup::bench().install();
    let menus = server.path("menus.toml");
    let trapped =
        std::fs::read_to_string(&menus).unwrap().replace("kind = \"hangup\"\nsay = []", "say = [\"test.nothing\"]\nthen = \"end\"");
    std::fs::write(&menus, trapped).unwrap();
    std::fs::write(server.path("config.toml"), "[limits]\nmax_calls = \"many\"\nlongst_call = \"1h\"\n").unwrap();
    let checked = server.cli(&["check", "--offline", "--json"]);
    let faults: Vec<serde_json::Value> = serde_json::from_slice(&checked.stdout).unwrap();
    let told = text(&checked);
    assert_eq!((checked.status.code(), faults.len()), (Some(1), 4), "{told}");
    let served = text(&server.cli(&["serve"]));
    for part in ["limits.max_calls", "did you mean \"longest_call\"", "no prompt \"test.nothing\"", "goes round for ever"] {
        assert!(told.replace("\\\"", "\"").contains(part) && served.contains(part), "{part} in {told}\n{served}");
    }
}

#[test]
fn c35_a_ladder_of_each_call_without_passwords() {
    let mut setup = Setup::strict("[[account]]\nuser = \"desk\"\npassword = \"correct-horse\"\n");
    setup.trace_sip = true;
    let server = setup.start();
    let output = server.diner("waits 1s\nhangs up\n", &["--user", "desk", "--password", "correct-horse"]).output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    let ladder = eventually("a ladder with a BYE", SOON, || {
        let files = std::fs::read_dir(server.path("ladders")).ok()?;
        let all: String = files.flatten().map(|file| std::fs::read_to_string(file.path()).unwrap_or_default()).collect();
        all.contains("BYE sip:").then_some(all)
    });
    assert!(ladder.contains("INVITE sip:1000@") && ladder.contains("SIP/2.0 401") && ladder.contains("SIP/2.0 200"), "{ladder}");
    for line in ladder.lines().filter(|line| line.to_ascii_lowercase().contains("authorization:")) {
        assert!(!line.contains("response=") && !line.contains("nonce="), "a proof is in the ladder: {line}");
    }
    assert!(!ladder.contains("correct-horse"));
}

#[test]
fn c35_logs_never_hold_a_full_number() {
    let server = Setup::bench().env("DINETONE__LOG__LEVEL", "debug").env("DINETONE__LOG__FORMAT", "json").start();
    server.call(QUICK_ORDER, &["--from", "13612345678"]);
    let _ = invited(&server, 31);
    let _ = ask(
        server.sip,
        &request("INVITE", server.sip, 32, "UDP").replace("13900139000", "13687654321").replace("CSeq: 1 INVITE", "CSeq: x"),
        Duration::from_secs(2),
    );
    eventually("the call is in the log", SOON, || server.log().contains("ended").then_some(()));
    let log = server.log();
    for number in ["13612345678", "3612345678", "13900139000", "13687654321"] {
        assert!(!log.contains(number), "{number} is in the log:\n{}", log.lines().find(|line| line.contains(number)).unwrap_or_default());
    }
    for line in log.lines() {
        assert!(serde_json::from_str::<serde_json::Value>(line).is_ok(), "not JSON: {line}");
    }
}
