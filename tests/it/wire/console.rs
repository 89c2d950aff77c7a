//! The console in a real browser: Chromium opens the pages of the real program while real telephones ring.
//!
//! The stories are in `console/e2e/stories`, told to Chromium by Node; this starts the program for each, does to it what a
//! story asks for (`@server kill`), and shows what went wrong. Pictures and traces lie in `target/console`.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::baresip::Phone;
use super::server::{Guarded, PROGRAM, REPO, Server, Setup, free_port};

const INSTALL: &str = "the console's tests need Node 20 and Chromium: `make test` says what is missing";

/// Tells one story, or several one after another with the same program. Left out where the program is built without its pages.
#[track_caller]
fn tell(story: &str, setup: Setup) {
    tell_with(story, setup, None);
}

/// The same with the telephone of a branch, on which a story presses keys (`@server phone 1`).
#[track_caller]
fn tell_with(story: &str, setup: Setup, mut branch: Option<Phone>) {
    if std::env::var_os("DINETONE_SKIP_CONSOLE").is_some_and(|skip| skip == "1") {
        eprintln!("left out: DINETONE_SKIP_CONSOLE=1");
        return;
    }
    // Fixed, so that pages find the program again after it was started anew.
    let mut server = setup.env("DINETONE__WEB__LISTEN", &format!("127.0.0.1:{}", free_port())).start();
    let console = Path::new(REPO).join("console");
    let mut node = Command::new("node");
    node.arg("e2e/run.mjs")
        .args(story.split(' '))
        .current_dir(&console)
        .env("DINETONE_WEB", format!("http://{}", server.web))
        .env("DINETONE_SIP", server.sip.to_string())
        .env("DINETONE_PROGRAM", PROGRAM)
        .env("DINETONE_FOLDER", server.path(""))
        .envs(server.settings())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut node = Guarded(node.spawn().expect(INSTALL));
    let (mut answers, steps) = (node.0.stdin.take().unwrap(), BufReader::new(node.0.stdout.take().unwrap()));
    let faults = BufReader::new(node.0.stderr.take().unwrap());
    let faults = std::thread::spawn(move || faults.lines().map_while(Result::ok).collect::<Vec<_>>().join("\n"));
    for line in steps.lines().map_while(Result::ok) {
        match line.strip_prefix("@server ") {
            Some(deed) => {
                obey(&mut server, branch.as_mut(), deed);
                writeln!(answers, "done").unwrap();
            }
            None => eprintln!("{line}"),
        }
    }
    let status = node.0.wait().unwrap();
    let faults = faults.join().unwrap();
    assert!(status.success(), "{story}: {status}\n{faults}");
}

fn obey(server: &mut Server, branch: Option<&mut Phone>, deed: &str) {
    if let (Some(branch), Some(key)) = (branch, deed.strip_prefix("phone ")) {
        return branch.say("sndcode", key);
    }
    match deed {
        "kill" => server.kill(),
        "start" => server.run(),
        "terminate" => {
            server.terminate();
            server.ended(Duration::from_secs(30));
        }
        other => panic!("a story asks for «{other}»"),
    }
}

/// Pages alone, with painted answers: sign-in and its faults, the wallboard's thresholds (C70), the floor, the phone.
#[test]
fn c70_pages_fit_can_be_read_and_say_what_is_wrong_in_both_languages() {
    tell("looks opening", Setup::demo());
}

/// What the README walks a newcomer through (I9, C39, C56, C61, C64): sign in, start the shift, ring from the page's telephone,
/// press 0, see the customer, answer, hear each other, take the order, wrap up, ring again and reach the same agent.
#[test]
fn c39_c56_c61_a_newcomer_walks_through_a_call_in_the_browser() {
    tell("walk", Setup::demo());
}

/// The kitchen's pages alone, with painted answers (C81, C82, C84–C86): the bell and its five seconds, every step by one tap,
/// undo, refusal with a reason, sold out, pause, the offline banner; both languages, targets of 52 px.
#[test]
fn c81_c82_the_kitchens_pages_ring_fit_and_are_touched_easily() {
    tell("looks_kitchen", Setup::demo());
}

