//! `dinetone serve`: everything checked before the first call, then run until a stop is asked for.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::net::{TcpListener, UdpSocket};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Notify, broadcast, mpsc, oneshot, watch};

use super::alarm::{Alarm, held};
use super::brain::Brain;
use super::effects::Effects;
use super::files::{Files, Own, Places};
use super::ladder::Ladders;
use super::media_thread::{MediaSettings, MediaThreads, entries};
use super::sockets::{Sockets, acceptor, cure_of, sip_settings};
use super::storage::open_store;
use super::streams::Streams;
use super::uploads::Uploads;
use super::{clock, cluster, dispatch, follower, nats, plant, reload, roster, seal, sip_ws, tasks};
use crate::bus::{EVENTS_KEPT, Query};
use crate::call::plan::Srtp;
use crate::call::session::Env;
use crate::centre::{Centre, Input, Limits};
use crate::config::{Config, Plant, Way, Written};
use crate::domain::{Finding, Language, Timestamp};
use crate::machine::Machine as _;
use crate::media::ports::Ports;
use crate::queue::Acd;
use crate::sip::endpoint::Endpoint;
use crate::sip::sdp::crypto::Secret;
use crate::store::{Node, Store};
use crate::voice::say::DigitOne;
use crate::web::{self, Web};

/// Inputs from media, store and files that wait for the brain.
const INBOX: usize = 65_536;
/// Messages from stream connections that wait for the brain.
const WIRE: usize = 4096;
/// Requests that wait for the store's side.
const REQUESTS: usize = 32_768;

/// How often SQLite's log is emptied into its file.
const CHECKPOINT: Duration = Duration::from_secs(1);
static NOT_EMPTIED: Alarm = Alarm::new();
/// Samples of histograms are folded together so often.
const METRICS_UPKEEP: Duration = Duration::from_secs(1);

/// What `serve` was asked for.
#[derive(Debug, Clone)]
pub struct Options {
    pub menus: PathBuf,
    /// Sample data in an empty store; callers from private addresses need no trunk.
    pub demo: bool,
    /// Ladder files go here.
    pub trace_sip: Option<PathBuf>,
}

/// A server that runs.
pub struct Running {
    /// The UDP addresses, as opened.
    pub sip: Vec<SocketAddr>,
    pub tls: Vec<SocketAddr>,
    pub web: SocketAddr,
    /// The pages are served over HTTPS.
    pub secure: bool,
    pub people: FirstPeople,
    /// What a demonstration start put into the store.
    pub demo: bool,
    /// Who we are among the nodes.
    pub node: Node,
    pub store: Store,
    /// Rung when another process serves under our name.
    taken: Arc<Notify>,
    heart: tokio::task::JoinHandle<Option<()>>,
    inbox: mpsc::Sender<Input>,
    queries: mpsc::Sender<Query>,
    stopping: Arc<AtomicBool>,
    /// Told to take the answers that are still to come, and the task that sends text messages.
    leaving: watch::Sender<bool>,
    texts: Option<tokio::task::JoinHandle<Option<()>>>,
    drained: oneshot::Receiver<()>,
    drain: Duration,
    brain: std::thread::JoinHandle<()>,
    effects: tokio::task::JoinHandle<Option<()>>,
    signs: PathBuf,
}

/// Everything that kept the server from starting.
pub type Faults = Vec<Finding>;

/// Where the files are, by the settings.
#[must_use]
pub fn places(config: &Config, menus: &Path) -> Places {
    let digit_one = if config.shop.digit_one_yao { DigitOne::Yao } else { DigitOne::Yi };
    let queues = config.queues.queues.iter().map(|queue| queue.id.clone()).collect();
    Places { menus: menus.to_owned(), prompts: config.data_dir.join("prompts"), uploads: Own::default(), digit_one, queues }
}

/// Each call holds up to two descriptors: takes all that the system grants, and says when that is not enough.
fn raise_descriptor_limit(max_calls: usize) {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    let needed = u64::try_from(max_calls).unwrap_or(u64::MAX).saturating_mul(2).saturating_add(100);
    if let Some(granted) = getrlimit(Resource::Nofile).current.filter(|granted| *granted < needed) {
        tracing::warn!(
            granted,
            needed,
            "fewer descriptors than limits.max_calls may need: beyond that callers are refused; raise the limit (ulimit -n)"
        );
    }
}

