//! `dinetone call`: a simulated diner who rings the hotline, presses keys, and tells what it heard.

mod args;
mod ready;
mod telling;

use std::io::{BufRead, IsTerminal};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use tokio::sync::{Semaphore, mpsc};

use crate::diner::{CallPlan, Line, Typed, Verdict, Whom};
use crate::server::clock;
use crate::server::tasks::spawn;
pub use args::CallArgs;
use ready::{Ready, prepare};
use telling::{Summary, conversation, line_json, note, print, tell_failures, verdict_json};

/// Runs the command. What is wrong with script or options is told on standard error.
pub async fn run(args: CallArgs) -> ExitCode {
    match prepare(&args).await {
        Ok(ready) => {
            if args.calls == 1 {
                ready.one(&args).await
            } else {
                ready.many(&args).await
            }
        }
        Err(findings) => {
            for finding in findings {
                note(&finding.to_string());
            }
            ExitCode::from(2)
        }
    }
}

impl Ready {
    fn plan(&self, by_hand: bool) -> CallPlan {
        CallPlan {
            script: self.script.clone(),
            keys: self.keys,
            by_hand,
            book: self.book.clone(),
            meter: self.meter,
            hum: self.hum,
            seed: u64::from_le_bytes(clock::random()),
        }
    }

    /// The call with this place in the row.
    fn whom(&self, place: u32, next_from: bool) -> Whom {
        let from = match self.from.parse::<u64>() {
            Ok(number) if next_from => format!("{:0width$}", number + u64::from(place), width = self.from.len()),
            _ => self.from.clone(),
        };
        Whom { to: self.to.clone(), from, headers: self.headers.clone() }
    }

    /// Hangs up everything at Ctrl-C; at the second one the program ends at once.
    fn stop_at_interrupt(&self) {
        let phone = self.phone.clone();
        spawn("diner-interrupt", async move {
            if tokio::signal::ctrl_c().await.is_ok() {
                phone.stop();
            }
            if tokio::signal::ctrl_c().await.is_ok() {
                std::process::exit(130);
            }
        });
    }

    /// One call, printed while it runs.
    async fn one(&self, args: &CallArgs) -> ExitCode {
        self.stop_at_interrupt();
        let (lines, mut inbox) = mpsc::channel::<Line>(256);
        let (json, quiet) = (args.json, args.quiet);
        let printer = spawn("diner-print", async move {
            let mut mandarin = true;
            while let Some(line) = inbox.recv().await {
                if json {
                    print(&line_json(&line).to_string());
                } else if !quiet {
                    print(&conversation(&line, &mut mandarin));
                }
            }
        });
        let typed = self.by_hand.then(|| {
            if std::io::stdin().is_terminal() {
                note("type keys and Enter; q hangs up");
            }
            keyboard()
        });
        let whom = self.whom(0, false);
        let from = whom.from.clone();
        let verdict = self.phone.call(whom, self.plan(self.by_hand), Some(lines), typed).await;
        // The printer ends with its last line.
        let _ = printer.await;
        self.phone.settle().await;
        if args.json {
            print(&verdict_json(1, &from, &verdict).to_string());
        } else if !verdict.is_good() {
            tell_failures(std::iter::once(&verdict));
        } else if !args.quiet && verdict.expected > 0 {
            print(&format!("✓ {} of {} expectations met, {} keys", verdict.met, verdict.expected, verdict.digits));
        }
        exit(verdict.is_good())
    }

    /// Many calls, with a bar while they run and a summary at the end.
    async fn many(self, args: &CallArgs) -> ExitCode {
        self.stop_at_interrupt();
        let bar = if args.quiet || args.json { ProgressBar::hidden() } else { ProgressBar::new(args.calls.into()) };
        if let Ok(style) = ProgressStyle::with_template("{elapsed_precise} {bar:40} {pos}/{len} calls, {per_sec}, {msg}") {
            bar.set_style(style);
        }
        let phone = self.phone.clone();
        let ready = Arc::new(self);
        let places = Arc::new(Semaphore::new(args.concurrency as usize));
        let (done, mut inbox) = mpsc::channel::<(u32, String, Verdict)>(1024);
        let (calls, rate, next_from) = (args.calls, args.rate, args.next_from);
        spawn("diner-pace", async move {
            let mut pace = tokio::time::interval(Duration::from_secs_f64(1.0 / rate));
            for place in 0..calls {
                pace.tick().await;
                let Ok(permit) = places.clone().acquire_owned().await else { return };
                if ready.phone.is_stopping() {
                    return;
                }
                let (ready, done) = (ready.clone(), done.clone());
                spawn("diner-call", async move {
                    let whom = ready.whom(place, next_from);
                    let from = whom.from.clone();
                    let verdict = ready.phone.call(whom, ready.plan(false), None, None).await;
                    drop(permit);
                    let _ = done.send((place + 1, from, verdict)).await;
                });
            }
        });
        let mut verdicts = Vec::new();
        let mut failed = 0;
        while let Some((number, from, verdict)) = inbox.recv().await {
            if args.json {
                print(&verdict_json(number, &from, &verdict).to_string());
            }
            failed += u32::from(!verdict.is_good());
            bar.inc(1);
            bar.set_message(format!("{failed} failed"));
            verdicts.push(verdict);
        }
        bar.finish_and_clear();
        phone.settle().await;
        let summary = Summary::of(&verdicts);
        if args.json {
            print(&summary.json().to_string());
        } else {
            tell_failures(verdicts.iter());
            if !args.quiet {
                print(&summary.text());
            }
        }
        exit(failed == 0)
    }
}

fn exit(good: bool) -> ExitCode {
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Lines typed by a person, read by a thread of its own because standard input cannot be waited for.
fn keyboard() -> mpsc::Receiver<Typed> {
    let (typed, inbox) = mpsc::channel(16);
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let Ok(line) = line else { break };
            let what = if line.trim().eq_ignore_ascii_case("q") { Typed::HangUp } else { Typed::Keys(line) };
            if typed.blocking_send(what).is_err() {
                break;
            }
        }
    });
    inbox
}
