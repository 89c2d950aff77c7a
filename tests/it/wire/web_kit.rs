//! The pages and the API over real sockets, with a stand-in for the brain: what it is asked is kept, what it tells is ours.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dinetone::bus::{EVENTS_KEPT, Events, Published, Query};
use dinetone::command::{Command, Refusal, Wish};
use dinetone::config::Config;
use dinetone::domain::{AgentState, CallId, Catalogue, Language, PhoneNumber, Pop, QueueId, Role, ShopClock, Timestamp, User, UserId};
use dinetone::event::{AgentView, CallState, CallView, Event, QueueView, QueuesView, Snapshot, Today, WaitingView, What};
use dinetone::server::clock;
use dinetone::store::{NewUser, Store};
use dinetone::web::Web;
use serde_json::{Value, json};
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tungstenite::client::IntoClientRequest;
use tungstenite::{Message, WebSocket};

use super::server::{eventually, now};

pub const PASSWORD: &str = "correct horse";

type Held = Arc<Mutex<Vec<oneshot::Sender<Result<(), Refusal>>>>>;

/// How the stand-in answers a command.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Answers {
    Yes,
    No(Refusal),
    Never,
}

/// A running web side.
pub struct Floor {
    pub address: SocketAddr,
    pub store: Store,
    pub events: Events,
    pub wishes: Arc<Mutex<Vec<Wish>>>,
    pub answers: Arc<Mutex<Answers>>,
    pub folder: tempfile::TempDir,
    seq: Arc<AtomicU64>,
    runtime: tokio::runtime::Runtime,
    catalogue: watch::Sender<Arc<Catalogue>>,
}

pub fn timestamp() -> Timestamp {
    Timestamp::from(clock::now().wall)
}

