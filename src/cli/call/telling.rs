//! What `dinetone call` tells: the conversation line by line, each verdict, and what many calls came to.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::diner::{Ended, Line, Verdict, Who};

/// `  2.40  系统  …`, in the language of the conversation.
pub(super) fn conversation(line: &Line, mandarin: &mut bool) -> String {
    if line.who == Who::System {
        *mandarin = line.text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
    }
    let who = match (line.who, *mandarin) {
        (Who::System, true) => "系统",
        (Who::System, false) => "system",
        (Who::Diner, true) => "客  ",
        (Who::Diner, false) => "diner ",
        (Who::Note | Who::Meter, _) => "  · ",
    };
    format!("{:>7.2}  {who}  {}", line.at.as_secs_f64(), line.text)
}

pub(super) fn line_json(line: &Line) -> serde_json::Value {
    let who = match line.who {
        Who::System => "system",
        Who::Diner => "diner",
        Who::Note => "note",
        Who::Meter => {
            let sound = line.sound.map(|sound| serde_json::json!({ "level_db": sound.level_db, "hz": sound.hz, "over_db": sound.over_db }));
            return serde_json::json!({ "event": "sound", "at_ms": millis(line.at), "sound": sound });
        }
    };
    serde_json::json!({ "event": "line", "at_ms": millis(line.at), "who": who, "text": line.text, "prompts": line.prompts })
}

