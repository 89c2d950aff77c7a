//! The server under test as a process: its own folder, ports and store; its log is shown when a test fails.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_dinetone");
pub const REPO: &str = env!("CARGO_MANIFEST_DIR");
/// From start to `Ready`; a debug build on a busy machine needs more than a release build.
const START: Duration = Duration::from_secs(30);

/// Now, for deadlines in real time.
#[expect(clippy::disallowed_methods, reason = "wire tests run in real time")]
pub fn now() -> Instant {
    Instant::now()
}

/// Polls until `look` finds something; says what was missing when the deadline passes.
#[track_caller]
pub fn eventually<T>(what: &str, within: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = now() + within;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(now() < deadline, "not within {within:?}: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A block of RTP ports that no other test of this machine uses while the socket is held.
pub struct Ports {
    pub first: u16,
    _claim: UdpSocket,
}

impl Ports {
    pub const SIZE: u16 = 256;

    /// Below the range from which the kernel takes ports for sockets without one.
    pub fn claim() -> Self {
        let start = std::process::id() % 72;
        (0..72)
            .find_map(|step| {
                let block = u16::try_from((start + step) % 72).ok()?;
                let first = 13_000 + block * Self::SIZE;
                Some(Self { first, _claim: UdpSocket::bind(("127.0.0.1", first)).ok()? })
            })
            .expect("a free block of ports")
    }

    /// A port of the block that is left out of the range for sound: for SIP, where others must know it beforehand.
    pub const fn sip(&self) -> u16 {
        self.first + 1
    }

    fn range(&self) -> String {
        format!("{}-{}", self.first + 2, self.first + Self::SIZE - 1)
    }
}

/// How a server is to be started.
pub struct Setup {
    pub menus: String,
    pub config: String,
    pub demo: bool,
    pub trace_sip: bool,
    /// Another store than the SQLite file in its folder.
    pub store: Option<String>,
    pub env: Vec<(String, String)>,
}

impl Setup {
    /// `serve --demo` with the shipped dialogue.
    pub fn demo() -> Self {
        let menus = std::fs::read_to_string(Path::new(REPO).join("menus.toml")).unwrap();
        // Bargain hours and opening hours depend on the time of day, and tests run at any: the restaurants never close,
        // and no offer holds now.
        let menus = menus.replace("[\"10:00-21:30\"]", "[\"00:00-24:00\"]").replace("last_order = \"20m\"", "last_order = \"0m\"");
        let menus = menus.replace("from = \"2026-", "from = \"2018-").replace("until = \"2027-", "until = \"2019-");
        Self { menus, config: String::new(), demo: true, trace_sip: false, store: None, env: Vec::new() }
    }

    /// The lines of the load generator: short dialogues, and trunks 127.0.0.1 and 127.0.0.2.
    pub fn bench() -> Self {
        let read = |name: &str| std::fs::read_to_string(Path::new(REPO).join("benches").join(name)).unwrap();
        Self { menus: read("menus.toml"), config: read("config.toml"), demo: false, trace_sip: false, store: None, env: Vec::new() }
    }

    /// A normal start, which lets nobody in by itself.
    pub fn strict(config: &str) -> Self {
        Self { config: config.to_owned(), demo: false, ..Self::demo() }
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn start(self) -> Server {
        let mut server = self.install();
        server.run();
        server
    }

    /// Everything in its place, but nothing running.
    pub fn install(self) -> Server {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir_all(at("data")).unwrap();
        std::fs::write(at("menus.toml"), &self.menus).unwrap();
        std::fs::write(at("config.toml"), &self.config).unwrap();
        let ports = Ports::claim();
        let store = self.store.unwrap_or_else(|| format!("sqlite:{}", at("data/store.db").display()));
        let mut env: Vec<(String, String)> = [
            ("DINETONE__SIP__LISTEN", "127.0.0.1:0".to_owned()),
            ("DINETONE__WEB__LISTEN", "127.0.0.1:0".to_owned()),
            ("DINETONE__DATA__DIR", at("data").display().to_string()),
            ("DINETONE__STORE__URL", store),
            ("DINETONE__MEDIA__RTP_PORTS", ports.range()),
            ("DINETONE__LOG__LEVEL", "info".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec();
        env.extend(self.env);
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        Server {
            demo: self.demo,
            trace_sip: self.trace_sip,
            folder,
            ports,
            env,
            child: None,
            said: Vec::new(),
            sip: nowhere,
            web: nowhere,
            tls: None,
        }
    }
}

/// One server; killed by its id when dropped.
pub struct Server {
    /// Whether its next start is a demonstration.
    pub demo: bool,
    trace_sip: bool,
    folder: tempfile::TempDir,
    ports: Ports,
    env: Vec<(String, String)>,
    child: Option<Child>,
    /// What it said on standard output until it was ready.
    pub said: Vec<String>,
    pub sip: SocketAddr,
    pub tls: Option<SocketAddr>,
    pub web: SocketAddr,
}

impl Server {
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The address where it will take SIP from its next start on; nobody else's in these tests.
    pub fn keep_sip(&mut self) -> String {
        let address = format!("127.0.0.1:{}", self.ports.sip());
        self.set("DINETONE__SIP__LISTEN", &address);
        address
    }

    /// A setting of its next start.
    pub fn set(&mut self, name: &str, value: &str) {
        self.env.push((name.to_owned(), value.to_owned()));
    }

    /// Its settings as environment variables, for a program that starts other programs.
    pub fn settings(&self) -> impl Iterator<Item = (&str, &str)> {
        self.env.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub fn id(&self) -> u32 {
        self.child.as_ref().expect("it runs").id()
    }

    /// A command of the program with this server's settings.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(args).current_dir(self.folder.path()).envs(self.env.iter().map(|(name, value)| (name, value))).stdin(Stdio::null());
        command
    }

    /// Starts it (again), and waits until it is ready.
    pub fn run(&mut self) {
        // The port of UDP was chosen freely; that of TCP, the same number, may be taken by another test.
        for _ in 0..5 {
            if self.try_run() {
                return;
            }
        }
        panic!("the server does not get ready:\n{}", self.log());
    }

    fn try_run(&mut self) -> bool {
        assert!(self.child.is_none(), "it runs already");
        let mut command = self.command(&["serve", "--config", "config.toml", "--menus", "menus.toml"]);
        if self.demo {
            command.arg("--demo");
        }
        if self.trace_sip {
            command.args(["--trace-sip", "ladders"]);
        }
        let log = File::options().create(true).append(true).open(self.path("log")).unwrap();
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let (lines, heard) = mpsc::channel();
        std::thread::spawn(move || out.lines().map_while(Result::ok).for_each(|line| drop(lines.send(line))));
        self.child = Some(child);
        self.said.clear();
        self.tls = None;
        let deadline = now() + START;
        while let Ok(line) = heard.recv_timeout(deadline.saturating_duration_since(now())) {
            self.said.push(line.clone());
            let address = |text: &str| {
                text.split_whitespace()
                    .nth(1)
                    .and_then(|word| word.trim_start_matches("https://").trim_start_matches("http://").trim_end_matches('/').parse().ok())
            };
            if line.starts_with("SIP") && line.contains("TLS") {
                self.tls = address(&line);
            } else if line.starts_with("SIP") {
                self.sip = address(&line).unwrap();
            } else if line.starts_with("Web") {
                self.web = address(&line).unwrap();
            } else if line == "Ready" {
                return true;
            }
        }
        self.kill();
        false
    }

    /// SIGKILL: what a power cut leaves.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// SIGTERM, without waiting.
    pub fn terminate(&self) {
        let id = i32::try_from(self.id()).ok().and_then(Pid::from_raw).expect("an id");
        kill_process(id, Signal::TERM).unwrap();
    }

    /// Waits for its end.
    #[track_caller]
    pub fn ended(&mut self, within: Duration) -> ExitStatus {
        let mut child = self.child.take().expect("it runs");
        let deadline = now() + within;
        loop {
            if let Some(status) = child.try_wait().unwrap() {
                return status;
            }
            if now() > deadline {
                self.child = Some(child);
                panic!("the server has not ended within {within:?}");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// Runs a command of the program to its end.
    pub fn cli(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// What a command prints as JSON; it must succeed.
    #[track_caller]
    pub fn json(&self, args: &[&str]) -> Value {
        let output = self.cli(args);
        assert!(output.status.success(), "{args:?}: {}", text(&output));
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{args:?}: {error}: {}", text(&output)))
    }

    /// A simulated diner on his way; `script` is a script's text, or `--story NAME`.
    pub fn diner(&self, script: &str, more: &[&str]) -> Command {
        let to = format!("sip:1000@{}", self.sip);
        let mut command = self.command(&["call", "--to", &to]);
        if let Some(story) = script.strip_prefix("--story ") {
            command.args(["--story", story]);
        } else {
            let file = self.path(&format!("script-{:x}.dine", fingerprint(script)));
            std::fs::write(&file, script).unwrap();
            command.arg(file);
        }
        command.args(more);
        command
    }

    /// A call to its end; every expectation must be met.
    #[track_caller]
    pub fn call(&self, script: &str, more: &[&str]) -> String {
        let output = self.diner(script, more).output().unwrap();
        assert!(output.status.success(), "{}", text(&output));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// `GET path` over HTTP: status and body.
    pub fn get(&self, path: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(self.web).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap();
        (status, answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            let log = self.log();
            let tail = log.len().saturating_sub(6000);
            let tail = (tail..=log.len()).find(|place| log.is_char_boundary(*place)).unwrap_or(0);
            eprintln!("the server's log (its end):\n{}", &log[tail..]);
        }
    }
}

/// A child that is killed by its id when the test ends, however it ends.
pub struct Guarded(pub Child);

impl Drop for Guarded {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// All that a command printed.
pub fn text(output: &Output) -> String {
    format!("{}\n{}{}", output.status, String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn fingerprint(script: &str) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    script.hash(&mut hasher);
    hasher.finish()
}

/// A port that is free now, for a peer that cannot choose its own.
pub fn free_port() -> u16 {
    UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// One request over UDP, and its final answer. `None` when none comes.
pub fn ask(to: SocketAddr, request: &str, within: Duration) -> Option<String> {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(within)).unwrap();
    let request = request.replace("{local}", &socket.local_addr().unwrap().to_string());
    socket.send_to(request.as_bytes(), to).unwrap();
    let mut buffer = [0_u8; 65_535];
    loop {
        let (length, _) = socket.recv_from(&mut buffer).ok()?;
        let answer = String::from_utf8_lossy(&buffer[..length]).into_owned();
        if !answer.starts_with("SIP/2.0 1") {
            return Some(answer);
        }
    }
}

/// A request outside of any dialog; `{local}` becomes the sender's address.
pub fn request(method: &str, to: SocketAddr, number: u32, transport: &str) -> String {
    format!(
        "{method} sip:1000@{to} SIP/2.0\r\nVia: SIP/2.0/{transport} {{local}};branch=z9hG4bK{method}{number};rport\r\nMax-Forwards: 70\r\n\
         From: <sip:13900139000@{{local}}>;tag=t{number}\r\nTo: <sip:1000@{to}>\r\nCall-ID: wire-{method}-{number}\r\nCSeq: 1 {method}\r\n\
         Contact: <sip:13900139000@{{local}}>\r\nContent-Length: 0\r\n\r\n"
    )
}