impl Floor {
    /// With these `[web]` settings, an administrator, two agents, a supervisor and a branch; all have the same password.
    pub fn open(settings: &str, demo: bool) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("house.db").display());
        let config = Config::read(&format!("[web]\nlisten = \"127.0.0.1:0\"\n{settings}"), []).unwrap();
        let (events, _) = broadcast::channel(EVENTS_KEPT);
        let (queries, brain) = mpsc::channel(64);
        let (catalogue_sender, catalogue) = watch::channel(Arc::new(Catalogue::default()));
        let store = runtime.block_on(async {
            let store = Store::open(&url, ShopClock::named("Asia/Shanghai").unwrap()).await.unwrap();
            for (login, role) in [
                ("boss", Role::Administrator),
                ("lina", Role::Agent),
                ("wang", Role::Agent),
                ("watcher", Role::Supervisor),
                ("shop1", Role::Branch),
            ] {
                let user = NewUser { login: login.into(), name: login.to_uppercase(), role: Some(role), ..NewUser::default() };
                store.add_user(&user, PASSWORD, timestamp()).await.unwrap();
            }
            store
        });
        let written = config.written();
        let places = dinetone::server::start::places(&config, std::path::Path::new("menus.toml"));
        let places = dinetone::server::files::Places { prompts: folder.path().join("prompts"), ..places };
        let (voices, voice) = watch::channel(Arc::new(places.library().0));
        let (news, _) = broadcast::channel(1024);
        let web = Web {
            store: store.clone(),
            queries,
            events: events.clone(),
            news: news.clone(),
            node: "test".into(),
            metrics: metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder().handle(),
            stopping: Arc::new(AtomicBool::new(false)),
            token: "machine".into(),
            catalogue,
            settings: Arc::new(config.web),
            realm: "dinetone".into(),
            floor: Arc::default(),
            demo,
            secure: false,
            now: clock::now,
            desk: Arc::default(),
            paper: Arc::default(),
            plant: Arc::new(dinetone::web::Plant {
                now: watch::channel(Arc::new(written.with(&[]))).1,
                written: Arc::new(written),
                named: watch::channel(Arc::new([QueueId::new("complaint")].into())).1,
                campaigns: watch::channel(Arc::new([("promo".to_owned(), true), ("trap".to_owned(), false)].into())).1,
                voice,
            }),
            outreach: Arc::new(dinetone::web::Outreach {
                rules: dinetone::outreach::Rules { on: true, ..dinetone::outreach::Rules::default() },
                can_tell: true,
            }),
        };
        let (wishes, answers, seq) = (Arc::default(), Arc::new(Mutex::new(Answers::Yes)), Arc::new(AtomicU64::new(0)));
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        for task in [
            Box::pin(follow_voice(places, store.clone(), voices)) as std::pin::Pin<Box<dyn Future<Output = ()> + Send>>,
            Box::pin(web.clone().watch_sessions()) as std::pin::Pin<Box<dyn Future<Output = ()> + Send>>,
            Box::pin(web.clone().keep_audits()),
            Box::pin(web.clone().follow_board()),
            Box::pin(dinetone::server::follower::follow(store.clone(), news, Default::default())),
            Box::pin(dinetone::web::serve(listener, None, 4096, dinetone::web::routes(web))),
            Box::pin(brain_of(brain, Arc::clone(&wishes), Arc::clone(&answers), Arc::clone(&seq))),
        ] {
            drop(runtime.handle().spawn(task));
        }
        Self { address, store, events, wishes, answers, folder, seq, runtime, catalogue: catalogue_sender }
    }

    /// Runs something on the store.
    pub fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// What the house offers from now on.
    pub fn stock(&self, catalogue: Arc<Catalogue>) {
        let _ = self.catalogue.send(catalogue);
    }

    pub fn user(&self, login: &str) -> User {
        self.wait(self.store.user_by_login(login)).unwrap().unwrap()
    }

    pub fn id(&self, login: &str) -> UserId {
        self.user(login).id
    }

    /// Tells an event, as the brain would.
    pub fn tell(&self, what: What) {
        let seq = self.seq.fetch_add(1, Ordering::SeqCst) + 1;
        let event = Event { seq, at: timestamp(), what };
        let _ = self.events.send(Published::new(event, clock::now().instant));
    }

    pub fn answer(&self, answers: Answers) {
        *self.answers.lock().unwrap() = answers;
    }

    /// What was asked, but for pages that left.
    pub fn asked(&self) -> Vec<Command> {
        let wishes = self.wishes.lock().unwrap();
        wishes.iter().map(|wish| wish.what.clone()).filter(|what| *what != Command::PageGone).collect()
    }

    pub fn browser(&self) -> Browser {
        Browser { to: self.address, from: None, cookie: None, origin: Some(format!("http://{}", self.address)) }
    }

    /// Somebody more, who has signed in.
    #[track_caller]
    pub fn person(&self, login: &str, role: Role, branch: Option<u16>) -> Browser {
        let branch = branch.and_then(dinetone::domain::BranchNumber::new);
        let user = NewUser { login: login.into(), name: login.to_uppercase(), role: Some(role), branch, ..NewUser::default() };
        self.wait(self.store.add_user(&user, PASSWORD, timestamp())).unwrap();
        self.signed_in(login)
    }

    /// A browser of somebody who has signed in.
    #[track_caller]
    pub fn signed_in(&self, login: &str) -> Browser {
        let mut browser = self.browser();
        let reply = browser.sign_in(login, PASSWORD);
        assert_eq!(reply.status, 200, "{reply:?}");
        browser
    }
}

/// Takes recordings over as the real program does.
async fn follow_voice(mut places: dinetone::server::files::Places, store: Store, voices: watch::Sender<Arc<dinetone::voice::Library>>) {
    let (mut seen, mut uploads) = (places.stamp(), dinetone::server::uploads::Uploads::default());
    loop {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let (stamp, uploaded) = (places.stamp(), uploads.look(&store).await.unwrap_or(false));
        if uploaded || stamp != seen {
            seen = stamp;
            places.uploads = uploads.files();
            voices.send_replace(Arc::new(places.library().0));
        }
    }
}

