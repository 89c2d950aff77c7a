//! What `dinetone call` can be told on the command line.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

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

fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value > 0.0 && value <= 1_000_000.0 => Ok(value),
        _ => Err("write a number above 0".into()),
    }
}