pub(super) fn verdict_json(number: u32, from: &str, verdict: &Verdict) -> serde_json::Value {
    let failures: Vec<_> =
        verdict.failures.iter().map(|failure| serde_json::json!({ "line": failure.line, "what": failure.what })).collect();
    let ended = match &verdict.ended {
        Some(Ended::ByDiner) => "diner".to_owned(),
        Some(Ended::BySystem) => "system".to_owned(),
        Some(Ended::Refused(status)) => format!("refused:{status}"),
        Some(Ended::Lost(why)) => format!("lost:{why}"),
        None => "unknown".to_owned(),
    };
    serde_json::json!({
        "event": "call", "call": number, "from": from, "good": verdict.is_good(), "answered": verdict.setup.is_some(),
        "setup_ms": verdict.setup.map(|setup| setup.as_secs_f64() * 1000.0), "talked_ms": millis(verdict.talked), "digits": verdict.digits,
        "met": verdict.met, "expected": verdict.expected, "failures": failures, "ended": ended, "packets": verdict.packets,
    })
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// What many calls came to.
#[derive(Debug, PartialEq)]
pub(super) struct Summary {
    pub calls: usize,
    pub answered: usize,
    pub failed: usize,
    pub refused: BTreeMap<u16, usize>,
    pub lost: usize,
    /// Milliseconds from INVITE to 200: median, 99th percentile, longest.
    pub setup: [f64; 3],
    pub digits: usize,
    pub met: usize,
    pub expected: usize,
    pub packets: u64,
}

impl Summary {
    pub fn of(verdicts: &[Verdict]) -> Self {
        let mut setups: Vec<f64> = verdicts.iter().filter_map(|verdict| Some(verdict.setup?.as_secs_f64() * 1000.0)).collect();
        setups.sort_by(f64::total_cmp);
        let at = |share: f64| {
            setups.get(((setups.len() as f64 * share).ceil() as usize).clamp(1, setups.len().max(1)) - 1).copied().unwrap_or(0.0)
        };
        let mut refused = BTreeMap::new();
        for verdict in verdicts {
            if let Some(Ended::Refused(status)) = verdict.ended {
                *refused.entry(status).or_default() += 1;
            }
        }
        Self {
            calls: verdicts.len(),
            answered: setups.len(),
            failed: verdicts.iter().filter(|verdict| !verdict.is_good()).count(),
            refused,
            lost: verdicts.iter().filter(|verdict| matches!(verdict.ended, Some(Ended::Lost(_)) | None)).count(),
            setup: [at(0.5), at(0.99), at(1.0)],
            digits: verdicts.iter().map(|verdict| verdict.digits).sum(),
            met: verdicts.iter().map(|verdict| verdict.met).sum(),
            expected: verdicts.iter().map(|verdict| verdict.expected).sum(),
            packets: verdicts.iter().map(|verdict| verdict.packets).sum(),
        }
    }

    pub fn text(&self) -> String {
        let refused: Vec<String> = self.refused.iter().map(|(status, count)| format!("{status} × {count}")).collect();
        let mut lines = vec![
            format!("calls         {:>8}   answered {}, failed {}", self.calls, self.answered, self.failed),
            format!("set-up        {:>8.1}   ms median, p99 {:.1}, longest {:.1}", self.setup[0], self.setup[1], self.setup[2]),
            format!("keys          {:>8}", self.digits),
            format!("expectations  {:>8}   of {} met", self.met, self.expected),
            format!("packets       {:>8}   received", self.packets),
        ];
        if !refused.is_empty() {
            lines.push(format!("refused       {}", refused.join(", ")));
        }
        if self.lost > 0 {
            lines.push(format!("lost          {:>8}", self.lost));
        }
        lines.join("\n")
    }

    pub fn json(&self) -> serde_json::Value {
        let refused: serde_json::Map<String, serde_json::Value> =
            self.refused.iter().map(|(status, count)| (status.to_string(), (*count).into())).collect();
        serde_json::json!({
            "event": "summary", "calls": self.calls, "answered": self.answered, "failed": self.failed, "refused": refused, "lost": self.lost,
            "setup_ms": { "p50": self.setup[0], "p99": self.setup[1], "max": self.setup[2] },
            "digits": self.digits, "met": self.met, "expected": self.expected, "packets": self.packets,
        })
    }
}

/// The failures, each kind once, with how often it happened.
pub(super) fn tell_failures<'a>(verdicts: impl Iterator<Item = &'a Verdict>) {
    const MOST: usize = 20;
    let mut kinds: BTreeMap<(usize, &str), usize> = BTreeMap::new();
    for failure in verdicts.flat_map(|verdict| &verdict.failures) {
        *kinds.entry((failure.line, &failure.what)).or_default() += 1;
    }
    for ((line, what), count) in kinds.iter().take(MOST) {
        let place = if *line > 0 { format!("line {line}: ") } else { String::new() };
        let times = if *count > 1 { format!(" ({count} calls)") } else { String::new() };
        note(&format!("✗ {place}{what}{times}"));
    }
    if kinds.len() > MOST {
        note(&format!("… and {} more kinds", kinds.len() - MOST));
    }
}

#[expect(clippy::print_stdout, reason = "the output of the command")]
pub(super) fn print(line: &str) {
    println!("{line}");
}

pub(super) fn note(line: &str) {
    eprintln!("{line}");
}

#[cfg(test)]
mod tests {
    use super::Summary;
    use crate::diner::{Ended, Verdict};
    use std::time::Duration;

    #[test]
    fn a_summary_counts_and_ranks() {
        let answered = |ms| Verdict {
            setup: Some(Duration::from_millis(ms)),
            digits: 2,
            met: 1,
            expected: 1,
            ended: Some(Ended::BySystem),
            ..Verdict::default()
        };
        let mut verdicts: Vec<Verdict> = (1..=100).map(answered).collect();
        verdicts.push(Verdict {
            ended: Some(Ended::Refused(503)),
            failures: vec![crate::diner::Failure { line: 0, what: "refused".into() }],
            ..Verdict::default()
        });
        let summary = Summary::of(&verdicts);
        assert_eq!((summary.calls, summary.answered, summary.failed, summary.refused.get(&503)), (101, 100, 1, Some(&1)));
        assert_eq!(summary.setup, [50.0, 99.0, 100.0]);
        assert!(Summary::of(&[]).text().contains("calls"));
    }
}