async fn brain_of(mut queries: mpsc::Receiver<Query>, wishes: Arc<Mutex<Vec<Wish>>>, answers: Arc<Mutex<Answers>>, seq: Arc<AtomicU64>) {
    let held = Held::default();
    while let Some(query) = queries.recv().await {
        match query {
            Query::Wish { wish, answer } => {
                wishes.lock().unwrap().push(*wish);
                match *answers.lock().unwrap() {
                    Answers::Yes => drop(answer.send(Ok(()))),
                    Answers::No(refusal) => drop(answer.send(Err(refusal))),
                    Answers::Never => held.lock().unwrap().push(answer),
                }
            }
            Query::Snapshot { of, role, answer } => {
                let me = (role == Role::Agent).then(|| AgentView { user: of, ..agent("8001", AgentState::Ready) });
                let snapshot = Snapshot {
                    seq: seq.load(Ordering::SeqCst),
                    at: timestamp(),
                    me,
                    calls: Vec::new(),
                    queues: Arc::new(queues()),
                    agents: vec![agent("8009", AgentState::Talking { call: 3 })],
                    node: "a".into(),
                    nodes: Vec::new(),
                    store_away: false,
                };
                drop(answer.send(Box::new(snapshot)));
            }
            Query::Live { answer, .. } => drop(answer.send(Vec::new())),
            Query::Health { answer } => drop(answer.send((0, Vec::new()))),
            _ => {}
        }
    }
}

pub fn agent(number: &str, state: AgentState) -> AgentView {
    AgentView {
        user: UserId::new(format!("u{number}")),
        node: None,
        number: number.into(),
        name: "周敏".into(),
        role: Role::Agent,
        state,
        since: Timestamp::from_millis(0),
        reason: None,
        next: None,
        seat: None,
        connected: true,
        queues: vec![QueueId::new("order-zh")],
        caller: Some("138****8000".into()),
        today: Today { calls: 7, ..Today::default() },
    }
}

pub fn queues() -> QueuesView {
    QueuesView {
        queues: vec![QueueView {
            queue: QueueId::new("order-zh"),
            name_zh: "中文订餐".into(),
            name_en: "Orders".into(),
            waiting: 1,
            longest_since: Some(Timestamp::from_millis(0)),
            agents: 2,
            ready: 0,
            offered: 9,
            answered: 8,
            answered_in_time: 7,
            abandoned: 1,
            abandoned_short: 0,
        }],
        waiting: vec![WaitingView {
            call: 4,
            queue: QueueId::new("order-zh"),
            caller: Some("137****7000".into()),
            name: "赵先生".into(),
            level: None,
            since: Timestamp::from_millis(0),
            place: 1,
            priority: 0,
            kept_for: None,
            is_callback: false,
        }],
    }
}

/// A call that rings.
pub fn call(number: u64, state: CallState) -> Arc<CallView> {
    Arc::new(CallView {
        call: number,
        id: CallId::new(format!("c{number}")),
        state,
        since: Timestamp::from_millis(0),
        arrived_at: Timestamp::from_millis(0),
        answered_at: None,
        outbound: false,
        queue: Some(QueueId::new("order-zh")),
        queue_name: "中文订餐".into(),
        language: Language::Mandarin,
        caller: PhoneNumber::parse("13800138000"),
        dialled: "1000".into(),
        waited_ms: 1500,
        ring_until: Some(Timestamp::from_millis(20_000)),
        path: vec!["main".into()],
        reason: "key_0".into(),
        routed: "最长空闲".into(),
        pop: Arc::new(Pop { name: "张先生".into(), phones: PhoneNumber::parse("13800138000").into_iter().collect(), ..Pop::default() }),
        parties: Vec::new(),
        muted: false,
        consult: None,
        from: None,
        notes: Vec::new(),
        orders: Vec::new(),
        wrap_up_until: None,
        proposed: None,
        lost: None,
        ended: None,
    })
}