/// One call in the browser (I9, C39, C63): the customer before the answer, both voices, mute, hold, a reload, the same agent again.
#[test]
fn c39_c63_i9_a_call_in_the_browser_keeps_its_card_and_its_voices() {
    tell("call", Setup::demo());
}

/// Passed on (C60, C62, C67): blind with a note, after a word, called off, three in one conversation.
#[test]
fn c60_c62_callers_are_passed_on_with_their_card() {
    tell("transfer", Setup::demo());
}

/// An order by keyboard while talking (C61), in the store a moment later.
#[test]
fn c61_an_order_is_taken_by_keyboard() {
    tell("order", Setup::demo());
}

/// The floor (C70, C71): pushed within a second; listening, whispering, barging in, taking over; breaks and sign-outs with a reason.
#[test]
fn c70_c71_a_supervisor_hears_helps_and_takes_over() {
    tell("floor", Setup::demo());
}

/// A desk phone beside the page (C10), and bad days (I2): the caller goes while it rings, a second tab takes over and gives
/// back, the program is killed and the page is back by itself.
#[test]
fn c10_i2_desk_phones_and_bad_days() {
    // baresip gives up at a challenge by SHA-256.
    let config = "[sip]\ndigest = [\"MD5\"]\n".to_owned();
    tell("desk_phone trouble", Setup { config, ..Setup::demo() });
}

/// A ring that nobody takes, twice (C52, C67), and a session that is ended from elsewhere in the middle of a call (C63).
#[test]
fn c52_c63_c67_rings_that_nobody_takes_and_a_session_that_is_ended() {
    tell("unanswered", Setup::demo());
}

/// The kitchen from ring to ring (C27, C76, C81, C84, C85): keyed on the telephone, ringing at the branch, seen at headquarters,
/// cooked, handed over, reported by the rider's own page; the diner rings again and hears it.
#[test]
fn c76_c81_c84_a_keyed_order_is_cooked_delivered_and_heard_of() {
    tell("kitchen", Setup::demo());
}

/// The same with the branch's page closed (C82, C85, C104): the server telephones the branch, key 1 accepts, headquarters stands in
/// for its screen, the rider reports by telephone keys, the diner hears it, the report counts it.
#[test]
fn c82_c85_a_branch_without_a_screen_is_telephoned_and_the_rider_reports_by_keys() {
    let (phone, trunk) = Phone::of_branch();
    let config = format!("{trunk}[dispatch]\nloud_after = \"8s\"\ntelephone_silent_after = \"8s\"\n");
    tell_with("unheard", Setup { config, ..Setup::demo() }, Some(phone));
}

/// Unusual evenings at desk, counter and door (C77, C84, C85): out of the zone by a name, nobody there, another time, more cash than is
/// owed, a link after its window.
#[test]
fn c77_c84_c85_overrides_cash_and_links_by_hand() {
    tell("counter", Setup { config: "[dispatch]\ncorrect = \"30s\"\n".to_owned(), ..Setup::demo() });
}

/// A campaign from the page to the customer's telephone (C99): planned, looked at, approved, begun; 9 on a telephone that is not ours ends
/// all campaigns for its number, and the evidence is a file.
#[test]
fn c99_a_manager_runs_a_campaign_and_nine_on_the_telephone_ends_it() {
    let (phone, trunk) = Phone::of_branch();
    tell_with("campaigns", Setup { config: format!("{trunk}{}", super::campaigns::at_ten()), ..Setup::demo() }, Some(phone));
}

/// The head office (C105, C30, C32, C102): a table with faults, mended and brought in; its price is heard on the telephone and taken back;
/// hours and a day off; an own recording; a report whose figure is the same in its files.
#[test]
fn c105_c30_c32_the_head_office_runs_the_house_from_its_pages() {
    tell("office", Setup::demo());
}
