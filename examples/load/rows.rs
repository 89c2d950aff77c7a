//! One function for each row of the table.

use std::io;
use std::time::Duration;

use serde::Serialize;

use crate::load::{self, Load, Mirror, Plan, clock};
use crate::server::{Server, Stand};

/// One figure beside what was wanted.
#[derive(Debug, Serialize)]
pub struct Row {
    pub name: &'static str,
    pub target: &'static str,
    pub ours: String,
    pub reached: Option<bool>,
    pub notes: Vec<String>,
}

/// A row's name for `--only`, and the function that measures it.
type Measurement = (&'static str, fn(&Stand, Duration, &mut Known) -> io::Result<Vec<Row>>);

/// What one row learns for the next.
#[derive(Debug, Default)]
pub struct Known {
    setups: Option<f64>,
}

const ALL: [Measurement; 12] = [
    ("start", start),
    ("options", options),
    ("register", register),
    ("setups", setups),
    ("overload", overload),
    ("memory", memory),
    ("cpu", cpu),
    ("calls", calls),
    ("bridge", bridge),
    ("agents", agents),
    ("confirm", |stand, _, _| crate::orders::confirm(stand)),
    ("growth", |stand, _, _| crate::orders::growth(stand)),
];

/// Measures the rows of `only`, or all.
pub fn run(stand: &Stand, only: &[String], span: Duration) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut known = Known::default();
    for (name, measure) in ALL {
        if !only.is_empty() && !only.iter().any(|wanted| wanted == name) {
            continue;
        }
        eprintln!("{name} …");
        match measure(stand, span, &mut known) {
            Ok(more) => rows.extend(more),
            Err(error) => rows.push(Row { name, target: "", ours: "not measured".into(), reached: None, notes: vec![error.to_string()] }),
        }
    }
    rows
}

/// The table for people.
pub fn print(rows: &[Row]) {
    println!("{:<44} {:<34} {:<34} reached", "what", "target", "ours");
    for row in rows {
        let reached = row.reached.map_or("", |reached| if reached { "yes" } else { "NO" });
        println!("{:<44} {:<34} {:<34} {reached}", row.name, row.target, row.ours);
        for note in &row.notes {
            println!("    {note}");
        }
    }
}

/// Two hundred consoles while callers arrive (C56, I9).
fn agents(stand: &Stand, span: Duration, _: &mut Known) -> io::Result<Vec<Row>> {
    crate::agents::agents(stand, 200, span * 2)
}

pub fn ms(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}

fn threads(server: &Server) -> String {
    let parts: Vec<String> =
        server.cpu_by_thread().iter().take(5).map(|(name, time)| format!("{name} {:.2} s", time.as_secs_f64())).collect();
    format!("processor time by thread since the start: {}", parts.join(", "))
}

/// Start to first answered call: with an empty store, and again on the same store. The best and the worst of five.
fn start(stand: &Stand, _: Duration, _: &mut Known) -> io::Result<Vec<Row>> {
    let (mut fresh, mut again) = (Vec::new(), Vec::new());
    for _ in 0..5 {
        let server = stand.start("start")?;
        fresh.push(server.first_answer);
        let folder = server.store.with_file_name("");
        drop(server);
        again.push(stand.start_in(&folder)?.first_answer);
    }
    fresh.sort_unstable();
    again.sort_unstable();
    Ok(vec![Row {
        name: "start to first answered call",
        target: "at most 0.3 s",
        ours: format!("{:.3} s (median of 5)", fresh[2].as_secs_f64()),
        reached: Some(fresh[2] <= Duration::from_millis(300)),
        notes: vec![format!("empty store {} to {}; store that is there {} to {}", ms(fresh[0]), ms(fresh[4]), ms(again[0]), ms(again[4]))],
    }])
}