/// What a server answered.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    /// As text, and as it came.
    pub body: String,
    pub bytes: Vec<u8>,
}

impl Reply {
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Name of the problem.
    #[track_caller]
    pub fn problem(&self) -> String {
        assert_eq!(self.headers.get("content-type").map(String::as_str), Some("application/problem+json"), "{self:?}");
        let body = self.json();
        assert_eq!(body["status"], self.status, "{self:?}");
        assert!(body["title"].is_string() && body["detail"].is_string(), "{self:?}");
        body["type"].as_str().unwrap().trim_start_matches("/problems/").to_owned()
    }
}

/// One browser, or one program: where it is, and what it shows.
#[derive(Clone)]
pub struct Browser {
    pub to: SocketAddr,
    pub from: Option<IpAddr>,
    pub cookie: Option<String>,
    pub origin: Option<String>,
}

impl Browser {
    fn connect(&self) -> TcpStream {
        let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
        if let Some(from) = self.from {
            socket.bind(&SocketAddr::new(from, 0).into()).unwrap();
        }
        socket.connect(&self.to.into()).unwrap();
        let stream: TcpStream = socket.into();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream
    }

    fn head(&self) -> String {
        let cookie = self.cookie.as_ref().map(|cookie| format!("Cookie: dinetone_session={cookie}\r\n"));
        let origin = self.origin.as_ref().map(|origin| format!("Origin: {origin}\r\n"));
        format!("Host: {}\r\n{}{}", self.to, cookie.unwrap_or_default(), origin.unwrap_or_default())
    }

    /// A request with more header lines (each ending in CRLF) and a body as it is. A server that has heard enough may answer
    /// and close before all is written; what counts is its answer.
    pub fn raw(&self, method: &str, path: &str, more: &str, body: impl AsRef<[u8]>) -> Reply {
        let mut stream = self.connect();
        let head = self.head();
        let (body, length) = (body.as_ref(), body.as_ref().len());
        let head = format!("{method} {path} HTTP/1.1\r\n{head}{more}Content-Length: {length}\r\nConnection: close\r\n\r\n");
        let written = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
        if let Err(fault) = written {
            assert!(matches!(fault.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset), "{fault}");
        }
        reply(&mut stream)
    }

    pub fn get(&self, path: &str) -> Reply {
        self.raw("GET", path, "", "")
    }

    pub fn send(&self, method: &str, path: &str, body: &Value) -> Reply {
        self.raw(method, path, "Content-Type: application/json\r\n", body.to_string())
    }

    /// Signs in and keeps the cookie.
    pub fn sign_in(&mut self, login: &str, password: &str) -> Reply {
        let reply = self.send("POST", "/api/session", &json!({ "user": login, "password": password }));
        if let Some(cookie) = reply.headers.get("set-cookie") {
            let secret = cookie.split([';', '=']).nth(1).unwrap();
            self.cookie = Some(secret.to_owned());
        }
        reply
    }

    /// Opens a WebSocket; the refusal when there is one.
    pub fn socket(&self, path: &str) -> Result<Live, Reply> {
        let mut request = format!("ws://{}{path}", self.to).into_client_request().unwrap();
        let headers = request.headers_mut();
        if let Some(cookie) = &self.cookie {
            headers.insert("cookie", format!("dinetone_session={cookie}").parse().unwrap());
        }
        if let Some(origin) = &self.origin {
            headers.insert("origin", origin.parse().unwrap());
        }
        match tungstenite::client(request, self.connect()) {
            Ok((socket, _)) => Ok(Live { socket }),
            Err(tungstenite::HandshakeError::Failure(tungstenite::Error::Http(refused))) => Err(Reply {
                status: refused.status().as_u16(),
                headers: BTreeMap::new(),
                body: String::from_utf8_lossy(refused.body().as_deref().unwrap_or_default()).into_owned(),
                bytes: refused.body().clone().unwrap_or_default(),
            }),
            Err(other) => panic!("{other}"),
        }
    }

