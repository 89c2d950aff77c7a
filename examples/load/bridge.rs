//! What bridged sound costs: the media thread alone, two hundred telephones or one hundred telephones and one hundred pages around it.

use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, SystemTime};

use dinetone::machine::Now;
use dinetone::media::order::{Codec, LegId, LegPlan, MediaOrder, MediaReport};
use dinetone::media::quality::NO_AUDIO;
use dinetone::media::rtp;
use dinetone::server::media_thread::{Entry, MediaSettings, MediaThreads, ReportSink};

use crate::load::clock;
use crate::page::{Page, Post};
use crate::rows::Row;

const HOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const CALLS: u64 = 100;
const FRAME: Duration = Duration::from_millis(20);

/// One party: a telephone, or a page with its connection.
struct Party {
    socket: UdpSocket,
    ours: SocketAddr,
    page: Option<Page>,
    sequence: u16,
    heard: u64,
}

struct Field {
    media: MediaThreads,
    reports: Receiver<MediaReport>,
    parties: Vec<Party>,
    port: u16,
}

fn now() -> Now {
    Now { instant: clock(), wall: SystemTime::UNIX_EPOCH }
}

impl Field {
    fn new() -> io::Result<Self> {
        let (sender, reports) = channel();
        let sink: ReportSink = Arc::new(move |report| sender.send(report).map_err(|error| error.0));
        let own = SocketAddr::new(HOST, 0);
        let settings = MediaSettings { browsers: vec![Entry { bind: own, told: own }], ..MediaSettings::new(7) };
        Ok(Self { media: MediaThreads::start(&settings, sink)?, reports, parties: Vec::new(), port: 42_000 })
    }

    fn order(&self, order: MediaOrder) -> io::Result<()> {
        self.media.send(order).map_err(|_| io::Error::other("the media thread takes no more orders"))
    }

    /// One more call: a telephone, and another one or a page.
    fn call(&mut self, with_page: bool) -> io::Result<()> {
        let first = self.parties.len() as u64;
        self.telephone()?;
        if with_page {
            self.browser()?
        } else {
            self.telephone()?
        };
        for (leg, from) in [(first, first + 1), (first + 1, first)] {
            self.order(MediaOrder::Hear { leg: LegId(leg), from: [LegId(from)].into() })?;
        }
        Ok(())
    }

