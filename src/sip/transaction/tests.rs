//! The four figures of RFC 3261, row by row in virtual time.

use std::time::{Duration, Instant};

use super::*;

#[expect(clippy::disallowed_methods, reason = "the origin of virtual time")]
fn origin() -> Instant {
    Instant::now()
}

const TIMING: Timing = Timing { t1: Duration::from_millis(500), t2: Duration::from_secs(4), t4: Duration::from_secs(5) };

/// Fires everything up to `seconds` after `start`; gives what happened, with milliseconds.
fn fire_all(
    start: Instant,
    seconds: u64,
    next: impl Fn(&Kind) -> Option<Instant>,
    kind: &mut Kind,
    fire: impl Fn(&mut Kind, Instant) -> Reaction,
) -> Vec<(u128, Reaction)> {
    let end = start + Duration::from_secs(seconds);
    let mut got = Vec::new();
    while let Some(at) = next(kind).filter(|at| *at <= end) {
        got.push(((at - start).as_millis(), fire(kind, at)));
        assert!(next(kind).is_none_or(|next| next > at), "the next deadline is later");
    }
    got
}

fn run(start: Instant, seconds: u64, kind: Kind) -> Vec<(u128, Reaction)> {
    let mut kind = kind;
    let next = |kind: &Kind| match kind {
        Kind::InviteServer(it) => it.alarms.next(),
        Kind::Server(it) => it.alarms.next(),
        Kind::InviteClient(it) => it.alarms.next(),
        Kind::Client(it) => it.alarms.next(),
    };
    fire_all(start, seconds, next, &mut kind, |kind, at| match kind {
        Kind::InviteServer(it) => it.fire(at, &TIMING),
        Kind::Server(it) => it.fire(at),
        Kind::InviteClient(it) => it.fire(at, &TIMING),
        Kind::Client(it) => it.fire(at, &TIMING),
    })
}

#[test]
fn c1_invite_server_by_its_figure() {
    use invite_server::{Input::*, State};
    let now = origin();
    let mut it = InviteServer::new(false);
    assert_eq!(it.handle(now, &TIMING, Invite), Reaction::Nothing);
    assert_eq!(it.handle(now, &TIMING, Respond(100, b"100".to_vec())), Reaction::Send);
    assert_eq!(it.handle(now, &TIMING, Invite), Reaction::Send);
    assert_eq!(it.handle(now, &TIMING, Ack), Reaction::Nothing);
    assert_eq!((it.handle(now, &TIMING, Respond(486, b"486".to_vec())), it.last()), (Reaction::Send, &b"486"[..]));
    assert_eq!(it.handle(now, &TIMING, Respond(200, b"200".to_vec())), Reaction::Nothing);
    assert_eq!(it.handle(now, &TIMING, Invite), Reaction::Send);
    assert_eq!(it.handle(now, &TIMING, Ack), Reaction::Nothing);
    assert_eq!(it.state(), State::Confirmed);
    assert_eq!(it.handle(now, &TIMING, Invite), Reaction::Nothing);
    assert_eq!(run(now, 100, Kind::InviteServer(it)), [(5000, Reaction::Ended)], "timer I");

    let mut it = InviteServer::new(false);
    it.handle(now, &TIMING, Respond(404, b"404".to_vec()));
    let times: Vec<u128> = run(now, 100, Kind::InviteServer(it)).iter().map(|(at, _)| *at).collect();
    assert_eq!(times, [500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500, 32000], "timers G and H");

    let mut it = InviteServer::new(false);
    it.handle(now, &TIMING, Respond(200, b"200".to_vec()));
    assert_eq!(it.state(), State::Accepted);
    assert_eq!(it.handle(now, &TIMING, Invite), Reaction::Nothing);
    assert_eq!(it.handle(now, &TIMING, Ack), Reaction::PassUp);
    assert_eq!(run(now, 100, Kind::InviteServer(it)), [(32000, Reaction::Ended)], "timer L");

    let mut it = InviteServer::new(true);
    it.handle(now, &TIMING, Respond(404, b"404".to_vec()));
    assert_eq!(it.handle(now, &TIMING, Ack), Reaction::Ended, "timer I is zero on a stream");
    let mut it = InviteServer::new(true);
    it.handle(now, &TIMING, Respond(404, b"404".to_vec()));
    assert_eq!(run(now, 100, Kind::InviteServer(it)), [(32000, Reaction::TimedOut)], "no timer G on a stream");
}