    /// The live socket, and its first frame.
    #[track_caller]
    pub fn live(&self) -> (Live, Value) {
        let mut live = self.socket("/api/live").unwrap_or_else(|refused| panic!("{refused:?}"));
        let snapshot = live.next().unwrap();
        assert_eq!(snapshot["type"], "snapshot", "{snapshot}");
        (live, snapshot)
    }
}

fn reply(stream: &mut TcpStream) -> Reply {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    let headers = head
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").map_or(bytes.len(), |at| at + 4);
    Reply { status, headers, body: body.to_owned(), bytes: bytes[end..].to_vec() }
}

/// An open WebSocket.
pub struct Live {
    pub socket: WebSocket<TcpStream>,
}

impl Live {
    /// The next frame; `None` when it was closed.
    pub fn next(&mut self) -> Option<Value> {
        loop {
            match self.socket.read() {
                Ok(Message::Text(text)) => return Some(serde_json::from_str(&text).unwrap()),
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    /// The next frame of this type; others are passed over.
    #[track_caller]
    pub fn until(&mut self, kind: &str) -> Value {
        let deadline = now() + Duration::from_secs(20);
        while let Some(frame) = self.next() {
            if frame["type"] == kind {
                return frame;
            }
            assert!(now() < deadline, "no {kind} came");
        }
        panic!("the socket was closed before {kind}");
    }

    /// The frame that tells that this agent is in this state.
    #[track_caller]
    pub fn until_state(&mut self, number: &str, state: &str) -> Value {
        self.until_such(state, |frame| frame["type"] == "agent.state" && frame["number"] == number && frame["state"] == state)
    }

    /// The frame that tells that the call on this page is in this state.
    #[track_caller]
    pub fn until_call(&mut self, state: &str) -> Value {
        self.until_such(state, |frame| frame["type"] == "call.state" && frame["call"]["state"] == state)
    }

    #[track_caller]
    pub fn until_such(&mut self, what: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        let deadline = now() + Duration::from_secs(60);
        loop {
            // The server asks for a sign of life now and then: this never waits long.
            match self.socket.read() {
                Ok(Message::Text(text)) => {
                    let frame: Value = serde_json::from_str(&text).unwrap();
                    if is_it(&frame) {
                        return frame;
                    }
                }
                Ok(Message::Close(_)) | Err(_) => panic!("the socket was closed before {what}"),
                Ok(_) => {}
            }
            assert!(now() < deadline, "no {what} came");
        }
    }

    /// Nothing but answers to pings comes: what is asked next is answered next.
    #[track_caller]
    pub fn is_silent(&mut self) {
        self.say(&json!({ "v": 1, "id": "silent", "type": "ping" }));
        let frame = self.next().unwrap();
        assert_eq!(frame, json!({ "type": "ok", "re": "silent" }), "something else came first");
        assert_eq!(self.next().unwrap()["type"], "pong");
    }

    pub fn say(&mut self, frame: &Value) {
        self.say_text(&frame.to_string());
    }

    pub fn say_text(&mut self, text: &str) {
        let _ = self.socket.send(Message::Text(text.into()));
    }

    /// Asks, and gives the answer to it; events in between are passed over.
    #[track_caller]
    pub fn ask(&mut self, id: &str, rest: &Value) -> Value {
        let mut frame = rest.clone();
        frame["v"] = json!(1);
        frame["id"] = json!(id);
        self.say(&frame);
        loop {
            let answer = self.next().expect("an answer");
            if answer["re"] == id {
                return answer;
            }
        }
    }

    /// Waits until the other side has closed it.
    #[track_caller]
    pub fn is_closed(&mut self) {
        eventually("it is closed", Duration::from_secs(30), || self.next().is_none().then_some(()));
    }
}
