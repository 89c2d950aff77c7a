//! `dinetone call`: a simulated diner who rings the hotline, presses keys, and tells what it heard.

use std::collections::BTreeMap;
use std::io::{BufRead, IsTerminal, Read};
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use tokio::sync::{Semaphore, mpsc};

use crate::diner::{CallPlan, Ended, KeysBy, Line, Phone, PhoneSettings, STORIES, Script, Typed, Verdict, Who, Whom, story};
use crate::domain::Finding;
use crate::media::order::Codec;
use crate::server::clock;
use crate::server::tasks::spawn;
use crate::sip::digest::Credentials;
use crate::voice::say::DigitOne;
use crate::voice::{Library, SoundBook, Sources};

/// Ring the hotline as a diner would, over real SIP and RTP.
#[derive(Debug, Clone, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct CallArgs {
    /// Script to follow; `-` reads it from standard input. Without one, keys are typed by hand.
    pub script: Option<String>,

    /// Follow a story that comes with the program: worked-call, guest-pickup, english-menu, type-ahead, silent-caller.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["script", "press"])]
    pub story: Option<String>,

    /// Only press these keys as soon as the call is answered, then stay until the system hangs up.
    #[arg(long, value_name = "KEYS", conflicts_with = "script")]
    pub press: Option<String>,

    /// Whom to call. A script's `dials 2000` replaces the number in it.
    #[arg(long, value_name = "SIP-URI", default_value = "sip:1000@127.0.0.1:5060")]
    pub to: String,

    /// The caller's number; a script's `from` is used when this is not given.
    #[arg(long, value_name = "NUMBER")]
    pub from: Option<String>,

    /// Place so many calls.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub calls: u32,

    /// New calls a second.
    #[arg(long, value_name = "R", default_value_t = 10.0, value_parser = positive)]
    pub rate: f64,

    /// Calls at the same time, at most.
    #[arg(long, value_name = "C", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    pub concurrency: u32,

    /// With --calls: each call comes from the next number (13800138000, 13800138001, …).
    #[arg(long)]
    pub next_from: bool,

    /// Without a script: stay so many seconds on the line when the system does not hang up.
    #[arg(long, value_name = "SECONDS", default_value_t = 60.0, value_parser = positive)]
    pub stay: f64,

    /// How keys are sent, when the script does not say.
    #[arg(long, value_enum, default_value_t = Keys::Rfc4733)]
    pub keys: Keys,

    /// Offer μ-law only instead of A-law and μ-law.
    #[arg(long)]
    pub pcmu: bool,

    /// Call over TCP instead of UDP.
    #[arg(long)]
    pub tcp: bool,

    /// Call from this address of this machine, such as 127.0.0.2.
    #[arg(long, value_name = "IP")]
    pub bind: Option<IpAddr>,

    /// Also tell this number as P-Asserted-Identity, as trunks do.
    #[arg(long, value_name = "NUMBER")]
    pub identity: Option<String>,

    /// User name, when the system asks for a password.
    #[arg(long, value_name = "NAME", requires = "password")]
    pub user: Option<String>,

    /// Its password.
    #[arg(long, value_name = "PASSWORD", env = "DINETONE_CALL_PASSWORD", hide_env_values = true)]
    pub password: Option<String>,

    /// Send this tone, in hertz, whenever there is nothing else to say: a test of the line.
    #[arg(long, value_name = "HZ", value_parser = clap::value_parser!(u16).range(200..=2000))]
    pub hum: Option<u16>,

    /// Tell five times a second how loud the sound is, and which tone is strongest.
    #[arg(long)]
    pub meter: bool,

    /// Also take keys from standard input, one line after another; `q`, or its end, hangs up.
    #[arg(long)]
    pub typed: bool,

    /// Folder with the operator's own prompts, so that they are recognised too (the data folder's `prompts`).
    #[arg(long, value_name = "FOLDER")]
    pub prompts: Option<PathBuf>,

    /// One JSON object a line: every line of the conversation, every call, and a summary.
    #[arg(long)]
    pub json: bool,

    /// Print only what failed.
    #[arg(long, short)]
    pub quiet: bool,

    /// Print every SIP message, too.
    #[arg(long)]
    pub trace_sip: bool,
}

/// Ways to send a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Keys {
    /// RTP named events.
    Rfc4733,
    /// SIP INFO, application/dtmf-relay.
    Info,
    /// Tones in the sound.
    Tones,
}

const EXAMPLES: &str = "\
The system's sound is sent bit for bit as recorded, so the diner recognises the prompts that it hears
and prints the conversation as text. The command ends with status 0 when every expectation was met,
1 when one failed or a call was not answered, 2 when the script or the options are wrong.

