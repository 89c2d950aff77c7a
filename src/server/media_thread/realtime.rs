//! A better place in the queue for the processor: SCHED_RR where the system allows it, a better nice value otherwise.

use std::num::NonZero;
use std::process::{Command, Stdio};

/// Takes the best class that is to be had for the calling thread; says once which.
pub(super) fn ask(realtime: bool, say: bool) {
    // Sleeps end when they should instead of 50 µs later.
    let _ = rustix::thread::set_current_timer_slack(NonZero::new(1_000));
    if !realtime {
        return;
    }
    let got = if round_robin() {
        "SCHED_RR"
    } else if [-15, -10, -5].iter().any(|nice| rustix::process::setpriority_process(None, *nice).is_ok()) {
        "nice"
    } else {
        "none"
    };
    if say && got == "none" {
        tracing::warn!(
            media.class = got,
            "media threads run like any other: on a busy machine sound may stutter; allow CAP_SYS_NICE, or LimitRTPRIO and LimitNICE"
        );
    } else if say {
        tracing::info!(media.class = got, "media threads run ahead of others");
    }
}

/// There is no safe call for this in what we use, so the tool that every Debian has (util-linux) is asked, for this thread's id.
fn round_robin() -> bool {
    let thread = rustix::thread::gettid().as_raw_nonzero().to_string();
    Command::new("chrt")
        .args(["--rr", "--reset-on-fork", "--pid", "1", &thread])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