#[test]
fn c1_server_by_its_figure() {
    use server::{Input::*, State};
    let now = origin();
    let mut it = Server::new(false);
    assert_eq!(it.handle(now, &TIMING, Request), Reaction::Nothing);
    assert_eq!(it.handle(now, &TIMING, Respond(182, b"182".to_vec())), Reaction::Send);
    assert_eq!(it.state(), State::Proceeding);
    assert_eq!(it.handle(now, &TIMING, Request), Reaction::Send);
    assert_eq!(it.handle(now, &TIMING, Respond(200, b"200".to_vec())), Reaction::Send);
    assert_eq!(it.handle(now, &TIMING, Respond(500, b"500".to_vec())), Reaction::Nothing);
    assert_eq!((it.handle(now, &TIMING, Request), it.last()), (Reaction::Send, &b"200"[..]));
    assert_eq!(run(now, 100, Kind::Server(it)), [(32000, Reaction::Ended)], "timer J");
    let mut it = Server::new(true);
    it.handle(now, &TIMING, Respond(200, Vec::new()));
    assert_eq!(run(now, 100, Kind::Server(it)), [(0, Reaction::Ended)]);
}

#[test]
fn c1_invite_client_by_its_figure() {
    use invite_client::State;
    let now = origin();
    let new = |reliable| InviteClient::new(now, &TIMING, reliable, b"INVITE".to_vec());
    let times: Vec<u128> = run(now, 100, Kind::InviteClient(new(false))).iter().map(|(at, _)| *at).collect();
    assert_eq!(times, [500, 1500, 3500, 7500, 15500, 31500, 32000], "timers A and B");
    assert_eq!(run(now, 100, Kind::InviteClient(new(true))), [(32000, Reaction::TimedOut)]);

    let mut it = new(false);
    assert_eq!(it.handle(now, &TIMING, 100), Reaction::PassUp);
    assert_eq!((it.state(), it.alarms.next()), (State::Proceeding, None));
    assert_eq!(it.handle(now, &TIMING, 180), Reaction::PassUp);
    assert_eq!(it.handle(now, &TIMING, 486), Reaction::AckAndPassUp);
    assert_eq!(it.handle(now, &TIMING, 486), Reaction::Ack);
    assert_eq!(it.handle(now, &TIMING, 200), Reaction::Nothing);
    assert_eq!(run(now, 100, Kind::InviteClient(it)), [(32000, Reaction::Ended)], "timer D");

    let mut it = new(false);
    assert_eq!(it.handle(now, &TIMING, 200), Reaction::PassUp);
    assert_eq!(it.handle(now, &TIMING, 200), Reaction::PassUp, "each 2xx goes up (RFC 6026)");
    assert_eq!(it.handle(now, &TIMING, 486), Reaction::Nothing);
    assert_eq!(run(now, 100, Kind::InviteClient(it)), [(32000, Reaction::Ended)], "timer M");
}

#[test]
fn c1_client_by_its_figure() {
    use client::State;
    let now = origin();
    let new = |reliable| Client::new(now, &TIMING, reliable, TIMING.long(), b"BYE".to_vec());
    let times: Vec<u128> = run(now, 100, Kind::Client(new(false))).iter().map(|(at, _)| *at).collect();
    assert_eq!(times, [500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500, 32000], "timers E and F");
    assert_eq!(run(now, 100, Kind::Client(new(true))), [(32000, Reaction::TimedOut)]);

    let mut it = new(false);
    assert_eq!(it.handle(now, &TIMING, 100), Reaction::PassUp);
    assert_eq!(it.state(), State::Proceeding);
    let at = now + Duration::from_millis(500);
    assert_eq!(it.fire(at, &TIMING), Reaction::Send);
    assert_eq!(it.alarms.next(), Some(at + TIMING.t2), "T2 at once in Proceeding");
    assert_eq!(it.handle(at, &TIMING, 200), Reaction::PassUp);
    assert_eq!(it.handle(at, &TIMING, 200), Reaction::Nothing);
    assert_eq!(run(at, 100, Kind::Client(it)), [(5000, Reaction::Ended)], "timer K");
}