Try it
  dinetone serve --demo                          in one terminal, then in another:
  dinetone call                                  talk to the hotline: type keys and Enter, `q` hangs up
  dinetone call --story worked-call              a regular caller orders two dishes
  dinetone call --press '1#'                     press 1 and # at once, then listen
  dinetone call lunch.dine --to sip:1000@192.0.2.7
  dinetone call --calls 200 --rate 20 --press '1234#'    200 calls, 20 new ones a second, with a summary

A script is one step a line; # begins a comment
  dials 1000                  the number to call
  from 13800138000            the caller's number
  keys by info                rfc4733 (as a rule), info or tones
  hears order.dish_qty        wait until this prompt begins (since the last press; 15 s at most)
  hears main.menu within 5s
  says \"宫保鸡丁\"             wait until these words were said since the last press
  never hears gen.nomatch1    this prompt was not said in the whole call
  whenever final.dup press 1  a standing answer to a question that comes only sometimes
  press 18#                   press keys; `press 1 for 2s` holds it
  listens                     wait until the system has been silent for a second (`listens 3s`)
  waits 3s
  speaks 2s                   make sound, for a recording
  hums 700                    from here on send this tone (hertz) instead of silence; `hums nothing`
  hears tone 440              wait until this tone, and little else, is heard
  within 5s                   from here on expectations wait so long
  expects end by us           wait until the system hangs up
  expects refused 503         the call is not answered
  hangs up";

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

/// Everything that a call needs.
struct Ready {
    phone: Arc<Phone>,
    script: Script,
    by_hand: bool,
    to: String,
    from: String,
    headers: Vec<String>,
    book: Arc<SoundBook>,
    keys: KeysBy,
    meter: bool,
    hum: Option<u16>,
}

async fn prepare(args: &CallArgs) -> Result<Ready, Vec<Finding>> {
    let (name, script, by_hand) = script_of(args)?;
    let own = match &args.prompts {
        Some(folder) => own_prompts(folder).map_err(|error| {
            vec![Finding::new(folder.display().to_string(), error.to_string(), "name the folder that holds zh-CN and en")]
        })?,
        None => Vec::new(),
    };
    let (library, findings) = Library::load(Sources::shipped(own), DigitOne::Yao);
    for finding in findings {
        note(&finding.to_string());
    }
    let unknown = script.check(&name, &library);
    if !unknown.is_empty() {
        return Err(unknown);
    }
    let (to, target) = target(&args.to, script.dials.as_deref()).await.map_err(|finding| vec![finding])?;
    let credentials = args.user.clone().map(|user| Credentials { user, password: args.password.clone().unwrap_or_default() });
    let settings = PhoneSettings { target, tcp: args.tcp, bind: args.bind, credentials, trace: args.trace_sip };
    let trace = args.trace_sip.then(print_traces);
    let phone = Phone::open(settings, trace).await.map_err(|error| {
        vec![Finding::new(
            format!("--to {}", args.to),
            error.to_string(),
            "start the system first (`dinetone serve --demo`), or name its address",
        )]
    })?;
    let from = args.from.clone().or_else(|| script.from.clone()).unwrap_or_else(|| "13900139009".into());
    let keys = match args.keys {
        Keys::Rfc4733 => KeysBy::Events,
        Keys::Info => KeysBy::Info,
        Keys::Tones => KeysBy::Tones,
    };
    let identity = args.identity.iter().map(|number| number.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '+').collect::<String>());
    let headers = identity.map(|number| format!("P-Asserted-Identity: <sip:{number}@{target}>")).collect();
    let by_hand = by_hand || args.typed;
    Ok(Ready {
        phone: Arc::new(phone),
        script,
        by_hand,
        to,
        from,
        headers,
        book: Arc::new(SoundBook::new(&library)),
        keys,
        meter: args.meter,
        hum: args.hum,
    })
}

/// The script, what it is called, and whether keys are typed by hand.
fn script_of(args: &CallArgs) -> Result<(String, Script, bool), Vec<Finding>> {
    let read = |name: &str, text: &str| Script::parse(name, text).map(|script| (name.to_owned(), script, false));
    let mut found = match (&args.script, &args.story, &args.press) {
        (Some(path), ..) => {
            let text = if path == "-" { std::io::read_to_string(std::io::stdin().take(1 << 20)) } else { std::fs::read_to_string(path) };
            let text = text.map_err(|error| vec![Finding::new(path, error.to_string(), "name a script file, or - for standard input")])?;
            read(path, &text)?
        }
        (_, Some(name), _) => {
            let names: Vec<&str> = STORIES.iter().map(|(name, _)| *name).collect();
            let text = story(name).ok_or_else(|| {
                vec![Finding::new("--story", format!("there is no story «{name}»"), format!("write one of: {}", names.join(", ")))]
            })?;
            read(name, text)?
        }
        (.., Some(keys)) => {
            let text = format!("press {keys}");
            if !keys.is_empty() {
                read("--press", &text)?;
            }
            let keys: String = keys.split_whitespace().collect::<String>().to_ascii_uppercase();
            ("--press".into(), Script::of_keys(&keys, Duration::from_secs_f64(args.stay)), false)
        }
        _ if args.calls == 1 && std::io::stdin().is_terminal() => ("keyboard".into(), Script::default(), true),
        _ => ("no script".into(), Script::of_keys("", Duration::from_secs_f64(args.stay)), false),
    };
    if args.pcmu {
        found.1.codec = Some(Codec::Pcmu);
    }
    Ok(found)
}