fn options(stand: &Stand, span: Duration, _: &mut Known) -> io::Result<Vec<Row>> {
    let server = stand.start("options")?;
    let span = span.min(Duration::from_secs(5));
    let before = server.cpu();
    let (answered, lost) = load::options(server.address, 128, span)?;
    let busy = server.cpu() - before;
    let rate = answered as f64 / span.as_secs_f64();
    let each = busy.as_secs_f64() / answered.max(1) as f64;
    Ok(vec![Row {
        name: "OPTIONS a second on one core",
        target: "at least 25,000",
        ours: format!("{rate:.0}"),
        reached: Some(rate >= 25_000.0),
        notes: vec![format!("{:.1} µs of processor each: a whole core does {:.0} a second; {lost} lost", each * 1e6, 1.0 / each)],
    }])
}

/// REGISTER with digest (MD5, as the servers that we compare with were measured): each is challenged first.
fn register(stand: &Stand, span: Duration, _: &mut Known) -> io::Result<Vec<Row>> {
    let server = stand.start("register")?;
    let span = span.min(Duration::from_secs(5));
    let before = server.cpu();
    let (done, lost) = load::registrations(server.address, 64, span)?;
    let busy = server.cpu() - before;
    let rate = done as f64 / span.as_secs_f64();
    let each = busy.as_secs_f64() / done.max(1) as f64;
    Ok(vec![Row {
        name: "REGISTER with digest a second on one core",
        target: "at least 5,000",
        ours: format!("{rate:.0}"),
        reached: Some(rate >= 5000.0),
        notes: vec![format!(
            "{:.1} µs of processor each, challenge included: a whole core does {:.0} a second; {lost} lost",
            each * 1e6,
            1.0 / each
        )],
    }])
}

/// INVITE/200/ACK/BYE: the highest rate at which all are served, p99 below 100 ms, and every record is in the store.
fn setups(stand: &Stand, span: Duration, known: &mut Known) -> io::Result<Vec<Row>> {
    let span = span.min(Duration::from_secs(5));
    let mut notes = Vec::new();
    let mut best = 0.0_f64;
    let mut cost = f64::MAX;
    for rate in [1000.0, 2000.0, 3000.0, 4000.0, 5000.0, 6000.0, 7000.0] {
        let server = stand.start("setups")?;
        let mut load = Load::new(server.address, "2000", Plan::Short)?;
        let before = server.cpu();
        load.place(rate, span, Duration::from_secs(1));
        let it = load.setups(0, load.placed());
        let records = server.records(1 + it.served as u64, Duration::from_secs(10))?;
        let each = (server.cpu() - before).as_secs_f64() / it.served.max(1) as f64;
        cost = cost.min(each);
        // The call that asked whether the server is up has a record as well.
        let stored = records > it.served as u64;
        let good =
            it.served == it.tried && it.p99 < Duration::from_millis(100) && stored && it.tried as f64 >= rate * span.as_secs_f64() * 0.97;
        notes.push(format!(
            "{rate:.0}/s: {} tried, {} served, {} refused, {} failed, p50 {}, p99 {}, {} records, {:.0} µs of processor a call",
            it.tried,
            it.served,
            it.refused,
            it.failed,
            ms(it.p50),
            ms(it.p99),
            records.saturating_sub(1),
            each * 1e6
        ));
        notes.push(threads(&server));
        if !good {
            break;
        }
        best = rate;
    }
    known.setups = (best > 0.0).then_some(best);
    notes.push(format!("by processor time alone a whole core does {:.0} a second", 1.0 / cost));
    Ok(vec![Row {
        name: "INVITE/200/ACK/BYE a second on one core",
        target: "at least 5,000, p99 < 100 ms",
        ours: format!("{best:.0}"),
        reached: Some(best >= 5000.0),
        notes,
    }])
}