/// Opens the web listener that the settings name, with what it needs to speak HTTPS.
///
/// # Errors
/// All that is wrong with it.
pub async fn web_socket(config: &Config) -> Result<(TcpListener, Option<tokio_rustls::TlsAcceptor>), Faults> {
    let mut faults = Vec::new();
    let listener = TcpListener::bind(config.web.listen).await.map_err(|error| {
        let found = format!("{} cannot be opened: {error}", config.web.listen);
        faults.push(Finding::new("web.listen", found, cure_of(&error)));
    });
    let tls = match (&config.web.certificate, &config.web.key) {
        (Some(certificate), Some(key)) => acceptor("web.certificate", certificate, "web.key", key).map_err(|fault| faults.push(fault)).ok(),
        _ => None,
    };
    match listener {
        Ok(listener) if faults.is_empty() => Ok((listener, tls)),
        _ => Err(faults),
    }
}

/// Starts the server.
///
/// # Errors
/// All that is wrong, at once.
pub async fn start(
    mut config: Config,
    options: Options,
    metrics: metrics_exporter_prometheus::PrometheusHandle,
) -> Result<Running, Faults> {
    raise_descriptor_limit(config.limits.max_calls);
    let mut faults = Vec::new();
    let store = match open_store(&config).await {
        Ok(store) => Some(store.with_key(seal::find(&config, true).map_err(|fault| faults.push(fault)).ok().flatten())),
        Err(finding) => {
            faults.push(finding);
            None
        }
    };
    let written = config.written();
    let mut in_force = written.with(&[]);
    if let Some(store) = &store {
        match plant::read(store, &written).await {
            Ok(plant) => {
                plant::warn(&plant);
                (config.queues.queues, config.trunks) = (plant.queues.clone(), plant.trunks.clone());
                in_force = plant;
            }
            Err(error) => {
                faults.push(Finding::new("store", error.to_string(), "see docs/operations.md, section \"the store does not open\""))
            }
        }
    }
    let mut places = places(&config, &options.menus);
    let mut uploads = Uploads::default();
    if let Some(store) = &store {
        match uploads.look(store).await {
            Ok(_) => places.uploads = uploads.files(),
            Err(error) => {
                faults.push(Finding::new("store", error.to_string(), "see docs/operations.md, section \"the store does not open\""))
            }
        }
    }
    let files = match places.read() {
        Ok(files) => {
            for finding in files.lacking.iter().chain(&files.advice) {
                tracing::warn!("{finding}");
            }
            Some(files)
        }
        Err(findings) => {
            faults.extend(findings);
            None
        }
    };
    let sockets = match Sockets::open(&config).await {
        Ok(sockets) => Some(sockets),
        Err(findings) => {
            faults.extend(findings);
            None
        }
    };
    let web = web_socket(&config).await.map_err(|findings| faults.extend(findings)).ok();
    if !faults.is_empty() {
        return Err(faults);
    }
    let (Some(files), Some(store), Some(sockets), Some(web)) = (files, store, sockets, web) else { return Err(faults) };
    assemble(config, (written, in_force), options, metrics, (places, uploads), files, store, sockets, web).await
}

