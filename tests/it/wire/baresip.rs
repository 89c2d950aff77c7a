//! As a diner I ring with a real phone, baresip, and press keys on it; and as staff I sign my phone on with a password.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::server::{Guarded, Server, Setup, eventually, free_port};

const INSTALL: &str = "baresip is not installed: `apt-get install baresip-core`";
pub const SOON: Duration = Duration::from_secs(20);

/// A running baresip without sound card: it sends a tone and throws away what it hears.
pub struct Phone {
    _process: Guarded,
    control: TcpStream,
    folder: tempfile::TempDir,
    /// Where it is called.
    sip: u16,
}

impl Phone {
    /// `account` is a line of baresip's file of accounts.
    pub fn start(account: &str) -> Self {
        Self::start_with(account, 440)
    }

    /// The same with another tone.
    pub fn start_with(account: &str, hertz: u16) -> Self {
        let modules = ["/usr/lib/baresip/modules", "/usr/lib/x86_64-linux-gnu/baresip/modules"];
        let modules = modules.into_iter().find(|path| Path::new(path).is_dir()).expect(INSTALL);
        let mut said = String::new();
        // It takes one port for commands, one for SIP and the next one for TLS; another test may be faster.
        for _ in 0..5 {
            match Self::try_start(account, modules, hertz) {
                Ok(phone) => return phone,
                Err(log) => said = log,
            }
        }
        panic!("baresip takes no commands:\n{said}");
    }