/// Twice the sustainable rate, then half of it.
fn overload(stand: &Stand, span: Duration, known: &mut Known) -> io::Result<Vec<Row>> {
    let base = known.setups.unwrap_or(3000.0);
    let server = stand.start("overload")?;
    let mut load = Load::new(server.address, "2000", Plan::Short)?;
    load.place(base / 2.0, Duration::from_secs(1), Duration::ZERO);
    let from = load.placed();
    let begun = clock();
    load.place(base * 2.0, span, Duration::ZERO);
    let to = load.placed();
    let real = (to - from) as f64 / begun.elapsed().as_secs_f64();
    let calm = clock();
    load.place(base / 2.0, Duration::from_secs(5), Duration::from_secs(9));
    let it = load.setups(from, to);
    let after = load.setups(to, load.placed());
    let recovery = load.last_trouble(to, Duration::from_millis(100)).map_or(Duration::ZERO, |last| last.saturating_duration_since(calm));
    let percent = |part: usize| 100.0 * part as f64 / it.tried.max(1) as f64;
    let reached = it.p99 < Duration::from_millis(200) && percent(it.failed) < 1.0 && recovery <= Duration::from_secs(1);
    Ok(vec![Row {
        name: "twice the sustainable rate",
        target: "served p99 < 200 ms, rest 503, 1 s",
        ours: format!("p99 {}, {:.0} % 503, back in {:.1} s", ms(it.p99), percent(it.refused), recovery.as_secs_f64()),
        reached: Some(reached),
        notes: vec![
            format!(
                "{real:.0} a second offered for {:.0} s ({:.0} wanted): {:.1} % served (p50 {}), {:.1} % refused (p99 {}), {:.1} % without an answer",
                span.as_secs_f64(),
                base * 2.0,
                percent(it.served),
                ms(it.p50),
                percent(it.refused),
                ms(it.refusal_p99),
                percent(it.failed)
            ),
            format!("afterwards {} of {} served, p99 {}", after.served, after.tried, ms(after.p99)),
            threads(&server),
        ],
    }])
}

/// Resident memory of one more call with sound: the difference between 500 and 1500 calls.
fn memory(stand: &Stand, _: Duration, _: &mut Known) -> io::Result<Vec<Row>> {
    let server = stand.start("memory")?;
    let mut load = Load::new(server.address, "3000", Plan::Hold)?;
    let idle = server.memory();
    load.place(200.0, Duration::from_millis(2500), Duration::from_secs(4));
    let (first, calls) = (server.memory(), load.up());
    load.place(200.0, Duration::from_secs(5), Duration::from_secs(4));
    let (second, more) = (server.memory(), load.up());
    let each = second.saturating_sub(first) as f64 / more.saturating_sub(calls).max(1) as f64;
    Ok(vec![Row {
        name: "memory for one more IVR call",
        target: "at most 16 KiB",
        ours: format!("{each:.1} KiB"),
        reached: Some(each <= 16.0),
        notes: vec![format!(
            "{idle} KiB idle, {first} KiB with {calls} calls, {second} KiB with {more}; the kernel's socket memory is not in it"
        )],
    }])
}

/// Bridged calls, on the media thread alone.
fn bridge(_: &Stand, span: Duration, _: &mut Known) -> io::Result<Vec<Row>> {
    Ok(vec![crate::bridge::cpu(false, span)?, crate::bridge::cpu(true, span)?, crate::bridge::growth()?])
}

/// Processor time of 100 calls with sound both ways, and what the packets alone cost.
fn cpu(stand: &Stand, span: Duration, _: &mut Known) -> io::Result<Vec<Row>> {
    let mut notes = Vec::new();
    let server = stand.start("cpu")?;
    let mut load = Load::new(server.address, "3000", Plan::Hold)?;
    let idle = server.cpu();
    load.go_on(Duration::from_secs(2), |_| false);
    let idle = (server.cpu() - idle).as_secs_f64() / 2.0 * 100.0;
    let mut share = |load: &mut Load, calls: usize| {
        load.place(100.0, Duration::from_secs_f64(calls as f64 / 100.0), Duration::from_secs(2));
        load.listen_anew();
        let (before, start) = (server.cpu(), clock());
        load.go_on(span * 2, |_| false);
        let share = (server.cpu() - before).as_secs_f64() / start.elapsed().as_secs_f64() * 100.0;
        let heard = load.heard();
        notes.push(format!(
            "{} calls: {share:.2} % of a core; {} packets heard, {} lost, {} gaps over 60 ms",
            heard.calls, heard.received, heard.lost, heard.gaps
        ));
        (share, heard.calls)
    };
    let (few, up) = share(&mut load, 100);
    let (many, all) = share(&mut load, 400);
    let more = (many - few) / (all - up).max(1) as f64 * 100.0;
    drop(server);
    let floor = floor(stand, span)?;
    notes.push(format!(
        "idle {idle:.2} %; each further 100 calls {more:.2} %; the packets of 100 calls alone, nothing done to them: {floor:.2} %"
    ));
    let hundred = few / up.max(1) as f64 * 100.0;
    Ok(vec![Row {
        name: "CPU for 100 IVR calls with sound, one core",
        target: "at most 3 % (floor 2.1 to 2.7 %)",
        ours: format!("{hundred:.2} % ({:.2} times the floor)", hundred / floor),
        reached: Some(hundred <= 3.0),
        notes,
    }])
}