#[expect(clippy::too_many_arguments, reason = "the parts of one server, each opened and checked before")]
async fn assemble(
    config: Config,
    (written, in_force): (Written, Plant),
    options: Options,
    metrics: metrics_exporter_prometheus::PrometheusHandle,
    (places, uploads): (Places, Uploads),
    files: Files,
    store: Store,
    sockets: Sockets,
    (web, web_tls): (TcpListener, Option<tokio_rustls::TlsAcceptor>),
) -> Result<Running, Faults> {
    let of_store = |error: crate::store::StoreError| {
        vec![Finding::new("store", error.to_string(), "see docs/operations.md, section \"the store does not open\"")]
    };
    let now = Timestamp::from(clock::now().wall);
    let udp: Vec<SocketAddr> = sockets.udp.iter().filter_map(|socket| socket.local_addr().ok()).collect();
    let address = config.sip.advertise.or_else(|| outward(&udp)).unwrap_or(std::net::Ipv4Addr::LOCALHOST.into());
    let web_address = web.local_addr().unwrap_or(config.web.listen);
    let sip_address = SocketAddr::new(address, udp.first().map_or(5060, SocketAddr::port));
    let node = cluster::this_run(&config.cluster.node, sip_address.to_string(), web_address.to_string(), now);
    let left = cluster::begin(&store, &node, config.cluster.lost_after).await.map_err(|finding| vec![finding])?;
    tracing::info!(node = node.name, run = node.run, "this is node {}, reached by the others at {sip_address}", node.name);
    metrics::gauge!("dinetone_node", "node" => node.name.clone()).set(1.0);
    if left.calls > 0 {
        tracing::warn!("{} call(s) of an earlier run were closed as interrupted", left.calls);
    }
    cluster::count_owed(&left);
    let waiting = left.conversations;
    if waiting != crate::store::Recovered::default() {
        tracing::warn!(
            "{} caller(s) of an earlier run are to be called back, {} wait for a person's call",
            waiting.call_backs,
            waiting.missed
        );
    }
    seal::seal(&store).await.map_err(of_store)?;
    store.import_house(&files.house, now).await.map_err(of_store)?;
    let demo = options.demo && store.fill_demo(now).await.map_err(of_store)?.members > 0;
    let people = first_people(&store, &config, options.demo, now).await.map_err(of_store)?;
    let catalogue = Arc::new(store.catalogue().await.map_err(of_store)?);

    let (inbox, brain_inbox) = mpsc::channel(INBOX);
    let (wire, brain_wire) = mpsc::channel(WIRE);
    let (queries, brain_queries) = mpsc::channel(64);
    let (requests, effect_requests) = mpsc::channel(REQUESTS);
    let (done, drained) = oneshot::channel();

    let tls = sockets.tcp.iter().filter(|(.., tls)| *tls).filter_map(|(listener, ..)| listener.local_addr().ok()).collect();
    let (plants, plant_now) = watch::channel(Arc::new(in_force));
    let streams = Streams::new(wire, sockets.connector, plant_now.clone());
    let sip_streams = Arc::clone(&streams);
    for (listener, place, tls) in sockets.tcp {
        let acceptor = if tls { sockets.acceptor.clone() } else { None };
        streams.listen(listener, place, acceptor);
    }

    let mut ids = clock::random_ids();
    let media_inbox = inbox.clone();
    let sink: super::media_thread::ReportSink = Arc::new(move |report| {
        media_inbox.try_send(Input::Media(report)).map_err(|error| match error.into_inner() {
            Input::Media(report) => report,
            _ => unreachable!("what was put in comes back"),
        })
    });
    let media_settings = MediaSettings {
        browsers: entries(config.media.browser_port, config.sip.advertise),
        ..MediaSettings::new(u128::from_le_bytes(clock::random()))
    };
    let media = MediaThreads::start(&media_settings, sink).map_err(|error| {
        vec![Finding::new("media.browser_port", error.to_string(), "write a free port, and raise the limits on threads and descriptors")]
    })?;
    let ports = Ports::new(*config.media.rtp_ports.start(), *config.media.rtp_ports.end(), &mut ids);

    let (voices, voice) = watch::channel(Arc::clone(&files.library));
    let (names, named) = watch::channel(Arc::new(files.named_queues()));
    let (campaigns, starts) = watch::channel(Arc::new(files.campaign_nodes()));
    let written = Arc::new(written);
    let plant_follower = plant::Follower {
        written: Arc::clone(&written),
        latest: plants,
        bound: udp.clone(),
        advertise: config.sip.advertise,
        inbox: inbox.clone(),
    };
    let (latest, catalogue_now) = watch::channel(Arc::clone(&catalogue));
    let catalogue_of_pages = catalogue_now.clone();
    let map = config.messages.as_ref().map(|messages| messages.texts.map.clone()).unwrap_or_default();
    let map_links = [Language::Mandarin, Language::English].map(|language| !map.of(language).is_empty());
    let effects = Effects::new(store.clone(), config.data_dir.join("recordings"), inbox.clone(), node.name.clone(), catalogue_now, map);
    let effects = tasks::spawn("effects", effects.run(effect_requests));

    let endpoint = Endpoint::new(sip_settings(&config, &udp, options.demo, options.trace_sip.is_some()), clock::random_ids(), clock::now());
    let env = Env {
        script: Arc::clone(&files.script),
        catalogue: Arc::clone(&catalogue),
        library: Arc::clone(&files.library),
        clock: config.shop.clock.clone(),
        advertised: config.sip.advertise,
        no_audio_after: config.media.no_audio_after,
        longest_call: config.limits.longest_call,
        map_links,
        srtp: Srtp { policy: config.media.srtp, secret: Secret(clock::random()) },
    };
    let limits = Limits {
        max_calls: config.limits.max_calls,
        node: node.name.clone(),
        free_lines: config.outreach.free_lines as usize,
        demo: options.demo,
        address,
        sip: sip_address,
    };
    let acd = Acd::new(config.queues.clone(), clock::random_ids(), clock::now());
    let mut centre = Centre::new(endpoint, acd, ports, env, limits, ids);
    // A telephone that registers in the first moment is one of the house: most of them do nothing more after a 403.
    let (people_known, told) = roster::read(&store).await.map_err(of_store)?;
    for input in told {
        centre.handle(clock::now(), input);
    }
    let (events, _) = broadcast::channel(EVENTS_KEPT);
    let events_of_pages = events.clone();
    let agents_of_others = events.subscribe();
    let want_people = Arc::new(Notify::new());
    let roster_wanted = Arc::clone(&want_people);
    let ladders = options
        .trace_sip
        .map(Ladders::new)
        .transpose()
        .map_err(|error| vec![Finding::new("--trace-sip", error.to_string(), "name a folder that can be written")])?;

    let runtime = tokio::runtime::Handle::current();
    let advertise = config.sip.advertise;
    let brain_udp = sockets.udp;
    let brain = std::thread::Builder::new()
        .name("dinetone-brain".into())
        .spawn(move || {
            // Calls are answered, or refused, before records are written: a wish, calls work without.
            let _ = rustix::process::setpriority_process(None, -5);
            let local = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
                Ok(local) => local,
                Err(error) => return tracing::error!("the brain has no runtime: {error}"),
            };
            local.block_on(async move {
                let sockets = brain_udp.into_iter().filter_map(|socket| UdpSocket::from_std(socket).ok()).collect();
                let brain = Brain {
                    centre,
                    sockets,
                    advertise,
                    inbox: brain_inbox,
                    wire: brain_wire,
                    queries: brain_queries,
                    store: requests,
                    events,
                    want_people,
                    media,
                    streams,
                    ladders,
                    done: Some(done),
                    runtime,
                    states: std::collections::HashMap::new(),
                    listeners: std::collections::HashMap::new(),
                    stopped: None,
                };
                brain.run().await;
            });
        })
        .map_err(|error| vec![Finding::new("the brain's thread", error.to_string(), "raise the limit on threads")])?;

    let counted = metrics.clone();
    // Without it, every sample of a histogram would be kept until somebody asks for /metrics.
    tasks::spawn("metrics", async move {
        loop {
            tokio::time::sleep(METRICS_UPKEEP).await;
            counted.run_upkeep();
        }
    });
    tasks::spawn("roster", roster::follow(store.clone(), people_known, roster_wanted, inbox.clone()));
    let waiting = store.open_call_backs().await.map_err(of_store)?;
    if !waiting.is_empty() {
        let _ = inbox.send(Input::CallBacks(waiting)).await;
    }
    tasks::spawn("catalogue", reload::follow_store(store.clone(), latest, plant_follower, inbox.clone()));
    let taken = reload::Taken {
        voices,
        named: names,
        campaigns,
        plant: plant_now.clone(),
        catalogue: catalogue_of_pages.clone(),
        script: Arc::clone(&files.script),
        uploads,
    };
    tasks::spawn("files", reload::follow_files(places, store.clone(), taken, inbox.clone()));

    let log = store.clone();
    tasks::spawn("checkpoint", async move {
        loop {
            tokio::time::sleep(CHECKPOINT).await;
            if let Err(error) = log.checkpoint().await
                && let Some(more) = NOT_EMPTIED.due(clock::now().instant)
            {
                tracing::warn!("the store's log could not be emptied: {error}{}", held(more));
            }
        }
    });
    let stopping = Arc::new(AtomicBool::new(false));
    let signs = config.data_dir.clone();
    let token: Arc<str> = clock::random::<16>().iter().map(|byte| format!("{byte:02x}")).collect::<String>().into();
    put_sign(&signs, web_address, &token)
        .map_err(|error| vec![Finding::new("data.dir", format!("{}: {error}", signs.display()), "make the folder writable")])?;
    let (news, _) = broadcast::channel(EVENTS_KEPT);
    tasks::spawn("journal", follower::follow(store.clone(), news.clone(), nats::start(config.cluster.nats.as_ref(), &node.name)));
    tasks::spawn("dispatch", dispatch::run(store.clone(), config.quality.clone()));
    let paper = Arc::new(web::Paper { stale_after: config.printing.stale_after, ..web::Paper::default() });
    tasks::spawn("printing", super::printing::run(store.clone(), Arc::clone(&paper.wake)));
    let errands = super::errands::Errands {
        store: store.clone(),
        node: node.name.clone(),
        inbox: inbox.clone(),
        print: Arc::clone(&paper.wake),
        stale_after: paper.stale_after,
        outbound: config.outbound.clone(),
        texts: config.messages.as_ref().map(|messages| messages.texts.clone()),
    };
    let (leaving, left) = watch::channel(false);
    let texts = match config.messages.as_ref().map(|messages| &messages.way) {
        None => None,
        Some(Way::Webhook { url, secret }) => {
            let gateway = super::notices::Gateway { url: url.clone(), secret: secret.reveal().to_owned() };
            tasks::spawn("messages", super::notices::run(store.clone(), gateway));
            None
        }
        Some(Way::Smpp(settings)) => Some(tasks::spawn("messages", super::smpp::run(store.clone(), settings.clone(), sockets.texts, left))),
    };
    tasks::spawn("errands", errands.run());
    let pages = Web {
        store: store.clone(),
        queries: queries.clone(),
        events: events_of_pages,
        news,
        node: node.name.as_str().into(),
        metrics,
        stopping: Arc::clone(&stopping),
        token,
        catalogue: catalogue_of_pages,
        settings: Arc::new(config.web.clone()),
        realm: config.sip.realm.as_str().into(),
        floor: Arc::new(web::Floor { breaks: config.queues.breaks.clone(), short: config.queues.short_abandon, wall: config.wall }),
        demo: options.demo,
        secure: web_tls.is_some(),
        now: clock::now,
        desk: Arc::default(),
        paper: Arc::clone(&paper),
        plant: Arc::new(web::Plant { written, now: plant_now, named, campaigns: starts, voice }),
        outreach: Arc::new(web::Outreach { rules: config.outreach.clone(), can_tell: config.messages.is_some() }),
    };
    let secure = pages.secure;
    tasks::spawn("reports", super::rollup::run(store.clone()));
    if !config.care.is_empty() {
        tasks::spawn("care", super::care::run(store.clone(), config.care.clone()));
    }
    let outreach = super::outreach::Outreach {
        store: store.clone(),
        node: node.name.clone(),
        rules: config.outreach.clone(),
        queries: queries.clone(),
        inbox: inbox.clone(),
        stopping: Arc::clone(&stopping),
    };
    tasks::spawn("outreach", outreach.run());
    tasks::spawn("tickets", super::escalation::run(store.clone()));
    let patience = super::webhooks::Patience::default();
    tasks::spawn("webhooks", super::webhooks::run(store.clone(), node.name.clone(), config.web.outward.clone(), patience));
    tasks::spawn("web-watch", pages.clone().watch_sessions());
    tasks::spawn("web-board", pages.clone().follow_board());
    tasks::spawn("web-audit", pages.clone().keep_audits());
    let taken = Arc::new(Notify::new());
    let member = cluster::Member {
        store: store.clone(),
        node: node.clone(),
        lost_after: config.cluster.lost_after,
        inbox: inbox.clone(),
        taken: Arc::clone(&taken),
    };
    let heart = tasks::spawn("cluster", cluster::run(member));
    // A file is served by one node.
    if !store.is_a_file() {
        let floors = cluster::Floors {
            store: store.clone(),
            node: node.clone(),
            peers: config.cluster.peers.clone(),
            lost_after: config.cluster.lost_after,
            events: agents_of_others,
            inbox: inbox.clone(),
        };
        tasks::spawn("floors", cluster::floors(floors));
    }
    let routes = web::routes(pages).merge(sip_ws::route(sip_streams, web_address, config.web.origins.clone().into()));
    tasks::spawn("web", web::serve(web, web_tls, config.web.max_connections, routes));
    Ok(Running {
        sip: udp,
        tls,
        web: web_address,
        secure,
        people,
        demo,
        node,
        store,
        inbox,
        queries,
        taken,
        heart,
        stopping,
        leaving,
        texts,
        drained,
        drain: config.limits.drain,
        brain,
        effects,
        signs,
    })
}