    /// What it printed, when it could not start.
    fn try_start(account: &str, modules: &str, hertz: u16) -> Result<Self, String> {
        let folder = tempfile::tempdir().unwrap();
        let (sip, control) = (free_port(), TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap());
        let config = format!(
            "module_path {modules}\nsip_listen 127.0.0.1:{sip}\nctrl_tcp_listen {control}\n\
             audio_player aufile,{sound}\naudio_source ausine,{hertz}\naudio_alert aufile,{sound}\nausrc_srate 48000\nausrc_channels 2\n\
             module g711.so\nmodule ausine.so\nmodule aufile.so\nmodule sndfile.so\nsnd_path {folder}\nmodule srtp.so\nmodule_tmp account.so\nmodule_app menu.so\nmodule_app ctrl_tcp.so\n",
            sound = folder.path().join("heard.wav").display(),
            folder = folder.path().display(),
        );
        std::fs::write(folder.path().join("config"), config).unwrap();
        std::fs::write(folder.path().join("accounts"), format!("{account}\n")).unwrap();
        std::fs::write(folder.path().join("contacts"), "").unwrap();
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let mut process = Command::new("baresip")
            .args(["-4", "-f"])
            .arg(folder.path())
            .current_dir(folder.path())
            .env("HOME", folder.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .expect(INSTALL);
        let deadline = super::server::now() + SOON;
        let stream = loop {
            let ended = process.try_wait().unwrap().is_some();
            if !ended && let Ok(stream) = TcpStream::connect(control) {
                break stream;
            }
            if ended || super::server::now() > deadline {
                drop(Guarded(process));
                return Err(std::fs::read_to_string(folder.path().join("log")).unwrap_or_default());
            }
            std::thread::sleep(Duration::from_millis(100));
        };
        let process = Guarded(process);
        stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        Ok(Self { _process: process, control: stream, folder, sip })
    }

    /// The telephone of the first branch, which picks up by itself, and the settings of a trunk that leads to it.
    pub fn of_branch() -> (Self, String) {
        let phone = Self::start("<sip:02164380001@127.0.0.1;transport=udp>;regint=0;answermode=auto;audio_codecs=pcma");
        let trunk = format!(
            "[[trunk]]\nname = \"city\"\naddresses = [\"127.0.0.1\"]\ntargets = [\"127.0.0.1:{}\"]\noptions_every = \"0s\"\n[outbound]\non = true\n",
            phone.sip
        );
        (phone, trunk)
    }

    /// One command of baresip's, as a netstring.
    pub fn say(&mut self, command: &str, parameter: &str) {
        let text = format!("{{\"command\":\"{command}\",\"params\":\"{parameter}\"}}");
        write!(self.control, "{}:{text},", text.len()).unwrap();
        let mut answer = [0_u8; 4096];
        // Its answer and events are not needed, but must not pile up.
        let _ = self.control.read(&mut answer);
    }

    /// How much of the last second that it heard is this tone, from 0 to 1.
    pub fn hears(&self, hertz: f64) -> f64 {
        let newest = std::fs::read_dir(self.folder.path())
            .unwrap()
            .filter_map(|file| Some(file.ok()?.path()))
            .filter(|path| path.to_string_lossy().ends_with("-dec.wav"))
            .max();
        let Some(bytes) = newest.and_then(|path| std::fs::read(path).ok()).filter(|bytes| bytes.len() > 44 + 16_000) else { return 0.0 };
        // While it is being written its head tells no length: 8000 Hz, 16 bits, one channel.
        let samples: Vec<f64> = bytes[bytes.len() - 16_000 - bytes.len() % 2..]
            .chunks_exact(2)
            .map(|pair| f64::from(i16::from_le_bytes([pair[0], pair[1]])))
            .collect();
        let turn = 2.0 * (std::f64::consts::TAU * hertz / 8000.0).cos();
        let (one, two) = samples.iter().fold((0.0, 0.0), |(one, two), sample| (sample + turn * one - two, one));
        let power: f64 = samples.iter().map(|sample| sample * sample).sum();
        2.0 * (one * one + two * two - turn * one * two) / (power * samples.len() as f64).max(1.0)
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Phone {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("what baresip said:\n{}", self.log());
        }
    }
}

/// The only call there is, with its steps.
pub fn the_call(server: &Server) -> Option<serde_json::Value> {
    let live = server.json(&["calls", "list", "--live", "--json"]);
    let kept = server.json(&["calls", "list", "--json"]);
    let id = live.as_array()?.first().or(kept.as_array()?.first())?["id"].as_str()?.to_owned();
    let output = server.cli(&["calls", "show", &id, "--json"]);
    serde_json::from_slice(&output.stdout).ok()
}

pub fn keys(call: &serde_json::Value) -> String {
    call["steps"]
        .as_array()
        .map(|steps| steps.iter().filter(|step| step["type"] == "key").filter_map(|step| step["key"].as_str()).collect())
        .unwrap_or_default()
}

#[test]
fn c1_c4_c9_baresip_rings_presses_keys_and_hangs_up() {
    let server = Setup::demo().start();
    let mut phone = Phone::start("<sip:13800138000@127.0.0.1;transport=udp>;regint=0;audio_codecs=pcma");
    phone.say("dial", &format!("sip:1000@{}", server.sip));
    eventually("the call is answered", SOON, || the_call(&server).filter(|call| call["answered_at"].is_string()));
    // Two quick equal ones among them; the sample menu takes any key at any time.
    let pressed = "4*4*9";
    for (place, key) in pressed.char_indices() {
        phone.say("sndcode", &key.to_string());
        eventually(&format!("key {key} arrives"), SOON, || the_call(&server).filter(|call| keys(call) == pressed[..=place]));
    }
    let shown = the_call(&server).unwrap();
    assert!(
        shown["steps"].as_array().unwrap().iter().filter(|step| step["type"] == "key").all(|step| step["source"] == "rfc4733"),
        "{shown:#}"
    );
    phone.say("hangup", "");
    let call = eventually("the call is over", SOON, || the_call(&server).filter(|call| call["ended_at"].is_string()));
    assert_eq!(call["ended_by"], "caller", "{call:#}");
    assert!(call["packets_in"].as_u64() > Some(20), "its sound arrived: {call:#}");
    assert_eq!(call["one_way"], false, "{call:#}");
    assert_eq!(call["codec"], "PCMA", "{call:#}");
}

#[test]
fn c8_baresip_signs_on_with_a_password_and_calls() {
    let server = Setup::strict("[sip]\ndigest = [\"MD5\"]\n[[account]]\nuser = \"desk\"\npassword = \"correct-horse\"\n").start();
    let mut phone = Phone::start(&format!("<sip:desk@{};transport=udp>;auth_pass=correct-horse;regint=60;audio_codecs=pcma", server.sip));
    eventually("it is registered", SOON, || phone.log().contains("200 OK").then_some(()));
    phone.say("dial", &format!("sip:1000@{}", server.sip));
    let call = eventually("the call is answered", SOON, || the_call(&server).filter(|call| call["answered_at"].is_string()));
    assert_eq!(call["trunk"], "account:desk", "{call:#}");
    phone.say("hangup", "");
    eventually("the call is over", SOON, || the_call(&server).filter(|call| call["ended_at"].is_string()));
}

/// C10: a telephone that insists on encrypted sound (RTP/SAVP with keys in the description) rings, whatever the settings.
#[test]
fn c2_c10_baresip_rings_with_encrypted_sound() {
    let server = Setup::demo().start();
    let mut phone = Phone::start("<sip:13800138000@127.0.0.1;transport=udp>;regint=0;audio_codecs=pcma;mediaenc=srtp-mand");
    phone.say("dial", &format!("sip:1000@{}", server.sip));
    eventually("the call is answered", SOON, || the_call(&server).filter(|call| call["answered_at"].is_string()));
    phone.say("sndcode", "4");
    eventually("a key arrives", SOON, || the_call(&server).filter(|call| keys(call) == "4"));
    assert!(phone.log().contains("SRTP is Enabled"), "{}", phone.log());
    phone.say("hangup", "");
    let call = eventually("the call is over", SOON, || the_call(&server).filter(|call| call["ended_at"].is_string()));
    assert!(call["packets_in"].as_u64() > Some(20), "its sound could be read: {call:#}");
    assert_eq!(call["one_way"], false, "{call:#}");
}

/// The telephone of a branch whose screen nobody watches: it rings, hears the order, and a key on it accepts.
#[test]
fn c82_the_branchs_telephone_rings_and_accepts_by_key() {
    let (mut phone, config) = Phone::of_branch();
    let server = Setup { config, ..Setup::demo() }.start();
    server.call("--story guest-pickup", &[]);
    let url = format!("sqlite:{}", server.path("data/store.db").display());
    let clock = dinetone::domain::ShopClock::named("Asia/Shanghai").unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let store = runtime.block_on(dinetone::store::Store::open(&url, clock)).unwrap();
    let order = runtime.block_on(store.orders(&dinetone::store::OrderFilter::default())).unwrap().remove(0);
    let now = || dinetone::server::clock::now().wall.into();
    assert!(runtime.block_on(store.want_branch_call(&order.id, now())).unwrap(), "nobody has called yet");
    // Which of the two calls is the branch's: the one that we placed.
    let to_branch = |kind: &str| {
        let calls = server.json(&["calls", "list", kind, "--json"]);
        calls.as_array()?.iter().find(|call| call["trunk"] == "outgoing")?["id"].as_str().map(str::to_owned)
    };
    let id = eventually("the branch is called and picks up", SOON, || to_branch("--live"));
    eventually("the order is read out", SOON, || {
        let shown = server.cli(&["calls", "show", &id, "--json"]);
        String::from_utf8_lossy(&shown.stdout).contains("br.hello").then_some(())
    });
    // A person listens for a moment; a key that is lost on a busy machine is pressed again.
    eventually("the key accepts", SOON, || {
        phone.say("sndcode", "1");
        std::thread::sleep(Duration::from_millis(500));
        let kept = runtime.block_on(store.order(order.id.as_str())).unwrap().unwrap();
        (kept.status == dinetone::domain::OrderStatus::Accepted).then_some(())
    });
    let calls = runtime.block_on(store.branch_calls(&order.id)).unwrap();
    assert_eq!((calls[0].status.as_str(), calls[0].tries), ("accepted", 1));
    eventually("the call is over, in our words", SOON, || {
        let shown = server.cli(&["calls", "show", &id, "--json"]);
        String::from_utf8_lossy(&shown.stdout).contains("br.accepted").then_some(())
    });
}