/// The URI to call and the address behind it.
async fn target(uri: &str, dials: Option<&str>) -> Result<(String, SocketAddr), Finding> {
    let wrong = |found: &str| Finding::new("--to", format!("«{uri}» {found}"), "write a SIP URI, such as sip:1000@127.0.0.1:5060");
    let rest = uri.strip_prefix("sip:").unwrap_or(uri);
    let (user, host) = rest.rsplit_once('@').unwrap_or(("1000", rest));
    let host = host.split(';').next().unwrap_or(host);
    let has_port =
        host.rsplit_once(':').is_some_and(|(before, port)| port.parse::<u16>().is_ok() && (!before.contains(':') || before.ends_with(']')));
    let host = if has_port { host.to_owned() } else { format!("{host}:5060") };
    if user.is_empty() || host.starts_with(':') {
        return Err(wrong("names nobody"));
    }
    let address = tokio::net::lookup_host(&host)
        .await
        .ok()
        .and_then(|mut found| found.next())
        .ok_or_else(|| wrong("has an address that is not known"))?;
    let user = dials.unwrap_or(user);
    Ok((format!("sip:{user}@{host}"), address))
}

/// The operator's own files below `folder`, by their paths in it.
fn own_prompts(folder: &Path) -> std::io::Result<Vec<(String, Vec<u8>)>> {
    let mut own = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(here) = folders.pop() {
        for entry in std::fs::read_dir(here)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "wav" || extension == "tsv")
                && let Ok(relative) = path.strip_prefix(folder)
            {
                own.push((relative.to_string_lossy().replace('\\', "/"), std::fs::read(&path)?));
            }
        }
    }
    Ok(own)
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

fn print_traces() -> mpsc::Sender<String> {
    let (trace, mut inbox) = mpsc::channel::<String>(4096);
    spawn("diner-trace", async move {
        while let Some(message) = inbox.recv().await {
            note(&message);
        }
    });
    trace
}

/// `  2.40  系统  …`, in the language of the conversation.
fn conversation(line: &Line, mandarin: &mut bool) -> String {
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

fn line_json(line: &Line) -> serde_json::Value {
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

fn verdict_json(number: u32, from: &str, verdict: &Verdict) -> serde_json::Value {
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
struct Summary {
    calls: usize,
    answered: usize,
    failed: usize,
    refused: BTreeMap<u16, usize>,
    lost: usize,
    /// Milliseconds from INVITE to 200: median, 99th percentile, longest.
    setup: [f64; 3],
    digits: usize,
    met: usize,
    expected: usize,
    packets: u64,
}

impl Summary {
    fn of(verdicts: &[Verdict]) -> Self {
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

    fn text(&self) -> String {
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

    fn json(&self) -> serde_json::Value {
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
fn tell_failures<'a>(verdicts: impl Iterator<Item = &'a Verdict>) {
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

fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value > 0.0 && value <= 1_000_000.0 => Ok(value),
        _ => Err("write a number above 0".into()),
    }
}

#[expect(clippy::print_stdout, reason = "the output of the command")]
fn print(line: &str) {
    println!("{line}");
}

fn note(line: &str) {
    eprintln!("{line}");
}

#[cfg(test)]
mod tests {
    use super::{Summary, target};
    use crate::diner::{Ended, Verdict};
    use std::time::Duration;

    #[tokio::test]
    async fn whom_to_call_is_read_in_every_usual_form() {
        for (uri, dials, to, address) in [
            ("sip:1000@127.0.0.1:5070", None, "sip:1000@127.0.0.1:5070", "127.0.0.1:5070"),
            ("sip:1000@127.0.0.1", Some("2000"), "sip:2000@127.0.0.1:5060", "127.0.0.1:5060"),
            ("127.0.0.1:5070", None, "sip:1000@127.0.0.1:5070", "127.0.0.1:5070"),
            ("sip:1000@[::1]", None, "sip:1000@[::1]:5060", "[::1]:5060"),
            ("sip:1000@[::1]:5070;transport=udp", None, "sip:1000@[::1]:5070", "[::1]:5070"),
        ] {
            let (uri, found) = target(uri, dials).await.expect("is a target");
            assert_eq!((uri.as_str(), found.to_string().as_str()), (to, address));
        }
        assert!(target("sip:@", None).await.is_err());
    }

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