/// The address by which others reach us: that of the first socket, or, where it listens on all of them, the one that the
/// kernel would use towards the world. Nothing is sent.
fn outward(udp: &[SocketAddr]) -> Option<std::net::IpAddr> {
    let bound = *udp.first()?;
    Some(super::brain::local_towards(bound, SocketAddr::from(([192, 0, 2, 1], 9)), None).ip()).filter(|address| !address.is_unspecified())
}

/// Who was made at a start with an empty store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FirstPeople {
    /// There were people already.
    None,
    /// Those of the demonstration.
    Demo,
    /// An administrator with this password, to be shown once.
    Administrator { password: String },
}

async fn first_people(store: &Store, config: &Config, demo: bool, now: Timestamp) -> Result<FirstPeople, crate::store::StoreError> {
    if demo {
        let queues: Vec<_> = config.queues.queues.iter().map(|queue| queue.id.clone()).collect();
        let made = store.fill_demo_users(&config.sip.realm, &queues, now).await?;
        return Ok(if made > 0 { FirstPeople::Demo } else { FirstPeople::None });
    }
    let password = web::secret::password();
    Ok(match store.first_administrator(&password, now).await? {
        Some(_) => FirstPeople::Administrator { password },
        None => FirstPeople::None,
    })
}

/// Where the command line of this machine finds the running server: readable by its owner only.
fn put_sign(folder: &Path, web: SocketAddr, token: &str) -> std::io::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    std::fs::create_dir_all(folder)?;
    let path = folder.join("running");
    let _ = std::fs::remove_file(&path);
    let mut file = std::fs::OpenOptions::new().create_new(true).write(true).mode(0o600).open(path)?;
    writeln!(file, "{web}\n{token}")
}