    fn telephone(&mut self) -> io::Result<()> {
        let socket = UdpSocket::bind((HOST, 0))?;
        socket.set_nonblocking(true)?;
        let leg = LegId(self.parties.len() as u64);
        let plan = LegPlan { event_type: Some(101), remote: Some(socket.local_addr()?), ..LegPlan::of(Codec::Pcma) };
        'port: loop {
            self.port += 2;
            self.order(MediaOrder::Open { leg, ip: HOST, port: self.port, plan: plan.clone() })?;
            loop {
                match self.reports.recv_timeout(Duration::from_secs(5)).map_err(io::Error::other)? {
                    MediaReport::Opened { .. } => break 'port,
                    MediaReport::OpenFailed { .. } if self.port < 60_000 => continue 'port,
                    MediaReport::OpenFailed { why, .. } => return Err(io::Error::other(why)),
                    // A page that came up before.
                    _ => {}
                }
            }
        }
        self.parties.push(Party { socket, ours: SocketAddr::new(HOST, self.port), page: None, sequence: 0, heard: 0 });
        Ok(())
    }

    fn browser(&mut self) -> io::Result<()> {
        let socket = UdpSocket::bind((HOST, 0))?;
        socket.set_nonblocking(true)?;
        let leg = LegId(self.parties.len() as u64);
        let (mut page, offer) = Page::new(now(), socket.local_addr()?);
        self.order(MediaOrder::OpenBrowser { leg, offer, quiet_after: NO_AUDIO })?;
        loop {
            match self.reports.recv_timeout(Duration::from_secs(5)).map_err(io::Error::other)? {
                MediaReport::BrowserAnswer { sdp, .. } => break page.accept(&sdp),
                MediaReport::OpenFailed { why, .. } => return Err(io::Error::other(why)),
                _ => {}
            }
        }
        let ours = socket.local_addr()?;
        self.parties.push(Party { socket, ours, page: Some(page), sequence: 0, heard: 0 });
        let end = clock() + Duration::from_secs(10);
        while !self.parties.iter().all(|party| party.page.as_ref().is_none_or(|page| page.up)) {
            self.parties.iter_mut().try_for_each(|party| party.listens())?;
            if clock() > end {
                return Err(io::Error::other("a page does not come up"));
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    /// Everybody talks and listens for this long.
    fn talks(&mut self, span: Duration) -> io::Result<()> {
        let (start, count) = (clock(), self.parties.len() as u32);
        let mut turn = 0;
        while clock() < start + span {
            for (place, party) in self.parties.iter_mut().enumerate() {
                let due = start + FRAME * turn + FRAME * place as u32 / count;
                if let Some(early) = due.checked_duration_since(clock()).filter(|early| *early > Duration::from_millis(1)) {
                    std::thread::sleep(early);
                }
                party.listens()?;
                party.talks()?;
            }
            self.reports.try_iter().for_each(drop);
            turn += 1;
        }
        Ok(())
    }

    fn heard(&self) -> u64 {
        self.parties.iter().map(|party| party.heard).sum()
    }
}

impl Party {
    fn talks(&mut self) -> io::Result<()> {
        self.sequence = self.sequence.wrapping_add(1);
        match &mut self.page {
            None => {
                let mut packet = [0x55; rtp::PACKET];
                let (header, _) = packet.split_first_chunk_mut().expect("a packet has a header");
                rtp::write_header(header, false, 8, self.sequence, u32::from(self.sequence) * 160, 9);
                let _ = self.socket.send_to(&packet, self.ours);
            }
            Some(page) => {
                let mut post = Post::new();
                page.timestamp = page.timestamp.wrapping_add(160);
                page.says(now(), 8, &[0x55; 160], &mut post);
                self.posts(post);
            }
        }
        Ok(())
    }

    fn listens(&mut self) -> io::Result<()> {
        let mut bytes = [0; 2_000];
        let mut post = Post::new();
        while let Ok((length, from)) = self.socket.recv_from(&mut bytes) {
            match &mut self.page {
                None => self.heard += 1,
                Some(page) => {
                    page.receive(now(), from, &bytes[..length], &mut post);
                    self.heard += page.heard.drain(..).count() as u64;
                }
            }
        }
        if let Some(page) = &mut self.page
            && !page.up
        {
            page.passes(now(), &mut post);
        }
        self.posts(post);
        Ok(())
    }

    fn posts(&self, post: Post) {
        for (to, bytes) in post {
            let _ = self.socket.send_to(&bytes, to);
        }
    }
}

/// Processor time of the media thread so far, and the memory of this program in KiB.
fn spent() -> Duration {
    let tasks = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let nanos: u64 = tasks
        .filter(|task| fs::read_to_string(task.path().join("comm")).is_ok_and(|name| name.starts_with("media-")))
        .filter_map(|task| fs::read_to_string(task.path().join("schedstat")).ok()?.split_whitespace().next()?.parse::<u64>().ok())
        .sum();
    Duration::from_nanos(nanos)
}

fn memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("");
    line.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// Processor time of 100 bridged calls in percent of a core, and the packets that arrived of those that should.
pub fn cpu(with_pages: bool, span: Duration) -> io::Result<Row> {
    let mut field = Field::new()?;
    for _ in 0..CALLS {
        field.call(with_pages)?;
    }
    field.talks(Duration::from_secs(3))?;
    let (before, heard, start) = (spent(), field.heard(), clock());
    field.talks(span)?;
    let took = (clock() - start).as_secs_f64();
    let share = (spent() - before).as_secs_f64() / took * 100.0;
    let arrived = (field.heard() - heard) as f64 / (2.0 * CALLS as f64 * 50.0 * took) * 100.0;
    let (name, target, most) = match with_pages {
        false => ("CPU for 100 bridged calls, SIP to SIP", "at most 6 % of a core", 6.0),
        true => ("CPU for 100 bridged calls, SIP to browser", "at most 9 % of a core", 9.0),
    };
    let notes = vec![format!("the media thread alone, {took:.0} s; {arrived:.1} % of the packets arrived")];
    Ok(Row { name, target, ours: format!("{share:.1} %"), reached: Some(share <= most && arrived > 95.0), notes })
}

/// Memory of one more bridged call (telephones): the parties' own is a few hundred bytes.
pub fn growth() -> io::Result<Row> {
    let mut field = Field::new()?;
    let mut marks = Vec::new();
    for _ in 0..2 {
        for _ in 0..CALLS {
            field.call(false)?;
        }
        field.talks(Duration::from_secs(5))?;
        marks.push(memory());
    }
    let each = marks[1].saturating_sub(marks[0]) as f64 / CALLS as f64;
    Ok(Row {
        name: "memory for one more bridged call",
        target: "at most 64 KiB",
        ours: format!("{each:.1} KiB"),
        reached: Some(each <= 64.0),
        notes: vec![format!(
            "sound only: {} KiB with 100 calls, {} KiB with 200; the kernel's socket memory is not in it",
            marks[0], marks[1]
        )],
    })
}