/// The same packets by a process that does nothing else, on the server's core.
fn floor(stand: &Stand, span: Duration) -> io::Result<f64> {
    const CALLS: usize = 100;
    let (mirror, to) = Mirror::new(CALLS)?;
    let own = std::env::current_exe()?;
    let seconds = span.as_secs().max(2);
    let mut child = stand
        .command(&own)
        .args(["floor", "--calls", &CALLS.to_string(), "--to", &to.to_string(), "--seconds", &(seconds + 2).to_string()])
        .spawn()?;
    let cpu = |id: u32| {
        let text = std::fs::read_to_string(format!("/proc/{id}/schedstat")).unwrap_or_default();
        text.split_whitespace().next().and_then(|nanos| nanos.parse::<u64>().ok()).unwrap_or(0) as f64 / 1e9
    };
    mirror.run(Duration::from_secs(1));
    let (before, start) = (cpu(child.id()), clock());
    mirror.run(Duration::from_secs(seconds - 1));
    let share = (cpu(child.id()) - before) / start.elapsed().as_secs_f64() * 100.0;
    let _ = child.kill();
    let _ = child.wait();
    Ok(share)
}

/// How many calls with sound one core carries cleanly.
fn calls(stand: &Stand, span: Duration, _: &mut Known) -> io::Result<Vec<Row>> {
    let mut notes = Vec::new();
    let mut best = 0;
    for wanted in [500_usize, 1000, 1500, 2000, 2500, 3000, 3500] {
        let server = stand.start("calls")?;
        let mut load = Load::new(server.address, "3000", Plan::Hold)?;
        load.place(150.0, Duration::from_secs_f64(wanted as f64 / 150.0), Duration::from_secs(2));
        load.listen_anew();
        let (before, start) = (server.cpu(), clock());
        load.go_on(span, |_| false);
        let share = (server.cpu() - before).as_secs_f64() / start.elapsed().as_secs_f64() * 100.0;
        let heard = load.heard();
        let expected = heard.received + heard.lost;
        let loss = heard.lost as f64 / expected.max(1) as f64 * 100.0;
        let let_in = load.setups(0, load.placed());
        // Each call hears 50 packets a second; fewer means that the server sent fewer.
        let speed = heard.received as f64 / (heard.calls.max(1) as f64 * start.elapsed().as_secs_f64() * 50.0) * 100.0;
        let good = heard.calls + 2 >= wanted && heard.gaps == 0 && loss < 1.0 && heard.silent == 0 && speed > 99.0;
        notes.push(format!(
            "{wanted}: {} up ({} refused, {} failed), {share:.1} % of a core, {loss:.3} % lost, {speed:.1} % of the packets, {} gaps over 60 ms in {} calls (worst {}), {} silent; the generator stood still for {} at most",
            heard.calls,
            let_in.refused,
            let_in.failed,
            heard.gaps,
            heard.calls_with_gaps,
            ms(heard.worst),
            heard.silent,
            ms(heard.own_pause)
        ));
        if !good {
            notes.push(threads(&server));
            if share > 90.0 || heard.calls + 2 < wanted {
                break;
            }
            continue;
        }
        best = wanted;
    }
    Ok(vec![Row {
        name: "clean IVR calls on one core",
        target: "3,000, no gap > 60 ms, loss < 1 %",
        ours: best.to_string(),
        reached: Some(best >= 3000),
        notes,
    }])
}