impl Running {
    /// Waits for SIGTERM or SIGINT, lets calls finish, ends the rest. A second signal ends at once.
    ///
    /// # Errors
    /// When signals cannot be listened to, or another process serves under this node's name.
    pub async fn until_stopped(self) -> std::io::Result<()> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            () = self.taken.notified() => {
                let name = self.node.name.clone();
                self.stop(std::future::ready(())).await;
                return Err(std::io::Error::other(format!("another process serves as node {name}; give each node a name of its own")));
            }
        }
        tracing::info!("stopping: no new calls, {} s for those in progress", self.drain.as_secs());
        let hurry = async {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        };
        self.stop(hurry).await;
        Ok(())
    }

    /// Drains: new calls get 503 with Retry-After, calls in progress may finish, the rest get BYE. `hurry` cuts the waiting short.
    pub async fn stop(self, hurry: impl Future<Output = ()>) {
        self.stopping.store(true, Ordering::Relaxed);
        let retry_after = u32::try_from(self.drain.as_secs()).unwrap_or(30).max(5);
        let _ = self.inbox.send(Input::Drain { retry_after }).await;
        let mut drained = self.drained;
        let finished = tokio::select! {
            _ = &mut drained => true,
            () = tokio::time::sleep(self.drain) => false,
            () = hurry => false,
        };
        if !finished {
            let _ = self.inbox.send(Input::EndAll).await;
            let _ = tokio::time::timeout(Duration::from_secs(3), drained).await;
        }
        let _ = self.queries.send(Query::Stop).await;
        let brain = self.brain;
        let _ = tokio::task::spawn_blocking(move || brain.join()).await;
        let _ = tokio::time::timeout(Duration::from_secs(5), self.effects).await;
        self.leaving.send_replace(true);
        if let Some(texts) = self.texts {
            let _ = tokio::time::timeout(Duration::from_secs(5), texts).await;
        }
        self.heart.abort();
        match self.store.node_leaves(&self.node.name, &self.node.run, Timestamp::from(clock::now().wall)).await {
            Ok(left) if left.conversations != crate::store::Recovered::default() => tracing::warn!(
                "{} caller(s) who were cut off are called back after the start (by another node at once), {} wait for a person's call",
                left.conversations.call_backs,
                left.conversations.missed
            ),
            Ok(_) => {}
            Err(error) => tracing::warn!("the store was not told of the end; the next start puts it right: {error}"),
        }
        self.store.close().await;
        let _ = std::fs::remove_file(self.signs.join("running"));
        tracing::info!("stopped");
    }
}
